"""How many were served when nobody could be named: counted by thumb, and never added to what people received."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from intake.ids import uuid7
from intake.models.reference import ServiceType
from intake.models.services import ServiceReceived
from shelters.models import Shelter


class TallyQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_tally"):
            return self.none()
        return self.filter(shelter__staff=user)

    def standing(self):
        """Without the ones taken back."""
        return self.filter(cancelled_at__isnull=True)

    def counts(self, line) -> list[tuple]:
        """(who, label, people at this desk, people at all desks) for each kind of people; one query."""
        here = models.Sum("people", filter=Q(line=line), default=0)
        rows = (
            self.standing().order_by().values_list("who").annotate(here=here, everywhere=models.Sum("people"))
        )
        found = {who: (at_desk, in_all) for who, at_desk, in_all in rows}
        return [(who, label, *found.get(who, (0, 0))) for who, label in Tally.Who.choices]


class Tally(models.Model):
    """So many people served without a name. The key comes from the device, so a press sent twice counts once."""

    class Who(models.TextChoices):
        MEN = "men", _("Men")
        WOMEN = "women", _("Women")
        BOYS = "boys", _("Boys")
        GIRLS = "girls", _("Girls")
        UNKNOWN = "unknown", _("Unknown")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shelter = models.ForeignKey(Shelter, models.PROTECT, related_name="tallies", verbose_name=_("shelter"))
    service_type = models.ForeignKey(ServiceType, models.PROTECT, related_name="+", verbose_name=_("service"))
    line = models.CharField(_("desk"), max_length=40, blank=True)
    counted_at = models.DateTimeField(_("counted at"))
    counted_on = models.DateField(_("counted on"), help_text=_("The shelter's local day."))
    slot = models.CharField(_("time of day"), max_length=9, choices=ServiceReceived.Slot)
    who = models.CharField(_("who"), max_length=7, choices=Who, default=Who.UNKNOWN)
    people = models.PositiveSmallIntegerField(_("people"), default=1)
    card = models.CharField(
        _("card"),
        max_length=8,
        blank=True,
        help_text=_("Held out in scan mode, and nobody's yet: until it is known whose it is."),
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)

    objects = TallyQuerySet.as_manager()

    class Meta:
        ordering = ["-counted_at"]
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")
        default_permissions = ["view", "add", "change"]
        indexes = [models.Index(fields=["shelter", "counted_on", "service_type"], name="tally_by_day")]
        constraints = [models.CheckConstraint(condition=Q(people__gte=1), name="tally_of_at_least_one")]

    def __str__(self):
        return f"{self.service_type} · {self.get_who_display()} {self.people}"
