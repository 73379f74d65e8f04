"""The lists. Rows come from intake/data/*.csv; an edited row stays edited; nothing is deleted, only retired."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from shelters.places import OfferedQuerySet


class ReferenceQuerySet(OfferedQuerySet):
    def visible_to(self, user):
        """Lists hold nothing about people; whoever works here may read them."""
        return self


class Reference(models.Model):
    """A row with a lasting code and a label in each language."""

    code = models.CharField(
        _("code"),
        max_length=20,
        primary_key=True,
        help_text=_("Lasting: exports and other systems rely on it."),
    )
    label_es = models.CharField(_("name in Spanish"), max_length=160)
    label_en = models.CharField(_("name in English"), max_length=160)
    position = models.PositiveIntegerField(
        _("position"), default=0, help_text=_("Order in forms, small first.")
    )
    retired_on = models.DateField(
        _("retired on"),
        null=True,
        blank=True,
        help_text=_("No longer offered in forms from this day; history keeps it."),
    )

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["position", "code"]

    def __str__(self):
        return self.label

    @property
    def label(self) -> str:
        return self.label_en if get_language() == "en" else self.label_es


class RegionQuerySet(ReferenceQuerySet):
    def countries(self):
        """Codes of those whose divisions are known, each once."""
        return self.order_by("country").values_list("country", flat=True).distinct()


class Region(Reference):
    """A first-level division: ISO 3166-2 code with its country and OCHA P-code."""

    country = models.CharField(_("country"), max_length=2)
    pcode = models.CharField(_("P-code"), max_length=8, blank=True)

    objects = RegionQuerySet.as_manager()

    class Meta(Reference.Meta):
        ordering = ["country", "label_es"]
        verbose_name = _("department or state")
        verbose_name_plural = _("departments and states")


class Language(Reference):
    """An ISO 639-3 language."""

    class Meta(Reference.Meta):
        verbose_name = _("language")
        verbose_name_plural = _("languages")


class SpecificNeed(Reference):
    """A UNHCR specific-need code, or a local one that begins with X-."""

    class Tier(models.IntegerChoices):
        INTAKE = 1, _("Everyone at the desk")
        COORDINATION = 2, _("Coordination, protection and health")
        PROTECTION = 3, _("Protection and health only")

    class CountsAs(models.TextChoices):
        PREGNANT = "pregnant", _("Pregnant")
        DISABILITY = "disability", _("Disability")
        LGBT = "lgbt", _("LGBTTTI")
        UNACCOMPANIED = "unaccompanied", _("Unaccompanied child")

    category = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="needs", verbose_name=_("category")
    )
    tier = models.PositiveSmallIntegerField(_("who sees it"), choices=Tier, default=Tier.PROTECTION)
    counts_as = models.CharField(
        _("census cell"),
        max_length=13,
        choices=CountsAs,
        blank=True,
        help_text=_("The cell of the census this need is counted in."),
    )
    at_registration = models.BooleanField(
        _("asked at registration"),
        default=False,
        help_text=_("Offered as a button on the registration screen."),
    )
    history = HistoricalRecords()

    class Meta(Reference.Meta):
        verbose_name = _("specific need")
        verbose_name_plural = _("specific needs")


class Plan(Reference):
    """What somebody intends to do next."""

    class Group(models.TextChoices):
        CONTINUE = "continue", _("Continue")
        STAY = "stay", _("Stay in Mexico")
        RETURN = "return", _("Return")
        UNDECIDED = "undecided", _("Undecided")
        OTHER = "other", _("Other plan")
        NOT_SAID = "not_said", _("Not said")

    group = models.CharField(_("group"), max_length=9, choices=Group)
    at_registration = models.BooleanField(_("asked at registration"), default=False)
    history = HistoricalRecords()

    class Meta(Reference.Meta):
        verbose_name = _("plan")
        verbose_name_plural = _("plans")


class LegalOutcome(Reference):
    """How a piece of legal advice ended."""

    history = HistoricalRecords()

    class Meta(Reference.Meta):
        verbose_name = _("legal outcome")
        verbose_name_plural = _("legal outcomes")


class ServiceCategory(Reference):
    """Food, clothing, health: how services are grouped."""

    sector = models.CharField(
        _("sector"), max_length=8, blank=True, help_text=_("HDX sector code, for the 3W report.")
    )
    history = HistoricalRecords()

    class Meta(Reference.Meta):
        verbose_name = _("service category")
        verbose_name_plural = _("service categories")


class ServiceType(Reference):
    """A service that can be recorded, with the rules of giving it."""

    class Per(models.TextChoices):
        PERSON = "person", _("Person")
        FAMILY = "family", _("Family")

    class LimitPer(models.TextChoices):
        NONE = "none", _("No limit")
        STAY = "stay", _("Stay")
        DAY = "day", _("Day")
        MEAL = "meal", _("Meal")

    class Sensitivity(models.TextChoices):
        OPEN = "open", _("Everybody")
        LEGAL = "legal", _("Legal")
        HEALTH = "health", _("Health")

    category = models.ForeignKey(
        ServiceCategory, models.PROTECT, related_name="types", verbose_name=_("category")
    )
    unit = models.CharField(
        _("unit"), max_length=20, default="item", help_text=_("What one is: meal, set, pair, consultation.")
    )
    per = models.CharField(_("given to"), max_length=6, choices=Per, default=Per.PERSON)
    limit_per = models.CharField(_("limit per"), max_length=4, choices=LimitPer, default=LimitPer.NONE)
    limit_count = models.PositiveSmallIntegerField(_("how many at most"), default=1)
    sensitivity = models.CharField(
        _("who sees what it was"),
        max_length=6,
        choices=Sensitivity,
        default=Sensitivity.OPEN,
        help_text=_("Legal and health services show as “reserved” to everybody else."),
    )
    asks_first = models.BooleanField(
        _("asks before recording"),
        default=False,
        help_text=_("A scan shows a button instead of recording at once."),
    )
    sector = models.CharField(_("sector"), max_length=8, blank=True)
    history = HistoricalRecords()

    class Meta(Reference.Meta):
        ordering = ["category", "position", "code"]
        verbose_name = _("service")
        verbose_name_plural = _("services")
        constraints = [
            models.CheckConstraint(
                condition=Q(limit_count__gte=1),
                name="service_limit_at_least_one",
                violation_error_message=_("A limit is at least one. To stop giving a service, retire it."),
            )
        ]


class PrivacyNoticeQuerySet(models.QuerySet):
    def current(self) -> "PrivacyNotice":
        """The newest version that is published by now; before any is, the first."""
        published = self.filter(published_at__lte=timezone.now()).order_by("-version")
        return published.first() or self.earliest()


class PrivacyNotice(models.Model):
    """A version of the privacy notice, as it is read aloud. Once answered to, it is not edited: a new one is added."""

    version = models.PositiveIntegerField(_("version"), primary_key=True)
    text_es = models.TextField(_("text in Spanish"))
    text_en = models.TextField(_("text in English"))
    published_at = models.DateTimeField(_("published at"), default=timezone.now)

    objects = PrivacyNoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-version"]
        get_latest_by = "version"
        verbose_name = _("privacy notice")
        verbose_name_plural = _("privacy notices")

    def __str__(self):
        return f"v{self.version}"

    @property
    def text(self) -> str:
        return self.text_en if get_language() == "en" else self.text_es
