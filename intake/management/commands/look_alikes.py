"""Look through everybody again for people who were registered twice, for cron at night.

    python manage.py look_alikes --shelter palillo

The desk checks each family when it is registered. This finds what became alike later: by a correction, or because
two desks saved at the same moment.
"""

from django.core.management.base import BaseCommand

from intake.actions import remember_look_alikes
from intake.management.commands.census import find_shelter
from intake.models import Family, LookAlike

AT_ONCE = 500


class Command(BaseCommand):
    help = "Puts possible duplicates that nobody has listed yet into the review list."

    def add_arguments(self, parser):
        parser.add_argument("--shelter", required=True, help="Code of the shelter, such as palillo.")

    def handle(self, *, shelter, **_options):
        place = find_shelter(shelter)
        before = LookAlike.objects.count()
        # Their keys first: an open cursor would hold SQLite at the state of its first row, where nothing can be added.
        keys = list(
            Family.objects.standing().filter(shelter=place).order_by("pk").values_list("pk", flat=True)
        )
        for start in range(0, len(keys), AT_ONCE):
            self.look_through(keys[start : start + AT_ONCE])
        new = LookAlike.objects.count() - before
        self.stdout.write(f"{len(keys)} families checked, {new} possible duplicates added to the review list")

    def look_through(self, keys):
        families = Family.objects.filter(pk__in=keys).select_related("shelter")
        for family in list(families.prefetch_related("members__origin_region")):
            remember_look_alikes(family, people=list(family.members.all()), by=None)
