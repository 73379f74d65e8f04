"""The access trail in words: who did what, about whom, when and from where. A line keeps codes and counts alone."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.actions.erasure import Why
from intake.actions.notes import OPENED
from intake.alarms import account_address
from intake.erased import AGAIN
from intake.models import (
    Alert,
    Card,
    Family,
    GoodsMovement,
    HandOver,
    LookAlike,
    Person,
    PersonNeed,
    ServiceType,
    Stay,
    Tally,
    Ticket,
)
from intake.models.notes import bearers
from intake.reports.base import REPORTS
from intake.reports.exporting import Purpose
from shelters.models import AccessEvent, Shelter, User
from shelters.templatetags.desk import desk_name

NUMBERS = {
    "people": gettext_lazy("people"),
    "families": gettext_lazy("families"),
    "found": gettext_lazy("families found"),
    "cards": gettext_lazy("cards"),
    "printed": gettext_lazy("cards printed"),
    "pairs": gettext_lazy("pairs"),
    "unknown": gettext_lazy("codes on no card"),
    "over_limit": gettext_lazy("beyond a limit"),
    "moved": gettext_lazy("records moved"),
    "left": gettext_lazy("records left as they were"),
    "lines": gettext_lazy("lines"),
    "accounts": gettext_lazy("accounts"),
    "findings": gettext_lazy("findings"),
    "seconds": gettext_lazy("seconds"),
    "change": gettext_lazy("more or fewer"),
    "number": gettext_lazy("number"),
    "page": gettext_lazy("page"),
    "waited": gettext_lazy("minutes on a device without a network"),
}
YES = {
    "undone": gettext_lazy("undone"),
    "cancelled": gettext_lazy("cancelled"),
    "changed": gettext_lazy("corrected"),
    "revoked": gettext_lazy("a card that is not valid any more"),
    "card": gettext_lazy("by card"),
    "search": gettext_lazy("with a search"),
    "outside": gettext_lazy("for outside the shelter"),
    "first": gettext_lazy("the first administrator"),
    "whole": gettext_lazy("whole families"),
    "approved": gettext_lazy("let go by a second person"),
    "thrown_away": gettext_lazy("thrown away"),
}
RULES = [
    ("days", gettext_lazy("gone for long enough")),
    ("purge", gettext_lazy("the shelter's date for deleting")),
]
CODES = {
    "to": Stay.OutTo.choices,
    "verdict": LookAlike.Verdict.choices,
    "state": PersonNeed.State.choices,
    "why": [*Card.Why.choices, *Why.choices, AGAIN, *RULES],
    "who": Tally.Who.choices,
    "line": Ticket.Line.choices,
    "kind": [*Alert.Kind.choices, *GoodsMovement.Kind.choices],
    "purpose": [*Purpose.choices, *HandOver.Purpose.choices],
}
CODES = {name: dict(choices) for name, choices in CODES.items()}
FIELDS = {
    "age": gettext_lazy("Age or birth date"),
    "age_or_birth": gettext_lazy("Age or birth date"),
    "zone": gettext_lazy("zone"),
    "origin": gettext_lazy("origin"),
    "password": gettext_lazy("password"),
    "consents": gettext_lazy("with whom their data may be shared"),
}
CUTS = {"cut": gettext_lazy("Census cut"), "cuts": gettext_lazy("Census cuts")}
A_MINUTE = timedelta(minutes=1)
MOST_READINGS = 200  # of which each account is told once
KEYS_OF_OTHERS = {"departure", "merge", "gone", "into"}  # of records that a line belongs together with


def kind_words(subject_type) -> str:
    """Family, person, shelter…; nothing when a line is about no record, or about one of a table that is no more."""
    try:
        return capfirst(apps.get_model(subject_type)._meta.verbose_name) if subject_type else ""
    except (LookupError, ValueError):
        return subject_type


def rows_words(name) -> str:
    """People, stays…: what a number counts rows of, by the name of their table."""
    try:
        return str(apps.get_model("intake", name)._meta.verbose_name_plural)
    except LookupError:
        return name


def moment_words(written, shelter) -> str:
    """A day or a moment that was asked for, as the shelter's clock shows it."""
    try:
        if "T" not in written:
            return date_format(date.fromisoformat(written), "DATE_FORMAT")
        at = datetime.fromisoformat(written)
    except ValueError:
        return written
    return date_format(shelter.local(at) if shelter and at.tzinfo else at, "DATETIME_FORMAT")


