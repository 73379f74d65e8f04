"""Who does what, where, when and for whom: the 5W sheet, a line for each organization and category of services.

Legal and health services are in the total of their category; which they were stands in it for whoever may see it.
Outside, the sexes are told and add to the people; the ages would cut the same people anew.
"""

from collections import defaultdict
from functools import cache, partial, reduce
from operator import or_
from typing import NamedTuple

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from intake.models import Region, ServiceCategory, ServiceType, Sex
from intake.reports import services
from intake.reports.age_sex import TAGS, UNHCR, brackets
from intake.reports.base import Report
from intake.reports.charts import Chart
from intake.reports.filters import PeriodFilters
from intake.reports.services import (
    CATEGORY,
    TALLY,
    TIMES,
    given_and_tallied,
    grouped_given,
    key_of,
    opener,
    opening_events,
    tallies,
)
from intake.reports.suppression import HIDDEN, told
from intake.reports.tables import COUNT, DATE, NUMBER, Coded, Column, Table
from shelters.models import Organization

SECTORS = {  # as the Humanitarian Data Exchange names them
    "SHL": gettext_lazy("Emergency shelter and household items"),
    "WSH": gettext_lazy("Water, sanitation and hygiene"),
    "HEA": gettext_lazy("Health"),
    "FSC": gettext_lazy("Food security"),
    "NUT": gettext_lazy("Nutrition"),
    "PRO": gettext_lazy("Protection"),
    "PRO-CPN": gettext_lazy("Child protection"),
    "PRO-GBV": gettext_lazy("Gender-based violence"),
    "EDU": gettext_lazy("Education"),
    "LOG": gettext_lazy("Logistics"),
    "CCM": gettext_lazy("Camp coordination and management"),
    "ERY": gettext_lazy("Early recovery"),
    "TEL": gettext_lazy("Emergency telecommunications"),
}
AGES = brackets(UNHCR)
UNDER_18 = 3  # so many of the brackets
ORGANIZATION = Column("organization", gettext_lazy("Organization"), hxl="#org+impl+name")
TYPE = Column("organization_type", gettext_lazy("Type"), hxl="#org+impl+type")
ITEMS = Column("items", gettext_lazy("Items"), NUMBER, "#output+items+num", outside=COUNT)
SEXES = (
    Column("women", gettext_lazy("Women"), NUMBER, "#reached+ind+f", gettext_lazy("Of any age."), COUNT),
    Column("men", gettext_lazy("Men"), NUMBER, "#reached+ind+m", gettext_lazy("Of any age."), COUNT),
    Column("other_sex", gettext_lazy("Other sex"), NUMBER, "#reached+ind+i", outside=COUNT),
    Column(
        "unknown_sex", gettext_lazy("Sex not recorded"), NUMBER, "#reached+ind+unknown+sex", outside=COUNT
    ),
)
PEOPLE = (
    services.PEOPLE._replace(outside=tuple(column.code for column in SEXES)),
    Column("families", gettext_lazy("Families"), NUMBER, "#reached+hh", outside=COUNT),
)
MINORS = Column(
    "minors",
    gettext_lazy("Minors"),
    NUMBER,
    "#reached+ind+children",
    gettext_lazy("Ages on the last day of the period."),
)
ADULTS = Column("adults", gettext_lazy("Adults"), NUMBER, "#reached+ind+adults")
UNKNOWN_AGE = Column("unknown_age", gettext_lazy("Age not recorded"), NUMBER, "#reached+ind+unknown+age")


class Reached(NamedTuple):
    """What one line counted. Sexes add to the people, and so do ages with those nobody knows."""

    events: int = 0
    items: int = 0
    people: int = 0
    families: int = 0
    sexes: tuple = (0,) * len(Sex.values)
    minors: int = 0
    adults: int = 0
    ages: tuple = (0,) * len(AGES)
    unknown_age: int = 0
    tally: int = 0

    @property
    def on_page(self) -> tuple:
        whole = (self.events, self.people, self.families)
        return (*whole, *self.sexes, self.minors, self.adults, self.unknown_age, self.tally)

    @property
    def in_files(self) -> tuple:
        whole = (self.events, self.items, self.people, self.families, *self.sexes)
        return (*whole, self.minors, self.adults, *self.ages, self.unknown_age, self.tally)


