"""What was given, to whom, when: meals, things, care and advice.

Nothing here reads or writes the database; `Given` becomes a row in palillo.py.
"""

from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from intake.demo.days import at, between
from intake.demo.guests import Guest, by_family
from intake.demo.needs import drawn

MEALS = (("FOOD-BRK", (7, 10)), ("FOOD-LUN", (13, 16)), ("FOOD-DIN", (19, 21)))
DAYS = range(4, 13)
LINES = 8
# The worst evening: for three quarters of an hour half the lines of the dinner could only count by thumb.
SCANNERS_DOWN = at(7, 19, 40), at(7, 20, 25)
LINES_DOWN = range(4, LINES)
OPEN_HOURS = (9, 0), (18, 30)
CLOTHES = {"CLO-UND": 0.6, "CLO-SET": 0.5, "CLO-JKT": 0.45, "CLO-SHO": 0.3}

# How many on each day of November. As published: 800 consultations and 600 calls on the fullest days; on the
# 8th and 9th 90 dental, 108 wounds, 100 tetanus and 200 influenza. The rest is assumed.
DAILY = {
    "MED-CON": {4: 20, 5: 200, 6: 420, 7: 600, 8: 800, 9: 800, 10: 60, 11: 20, 12: 12},
    "MED-DEN": {8: 50, 9: 40},
    "MED-CUR": {8: 62, 9: 46},
    "MED-VTD": {8: 55, 9: 45},
    "MED-VIN": {8: 120, 9: 80},
    "MED-PRE": {7: 12, 8: 14},
    "PSS-IND": {6: 20, 7: 30, 8: 40, 9: 30},
    "PSS-CFS": {6: 90, 7: 160, 8: 200, 9: 120, 10: 20, 11: 15},
    "RFL-CAL": {5: 150, 6: 350, 7: 600, 8: 600, 9: 450, 10: 60, 11: 20, 12: 12},
    "LEG-INF": {6: 120, 7: 180, 8: 160, 9: 60},
    "LEG-ASY": {6: 40, 7: 70, 8: 80, 9: 40},
    "LEG-HUM": {6: 25, 7: 40, 8: 50, 9: 25},
    "LEG-RET": {7: 15, 8: 20, 9: 12},
}
ELIGIBLE = {
    "MED-PRE": lambda member: member.sex == "F" and 16 <= member.age <= 42,
    "PSS-CFS": lambda member: 3 <= member.age <= 12,
    "RFL-CAL": lambda member: member.age >= 15,
    "LEG": lambda member: member.age >= 18,
}
OUTCOMES = {
    "LEG-INF": {"INFO": 1},
    "LEG-ASY": {"ASY-WISH": 40, "ASY-APPT": 22, "INFO": 20, "FOLLOW": 12, "DECLINED": 6},
    "LEG-HUM": {"TVRH-REQ": 45, "INFO": 35, "FOLLOW": 20},
    "LEG-RET": {"RET-WISH": 60, "CONS": 20, "INFO": 20},
}
LOST = "Se le perdió el primero."
# The seed family: member in order of age, service, when, outcome.
SEED = (
    (0, "RFL-CAL", at(5, 17, 40), ""),
    (6, "MED-CON", at(6, 9, 35), ""),
    (3, "CLO-UND", at(6, 11, 22), ""),  # Ale chooses socks
    (3, "CLO-JKT", at(6, 11, 24), ""),
    (5, "CLO-SHO", at(6, 11, 27), ""),
    (4, "PSS-CFS", at(6, 16, 10), ""),
    (5, "PSS-CFS", at(6, 16, 10), ""),
    (0, "LEG-INF", at(7, 10, 30), "INFO"),
    (6, "PSS-CFS", at(8, 12, 15), ""),
    (0, "LEG-ASY", at(9, 12, 5), "ASY-WISH"),
    (0, "LEG-ASY", at(12, 10, 20), "ASY-APPT"),
)


class Given(NamedTuple):
    guest: Guest
    code: str
    at: datetime
    outcome: str = ""
    override: str = ""
    line: int | None = None  # of the eight at which food is handed out


def given(rng: Random, guests: list[Guest]) -> list[Given]:
    """Everything that was given, in order of time; always while the person was there."""
    families = by_family(guests)
    known = [guest for guest in guests if guest.is_known and not guest.is_seed]
    rows = meals(rng, families) + on_arrival(rng, families) + for_the_road(rng, families)
    rows += clothes(rng, [family for family in families if family[0].is_known and not family[0].is_seed])
    rows += for_babies(rng, known)
    rows += by_the_day(rng, known) + advice_to_those_who_remain(rng, known) + seed_family(families[0])
    rows.sort(key=lambda row: row.at)
    return rows


def meals(rng: Random, families) -> list[Given]:
    """A family comes to the line together; nine in ten of those present eat each meal."""
    rows = []
    for day in DAYS:
        for code, (opens, closes) in MEALS:
            for family in families:
                moment = between(rng, at(day, opens), at(day, closes))
                if not family[0].is_present(moment) or rng.random() > 0.93:
                    continue
                line = rng.randrange(LINES)
                rows += [Given(guest, code, moment, line=line) for guest in family if rng.random() < 0.97]
    return rows


