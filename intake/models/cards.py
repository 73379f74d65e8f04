"""Cards with an opaque code: whoever finds one learns nothing. Printed before anybody arrives, bound by scanning."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.models.families import Family, where_works
from shelters.models import Shelter


class CardBatchQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_cardbatch"):
            return self.none()
        return self.filter(shelter__staff=user)

    def in_use(self):
        return self.filter(voided_at=None)


class CardBatch(models.Model):
    """Cards made together for one shelter; a pile that went astray is voided as a whole."""

    shelter = models.ForeignKey(Shelter, models.PROTECT, related_name="+", verbose_name=_("shelter"))
    number = models.PositiveIntegerField(_("number"), editable=False)
    made_at = models.DateTimeField(_("made at"), default=timezone.now, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("made by"),
        editable=False,
    )
    voided_at = models.DateTimeField(_("voided at"), null=True, blank=True, editable=False)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("voided by"),
        editable=False,
    )

    objects = CardBatchQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at"]
        verbose_name = _("batch of cards")
        verbose_name_plural = _("batches of cards")
        default_permissions = ["view", "add", "change"]
        constraints = [
            models.UniqueConstraint(fields=["shelter", "number"], name="card_batch_number_once_per_shelter"),
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True, voided_by__isnull=True)
                | Q(voided_at__isnull=False, voided_by__isnull=False),
                name="card_batch_voided_by_somebody",
            ),
        ]

    def __str__(self):
        return f"{self.shelter} · {self.number}"


class CardQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_family"):
            return self.none()
        return self.filter(family__shelter__in=where_works(user))

    def usable(self):
        """In the hands of a family, and not reported lost."""
        return self.filter(family__isnull=False, revoked_at__isnull=True)

    def blank(self):
        """Printed, and nobody's yet."""
        return self.filter(family__isnull=True, revoked_at__isnull=True)


class Card(models.Model):
    """A card, blank or in the hands of a family. A lost one is revoked, never reused; a family may hold several."""

    class Why(models.TextChoices):
        LOST = "lost", _("Lost")
        DAMAGED = "damaged", _("Damaged")
        WRONG = "wrong", _("Bound to the wrong family")
        VOIDED = "voided", _("Its batch was voided")

    code = models.CharField(_("code"), max_length=8, primary_key=True, help_text=_("See intake/cards.py."))
    batch = models.ForeignKey(
        CardBatch, models.PROTECT, null=True, blank=True, related_name="cards", verbose_name=_("batch")
    )
    family = models.ForeignKey(
        Family, models.CASCADE, null=True, blank=True, related_name="cards", verbose_name=_("family")
    )
    bound_at = models.DateTimeField(_("bound at"), null=True, blank=True)
    bound_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    revoked_as = models.CharField(_("why it was revoked"), max_length=7, choices=Why, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("revoked by"),
    )

    objects = CardQuerySet.as_manager()

    class Meta:
        ordering = ["-bound_at"]
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        default_permissions = []  # bound at the desk, by whoever may register
        constraints = [
            models.CheckConstraint(
                condition=Q(family__isnull=True, bound_at__isnull=True, bound_by__isnull=True)
                | Q(family__isnull=False, bound_at__isnull=False, bound_by__isnull=False),
                name="card_is_blank_or_bound_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True)
                | Q(bound_at__isnull=True)
                | Q(revoked_at__gte=F("bound_at")),
                name="card_revoked_after_it_was_bound",
            ),
        ]

    def __str__(self):
        return f"{self.code[:4]}-{self.code[4:]}"