def people_once(day, of="person__") -> dict[str, Count]:
    """As in the report on services, and by sex and age: those of the last day, so that nobody is in two brackets."""

    def people(which: Q):
        return Count(of.removesuffix("__") or "pk", distinct=bool(of), filter=which)

    return {
        **services.people_once(of),
        **{f"sex_{sex}": people(Q(**{f"{of}sex": sex})) for sex in Sex.values},
        **{f"age_{place}": people(each.holds(day, of=of)) for place, each in enumerate(AGES)},
        "unknown_age": people(Q(**{f"{of}birth_date__isnull": True})),
    }


def counted(filters, *by) -> dict[tuple, Reached]:
    """Of `by`, organization and category → what was reached. Two or three queries."""
    (given, tallied), day, lines = given_and_tallied(filters), filters["until"], {}
    for row in grouped_given(given, by, partial(people_once, day)):
        place = {each: row[each] for each in by}
        opening = opener(row, key_of(place), partial(given.filter, **place))
        lines[tuple(place.values())] = reached(row, day, opening)
    for key, tally in tallies(tallied, by, filters["reader"]):
        lines[key] = lines.get(key, Reached())._replace(tally=tally)
    return lines


def reached(row, day, opening) -> Reached:
    def people(code, number, which):
        return opening(number, code, lambda given: given.people().filter(which))

    ages = tuple(row[f"age_{place}"] for place, _each in enumerate(AGES))
    events, items, everybody, families = opening_events(row, opening)
    return Reached(
        events=events,
        items=items,
        people=everybody,
        families=families,
        sexes=tuple(people(f"sex.{sex}", row[f"sex_{sex}"], Q(sex=sex)) for sex in Sex.values),
        minors=people("minors", sum(ages[:UNDER_18]), aged(AGES[:UNDER_18], day)),
        adults=people("adults", sum(ages[UNDER_18:]), aged(AGES[UNDER_18:], day)),
        ages=ages,
        unknown_age=people("unknown_age", row["unknown_age"], Q(birth_date__isnull=True)),
    )


def aged(brackets, day) -> Q:
    return reduce(or_, (each.holds(day) for each in brackets))


def activities(filters) -> dict[tuple, list[str]]:
    """(organization, category) → codes of what was given or tallied; "" for what may not be told. Two queries.

    Outside, a service is named once its people are enough to be counted there.
    """
    found, (given, tallied) = defaultdict(list), given_and_tallied(filters)
    given = given.values_list("organization", "category", "shown")
    tallied = tallied.values_list("category", "shown")
    for *line, kind, people in given.annotate(people=Count("person", distinct=True)):
        if named(people, filters):
            found[tuple(line)].append(kind)
    for category, kind, people in tallied.annotate(tally=Sum("people")):
        if named(people, filters) and kind not in found[None, category]:
            found[None, category].append(kind)
    return found


def named(people: int, filters) -> bool:
    return not filters.get("outside") or told(people) is not HIDDEN


class Names:
    """Words for organizations, categories and services, in the order of their lists. Three small queries."""

    def __init__(self):
        self.organizations = {each.pk: each for each in Organization.objects.all()}
        self.categories = {each.pk: each for each in ServiceCategory.objects.all()}
        self.types = {each.pk: each for each in ServiceType.objects.all()}

    def organization(self, pk) -> tuple[Coded, Coded]:
        """Name and type; what nobody wrote down has no code."""
        if pk is None:
            return Coded("", _("Organization not recorded")), Coded("", _("Not recorded"))
        found = self.organizations[pk]
        return Coded(found.code, found.name), Coded(found.kind, found.get_kind_display())

    def category(self, code) -> Coded:
        return Coded(code, self.categories[code].label)

    def activity(self, category, codes) -> Coded:
        kinds = sorted(
            (self.types[code] for code in codes if code), key=lambda kind: (kind.position, kind.pk)
        )
        words, told = [kind.label for kind in kinds], [kind.pk for kind in kinds]
        if "" in codes:
            words.append(_("%(category)s (reserved)") % {"category": self.category(category)})
            told.append(f"{category}-reserved")
        return Coded("; ".join(told), "; ".join(words))

    def place(self, organization, category="") -> tuple:
        """By name; whose name nobody wrote down comes last."""
        name = self.organizations[organization].name if organization else ""
        position = self.categories[category].position if category else 0
        return (organization is None, name, position, category)


