"""Who opened very many families: told to a coordinator, until somebody else looks into it."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from intake.models import ExportRequest
from intake.reading import AN_HOUR, IN_FRONT
from shelters.alarms import KEPT_IN_SIGHT
from shelters.alarms import Alarm as NamelessAlarm
from shelters.audit import Action
from shelters.break_glass import BreakGlass
from shelters.models import AccessEvent, Shelter, User


def account_address(account) -> str:
    return reverse("admin:shelters_accessevent_account", args=[account.pk]) if account else ""


@dataclass
class Alarm:
    """An account that opened very many families, until somebody else of the shelter looks at what it opened."""

    event: AccessEvent
    families: int
    until: datetime

    @property
    def words(self) -> str:
        zone = self.event.shelter.tz
        begin, end = (timezone.localtime(at, zone) for at in (self.event.at - AN_HOUR, self.until))
        words = _("%(who)s opened %(n)d families without their cards, %(day)s from %(begin)s to %(end)s.")
        said = words % {
            "who": self.event.user,
            "n": self.families,
            "day": date_format(begin, "SHORT_DATE_FORMAT"),
            "begin": date_format(begin, "H:i"),
            "end": date_format(end, "H:i"),
        }
        return f"{said} {_('Then it was stopped.')}" if self.event.action == Action.READING_STOPPED else said

    @property
    def who(self):
        return self.event.user

    @property
    def address(self) -> str:
        return account_address(self.event.user)


class WaitingFor(NamedTuple):
    """What somebody else asks for, or did, and waits for a second person."""

    words: str
    address: str
    who: User


def waiting_exports(reader) -> list[WaitingFor]:
    """For whoever may let it go."""
    waiting = ExportRequest.objects.may_be_decided_by(reader).select_related("asked_by", "shelter")
    words = _("%(who)s asks for the records of %(n)s people of %(place)s, and waits for a second person.")
    return [
        WaitingFor(
            words % {"who": each.asked_by, "n": f"{each.people:,}", "place": each.shelter},
            reverse("reports:request", args=[each.pk]),
            each.asked_by,
        )
        for each in waiting[:20]
    ]


def glass_alarms(reader) -> list[WaitingFor]:
    """Break-glass of one's shelters: asked for, going on, or over and not reviewed by anybody."""
    if not reader.has_perms(["shelters.view_breakglass", "shelters.see_shelter_events"]):
        return []
    found = BreakGlass.objects.unsettled().visible_to(reader).exclude(asked_by=reader)
    return [
        WaitingFor(glass_words(each), reverse("intake:break-glass-one", args=[each.pk]), each.asked_by)
        for each in found.select_related("asked_by", "decided_by", "shelter")[:20]
    ]


def glass_words(glass: BreakGlass) -> str:
    words = {
        "waiting": _("%(who)s asks for emergency access to the files of %(place)s."),
        "open": _(
            "%(who)s reads the files of %(place)s by emergency access until %(until)s. %(by)s granted it."
        ),
        "over": _(
            "%(who)s read the files of %(place)s by emergency access until %(until)s."
            " Somebody has to look at what was opened."
        ),
    }["waiting" if glass.decided_at is None else "open" if glass.state == "open" else "over"]
    said = {"who": glass.asked_by, "place": glass.shelter, "by": glass.decided_by}
    return words % {
        **said,
        "until": date_format(glass.until, "SHORT_DATETIME_FORMAT") if glass.decided_at else "",
    }


def open_alarms(shelters):
    """The events that raised an alarm nobody has looked into, newest first."""
    looked = AccessEvent.objects.filter(
        action=Action.TRAIL_OPENED,
        subject_type=User._meta.label,
        subject_id=OuterRef("subject_id"),
        shelter=OuterRef("shelter"),
        at__gt=OuterRef("at"),
    ).exclude(user=OuterRef("user"))
    events = AccessEvent.objects.filter(
        action__in=[Action.MANY_OPENED, Action.READING_STOPPED],
        shelter__in=shelters,
        at__gt=timezone.now() - KEPT_IN_SIGHT,
    )
    return events.filter(~Exists(looked)).select_related("user", "shelter").order_by("-at")


def alarms_for(reader) -> list[Alarm]:
    """One for each account, the newest, for whoever may read the trail and the families."""
    if not reader.has_perms(["shelters.view_accessevent", "shelters.see_shelter_events"]):
        return []
    newest = {}
    for event in open_alarms(Shelter.objects.visible_to(reader))[:100]:
        newest.setdefault((event.user_id, event.shelter_id), event)
    return [alarm_of(event) for event in newest.values()]


def very_many_opened() -> list[NamelessAlarm]:
    """For whoever runs the machine, who reads nobody's file: at which shelters, and since when."""
    first = {}
    for event in open_alarms(Shelter.objects.all())[:100]:
        first[event.shelter] = event
    return [
        NamelessAlarm(
            "very_many_opened",
            _("At %(place)s somebody opened very many families in an hour.") % {"place": place},
            _("A coordinator of that shelter sees who, on the first page of the admin."),
            event.at,
        )
        for place, event in first.items()
    ]


def glasses_unsettled() -> list[NamelessAlarm]:
    return [
        NamelessAlarm(
            "break_glass",
            _("At %(place)s emergency access to people's files was asked or given.")
            % {"place": glass.shelter},
            _("A coordinator of that shelter sees by whom and why, on the first page of the admin."),
            glass.asked_at,
        )
        for glass in BreakGlass.objects.unsettled().select_related("shelter").order_by("asked_at")[:20]
    ]


def alarm_of(event) -> Alarm:
    """With how many they were from the hour before on, until an hour later at most."""
    until = min(timezone.now(), event.at + AN_HOUR)
    done = AccessEvent.objects.filter(user=event.user_id, at__gt=event.at - AN_HOUR, at__lte=until)
    rows = (
        done.filter(action__in=[Action.FAMILY_OPENED, *IN_FRONT])
        .order_by()
        .values_list("action", "subject_id")
    )
    opened, in_front = set(), set()
    for action, subject in rows.distinct():
        (opened if action == Action.FAMILY_OPENED else in_front).add(subject)
    return Alarm(event, len(opened - in_front), until)
