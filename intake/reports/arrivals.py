"""Who came, who left and how many were there: by day over a period, and by hour on its last day."""

from datetime import UTC, datetime, time, timedelta

from django.db.models import Count, Exists, OuterRef, Q, Value
from django.db.models.functions import Coalesce, ExtractHour
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.models import Stay
from intake.reports.base import Report
from intake.reports.charts import Chart
from intake.reports.filters import PeriodFilters, start_of
from intake.reports.tables import COUNT, DATE, NUMBER, Column, Counted, Table

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
DRAWN = 31  # days that a chart can show
NUMBERS = (
    Column(
        "arrived",
        gettext_lazy("People arrived"),
        NUMBER,
        "#affected+migrants+ind+arrivals",
        gettext_lazy("People whose stay began then, each once."),
        COUNT,
    ),
    Column(
        "left",
        gettext_lazy("People left"),
        NUMBER,
        "#affected+migrants+ind+departures",
        gettext_lazy("People whose stay ended then, each once."),
        COUNT,
    ),
    Column(
        "present",
        gettext_lazy("Present at the end"),
        NUMBER,
        "#affected+migrants+ind+total",
        gettext_lazy("People there when the day or the hour ended, each once; while it lasts, now."),
        COUNT,
    ),
)


def by_day(shelter, since, until) -> list[tuple]:
    """(day, arrived, left, present at its end), oldest first. Four queries, however many people and days."""
    days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
    stays = Stay.objects.filter(shelter=shelter).order_by()
    came = counted(stays.filter(in_on__range=(since, until)), "in_on", "arrived")
    left = counted(stays.filter(out_on__range=(since, until)), "out_on", "left")
    ends = [start_of(shelter, day + timedelta(days=1)) for day in days]
    return series(stays, days, came, left, start_of(shelter, since), ends)


def by_hour(shelter, day) -> list[tuple]:
    """(hour, arrived, left, present at its end), up to the hour that is running now."""
    begin = start_of(shelter, day)
    ends = [end_of(shelter, day, hour) for hour in range(24)]
    hours = [hour for hour in range(24) if (ends[hour - 1] if hour else begin) <= timezone.now()]
    stays = Stay.objects.filter(shelter=shelter).order_by()
    day_of = {
        "in_at": Q(in_at__gte=begin, in_at__lt=ends[-1]),
        "out_at": Q(out_at__gte=begin, out_at__lt=ends[-1]),
    }
    came, left = (
        counted(stays.filter(day_of[at]).annotate(hour=ExtractHour(at, tzinfo=shelter.tz)), "hour", what)
        for at, what in (("in_at", "arrived"), ("out_at", "left"))
    )
    return series(stays, hours, came, left, begin, ends[: len(hours)])


def end_of(shelter, day, hour) -> datetime:
    """When an hour of the local clock is over. Where the clock is set back it lasts two; set forward, none."""
    if hour == 23:
        return start_of(shelter, day + timedelta(days=1))
    return datetime.combine(day, time(hour + 1), tzinfo=shelter.tz).astimezone(UTC)


def counted(stays, by, what) -> dict:
    """Day or hour → (people, stays). They differ by whoever went and came again within it."""
    rows = stays.values(by).annotate(people=Count("person", distinct=True), stays=Count("pk"))
    return {
        row[by]: (people(row["people"], f"{row[by]}.{what}", stays, **{by: row[by]}), row["stays"])
        for row in rows
    }


def people(number, key, stays, *where, **only) -> Counted:
    """So many people, whose stays are those."""
    return Counted(number, key, lambda: stays.filter(*where, **only).people())


def series(stays, places, came, left, begin, ends) -> list[tuple]:
    """From how many there were at the beginning, stay by stay; somebody with two stays at once is one person."""
    there = stays.filter(covers(begin)).count()
    twice = overlapping(stays, begin, ends[-1]) if ends else []
    lines = []
    for place, end in zip(places, ends, strict=True):
        (arrived, begun), (gone, ended) = came.get(place, (0, 0)), left.get(place, (0, 0))
        there += begun - ended
        present = people(there - surplus(twice, end), f"{place}.present", stays, covers(end))
        lines.append((place, arrived, gone, present))
    return lines


def covers(moment) -> Q:
    """There until just before the moment: whoever comes then is not there yet, whoever leaves then still is."""
    return Q(in_at__lt=moment) & (Q(out_at__isnull=True) | Q(out_at__gte=moment))


def overlapping(stays, begin, end) -> list[tuple]:
    """(person, in, out) of the few whose stays here overlap in the time asked for."""
    other = stays.filter(
        Q(out_at__isnull=True) | Q(out_at__gt=OuterRef("in_at")),
        person=OuterRef("person"),
        in_at__lt=Coalesce(OuterRef("out_at"), Value(NEVER)),
    ).exclude(pk=OuterRef("pk"))
    recent = stays.filter(Q(out_at__isnull=True) | Q(out_at__gte=begin), in_at__lt=end)
    return list(recent.filter(Exists(other)).values_list("person_id", "in_at", "out_at"))


def surplus(stays, moment) -> int:
    """How many stays cover the moment beyond the first of each person."""
    here = [person for person, begun, over in stays if begun < moment and (over is None or over >= moment)]
    return len(here) - len(set(here))


class ArrivalsReport(Report):
    slug = "arrivals"
    title = gettext_lazy("Arrivals and departures")
    about = gettext_lazy("Who came, who left and how many were there: by day, and by hour on the last day.")
    filters = PeriodFilters
    columns = (Column("day", gettext_lazy("Day"), DATE, "#date+reported"), *NUMBERS)
    hour_columns = (Column("hour", gettext_lazy("Hour")), *NUMBERS)

    def tables(self, filters) -> list[Table]:
        shelter, since, until = filters["shelter"], filters["since"], filters["until"]
        return [
            Table(
                "arrivals",
                _("By day"),
                self.columns,
                lambda: reversed(by_day(shelter, since, until)),
                draw=draw_days,
            ),
            Table(
                "hours",
                _("By hour, on the last day"),
                self.hour_columns,
                lambda: hour_rows(shelter, until),
                draw=draw_hours,
                inside_only=True,
            ),
        ]


def hour_rows(shelter, day) -> list[tuple]:
    return [(f"{hour:02d}:00", *numbers) for hour, *numbers in by_hour(shelter, day)]


def draw_days(rows) -> Chart:
    days = list(reversed(rows[:DRAWN]))
    about = _("People in the shelter at the end of each day, at most of the last 31.")
    labels = [f"{row[0].day}/{row[0].month}" for row in days]
    return Chart("line", "present", _("Present"), about, labels, [(_("Present"), [row[3] for row in days])])


def draw_hours(rows) -> Chart:
    about = _("People who arrived in each hour of the last day.")
    labels = [str(int(row[0][:2])) for row in rows]
    return Chart(
        "columns",
        "hourly",
        _("People arrived"),
        about,
        labels,
        [(_("People arrived"), [row[1] for row in rows])],
    )
