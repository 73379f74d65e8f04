"""Numbers of the four lines: two full days of the stadium, and the day on which the demo is made. Nothing is stored.

What was handed out at a line tells who had waited there; on the last day families who remain wait now.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

from intake.demo.days import NOON_AFTER, at, between
from intake.demo.guests import Guest, identity
from intake.demo.services import Given
from intake.demo.site import Cast
from intake.models import PersonNeed, Ticket

Line, State, Priority = Ticket.Line, Ticket.State, Ticket.Priority
DAYS_WITH_NUMBERS = (8, 9)
LINE_OF = {"CLO": Line.CLOTHING, "MED": Line.HEALTH, "LEG": Line.LEGAL, "RFL": Line.CALLS}
DESKS = {
    Line.CLOTHING: ("clothing 1", "clothing 2"),
    Line.HEALTH: ("health 1", "health 2"),
    Line.LEGAL: ("legal 1", "legal 2"),
    Line.CALLS: ("registration 9", "registration 10"),
}
GONE_A_DAY = 9
GAP = 1024  # between two turns, as where numbers are given
# Today: how many were served, how many wait, and how long one turn takes in minutes.
TODAY = {
    Line.CLOTHING: (9, 5, 4),
    Line.HEALTH: (6, 4, 6),
    Line.LEGAL: (4, 2, 12),
    Line.CALLS: (7, 4, 5),
}
# Who came last without a card, and how many with them: their turn is earlier.
FIRST_TODAY = {
    Line.CLOTHING: (Priority.INFANT, 2),
    Line.HEALTH: (Priority.PREGNANT, 1),
    Line.CALLS: (Priority.DISABILITY, 1),
}
PRIORITY_OF_NEED = {"X-PR": Priority.PREGNANT, "DS-PM": Priority.DISABILITY}


def tickets(
    rng: Random, cast: Cast, everything: Iterable[Given], families: list[list[Guest]]
) -> list[Ticket]:
    """Those of the stadium's days: served, and some who did not come."""
    lines: dict[tuple[int, str], dict[int, list[Given]]] = {}
    for row in everything:
        line = LINE_OF.get(row.code.partition("-")[0])
        if line and row.at.day in DAYS_WITH_NUMBERS:
            visit = lines.setdefault((row.at.day, line), {}).setdefault(id(row.guest.party), [])
            visit.append(row)
    of = {id(family[0].party): family for family in families}
    rows = []
    for (day, line), visits in sorted(lines.items()):
        there = [served(rng, cast, line, of[party], visit) for party, visit in visits.items()]
        there += [gone(rng, cast, line, day, family) for family in some_present(rng, families, day)]
        rows += numbered(there)
    return rows


def ticket(rng, cast, line, family, queued_at, **fields) -> Ticket:
    """A number for a family, or for somebody nobody knows by a card; without its number yet."""
    return Ticket(
        id=identity(rng, queued_at),
        shelter=cast.shelter,
        line=line,
        queued_on=cast.shelter.day_of(queued_at),
        family=family[0].family if family else None,
        priority=priority_of(family),
        queued_at=queued_at,
        queued_by=rng.choice(cast.staff["volunteer"]),
        **fields,
    )


def served(rng, cast, line, family, visit: list[Given]) -> Ticket:
    """Called some minutes before what they received, after a wait."""
    called_at = visit[0].at - minutes(rng, 1, 6)
    return ticket(
        rng,
        cast,
        line,
        family,
        max(called_at - minutes(rng, 4, 55), family[0].family.registered_at),
        people=len({row.guest.person.pk for row in visit}),
        state=State.DONE,
        desk=rng.choice(DESKS[line]),
        called_at=called_at,
        ended_at=visit[0].at + minutes(rng, 1, 5),
    )


def some_present(rng, families, day) -> list[list[Guest]]:
    there = [family for family in families if family[0].is_present(at(day, 9)) and not family[0].is_seed]
    return rng.sample([family for family in there if family[0].is_present(at(day, 19))], GONE_A_DAY)


def gone(rng, cast, line, day, family) -> Ticket:
    """Called twice in vain."""
    queued_at = between(rng, at(day, 9), at(day, 17))
    called_at = queued_at + minutes(rng, 20, 60)
    times = {"called_at": called_at, "ended_at": called_at + minutes(rng, 3, 8)}
    desk = rng.choice(DESKS[line])
    return ticket(rng, cast, line, family, queued_at, state=State.GONE, no_shows=2, desk=desk, **times)


