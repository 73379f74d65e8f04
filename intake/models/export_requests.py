"""A file with many people in it: somebody asks, somebody else lets it go, and it is taken once. See ADR 26."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.ids import uuid7
from shelters.second_person import Asked, AskedQuerySet, two_people

AN_HOUR = timedelta(hours=1)
MAY_APPROVE = "intake.approve_exports"


class ExportRequestQuerySet(AskedQuerySet):
    def ready(self):
        return self.filter(is_approved=True, taken_at__isnull=True, decided_at__gt=timezone.now() - AN_HOUR)


class ExportRequest(Asked):
    """What was asked for, without a name in it: which file, of which days, of how many people, and what for."""

    MAY_SEE = MAY_DECIDE = MAY_APPROVE

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=10)  # csv, hxl.csv or xlsx
    table = models.CharField(max_length=40, blank=True)
    since = models.DateField(_("since"))
    until = models.DateField(_("until"))
    answers = models.JSONField(default=dict)  # purpose, language, words or codes: as the form left them
    people = models.PositiveIntegerField(_("people"))
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
            *two_people("export"),
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
        if undecided := super().state:
            return undecided
        if self.taken_at:
            return "taken"
        return "ready" if self.decided_at > timezone.now() - AN_HOUR else "expired"

    def take(self, *, by) -> bool:
        """Once, by whoever asked, within the hour; of two at the same moment one gets it."""
        mine = ExportRequest.objects.ready().filter(pk=self.pk, asked_by=by)
        return bool(mine.update(taken_at=timezone.now()))
