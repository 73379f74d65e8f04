"""The building, what it is divided into, and whoever gives something there."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class OfferedQuerySet(models.QuerySet):
    def offered(self):
        """What forms may still offer: not retired, or only from a later day on."""
        return self.filter(Q(retired_on__isnull=True) | Q(retired_on__gt=timezone.localdate()))


class Organization(models.Model):
    """Who gives a service."""

    class Kind(models.TextChoices):
        GOVERNMENT = "government", _("Government")
        RED_CROSS = "red_cross", _("Red Cross or Red Crescent")
        UN = "un", _("United Nations")
        NGO = "ngo", _("Non-governmental organization")
        CHURCH = "church", _("Church or faith group")
        VOLUNTEERS = "volunteers", _("Volunteers")
        OTHER = "other", _("Other")

    code = models.SlugField(
        _("code"), unique=True, help_text=_("Short and lasting, for exports: acnur, cruz-roja.")
    )
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.NGO)
    retired_on = models.DateField(
        _("retired on"), null=True, blank=True, help_text=_("No longer offered in forms from this day.")
    )
    history = HistoricalRecords()

    objects = OfferedQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")

    def __str__(self):
        return self.name


class ShelterQuerySet(models.QuerySet):
    def open(self):
        """Up to and with the day on which they close."""
        return self.filter(Q(closed_on__isnull=True) | Q(closed_on__gte=timezone.localdate()))

    def visible_to(self, user):
        if user.has_perm("shelters.see_every_shelter"):
            return self
        return self.filter(staff=user)


def validate_timezone(name):
    if name not in available_timezones():
        raise ValidationError(
            _("“%(name)s” is not a time zone. Write one such as America/Mexico_City."), params={"name": name}
        )


class Shelter(models.Model):
    """A place where people sleep, with its own clock."""

    code = models.SlugField(
        _("code"), unique=True, help_text=_("Short and lasting: it names the shelter in files and commands.")
    )
    name = models.CharField(_("name"), max_length=120)
    address = models.CharField(_("address"), max_length=200, blank=True)
    region = models.CharField(
        _("state"), max_length=6, blank=True, help_text=_("ISO 3166-2 code of the state: MX-CMX.")
    )
    timezone = models.CharField(
        _("time zone"),
        max_length=40,
        default="America/Mexico_City",
        validators=[validate_timezone],
        help_text=_("Decides when a day begins here, in the limits and in the reports alike."),
    )
    opened_on = models.DateField(_("opened on"))
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    purge_on = models.DateField(_("personal data deleted on"), null=True, blank=True)
    capacity = models.PositiveIntegerField(
        _("capacity"), null=True, blank=True, help_text=_("Sleeping places.")
    )
    covered_area_m2 = models.PositiveIntegerField(_("covered area (m²)"), null=True, blank=True)
    toilets = models.PositiveIntegerField(_("toilets"), null=True, blank=True)
    showers = models.PositiveIntegerField(_("showers"), null=True, blank=True)
    water_litres_a_day = models.PositiveIntegerField(_("water (litres a day)"), null=True, blank=True)
    lunch_from = models.TimeField(
        _("midday meal from"), default=time(12), help_text=_("Before it, a meal is breakfast.")
    )
    dinner_from = models.TimeField(_("dinner from"), default=time(17))
    history = HistoricalRecords()

    objects = ShelterQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("shelter")
        verbose_name_plural = _("shelters")
        permissions = [("see_every_shelter", _("Can see every shelter's settings"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=F("opened_on")),
                name="shelter_closes_after_it_opens",
                violation_error_message=_("A shelter cannot close before it opens."),
            ),
            models.CheckConstraint(
                condition=Q(dinner_from__gt=F("lunch_from")),
                name="shelter_dinner_after_lunch",
                violation_error_message=_("Dinner has to begin after the midday meal."),
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def local(self, moment: datetime) -> datetime:
        """The moment on this shelter's wall clock."""
        return moment.astimezone(self.tz)

    def day_of(self, moment: datetime) -> date:
        """The shelter's local day of a moment: at 18:00 in Mexico City it is already tomorrow in UTC."""
        return self.local(moment).date()

    def today(self) -> date:
        return self.day_of(timezone.now())

    def meal_at(self, moment: datetime) -> str:
        clock = self.local(moment).time()
        if clock < self.lunch_from:
            return "breakfast"
        return "lunch" if clock < self.dinner_from else "dinner"


class ZoneQuerySet(OfferedQuerySet):
    def visible_to(self, user):
        return self.filter(shelter__in=Shelter.objects.visible_to(user))


class Zone(models.Model):
    """A tent, a stand or a room of a shelter."""

    class MeantFor(models.TextChoices):
        EVERYONE = "everyone", _("Everyone")
        FAMILIES = "families", _("Families")
        WOMEN = "women", _("Women and children")
        MEN = "men", _("Men")
        ADOLESCENTS = "adolescents", _("Unaccompanied adolescents")
        LGBT = "lgbt", _("LGBTTTI people")
        HEALTH = "health", _("People under medical care")

    shelter = models.ForeignKey(Shelter, models.PROTECT, related_name="zones", verbose_name=_("shelter"))
    code = models.SlugField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=80)
    meant_for = models.CharField(_("meant for"), max_length=12, choices=MeantFor, default=MeantFor.EVERYONE)
    capacity = models.PositiveIntegerField(_("capacity"), null=True, blank=True)
    retired_on = models.DateField(_("retired on"), null=True, blank=True)
    history = HistoricalRecords()

    objects = ZoneQuerySet.as_manager()

    class Meta:
        ordering = ["shelter", "code"]
        verbose_name = _("zone")
        verbose_name_plural = _("zones")
        constraints = [
            models.UniqueConstraint(
                fields=["shelter", "code"],
                name="zone_code_once_per_shelter",
                violation_error_message=_("This shelter already has a zone with this code."),
            )
        ]

    def __str__(self):
        return self.name
