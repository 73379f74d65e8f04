"""The records themselves, for work in the shelter: families, people and services, joined by their ids.

What is in it is a fixed list. No comment, reason or other note, no code of a card, no account; of legal and health
services and of needs what the reader may know. It is read row by row, however many there are.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.ages import age_on
from intake.models import (
    Family,
    Language,
    Person,
    PersonNeed,
    Region,
    Relationship,
    ServiceCategory,
    ServiceReceived,
    ServiceType,
    Sex,
    SpecificNeed,
    Stay,
)
from intake.reports.base import Report
from intake.reports.census import country
from intake.reports.exporting import ExportForm, Purpose
from intake.reports.filters import PeriodFilters, start_of
from intake.reports.readers import seen_by
from intake.reports.tables import DATE, NUMBER, Coded, Column, Linked, Several, Table
from shelters.models import Organization, Shelter, Zone
from shelters.templatetags.desk import desk_name

# --- whose records ---------------------------------------------------------------------


def seen(records, asked) -> QuerySet:
    """Those that the reader may see; nobody, as the command line, sees none."""
    return records.visible_to(asked["reader"]) if asked["reader"] else records.none()


def stays(asked) -> QuerySet:
    """Those of which at least a part lies in these days."""
    over = Q(out_on__isnull=True) | Q(out_on__gte=asked["since"])
    return Stay.objects.filter(over, shelter=asked["shelter"], in_on__lte=asked["until"]).order_by()


def given(asked) -> QuerySet:
    """What was given in these days, as far as the reader may know what it was: nothing tells of the rest."""
    period, known = (asked["since"], asked["until"]), seen_by(asked["reader"])
    found = ServiceReceived.objects.given().filter(shelter=asked["shelter"], given_on__range=period)
    return found.filter(service_type__sensitivity__in=known).order_by()


def services(asked) -> QuerySet:
    return seen(given(asked), asked)


def people(asked) -> QuerySet:
    """Who was registered, was here or was served in these days, each once, by their ids.

    Served by what the reader may know of: who only saw a lawyer is not told by being here.
    """
    period = (asked["since"], asked["until"])
    registered = Q(family__shelter=asked["shelter"], family__registered_on__range=period)
    # Asked once whom the reader may see, of the people found: not of each stay and each service as well.
    here, served = (Q(pk__in=rows.values("person")) for rows in (stays(asked), given(asked)))
    found = seen(Person.objects, asked).filter(registered | here | served)
    return found.order_by("pk")


def families(asked) -> QuerySet:
    members = people(asked).order_by().values("family")
    return seen(Family.objects, asked).filter(pk__in=members).order_by("pk")


# --- their rows ------------------------------------------------------------------------


def family_rows(asked) -> Iterator[tuple]:
    answers, languages, desks = words_of(Family.NoticeAnswer), named(Language), Words(desk_name)
    size = Count("members", filter=Q(members__merged_into__isnull=True))
    found = families(asked).annotate(size=size).values_list(
        *("pk", "registered_at", "desk", "arrived_on", "left_home_on", "language", "notice_answer", "size")
    )  # fmt: skip
    for pk, registered, desk, arrived, left_home, language, answer, size in found.iterator():
        when = (on_clock(asked["shelter"], registered), desks[desk], arrived, left_home)
        yield str(pk), *when, languages[language], answers[answer], size


def person_rows(asked) -> Iterator[tuple]:
    sexes, roles, precisions = words_of(Sex), words_of(Relationship), words_of(Person.BirthPrecision)
    regions, countries = named(Region), Words(country)
    stay_of, needs_of = Beside(stay_cells(asked)), Beside(needs(asked))
    found = people(asked).values_list(
        *("pk", "family", "given_names", "surnames", "known_as", "sex", "birth_date", "birth_precision"),
        *("relationship", "origin_country", "origin_region"),
    )
    nowhere = ((None, None, None, None),)
    for pk, family, given, surnames, known_as, sex, born, precision, role, origin, region in found.iterator():
        age = None if born is None else max(age_on(born, asked["until"]), 0)
        birthday = born if precision == Person.BirthPrecision.DAY else None
        [stay, *_earlier] = stay_of(pk) or nowhere
        who = (given, surnames, known_as, sexes[sex], age, birthday, precisions[precision], roles[role])
        of = (countries[origin], regions.get(region), *stay, several(needs_of(pk)))
        yield str(pk), str(family), *who, *of


def stay_cells(asked) -> Iterator[tuple]:
    """(person, zone, in, out, where to), the newest stay of each first."""
    zones = {zone.pk: Coded(zone.code, zone.name) for zone in Zone.objects.filter(shelter=asked["shelter"])}
    ways = words_of(Stay.OutTo)
    found = seen(stays(asked), asked).order_by("person_id", "-in_at", "pk")
    for person, zone, came, left, to in found.values_list(
        "person", "zone", "in_at", "out_at", "out_to"
    ).iterator():
        when = (on_clock(asked["shelter"], moment) for moment in (came, left))
        yield person, zones.get(zone), *when, ways.get(to)


def needs(asked) -> Iterator[tuple]:
    """(person, need): those that stood when the last day ended, and that the reader may know."""
    codes = named(SpecificNeed)
    end = start_of(asked["shelter"], asked["until"] + timedelta(days=1))
    found = seen(PersonNeed.objects, asked).standing_at(end).order_by("person_id", "need_id")
    for person, need in found.values_list("person", "need").iterator():
        yield person, codes[need]


def service_rows(asked) -> Iterator[tuple]:
    types, categories, slots = named(ServiceType), named(ServiceCategory), words_of(ServiceReceived.Slot)
    desks = Words(desk_name)
    givers = {each.pk: Coded(each.code, each.name) for each in Organization.objects.all()}
    found = services(asked).order_by("given_at", "pk").values_list(
        *("pk", "person", "person__family", "given_at", "given_on", "slot"),
        *("service_type__category", "service_type", "quantity", "organization", "desk"),
    )  # fmt: skip
    for pk, person, family, at, on, slot, category, kind, quantity, giver, desk in found.iterator():
        when = (on_clock(asked["shelter"], at), on, slots[slot])
        what = (categories[category], types[kind], quantity, givers.get(giver), desks[desk])
        yield str(pk), str(person), str(family), *when, *what


class Beside:
    """The rows of another query beside each person, when both are read by the key of the person: none is kept."""

    def __init__(self, rows: Iterable[tuple]):
        self.groups = groupby(rows, key=itemgetter(0))
        self.key, self.rows = next(self.groups, (None, ()))

    def __call__(self, person) -> list[tuple]:
        while self.key is not None and self.key < person:
            self.key, self.rows = next(self.groups, (None, ()))
        return [row[1:] for row in self.rows] if self.key == person else []


def several(needs: list[tuple[Coded]]) -> Several | None:
    return Several(need for (need,) in needs) if needs else None


def words_of(choices) -> dict[str, Coded]:
    return {code: Coded(code, str(label)) for code, label in choices.choices}


def named(reference) -> dict[str, Coded]:
    return {each.pk: Coded(each.pk, each.label) for each in reference.objects.all()}


class Words(dict):
    """Code → what it is called, asked once; of no code, nothing."""

    def __init__(self, label: Callable[[str], str]):
        self.label = label

    def __missing__(self, code):
        self[code] = Coded(code, self.label(code)) if code else None
        return self[code]


def on_clock(shelter, moment) -> datetime | None:
    """As a file tells it: on the shelter's clock, to the second."""
    return moment and shelter.local(moment).replace(microsecond=0)


