"""What has been kept for long enough goes: for cron at night.

    python manage.py retention --dry-run
    python manage.py retention

Of people whose last presence is over for 90 days (RETENTION_DAYS), names, texts and history are deleted, birth dates
become brackets and places countries; what reports count stays. See intake/retention.py. Sessions that are over go too.
Closed accounts that nobody used for two years become numbers. Then the tables are written anew, so that no byte of all
this, or of whoever was erased by day, is left on the disk.
"""

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from intake.actions import (
    accounts_due,
    anonymise,
    anonymise_accounts,
    due,
    forget_devices,
    forget_late,
    late_due,
)
from intake.retention import ACCOUNT_DAYS, KEPT_DAYS, losing
from shelters.models import Shelter
from shelters.scrub import renew_log, rewrite


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
        accounts = accounts_due().count() if dry_run else anonymise_accounts()
        self.stdout.write(f"{accounts} closed accounts (not used for {ACCOUNT_DAYS} days)")
        forms = late_due(KEPT_DAYS).count() if dry_run else forget_late(KEPT_DAYS)
        self.stdout.write(f"{forms} forms of devices (not corrected for {KEPT_DAYS} days, or purged)")
        if dry_run:
            self.stdout.write(f"{total} people would lose their names. Nothing was changed.")
            return
        self.stdout.write(f"{total} people lost their names, counts stay.")
        call_command("clearsessions")  # a message that nobody came to read may name somebody
        forget_devices()
        self.overwrite()

    def overwrite(self):
        try:
            left = rewrite(losing())
            for obstacle in renew_log():
                self.stderr.write(obstacle)
        except DatabaseError as error:
            raise CommandError(
                f"What went may still lie on the disk: the database failed ({type(error).__name__})."
            ) from None
        if left:
            raise CommandError(
                f"What went may still lie on the disk, in {', '.join(left)}: somebody used these tables, or was "
                "reading since before (a backup, a replica), or they belong to another account. "
                "The next run does it again."
            )
        self.stdout.write("The files of the database were written anew: what went is not in them.")