def by_thumb(row: Given) -> bool:
    """Served without a name while the scanners stood still: these go into the tally and nowhere else."""
    start, end = SCANNERS_DOWN
    return row.line in LINES_DOWN and start <= row.at < end


def on_arrival(rng: Random, families) -> list[Given]:
    """A blanket within the hour, often a second one for the night; a hygiene kit the day after."""
    rows = []
    for family in families:
        came = family[0].stay.in_at
        blanket, second = came + _minutes(rng, 5, 50), came + _minutes(rng, 90, 300)
        kit = came + _minutes(rng, 600, 1500)
        for guest in family:
            rows += _if_present(guest, "NFI-BLK", blanket, rng.random() < 0.86)
            rows += _if_present(guest, "NFI-BLK", second, rng.random() < 0.2)
            rows += _if_present(guest, "HYG-KIT", kit, guest.is_known and rng.random() < 0.6)
    again = [
        row for row in rows if row.code == "HYG-KIT" and row.guest.is_present(row.at + timedelta(days=1))
    ]
    return rows + [row._replace(at=row.at + timedelta(days=1), override=LOST) for row in rng.sample(again, 8)]


def for_the_road(rng: Random, families) -> list[Given]:
    """A food pack in the last hour for those who walk north."""
    rows = []
    for family in families:
        left = family[0].stay.out_at
        if left and family[0].stay.out_to == "north" and rng.random() < 0.6:
            pack = Given(family[0], "FOOD-PCK", left - _minutes(rng, 5, 40), line=rng.randrange(LINES))
            rows += [pack._replace(guest=guest) for guest in family if guest.is_present(pack.at)]
    return rows


def clothes(rng: Random, families) -> list[Given]:
    """One visit to the table the day after arrival; some come a second time for what may be had twice."""
    rows = []
    for family in families:
        day = family[0].stay.in_on.day
        visit, again = (between(rng, at(day + days, 10), at(day + days, 18)) for days in (1, 2))
        comes_again = rng.random() < 0.15
        for guest in family:
            for code, share in CLOTHES.items():
                rows += _if_present(guest, code, visit, rng.random() < share)
            rows += _if_present(guest, "CLO-UND", again, comes_again)
    return rows


def for_babies(rng: Random, guests: list[Guest]) -> list[Given]:
    """Nappies every other day for those under three, and clothes once for those under two."""
    rows = []
    for guest in guests:
        if guest.member.age > 2:
            continue
        first = guest.stay.in_on.day + 1
        for day in range(first, DAYS.stop):
            rows += _if_present(guest, "HYG-DIA", between(rng, at(day, 10), at(day, 18)), rng.random() < 0.5)
        takes = guest.member.age < 2 and rng.random() < 0.6
        rows += _if_present(guest, "CLO-BAB", between(rng, at(first, 10), at(first, 18)), takes)
    return rows


def by_the_day(rng: Random, guests: list[Guest]) -> list[Given]:
    rows = []
    for code, days in DAILY.items():
        eligible = ELIGIBLE.get(code) or ELIGIBLE.get(code[:3]) or (lambda member: True)
        among = [guest for guest in guests if eligible(guest.member)]
        for day, count in days.items():
            rows += (today := _some(rng, among, code, day, count))
            if code.startswith("MED-V"):  # a vaccine once
                served = {id(row.guest) for row in today}
                among = [guest for guest in among if id(guest) not in served]
    return rows


def _some(rng, among, code, day, count) -> list[Given]:
    """So many different guests who are in the shelter during opening hours of that day."""
    rows = []
    for guest in rng.sample(among, len(among)):
        if len(rows) == count:
            break
        if moment := _while_open(rng, guest, day):
            rows.append(Given(guest, code, moment, _outcome(rng, code)))
    return rows


def _while_open(rng, guest, day) -> datetime | None:
    opens, closes = (at(day, *clock) for clock in OPEN_HOURS)
    start = max(opens, guest.stay.in_at + timedelta(minutes=10))
    end = min(closes, guest.stay.out_at or closes)
    return between(rng, start, end) if end - start > timedelta(minutes=20) else None


def advice_to_those_who_remain(rng: Random, guests: list[Guest]) -> list[Given]:
    """Every adult of the 170: refuge or the humanitarian card, or the way home."""
    rows = []
    for guest in guests:
        if guest.party.outcome and guest.member.is_adult:
            code = "LEG-RET" if guest.party.outcome == "return" else rng.choice(("LEG-ASY", "LEG-HUM"))
            moment = between(rng, at(11, 9), at(12, 14))
            rows.append(Given(guest, code, _by_day(moment), _outcome(rng, code)))
    return rows


def _by_day(moment) -> datetime:
    """Nobody gives advice at night."""
    return moment if 9 <= moment.hour < 18 else moment.replace(hour=9 + moment.hour % 9)


def seed_family(family: list[Guest]) -> list[Given]:
    return [Given(family[member], code, moment, outcome) for member, code, moment, outcome in SEED]


def _outcome(rng, code) -> str:
    return drawn(rng, OUTCOMES[code]) if code in OUTCOMES else ""


def _minutes(rng, least, most) -> timedelta:
    return timedelta(seconds=rng.randrange(least * 60, most * 60))


def _if_present(guest, code, moment, takes) -> list[Given]:
    return [Given(guest, code, moment)] if takes and guest.is_present(moment) else []
