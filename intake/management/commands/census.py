"""The census from the shell: the same numbers as the page."""

import json

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from intake.reports.base import read_moment
from intake.reports.census import KEYS, Census, cell_lines, census, country
from shelters import audit
from shelters.models import Shelter


class Command(BaseCommand):
    help = "Counts who is in a shelter at a moment."

    def add_arguments(self, parser):
        parser.add_argument("--shelter", required=True, help="Code of the shelter, such as palillo.")
        parser.add_argument(
            "--as-of", help="ISO 8601; without an offset, on the shelter's clock. Now when left out."
        )
        parser.add_argument("--format", choices=FORMATS, default="text")

    def handle(self, *, shelter, as_of, format, **_options):
        place = find_shelter(shelter)
        try:
            moment = read_moment(as_of, place) if as_of else timezone.now()
        except ValidationError as error:
            raise CommandError(error.message) from error
        audit.record(
            audit.Action.REPORT_OPENED,
            by=None,
            shelter=place,
            report="census",
            as_of=moment.isoformat(),
        )
        self.stdout.write(FORMATS[format](census(place, moment)))


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
