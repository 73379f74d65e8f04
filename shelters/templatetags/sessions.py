"""Devices in words, and after how many idle seconds a page hides itself."""

from django import template

from shelters import sessions
from shelters.locking import IDLE

register = template.Library()
register.simple_tag(sessions.device_of)


@register.simple_tag
def lock_after(request):
    """0 where nobody is signed in."""
    return request.session.get(IDLE, 0)
