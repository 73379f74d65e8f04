"""The clothes tables and the store room: donated, handed out with a service, counted anew. Nothing is stored here."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from intake.demo.days import at, between
from intake.demo.guests import identity
from intake.demo.needs import drawn
from intake.demo.services import DAYS, Given
from intake.demo.site import DESKS, Cast
from intake.models import GoodsMovement, ServiceReceived

Kind = GoodsMovement.Kind
OPENS = timedelta(hours=8)  # what was donated in the morning lasts until the next
PACK = 10
SPARE = 1.5
LAST_DONATIONS, STILL_BRINGING = 10, 11
COUNTED_AT = at(11, 19)
LOW = 9  # so many kinds of things of one size are nearly gone after the count
THINGS = {
    "CLO-UND": {"SOCKS": 1, "UNDERWEAR": 1},
    "CLO-SET": {"T-SHIRT": 1, "TROUSERS": 1},
    "CLO-JKT": {"JACKET": 1},
    "CLO-SHO": {"SHOES": 1},
    "CLO-BAB": {"BABY-SET": 1},
    "HYG-DIA": {"NAPPIES": 1},
    "NFI-BLK": {"BLANKET": 1},
}
THINGS_FOR_WOMEN = {**THINGS, "CLO-SET": {"T-SHIRT": 3, "TROUSERS": 2, "DRESS": 2}}
STORE = "bodega"
KEPT_IN_STORE = ("NFI", "HYG")
DONATED_BY = {
    "BLANKET": ("cruz-roja", "dif-cdmx", "acnur"),
    "NAPPIES": ("dif-cdmx", "parroquia"),
    "": ("parroquia", "voluntariado", "voluntariado", "dif-cdmx"),
}
NEVER_ASKED_FOR = (("BACKPACK", "", 60), ("RAINCOAT", "S", 40), ("RAINCOAT", "M", 60), ("RAINCOAT", "L", 60))
LETTERS = {
    "teen": {"S": 55, "M": 35, "L": 10},
    "F": {"S": 35, "M": 40, "L": 20, "XL": 5},
    "M": {"S": 15, "M": 45, "L": 30, "XL": 10},
}
# The youngest ages first: up to which age a size is worn.
OUTGROWN = {
    "SOCKS": ((2, "0-2"), (6, "3-6"), (12, "7-12")),
    "BABY-SET": ((0, "6-12m"), (1, "12-24m")),
    "NAPPIES": ((0, "CH"), (1, "M"), (2, "G")),
    "SHOES": ((7, "18-21"), (12, "22-24")),
    "": ((4, "2-4"), (8, "6-8"), (12, "10-12")),
}
SHOES = {
    "F": {"22-24": 65, "25-26": 35},
    "M": {"25-26": 40, "27-28": 50, "29-31": 10},
}


class Shelf(NamedTuple):
    """Where something of one size lies."""

    station: str
    goods: str
    size: str


def movements(
    rng: Random, cast: Cast, received: Iterable[tuple[Given, ServiceReceived]]
) -> list[GoodsMovement]:
    """In order of time; no shelf is ever below zero."""
    handed = [handed_out(rng, cast, event, row) for event, row in received if event.code in THINGS]
    rows = donations(rng, cast, demand_of(handed)) + handed
    rows += counted_anew(rng, cast, rows)
    return sorted(rows, key=lambda row: (row.moved_at, row.change < 0, row.pk))


def handed_out(rng, cast, event, row) -> GoodsMovement:
    """A thing of a fitting size, from the table where the service was recorded or from the store."""
    member, code = event.guest.member, event.code
    is_woman = member.sex == "F" and (member.age or 0) > 4
    goods = drawn(rng, (THINGS_FOR_WOMEN if is_woman else THINGS)[code])
    if event.guest.is_seed and code == "CLO-UND":
        goods = "SOCKS"  # as Ale chose
    table = STORE if code.startswith(KEPT_IN_STORE) else f"ropa-{DESKS['CLO'].index(row.desk) + 1}"
    shelf = Shelf(table, goods, size_for(rng, goods, member))
    return movement(rng, cast, shelf, Kind.HANDED_OUT, -1, row.given_at, row.recorded_by, service=row)


def size_for(rng: Random, goods: str, member) -> str:
    """One of the sizes of these goods; none where they have none."""
    if goods == "BLANKET":
        return ""
    age = member.age if member.age is not None else 30
    for oldest, size in OUTGROWN.get(goods, OUTGROWN[""]):
        if age <= oldest:
            return size
    sex = "F" if member.sex == "F" else "M"
    if goods == "SHOES":
        return drawn(rng, SHOES[sex])
    letter = drawn(rng, LETTERS["teen" if age < 18 else sex])
    return "L" if goods == "SOCKS" and letter == "XL" else letter


def movement(rng, cast, shelf: Shelf, kind, change: int, moment: datetime, by, **fields) -> GoodsMovement:
    return GoodsMovement(
        id=identity(rng, moment),
        station=cast.stations[shelf.station],
        goods_id=shelf.goods,
        size=shelf.size,
        kind=kind,
        change=change,
        moved_at=moment,
        moved_on=cast.shelter.day_of(moment),
        by=by,
        **fields,
    )


def shelf_of(row: GoodsMovement) -> Shelf:
    return Shelf(row.station.code, row.goods_id, row.size)


def demand_of(handed: list[GoodsMovement]) -> dict[Shelf, Counter]:
    """How many of each thing were asked for on each day of the month, from one morning to the next."""
    demand: dict[Shelf, Counter] = {}
    for row in handed:
        demand.setdefault(shelf_of(row), Counter())[(row.moved_at - OPENS).day] -= row.change
    return demand


def donations(rng, cast, demand) -> list[GoodsMovement]:
    """In the morning, as many packs as the day takes and some more; in the last days only what is missing."""
    rows = [donation(rng, cast, Shelf(STORE, goods, size), 6, many) for goods, size, many in NEVER_ASKED_FOR]
    for shelf in sorted(demand):
        stock = 0
        for day in DAYS:
            taken = demand[shelf][day]
            if stock < taken:
                missing = taken * (SPARE if day < LAST_DONATIONS else 1) - stock
                rows.append(donation(rng, cast, shelf, day, PACK * -int(-missing // PACK)))
                stock += rows[-1].change
            stock -= taken
        if rng.random() < 0.7:  # the tents are nearly empty, and the neighbours still bring
            rows.append(donation(rng, cast, shelf, STILL_BRINGING, PACK * rng.randrange(1, 5)))
    return rows


def donation(rng, cast, shelf, day, many) -> GoodsMovement:
    """Between seven and eight in the morning."""
    giver = rng.choice(DONATED_BY.get(shelf.goods, DONATED_BY[""]))
    by = rng.choice(cast.staff["volunteer"])
    moment = between(rng, at(day, 7), at(day, 8))
    return movement(rng, cast, shelf, Kind.DONATION, many, moment, by, organization=cast.organizations[giver])


def counted_anew(rng, cast, rows) -> list[GoodsMovement]:
    """One evening near the end: a few fewer than written down, and of some things hardly any are left."""
    stock, later = Counter(), Counter()
    for row in rows:
        (stock if row.moved_at < COUNTED_AT else later)[shelf_of(row)] += row.change
    shelves = [shelf for shelf in sorted(stock) if stock[shelf] > PACK // 2]
    at_tables = [shelf for shelf in shelves if shelf.station != STORE]
    low = set(rng.sample(at_tables, min(LOW, len(at_tables))))
    by, counts = cast.staff["volunteer"][0], []
    for minute, shelf in enumerate(shelves):
        found = rng.randrange(1, 4) if shelf in low else round(stock[shelf] * rng.uniform(0.86, 1.03))
        change = max(found, -later[shelf]) - stock[shelf]
        if change:
            moment = COUNTED_AT + timedelta(seconds=40 * minute)
            counts.append(movement(rng, cast, shelf, Kind.COUNT, change, moment, by))
    return counts
