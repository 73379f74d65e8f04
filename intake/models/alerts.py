"""What a coordinator has to look at today: children without an adult, families that were torn apart."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from intake.ids import uuid7
from intake.models.families import Person
from intake.models.stays import Departure
from shelters.models import Shelter


class AlertQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_alert"):
            return self.none()
        return self.filter(shelter__staff=user)

    def open(self):
        """Nobody has dealt with it yet."""
        return self.filter(settled_at__isnull=True)


class Alert(models.Model):
    """One person, one reason, until a coordinator says what was done."""

    class Kind(models.TextChoices):
        UNACCOMPANIED = "unaccompanied", _("Child without an adult")
        LEFT_ALONE = "left_alone", _("Child left the shelter without an adult")
        LEFT_BEHIND = "left_behind", _("Child stays while the adults have left")
        SPLIT = "split", _("Part of a family has left")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shelter = models.ForeignKey(Shelter, models.PROTECT, related_name="alerts", verbose_name=_("shelter"))
    kind = models.CharField(_("reason"), max_length=13, choices=Kind)
    person = models.ForeignKey(Person, models.CASCADE, related_name="alerts", verbose_name=_("person"))
    departure = models.ForeignKey(
        Departure, models.SET_NULL, null=True, blank=True, related_name="alerts", verbose_name=_("departure")
    )
    raised_at = models.DateTimeField(_("raised at"))
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("settled by"),
    )
    note = models.CharField(_("what was done"), max_length=200, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-raised_at"]
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        default_permissions = ["view", "change"]
        indexes = [models.Index(fields=["shelter", "settled_at", "-raised_at"], name="alert_open_in_shelter")]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(settled_at__isnull=True), name="alert_open_once"
            ),
        ]

    def __str__(self):
        return self.get_kind_display()
