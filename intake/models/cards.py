"""Cards with an opaque code: whoever finds one learns nothing."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from intake.models.families import Family


class CardQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_family"):
            return self.none()
        return self.filter(family__shelter__staff=user)


class Card(models.Model):
    """A card in the hands of a family. A lost one is revoked, never reused; a family may hold several."""

    code = models.CharField(_("code"), max_length=8, primary_key=True, help_text=_("See intake/cards.py."))
    family = models.ForeignKey(Family, models.CASCADE, related_name="cards", verbose_name=_("family"))
    bound_at = models.DateTimeField(_("bound at"))
    bound_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    objects = CardQuerySet.as_manager()

    class Meta:
        ordering = ["-bound_at"]
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        default_permissions = []  # bound at the desk, by whoever may register
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | Q(revoked_at__gte=models.F("bound_at")),
                name="card_revoked_after_it_was_bound",
            ),
        ]

    def __str__(self):
        return f"{self.code[:4]}-{self.code[4:]}"
