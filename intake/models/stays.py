"""Who slept where, from when to when."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from intake.ids import uuid7
from intake.models.families import Person
from intake.models.tracked import Tracked
from shelters.models import Shelter, Zone


class StayQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_stay"):
            return self.none()
        return self.filter(person__family__shelter__staff=user)

    def covering(self, moment):
        return self.filter(Q(out_at__isnull=True) | Q(out_at__gt=moment), in_at__lte=moment)

    def open(self):
        return self.filter(out_at__isnull=True)


class Stay(Tracked):
    """From when to when somebody slept where. Occupancy is counted from these rows, never stored."""

    class OutTo(models.TextChoices):
        NORTH = "north", _("Travels on")
        CITY = "city", _("Elsewhere in this city")
        MEXICO = "mexico", _("Elsewhere in Mexico")
        SHELTER = "shelter", _("Another shelter")
        HOSPITAL = "hospital", _("Hospital")
        RETURN = "return", _("Returns home")
        UNKNOWN = "unknown", _("Not known")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="stays", verbose_name=_("person"))
    shelter = models.ForeignKey(Shelter, models.PROTECT, related_name="stays", verbose_name=_("shelter"))
    zone = models.ForeignKey(
        Zone, models.PROTECT, null=True, blank=True, related_name="stays", verbose_name=_("zone")
    )
    in_at = models.DateTimeField(_("in at"))
    in_on = models.DateField(_("in on"), editable=False)
    out_at = models.DateTimeField(_("out at"), null=True, blank=True)
    out_on = models.DateField(_("out on"), null=True, blank=True, editable=False)
    out_to = models.CharField(_("where to"), max_length=8, choices=OutTo, blank=True)
    history = HistoricalRecords()

    objects = StayQuerySet.as_manager()

    class Meta:
        ordering = ["-in_at"]
        verbose_name = _("stay")
        verbose_name_plural = _("stays")
        indexes = [models.Index(fields=["shelter", "out_at", "in_at", "person"], name="stay_in_shelter")]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(out_at__isnull=True),
                name="one_open_stay_per_person",
                violation_error_message=_("This person is already in a shelter."),
            ),
            models.CheckConstraint(
                condition=Q(out_at__isnull=True) | Q(out_at__gte=F("in_at")),
                name="stay_ends_after_it_begins",
                violation_error_message=_("Nobody can leave before they came."),
            ),
            models.CheckConstraint(
                condition=Q(out_at__isnull=True, out_on__isnull=True)
                | Q(out_at__isnull=False, out_on__isnull=False),
                name="stay_out_has_its_day",
            ),
        ]

    def __str__(self):
        return f"{self.person} · {self.shelter}"

    def begun(self):
        return None, self.in_at
