"""What adults plan: the latest word of whoever is there at the end of each day; and before and after legal advice.

A plan is never overwritten, so a past day stays what it was said to be. Several plans make one group: Continue, Stay.
The days open; whoever had legal advice does not.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from django.db.models import Exists, Min, OuterRef, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.ages import born_on_or_before
from intake.models import Intention, Person, Plan, ServiceReceived, Stay
from intake.reports.base import Report, as_text
from intake.reports.charts import Chart
from intake.reports.filters import PeriodFilters, start_of
from intake.reports.gaps import LEGAL_ADVICE
from intake.reports.tables import DATE, NUMBER, Coded, Column, Counted, Table

Group = Plan.Group
NOT_ASKED, UNKNOWN_AGE = "not_asked", "unknown_age"
PLANS = [*Group.values, NOT_ASKED]
DRAWN = 14  # days that a chart can show
AFFECTED = "#affected+migrants+ind"


def ends_of(shelter, since, until) -> list:
    """(day, the moment it ended); of a day that is not over, now."""
    days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
    now = timezone.now()
    return [(day, min(start_of(shelter, day + timedelta(days=1)), now)) for day in days]


def by_day(shelter, since, until) -> list[tuple]:
    """(day, adults, of them by group of their latest plan, people of unknown age), oldest first. Two queries."""
    days = ends_of(shelter, since, until)
    moments = [end for _day, end in days]
    stays = stays_over(shelter, moments[0], moments[-1])
    present, born = spans_of(stays)
    said = plans_of(stays.values("person"), moments[-1])
    found = [defaultdict(list) for _day in days]
    grown = [born_on_or_before(18, day) for day, _end in days]
    for person, spans in present.items():
        for place in places(spans, moments):
            if born[person] is None:
                found[place][UNKNOWN_AGE].append(person)
            elif born[person] <= grown[place]:
                found[place][last_word(said[person], moments[place])].append(person)
    return [day_row(day, people) for (day, _end), people in zip(days, found, strict=True)]


def day_row(day, people) -> tuple:
    """Each number opens the very people it counted: no query says as shortly what somebody's latest word was."""
    adults = [person for plan in PLANS for person in people[plan]]
    columns = {"adults": adults, **{each: people[each] for each in (*PLANS, UNKNOWN_AGE)}}
    return (
        day,
        *(Counted(len(those), f"{day}.{code}", partial(these, those)) for code, those in columns.items()),
    )


def these(people):
    return Person.objects.filter(pk__in=people)


def plain(row) -> tuple:
    day, *numbers = row
    return (day, *map(int, numbers))


def stays_over(shelter, first, last):
    """Stays that cover a moment between these."""
    stays = Stay.objects.filter(shelter=shelter, in_at__lt=last).order_by()
    return stays.filter(Q(out_at__isnull=True) | Q(out_at__gte=first))


def spans_of(stays) -> tuple[dict, dict]:
    """Person → [(in, out)], and → birth date."""
    spans, born = defaultdict(list), {}
    for person, birth, *span in stays.values_list(as_text("person"), "person__birth_date", "in_at", "out_at"):
        spans[person].append(span)
        born[person] = birth
    return spans, born


def places(spans, moments) -> Iterable[int]:
    """At which of the moments somebody is there: until just before it, as in the report of arrivals."""
    ranges = [
        range(bisect_right(moments, begun), len(moments) if over is None else bisect_right(moments, over))
        for begun, over in spans
    ]
    return ranges[0] if len(ranges) == 1 else set().union(*ranges)


def plans_of(people, last) -> dict:
    """Person → [(said at, group)], oldest first, of these people."""
    said = defaultdict(list)
    rows = Intention.objects.filter(said_at__lt=last, person__in=people).order_by("said_at", "pk")
    for person, at, group in rows.values_list(as_text("person"), "said_at", "plan__group"):
        said[person].append((at, group))
    return said


def last_word(said, moment, since=None) -> str:
    """The group of what was said last before the moment, and not before `since`; else that nobody asked."""
    for at, group in reversed(said):  # nobody says very much
        if at < moment:
            return NOT_ASKED if since and at < since else group
    return NOT_ASKED


def around_advice(shelter, since, until) -> Counter:
    """(plan before, plan after) of their first legal advice here → adults whose was in these days. Two queries.

    After is the last word by the end of the period. Of unknown age is a plan before, so that nobody is left out.
    """
    end = ends_of(shelter, until, until)[0][1]
    advice = ServiceReceived.objects.given().filter(shelter=shelter, service_type__category=LEGAL_ADVICE)
    before = advice.filter(person=OuterRef("person"), given_on__lt=since)
    advice = advice.filter(~Exists(before), given_on__range=(since, until), given_at__lt=end)
    advice = advice.order_by().values("person").annotate(first=Min("given_at"))
    said, found = plans_of(advice.values("person"), end), Counter()
    for person, born, first in advice.values_list(as_text("person"), "person__birth_date", "first"):
        after = last_word(said[person], end, since=first)
        if born is None:
            found[UNKNOWN_AGE, after] += 1
        elif born <= born_on_or_before(18, shelter.day_of(first)):
            found[last_word(said[person], first), after] += 1
    return found