class PartnersReport(Report):
    slug = "partners"
    title = gettext_lazy("Partners (5W)")
    about = gettext_lazy("Which organization did what, where and when, and whom it reached, by sex and age.")
    filters = PeriodFilters

    def tables(self, filters) -> list[Table]:
        names, lines = cache(Names), cache(lambda: counted(filters, "organization", "category"))
        numbers_on_page = [TIMES, *PEOPLE, *SEXES, MINORS, ADULTS, UNKNOWN_AGE, TALLY]
        return [
            Table(
                "overview",
                _("By organization and category"),
                [ORGANIZATION, CATEGORY, *numbers_on_page],
                lambda: page_rows(lines(), names()),
                foot=lambda _rows: (_("Everything"), None, *counted(filters)[()].on_page),
                note=_(
                    "A person reached by two organizations is one person. Counts without names are never added."
                ),
                in_files=False,
            ),
            Table(
                "partners",
                _("5W"),
                five_w(),
                lambda: sheet(filters, lines(), names()),
                on_page=False,
                comes_and_goes=lambda _row: True,
            ),
            Table(
                "organizations",
                _("By organization"),
                [ORGANIZATION, TYPE, TIMES, *PEOPLE, TALLY],
                lambda: organization_rows(services.counted(filters, "organization"), names()),
                draw=draw,
                inside_only=True,
            ),
        ]


def page_rows(lines, names) -> list[tuple]:
    return [
        (names.organization(key[0])[0], names.category(key[1]), *lines[key].on_page)
        for key in sorted(lines, key=lambda key: names.place(*key))
    ]


def organization_rows(lines, names) -> list[tuple]:
    """Each person once, whatever the organization did for them."""
    ordered = sorted(lines, key=lambda key: names.place(*key))
    found = [(names.organization(*key), lines[key]) for key in ordered]
    return [(*words, events, people, families, tally)
            for words, (events, _items, people, families, tally) in found]  # fmt: skip


def five_w() -> list[Column]:
    """The columns of the sheet, in the order who, what, where, when, for whom."""
    ages = [
        Column(f"age_{each.code}", _("%(ages)s years") % {"ages": each.label}, NUMBER, f"#reached+ind+{tag}")
        for each, tag in zip(AGES, TAGS, strict=True)
    ]
    return [
        ORGANIZATION,
        Column("organization_code", _("Code of the organization"), hxl="#org+impl+code"),
        TYPE,
        Column("sector", _("Sector"), hxl="#sector+name"),
        Column("sector_code", _("Code of the sector"), hxl="#sector+code+v_hapi"),
        CATEGORY,
        Column("activity", _("Activities"), hxl="#activity+name", means=_("What was given, in one cell.")),
        Column("country", _("Country"), hxl="#country+code+v_iso3"),
        Column("state", _("State"), hxl="#adm1+name"),
        Column("state_code", _("P-code of the state"), hxl="#adm1+code+v_pcodes"),
        Column("shelter", _("Shelter"), hxl="#loc+name"),
        Column("shelter_code", _("Shelter identifier"), hxl="#loc+id"),
        Column("since", _("From"), DATE, "#date+start"),
        Column("until", _("To"), DATE, "#date+end"),
        *(TIMES, ITEMS, *PEOPLE, *SEXES, MINORS, ADULTS, *ages, UNKNOWN_AGE, TALLY),
    ]


def sheet(filters, lines, names) -> list[tuple]:
    done, where = activities(filters), whereabouts(filters["shelter"])
    rows = []
    for key in sorted(lines, key=lambda key: names.place(*key)):
        name, kind = names.organization(key[0])
        sector = names.categories[key[1]].sector
        what = (Coded(sector, str(SECTORS.get(sector, sector))), sector, names.category(key[1]))
        who, when = (name, name.code, kind), (filters["since"], filters["until"])
        did = names.activity(key[1], done[key])
        rows.append((*who, *what, did, *where, *when, *lines[key].in_files))
    return rows


def whereabouts(shelter) -> tuple:
    """Country, state, its P-code, shelter and its code. One query."""
    region = Region.objects.filter(pk=shelter.region).first()
    country = countries.alpha3(shelter.region.partition("-")[0])
    state = Coded(region.pk, region.label) if region else Coded("", _("Not recorded"))
    return country, state, region.pcode if region else "", shelter.name, shelter.code


def draw(rows) -> Chart:
    most = sorted(rows, key=lambda row: -row[3])[:15]
    about = _("People reached by each organization: the 15 that reached most.")
    labels, people = [row[0] for row in most], [row[3] for row in most]
    return Chart("bars", "partners", _("People reached"), about, labels, [(_("People"), people)])
