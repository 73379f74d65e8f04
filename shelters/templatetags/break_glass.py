"""What the frame of every page says while it lasts."""

from django import template

from shelters.break_glass import MAY_ASK, glasses_of

register = template.Library()


@register.simple_tag
def open_glasses(user) -> list:
    return glasses_of(user) if user.has_perm(MAY_ASK) else []