def field_words(subject_type, name) -> str:
    if name in FIELDS:
        return str(FIELDS[name])
    try:
        return str(apps.get_model(subject_type)._meta.get_field(name).verbose_name)
    except (LookupError, ValueError, FieldDoesNotExist, AttributeError):
        return name


@dataclass
class Line:
    """One event as a page shows it. `subject`: (words, address) of the record, where the reader may open it."""

    event: AccessEvent
    detail: str
    subject: tuple[str, str]
    account: str = ""  # the address of what this account did

    @property
    def desk(self) -> str:
        return desk_name(self.event.desk) if self.event.desk else ""


class Words:
    """For one page of events: what is named in them is asked for once."""

    def __init__(self, events, reader):
        self.events, self.reader = list(events), reader

    def lines(self) -> list[Line]:
        return [
            Line(event, self.detail(event), self.subject(event), account_address(event.user))
            for event in self.events
        ]

    @cached_property
    def services(self) -> dict:
        return {kind.pk: kind.label for kind in ServiceType.objects.all()}

    @cached_property
    def senders(self) -> dict:
        """Whose sessions brought what others had registered without a network."""
        keys = (event.detail.get("sent_by") for event in self.events)
        return User.objects.in_bulk({key for key in keys if isinstance(key, int)})

    def sender_of(self, value) -> str:
        return str(self.senders[value]) if isinstance(value, int) and value in self.senders else str(value)

    def detail(self, event) -> str:
        told = (self.one(event, name, value) for name, value in sorted(event.detail.items()))
        return " · ".join(filter(None, told))

    def one(self, event, name, value) -> str:
        is_nothing = value in (None, "", []) or value is False or (name == "over_limit" and not value)
        if is_nothing or (name in KEYS_OF_OTHERS and isinstance(value, str)) or name == "demo_seed":
            return ""
        if value is True:
            return str(YES.get(name, name))
        if name == "sent_by":
            return _("sent in the session of %(account)s") % {"account": self.sender_of(value)}
        if isinstance(value, int):
            return f"{NUMBERS.get(name) or rows_words(name)}: {value:,}"
        if name in CODES:
            return str(CODES[name].get(value, value))
        match name:
            case "service":
                return str(_("reserved") if value == "reserved" else self.services.get(value, value))
            case "report":
                return str(REPORTS[value].title if value in REPORTS else CUTS.get(value, value))
            case "fields" | "filters":
                return ", ".join(field_words(event.subject_type, each.split("__")[0]) for each in value)
            case "desk":
                return desk_name(value)
            case "as_of" | "since" | "until":
                return moment_words(str(value), event.shelter)
        return str(value)

    def subject(self, event) -> tuple[str, str]:
        kind, named = kind_words(event.subject_type), self.named.get(event.subject_id)
        if named:
            return f"{kind}: {named[0]}", named[1]
        return kind, ""

    @cached_property
    def named(self) -> dict:
        """Families, people and accounts of this page that the reader may see, by their keys."""
        families = Family.objects.visible_to(self.reader).filter(pk__in=self.keys_of(Family))
        people = Person.objects.visible_to(self.reader).filter(pk__in=self.keys_of(Person))
        accounts = User.objects.filter(pk__in=self.keys_of(User))
        found = {}
        for family in families.prefetch_related("members"):
            members = sorted(family.members.all(), key=lambda each: each.relationship != "HEAD")
            found[str(family.pk)] = (str(members[0] if members else family), page_of(family))
        found |= {str(person.pk): (str(person), page_of(person)) for person in people}
        return found | {str(account.pk): (str(account), account_address(account)) for account in accounts}

    def keys_of(self, model) -> set:
        """What is no key was written past Puente, and must not hide the page that shows it."""
        keys = set()
        for event in self.events:
            if event.subject_type == model._meta.label:
                with suppress(ValidationError):
                    keys.add(model._meta.pk.to_python(event.subject_id))
        return keys


