"""With whom the data of a family may be shared, and what left the shelter."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from intake.ids import uuid7
from intake.models.families import Family, joined_from
from intake.models.tracked import Tracked
from shelters.models import Organization, Shelter


class ConsentQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(family__in=Family.objects.visible_to(user))


class Consent(Tracked):
    """What a family said of one partner, where that is another answer than the one to the privacy notice."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    family = models.ForeignKey(Family, models.CASCADE, related_name="consents", verbose_name=_("family"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", verbose_name=_("organization")
    )
    is_given = models.BooleanField(_("may be shared"))
    said_at = models.DateTimeField(_("said at"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    history = HistoricalRecords()

    objects = ConsentQuerySet.as_manager()

    class Meta:
        ordering = ["organization__name"]
        verbose_name = _("answer about a partner")
        verbose_name_plural = _("answers about partners")
        default_permissions = []
        constraints = [
            models.UniqueConstraint(fields=["family", "organization"], name="consent_once_per_partner")
        ]

    def __str__(self):
        return f"{self.organization} · {self.is_given}"

    first_version_needs = ("by",)

    def begun(self):
        return self.by, self.said_at


def shareable_with(organization):
    """Families whose data this partner may get: they said so of it, or agreed to sharing and said nothing else of it.

    Who was joined into a family and had said no is heeded. Who refused the notice is never in it.
    """
    said = Consent.objects.filter(organization=organization)
    yes, no = (said.filter(is_given=given).values("family") for given in (True, False))
    agreed = Q(notice_answer=Family.NoticeAnswer.ACCEPTED) | Q(pk__in=yes)
    families = Family.objects.standing().filter(agreed).exclude(notice_answer=Family.NoticeAnswer.REFUSED)
    return families.exclude(pk__in=no).exclude(pk__in=joined_from(Family, no))


class HandOverQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_handover"):
            return self.none()
        return self.filter(shelter__staff=user)


class HandOver(models.Model):
    """What left for whom, what for, on what basis, with which fields. Written when a file leaves; never changed."""

    class Purpose(models.TextChoices):
        CARE = "care", _("So that they can help these people")
        FAMILY_LINKS = "links", _("To find relatives")
        STATISTICS = "statistics", _("Statistics")
        ORDER = "order", _("An authority or a court asks for it")

    class Basis(models.TextChoices):
        CONSENT = "consent", _("They agreed to it for this partner")
        VITAL = "vital", _("Somebody's life or health depends on it")
        LAW = "law", _("The law says so; with legal advice")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shelter = models.ForeignKey(Shelter, models.PROTECT, related_name="+", verbose_name=_("shelter"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", verbose_name=_("handed to")
    )
    what = models.CharField(
        _("what"), max_length=80, help_text=_("The file, or the paper: list of minors, 2 pages. No names.")
    )
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose)
    basis = models.CharField(_("basis"), max_length=7, choices=Basis)
    fields = models.CharField(
        _("which fields"), max_length=200, help_text=_("Such as: names, age, country of origin.")
    )
    people = models.PositiveIntegerField(_("of how many people"))
    handed_on = models.DateField(_("handed over on"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("recorded by"),
        editable=False,
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = HandOverQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at"]
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        default_permissions = ["view", "add"]

    def __str__(self):
        return f"{self.organization} · {self.what}"
