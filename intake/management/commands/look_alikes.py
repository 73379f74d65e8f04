"""Look through everybody again for people who were registered twice, for cron at night.

    python manage.py look_alikes --shelter palillo

The desk checks each family when it is registered. This finds what became alike later: by a correction, or because
two desks saved at the same moment.
"""

from django.core.management.base import BaseCommand

from intake.actions import remember_look_alikes
from intake.management.commands.census import find_shelter
from intake.models import Family, LookAlike


class Command(BaseCommand):
    help = "Puts possible duplicates that nobody has listed yet into the review list."

    def add_arguments(self, parser):
        parser.add_argument("--shelter", required=True, help="Code of the shelter, such as palillo.")

    def handle(self, *, shelter, **_options):
        place = find_shelter(shelter)
        before = LookAlike.objects.count()
        families = Family.objects.standing().filter(shelter=place).select_related("shelter")
        checked = 0
        for family in families.prefetch_related("members__origin_region").iterator(chunk_size=500):
            remember_look_alikes(family, people=list(family.members.all()), by=None)
            checked += 1
        new = LookAlike.objects.count() - before
        self.stdout.write(f"{checked} families checked, {new} possible duplicates added to the review list")
