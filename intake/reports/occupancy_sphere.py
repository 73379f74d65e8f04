"""How full each zone is at a moment, and how the shelter stands against the minimum standards."""

from datetime import timedelta
from functools import cache

from django.db.models import Count, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.models import ServiceReceived, Stay, Tally
from intake.reports.arrivals import covers
from intake.reports.base import Report, share
from intake.reports.charts import Chart
from intake.reports.filters import start_of
from intake.reports.sphere import board
from intake.reports.suppression import HIDDEN, add, teller
from intake.reports.tables import AS_IS, COUNT, NUMBER, Coded, Column, Counted, Table

MEALS = ("FOOD-BRK", "FOOD-LUN", "FOOD-DIN")
KEPT = {"NFI-BLK": "blankets", "NFI-MAT": "mats", "CLO-SET": "clothes"}  # what a person keeps while there


def by_zone(shelter, moment) -> tuple[list[tuple], int]:
    """[(zone or None, people)], and everybody once. Three queries. A retired zone only while somebody is in it."""
    stays = Stay.objects.covering(moment).filter(shelter=shelter).order_by()
    rows = stays.values("zone").annotate(people=Count("person", distinct=True))
    found = {row["zone"]: row["people"] for row in rows}

    def people(zone):
        key = f"zone.{zone.code}" if zone else "no_zone"
        return Counted(found.get(zone and zone.pk, 0), key, stays.filter(zone=zone).people)

    day = shelter.day_of(moment)
    lines = [
        (zone, people(zone))
        for zone in shelter.zones.all()
        if people(zone) or not zone.retired_on or zone.retired_on > day
    ]
    lines.append((None, people(None)))
    return lines, Counted(people_of(stays), "present", stays.people)


def facts(shelter, moment) -> dict:
    """What the board divides. Five queries."""
    stays = Stay.objects.covering(moment).filter(shelter=shelter)
    today = start_of(shelter, shelter.day_of(moment))
    there_yesterday = Stay.objects.filter(covers(today), shelter=shelter)
    return {
        "present": people_of(stays),
        "present_yesterday": people_of(there_yesterday),
        "capacity": shelter.capacity,
        "area": shelter.covered_area_m2,
        "toilets": shelter.toilets,
        "showers": shelter.showers,
        "water": shelter.water_litres_a_day,
        **kept(shelter, stays, moment),
        **meals(shelter, shelter.day_of(moment) - timedelta(days=1)),
    }


def as_told(known: dict, zones: list[tuple]) -> dict:
    """For outside: the people are those that the zones tell together, and nothing is divided by an exact number."""
    people = [count for _zone, count in zones]
    counts = {name: known[name] for name in ("present_yesterday", "meals", *KEPT.values())}
    tell = teller([*people, *counts.values()])
    counts = {name: tell(count) for name, count in counts.items()} | {"present": add(map(tell, people))}
    return known | {name: None if count is HIDDEN else count for name, count in counts.items()}


def people_of(stays) -> int:
    return stays.order_by().aggregate(people=Count("person", distinct=True))["people"]


def kept(shelter, stays, moment) -> dict:
    """What those who are there were given here by then, whenever that was."""
    given = ServiceReceived.objects.given().filter(
        shelter=shelter, given_at__lte=moment, service_type__in=KEPT
    )
    given = given.filter(person__in=stays.values("person")).order_by()
    items = dict(given.values_list("service_type").annotate(Sum("quantity")))
    return {name: items.get(code, 0) for code, name in KEPT.items()}


def meals(shelter, day) -> dict:
    """Of a whole day: recorded for somebody, and beside it what was only tallied."""
    given = ServiceReceived.objects.given().filter(shelter=shelter, given_on=day, service_type__in=MEALS)
    tallied = Tally.objects.standing().filter(shelter=shelter, counted_on=day, service_type__in=MEALS)
    return {
        "meals": given.aggregate(items=Sum("quantity"))["items"] or 0,
        "meals_tallied": tallied.aggregate(people=Sum("people"))["people"] or 0,
    }


