"""What every page's frame needs."""

from django import template
from django.urls import translate_url

from shelters import sealing
from shelters.forms import ShiftForm

register = template.Library()
register.simple_tag(sealing.shift_token)


@register.simple_tag(takes_context=True)
def here_in(context, language):
    """This same page in another language."""
    return translate_url(context["request"].get_full_path(), language)


@register.simple_tag
def desk_name(desk):
    """ "registration 2" in the reader's language."""
    kind, _space, number = desk.partition(" ")
    return f"{dict(ShiftForm.Desk.choices).get(kind, kind)} {number}"
