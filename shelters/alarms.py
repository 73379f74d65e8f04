"""What administrators have to act on. Each alarm is a function; it ends with its cause, or when somebody looked.

What is dear was found out before, by a timer or by whoever signed in, and is remembered on the trail. See ADR 30.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shelters import clock
from shelters.audit import Action
from shelters.models import AccessEvent, User

A_DAY = timedelta(hours=24)
KEPT_IN_SIGHT = timedelta(days=7)
GB = 10**9
LITTLE, ENOUGH = 1 * GB, 1.2 * GB  # free bytes: below the first it begins, above the second it ends


@dataclass
class Alarm:
    """What is wrong, what to do, since when; whether at once. Without a name: it is also sent by mail."""

    code: str
    words: str
    advice: str
    since: datetime | None = None
    is_urgent: bool = False
    address: str = ""  # of what to look at: then it ends


def by_itself(*actions):
    """What the program noted without an account, newest first."""
    return AccessEvent.objects.filter(user=None, action__in=actions)


def not_looked_at(action) -> AccessEvent | None:
    """The newest such line of this week, unless somebody has opened the lines of no shelter since.

    By their numbers: their moments are worth nothing when it is the clock that moved.
    """
    since = timezone.now() - KEPT_IN_SIGHT
    line = by_itself(action).filter(at__gt=since).order_by("-id").first()
    if not line:
        return None
    readers = User.objects.filter(is_staff=True).values_list("pk", flat=True)
    looks = AccessEvent.objects.filter(user__in=list(readers), action=Action.TRAIL_OPENED, at__gt=since)
    # The place is compared here: asked for it, SQLite goes through all lines of no place.
    looks = looks.filter(id__gt=line.pk, subject_type="").order_by().values_list("shelter", flat=True)
    return None if None in looks else line


def lines_of(action) -> str:
    return f"{reverse('admin:shelters_accessevent_changelist')}?action__exact={action}"


# --- the alarms ----------------------------------------------------------------------------------------------------


def disk(least=LITTLE, enough=ENOUGH) -> Alarm | None:
    """Since when is remembered for all processes; between the two limits it stays as it was."""
    place, free = fullest()
    since = cache.get("alarm:disk")
    if free >= (enough if since else least):
        if since:
            cache.delete("alarm:disk")
        return None
    if not since:
        since = timezone.now()
        cache.set("alarm:disk", since, timeout=None)
    return Alarm(
        "disk",
        _("The disk of %(place)s is nearly full: %(mb)d MB are free.")
        % {"place": place, "mb": free // 10**8 * 100},
        _("Make room: copy old backups elsewhere and delete them here. Without room nothing can be saved."),
        since,
        is_urgent=True,
    )


def fullest() -> tuple[Path, int]:
    return min(((place, free_bytes(place)) for place in places()), key=lambda found: found[1])


def free_bytes(place) -> int:
    return shutil.disk_usage(place).free


def places() -> list[Path]:
    """Of the database, of what the program keeps, and of the journal of the machine; those that are here."""
    of_database = (
        Path(connection.settings_dict["NAME"]).parent
        if connection.vendor == "sqlite"
        else Path("/var/lib/postgresql")
    )
    found = (of_database, settings.VAR_DIR, Path(settings.STATIC_ROOT), Path("/var/log"))
    return [place for place in found if place.exists()] or [settings.BASE_DIR]


def clock_moved() -> Alarm | None:
    """Noted by `clock.notice`."""
    if not (line := not_looked_at(Action.CLOCK_MOVED)):
        return None
    seconds = line.detail.get("seconds", 0)
    words = _("The clock of this machine was put forward by %(n)d minutes.")
    if seconds < 0:
        words = _("The clock of this machine was put back by %(n)d minutes.")
    return Alarm(
        "clock_moved",
        words % {"n": abs(seconds) // 60},
        _(
            "Look whether it is right now (timedatectl). What was saved before may stand under a wrong hour or day."
        ),
        line.at,
        is_urgent=True,
        address=lines_of(Action.CLOCK_MOVED),
    )


def clocks_apart() -> Alarm | None:
    seconds = clock.ahead_of_database()
    if abs(seconds) <= clock.AT_MOST:
        return None
    return Alarm(
        "clocks_apart",
        _("The clocks of this machine and of the database server are %(n)d minutes apart.")
        % {"n": abs(seconds) // 60},
        _("Look which of them is right (timedatectl on both), and set the other."),
        is_urgent=True,
    )


def trail_broken() -> Alarm | None:
    """By the last `audit_verify`. It stays until somebody says there that they know: no later look makes it whole."""
    known = by_itself(Action.FINDINGS_KNOWN).first()
    runs = by_itself(Action.TRAIL_BROKEN).order_by("id")
    if known:
        runs = runs.filter(id__gt=known.pk)
    new = [run for run in runs if not known or run.detail["digest"] != known.detail["digest"]]
    if not new:
        return None
    n = new[-1].detail["findings"]
    words = ngettext(
        "The access trail was changed by somebody: %(n)d finding.",
        "The access trail was changed by somebody: %(n)d findings.",
        n,
    )
    return Alarm(
        "trail_broken",
        words % {"n": n},
        _(
            "Do not mend it. Make a backup, let audit_verify name the lines, and find out who had the database."
        ),
        new[0].at,
        is_urgent=True,
    )


def trail_unverified() -> Alarm | None:
    """Looking through it is dear, so a timer does it at night."""
    last = by_itself(Action.TRAIL_VERIFIED, Action.TRAIL_BROKEN).first()
    begin = last or AccessEvent.objects.order_by("id").first()  # a new installation has as long
    if not begin or timezone.now() - begin.at <= 2 * A_DAY:
        return None
    words = _("The access trail was not looked through for two days.")
    if not last:
        words = _("The access trail was never looked through.")
    advice = _("Run audit_verify, and look why the timer does not (systemctl status puente-trail).")
    return Alarm("trail_unverified", words, advice, begin.at + 2 * A_DAY)


def backup() -> Alarm | None:
    advice = _("Look why the timer made none (journalctl -u puente-backup), and make one now.")
    if not settings.BACKUP_PUBLIC_KEY:
        words = _("Backups are not set up: there is no public key.")
        return Alarm("backup", words, _("Make a pair of keys, and set BACKUP_PUBLIC_KEY."))
    last = by_itself(Action.BACKED_UP).first()
    if not last:
        return Alarm("backup", _("No backup has been made yet."), advice)
    if timezone.now() - last.at <= A_DAY:
        return None
    moment = date_format(timezone.localtime(last.at), "DATETIME_FORMAT")
    words = _("The last backup is more than 24 hours old: %(moment)s.") % {"moment": moment}
    return Alarm("backup", words, advice, last.at + A_DAY)


def many_locked() -> Alarm | None:
    """Noted by `note_resting`."""
    if not (line := not_looked_at(Action.MANY_LOCKED)):
        return None
    return Alarm(
        "many_locked",
        _("%(n)d accounts or more were locked within an hour after wrong passwords or codes.")
        % {"n": line.detail["accounts"]},
        _("Somebody may be trying passwords. Look which accounts and from where, and ask their people."),
        line.at,
        address=lines_of(Action.ACCOUNT_LOCKED),
    )


ALARMS = (disk, clock_moved, clocks_apart, trail_broken, trail_unverified, backup, many_locked)


# --- who is told ---------------------------------------------------------------------------------------------------


def raised(alarms=ALARMS) -> list[Alarm]:
    return [alarm for alarm in (function() for function in alarms) if alarm]


def shown_to(reader) -> list[Alarm]:
    """On the first page of the admin. Who reads whom the trail names is told that it was changed, and no more."""
    if reader.has_perm("shelters.change_user"):
        return raised()
    return raised((trail_broken,)) if reader.has_perm("shelters.view_accessevent") else []


def of_everything() -> Iterable[Alarm]:
    """For the timer: also those of other apps, which their pages show by name to whoever may read it."""
    yield from raised()
    for app in apps.get_app_configs():
        yield from getattr(app, "alarms", list)()


def last_done() -> dict[str, datetime | None]:
    """When the last backup was made, and when the trail was looked through."""
    looks = (Action.TRAIL_VERIFIED, Action.TRAIL_BROKEN)
    lines = by_itself(Action.BACKED_UP, *looks).order_by().values_list("action")
    at = dict(lines.annotate(last=Max("at")))
    looked = [at[each] for each in looks if each in at]
    return {"backup": at.get(Action.BACKED_UP), "look": max(looked, default=None)}