class OccupancySphereReport(Report):
    slug = "occupancy_sphere"
    title = gettext_lazy("Occupancy and Sphere standards")
    about = gettext_lazy("Who sleeps in which zone, and whether space, toilets, water and food suffice.")
    columns = (
        Column("indicator", gettext_lazy("Indicator"), hxl="#indicator+name"),
        Column(
            "state",
            gettext_lazy("State"),
            hxl="#indicator+status",
            means=gettext_lazy("Near: within a tenth of the target; for occupancy, more than 90 %."),
        ),
        Column("value", gettext_lazy("Value"), NUMBER, "#indicator+value+num", outside=AS_IS),
        Column("unit", gettext_lazy("Unit"), hxl="#indicator+unit"),
        Column("target", gettext_lazy("Target"), hxl="#indicator+target"),
        Column("there_is", gettext_lazy("There is"), NUMBER, "#x_indicator+have+num", outside=AS_IS),
        Column(
            "it_takes",
            gettext_lazy("It takes"),
            NUMBER,
            "#x_indicator+needed+num",
            gettext_lazy("What the target takes for the people who are there, rounded up."),
            AS_IS,
        ),
    )
    zone_columns = (
        Column("zone", gettext_lazy("Zone"), hxl="#loc+zone+name"),
        Column("meant_for", gettext_lazy("Meant for"), hxl="#loc+zone+type"),
        Column("capacity", gettext_lazy("Capacity"), NUMBER, "#capacity+beds+num", outside=AS_IS),
        Column("present", gettext_lazy("Present"), NUMBER, "#affected+migrants+ind+total", outside=COUNT),
        Column("free", gettext_lazy("Free"), NUMBER, means=gettext_lazy("Below zero: too many.")),
        Column("share", gettext_lazy("Occupied (%)"), NUMBER),
    )

    def tables(self, filters) -> list[Table]:
        shelter, moment = filters["shelter"], filters["as_of"]
        zones = cache(lambda: by_zone(shelter, moment))

        def found():
            known = facts(shelter, moment)
            return as_told(known, zones()[0]) if filters.get("outside") else known

        return [
            Table(
                "zones",
                _("Occupancy by zone"),
                self.zone_columns,
                lambda: [zone_row(*each) for each in zones()[0]],
                draw=draw,
                foot=lambda _rows: (_("All people"), None, *places(shelter.capacity, zones()[1])),
                comes_and_goes=lambda row: row[0].code != "",
            ),
            Table(
                "sphere",
                _("Sphere standards"),
                self.columns,
                lambda: board(found()),
                note=_(
                    "Meals count what was recorded for somebody; those counted by thumb are not added. "
                    "Blankets, mats and clothes: what the people present were given here."
                ),
            ),
        ]


def zone_row(zone, people) -> tuple:
    if zone is None:
        return (Coded("", _("No zone")), None, None, people, None, None)
    meant_for = Coded(zone.meant_for, zone.get_meant_for_display())
    return (Coded(zone.code, zone.name), meant_for, *places(zone.capacity, people))


def places(capacity, people) -> tuple:
    """capacity, present, free, share"""
    if capacity is None:
        return None, people, None, None
    return capacity, people, capacity - people, share(people, capacity)


def draw(rows) -> Chart:
    """People within the capacity, people beyond it, places left."""
    known = [(row[2] if row[2] is not None else row[3], row[3]) for row in rows]
    series = [
        (_("Present"), [min(people, capacity) for capacity, people in known]),
        (_("More than fit"), [max(people - capacity, 0) for capacity, people in known]),
        (_("Free"), [max(capacity - people, 0) for capacity, people in known]),
    ]
    about = _("Each zone: people present, people beyond its capacity, places left.")
    return Chart("stacked", "occupied", _("Occupancy by zone"), about, [row[0] for row in rows], series)
