"""Whether somebody moved the clock of this machine: days, limits, codes and the trail go by it. See ADR 30."""

import time
from pathlib import Path

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from shelters.models import AccessEvent

AT_MOST = 5 * 60  # seconds
OF_THIS_START = Path("/proc/sys/kernel/random/boot_id")


def notice(head) -> None:
    """By whoever seals the trail, of which `head` is the newest seal, and by the timer of the alarms.

    It becomes a line of the trail, so that all processes tell it, also after they and the machine were started anew.
    """
    if moved := moved_since_start() or gone_back(head):
        AccessEvent.objects.create(action=AccessEvent.Action.CLOCK_MOVED, detail={"seconds": round(moved)})


def moved_since_start() -> float:
    """In seconds. The moment at which the machine was started comes out as the same, whenever it is reckoned."""
    if not OF_THIS_START.exists():  # not Linux
        return 0
    started = time.time() - running_for()
    key = f"started:{OF_THIS_START.read_text().strip()}"
    before = cache.get_or_set(key, started, timeout=None)
    if abs(started - before) <= AT_MOST:
        return 0
    cache.set(key, started, timeout=None)
    return started - before


def running_for() -> float:
    """On a clock that nobody can set, the same for all processes, which goes on while a laptop sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def gone_back(head) -> float:
    """In seconds, when the newest seal is of a time to come, which a new start of the machine does not hide. Once."""
    if not head:
        return 0
    moved = (timezone.now() - head.made_at).total_seconds()
    lines = AccessEvent.objects.filter(user=None, action=AccessEvent.Action.CLOCK_MOVED)
    return moved if moved < -AT_MOST and not lines.filter(id__gt=head.reach).exists() else 0


def ahead_of_database() -> float:
    """In seconds. SQLite has no clock of its own."""
    if connection.vendor == "sqlite":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return (timezone.now() - cursor.fetchone()[0]).total_seconds()
