"""Who came, with whom, and where they sleep."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Concat, Left, Trim
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField
from simple_history.models import HistoricalRecords

from intake import ages
from intake.ids import uuid7
from intake.models.fields import FoldedField, SoundField
from intake.models.kin import Relationship, Sex
from intake.models.tracked import Tracked
from shelters.break_glass import MAY_ASK, BreakGlass, glasses_of
from shelters.models import Shelter

STATELESS, UNRECORDED = "XA", "XU"  # user-assigned codes of ISO 3166


def where_works(user):
    """The shelters whose people an account may see: where it works, or while break-glass lasts that one alone.

    As a query of its own: joined, SQLite would begin with all families of each. A prepared query has a Blank for the
    account: it is of a desk, where nobody works by break-glass.
    """
    if getattr(user, "is_staff", False) and user.has_perm(MAY_ASK) and glasses_of(user):
        return BreakGlass.objects.open().filter(asked_by=user).order_by().values("shelter")
    return Shelter.staff.through.objects.filter(user=user).values("shelter")


class FamilyQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Families of the shelters where this person works; none without the right to read families."""
        return self.where_works(user) if user.has_perm("intake.view_family") else self.none()

    def where_works(self, user):
        """The part of `visible_to` that is the same for every account with the right to read these."""
        return self.standing().filter(shelter__in=where_works(user))

    def standing(self):
        """Without those that were joined into another: they are counted there."""
        return self.filter(merged_into__isnull=True)

    def with_head(self):
        """With `head_name` and `size`, for lists: one query for all."""
        head = Person.objects.standing().filter(family=models.OuterRef("pk"), relationship=Relationship.HEAD)
        name = Trim(Concat("given_names", models.Value(" "), "surnames"))
        members = models.Count("members", filter=Q(members__merged_into__isnull=True))
        return self.annotate(head_name=models.Subquery(head.values(name=name)[:1]), size=members)


class Family(Tracked):
    """People who travel together, or one person alone."""

    class NoticeAnswer(models.TextChoices):
        ACCEPTED = "accepted", _("Accepts")
        NOT_SHARED = "not_shared", _("Accepts, without sharing")
        REFUSED = "refused", _("No: only count")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shelter = models.ForeignKey(Shelter, models.PROTECT, related_name="families", verbose_name=_("shelter"))
    registered_at = models.DateTimeField(_("registered at"), default=timezone.now, editable=False)
    registered_on = models.DateField(
        _("registered on"), editable=False, help_text=_("The shelter's local day.")
    )
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("registered by"),
        editable=False,
    )
    desk = models.CharField(_("desk"), max_length=40, blank=True, editable=False)
    arrived_on = models.DateField(_("arrived on"))
    left_home_on = models.DateField(_("left home on"), null=True, blank=True)
    language = models.ForeignKey(
        "intake.Language", models.PROTECT, related_name="+", default="spa", verbose_name=_("language")
    )
    notice = models.ForeignKey(
        "intake.PrivacyNotice", models.PROTECT, related_name="+", verbose_name=_("privacy notice")
    )
    notice_answer = models.CharField(_("answer to the privacy notice"), max_length=10, choices=NoticeAnswer)
    comments = models.TextField(
        _("comments"),
        blank=True,
        max_length=1000,
        help_text=_("No health or legal details here: everybody at the desk reads it."),
    )
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="absorbed",
        db_index=False,  # see below
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    history = HistoricalRecords()

    objects = FamilyQuerySet.as_manager()

    class Meta:
        ordering = ["-registered_at"]
        verbose_name = _("family")
        verbose_name_plural = _("families")
        indexes = [
            models.Index(fields=["shelter", "-registered_at"], name="family_newest_in_shelter"),
            models.Index(fields=["shelter", "registered_on", "desk"], name="family_by_desk_and_day"),
            # Of the few that were joined alone: by an index of all, SQLite would sooner read everybody who was not.
            models.Index(
                fields=["merged_into"], condition=Q(merged_into__isnull=False), name="family_merged_into"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(left_home_on__isnull=True) | Q(left_home_on__lte=F("arrived_on")),
                name="family_left_home_before_arriving",
                violation_error_message=_("They cannot have left home after they arrived."),
            ),
            models.CheckConstraint(
                condition=~Q(notice_answer="refused") | Q(comments="", left_home_on__isnull=True),
                name="family_refused_keeps_no_text",
                violation_error_message=_("This family refused the privacy notice: only counts are kept."),
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="family_not_merged_into_itself",
            ),
        ]

    def __str__(self):
        return f"{_('Family')} {str(self.pk)[-6:]}"

    first_version_needs = ("registered_by",)

    def begun(self):
        return self.registered_by, self.registered_at

    @property
    def is_count_only(self) -> bool:
        return self.notice_answer == self.NoticeAnswer.REFUSED

    @property
    def days_on_the_road(self) -> int | None:
        return (self.arrived_on - self.left_home_on).days if self.left_home_on else None


