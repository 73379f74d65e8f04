"""The stays, services and needs of two people who turned out to be one."""

from collections import Counter, defaultdict

from intake.actions.services import next_key
from intake.models import Alert, PersonNeed, ServiceReceived, ServiceType, Sighting, Stay


def fold_stays(book, same) -> dict:
    """Stays that overlap become one. Returns id of a stay that was folded to id of the one it is part of."""
    stays = list(Stay.objects.filter(person__in=[*same, *same.values()]).order_by("in_at", "pk"))
    became, folded = {}, []
    for group in overlapping(stays, same):
        stands = max(group, key=lambda stay: (stay.person_id not in same, *end_of(stay)))
        parts = [stay for stay in group if stay is not stands]
        became |= {str(part.pk): stands.pk for part in parts}
        folded += parts
        widen(book, stands, group)
    book.remove(folded)
    for stay in stays:
        if stay.person_id in same and stay not in folded:
            book.alter(stay, person_id=same[stay.person_id])
    book.write(Stay)
    return became


def overlapping(stays, same):
    """Groups of stays of one person that touch the time of one another, of both records."""
    by_person = defaultdict(list)
    for stay in stays:
        by_person[same.get(stay.person_id, stay.person_id)].append(stay)
    for theirs in by_person.values():
        groups = []
        for stay in theirs:
            if groups and any(covers(earlier, stay.in_at) for earlier in groups[-1]):
                groups[-1].append(stay)
            else:
                groups.append([stay])
        yield from (group for group in groups if len({stay.person_id for stay in group}) > 1)


def covers(stay, moment) -> bool:
    return stay.out_at is None or stay.out_at > moment


def end_of(stay) -> tuple:
    return (stay.out_at is None, stay.out_at or stay.in_at)


def widen(book, stands, group) -> None:
    """From the first in to the last out; whoever is still in is in."""
    first, last = min(group, key=lambda stay: stay.in_at), max(group, key=end_of)
    zone_id = stands.zone_id or next((stay.zone_id for stay in group if stay.zone_id), None)
    ends = {name: getattr(last, name) for name in ("out_at", "out_on", "out_to", "departure_id")}
    book.alter(stands, in_at=first.in_at, in_on=first.in_on, zone_id=zone_id, **ends)


class Places:
    """What is taken of each limit, while services of two records come together."""

    def __init__(self, became, newest):
        self.became, self.newest = became, newest
        self.used, self.numbers = Counter(), defaultdict(set)

    def of(self, row) -> tuple:
        """(scope, number) of the limit a service holds; a stay that was folded is the one it is part of."""
        scope, _hash, number = row.limit_key.rpartition("#")
        stay = scope.removeprefix("stay:")
        return (f"stay:{self.became[stay]}" if stay in self.became else scope), int(number)

    def within(self, row, person_id, scope) -> tuple:
        """Whose limit it is: a person's, or the family's, which counts what each had in their latest stay."""
        if row.service_type.per == ServiceType.Per.PERSON:
            return person_id, row.service_type_id, scope
        is_newest = scope == f"stay:{self.newest.get(person_id)}"
        return None, row.service_type_id, "stay" if is_newest else scope

    def hold(self, row, person_id, scope, number) -> None:
        self.used[self.within(row, person_id, scope)] += row.quantity
        self.numbers[person_id, row.service_type_id, scope].add(number)

    def key_for(self, row, person_id) -> str | None:
        """The key under which a service that comes along still fits, or None."""
        scope, number = self.of(row)
        used = self.used[self.within(row, person_id, scope)]
        if used and used + row.quantity > row.service_type.limit_count:
            return None
        numbers = self.numbers[person_id, row.service_type_id, scope]
        key = next_key(scope, numbers) if number in numbers else f"{scope}#{number}"
        self.hold(row, person_id, scope, int(key.rpartition("#")[2]))
        return key


def fold_services(book, same, staying, moved, places) -> None:
    """Services move with their limit where it still holds; else they stay on record, marked as found by joining."""
    people = [*staying, *moved, *same]
    rows = ServiceReceived.objects.filter(person__in=people).select_related("service_type")
    coming = []
    for row in rows.order_by("given_at", "pk"):
        place = row.limit_key and places.of(row)
        if row.person_id in staying and (not place or row.limit_key == "{}#{}".format(*place)):
            if place:
                places.hold(row, row.person_id, *place)
        else:
            coming.append(row)
    scans = {(row.scan, row.person_id) for row in rows if row.scan and row.person_id in staying}
    for row in coming:
        person_id = same.get(row.person_id, row.person_id)
        book.alter(row, person_id=person_id)
        if (
            row.scan and (row.scan, person_id) in scans
        ):  # one scan served both records: its answer is the other row
            book.alter(row, scan=None)
        scans.add((row.scan, person_id))
        if row.limit_key:
            key = places.key_for(row, person_id)
            book.alter(row, limit_key=key, override_reason="" if key else ServiceReceived.JOINED)
    book.write(ServiceReceived)


def fold_needs(book, same) -> None:
    """A need both records have stands once: the confirmed one, else the one reported first."""
    rows = list(PersonNeed.objects.filter(person__in=[*same, *same.values()]).order_by("reported_at", "pk"))
    standing, folded = {}, []
    for row in sorted(rows, key=lambda row: row.state != PersonNeed.State.CONFIRMED):
        if row.state == PersonNeed.State.RULED_OUT:
            continue
        whose = (same.get(row.person_id, row.person_id), row.need_id)
        if standing.setdefault(whose, row) is not row:
            folded.append(row)
    book.remove(folded)
    for row in rows:
        if row.person_id in same and row not in folded:
            book.alter(row, person_id=same[row.person_id])
    book.write(PersonNeed)


def fold_signs(book, same) -> None:
    """Where somebody was seen goes along; so do alerts, but one reason is open once."""
    for sighting in Sighting.objects.filter(person__in=list(same)):
        book.alter(sighting, person_id=same[sighting.person_id])
    book.write(Sighting)
    alerts = list(Alert.objects.filter(person__in=[*same, *same.values()]).order_by("raised_at", "pk"))
    taken = {(row.person_id, row.kind) for row in alerts if row.person_id not in same and not row.settled_at}
    coming = [row for row in alerts if row.person_id in same]
    folded = [row for row in coming if not row.settled_at and (same[row.person_id], row.kind) in taken]
    book.remove(folded)
    for row in coming:
        if row not in folded:
            book.alter(row, person_id=same[row.person_id])
    book.write(Alert)
