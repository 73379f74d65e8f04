"""A file with many people in it: somebody asks, somebody else lets it go, and it is taken once. See ADR 26."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.ids import uuid7
from shelters.models import Shelter

AN_HOUR = timedelta(hours=1)
MAY_APPROVE = "intake.approve_exports"


class ExportRequestQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Their own, and those of the shelters where they work for whoever may let them go."""
        own = Q(asked_by=user)
        if user.has_perm(MAY_APPROVE):
            own |= Q(shelter__in=Shelter.objects.filter(staff=user))
        return self.filter(own)

    def waiting(self):
        return self.filter(decided_at__isnull=True, asked_at__gt=timezone.now() - AN_HOUR)

    def ready(self):
        return self.filter(is_approved=True, taken_at__isnull=True, decided_at__gt=timezone.now() - AN_HOUR)

    def may_be_decided_by(self, user):
        return (
            self.waiting().visible_to(user).exclude(asked_by=user)
            if user.has_perm(MAY_APPROVE)
            else self.none()
        )


class ExportRequest(models.Model):
    """What was asked for, without a name in it: which file, of which days, of how many people, and what for."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shelter = models.ForeignKey(Shelter, models.PROTECT, related_name="+", verbose_name=_("shelter"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    kind = models.CharField(max_length=10)  # csv, hxl.csv or xlsx
    table = models.CharField(max_length=40, blank=True)
    since = models.DateField(_("since"))
    until = models.DateField(_("until"))
    answers = models.JSONField(default=dict)  # purpose, language, words or codes: as the form left them
    people = models.PositiveIntegerField(_("people"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    is_approved = models.BooleanField(_("approved"), null=True)
    taken_at = models.DateTimeField(_("taken at"), null=True)

    objects = ExportRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        verbose_name = _("export to approve")
        verbose_name_plural = _("exports to approve")
        default_permissions = []
        permissions = [
            ("approve_exports", _("Can approve the export of records that somebody else asked for"))
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="export_decided_by_somebody_else",
                violation_error_message=_("Somebody else has to decide."),
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True, decided_at__isnull=True, is_approved__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False, is_approved__isnull=False),
                name="export_decided_as_a_whole",
            ),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True) | Q(is_approved=True, decided_at__isnull=False),
                name="export_taken_only_when_approved",
            ),
        ]

    def __str__(self):
        return f"{self.shelter} · {self.since}–{self.until} · {self.kind}"

    @property
    def state(self) -> str:
        """waiting, expired, declined, ready, taken"""
        hour_ago = timezone.now() - AN_HOUR
        if self.decided_at is None:
            return "waiting" if self.asked_at > hour_ago else "expired"
        if not self.is_approved:
            return "declined"
        if self.taken_at:
            return "taken"
        return "ready" if self.decided_at > hour_ago else "expired"

    def take(self, *, by) -> bool:
        """Once, by whoever asked, within the hour; of two at the same moment one gets it."""
        mine = ExportRequest.objects.ready().filter(pk=self.pk, asked_by=by)
        return bool(mine.update(taken_at=timezone.now()))
