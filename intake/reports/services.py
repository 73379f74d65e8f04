"""What was given, by day and service: events, items, people and families, and beside them what was only tallied.

Legal and health services stand as one line for each of their categories, unless the reader may see what they were.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache, partial

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.models import ServiceCategory, ServiceReceived, ServiceType, Tally
from intake.reports.base import Report
from intake.reports.charts import Chart
from intake.reports.filters import PeriodFilters
from intake.reports.readers import shown_to
from intake.reports.tables import COUNT, DATE, NUMBER, Coded, Column, Counted, Table

WIDEST = 8  # days side by side
DAY = Column("day", gettext_lazy("Day"), DATE, "#date+reported")
CATEGORY = Column("category", gettext_lazy("Category"), hxl="#subsector+name")
SERVICE = (
    CATEGORY,
    Column(
        "service",
        gettext_lazy("Service"),
        hxl="#activity+name",
        means=gettext_lazy(
            "Legal and health services stand together, by category, for whoever may not see which."
        ),
    ),
)
TIMES = Column(
    "events",
    gettext_lazy("Times given"),
    NUMBER,
    "#output+services+num",
    gettext_lazy("One for each time and person; without the cancelled ones."),
    COUNT,
)
ITEMS = Column(
    "items",
    gettext_lazy("Items"),
    NUMBER,
    "#output+items+num",
    gettext_lazy("The quantities added: three pairs given at once are one time and three items."),
    COUNT,
)
PEOPLE = Column(
    "people",
    gettext_lazy("People"),
    NUMBER,
    "#reached+ind+total",
    gettext_lazy(
        "Each person once in the line. Lines cannot be added: the same person may stand in several."
    ),
    COUNT,
)
FAMILIES = Column(
    "families",
    gettext_lazy("Families"),
    NUMBER,
    "#reached+hh",
    gettext_lazy("With at least one person served, each family once in the line."),
    COUNT,
)
TALLY = Column(
    "tally",
    gettext_lazy("Counted without names"),
    NUMBER,
    "#x_tally+num",
    gettext_lazy("People counted by thumb when nobody could be named. Never part of the other numbers."),
    COUNT,
)
NUMBERS = (TIMES, ITEMS, PEOPLE, FAMILIES, TALLY)


EVENTS = {"events": Count("pk"), "items": Sum("quantity"), "reserved": Count("pk", filter=Q(shown=""))}
TALLIES = {"tally": Sum("people"), "reserved": EVENTS["reserved"]}


def people_once(of="person__") -> dict[str, Count]:
    """`of` leads from a service to its person; from people themselves, nothing does."""
    if not of:
        return {"persons": Count("pk"), "families": Count("family", distinct=True)}
    return {
        "persons": Count("person", distinct=True),
        "families": Count("person__family", distinct=True),
    }


def given_and_tallied(filters) -> tuple[QuerySet, QuerySet]:
    """What was given and what was only tallied, each row with its day, category and service ("" if reserved).

    In no order: they are there to be counted.
    """
    shown = shown_to(filters["reader"])
    places = {"category": F("service_type__category"), "shown": shown}
    of = {"shelter": filters["shelter"]}
    given, tallied = ServiceReceived.objects.given().filter(**of), Tally.objects.standing().filter(**of)
    period = (filters["since"], filters["until"])
    return (
        given.filter(given_on__range=period).order_by().annotate(day=F("given_on"), **places),
        tallied.filter(counted_on__range=period).order_by().annotate(day=F("counted_on"), **places),
    )


def counted(filters, *by) -> dict[tuple, list]:
    """(day, organization, category, service: those of `by`) → [events, items, people, families, tally].

    Two or three queries.
    """
    (given, tallied), lines = given_and_tallied(filters), {}
    for row in grouped_given(given, by, people_once):
        place = {each: row[each] for each in by}
        opening = opener(row, key_of(place), partial(given.filter, **place))
        lines[tuple(place.values())] = [*opening_events(row, opening), 0]
    for key, tally in tallies(tallied, by, filters["reader"]):
        lines.setdefault(key, [0] * 5)[-1] = tally
    return lines


def people_reached(filters, *by) -> dict[tuple, int]:
    """The same, of the people alone: that spares looking up the family of each. One query."""
    (given, _tallied), lines = given_and_tallied(filters), {}
    for row in given.values(*by).annotate(persons=people_once()["persons"], reserved=EVENTS["reserved"]):
        place = {each: row[each] for each in by}
        opening = opener(row, key_of(place), partial(given.filter, **place))
        lines[tuple(place.values())] = opening(row["persons"], "people", lambda given: given.people())
    return lines


def grouped_given(given, by, people):
    """With the numbers of `people(of)`. Of everything, they are counted as people: among their services, it takes twice
    as long to count each once.
    """
    if by:
        return given.values(*by).annotate(**EVENTS, **people())
    return [without_none(given.aggregate(**EVENTS) | given.people().aggregate(**people(of="")))]


def tallies(tallied, by, reader) -> Iterator[tuple[tuple, int]]:
    """(the values of `by`, how many were tallied, which opens). A tally knows of no organization."""
    own = [each for each in by if each != "organization"]
    groups = tallied.values(*own).annotate(**TALLIES) if own else [tallied.aggregate(**TALLIES)]
    for row in groups:
        if row["tally"]:
            place = {each: row[each] for each in own}
            records = partial(tallied.filter, **place)
            key = tuple(row.get(each) for each in by)
            yield key, opening_tally(row, key_of(place, "tally"), records, reader)


def without_none(found) -> dict:
    """A sum of nothing is nothing."""
    return {name: number or 0 for name, number in found.items()}


def opener(row, key, given) -> Callable:
    """(number, its code, how the services of the line become its records) → the number, which opens.

    `key` names the line, and `given` gives its services. A line that holds a service its reader may not know of opens
    nothing: also its people would tell who else was there.
    """
    if row["reserved"]:
        return lambda number, _code, _records: number
    return lambda number, code, records: Counted(number, f"{key}{code}", lambda: records(given()))


def opening_events(row, opening) -> list:
    """Events, items, people, families."""
    return [
        opening(row["events"], "events", lambda given: given),
        row["items"],
        opening(row["persons"], "people", lambda given: given.people()),
        opening(row["families"], "families", lambda given: given.people().families()),
    ]


def opening_tally(row, key, records, reader) -> int:
    number = row["tally"]
    if row["reserved"] or not (reader and reader.has_perm("intake.view_tally")):
        return number
    return Counted(number, key, records)


def key_of(place, number="") -> str:
    return ".".join((*map(str, place.values()), number))


class Names:
    """Words for the codes of categories and services, in the order of the lists. Two small queries."""

    def __init__(self):
        self.categories = {each.pk: each for each in ServiceCategory.objects.all()}
        self.types = {each.pk: each for each in ServiceType.objects.all()}

    def words(self, category: str, service: str) -> tuple[Coded, Coded]:
        name = self.categories[category].label
        if not service:
            return Coded(category, name), Coded(
                f"{category}-reserved", _("%(category)s (reserved)") % {"category": name}
            )
        return Coded(category, name), Coded(service, self.types[service].label)

    def place(self, category: str, service: str) -> tuple:
        kind = self.types.get(service)
        rank = self.categories[category]
        return (rank.position, category, kind is None, kind.position if kind else 0, service)


class ServicesReport(Report):
    slug = "services"
    title = gettext_lazy("Services by day")
    about = gettext_lazy("What was given on which day: times, items, people and families.")
    filters = PeriodFilters
    columns = (DAY, *SERVICE, *NUMBERS)

    def tables(self, filters) -> list[Table]:
        names = cache(Names)
        by_service = cache(lambda: period_rows(filters, names()))
        one_day = filters["since"] == filters["until"]
        overview = Table(
            "overview",
            _("Services, over the period"),
            [SERVICE[1], SERVICE[0], *NUMBERS],
            lambda: [(service, category, *numbers) for category, service, *numbers in by_service()],
            draw=draw,
            foot=lambda _rows: (_("Everything"), None, *counted(filters)[()]),
            note=_(
                "A person served twice is one person. People counted without names are in no other column."
            ),
            in_files=False,
        )
        return [
            overview,
            Table(
                "services",
                _("Services by day"),
                self.columns,
                lambda: daily_rows(filters, names()),
                on_page=False,
                comes_and_goes=lambda _row: True,
            ),
            Table(
                "period",
                _("Services, over the period"),
                [*SERVICE, *NUMBERS],
                by_service,
                on_page=False,
                inside_only=True,
            ),
            Table(
                "days",
                _("Days"),
                [DAY, *NUMBERS],
                lambda: day_rows(filters),
                on_page=not one_day,
                inside_only=True,
            ),
            people_by_day(filters, names, by_service, shown=not one_day),
        ]


def period_rows(filters, names) -> list[tuple]:
    lines = counted(filters, "category", "shown")
    return [(*names.words(*key), *lines[key]) for key in sorted(lines, key=lambda key: names.place(*key))]


def daily_rows(filters, names) -> list[tuple]:
    lines = counted(filters, "day", "category", "shown")
    ordered = sorted(lines, key=lambda key: (key[0], *names.place(*key[1:])))
    return [(day, *names.words(*key), *lines[day, *key]) for day, *key in ordered]


def day_rows(filters) -> list[tuple]:
    """Each person once a day, whatever they were given; newest first."""
    lines = counted(filters, "day")
    return [(day, *lines[day,]) for (day,) in sorted(lines, reverse=True)]


def people_by_day(filters, names, services, *, shown: bool) -> Table:
    """Services down, the last days across: how many people. Only for the page."""
    last, length = filters["until"], (filters["until"] - filters["since"]).days + 1
    days = [last - timedelta(days=back) for back in reversed(range(min(length, WIDEST)))]
    columns = [Column(str(day), date_format(day, "j b"), NUMBER) for day in days]

    def compute():
        reached = people_reached({**filters, "since": days[0]}, "day", "category", "shown")
        people = {(names().words(*key)[1], day): number for (day, *key), number in reached.items()}
        lines = [(row[1], *(people.get((row[1], day), 0) for day in days)) for row in services()]
        return [line for line in lines if any(line[1:])]

    return Table(
        "across",
        _("People by service and day"),
        [SERVICE[1], *columns],
        compute,
        on_page=shown,
        in_files=False,
    )


def draw(rows) -> Chart | None:
    """The services that reached most people, so that it fits beside its table."""
    most = sorted(rows, key=lambda row: -row[4])[:15]
    about = _("People served over the period: the 15 services that reached most.")
    labels, people = [row[0] for row in most], [row[4] for row in most]
    return Chart("bars", "reached", _("People served"), about, labels, [(_("People"), people)])
