"""The volunteer's handbook, in the language of the page."""

from django.shortcuts import render
from django.utils.translation import get_language


def handbook(request):
    return render(request, f"help/handbook_{get_language()}.html")