# --- the report ------------------------------------------------------------------------

FAMILY = Column(
    "family", gettext_lazy("Family (id)"), hxl="#x_family+id", means=gettext_lazy("Joins the sheets.")
)
PERSON = Column(
    "person", gettext_lazy("Person (id)"), hxl="#x_person+id", means=gettext_lazy("Joins the sheets.")
)
DESK = Column("desk", gettext_lazy("Desk"), hxl="#x_desk+name")
FAMILIES = (
    FAMILY,
    Column("registered_at", gettext_lazy("Registered at"), DATE, "#x_registered+date"),
    DESK,
    Column("arrived_on", gettext_lazy("Arrived on"), DATE, "#x_arrived+date"),
    Column("left_home_on", gettext_lazy("Left home on"), DATE, "#x_left_home+date"),
    Column("language", gettext_lazy("Language"), hxl="#x_language+name"),
    Column(
        "notice",
        gettext_lazy("Privacy notice"),
        hxl="#x_notice",
        means=gettext_lazy("What they answered. Of a family that refused, no names are kept."),
    ),
    Column(
        "people",
        gettext_lazy("People"),
        NUMBER,
        "#x_family+ind",
        gettext_lazy("All its members, also those who were not here in these days."),
    ),
)
PEOPLE = (
    PERSON,
    FAMILY,
    Column("given_names", gettext_lazy("Given names"), hxl="#x_name+given"),
    Column("surnames", gettext_lazy("Surnames"), hxl="#x_name+surnames"),
    Column("known_as", gettext_lazy("Known as"), hxl="#x_name+known"),
    Column("sex", gettext_lazy("Sex"), hxl="#x_sex"),
    Column(
        "age",
        gettext_lazy("Age"),
        NUMBER,
        "#x_age+years",
        gettext_lazy("Completed years on the last day. Empty where nobody knows."),
    ),
    Column(
        "birth_date",
        gettext_lazy("Birth date"),
        DATE,
        "#x_birth+date",
        gettext_lazy("Only where the day is known."),
    ),
    Column("birth_precision", gettext_lazy("Birth precision"), hxl="#x_birth+precision"),
    Column("relationship", gettext_lazy("Relationship to the head"), hxl="#x_relationship"),
    Column("country", gettext_lazy("Country of origin"), hxl="#country+origin+name"),
    Column("region", gettext_lazy("Department of origin"), hxl="#adm1+origin+name"),
    Column(
        "zone",
        gettext_lazy("Zone"),
        hxl="#loc+zone+name",
        means=gettext_lazy("Of the newest stay of these days, as are the next three columns."),
    ),
    Column("in_at", gettext_lazy("Came in at"), DATE, "#x_in+date"),
    Column("out_at", gettext_lazy("Left at"), DATE, "#x_out+date"),
    Column("out_to", gettext_lazy("Where to"), hxl="#x_out+to"),
    Column(
        "needs",
        gettext_lazy("Needs"),
        hxl="#need+name",
        means=gettext_lazy(
            "That stood when the last day ended, as far as whoever took the file may see them."
        ),
    ),
)
SERVICES = (
    Column("service_id", gettext_lazy("Service received (id)"), hxl="#x_service+id"),
    PERSON,
    FAMILY,
    Column("given_at", gettext_lazy("Given at"), DATE, "#x_given+at"),
    Column("given_on", gettext_lazy("Day"), DATE, "#date+reported", gettext_lazy("The shelter's local day.")),
    Column("slot", gettext_lazy("Time of day"), hxl="#x_slot"),
    Column("category", gettext_lazy("Category"), hxl="#subsector+name"),
    Column(
        "service",
        gettext_lazy("Service"),
        hxl="#activity+name",
        means=gettext_lazy(
            "Without the cancelled ones, and without those that whoever took the file may not see."
        ),
    ),
    Column("quantity", gettext_lazy("Quantity"), NUMBER, "#output+items+num"),
    Column("organization", gettext_lazy("Organization"), hxl="#org+impl+name"),
    DESK,
)


