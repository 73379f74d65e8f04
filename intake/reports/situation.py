"""The coordinator's page: who is here, who came and left, who ate, and what waits for a decision.

Of one shelter and its local day, or several. Counts only; where a number is explained twice, it is counted once.
Outside, what other reports tell in finer cells stays with them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.ages import born_on_or_before
from intake.models import Headcount, Person, ServiceType, Stay
from intake.presence import A_NIGHT
from intake.reports import arrivals, decisions, services
from intake.reports.age_sex import Bracket
from intake.reports.base import Report, share
from intake.reports.census import WHOLE
from intake.reports.census_cells import CountsAs, alone, kept_from, together
from intake.reports.filters import PeriodFilters, start_of
from intake.reports.occupancy_sphere import MEALS
from intake.reports.services import TALLIES, given_and_tallied, opener, opening_tally
from intake.reports.suppression import add, teller
from intake.reports.tables import COUNT, NUMBER, Coded, Column, Counted, Table

TWO_DAYS = timedelta(days=2)  # an older headcount says nothing about tonight
NOBODY = dict.fromkeys(("events", "people", "present", "reserved"), 0)


def moment_of(shelter, until) -> datetime:
    """Now; of a day that is over, its last moment."""
    if until >= shelter.today():
        return timezone.now()
    return start_of(shelter, until + timedelta(days=1)) - timedelta(microseconds=1)


def parts_of(shelter, moment) -> dict[str, Q]:
    """Who of those present is in which part."""
    day = shelter.day_of(moment)
    grown = born_on_or_before(18, day)
    return {
        "present": Q(),
        "under_5": Bracket(0, 4).holds(day),
        "babies": Bracket(0, 0).holds(day),
        "unknown_age": Q(birth_date__isnull=True),
        "unaccompanied": Q(birth_date__gt=grown) & alone(shelter, moment, grown),
    }


def people_at(shelter, moment, reader=None) -> dict[str, int]:
    """Everybody present, once, and parts of them. One query, so that the parts cannot disagree with the whole.

    They open, but for children alone where staff may have said so in a need that is not for this reader.
    """
    there, parts = Person.objects.present_at(moment, shelter).order_by(), parts_of(shelter, moment)
    found = there.aggregate(
        families=Count("family", distinct=True),
        **{part: Count("pk", filter=who) for part, who in parts.items()},
    )
    records = {part: partial(there.filter, who) for part, who in parts.items()}
    opening = figures_of(found, {**records, "families": there.families})
    if reader and CountsAs.UNACCOMPANIED in kept_from(reader):
        opening["unaccompanied"] = found["unaccompanied"]
    return opening


def moved(shelter, since, until) -> dict[str, int]:
    """Who came and who left in these days, each once, however often. One query."""
    came, left = Q(in_on__range=(since, until)), Q(out_on__range=(since, until))
    stays = Stay.objects.filter(came | left, shelter=shelter).order_by()
    found = stays.aggregate(
        arrived=Count("person", distinct=True, filter=came),
        arrived_families=Count("person__family", distinct=True, filter=came),
        left=Count("person", distinct=True, filter=left),
        left_families=Count("person__family", distinct=True, filter=left),
    )
    people = {"arrived": stays.filter(came).people, "left": stays.filter(left).people}
    families = {f"{what}_families": partial(families_of, whose) for what, whose in people.items()}
    return figures_of(found, people | families)


def families_of(people):
    return people().families()


def figures_of(found, records) -> dict[str, Counted]:
    """Each number with what it counted."""
    labels = dict(figure_labels())
    return {code: Counted(found[code], code, behind, labels[code]) for code, behind in records.items()}


@dataclass
class NightCount:
    """How many somebody counted last, beside how many the register had just then."""

    counted_at: datetime
    people: int
    registered: int
    zones: int  # counted one by one; 0 when the shelter was counted as one

    @property
    def difference(self) -> int:
        return self.people - self.registered

    @property
    def missing(self) -> int:
        return max(0, -self.difference)


def night_count(shelter, moment) -> NightCount | None:
    """The last headcount of the whole shelter; when it was counted zone by zone that night, its zones. One query."""
    rows = Headcount.objects.filter(shelter=shelter, counted_at__lte=moment, counted_at__gt=moment - TWO_DAYS)
    rows = list(rows.order_by("counted_at"))
    if not rows:
        return None
    newest = {row.zone_id: row for row in rows if row.counted_at > rows[-1].counted_at - A_NIGHT}
    whole = newest.get(None)
    counted = [whole] if whole else list(newest.values())
    return NightCount(
        counted_at=max(row.counted_at for row in counted),
        people=sum(row.people for row in counted),
        registered=sum(row.registered for row in counted),
        zones=0 if whole else len(counted),
    )


def served(filters, moment) -> list[tuple]:
    """(service, times, people, of those present, counted without names): the meals, then two wholes. Four queries."""
    given, tallied = given_and_tallied(filters)
    there = Q(person__in=Stay.objects.covering(moment).filter(shelter=filters["shelter"]).values("person"))
    by_meal = given.filter(service_type__in=MEALS).values("service_type").annotate(**numbers_of(there))
    found = {row["service_type"]: row for row in by_meal}
    any_meal = Q(service_type__in=MEALS)
    wholes = given.aggregate(**numbers_of(there, "meals_", any_meal), **numbers_of(there, "all_"))
    apart = {row["service_type"]: row for row in tallied.values("service_type").annotate(**TALLIES)}
    labels = {kind.pk: kind.label for kind in ServiceType.objects.filter(pk__in=MEALS)}

    def line(code, label, which, row, kinds):
        tally = {name: sum(apart[kind][name] for kind in kinds if kind in apart) for name in TALLIES}
        records = partial(tallied.filter, which)
        apart_from = opening_tally(tally, f"{code}.tally", records, filters["reader"])
        return (Coded(code, label), *opening_served(code, row, given.filter(which), there), apart_from)

    def whole(code, label, which, kinds):
        return line(code, label, which, {name: wholes[f"{code}_{name}"] for name in NOBODY}, kinds)

    return [
        *(
            line(code, labels[code], Q(service_type=code), found.get(code, NOBODY), [code])
            for code in MEALS
            if code in labels
        ),
        whole("meals", _("Any meal"), any_meal, MEALS),
        whole("all", _("Any service"), Q(), apart),
    ]


def numbers_of(there: Q, prefix="", only=None) -> dict[str, Count]:
    """Times, people, those of the people who are there at the moment, and times of which the reader may not know."""
    only = only or Q()
    return {
        f"{prefix}events": Count("pk", filter=only),
        f"{prefix}people": Count("person", distinct=True, filter=only),
        f"{prefix}present": Count("person", distinct=True, filter=there & only),
        f"{prefix}reserved": Count("pk", filter=only & Q(shown="")),
    }


def opening_served(code, row, given, there) -> tuple:
    """Times, people, of those present."""
    opening = opener(row, f"{code}.", given.all)
    return (
        opening(row["events"], "events", lambda given: given),
        opening(row["people"], "people", lambda given: given.people()),
        opening(row["present"], "present", lambda given: given.filter(there).people()),
    )


class SituationFilters(PeriodFilters):
    """Today, unless asked otherwise."""

    def __init__(self, data=None, **options):
        if data is not None and not any(data.get(name) for name in ("period", "since", "until")):
            data = data.copy()
            data["period"] = "today"
        super().__init__(data, **options)


class Situation:
    """The numbers for one choice of the form; each is counted when it is first asked for, and once."""

    def __init__(self, filters):
        shelter, since, until = filters["shelter"], filters["since"], filters["until"]
        self.shelter, self.reader, self.until = shelter, filters["reader"], until
        self.outside, self.is_one_day = filters.get("outside"), since == until
        self.moment = moment_of(shelter, until)
        self.people = cache(lambda: people_at(shelter, self.moment, self.reader))
        self.moved = cache(lambda: moved(shelter, since, until))
        self.counted = cache(lambda: night_count(shelter, self.moment))
        self.served = cache(lambda: served(filters, self.moment))
        self.decisions = cache(lambda: decisions.lines(shelter, self.reader))

    @property
    def is_over(self) -> bool:
        return self.until < self.shelter.today()

    def figures(self) -> list[tuple]:
        counted, numbers = self.counted(), {**self.people(), **self.moved()}
        if counted:
            numbers |= {"counted": counted.people, "difference": counted.difference}
        if self.outside:
            numbers["present"] = self.present_as_told()
        return [
            (Coded(code, label), numbers.get(code))
            for code, label in figure_labels()
            if not self.outside or self.leaves(code)
        ]

    def leaves(self, code) -> bool:
        """Parts of those present are told by age elsewhere, and who moved in several days day by day."""
        return code in ("present", "families") or (self.is_one_day and code in self.moved())

    def present_as_told(self):
        """Added as the census adds it, so that both files tell one number."""
        there = Person.objects.present_at(self.moment, self.shelter).order_by()
        cells = together(self.shelter, self.moment)
        counts = there.aggregate(**{part: Count("pk", filter=cells[part]) for part in WHOLE}).values()
        return add(map(teller(counts), counts))

    def meals(self) -> list[tuple]:
        """With the share of everybody present who had it."""
        present = self.people()["present"]
        return [(*row[:4], share(row[3], present), row[4]) for row in self.served()]


def figure_labels() -> list[tuple[str, str]]:
    return [
        ("present", _("People present")),
        ("families", _("Families present")),
        ("counted", _("People in the last night count")),
        ("difference", _("Night count against the register")),
        ("arrived", _("People arrived")),
        ("arrived_families", _("Families arrived")),
        ("left", _("People left")),
        ("left_families", _("Families left")),
        ("under_5", _("Children under 5")),
        ("babies", _("Babies under 1")),
        ("unknown_age", _("Age not recorded")),
        ("unaccompanied", _("Unaccompanied children")),
    ]


class SituationReport(Report):
    slug = "situation"
    title = gettext_lazy("Situation")
    about = gettext_lazy(
        "Who is here, who came and left, who ate, and what needs a decision. Kept up to date while it is open."
    )
    place = 0
    filters = SituationFilters
    template = "reports/situation.html"
    fragment = "reports/_situation.html"
    columns = (
        Column("figure", gettext_lazy("Figure"), hxl="#indicator+name"),
        Column("number", gettext_lazy("Number"), NUMBER, "#indicator+value+num", outside=COUNT),
    )
    meal_columns = (
        Column("service", gettext_lazy("Service"), hxl="#activity+name"),
        Column("events", gettext_lazy("Times given"), NUMBER, "#output+services+num"),
        services.PEOPLE._replace(outside=""),
        Column(
            "present",
            gettext_lazy("Of those present"),
            NUMBER,
            "#reached+ind+present",
            gettext_lazy("How many of the people served are there now, or were when the last day ended."),
        ),
        Column("share", gettext_lazy("Of all present (%)"), NUMBER),
        services.TALLY._replace(outside=""),
    )
    decision_columns = (
        Column("what", gettext_lazy("What needs a decision"), hxl="#x_decision+name"),
        Column("number", gettext_lazy("Number"), NUMBER, "#x_decision+num"),
        Column("unit", gettext_lazy("Of what"), hxl="#x_decision+unit"),
        Column(
            "people",
            gettext_lazy("People"),
            NUMBER,
            "#affected+ind",
            gettext_lazy("How many people that is, where it is not the same."),
        ),
    )

    def tables(self, filters) -> list[Table]:
        return self.tables_of(Situation(filters))

    def tables_of(self, found) -> list[Table]:
        return [
            Table("situation", self.title, self.columns, found.figures),
            Table("meals", _("Meals and people served"), self.meal_columns, found.meals),
            Table(
                "decisions",
                _("Needs a decision now"),
                self.decision_columns,
                lambda: [
                    (line.what, line.waiting.number, line.unit, line.waiting.people)
                    for line in found.decisions()
                ],
            ),
            Table(
                "hours",
                _("By hour, on the last day"),
                arrivals.ArrivalsReport.hour_columns,
                lambda: arrivals.hour_rows(found.shelter, found.until),
                inside_only=True,
            ),
        ]

    def context(self, filters) -> dict:
        found = Situation(filters)
        _figures, meals, _decisions, hours = self.tables_of(found)
        any_meal = next(row for row in meals.rows if row[0].code == "meals")
        return {
            "people": found.people(),
            "moved": found.moved(),
            "counted": found.counted(),
            "meals": meals,
            "any_meal": dict(zip((column.code for column in self.meal_columns), any_meal, strict=True)),
            "decisions": found.decisions(),
            "undecided": sum(bool(line.waiting.number) for line in found.decisions()),
            "hours": hours,
            "hours_chart": arrivals.draw_hours(hours.rows),
            "arrived_on_last": any(row[1] for row in hours.rows),
            "is_over": found.is_over,
            "is_one_day": found.is_one_day,
        }
