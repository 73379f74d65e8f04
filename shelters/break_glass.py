"""An administrator reads the files of one shelter for a day, because a coordinator of it lets them. See ADR 31."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shelters.second_person import Asked, AskedQuerySet, two_people

A_DAY = timedelta(hours=24)
MAY_ASK = "shelters.add_breakglass"
READS_BY_ROLE = "view_family"


class BreakGlassQuerySet(AskedQuerySet):
    def open(self):
        """At this moment. It ends by itself: nothing has to run for it. A grant of a time to come opens nothing."""
        now = timezone.now()
        within = self.filter(decided_at__gt=now - A_DAY, decided_at__lte=now)
        return within.filter(is_approved=True, ended_at__isnull=True)

    def unsettled(self):
        """Waiting for an answer, or for somebody who looks at what was read."""
        return self.waiting() | self.filter(is_approved=True, reviewed_at__isnull=True)


def after_it_began(step) -> models.CheckConstraint:
    """Neither half of it before a grant. Each column by name: what compares with nothing refuses nothing."""
    by, at = f"{step}_by", f"{step}_at"
    done = {f"{name}__isnull": False for name in (by, at, "decided_at")}
    return models.CheckConstraint(
        condition=Q(**{f"{by}__isnull": True, f"{at}__isnull": True})
        | Q(**done, **{f"{at}__gte": F("decided_at"), "is_approved": True}),
        name=f"glass_{step}_after_it_began",
    )


class BreakGlass(Asked):
    """Its end is not stored: it follows from the grant, so that nothing makes it longer."""

    MAY_SEE, MAY_DECIDE = "shelters.view_breakglass", "shelters.change_breakglass"
    MAY_REVIEW = "shelters.review_breakglass"
    WAITS = A_DAY

    reason = models.CharField(_("reason"), max_length=300)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("ended by")
    )
    ended_at = models.DateTimeField(_("ended at"), null=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("reviewed by")
    )
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True)

    objects = BreakGlassQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        verbose_name = _("emergency access")
        verbose_name_plural = _("emergency accesses")
        default_permissions = ["view", "add", "change"]
        permissions = [("review_breakglass", _("Can review what was read by emergency access"))]
        constraints = [
            *two_people("glass"),
            models.CheckConstraint(condition=~Q(reason=""), name="glass_has_a_reason"),
            after_it_began("ended"),
            after_it_began("reviewed"),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("asked_by")),
                name="glass_reviewed_by_somebody_else",
                violation_error_message=_("Somebody else has to look at what was read."),
            ),
        ]

    def __str__(self):
        return f"{self.shelter} · {self.asked_by}"

    @property
    def until(self) -> datetime:
        """When it ends or ended, by the clock of its shelter."""
        end = self.decided_at + A_DAY
        return self.shelter.local(min(self.ended_at, end) if self.ended_at else end)

    @property
    def state(self) -> str:
        """waiting, expired, declined, open, over, reviewed"""
        if undecided := super().state:
            return undecided
        if self.until > timezone.now():
            return "open"
        return "reviewed" if self.reviewed_at else "over"

    def end(self, *, by) -> bool:
        """At once, by whoever reads or lets others read."""
        mine = BreakGlass.objects.open().visible_to(by).filter(pk=self.pk)
        if not by.has_perm(self.MAY_DECIDE):
            mine = mine.filter(asked_by=by)
        return bool(mine.update(ended_by=by, ended_at=timezone.now()))

    def may_be_reviewed_by(self, user) -> bool:
        """Not by who read; by who let them only where nobody else could."""
        if self.state != "over" or user == self.asked_by or not user.has_perm(self.MAY_REVIEW):
            return False
        if not user.shelters.contains(self.shelter):
            return False
        return user != self.decided_by or not self.other_reviewers().exists()

    def other_reviewers(self):
        """Accounts of the shelter that could review and had no part in it."""
        may = self.shelter.staff.filter(
            is_active=True, groups__permissions__codename=self.MAY_REVIEW.partition(".")[2]
        )
        still = Q(access_until__isnull=True) | Q(access_until__gte=timezone.localdate())
        return may.filter(still).exclude(pk__in=[self.asked_by_id, self.decided_by_id])

    def review(self, *, by) -> bool:
        """Of two who review at the same moment, the first."""
        if not self.may_be_reviewed_by(by):
            return False
        new = BreakGlass.objects.filter(pk=self.pk, reviewed_at__isnull=True)
        return bool(new.update(reviewed_by=by, reviewed_at=timezone.now()))


def may_ask(user) -> bool:
    """By a role, and only who reads nobody's file by another: one shelter's reading must not add to what they have."""
    rights = {MAY_ASK.partition(".")[2], READS_BY_ROLE}
    held = user.groups.filter(permissions__codename__in=rights).values_list(
        "permissions__codename", flat=True
    )
    return not user.is_superuser and set(held) == rights - {READS_BY_ROLE}


def glasses_of(user) -> list[BreakGlass]:
    """What is open to this account, asked once in a request. For whoever may ask: others need no query."""
    if not hasattr(user, "_glasses"):
        found = list(BreakGlass.objects.open().filter(asked_by=user).select_related("shelter"))
        user._glasses = found if found and may_ask(user) else []
    return user._glasses
