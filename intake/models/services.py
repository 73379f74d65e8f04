"""What was given, to whom, by whom. A limit is a unique constraint, so that two counters cannot both serve."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from intake.ids import uuid7
from intake.models.families import Person, where_works
from intake.models.reference import LegalOutcome, ServiceType
from intake.models.tracked import Tracked
from shelters.models import Organization, Shelter


class ServiceReceivedQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_servicereceived"):
            return self.none()
        return self.filter(person__family__shelter__in=where_works(user))

    def given(self):
        """Without the cancelled ones."""
        return self.filter(cancelled_at__isnull=True)

    def people(self):
        """Who was served, each once."""
        return Person.objects.filter(pk__in=self.order_by().values("person"))


class ServiceReceived(Tracked):
    """One service to one person. A service to a family is one row for each member served."""

    class Slot(models.TextChoices):
        BREAKFAST = "breakfast", _("Morning")
        LUNCH = "lunch", _("Midday")
        DINNER = "dinner", _("Evening")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="services", verbose_name=_("person"))
    service_type = models.ForeignKey(ServiceType, models.PROTECT, related_name="+", verbose_name=_("service"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("organization")
    )
    shelter = models.ForeignKey(Shelter, models.PROTECT, related_name="services", verbose_name=_("shelter"))
    given_at = models.DateTimeField(_("given at"))
    given_on = models.DateField(_("given on"), editable=False, help_text=_("The shelter's local day."))
    slot = models.CharField(_("time of day"), max_length=9, choices=Slot, editable=False)
    quantity = models.PositiveSmallIntegerField(_("quantity"), default=1)
    outcome = models.ForeignKey(
        LegalOutcome, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("outcome")
    )
    desk = models.CharField(_("desk"), max_length=40, blank=True, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("recorded by"),
        editable=False,
    )
    limit_key = models.CharField(
        max_length=60,
        null=True,
        editable=False,
        help_text="What may exist once: day, meal or stay # how many before. Empty: no limit, overridden, cancelled.",
    )
    scan = models.UUIDField(
        null=True,
        editable=False,
        help_text="The key of the scan that made this row: sent again, it finds what it made the first time.",
    )
    override_reason = models.CharField(_("reason for giving again"), max_length=200, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True, editable=False)
    cancel_reason = models.CharField(_("reason for cancelling"), max_length=200, blank=True)
    history = HistoricalRecords()

    objects = ServiceReceivedQuerySet.as_manager()

    class Meta:
        ordering = ["-given_at"]
        verbose_name = _("service received")
        verbose_name_plural = _("services received")
        permissions = [
            ("handle_legal", _("Can record legal services and see what they were")),
            ("handle_health", _("Can record health services and see what they were")),
            ("view_reports", _("Can open the reports")),
            ("export_records", _("Can take the records of people out as a file")),
        ]
        indexes = [
            models.Index(fields=["shelter", "given_on", "service_type"], name="service_by_day"),
            models.Index(fields=["person", "-given_at"], name="service_newest_of_person"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "service_type", "limit_key"], name="service_within_its_limit"
            ),
            models.UniqueConstraint(fields=["scan", "person"], name="service_once_per_scan"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="service_quantity_at_least_one"),
            models.CheckConstraint(
                condition=Q(limit_key__isnull=True) | Q(override_reason="", cancelled_at__isnull=True),
                name="service_overridden_holds_no_limit",
            ),
        ]

    def __str__(self):
        return f"{self.service_type} · {self.given_on}"

    first_version_needs = ("recorded_by",)

    JOINED = "joined"  # stands as override_reason where two records of one person held the same limit

    def begun(self):
        return self.recorded_by, self.given_at

    @property
    def reason_given(self) -> str:
        """Why it was given over the limit, in words."""
        if self.override_reason == self.JOINED:
            return _("Found when two records of the same person were joined")
        return self.override_reason

    def limit_scope(self, stay_id=None) -> str | None:
        """Within what the limit counts: the local day, the meal, or the stay. None: this service has no limit."""
        match self.service_type.limit_per:
            case ServiceType.LimitPer.DAY:
                return self.given_on.isoformat()
            case ServiceType.LimitPer.MEAL:
                return f"{self.given_on.isoformat()}/{self.slot}"
            case ServiceType.LimitPer.STAY:
                return f"stay:{stay_id or self.shelter.code}"
        return None