def priority_of(family) -> str:
    """What anybody sees who looks at them; of those who refused nothing is kept."""
    ages = [guest.member.age for guest in family or () if guest.is_known]
    if ages and min(ages) == 0:
        return Priority.INFANT
    return Priority.OLDER if ages and max(ages) >= 60 else Priority.NONE


def prefer(rows: Iterable[Ticket], needs: Iterable[PersonNeed]) -> None:
    """Also whoever said at the desk that she is pregnant, or that walking is hard."""
    said = {
        need.person.family_id: PRIORITY_OF_NEED[need.need_id]
        for need in needs
        if need.need_id in PRIORITY_OF_NEED and need.state != PersonNeed.State.RULED_OUT
    }
    for row in rows:
        row.priority = row.priority or said.get(row.family_id, Priority.NONE)


def numbered(rows: list[Ticket]) -> list[Ticket]:
    """Numbers in the order they queued, turns in the order they were called."""
    rows.sort(key=lambda row: (row.queued_at, row.pk))
    for number, row in enumerate(rows, start=1):
        row.number = number
    for place, row in enumerate(sorted(rows, key=lambda row: (row.called_at, row.pk)), start=1):
        row.turn = place * GAP
    return rows


def minutes(rng, least, most) -> timedelta:
    return timedelta(seconds=rng.randrange(least * 60, most * 60))


def tickets_of_today(rng: Random, cast: Cast, families: list[list[Guest]], now: datetime) -> list[Ticket]:
    """A queue at work: some served, one called at each line, others waiting. The same families, whatever the day."""
    remain = [family for family in families if family[0].is_present(NOON_AFTER)]
    rng.shuffle(remain)
    rows = []
    for line, (done, waiting, pace) in TODAY.items():
        turns = [
            turn_of_today(rng, cast, line, remain.pop() if remain else None, now, place * pace)
            for place in range(-done, waiting + 1)
        ]
        if line in FIRST_TODAY:
            last, turns[-1].family = turns[-1], None
            last.priority, last.people = FIRST_TODAY[line]
        rows += in_line(turns)
    keep_to_today(rows, cast, now)
    return rows


def turn_of_today(rng, cast, line, family, now, due: int) -> Ticket:
    """Called `due` minutes from now; before now they are served, at zero they were called just now."""
    # The waits differ by less than one turn takes: nobody is called before who came earlier.
    queued_at = now + timedelta(minutes=due - rng.randrange(28, 32), seconds=rng.randrange(50))
    people = len(family) if family else 1
    row = ticket(rng, cast, line, family, min(queued_at, now - minutes(rng, 2, 4)), people=people)
    if due > 0:
        return row
    row.desk = rng.choice(DESKS[line])
    row.state, row.called_at = State.CALLED, now + timedelta(minutes=due) - minutes(rng, 1, 3)
    if due < 0:
        row.state, row.ended_at = State.DONE, row.called_at + minutes(rng, 1, 3)
        if rng.random() < 0.1:
            row.state, row.no_shows = State.GONE, 2
    return row


def keep_to_today(rows: list[Ticket], cast: Cast, now: datetime) -> None:
    """Soon after midnight nobody waits since yesterday."""
    midnight = cast.shelter.local(now).replace(hour=0, minute=0, second=0, microsecond=0)
    for row in rows:
        row.queued_on = cast.shelter.day_of(now)
        for name in ("queued_at", "called_at", "ended_at"):
            if moment := getattr(row, name):
                setattr(row, name, max(moment, midnight))


def in_line(rows: list[Ticket]) -> list[Ticket]:
    """Numbers as they came; a priority stands after the one who is next and after earlier priorities."""
    rows.sort(key=lambda row: (row.queued_at, row.pk))
    order: list[Ticket] = []
    over = sum(row.state != State.WAITING for row in rows)
    for number, row in enumerate(rows, start=1):
        row.number = number
        place = len(order)
        if row.state == State.WAITING and row.priority:
            earlier = [i for i, other in enumerate(order) if i >= over and other.priority]
            place = min(place, max([over, *earlier]) + 1)
        order.insert(place, row)
    for place, row in enumerate(order, start=1):
        row.turn = place * GAP
    return rows
