"""The census from the shell: the same numbers as the page."""

import json
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from intake import actions
from intake.models import Cut
from intake.reports.census import KEYS, Census, cell_lines, census, country
from intake.reports.cuts import census_of
from intake.reports.filters import read_moment
from shelters import audit
from shelters.models import Shelter


class Command(BaseCommand):
    help = "Counts who is in a shelter at a moment."

    def add_arguments(self, parser):
        parser.add_argument("--shelter", required=True, help="Code of the shelter, such as palillo.")
        parser.add_argument(
            "--as-of", help="ISO 8601; without an offset, on the shelter's clock. Now when left out."
        )
        parser.add_argument(
            "--freeze",
            action="store_true",
            help="Keep the numbers as a cut; for cron. A frozen one is printed again.",
        )
        parser.add_argument("--note", default="", help="For what it is frozen; no names.")
        parser.add_argument("--format", choices=FORMATS, default="text")

    def handle(self, *, shelter, as_of, freeze, note, format, **_options):
        place = find_shelter(shelter)
        try:
            moment = read_moment(as_of, place) if as_of else timezone.now()
        except ValidationError as error:
            raise CommandError(error.message) from error
        if freeze:
            self.stdout.write(FORMATS[format](frozen(place, moment, note)))
            return
        audit.record(
            audit.Action.REPORT_OPENED,
            by=None,
            shelter=place,
            report="census",
            as_of=moment.isoformat(),
        )
        self.stdout.write(FORMATS[format](census(place, moment)))


def frozen(shelter: Shelter, moment: datetime, note: str) -> Census:
    """The numbers of the standing cut of that moment, made now if there is none."""
    if moment > timezone.now():
        raise CommandError("That moment has not come yet.")
    if len(note) > Cut._meta.get_field("note").max_length:
        raise CommandError("The note is too long: 200 characters at most.")
    return census_of(actions.freeze(shelter, moment, note=note, by=None))


def find_shelter(code: str) -> Shelter:
    try:
        return Shelter.objects.get(code=code)
    except (Shelter.DoesNotExist, ValueError):  # PostgreSQL takes no NUL in a text
        known = ", ".join(Shelter.objects.values_list("code", flat=True)) or "none"
        raise CommandError(f"There is no shelter “{code}”. The codes here: {known}.") from None


def as_json(result: Census) -> str:
    return json.dumps({key: getattr(result, key) for key in KEYS}, indent=2)


def as_text(result: Census) -> str:
    moment = result.shelter.local(result.as_of).isoformat(timespec="minutes")
    lines = [f"{result.shelter} · {moment}"]
    lines += [f"{line.label}: {line.count:,}" for line in cell_lines(result)]
    lines += [f"{country(code)} ({code}): {count:,}" for code, count in result.origin.items()]
    return "\n".join(lines)


FORMATS = {"json": as_json, "text": as_text}