class OwnWords(Words):
    """Of what the reader did: nobody is named, and whoever may still be seen is one press away."""

    def subject(self, event) -> tuple[str, str]:
        return kind_words(event.subject_type), self.pages.get(event.subject_id, "")

    @cached_property
    def pages(self) -> dict:
        families = Family.objects.visible_to(self.reader).filter(pk__in=self.keys_of(Family))
        people = Person.objects.visible_to(self.reader).filter(pk__in=self.keys_of(Person))
        found = [*families.values_list("pk", "pk"), *people.values_list("pk", "family")]
        return {str(pk): reverse("intake:family", args=[family]) for pk, family in found}


def page_of(record) -> str:
    return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])


# --- whose lines -------------------------------------------------------------------------------------------------


def about(record, reader):
    """The events about a family and its members, or about a person and their family; of joined records as well."""
    family = record if isinstance(record, Family) else record.family
    people = Person.objects.filter(Q(family=family) | Q(merged_into__family=family))
    if record is not family:
        people = people.filter(Q(pk=record.pk) | Q(merged_into=record.pk))
    families = Family.objects.filter(Q(pk=family.pk) | Q(merged_into=family.pk))
    keys = [str(pk) for rows in (families, people) for pk in rows.values_list("pk", flat=True)]
    events = AccessEvent.objects.visible_to(reader).filter(subject_id__in=keys)
    return events.select_related("user", "shelter")


def readers_of_notes(person, kind, reader) -> list[AccessEvent]:
    """The last time each account opened the notes of this kind about a person, newest first."""
    keys = map(str, bearers([person]))
    events = AccessEvent.objects.visible_to(reader).filter(action=OPENED[kind], subject_id__in=keys)
    newest = {}
    for event in events.select_related("user").order_by("-at", "-id")[:MOST_READINGS]:
        newest.setdefault(event.user_id, event)
    return list(newest.values())


def by_account(account, reader):
    return AccessEvent.objects.visible_to(reader).filter(user=account).select_related("user", "shelter")


def done_by(account):
    """One's own lines, newest first: neither those of notes that are no longer one's to read, nor an alarm."""
    own = AccessEvent.objects.filter(user=account).exclude(action=AccessEvent.Action.MANY_OPENED)
    return own.without_notes(account).select_related("user", "shelter").order_by("-at", "-id")


def read_by_glass(glass, reader):
    """What the account did at the shelter from the grant to the end, for whoever reviews it.

    And a minute on: a page that was on its way when it was given back is written down after that.
    """
    events = AccessEvent.objects.visible_to(reader).filter(user=glass.asked_by_id, shelter=glass.shelter_id)
    within = events.filter(at__gte=glass.decided_at, at__lte=glass.until + A_MINUTE)
    return within.select_related("user", "shelter").order_by("-at", "-id")


def may_follow(reader, account) -> bool:
    """Colleagues of one's shelters, and whoever did something there; administrators everybody's acts on accounts."""
    if not reader.has_perm("shelters.view_accessevent"):
        return False
    if not reader.has_perm("shelters.see_shelter_events"):
        return True
    shelters = Shelter.objects.visible_to(reader)
    return account.shelters.filter(pk__in=shelters).exists() or by_account(account, reader).exists()
