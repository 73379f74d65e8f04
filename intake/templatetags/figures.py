"""Figures as Mexico prints them, in both languages: 4,814. Django's Spanish would write 4.814."""

from django import template

register = template.Library()


@register.filter
def figure(number: int) -> str:
    return f"{number:,}"
