"""How fast the work goes: registrations by desk and hour, and the lines by hour, with the median wait.

Nothing records when somebody began to type a family. What stands in its place, and is called that, is the time between
two saves of the same desk, as long as it is no break.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import cache
from statistics import median

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.models import Family, Ticket
from intake.reports.base import Report, as_text
from intake.reports.charts import Chart
from intake.reports.filters import PeriodFilters, start_of
from intake.reports.tables import DATE, NUMBER, Coded, Column, Counted, Table
from shelters.models import AccessEvent
from shelters.templatetags.desk import desk_name

SHOWN = 48  # rows by the hour on the page; the files have all of them
A_BREAK = timedelta(minutes=15)  # more between two saves was no registration
AT_ONCE = timedelta(seconds=2)  # less was none either: what waited on a device comes many at once
DAY = Column("day", gettext_lazy("Day"), DATE, "#date+reported")
HOUR = Column("hour", gettext_lazy("Hour"), hxl="#x_hour")
DESK = Column("desk", gettext_lazy("Desk"), hxl="#x_desk+name")
LINE = Column("line", gettext_lazy("Line"), hxl="#x_line+name")
REGISTERED = (
    Column(
        "families",
        gettext_lazy("Families registered"),
        NUMBER,
        "#x_registered+hh",
        gettext_lazy("Each registration, also of a family that was joined into another later."),
    ),
    Column(
        "people",
        gettext_lazy("People in them"),
        NUMBER,
        "#x_registered+ind",
        gettext_lazy("Members of these families as they are written down today."),
    ),
)
SECONDS = Column(
    "seconds_between",
    gettext_lazy("Median seconds between two saves"),
    NUMBER,
    "#x_registered+seconds+median",
    gettext_lazy(
        "Of the same desk, within 15 minutes. Nothing records when typing began: waiting for people is in it."
    ),
)
TURNS = (
    Column(
        "taken",
        gettext_lazy("Numbers taken"),
        NUMBER,
        "#x_tickets+taken+num",
        gettext_lazy("All that follows is of the numbers taken in this hour."),
    ),
    Column("people", gettext_lazy("People"), NUMBER, "#x_tickets+ind"),
    Column("called", gettext_lazy("Called"), NUMBER, "#x_tickets+called+num"),
    Column("served", gettext_lazy("Served"), NUMBER, "#x_tickets+served+num"),
    Column(
        "no_shows",
        gettext_lazy("Did not come"),
        NUMBER,
        "#x_tickets+gone+num",
        gettext_lazy("Called in vain until their turn was over."),
    ),
    Column(
        "minutes_waiting",
        gettext_lazy("Median minutes of waiting"),
        NUMBER,
        "#x_tickets+minutes+median",
        gettext_lazy("From taking the number to the last call, of those who were called."),
    ),
)


def middle(spans: Iterable[timedelta], unit: timedelta) -> float | None:
    """The median in these units, to one decimal; None of nothing. Counted here, the databases agree on it."""
    spans = list(spans)
    return round(median(spans) / unit, 1) if spans else None


def grouped(rows: Iterable[tuple], key: Callable) -> dict:
    """In the order in which each key comes first."""
    found = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def opening(model, rows, key) -> int:
    """How many rows, each ending with the key of its record. One without such a key, and the number opens nothing."""
    records = [row[-1] for row in rows]
    if None in records:
        return len(rows)
    return Counted(len(rows), key, lambda: model.objects.filter(pk__in=records))


def registrations(shelter, since, until) -> list[tuple]:
    """(desk, local day, hour, people, time since the last save there or None, key or None), by desk. Two queries.

    A family that was split off another was not registered. One that was joined into another was, and has no record
    of its own any more.
    """
    begin, end = start_of(shelter, since), start_of(shelter, until + timedelta(days=1))
    splits = AccessEvent.objects.filter(
        shelter=shelter, action=AccessEvent.Action.FAMILY_SPLIT, at__gte=begin
    )
    details = splits.order_by().values_list("detail", flat=True)
    families = Family.objects.filter(shelter=shelter, registered_at__gte=begin, registered_at__lt=end)
    families = families.exclude(pk__in=[detail["into"] for detail in details if "into" in detail])
    rows = families.order_by("desk", "registered_at", "pk").annotate(
        people=Count("members"), key=as_text("pk")
    )
    found, before = [], (None, None)
    for pk, desk, at, people, joined in rows.values_list(
        "key", "desk", "registered_at", "people", "merged_into"
    ):
        span = at - before[1] if desk and desk == before[0] else None
        span = span if span and AT_ONCE <= span <= A_BREAK else None
        found.append((desk, *on_clock(shelter, at), people, span, None if joined else pk))
        before = (desk, at)
    return found


def on_clock(shelter, moment) -> tuple[date, int]:
    """Day and hour there."""
    local = shelter.local(moment)
    return local.date(), local.hour


def registered(rows, key) -> tuple:
    """families, people, median seconds"""
    spans = (row[4] for row in rows if row[4] is not None)
    families = opening(Family, rows, f"{key}.families")
    return families, sum(row[3] for row in rows), middle(spans, timedelta(seconds=1))


def hour_of(row) -> tuple:
    """(day, hour, desk or line) of a row that begins with the last of them."""
    return row[1], row[2], row[0]


def desk_hours(rows) -> list[tuple]:
    lines = grouped(rows, hour_of)
    return [
        (
            day,
            f"{hour:02d}:00",
            desk_word(desk),
            *registered(lines[day, hour, desk], f"{day}.{hour:02d}.{desk}"),
        )
        for day, hour, desk in sorted(lines)
    ]


def desk_rows(rows) -> list[tuple]:
    """(desk, families, people, hours with a save, families in such an hour, median seconds)."""
    found = []
    for desk, theirs in grouped(rows, lambda row: row[0]).items():
        families, people, seconds = registered(theirs, f"desk.{desk}")
        hours = len({hour_of(row) for row in theirs})
        found.append((desk_word(desk), families, people, hours, round(families / hours, 1), seconds))
    return found


def desk_word(desk: str) -> Coded:
    return Coded(desk, desk_name(desk) if desk else _("Desk not recorded"))


def turns(shelter, since, until, reader=None) -> list[tuple]:
    """(line, local day, hour, people, state, wait or None, key or None), as the numbers were taken. One query."""
    tickets = Ticket.objects.filter(shelter=shelter, queued_on__range=(since, until))
    rows = tickets.order_by("queued_at", "pk").values_list(
        "line", "queued_at", "people", "state", "called_at", as_text("pk")
    )
    opens = bool(reader and reader.has_perm("intake.view_ticket"))
    return [
        (line, *on_clock(shelter, at), people, state, called - at if called else None, pk if opens else None)
        for line, at, people, state, called, pk in rows
    ]


def turned(rows, key) -> tuple:
    """taken, people, called, served, did not come, median minutes"""

    def how_many(code, of):
        return opening(Ticket, of, f"{key}.{code}")

    called = [row for row in rows if row[5] is not None]
    return (
        how_many("taken", rows),
        sum(row[3] for row in rows),
        how_many("called", called),
        how_many("served", [row for row in rows if row[4] == Ticket.State.DONE]),
        how_many("no_shows", [row for row in rows if row[4] == Ticket.State.GONE]),
        middle((row[5] for row in called), timedelta(minutes=1)),
    )


def line_hours(rows) -> list[tuple]:
    lines, words = grouped(rows, hour_of), line_words()
    return [
        (day, f"{hour:02d}:00", words[line], *turned(lines[day, hour, line], f"{day}.{hour:02d}.{line}"))
        for day, hour, line in sorted(lines)
    ]


def line_rows(rows) -> list[tuple]:
    """Every line, also one where nobody took a number."""
    lines = grouped(rows, lambda row: row[0])
    return [(word, *turned(lines[line], f"line.{line}")) for line, word in line_words().items()]


def line_words() -> dict[str, Coded]:
    return {line: Coded(line, str(label)) for line, label in Ticket.Line.choices}


class PaceReport(Report):
    slug = "pace"
    title = gettext_lazy("Pace")
    about = gettext_lazy("How many families each desk registers in an hour, and how long the lines wait.")
    filters = PeriodFilters

    def tables(self, filters) -> list[Table]:
        period = (filters["shelter"], filters["since"], filters["until"])
        saved, taken = cache(lambda: registrations(*period)), cache(lambda: turns(*period, filters["reader"]))
        hours = [
            Column("hours", _("Hours at work"), NUMBER, "#x_desk+hours", _("Hours with at least one save.")),
            Column("per_hour", _("Families an hour"), NUMBER, "#x_registered+hh+rate"),
        ]
        waits = _("A number that is called again waits until its last call.")
        return [
            Table(
                "pace",
                _("Registrations by desk"),
                [DESK, *REGISTERED, *hours, SECONDS],
                lambda: desk_rows(saved()),
                draw=draw_desks,
                foot=lambda _rows: all_desks(saved()),
                note=SECONDS.means,
            ),
            Table(
                "lines", _("Lines"), [LINE, *TURNS], lambda: line_rows(taken()), draw=draw_lines, note=waits
            ),
            Table(
                "hours",
                _("Registrations by desk and hour"),
                [DAY, HOUR, DESK, *REGISTERED, SECONDS],
                lambda: desk_hours(saved()),
                shown=SHOWN,
            ),
            Table(
                "line_hours",
                _("Lines by hour"),
                [DAY, HOUR, LINE, *TURNS],
                lambda: line_hours(taken()),
                shown=SHOWN,
            ),
        ]


def all_desks(rows) -> tuple:
    families, people, seconds = registered(rows, "all")
    return (_("All desks"), families, people, None, None, seconds)


def draw_desks(rows) -> Chart:
    about = _("Families registered at each desk.")
    series = [(_("Families registered"), [row[1] for row in rows])]
    return Chart("bars", "desks", _("Families registered"), about, [row[0] for row in rows], series)


def draw_lines(rows) -> Chart | None:
    if not any(row[1] for row in rows):
        return None
    about = _("The median wait of each line, in minutes.")
    series = [(_("Minutes"), [row[-1] for row in rows])]
    return Chart("bars", "waits", _("Median minutes of waiting"), about, [row[0] for row in rows], series)
