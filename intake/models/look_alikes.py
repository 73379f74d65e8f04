"""People who may have been registered twice, what was judged, and records that were joined."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.ids import uuid7
from intake.models.families import Family, Person
from shelters.models import Shelter


class LookAlikeQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_lookalike"):
            return self.none()
        return self.filter(first__family__shelter__staff=user)

    def open(self):
        """Waiting for a coordinator, both people still standing and in different families."""
        waiting = [LookAlike.Verdict.OPEN, LookAlike.Verdict.LATER]
        return self.filter(
            verdict__in=waiting, first__merged_into__isnull=True, second__merged_into__isnull=True
        ).exclude(first__family=F("second__family"))

    def between(self, one, other):
        """Of two families: somebody of each, both still standing."""
        families = [one, other]
        return self.filter(
            first__family__in=families,
            second__family__in=families,
            first__merged_into__isnull=True,
            second__merged_into__isnull=True,
        ).exclude(first__family=F("second__family"))


class LookAlike(models.Model):
    """Two people who may be the same. `first` has the smaller id, so a pair exists once.

    Keeps no reason: those are values about people, and are reckoned anew from the two records when somebody looks.
    """

    class Verdict(models.TextChoices):
        OPEN = "open", _("Not judged yet")
        SAME = "same", _("The same family")
        NOT_SAME = "not_same", _("Not the same")
        LATER = "later", _("Decide later")
        OTHER_FAMILY = "other_family", _("The same person, in another family")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    first = models.ForeignKey(Person, models.CASCADE, related_name="+", verbose_name=_("first person"))
    second = models.ForeignKey(Person, models.CASCADE, related_name="+", verbose_name=_("second person"))
    certainty = models.PositiveSmallIntegerField(
        _("certainty"), help_text=_("In percent, when it was found.")
    )
    found_at = models.DateTimeField(_("found at"), default=timezone.now)
    verdict = models.CharField(_("verdict"), max_length=12, choices=Verdict, default=Verdict.OPEN)
    judged_at = models.DateTimeField(_("judged at"), null=True, blank=True)
    judged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("judged by"),
    )

    objects = LookAlikeQuerySet.as_manager()

    class Meta:
        ordering = ["-certainty", "-found_at"]
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        default_permissions = ["view", "change"]
        indexes = [
            models.Index(fields=["verdict", "-certainty"], name="look_alike_to_judge"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="look_alike_pair_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="look_alike_first_is_smaller"),
            models.CheckConstraint(condition=Q(certainty__lte=100), name="look_alike_certainty_in_percent"),
            models.CheckConstraint(
                condition=Q(verdict="open", judged_at__isnull=True)
                | (~Q(verdict="open") & Q(judged_at__isnull=False, judged_by__isnull=False)),
                name="look_alike_judged_by_somebody",
            ),
        ]

    def __str__(self):
        return f"{self.first} · {self.second}"

    @classmethod
    def of(cls, one, other, **fields) -> "LookAlike":
        """An unsaved pair in its order. Ids of people are compared as the database does: by their text."""
        first, second = sorted((one, other), key=lambda person: str(person.pk))
        return cls(first=first, second=second, **fields)

    def judge(self, verdict, *, by):
        self.verdict, self.judged_at, self.judged_by = verdict, timezone.now(), by


class MergeQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_merge"):
            return self.none()
        return self.filter(kept__shelter__staff=user)

    def standing(self):
        return self.filter(undone_at__isnull=True)


class Merge(models.Model):
    """Records that were joined, and every column that was written for it, so that it can be taken back.

    `steps`: in the order they were done, [table, key of the row, {column: [before, after]}] for a row that was
    changed, and [table, key, {column: value}, "removed"] for one that was folded into another. Emptied
    (`is_final`) when the people take back their agreement: then it can no longer be undone.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shelter = models.ForeignKey(Shelter, models.PROTECT, related_name="+", verbose_name=_("shelter"))
    kept = models.ForeignKey(
        Family, models.CASCADE, related_name="merges", verbose_name=_("family that stays")
    )
    gone = models.ForeignKey(
        Family, models.CASCADE, related_name="merged_away", verbose_name=_("family joined into it")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    steps = models.JSONField(_("steps"), default=list, editable=False)
    is_final = models.BooleanField(_("can no longer be undone"), default=False, editable=False)
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("undone by"),
    )

    objects = MergeQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        default_permissions = ["view", "add", "change"]
        constraints = [
            models.CheckConstraint(condition=~Q(kept=F("gone")), name="merge_of_two_families"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="merge_undone_by_somebody",
            ),
        ]

    def __str__(self):
        return f"{self.kept} ← {self.gone}"
