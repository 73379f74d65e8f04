"""Sealing the trail: every minute at most, the lines that were written since are linked to all before them.

Lines are not chained when they are written: then every scan would wait for every other one. See ADR 23.
"""

import time
from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from shelters import clock
from shelters.marks import link_of, mark_of, of_lines
from shelters.models import AccessEvent, AuditSeal

A_MINUTE = 60  # seconds
AT_ONCE = 1000  # lines: what one request does for all of them in the meantime
MOST_IN_A_SEAL = 1_000_000  # of lines that came to light late
# On PostgreSQL a line may come to light after lines with a higher number: so long a transaction is waited for.
SETTLES = {"sqlite": timedelta(0), "postgresql": timedelta(seconds=A_MINUTE)}
_due = 0.0  # in this process


def seal_when_due() -> None:
    """By whoever writes to the trail, after what they wrote is stored. It costs the others nothing."""
    global _due
    if time.monotonic() >= _due:
        _due = time.monotonic() + A_MINUTE
        transaction.on_commit(seal_if_nobody_did, robust=True)


def seal_if_nobody_did() -> None:
    head = AuditSeal.objects.last()
    age = (timezone.now() - head.made_at).total_seconds() if head else A_MINUTE
    if age >= A_MINUTE or age < -clock.AT_MOST:  # put back by a day, it must not rest for a day
        seal_next(head)
    clock.notice(head)


def seal_all(until=None) -> int:
    """Every line that is settled. Returns how many."""
    n = 0
    while seal := seal_next(AuditSeal.objects.last(), until):
        n += seal.events
    return n


def seal_next(head, until=None) -> AuditSeal | None:
    """The lines after those of the newest seal. None when there are none, or when somebody else has sealed them."""
    until = until or timezone.now() - SETTLES[connection.vendor]
    new = AccessEvent.objects.filter(id__gt=head.reach if head else 0, at__lte=until)
    lines = marked(new, AT_ONCE)
    return append(head, lines) if lines else None


def marked(events, most=None) -> list[tuple[int, str]]:
    """(number, mark) pairs. A line from before there were marks is sealed by what it says now."""
    lines = list(events.order_by("id").values_list("id", "mark")[:most])
    old = AccessEvent.objects.in_bulk(number for number, mark in lines if mark is None)
    return [(number, mark_for(old[number]) if number in old else mark) for number, mark in lines]


def seal_late(ids) -> int:
    """Lines that came to light after their neighbours had been sealed: each run of numbers has a seal of its own."""
    for first, last in runs(sorted(ids)):
        append(AuditSeal.objects.last(), marked(AccessEvent.objects.filter(id__range=(first, last))))
    return len(ids)


def append(head, lines) -> AuditSeal | None:
    """`lines`: (number, mark) pairs in their order."""
    ids = [number for number, _mark in lines]
    seal = AuditSeal(
        number=head.number + 1 if head else 1,
        ids=" ".join(f"{first}-{last}" for first, last in runs(ids)),
        events=len(ids),
        reach=max(ids[-1], head.reach if head else 0),
        lines=of_lines(lines),
    )
    seal.link = link_of(seal, head.link if head else "")
    try:
        with transaction.atomic():
            seal.save(force_insert=True)
    except IntegrityError:
        return None
    return seal


def mark_for(line) -> str:
    return mark_of(line) if line.mark is None else line.mark


def runs(ids: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Numbers in their order, as (first, last) of those that follow one another."""
    first = last = None
    for number in ids:
        if last is not None and number == last + 1:
            last = number
            continue
        if last is not None:
            yield first, last
        first = last = number
    if last is not None:
        yield first, last


def runs_of(seal) -> list[tuple[int, int]]:
    """Raises ValueError when somebody wrote something else there: also so much that it would fill the memory."""
    found = [(int(first), int(last)) for first, last in (run.split("-") for run in seal.ids.split())]
    if (
        not found
        or seal.events > MOST_IN_A_SEAL
        or sum(last - first + 1 for first, last in found) != seal.events
    ):
        raise ValueError
    return found
