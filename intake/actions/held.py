"""What a scan reads: the family of the card, held still, and what it had before. Two queries, written once."""

from datetime import timedelta
from functools import partial

from django.db.models import CharField, DateTimeField, IntegerField, Q, UUIDField
from django.db.models.functions import Left
from django.db.models.lookups import Exact

from intake.models import Person, ServiceReceived, ServiceType
from shelters.prepared import Blank, Prepared

SAME_CARD = timedelta(seconds=3)  # a card held out a little longer is one scan


class NoFamily(Exception):
    """This code is no usable card of a family that this account may see here."""


OF_PERSON = (
    "position given_names known_as sex birth_date birth_precision age_said_on relationship"
    " family__shelter__timezone family__shelter__lunch_from family__shelter__dinner_from"
).split()
OF_SERVICE = "person scan limit_key quantity given_at given_on desk recorded_by cancelled_at".split()


def members_to_hold(is_by_stay):
    """`Person.objects.visible_to`, for an account that may read people. Held in the order of `lock`.

    Reads only what an answer needs, and the stay only where a limit asks for it.
    """
    people = Person.objects.where_works(Blank("user", IntegerField())).of_card(Blank("code", CharField()))
    people = people.with_newest_stay() if is_by_stay else people.with_presence()
    people = people.filter(family__shelter=Blank("shelter", IntegerField())).select_related("family__shelter")
    return people.only(*OF_PERSON).select_for_update(of=("self",)).order_by("pk")


HELD = {is_by_stay: Prepared(partial(members_to_hold, is_by_stay)) for is_by_stay in (False, True)}


def held_members(code, what, by) -> list:
    """Everybody of the card's family, held until the transaction ends: a second counter waits here. One query."""
    if not by.has_perm("intake.view_person"):
        raise NoFamily
    is_by_stay = what.service_type.limit_per == ServiceType.LimitPer.STAY
    held = HELD[is_by_stay](user=by.pk, shelter=what.shelter_id, code=code)
    members = sorted(held, key=in_order)
    if not members:
        raise NoFamily
    return members


def in_order(person):
    return person.position, person.pk


def services_that_matter(within):
    """What a family had of a service within its limit, by this scan, or in the last seconds."""
    matters = Q(scan=Blank("scan", UUIDField())) | Q(given_at__gt=Blank("since", DateTimeField()))
    if within == ServiceType.LimitPer.STAY:
        matters |= Q(limit_key__isnull=False)
    elif within != ServiceType.LimitPer.NONE:
        # By the key and not by the day of the service, which may have been corrected since.
        matters |= Q(Exact(Left("limit_key", 10), Blank("day", CharField())))
    of_family = Q(person__family=Blank("family", UUIDField()), person__merged_into=None)
    rows = ServiceReceived.objects.filter(matters, of_family, service_type=Blank("kind", CharField()))
    return rows.order_by().only(*OF_SERVICE)


MATTERS = {within: Prepared(partial(services_that_matter, within)) for within in ServiceType.LimitPer.values}


def earlier(what, people, key) -> list:
    """What these people had that matters. One query for each family: a scan that is corrected may have become two."""
    asked = {"scan": key, "since": what.given_at - SAME_CARD, "kind": what.service_type_id}
    asked["day"] = what.given_on.isoformat()
    ids, matters = {person.pk for person in people}, MATTERS[what.service_type.limit_per]
    # Somebody who joined the family while the lock was waited for is not held, and not served.
    return [
        row
        for family in {person.family_id for person in people}
        for row in matters(family=family, **asked)
        if row.person_id in ids
    ]