def stays():
    from intake.models.stays import Stay  # a stay knows its person; the other way round only here

    return Stay.objects


class PersonQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.where_works(user) if user.has_perm("intake.view_person") else self.none()

    def where_works(self, user):
        return self.standing().filter(family__shelter__in=where_works(user))

    def standing(self):
        """Without those that turned out to be somebody registered before: they are counted there."""
        return self.filter(merged_into__isnull=True)

    def of_card(self, code):
        """The family in whose hands a card is; nobody when it is blank or was reported lost."""
        return self.filter(family__cards__pk=code, family__cards__revoked_at__isnull=True)

    def with_newest_stay(self):
        """With `is_inside` and `stay_id` of each: no query more for people who came and went."""
        newest = stays().filter(person=models.OuterRef("pk")).order_by("-in_at").values("pk")[:1]
        return self.with_presence().annotate(stay_id=models.Subquery(newest))

    def with_presence(self):
        """With `is_inside` of each."""
        return self.annotate(is_inside=models.Exists(stays().filter(person=models.OuterRef("pk")).open()))

    def present_at(self, moment, shelter):
        """Those who were in the shelter at that moment, each once."""
        return self.filter(pk__in=stays().covering(moment).filter(shelter=shelter).values("person"))

    def families(self):
        """Whose members these are, each once."""
        return Family.objects.filter(pk__in=self.order_by().values("family"))

    def adults(self, day):
        """Known to be 18 or over on that day."""
        return self.filter(birth_date__lte=ages.born_on_or_before(18, day))

    def minors(self, day):
        """Known to be under 18 on that day."""
        return self.filter(birth_date__gt=ages.born_on_or_before(18, day))

    def aged(self, youngest, oldest, day):
        """Known to be between two ages in completed years on that day, both included.

        From 0 on nobody is too young: a baby of "0 years" may be born, by that, on the day it was said.
        """
        grown = self.filter(birth_date__lte=ages.born_on_or_before(youngest, day)) if youngest else self
        return grown.filter(birth_date__gt=ages.born_on_or_before(oldest + 1, day))


class PersonManager(models.Manager.from_queryset(PersonQuerySet)):
    def get_queryset(self):
        """The members of a family are those who stand: who was joined into somebody else is counted there."""
        people = super().get_queryset()
        return people.standing() if isinstance(getattr(self, "instance", None), Family) else people