def change_rows(shelter, since, until) -> list[tuple]:
    """(plan before, people, changed, people by plan after)."""
    found, words = around_advice(shelter, since, until), {**plan_words(), UNKNOWN_AGE: _("Age not recorded")}
    rows = []
    for before, word in words.items():
        after = [found[before, plan] for plan in PLANS]
        changed = sum(found[before, plan] for plan in Group.values if plan != before)
        known = before in Group.values
        rows.append((Coded(before, word), sum(after), changed if known else None, *after))
    return rows


def plan_words() -> dict[str, str]:
    return {**{code: str(label) for code, label in Group.choices}, NOT_ASKED: _("Not asked")}


class NextStepsReport(Report):
    slug = "next_steps"
    title = gettext_lazy("Next steps")
    about = gettext_lazy("What adults plan, day by day, and how many changed it after legal advice.")
    filters = PeriodFilters

    def tables(self, filters) -> list[Table]:
        asked = (filters["shelter"], filters["since"], filters["until"])
        may_open = filters["reader"] and filters["reader"].has_perm("intake.view_intention")

        def days():
            rows = reversed(by_day(*asked))
            return list(rows) if may_open else list(map(plain, rows))

        plans = [
            Column(code, word, NUMBER, f"#x_plan+{code}+ind", means=_("By the latest word of each person."))
            for code, word in plan_words().items()
        ]
        return [
            Table("next_steps", _("Plans by day"), [*BY_DAY, *plans, OF_UNKNOWN_AGE], days, draw=draw),
            Table(
                "changes",
                _("Before and after the first legal advice"),
                [*BEFORE, *plans_after()],
                lambda: change_rows(*asked),
                foot=foot,
                note=_(
                    "Adults who had their first legal advice here in these days: their plan before it, and since."
                ),
            ),
        ]


BY_DAY = (
    Column("day", gettext_lazy("Day"), DATE, "#date+reported"),
    Column(
        "adults",
        gettext_lazy("Adults"),
        NUMBER,
        f"{AFFECTED}+adults",
        gettext_lazy("There when the day ended, while it lasts now, each once. The plans add to them."),
    ),
)
OF_UNKNOWN_AGE = Column(
    UNKNOWN_AGE,
    gettext_lazy("Age not recorded"),
    NUMBER,
    f"{AFFECTED}+unknown",
    gettext_lazy("There as well, and not among the adults."),
)
BEFORE = (
    Column("before", gettext_lazy("Plan before"), hxl="#x_plan+before"),
    Column("people", gettext_lazy("People"), NUMBER, "#reached+ind+adults"),
    Column(
        "changed",
        gettext_lazy("Changed their plan"),
        NUMBER,
        "#x_plan+changed+ind",
        gettext_lazy("Said a plan of another group after it than before."),
    ),
)


def plans_after() -> list[Column]:
    words = {**plan_words(), NOT_ASKED: _("Not asked since")}
    return [
        Column(f"then_{code}", _("Then: %(plan)s") % {"plan": word}, NUMBER, f"#x_plan+after+{code}+ind")
        for code, word in words.items()
    ]


def foot(rows) -> tuple:
    return (
        _("All people"),
        *(sum(number or 0 for number in each) for each in list(zip(*rows, strict=True))[1:]),
    )


def draw(rows) -> Chart | None:
    """Four parts that can be told apart; what is neither going, staying nor returning is one."""
    days = list(reversed(rows[:DRAWN]))
    if not any(row[1] for row in days):
        return None
    place = {plan: at for at, plan in enumerate(PLANS, start=2)}
    rest = (Group.UNDECIDED, Group.OTHER, Group.NOT_SAID, NOT_ASKED)
    words = {Group.CONTINUE: Group.CONTINUE.label, Group.STAY: Group.STAY.label}
    series = [(str(word), [row[place[plan]] for row in days]) for plan, word in words.items()]
    open_ones = [sum(row[place[plan]] for plan in rest) for row in days]
    series += [
        (_("Undecided, other or not known"), open_ones),
        (str(Group.RETURN.label), [row[place[Group.RETURN]] for row in days]),
    ]
    about = _("What the adults there planned at the end of each day, at most of the last 14.")
    labels = [date_format(row[0], "j b") for row in days]
    return Chart("stacked", "plans", _("Plans by day"), about, labels, series)
