"""The stadium of November 2018 with 4,874 invented people, in one transaction.

Whoever counts those present on 7 November at 23:00 finds the census the city published: 4,814 people, 3,088
adults, 1,726 minors, 310 aged 0–5, 24 pregnant, 31 unaccompanied adolescents, 184 adults with disability, 87
adults LGBTTTI; 85 % from Honduras, 8 % Guatemala, 5 % Nicaragua. On the way there 470, 940, 2,900 and 4,300;
afterwards 170.

No histories are written: history begins with the first correction.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import NamedTuple

from django.db import connection, transaction

from intake.demo import people, site
from intake.demo.guests import Guest, identity
from intake.demo.needs import intentions, needs
from intake.demo.party import Party
from intake.demo.services import Given, given
from intake.models import (
    Family,
    Intention,
    Person,
    PersonNeed,
    PrivacyNotice,
    ServiceReceived,
    ServiceType,
    Stay,
)
from shelters import audit

SEED = 2018
BATCH = 2000
# At which table something is recorded, and by which colleagues; the rest at the help tables.
TABLES = {
    "FOOD": "food",
    "CLO": "clothes",
    "NFI": "clothes",
    "HYG": "clothes",
    "MED": "clinic",
    "LEG": "legal",
}
RECORDED_BY = {"MED": "health", "PSS": "health", "LEG": "legal"}

Progress = Callable[[str, int, int], None]


class AlreadyThere(Exception):
    """The stadium has families: the demo would mix invented people with them."""


class Cast(NamedTuple):
    """What every row refers to."""

    shelter: site.Shelter
    zones: dict
    organizations: dict
    staff: dict
    notice: PrivacyNotice


def build(seed: int = SEED, progress: Progress = lambda what, done, total: None) -> Counter:
    """Store everything, and say how many rows of each kind. The same seed gives the same rows.

    `progress(what, done, total)` is called before each batch and when a kind of row is complete.
    """
    with transaction.atomic():
        cast = open_site()
        rng = Random(f"{seed} register")
        guests = [guest for party in people.parties(seed) for guest in register(rng, cast, party)]
        person_needs = needs(Random(f"{seed} needs"), guests)
        find_tents(cast, guests, person_needs)
        rows = {
            Family: list({id(guest.family): guest.family for guest in guests}.values()),
            Person: [guest.person for guest in guests],
            Stay: [guest.stay for guest in guests],
            PersonNeed: person_needs,
            Intention: intentions(Random(f"{seed} plans"), guests),
            ServiceReceived: service_rows(seed, cast, given(Random(f"{seed} services"), guests)),
        }
        for model, objects in rows.items():
            store(model, objects, progress)
        counts = Counter({model._meta.model_name: len(objects) for model, objects in rows.items()})
        audit.record(audit.Action.FAMILY_REGISTERED, by=None, shelter=cast.shelter, demo_seed=seed, **counts)
        with connection.cursor() as cursor:  # else the first reports are planned as if the tables were empty
            cursor.execute("ANALYZE")
    return counts


def open_site() -> Cast:
    shelter = site.shelter()
    if shelter.families.exists():
        raise AlreadyThere(f"The shelter {shelter.code} is already there, with families")
    return Cast(
        shelter,
        site.zones(shelter),
        site.organizations(),
        site.staff(shelter),
        PrivacyNotice.objects.latest(),
    )


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


def service_rows(seed: int, cast: Cast, everything: list[Given]) -> list[ServiceReceived]:
    """In order of time, each limited one under the next free number of its day or stay."""
    rng, types, used = Random(f"{seed} tables"), ServiceType.objects.in_bulk(), Counter()
    rows = []
    for event in everything:
        row = service_row(rng, cast, event, types[event.code])
        scope = None if event.override else row.limit_scope(event.guest.stay.pk)
        if scope:
            used[row.person_id, event.code, scope] += row.quantity
            row.limit_key = f"{scope}#{used[row.person_id, event.code, scope]}"
        rows.append(row)
    return rows


def service_row(rng, cast, event: Given, service_type) -> ServiceReceived:
    category = event.code.partition("-")[0]
    table = rng.randrange(8 if category == "FOOD" else 2)
    colleagues = cast.staff[RECORDED_BY.get(category, "volunteer")]
    return ServiceReceived(
        id=identity(rng, event.at),
        person=event.guest.person,
        service_type=service_type,
        organization=cast.organizations[rng.choice(site.given_by(event.code))],
        shelter=cast.shelter,
        given_at=event.at,
        given_on=cast.shelter.day_of(event.at),
        slot=cast.shelter.meal_at(event.at),
        outcome_id=event.outcome or None,
        desk=f"{TABLES.get(category, 'help')} {table + 1}",
        recorded_by=colleagues[table % len(colleagues)],
        override_reason=event.override,
    )


def store(model, objects: list, progress: Progress) -> None:
    what = model._meta.model_name
    for start in range(0, len(objects), BATCH):
        progress(what, start, len(objects))
        model.objects.bulk_create(objects[start : start + BATCH])
    progress(what, len(objects), len(objects))
