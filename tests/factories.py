"""Invented people and places, by plain functions. Whatever a test does not name is ordinary."""

import uuid
from datetime import UTC, date, datetime, timedelta
from itertools import count

from django.contrib.auth import get_user_model

from intake import actions
from intake.ages import Birth
from intake.cards import ALPHABET, check_character
from intake.models import (
    Card,
    CardBatch,
    Family,
    Intention,
    Person,
    PersonNeed,
    PrivacyNotice,
    Relationship,
    ServiceReceived,
    ServiceType,
    Sex,
    SpecificNeed,
    Station,
    Stay,
    Submission,
    Ticket,
)
from shelters import roles
from shelters.break_glass import BreakGlass
from shelters.models import Organization, Shelter, Zone

NOW = datetime(2018, 11, 6, 15, 0, tzinfo=UTC)  # 09:00 in Mexico City
PASSWORD = "puente de papel"
_numbers = count(1)


def make_shelter(code="palillo", **fields):
    return Shelter.objects.create(
        **{"code": code, "name": code.title(), "opened_on": date(2018, 11, 3), **fields}
    )


def make_zone(shelter, code="A", **fields):
    return Zone.objects.create(
        shelter=shelter, code=code, **{"name": f"Zona {code}", "capacity": 500, **fields}
    )


def make_organization(code="cruz-roja", **fields):
    return Organization.objects.create(**{"code": code, "name": "Cruz Roja", "kind": "red_cross", **fields})


def make_user(role="volunteer", *, shelters=(), username=None, **fields):
    user = get_user_model().objects.create_user(
        username or f"{role}{next(_numbers)}", password=PASSWORD, **fields
    )
    user.shelters.set(shelters)
    roles.grant(user, roles.BY_CODE[role])
    return user


def make_family(shelter, *members, by=None, at=NOW, stay=True, **fields):
    """A family whose members are given as dicts of Person fields; `age` (years, said at `at`) is understood.

    The first is the head; the others are children when under 18, else other relatives.
    """
    day = shelter.day_of(at)
    family = Family.objects.create(
        **{
            "shelter": shelter,
            "registered_at": at,
            "registered_on": day,
            "registered_by": by or make_user(shelters=[shelter]),
            "arrived_on": day,
            "notice": PrivacyNotice.objects.latest(),
            "notice_answer": Family.NoticeAnswer.ACCEPTED,
            **fields,
        }
    )
    for position, member in enumerate(members or [{}]):
        person = make_person(family, position=position, at=at, **member)
        if stay:
            make_stay(person, at=at)
    return family


def make_person(family, *, age=30, at=NOW, position=0, **fields):
    person = Person(
        **{
            "family": family,
            "position": position,
            "given_names": "Ana",
            "surnames": "López",
            "sex": Sex.FEMALE,
            "origin_country": "HN",
            "relationship": Relationship.HEAD if position == 0 else default_relationship(age),
            **fields,
        }
    )
    if age is not None and "birth_date" not in fields:
        person.birth = Birth.from_age(age, family.shelter.day_of(at))
    person.save()
    return person


def default_relationship(age):
    return Relationship.CHILD if age is not None and age < 18 else Relationship.OTHER_RELATIVE


def make_stay(person, *, at=NOW, out=None, **fields):
    shelter = fields.pop("shelter", person.family.shelter)
    return Stay.objects.create(
        person=person,
        shelter=shelter,
        in_at=at,
        in_on=shelter.day_of(at),
        out_at=out,
        out_on=shelter.day_of(out) if out else None,
        **fields,
    )


def make_need(person, code, *, at=NOW, by=None, **fields):
    if fields.get("state") == PersonNeed.State.CONFIRMED:
        fields.setdefault("confirmed_at", at)
    return PersonNeed.objects.create(
        person=person,
        need=SpecificNeed.objects.get(pk=code),
        reported_at=at,
        by=by or person.family.registered_by,
        **fields,
    )


def make_note(person, words, *, by, kind="legal", key=None, **fields):
    return actions.write_note(person, kind, words, key=key or uuid.uuid4(), by=by, **fields)


def make_service(person, code="FOOD-LUN", *, at=NOW + timedelta(hours=4), by=None, **fields):
    shelter = person.family.shelter
    return ServiceReceived.objects.create(
        **{
            "person": person,
            "service_type": ServiceType.objects.get(pk=code),
            "shelter": shelter,
            "given_at": at,
            "given_on": shelter.day_of(at),
            "slot": shelter.meal_at(at),
            "recorded_by": by or person.family.registered_by,
            **fields,
        }
    )


def make_intention(person, code="MEX-STAY", *, at=NOW, by=None):
    return Intention.objects.create(
        person=person,
        plan_id=code,
        said_at=at,
        said_on=person.family.shelter.day_of(at),
        by=by or person.family.registered_by,
    )


def make_submission(by, key=None):
    return Submission(key=key or uuid.uuid4(), digest="x", by=by)


def make_code(number=None) -> str:
    """A code that holds together; each call gives another one."""
    number = next(_numbers) if number is None else number
    body = ""
    for _each in range(7):
        number, digit = divmod(number, len(ALPHABET))
        body = ALPHABET[digit] + body
    return body + check_character(body)


def make_batch(shelter, *, by, cards=0, **fields):
    number = CardBatch.objects.filter(shelter=shelter).count() + 1
    batch = CardBatch.objects.create(shelter=shelter, number=number, made_by=by, **fields)
    Card.objects.bulk_create(Card(code=make_code(), batch=batch) for _each in range(cards))
    return batch


def make_station(shelter, code="ropa-1", **fields):
    return Station.objects.create(shelter=shelter, code=code, **{"name": "Mesa de ropa 1", **fields})


def make_ticket(shelter, line="clothing", *, at=NOW, by=None, **fields):
    """A number for nobody in particular, who waits."""
    number = next(_numbers)
    return Ticket.objects.create(
        **{
            "shelter": shelter,
            "line": line,
            "queued_at": at,
            "queued_on": shelter.day_of(at),
            "number": number,
            "turn": number,
            "queued_by": by or make_user(shelters=[shelter]),
            **fields,
        }
    )


def make_card(family, *, code=None, at=NOW, by=None, **fields):
    return Card.objects.create(
        code=code or make_code(),
        family=family,
        bound_at=at,
        bound_by=by or family.registered_by,
        **fields,
    )


def make_glass(shelter, *, by, granted_by=None) -> BreakGlass:
    """An administrator who reads the files of a shelter since a moment ago."""
    granted_by = granted_by or make_user("coordinator", shelters=[shelter])
    glass = actions.ask_break_glass(shelter, "Nadie de la coordinación puede venir.", by=by)
    assert actions.decide_break_glass(glass, True, by=granted_by)
    glass.refresh_from_db()
    return glass
