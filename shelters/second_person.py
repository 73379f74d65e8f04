"""What one account asks for and another one decides. The database refuses that anybody decides their own."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AskedQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Their own, and those of the shelters where they work for whoever has to do with others'."""
        own = Q(asked_by=user)
        if user.has_perm(self.model.MAY_SEE):
            own |= Q(shelter__in=user.shelters.all())
        return self.filter(own)

    def waiting(self):
        return self.filter(decided_at__isnull=True, asked_at__gt=timezone.now() - self.model.WAITS)

    def may_be_decided_by(self, user):
        if not user.has_perm(self.model.MAY_DECIDE):
            return self.none()
        return self.waiting().visible_to(user).exclude(asked_by=user)


class Asked(models.Model):
    """A subclass says who may see and decide what others ask for, and how long it waits."""

    MAY_SEE = MAY_DECIDE = ""
    WAITS = timedelta(hours=1)

    shelter = models.ForeignKey(
        "shelters.Shelter", models.PROTECT, related_name="+", verbose_name=_("shelter")
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    is_approved = models.BooleanField(_("approved"), null=True)

    class Meta:
        abstract = True

    @property
    def state(self) -> str:
        """waiting, expired, declined; empty when it was approved"""
        if self.decided_at is None:
            return "waiting" if self.asked_at > timezone.now() - self.WAITS else "expired"
        return "" if self.is_approved else "declined"

    def decide(self, is_approved: bool, *, by) -> bool:
        """False when it is too late, decided already, or one's own."""
        rows = type(self).objects
        may = rows.may_be_decided_by(by).filter(pk=self.pk)
        # Once more outside: of two who decide at the same moment, the one who waited is asked by this alone.
        undecided = rows.filter(pk__in=may.values("pk"), decided_at__isnull=True)
        return bool(undecided.update(decided_by=by, decided_at=timezone.now(), is_approved=is_approved))


def two_people(name) -> list[models.CheckConstraint]:
    """The constraints of such a table."""
    decision = ("decided_by", "decided_at", "is_approved")
    return [
        models.CheckConstraint(
            condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
            name=f"{name}_decided_by_somebody_else",
            violation_error_message=_("Somebody else has to decide."),
        ),
        models.CheckConstraint(
            condition=Q(**{f"{each}__isnull": True for each in decision})
            | Q(**{f"{each}__isnull": False for each in decision}),
            name=f"{name}_decided_as_a_whole",
        ),
    ]
