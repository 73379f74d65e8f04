"""The choices of a report: shelter, moment or period. They live in the address, so that it can be sent on."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shelters.models import Shelter

TYPED = "%Y-%m-%dT%H:%M"  # what a date and time field of a browser sends
YEARS = range(1900, 2200)  # beyond, neither ages nor offsets can be computed


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
    # An offset finer than a second is no clock's, and PostgreSQL refuses it.
    if not moment or moment.year not in YEARS or (moment.tzinfo and moment.utcoffset().microseconds):
        raise ValidationError(_("Write a date and time such as 2018-11-07T23:00."), code="invalid")
    if moment.tzinfo:
        return moment
    return moment.replace(tzinfo=shelter.tz if shelter else timezone.get_current_timezone())


def read_day(text: str) -> date:
    """ISO 8601. Raises ValidationError with a sentence."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if not day or day.year not in YEARS:
        raise ValidationError(_("Write a date such as 2018-11-07."), code="invalid")
    return day


class ShelterFilters(forms.Form):
    """Which shelter. `cleaned_data` is what a report's tables are made for.

    It holds {"shelter": Shelter, "reader": account or None}, and what a subclass adds; for a file also what
    ExportForm asks.
    """

    shelter = forms.ChoiceField(label=gettext_lazy("Shelter"))
    field_order: ClassVar[list[str]] = ["shelter", "as_of", "period", "since", "until"]

    def __init__(self, data=None, *, shelters: Iterable[Shelter], reader=None):
        super().__init__(data)
        self.reader = reader
        self.shelters = {shelter.code: shelter for shelter in shelters}
        choices = [(code, shelter.name) for code, shelter in self.shelters.items()]
        self.fields["shelter"].choices = choices if len(choices) == 1 else [("", "—"), *choices]

    def clean_shelter(self):
        return self.shelters[self.cleaned_data["shelter"]]

    def clean(self):
        return {**super().clean(), "reader": self.reader}

    def in_address(self) -> dict:
        """The same choice, to the moment: for the files of what a page shows, and for the access trail."""
        raise NotImplementedError

    @staticmethod
    def of_day(text: str) -> dict:
        """What to ask for the whole of a local day, written in ISO 8601."""
        raise NotImplementedError


class Filters(ShelterFilters):
    """A shelter at a moment. Adds {"as_of": aware datetime}."""

    as_of = forms.CharField(
        label=gettext_lazy("Date and time"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("On the clock of the shelter. Left empty, it means now."),
    )

    def __init__(self, data=None, **options):
        super().__init__(data, **options)
        if _fits_browser_field(self.data.get("as_of", ""), TYPED):
            self.fields["as_of"].widget.input_type = "datetime-local"

    def clean_as_of(self):
        typed = self.cleaned_data["as_of"]
        return read_moment(typed, self.cleaned_data.get("shelter")) if typed else timezone.now()

    def in_address(self) -> dict:
        return {"as_of": self.cleaned_data["as_of"].isoformat()}

    @staticmethod
    def of_day(text: str) -> dict:
        """A bare day means its last minute; today's is not over yet, so it means now."""
        if "T" in text:
            return {"as_of": text}
        return {"as_of": f"{text}T23:59:59"} if text else {}


PERIODS = {
    "today": gettext_lazy("Today"),
    "yesterday": gettext_lazy("Yesterday"),
    "last_3": gettext_lazy("Last 3 days"),
    "last_7": gettext_lazy("Last 7 days"),
    "opening": gettext_lazy("Since opening"),
    "dates": gettext_lazy("Between two dates"),
}
USUAL = "last_3"


def days_of(period: str, shelter: Shelter, today: date) -> tuple[date, date]:
    """First and last local day of a named period. Of a shelter that has closed, the last day is its last."""
    last = min(today, shelter.closed_on) if shelter.closed_on else today
    match period:
        case "yesterday":
            return today - timedelta(days=1), today - timedelta(days=1)
        case "last_3":
            return today - timedelta(days=2), today
        case "last_7":
            return today - timedelta(days=6), today
        case "opening":
            return min(shelter.opened_on, last), last
    return today, today


class PeriodFilters(ShelterFilters):
    """A shelter over whole local days. Adds {"since": date, "until": date}, both included."""

    period = forms.ChoiceField(label=gettext_lazy("Period"), required=False, choices=list(PERIODS.items()))
    since = forms.CharField(label=gettext_lazy("From"), required=False, max_length=10)
    until = forms.CharField(
        label=gettext_lazy("To"),
        required=False,
        max_length=10,
        help_text=gettext_lazy("Whole days on the clock of the shelter, both included."),
    )

    def __init__(self, data=None, **options):
        if data is not None and not data.get("period"):
            data = data.copy()
            data["period"] = "dates" if data.get("since") or data.get("until") else USUAL
        super().__init__(data, **options)
        for name in ("since", "until"):
            if _fits_browser_field(self.data.get(name, ""), "%Y-%m-%d"):
                self.fields[name].widget.input_type = "date"

    def clean_since(self):
        return self.read("since")

    def clean_until(self):
        return self.read("until")

    def read(self, name):
        typed = self.cleaned_data[name]
        return read_day(typed) if typed and self.cleaned_data.get("period") == "dates" else None

    def clean(self):
        asked = super().clean()
        if self.errors:
            return asked
        shelter, period = asked["shelter"], asked["period"] or USUAL
        if period != "dates":
            since, until = days_of(period, shelter, shelter.today())
            return {**asked, "since": since, "until": until}
        since, until = asked["since"] or asked["until"], asked["until"] or asked["since"]
        if not since:
            self.add_error("since", _("Write at least one of the two dates."))
        elif until > shelter.today():
            self.add_error("until" if asked["until"] else "since", _("That day has not come yet."))
        elif since > until:
            self.add_error("until", _("The last day cannot lie before the first."))
        return {**asked, "since": since, "until": until}

    def in_address(self) -> dict:
        return {name: self.cleaned_data[name].isoformat() for name in ("since", "until")}

    @staticmethod
    def of_day(text: str) -> dict:
        return {"since": text, "until": text} if text else {"period": "today"}


def _fits_browser_field(typed: str, form: str) -> bool:
    """A browser empties a date field it cannot read; then a plain one keeps what was typed."""
    try:
        return not typed or datetime.strptime(typed, form).strftime(form) == typed
    except ValueError:
        return False


def start_of(shelter: Shelter, day: date) -> datetime:
    """The moment at which a local day begins."""
    return datetime.combine(day, time.min, tzinfo=shelter.tz).astimezone(UTC)