class Sheet(NamedTuple):
    title: str
    columns: tuple[Column, ...]
    records: Callable[[dict], QuerySet]
    rows: Callable[[dict], Iterator[tuple]]


SHEETS = {
    "families": Sheet(gettext_lazy("Families"), FAMILIES, families, family_rows),
    "people": Sheet(gettext_lazy("People"), PEOPLE, people, person_rows),
    "services": Sheet(gettext_lazy("Services received"), SERVICES, services, service_rows),
}


class RecordsExportForm(ExportForm):
    """Only for work in the shelter, or for the request of a person: names leave in no other way."""

    hint = gettext_lazy(
        "These are the records of people, most with their names. The file stays in the shelter, locked away, and is "
        "deleted when its work is done. For anybody else, take another report."
    )

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        inside = [(each.value, each.label) for each in (Purpose.OWN_WORK, Purpose.REQUEST)]
        self.fields["purpose"].choices = [("", _("Choose")), *inside]
        self.fields["outside"].choices = [("no", _("No: it stays in the shelter")), ("yes", _("Yes"))]

    def clean(self):
        asked = super().clean()
        if asked.get("outside"):
            self.add_error(
                "outside",
                _("Records of people do not leave the shelter. To share numbers, take another report."),
            )
        return asked


class RecordsExport(Report):
    slug = "records"
    title = gettext_lazy("Records of people")
    about = gettext_lazy("Families, people and services one by one, as files for work in the shelter alone.")
    permission = "intake.export_records"
    place = 2
    filters = PeriodFilters
    export_form = RecordsExportForm
    numbers_open = False
    needs_reader = True
    most_alone = 200

    def shelters_of(self, user) -> QuerySet:
        """Where somebody works; to see the settings of a shelter is not enough."""
        return Shelter.objects.filter(staff=user)

    def tables(self, filters) -> list[Table]:
        overview = Table(
            "sheets",
            _("What the file holds"),
            [
                Column("sheet", _("Sheet")),
                Column("rows", _("Rows"), NUMBER),
                Column("fields", _("Fields")),
                Column("csv", "CSV"),
                Column("hxl", "HXL"),
            ],
            partial(sheet_rows, filters),
            note=_(
                "Who was registered, was here or was served in these days. Comments, reasons and codes of cards are "
                "not in it, nor are services and needs that are not for you to see."
            ),
            in_files=False,
        )
        return [overview, *(
            Table(code, sheet.title, sheet.columns, partial(sheet.rows, filters), on_page=False)
            for code, sheet in SHEETS.items()
        )]  # fmt: skip

    def people_in(self, filters) -> int:
        return people(filters).count()

    def in_trail(self, filters, table) -> dict:
        """How many rows of each sheet leave, how many people they tell of, and whether a second account agreed."""
        found = counted(filters)
        rows = {code: found[code] for code in ([table.code] if table else SHEETS)}
        agreed = {"approved": True} if filters.get("approved") else {}
        return {**rows, "people": found["people"], **agreed}


def counted(asked) -> dict[str, int]:
    """How many rows each sheet holds. Two queries: whose families are there follows from whose people are."""
    of = Count("family", distinct=True, filter=Q(family__merged_into__isnull=True))
    found = people(asked).order_by().aggregate(families=of, people=Count("pk"))
    return {**found, "services": services(asked).count()}


def sheet_rows(asked) -> list[tuple]:
    """How many rows each would hold; none where nobody was here."""
    counts = counted(asked)
    choice = {"shelter": asked["shelter"].code, "since": asked["since"], "until": asked["until"]}

    def link(kind, code):
        query = urlencode({**choice, "table": code})
        return Linked(_("Download"), f"{reverse(f'reports:{kind}', args=[RecordsExport.slug])}?{query}")

    return [
        (sheet.title, counts[code], ", ".join(str(column.label) for column in sheet.columns),
         link("csv", code), link("hxl", code))
        for code, sheet in SHEETS.items()
    ] if any(counts.values()) else []  # fmt: skip
