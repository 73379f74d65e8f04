"""Fields that understand what people say at the door: an age, a day, a place."""

import re
from datetime import date, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake import ages, places
from intake.cards import read_code
from shelters.forms import LineField

TODAY = {"hoy", "today"}
YESTERDAY = {"ayer", "yesterday"}
EARLIEST = 1900  # an earlier year is a slip of the finger
DAY = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})(?:[/.\- ](\d{4}))?")


class AgeField(LineField):
    """`29`, `8m`, `3w`, `1991`, `3/1991` or `14/3/1991`; cleans to an `ages.Birth`. Empty is unknown."""

    def __init__(self, **kwargs):
        super().__init__(required=False, max_length=30, **kwargs)
        self.said_on = None  # another day than today, for a form that waited on a device

    def clean(self, value):
        text = super().clean(value)
        try:
            return ages.parse(text, self.said_on or timezone.localdate())
        except ages.BadAge as error:
            raise ValidationError(str(error), code="age") from error


class CardField(LineField):
    """A card, scanned or typed; cleans to its code, or None when empty. Whose it is, is decided when it is bound."""

    def __init__(self, **kwargs):
        super().__init__(max_length=30, **kwargs)

    def widget_attrs(self, widget):
        """For cards.js, which says on the page what is said here."""
        is_none = gettext_lazy("No card has this code.")
        marks = {"data-card": is_none, "autocapitalize": "characters", "spellcheck": "false"}
        return {**super().widget_attrs(widget), **marks, "autocomplete": "off"}

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        if code := read_code(text):
            return code
        raise ValidationError(
            _("No card has this code. Scan the card, or type its eight letters and digits again."),
            code="card",
        )


class DayField(LineField):
    """`5/11`, `5/11/2018`, "hoy", "yesterday"; cleans to a date up to today."""

    def __init__(self, **kwargs):
        super().__init__(max_length=20, **kwargs)
        self.said_on = None  # like that of an age

    def prepare_value(self, value):
        return f"{value.day}/{value.month}/{value.year}" if isinstance(value, date) else value

    def clean(self, value):
        text = (super().clean(value) or "").lower()
        if not text:
            return None
        day = self.read(text, self.said_on or timezone.localdate())
        if day > timezone.localdate():
            raise ValidationError(_("That day has not come yet. Write a day up to today."), code="future")
        return day

    def read(self, text, today):
        if text in TODAY:
            return today
        if text in YESTERDAY:
            return today - timedelta(days=1)
        found = DAY.fullmatch(text)
        try:
            if found:
                day, month, year = (int(part) if part else None for part in found.groups())
                if year is None or year >= EARLIEST:
                    return date(year or latest_year(day, month, today), month, day)
        except ValueError:
            pass
        raise ValidationError(_("Write a day as day/month: 5/11, 5/11/2018, or “today”."), code="day")


def latest_year(day, month, today):
    """The year that makes a day without one lie in the past."""
    return today.year if (month, day) <= (today.month, today.day) else today.year - 1


class PlaceField(LineField):
    """What somebody types of a country or a department; cleans to a `places.Place`, or None when empty or untouched."""

    def __init__(self, **kwargs):
        super().__init__(required=False, max_length=80, **kwargs)
        # Shared by the fields of one page: see `known_places`.
        self.known = None
        # What is stored already: sent back untouched it is not judged, for a department may be retired meanwhile.
        self.stored = None

    def clean(self, value):
        text = super().clean(value)
        if not text or text == self.stored:
            return None
        found = places.find(text, self.known or places.entries())
        if len(found) == 1:
            return found[0]
        if not found:
            raise ValidationError(
                _("No country or department begins like that. Write Olancho, Honduras or Guatemala."),
                code="place",
            )
        labels = " / ".join(place.label for place in found[:4])
        raise ValidationError(
            _("Which one? Write a little more: %(labels)s.") % {"labels": labels}, code="which"
        )


def known_places():
    """The list of places, read when the first field needs it and shared by all fields of a page."""
    return SimpleLazyObject(places.entries)


class OnePassSelect(forms.Select):
    """A select drawn in one pass: Django's own renders a template for every option."""

    def render(self, name, value, attrs=None, renderer=None):
        chosen = {str(each) for each in self.format_value(value)}
        attributes = flatatt(self.build_attrs(self.attrs, attrs))
        return format_html('<select name="{}"{}>{}</select>', name, attributes, drawn(self.choices, chosen))


def drawn(choices, chosen):
    """The options of a select; a label that is a list of choices makes a group."""
    return mark_safe(
        "".join(
            format_html('<optgroup label="{}">{}</optgroup>', key, drawn(label, chosen))
            if isinstance(label, list)
            else format_html(CHOSEN if str(key) in chosen else OPTION, key, label)
            for key, label in choices
        )
    )


OPTION = '<option value="{}">{}</option>'
CHOSEN = '<option value="{}" selected>{}</option>'
