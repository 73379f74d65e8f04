"""Everything that is held on one person, as a file for that person: for a data officer at the machine.

    python manage.py own_data 01890a5d-ac96-774b-bcce-b302099a8057 --language es -o maria.json

The key of the person stands in the address of their page. It is on the trail, without an account.
"""

from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from intake.models import Person
from intake.own_data import as_json
from shelters.audit import Action, record


class Command(BaseCommand):
    help = "Writes everything held on one person, and nobody else, as JSON."

    def add_arguments(self, parser):
        parser.add_argument("person", help="The key of the person.")
        parser.add_argument("--language", choices=["es", "en"], default="es")
        parser.add_argument(
            "-o", "--output", type=Path, required=True, help="The file; it must not exist yet."
        )

    def handle(self, *, person, language, output, **_options):
        found = find(person)
        shelter = found.family.shelter
        try:
            with output.open("x", encoding="utf-8") as file, translation.override(language):
                output.chmod(0o600)
                record(Action.OWN_DATA_GIVEN, by=None, shelter=shelter, subject=found, format="json")
                with timezone.override(shelter.tz):
                    file.writelines(as_json(found))
        except OSError as error:
            raise CommandError(f"The file cannot be written: {error.strerror}.") from None
        self.stdout.write(f"{output}: for this person alone")


def find(key: str) -> Person:
    try:
        return Person.objects.select_related("family__shelter").get(pk=key)
    except (Person.DoesNotExist, ValidationError):
        raise CommandError("There is nobody with that key. It stands in the address of their page.") from None
