"""The clothes table: what came in, what was handed out and taken back, what was counted."""

from collections import defaultdict

from django.db import transaction
from django.utils import timezone

from intake.actions.families import lock
from intake.actions.once import Overtaken, once
from intake.actions.services import OverLimit, cancel_service, next_key, take_places, told
from intake.allowances import Allowances, Had
from intake.models import GoodsMovement, ServiceReceived, Station
from shelters.audit import Action, record

Kind = GoodsMovement.Kind


def hand_out(*, submission, family, station, things, override_reason="", desk="", by) -> list[GoodsMovement]:
    """One visit of a family to a table: each thing is a service within its limit, and so many fewer there.

    `things`: a list of `allowances.Thing`; all are stored or none. Raises OverLimit, whose `people` maps a thing
    to what was had last (`allowances.Had`, or None when it is more at once than the limit); with a reason it is
    given all the same. Raises AlreadySaved, and Overtaken when somebody is no longer of this family.
    """
    submission.family = family
    with once(submission):
        members = list(family.members.all())
        lock(members)
        if not {thing.person for thing in things} <= set(members):
            raise Overtaken
        now, shelter = timezone.now(), station.shelter
        kinds = {thing.goods.service_type for thing in things}
        keys, over = take_allowances(
            things, Allowances(members, kinds, shelter=shelter, at=now), station, now
        )
        if over and not override_reason:
            raise OverLimit(over)
        services = [
            ServiceReceived(
                person=thing.person,
                service_type=thing.goods.service_type,
                shelter=shelter,
                given_at=now,
                given_on=shelter.day_of(now),
                slot=shelter.meal_at(now),
                quantity=thing.quantity,
                desk=desk,
                recorded_by=by,
                limit_key=key,
                override_reason=override_reason if thing in over else "",
            )
            for thing, key in zip(things, keys, strict=True)
        ]
        store(services)
        tell(services, family=family, shelter=shelter, by=by)
        lines = [(thing.goods, thing.size, -thing.quantity) for thing in things]
        return move(Kind.HANDED_OUT, lines, submission=submission, station=station, services=services, by=by)


def take_allowances(things, allowances, station, now) -> tuple[list, dict]:
    """The key of the limit that each thing takes, one after the other; and those for which there was none."""
    keys, over = [], {}
    for person, goods, _size, quantity in things:
        kind, key = goods.service_type, None
        scope = allowances.scope(person, kind)
        had = allowances.of(person, kind)
        if scope and sum(each.quantity for each in had) + quantity <= kind.limit_count:
            mine = allowances.had[person.pk, kind.pk]
            key = next_key(scope, {each.number for each in mine})
            mine.append(Had(int(key.rpartition("#")[2]), quantity, now, station.name, ""))
        elif scope:
            before = [each for each in had if each.at < now]
            over[things[len(keys)]] = before[-1] if before else None
        keys.append(key)
    return keys, over


def store(services) -> None:
    try:
        take_places(services)
    except OverLimit:  # a row from elsewhere took the same place between our look and now
        raise Overtaken from None


def tell(services, *, family, shelter, by) -> None:
    """An event for each kind of service, as the desk leaves them."""
    by_kind = defaultdict(list)
    for service in services:
        by_kind[service.service_type].append(service)
    for kind, rows in by_kind.items():
        record(
            Action.SERVICE_RECORDED,
            by=by,
            shelter=shelter,
            subject=family,
            service=told(kind),
            people=len({row.person_id for row in rows}),
            over_limit=sum(bool(row.override_reason) for row in rows),
        )


def move(kind, lines, *, submission, station, services=None, organization=None, by) -> list[GoodsMovement]:
    """A row for each (goods, size, change), and one event; the caller holds the transaction."""
    now = timezone.now()
    rows = [
        GoodsMovement(
            station=station,
            goods=goods,
            size=size,
            kind=kind,
            change=change,
            moved_at=now,
            moved_on=station.shelter.day_of(now),
            service=service,
            organization=organization,
            form=submission.key,
            by=by,
        )
        for (goods, size, change), service in zip(lines, services or [None] * len(lines), strict=True)
    ]
    GoodsMovement.objects.bulk_create(rows)
    record(
        Action.GOODS_MOVED,
        by=by,
        shelter=station.shelter,
        subject=station,
        kind=kind,
        lines=len(rows),
        change=sum(row.change for row in rows),
    )
    return rows


def take_in(*, submission, station, lines, organization=None, by) -> list[GoodsMovement]:
    """A donation: (goods, size, how many) each. Raises AlreadySaved."""
    with once(submission):
        return move(
            Kind.DONATION, lines, submission=submission, station=station, organization=organization, by=by
        )


def count_anew(*, submission, station, counted, by) -> list[GoodsMovement]:
    """Set the stock to what was counted: {(goods, size): how many}. A row is the difference; none when it is equal.

    Raises AlreadySaved. Two counts of a station wait for each other, so that no difference is added twice.
    """
    with once(submission):
        Station.objects.select_for_update().get(pk=station.pk)
        stock = station.stock()
        differences = [
            (goods, size, number - stock.get((goods.pk, size), 0))
            for (goods, size), number in counted.items()
        ]
        lines = [line for line in differences if line[2]]
        return move(Kind.COUNT, lines, submission=submission, station=station, by=by)


@transaction.atomic
def take_back(movements, *, reason, by) -> int:
    """Cancel the services of what was handed out; with them the stock comes back. Returns how many there were."""
    services = [movement.service for movement in movements]
    held = ServiceReceived.objects.select_for_update().filter(pk__in=[service.pk for service in services])
    standing = set(held.order_by("pk").given().values_list("pk", flat=True))
    services = [service for service in services if service.pk in standing]  # a double press takes back once
    for service in services:
        cancel_service(service, reason=reason, by=by)
    return len(services)
