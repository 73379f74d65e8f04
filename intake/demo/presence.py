"""Who left together, who was counted and seen at night, and what the coordinator had to look at."""

from collections import Counter
from datetime import datetime, timedelta
from random import Random

from intake.demo.days import NOON_AFTER, at
from intake.demo.guests import Guest, identity
from intake.demo.site import Cast
from intake.models import Alert, Departure, Headcount, Sighting

TOGETHER = 10  # so many leaving for the same place within an hour are one departure
COUNTED_AT = tuple(at(day, *clock) for day in range(4, 13) for clock in ((6, 30), (23, 0)))
ROUNDS = tuple(at(day, 22) for day in range(5, 10)), tuple(at(day, 22) for day in (10, 11))
TENTS_OF_ROUNDS = ("J", "G")
UNSEEN = 4  # families of those who remain whom nobody saw last night
OPEN = {Alert.Kind.UNACCOMPANIED: 4, Alert.Kind.LEFT_ALONE: 3}
NOTES = {
    Alert.Kind.UNACCOMPANIED: (
        "Entrevista con protección; duerme en la carpa J.",
        "Canalización a la Procuraduría de Protección.",
        "Habló por teléfono con su familia.",
        "Acompañamiento del DIF desde hoy.",
    ),
    Alert.Kind.LEFT_ALONE: (
        "Se avisó a la Procuraduría de Protección.",
        "Se habló con su familia; sigue el camino con conocidos.",
        "Se avisó al albergue que sigue en el camino.",
    ),
}


def departures(rng: Random, cast: Cast, guests: list[Guest]) -> list[Departure]:
    """Many who left within the same hour in the same direction are one departure, and their stays say so."""
    groups: dict[tuple, list[Guest]] = {}
    for guest in guests:
        if left := guest.stay.out_at:
            groups.setdefault((left.replace(minute=0, second=0), guest.stay.out_to), []).append(guest)
    rows = []
    for (_hour, to), group in groups.items():
        if len(group) < TOGETHER:
            continue
        left_at = max(guest.stay.out_at for guest in group)
        rows.append(departure := departure_row(rng, cast, to, left_at))
        for guest in group:  # one press ends all their stays at one moment, and can be undone
            guest.stay.departure, guest.stay.out_at = departure, left_at
    return sorted(rows, key=lambda row: row.left_at)


def departure_row(rng, cast, to, left_at) -> Departure:
    return Departure(
        id=identity(rng, left_at),
        shelter=cast.shelter,
        left_at=left_at,
        left_on=cast.shelter.day_of(left_at),
        to=to,
        by=rng.choice(cast.staff["volunteer"]),
    )


def headcounts(rng: Random, cast: Cast, guests: list[Guest]) -> list[Headcount]:
    """Each tent in the morning and at night, while anybody is registered there."""
    rows = []
    for moment in COUNTED_AT:
        registered = Counter(guest.stay.zone.code for guest in guests if guest.is_present(moment))
        for minute, (code, zone) in enumerate(cast.zones.items()):
            if registered[code]:
                counted_at = moment + timedelta(minutes=minute)
                rows.append(headcount(rng, cast, zone, counted_at, registered[code]))
    return rows


def headcount(rng, cast, zone, counted_at, registered) -> Headcount:
    """Near the register: some are at the gate, some sleep where friends do."""
    people = max(registered + round(rng.gauss(-0.004 * registered, 1 + 0.006 * registered)), 0)
    return Headcount(
        id=identity(rng, counted_at),
        shelter=cast.shelter,
        zone=zone,
        counted_at=counted_at,
        counted_on=cast.shelter.day_of(counted_at),
        people=people,
        without_card=min(rng.randrange(2 + registered // 60), people),
        registered=registered,
        by=rng.choice(cast.staff["volunteer"]),
    )


def sightings(rng: Random, cast: Cast, guests: list[Guest]) -> list[Sighting]:
    """Night rounds of the stadium's days: the two tents that need an eye, then those who remain."""
    nights, last_nights = ROUNDS
    watched = [guest for guest in guests if guest.stay.zone.code in TENTS_OF_ROUNDS]
    remain = [guest for guest in guests if guest.is_present(NOON_AFTER)]
    rows = [row for night in nights for row in night_round(rng, cast, night, watched, 0.94)]
    return rows + [row for night in last_nights for row in night_round(rng, cast, night, remain, 0.97)]


def last_night(rng: Random, cast: Cast, guests: list[Guest], now: datetime) -> list[Sighting]:
    """The round before `now`: of those who remain all but a few families."""
    remain = [guest for guest in guests if guest.is_present(NOON_AFTER)]
    yesterday = cast.shelter.local(now) - timedelta(days=1)
    heads = [guest.family.pk for guest in remain if guest.person.position == 0 and not guest.is_seed]
    unseen = set(rng.sample(heads, min(UNSEEN, len(heads))))
    seen = [guest for guest in remain if guest.family.pk not in unseen]
    return night_round(rng, cast, yesterday.replace(hour=22, minute=0, second=0, microsecond=0), seen, 1)


def night_round(rng, cast, begins, guests, share) -> list[Sighting]:
    """From card to card; whoever is asleep elsewhere is not seen."""
    rows, by = [], rng.choice(cast.staff["volunteer"])
    there = [guest for guest in guests if guest.is_present(begins) and rng.random() < share]
    for number, guest in enumerate(there):
        seen_at = begins + timedelta(seconds=11 * number)
        rows.append(
            Sighting(
                id=identity(rng, seen_at), person=guest.person, zone=guest.stay.zone, seen_at=seen_at, by=by
            )
        )
    return rows


def alerts(rng: Random, cast: Cast, guests: list[Guest]) -> list[Alert]:
    """Of the adolescents without an adult: on arrival, and when they left with nobody. Most are settled."""
    kinds = Alert.Kind
    teens = [guest for guest in guests if "teen" in guest.party.shape and not guest.member.is_adult]
    alone = [guest for guest in teens if guest.party.shape == "teens" and guest.stay.out_to != "shelter"]
    rows = [alert(rng, cast, kinds.UNACCOMPANIED, guest, guest.stay.in_at) for guest in teens]
    rows += [alert(rng, cast, kinds.LEFT_ALONE, guest, guest.stay.out_at) for guest in alone]
    for kind, count in OPEN.items():
        for row in rng.sample(of_kind := [row for row in rows if row.kind == kind], min(count, len(of_kind))):
            row.settled_at, row.settled_by, row.note = None, None, ""
    return sorted(rows, key=lambda row: (row.raised_at, row.pk))


def alert(rng, cast, kind, guest, raised_at) -> Alert:
    return Alert(
        id=identity(rng, raised_at),
        shelter=cast.shelter,
        kind=kind,
        person=guest.person,
        departure=guest.stay.departure if kind == Alert.Kind.LEFT_ALONE else None,
        raised_at=raised_at,
        settled_at=raised_at + timedelta(minutes=rng.randrange(25, 900)),
        settled_by=cast.coordinator,
        note=rng.choice(NOTES[kind]),
    )