class Person(Tracked):
    """Somebody. May have no name: then sex and age are enough."""

    class BirthPrecision(models.TextChoices):
        DAY = "day", _("Exact date")
        MONTH = "month", _("Month and year")
        YEAR = "year", _("Year")
        AGE = "age", _("Age as said")
        BRACKET = "bracket", _("Age bracket, the rest is not kept")
        UNKNOWN = "unknown", _("Not known")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    family = models.ForeignKey(Family, models.CASCADE, related_name="members", verbose_name=_("family"))
    position = models.PositiveSmallIntegerField(_("position"), default=0, editable=False)
    given_names = models.CharField(
        _("given names"), max_length=80, blank=True, help_text=_("As they say them: Neptalí, José Francisco.")
    )
    surnames = models.CharField(
        _("surnames"), max_length=80, blank=True, help_text=_("One or two: Hernández López.")
    )
    known_as = models.CharField(
        _("known as"), max_length=60, blank=True, help_text=_("The name they answer to, if it is another.")
    )
    sex = models.CharField(_("sex"), max_length=1, choices=Sex, default=Sex.UNKNOWN)
    birth_date = models.DateField(
        _("birth date"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("The middle of what is known; the precision says how much of it counts."),
    )
    birth_precision = models.CharField(
        _("birth precision"),
        max_length=7,
        choices=BirthPrecision,
        default=BirthPrecision.UNKNOWN,
        editable=False,
    )
    age_said_on = models.DateField(_("age said on"), null=True, blank=True, editable=False)
    relationship = models.CharField(
        _("relationship to the head"), max_length=14, choices=Relationship, default=Relationship.UNKNOWN
    )
    origin_country = CountryField(_("country of origin"), default=UNRECORDED)
    origin_region = models.ForeignKey(
        "intake.Region",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("department or state of origin"),
    )
    name_key = FoldedField(of=("given_names", "surnames", "known_as"))
    # How the names sound, to find somebody written down otherwise. See matching/names.py.
    given_key = SoundField(part="given")
    given_key_2 = SoundField(part="given_2")
    surname_key = SoundField(part="surname")
    surname_key_2 = SoundField(part="surname_2")
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="absorbed",
        db_index=False,  # see below
    )
    # From this day on what was known of them is not kept any more: see retention.py.
    anonymised_on = models.DateField(_("anonymised on"), null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    history = HistoricalRecords()

    objects = PersonManager()

    class Meta:
        ordering = ["family", "position", "id"]
        verbose_name = _("person")
        verbose_name_plural = _("people")
        permissions = [("erase_person", _("Can erase somebody for good"))]
        indexes = [
            models.Index(fields=["name_key"], name="person_name_key"),
            # What the reports ask of each person served: read from this alone, without the names.
            models.Index(fields=["id", "family", "sex", "birth_date"], name="person_without_names"),
            # Each column leads once, and each given name stands beside each surname once.
            models.Index(fields=["surname_key", "given_key"], name="person_sound_s1_g1"),
            models.Index(fields=["given_key", "surname_key_2"], name="person_sound_g1_s2"),
            models.Index(fields=["given_key_2", "surname_key"], name="person_sound_g2_s1"),
            models.Index(fields=["surname_key_2", "given_key_2"], name="person_sound_s2_g2"),
            # As with families.
            models.Index(
                fields=["merged_into"], condition=Q(merged_into__isnull=False), name="person_merged_into"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["family"],
                condition=Q(relationship="HEAD"),
                name="one_head_per_family",
                violation_error_message=_("This family already has a head."),
            ),
            models.CheckConstraint(
                condition=Q(birth_precision="unknown", birth_date__isnull=True)
                | (~Q(birth_precision="unknown") & Q(birth_date__isnull=False)),
                name="person_birth_date_has_precision",
            ),
            models.CheckConstraint(
                condition=Q(birth_precision__in=("age", "bracket"), age_said_on__isnull=False)
                | (~Q(birth_precision__in=("age", "bracket")) & Q(age_said_on__isnull=True)),
                name="person_said_age_has_its_day",
            ),
            models.CheckConstraint(
                condition=Q(origin_region__isnull=True) | Q(origin_country=Left("origin_region", 2)),
                name="person_region_lies_in_country",
                violation_error_message=_("That department is not in that country."),
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="person_not_merged_into_itself",
            ),
        ]

    def __str__(self):
        return self.full_name or str(_("Person without name"))

    first_version_needs = ("family__registered_by",)

    def begun(self):
        return self.family.begun()

    @property
    def full_name(self) -> str:
        return f"{self.given_names} {self.surnames}".strip()

    @property
    def birth(self) -> ages.Birth:
        return ages.Birth(self.birth_date, self.birth_precision, self.age_said_on)

    @birth.setter
    def birth(self, birth: ages.Birth):
        self.birth_date, self.birth_precision, self.age_said_on = birth

    def age_on(self, day) -> int | None:
        """Completed years on that day; None when nobody knows."""
        return ages.age_on(self.birth_date, day) if self.birth_date else None

    @property
    def age_text(self) -> str:
        """The age today, in words: "29 years", "8 months", or that it is not known."""
        return ages.in_words(self.birth, timezone.localdate())

    @property
    def origin_text(self) -> str:
        country = str(self.origin_country.name)
        return f"{self.origin_region.label}, {country}" if self.origin_region else country

    def reduce_to_counts(self, day):
        """What may be kept of somebody who refused the privacy notice: sex, age in years, relationship, country.

        An exact birth date becomes the age on `day`, the shelter's local day of the refusal.
        """
        self.given_names = self.surnames = self.known_as = ""
        self.origin_region = None
        if self.birth_date:
            said_on = self.age_said_on or day
            self.birth = ages.Birth.from_age(max(self.age_on(said_on), 0), said_on)


def joined_from(model, keys) -> set:
    """What these became, where they were joined into others, on to the last."""
    found, newest = set(), keys
    joined = model.objects.filter(merged_into__isnull=False)
    while newest := set(joined.filter(pk__in=newest).values_list("merged_into", flat=True)):
        found |= newest
    return found
