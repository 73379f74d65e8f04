"""What has been kept for long enough goes: for cron at night.

    python manage.py retention --dry-run
    python manage.py retention

Of people whose last presence is over for 90 days (RETENTION_DAYS), names, texts and history are deleted, birth dates
become brackets and places countries; what reports count stays. See intake/retention.py. Sessions that are over go too.
"""

from django.core.management import call_command
from django.core.management.base import BaseCommand

from intake.actions import anonymise, due, forget_late
from intake.retention import KEPT_DAYS
from shelters.models import Shelter
from shelters.scrub import scrub


class Command(BaseCommand):
    help = "Deletes names, texts and history of people who have been gone for long enough; counts stay."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="Count them, and change nothing.")

    def handle(self, *, dry_run, **_options):
        total = 0
        for shelter in Shelter.objects.order_by("code"):
            if dry_run:
                found = due(shelter)
                number, rule = found.count(), found.rule
            else:
                number, rule = anonymise(shelter)
            why = {"days": f"gone for {KEPT_DAYS} days", "purge": f"purge date {shelter.purge_on}"}[rule]
            self.stdout.write(f"{shelter.code}: {number} people ({why})")
            total += number
        if dry_run:
            self.stdout.write(f"{total} people would lose their names. Nothing was changed.")
            return
        self.stdout.write(f"{total} people lost their names, counts stay.")
        if forms := forget_late(KEPT_DAYS):
            self.stdout.write(f"{forms} forms of devices went that nobody corrected.")
        call_command("clearsessions")  # a message that nobody came to read may name somebody
        if not scrub(whole=True):
            self.stdout.write("Somebody was reading: the log beside the database is emptied next time.")
