"""Who slept where, from when to when; who was seen there, and who left together."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from intake.ids import uuid7
from intake.models.families import Person, where_works
from intake.models.tracked import Tracked
from shelters.models import Shelter, Zone


class StayQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_stay"):
            return self.none()
        return self.filter(person__family__shelter__in=where_works(user))

    def covering(self, moment):
        return self.filter(Q(out_at__isnull=True) | Q(out_at__gt=moment), in_at__lte=moment)

    def open(self):
        return self.filter(out_at__isnull=True)

    def people(self):
        """Whose stays these are, each once."""
        return Person.objects.filter(pk__in=self.order_by().values("person"))


class Stay(Tracked):
    """From when to when somebody slept where. Occupancy is counted from these rows, never stored."""

    class OutTo(models.TextChoices):
        NORTH = "north", _("Travels on")
        CITY = "city", _("Elsewhere in this city")
        MEXICO = "mexico", _("Elsewhere in Mexico")
        SHELTER = "shelter", _("Another shelter")
        HOSPITAL = "hospital", _("Hospital")
        RETURN = "return", _("Returns home")
        UNKNOWN = "unknown", _("Not known")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="stays", verbose_name=_("person"))
    shelter = models.ForeignKey(Shelter, models.PROTECT, related_name="stays", verbose_name=_("shelter"))
    zone = models.ForeignKey(
        Zone, models.PROTECT, null=True, blank=True, related_name="stays", verbose_name=_("zone")
    )
    in_at = models.DateTimeField(_("in at"))
    in_on = models.DateField(_("in on"), editable=False)
    out_at = models.DateTimeField(_("out at"), null=True, blank=True)
    out_on = models.DateField(_("out on"), null=True, blank=True, editable=False)
    out_to = models.CharField(_("where to"), max_length=8, choices=OutTo, blank=True)
    departure = models.ForeignKey(
        "intake.Departure",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="stays",
        verbose_name=_("departure"),
    )
    history = HistoricalRecords()

    objects = StayQuerySet.as_manager()

    class Meta:
        ordering = ["-in_at"]
        verbose_name = _("stay")
        verbose_name_plural = _("stays")
        indexes = [models.Index(fields=["shelter", "out_at", "in_at", "person"], name="stay_in_shelter")]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(out_at__isnull=True),
                name="one_open_stay_per_person",
                violation_error_message=_("This person is already in a shelter."),
            ),
            models.CheckConstraint(
                condition=Q(out_at__isnull=True) | Q(out_at__gte=F("in_at")),
                name="stay_ends_after_it_begins",
                violation_error_message=_("Nobody can leave before they came."),
            ),
            models.CheckConstraint(
                condition=Q(out_at__isnull=True, out_on__isnull=True)
                | Q(out_at__isnull=False, out_on__isnull=False),
                name="stay_out_has_its_day",
            ),
            models.CheckConstraint(
                condition=Q(departure__isnull=True) | Q(out_at__isnull=False), name="stay_departed_is_over"
            ),
        ]

    def __str__(self):
        return f"{self.person} · {self.shelter}"

    def begun(self):
        return None, self.in_at


class DepartureQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_stay"):
            return self.none()
        return self.filter(shelter__staff=user)


class Departure(models.Model):
    """People who left together, by one press: a family, a list of cards, a zone. Kept so that it can be undone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shelter = models.ForeignKey(Shelter, models.PROTECT, related_name="departures", verbose_name=_("shelter"))
    left_at = models.DateTimeField(_("left at"))
    left_on = models.DateField(_("left on"), help_text=_("The shelter's local day."))
    to = models.CharField(_("where to"), max_length=8, choices=Stay.OutTo)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("undone by"),
    )

    objects = DepartureQuerySet.as_manager()

    class Meta:
        ordering = ["-left_at"]
        verbose_name = _("departure")
        verbose_name_plural = _("departures")
        default_permissions = ["view", "add", "change"]
        indexes = [models.Index(fields=["shelter", "-left_at"], name="departure_newest_in_shelter")]
        constraints = [
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="departure_undone_by_somebody",
            )
        ]

    def __str__(self):
        return f"{self.shelter} · {self.get_to_display()}"


class Sighting(models.Model):
    """Somebody was seen in the shelter: a card scanned on the night round, "here" said by a volunteer."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="sightings", verbose_name=_("person"))
    zone = models.ForeignKey(
        Zone, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("zone")
    )
    seen_at = models.DateTimeField(_("seen at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    class Meta:
        ordering = ["-seen_at"]
        verbose_name = _("sighting")
        verbose_name_plural = _("sightings")
        default_permissions = ["add"]
        indexes = [models.Index(fields=["person", "-seen_at"], name="sighting_newest_of_person")]

    def __str__(self):
        return f"{self.person_id} · {self.seen_at}"


class HeadcountQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_headcount"):
            return self.none()
        return self.filter(shelter__staff=user)


class Headcount(models.Model):
    """How many people somebody counted in a zone, beside how many the register had there at that moment."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shelter = models.ForeignKey(Shelter, models.PROTECT, related_name="headcounts", verbose_name=_("shelter"))
    zone = models.ForeignKey(
        Zone, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("zone")
    )
    counted_at = models.DateTimeField(_("counted at"))
    counted_on = models.DateField(_("counted on"), help_text=_("The shelter's local day."))
    people = models.PositiveIntegerField(_("people counted"))
    without_card = models.PositiveIntegerField(_("of these, without a card"), default=0)
    registered = models.PositiveIntegerField(_("people in the register"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    objects = HeadcountQuerySet.as_manager()

    class Meta:
        ordering = ["-counted_at"]
        verbose_name = _("headcount")
        verbose_name_plural = _("headcounts")
        default_permissions = ["view", "add"]
        indexes = [models.Index(fields=["shelter", "-counted_at"], name="headcount_newest_in_shelter")]
        constraints = [
            models.CheckConstraint(
                condition=Q(without_card__lte=F("people")), name="headcount_without_card_is_a_part"
            )
        ]

    def __str__(self):
        return f"{self.zone or self.shelter} · {self.people}"

    @property
    def difference(self) -> int:
        """Counted people beyond those in the register; below zero, people who are missing."""
        return self.people - self.registered

    @property
    def missing(self) -> int:
        return max(0, -self.difference)
