"""What somebody needs, and what they plan. Both change in days, so both are dated."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from intake import policy
from intake.ids import uuid7
from intake.models.families import Person, where_works
from intake.models.reference import Plan, SpecificNeed
from intake.models.tracked import Tracked


class PersonNeedQuerySet(models.QuerySet):
    def visible_to(self, user):
        """By shelter, and by the tier of the need: violence and torture are for protection and health only."""
        if not user.has_perm("intake.view_personneed"):
            return self.none()
        return self.filter(person__family__shelter__in=where_works(user), need__tier__lte=highest_tier(user))

    def standing_at(self, moment):
        """Reported or confirmed by then, and not yet ruled out."""
        return self.filter(Q(ruled_out_at__isnull=True) | Q(ruled_out_at__gt=moment), reported_at__lte=moment)


def highest_tier(user) -> int:
    """Up to which tier this account sees needs; 0: none."""
    return max((tier for tier, right in policy.NEEDS.items() if user.has_perm(right)), default=0)


class PersonNeed(Tracked):
    """A specific need of a person: reported, confirmed or ruled out."""

    class State(models.TextChoices):
        REPORTED = "reported", _("Reported")
        CONFIRMED = "confirmed", _("Confirmed")
        RULED_OUT = "ruled_out", _("Ruled out")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="needs", verbose_name=_("person"))
    need = models.ForeignKey(SpecificNeed, models.PROTECT, related_name="+", verbose_name=_("need"))
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.REPORTED)
    reported_at = models.DateTimeField(_("reported at"), default=timezone.now)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True, editable=False)
    ruled_out_at = models.DateTimeField(_("ruled out at"), null=True, blank=True)
    reason = models.CharField(
        _("reason"),
        max_length=200,
        blank=True,
        help_text=_("Why it was confirmed or ruled out, against what the ages and relationships say."),
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    history = HistoricalRecords()

    objects = PersonNeedQuerySet.as_manager()

    class Meta:
        ordering = ["reported_at"]
        verbose_name = _("need of a person")
        verbose_name_plural = _("needs of people")
        permissions = [
            ("see_coordination_needs", _("Can see needs for coordination")),
            ("see_protection_needs", _("Can see protection needs")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "need"],
                condition=Q(ruled_out_at__isnull=True),
                name="need_stands_once_per_person",
                violation_error_message=_("This need is already recorded for this person."),
            ),
            models.CheckConstraint(
                condition=Q(state="ruled_out", ruled_out_at__isnull=False)
                | (~Q(state="ruled_out") & Q(ruled_out_at__isnull=True)),
                name="need_ruled_out_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(confirmed_at__isnull=False),
                name="need_confirmed_has_its_moment",
            ),
        ]

    def __str__(self):
        return str(self.need)

    first_version_needs = ("by",)

    def begun(self):
        return self.by, self.reported_at

    def judge(self, state, reason, *, by):
        """Reported, confirmed or ruled out from now on; a moment that was set is kept, whatever is corrected later."""
        now = timezone.now()
        self.state, self.reason, self.by = state, reason, by
        if state == self.State.CONFIRMED:
            self.confirmed_at = self.confirmed_at or now
        if state == self.State.RULED_OUT:
            self.ruled_out_at = self.ruled_out_at or now


class IntentionQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_intention"):
            return self.none()
        return self.filter(person__family__shelter__in=where_works(user))


class Intention(models.Model):
    """What an adult planned on a day. Never overwritten: a change of mind is a new row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="intentions", verbose_name=_("person"))
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+", verbose_name=_("plan"))
    said_at = models.DateTimeField(_("said at"), default=timezone.now)
    said_on = models.DateField(_("said on"), editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    objects = IntentionQuerySet.as_manager()

    class Meta:
        ordering = ["-said_at"]
        verbose_name = _("intention")
        verbose_name_plural = _("intentions")
        indexes = [models.Index(fields=["person", "-said_at"], name="intention_newest_of_person")]

    def __str__(self):
        return str(self.plan)
