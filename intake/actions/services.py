"""What is given, within its limits, and taken back."""

from itertools import count

from django.db import IntegrityError, transaction
from django.utils import timezone

from intake.actions.families import lock
from intake.actions.once import Overtaken, once
from intake.models import Person, Relationship, ServiceReceived, ServiceType, Stay
from shelters.audit import Action, record


class OverLimit(Exception):
    """A limit was reached. `people` maps each person to the moment of the last time, or None."""

    def __init__(self, people):
        super().__init__(len(people))
        self.people = people


def record_service(*, submission, service, people, override_reason="", by) -> list[ServiceReceived]:
    """Give one service to several members of a family: one row each, all or none.

    `service`: an unsaved ServiceReceived that says what, when, where and by whom; copied for each person.
    A service to the family as a whole is one row, the head's if the head is among them.
    Raises OverLimit when somebody has had it and no reason is given, AlreadySaved, and Overtaken.
    """
    if not people:  # they were joined into others between the page and now
        raise Overtaken
    shelter, family = service.shelter, people[0].family
    submission.family = family
    service.given_on, service.slot = shelter.day_of(service.given_at), shelter.meal_at(service.given_at)
    with once(submission):
        keys = places_for(service, people)
        over = {person: last for person, (key, last) in keys.items() if key is None and last is not FREE}
        if over and not override_reason:
            raise OverLimit(over)
        rows = [
            copy_for(service, person, key, override_reason if person in over else "")
            for person, (key, _last) in keys.items()
        ]
        take_places(rows)
        kind = service.service_type
        record(
            Action.SERVICE_RECORDED,
            by=by,
            shelter=shelter,
            subject=family,
            service=told(kind),
            people=len(rows),
            over_limit=len(over),
        )
    return rows


def told(kind) -> str:
    """What the trail may say of a service: of a reserved one not even which."""
    return kind.pk if kind.sensitivity == ServiceType.Sensitivity.OPEN else "reserved"


def places_for(service, people) -> dict:
    """`limit_keys`, held still: whoever gives to the same people waits for this transaction to end."""
    if service.service_type.per == ServiceType.Per.FAMILY:
        family = list(people[0].family.members.all())
        lock(family)
        receiver = who_carries(people)
        return {receiver: family_limit_key(service, receiver, family)}
    lock(people)
    return limit_keys(service, people)


def who_carries(people) -> Person:
    """Whose row a service to the whole family is: the head's, if the head is among them."""
    return next((each for each in people if each.relationship == Relationship.HEAD), people[0])


def take_places(rows) -> None:
    """Insert them all; when another counter was faster by milliseconds, the constraint says so and nobody is stored."""
    try:
        with transaction.atomic():
            ServiceReceived.objects.bulk_create(rows)
    except IntegrityError:
        raise OverLimit({row.person: row.given_at for row in rows if row.limit_key}) from None


def copy_for(service, person, limit_key, override_reason) -> ServiceReceived:
    what = ("service_type", "organization", "shelter", "quantity", "outcome")
    when_and_who = ("given_at", "given_on", "slot", "desk", "recorded_by")
    shared = {name: getattr(service, name) for name in (*what, *when_and_who)}
    return ServiceReceived(**shared, person=person, limit_key=limit_key, override_reason=override_reason)


FREE = object()  # of a service without a limit: nobody has "had" it


def limit_keys(service, people) -> dict:
    """For each person (the key of the limit to take or None, when they last had it or None).

    The key ends in the first number nobody holds, so two counters that saw the same state collide in the
    database, and a cancelled number is free again. Without a limit: (None, FREE).
    """
    kind = service.service_type
    if kind.limit_per == ServiceType.LimitPer.NONE:
        return dict.fromkeys(people, (None, FREE))
    scopes = scopes_of(service, people)
    return keys_within(service, people, scopes, had_before(kind, scopes))


def keys_within(service, people, scopes, had) -> dict:
    """`limit_keys` of a service with a limit, of what is known already."""
    keys = {}
    for person in people:
        used, last, taken = had.get(person.pk, (0, None, ()))
        fits = used + service.quantity <= service.service_type.limit_count
        keys[person] = (next_key(scopes[person.pk], taken), None) if fits else (None, last)
    return keys


def family_limit_key(service, receiver, family) -> tuple:
    """The same for a service to a family: what any member has had counts, whoever carried it away."""
    kind = service.service_type
    if kind.limit_per == ServiceType.LimitPer.NONE:
        return None, FREE
    scopes = scopes_of(service, family)
    return family_key_within(service, receiver, scopes, had_before(kind, scopes))


def family_key_within(service, receiver, scopes, had) -> tuple:
    """`family_limit_key` of a service with a limit, of what is known already."""
    used = sum(quantity for quantity, _last, _taken in had.values())
    if used + service.quantity > service.service_type.limit_count:
        return None, max((last for _used, last, _taken in had.values()), default=None)
    return next_key(scopes[receiver.pk], had.get(receiver.pk, (0, None, ()))[2]), None


def scopes_of(service, people) -> dict:
    stays = dict(Stay.objects.filter(person__in=people).order_by("in_at").values_list("person_id", "id"))
    return {person.pk: service.limit_scope(stays.get(person.pk)) for person in people}


def next_key(scope, taken) -> str:
    return f"{scope}#{next(number for number in count(1) if number not in taken)}"


def had_before(kind, scopes) -> dict:
    """Person id to (how much they had within their scope, when last, which numbers they hold)."""
    earlier = ServiceReceived.objects.filter(person__in=scopes, service_type=kind, limit_key__isnull=False)
    return had_within(scopes, earlier.only("person_id", "limit_key", "quantity", "given_at"))


def had_within(scopes, earlier) -> dict:
    """`had_before`, of services of one type read already."""
    had = {}
    for row in sorted(earlier, key=lambda each: each.given_at):
        scope, _hash, number = (row.limit_key or "").rpartition("#")
        if scope and scope == scopes[row.person_id]:
            used, _last, taken = had.get(row.person_id, (0, None, set()))
            had[row.person_id] = (used + row.quantity, row.given_at, {*taken, int(number)})
    return had


@transaction.atomic
def cancel_service(service, *, reason, by) -> None:
    """Take a service back: it stays on record as cancelled, and its limit is free again."""
    # Whose it is may have changed since it was read: two records of one person are joined at any time.
    service.refresh_from_db(from_queryset=ServiceReceived.objects.select_for_update())
    service.cancelled_at, service.cancel_reason, service.limit_key = timezone.now(), reason, None
    service.save()
    record(
        Action.SERVICE_CANCELLED,
        by=by,
        shelter=service.shelter,
        subject=service,
        service=told(service.service_type),
    )
