"""What every report is made of: the filters in its address, its columns and its rows.

A new report is one file in this package with a subclass of Report. Menu, page, CSV, print view, the row in
the access trail and the contract tests follow from that.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shelters.models import Shelter

TYPED = "%Y-%m-%dT%H:%M"  # what a date and time field of a browser sends
YEARS = range(1900, 2200)  # beyond, neither ages nor offsets can be computed

REPORTS: dict[str, "Report"] = {}


def read_moment(text: str, shelter: Shelter | None) -> datetime:
    """ISO 8601; without an offset, on the shelter's wall clock. Raises ValidationError with a sentence."""
    if "T" in text:
        text = text.replace(
            " ", "+"
        )  # the plus of an offset, when whoever wrote the address did not escape it
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if not moment or moment.year not in YEARS:
        raise ValidationError(_("Write a date and time such as 2018-11-07T23:00."), code="invalid")
    if moment.tzinfo:
        return moment
    return moment.replace(tzinfo=shelter.tz if shelter else timezone.get_current_timezone())


def shares(counts: Sequence[int]) -> list[int]:
    """Whole percents that add to 100, by largest remainder; a tie goes to the earlier. Of nobody, all 0."""
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    percents = [100 * count // total for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda i: -(100 * counts[i] % total))
    for i in by_remainder[: 100 - sum(percents)]:
        percents[i] += 1
    return percents


def share(count: int, denominator: int) -> int | None:
    """One whole percent, halves up; None of nobody."""
    return (200 * count + denominator) // (2 * denominator) if denominator else None


class Filters(forms.Form):
    """Which shelter, at what moment. They live in the address, so that a report can be sent to a colleague.

    `cleaned_data` is what `Report.rows` gets: {"shelter": Shelter, "as_of": aware datetime}.
    """

    shelter = forms.ChoiceField(label=gettext_lazy("Shelter"))
    as_of = forms.CharField(
        label=gettext_lazy("Date and time"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("On the clock of the shelter. Left empty, it means now."),
    )

    def __init__(self, data=None, *, shelters: Iterable[Shelter]):
        super().__init__(data)
        self.shelters = {shelter.code: shelter for shelter in shelters}
        choices = [(code, shelter.name) for code, shelter in self.shelters.items()]
        self.fields["shelter"].choices = choices if len(choices) == 1 else [("", "—"), *choices]
        if _fits_browser_field(self.data.get("as_of", "")):
            self.fields["as_of"].widget.input_type = "datetime-local"

    def clean_shelter(self):
        return self.shelters[self.cleaned_data["shelter"]]

    def clean_as_of(self):
        typed = self.cleaned_data["as_of"]
        return read_moment(typed, self.cleaned_data.get("shelter")) if typed else timezone.now()


def _fits_browser_field(typed: str) -> bool:
    """A browser empties a date and time field it cannot read; then a plain one keeps what was typed."""
    try:
        return not typed or datetime.strptime(typed, TYPED).strftime(TYPED) == typed
    except ValueError:
        return False


class Report:
    """Declared by subclassing. `columns` are (lasting code, label); `rows` yields tuples in that order."""

    slug: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str]  # one sentence for the menu
    permission = "intake.view_reports"
    columns: ClassVar[list[tuple[str, str]]]
    filters = Filters
    template = "reports/page.html"

    def __init_subclass__(cls):
        if cls.slug in REPORTS:
            raise TypeError(f"Two reports are called {cls.slug}")
        REPORTS[cls.slug] = cls()

    def rows(self, filters: dict) -> Iterable[tuple]:
        raise NotImplementedError

    def context(self, filters: dict) -> dict:
        """What the template shows; a report with a page of its own says more than its rows."""
        return {"rows": self.rows(filters)}
