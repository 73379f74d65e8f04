"""The stadium of November 2018 with 4,874 invented people, in one transaction.

Whoever counts those present on 7 November at 23:00 finds the census the city published: 4,814 people, 3,088
adults, 1,726 minors, 310 aged 0–5, 24 pregnant, 31 unaccompanied adolescents, 184 adults with disability, 87
adults LGBTTTI; 85 % from Honduras, 8 % Guatemala, 5 % Nicaragua. On the way there 470, 940, 2,900 and 4,300;
afterwards 170. Their cards, meals by scan, tallies, numbers in line, clothes, departures and alerts are invented
around that.

No histories are written: history begins with the first correction.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from django.db import connection, transaction
from django.utils import timezone

from intake.demo import people, presence, queue, site
from intake.demo.cards import cards
from intake.demo.cuts import cuts
from intake.demo.goods import movements
from intake.demo.guests import Guest, by_family, identity
from intake.demo.needs import intentions, needs
from intake.demo.notes import notes
from intake.demo.party import Party
from intake.demo.services import Given, by_thumb, given
from intake.demo.site import Cast
from intake.demo.tallies import tallies
from intake.models import (
    Alert,
    Card,
    CardBatch,
    Cut,
    Departure,
    Family,
    GoodsMovement,
    Headcount,
    Intention,
    Person,
    PersonNeed,
    ServiceReceived,
    ServiceType,
    Sighting,
    Stay,
    Tally,
    Ticket,
)
from shelters import audit
from shelters.models import AccessEvent

SEED = 2018
BATCH = 2000

Progress = Callable[[str, int, int], None]


class AlreadyThere(Exception):
    """The stadium has families or cards: the demo would mix invented ones with them."""


def build(
    seed: int = SEED, progress: Progress = lambda what, done, total: None, now: datetime | None = None
) -> Counter:
    """Store everything, and say how many rows of each kind. The same seed gives the same rows.

    Only the queue of today and last night's round move with `now`. `progress(what, done, total)` is called
    before each batch and when a kind of row is complete.
    """
    with transaction.atomic():
        cast = open_site()
        rows = everything(seed, cast, now or timezone.now())
        counts = store_all(rows, progress)
        counts += store_all(notes(Random(f"{seed} notes"), rows[ServiceReceived]), progress)
        with connection.cursor() as cursor:  # else the first reports are planned as if the tables were empty
            cursor.execute("ANALYZE")
        counts += store_all({Cut: cuts(Random(f"{seed} cuts"), cast)}, progress)
        audit.record(audit.Action.FAMILY_REGISTERED, by=None, shelter=cast.shelter, demo_seed=seed, **counts)
    return counts


def open_today(progress: Progress = lambda what, done, total: None, now: datetime | None = None) -> Counter:
    """For a demo that was made on an earlier day: a queue at work today, and a round last night.

    Nothing when a number was given today already, or when nobody here is invented. Who has left since, or was joined
    into somebody else, does not queue.
    """
    now = now or timezone.now()
    seed = seed_of_the_demo()
    with transaction.atomic():
        cast = site.cast() if seed is not None else None
        if (
            not cast
            or Ticket.objects.filter(shelter=cast.shelter, queued_on=cast.shelter.day_of(now)).exists()
        ):
            return Counter()
        guests, _needs = registered(seed, cast)
        inside = set(Stay.objects.open().filter(shelter=cast.shelter).values_list("person", flat=True))
        here = [guest for guest in guests if guest.person.pk in inside]
        return store_all(of_today(seed, cast, here, now), progress)


def seed_of_the_demo() -> int | None:
    """As the trail tells; None where everybody is real."""
    events = AccessEvent.objects.filter(
        action=audit.Action.FAMILY_REGISTERED, detail__has_key="demo_seed", shelter__code="palillo"
    )
    return events.values_list("detail__demo_seed", flat=True).first()


def open_site() -> Cast:
    """The stadium and whoever works there. Raises AlreadyThere."""
    cast = site.cast()
    if cast.shelter.families.exists() or CardBatch.objects.filter(shelter=cast.shelter).exists():
        raise AlreadyThere(f"The shelter {cast.shelter.code} is already there, with families or cards")
    return cast


def everything(seed: int, cast: Cast, now: datetime) -> dict[type, list]:
    """The unsaved rows of each kind, each kind after those it refers to."""
    guests, person_needs = registered(seed, cast)
    families = by_family(guests)
    batches, all_cards = cards(Random(f"{seed} cards"), cast, families)
    departures = presence.departures(Random(f"{seed} departures"), cast, guests)
    events = given(Random(f"{seed} services"), guests)
    waiting = queue.tickets(Random(f"{seed} queue"), cast, events, families)
    queue.prefer(waiting, person_needs)
    today = of_today(seed, cast, guests, now)
    return {
        Family: [family[0].family for family in families],
        Person: [guest.person for guest in guests],
        Departure: departures,
        Stay: [guest.stay for guest in guests],
        CardBatch: batches,
        Card: all_cards,
        PersonNeed: person_needs,
        Intention: intentions(Random(f"{seed} plans"), guests),
        **received(seed, cast, events, {card.family_id for card in all_cards if card.family_id}),
        Ticket: waiting + today[Ticket],
        Headcount: presence.headcounts(Random(f"{seed} headcounts"), cast, guests),
        Sighting: presence.sightings(Random(f"{seed} rounds"), cast, guests) + today[Sighting],
        Alert: presence.alerts(Random(f"{seed} alerts"), cast, guests),
    }


def registered(seed: int, cast: Cast) -> tuple[list[Guest], list[PersonNeed]]:
    """Everybody with their stay and tent, and what they need."""
    rng = Random(f"{seed} register")
    guests = [guest for party in people.parties(seed) for guest in register(rng, cast, party)]
    person_needs = needs(Random(f"{seed} needs"), guests)
    find_tents(cast, guests, person_needs)
    return guests, person_needs


def of_today(seed: int, cast: Cast, guests: list[Guest], now: datetime) -> dict[type, list]:
    """The queue at work, and the round of last night: of the same families, whatever the day."""
    return {
        Ticket: queue.tickets_of_today(Random(f"{seed} today"), cast, by_family(guests), now),
        Sighting: presence.last_night(Random(f"{seed} last night"), cast, guests, now),
    }


def received(seed: int, cast: Cast, events: list[Given], holders: set) -> dict[type, list]:
    """What was given by name, what was only counted, and what left the shelves with it."""
    named = [event for event in events if not by_thumb(event)]
    services = service_rows(seed, cast, named, holders)
    received_with = zip(named, services, strict=True)
    return {
        ServiceReceived: services,
        Tally: tallies(Random(f"{seed} tallies"), cast, [event for event in events if by_thumb(event)]),
        GoodsMovement: movements(Random(f"{seed} goods"), cast, received_with),
    }


def register(rng: Random, cast: Cast, party: Party) -> list[Guest]:
    """The unsaved rows of a family: head first, everybody with one stay."""
    family = family_row(rng, cast, party)
    guests = []
    for position, member in enumerate(party.members):
        person = person_row(rng, family, position, member)
        if party.is_refused:
            person.reduce_to_counts(family.registered_on)
        guests.append(Guest(party, member, family, person, stay_row(rng, cast, party, person)))
    return guests


def family_row(rng, cast, party) -> Family:
    arrived_on = cast.shelter.day_of(party.arrived_at)
    travelled = party.days_on_the_road
    return Family(
        id=identity(rng, party.arrived_at),
        shelter=cast.shelter,
        registered_at=party.arrived_at,
        registered_on=arrived_on,
        registered_by=cast.staff["volunteer"][party.desk - 1],
        desk=f"registration {party.desk}",
        arrived_on=arrived_on,
        left_home_on=arrived_on - timedelta(days=travelled) if travelled is not None else None,
        language_id=party.language,
        notice=cast.notice,
        notice_answer=party.answer,
        comments=party.comments,
    )


def person_row(rng, family, position, member) -> Person:
    person = Person(
        id=identity(rng, family.registered_at),
        family=family,
        position=position,
        given_names=member.given_names,
        surnames=" ".join(member.surnames),
        known_as=member.known_as,
        sex=member.sex,
        relationship=member.relationship,
        origin_country=member.origin.country,
        origin_region_id=member.origin.region or None,
    )
    person.birth = member.birth
    return person


def stay_row(rng, cast, party, person) -> Stay:
    return Stay(
        id=identity(rng, party.arrived_at),
        person=person,
        shelter=cast.shelter,
        in_at=party.arrived_at,
        in_on=cast.shelter.day_of(party.arrived_at),
        out_at=party.left_at,
        out_on=cast.shelter.day_of(party.left_at) if party.left_at else None,
        out_to=party.out_to,
    )


def find_tents(cast: Cast, guests: list[Guest], person_needs: list[PersonNeed]) -> None:
    """In order of arrival. Most of those alone who asked for it sleep in the tent for LGBTTTI people."""
    asked = {need.person.pk for need in person_needs if need.need_id == "X-LG"}
    tents, found = site.Tents(cast.zones), {}
    for guest in sorted(guests, key=lambda guest: (guest.stay.in_at, guest.family.pk)):
        own_tent = guest.party.size == 1 and guest.person.pk in asked and guest.stay.in_at.second % 4
        if guest.family.pk not in found:
            found[guest.family.pk] = tents.place(guest.party, "lgbt" if own_tent else "")
        guest.stay.zone = found[guest.family.pk]


def service_rows(seed: int, cast: Cast, events: list[Given], holders: set) -> list[ServiceReceived]:
    """In order of time, each limited one under the next free number of its day or stay.

    `holders` are the families with a card: whoever of them came to a food line together is one scan.
    """
    rng, types, used = Random(f"{seed} tables"), ServiceType.objects.in_bulk(), Counter()
    rows, scans = [], {}
    for event in events:
        row = service_row(rng, cast, event, types[event.code])
        if event.line is not None and event.guest.family.pk in holders:
            visit = event.guest.family.pk, event.code, event.at
            row.scan = scans[visit] = scans.get(visit) or identity(rng, event.at)
        scope = None if event.override else row.limit_scope(event.guest.stay.pk)
        if scope:
            used[row.person_id, event.code, scope] += row.quantity
            row.limit_key = f"{scope}#{used[row.person_id, event.code, scope]}"
        rows.append(row)
    return rows


def service_row(rng, cast, event: Given, service_type) -> ServiceReceived:
    category = event.code.partition("-")[0]
    desks, givers = site.DESKS[category], site.given_by(event.code)
    table = rng.randrange(len(desks)) if event.line is None else event.line
    giver = rng.choice(givers) if event.line is None else givers[table % len(givers)]
    colleagues = cast.staff[site.RECORDED_BY.get(category, "volunteer")]
    return ServiceReceived(
        id=identity(rng, event.at),
        person=event.guest.person,
        service_type=service_type,
        organization=cast.organizations[giver],
        shelter=cast.shelter,
        given_at=event.at,
        given_on=cast.shelter.day_of(event.at),
        slot=cast.shelter.meal_at(event.at),
        outcome_id=event.outcome or None,
        desk=desks[table],
        recorded_by=colleagues[table % len(colleagues)],
        override_reason=event.override,
    )


def store_all(rows: dict[type, list], progress: Progress) -> Counter:
    for model, objects in rows.items():
        store(model, objects, progress)
    return Counter({model._meta.model_name: len(objects) for model, objects in rows.items()})


def store(model, objects: list, progress: Progress) -> None:
    what = model._meta.model_name
    for start in range(0, len(objects), BATCH):
        progress(what, start, len(objects))
        model.objects.bulk_create(objects[start : start + BATCH])
    progress(what, len(objects), len(objects))
