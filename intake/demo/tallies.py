"""Counted by thumb: the dinner of the worst evening at the lines that stood still, and water. Unsaved rows."""

from collections import Counter
from datetime import datetime, timedelta
from random import Random

from intake.demo.days import at, between
from intake.demo.guests import identity
from intake.demo.party import Member
from intake.demo.services import Given
from intake.demo.site import DESKS, Cast
from intake.models import Tally

Who = Tally.Who
IN_A_HURRY = 0.08  # presses of "unknown" where one could have seen who it was
TAKEN_BACK = 3
WATER = {5: 50, 6: 70, 7: 80, 8: 70, 9: 40}  # presses on each day
WATER_LINES = DESKS["FOOD"][:3]
WATER_TO = {Who.MEN: 52, Who.WOMEN: 18, Who.BOYS: 12, Who.GIRLS: 12, Who.UNKNOWN: 6}


def tallies(rng: Random, cast: Cast, uncounted: list[Given]) -> list[Tally]:
    """In order of time. `uncounted` are the meals that nobody could record by name."""
    rows = dinner(rng, cast, uncounted) + water(rng, cast)
    for row in rng.sample(rows, TAKEN_BACK):
        rows.append(tally(rng, cast, row.service_type_id, row.line, row.counted_at, row.who, row.people))
        rows[-1].cancelled_at = rows[-1].counted_at + timedelta(seconds=4)
    return sorted(rows, key=lambda row: (row.counted_at, row.pk))


def dinner(rng: Random, cast: Cast, uncounted: list[Given]) -> list[Tally]:
    """A press or several for each family that came to the line."""
    presses = Counter()
    for row in uncounted:
        who = Who.UNKNOWN if rng.random() < IN_A_HURRY else who_is(row.guest.member)
        presses[row.code, DESKS["FOOD"][row.line], row.at, who] += 1
    return [tally(rng, cast, *press, people) for press, people in presses.items()]


def water(rng: Random, cast: Cast) -> list[Tally]:
    """For groups as they came: the pad counts one, five or ten."""
    rows = []
    for day, presses in WATER.items():
        for _ in range(presses):
            moment = between(rng, at(day, 10), at(day, 17))
            who = rng.choices(list(WATER_TO), list(WATER_TO.values()))[0]
            people = rng.choices((1, 5, 10), (5, 3, 2))[0]
            rows.append(tally(rng, cast, "FOOD-WAT", rng.choice(WATER_LINES), moment, who, people))
    return rows


def who_is(member: Member) -> str:
    """What somebody at the line sees."""
    grown_up, child = {"M": (Who.MEN, Who.BOYS), "F": (Who.WOMEN, Who.GIRLS)}.get(
        member.sex, (Who.UNKNOWN,) * 2
    )
    return Who.UNKNOWN if member.age is None else grown_up if member.is_adult else child


def tally(rng, cast, code: str, line: str, moment: datetime, who: str, people: int) -> Tally:
    colleagues = cast.staff["volunteer"]
    return Tally(
        id=identity(rng, moment),
        shelter=cast.shelter,
        service_type_id=code,
        line=line,
        counted_at=moment,
        counted_on=cast.shelter.day_of(moment),
        slot=cast.shelter.meal_at(moment),
        who=who,
        people=people,
        recorded_by=colleagues[DESKS["FOOD"].index(line) % len(colleagues)],
    )
