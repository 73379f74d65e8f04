"""For a timer: what somebody has to act on, without names. Ends with 1 when there is anything."""

import json
import sys
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from shelters import clock
from shelters.alarms import of_everything
from shelters.models import AuditSeal


class Command(BaseCommand):
    help = "Tells what is wrong: disk, clock, access trail, backup, accounts. Exit code 1 when anything is."

    def add_arguments(self, parser):
        parser.add_argument("--language", choices=["es", "en"], default="es")
        parser.add_argument("--json", action="store_true", help="For another program.")

    def handle(self, *, language, **options):
        with translation.override(language):
            try:
                clock.notice(AuditSeal.objects.last())
                found = list(of_everything())
            except DatabaseError as error:
                raise CommandError(f"The database does not answer ({type(error).__name__}).") from None
            self.stdout.write(as_json(found) if options["json"] else as_text(found))
        if found:
            sys.exit(1)


def as_json(found) -> str:
    return json.dumps([asdict(alarm) for alarm in found], cls=DjangoJSONEncoder, ensure_ascii=False)


def as_text(found) -> str:
    """The same as long as the same is wrong, so that a mail goes when it changes."""
    return "\n".join(map(told, found)) or _("Nothing is wrong.")


def told(alarm) -> str:
    first = f"{_('Act now')}: {alarm.words}" if alarm.is_urgent else alarm.words
    since = date_format(timezone.localtime(alarm.since), "DATETIME_FORMAT") if alarm.since else ""
    return "\n  ".join(filter(None, [first, alarm.advice, since and f"{_('Since')} {since}."]))
