"""What happened to a family, newest first, as far as the reader may know it."""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from django.db.models import Exists, OuterRef

from intake.access import may_undo, sensitivities
from intake.models import Intention, ServiceReceived, Stay


@dataclass(frozen=True)
class Happening:
    """`kind`: service, came, left or plan. `rows`: the records behind it, one for each person concerned."""

    at: datetime
    kind: str
    rows: tuple
    is_reserved: bool = False
    is_everybody: bool = False
    may_undo: bool = False  # a departure of this family alone

    @property
    def first(self):
        return self.rows[0]

    @property
    def names(self) -> str:
        """Whom it concerned; given names are enough inside a family."""
        return ", ".join(row.person.given_names or str(row.person) for row in self.rows)


def timeline(people, user) -> list[Happening]:
    """Services, comings and goings, plans. Other counters' legal and health services show as reserved."""
    found = [*services(people, user), *stays(people, user), *plans(people, user)]
    if len(people) > 1:
        found = [replace(each, is_everybody=len(each.rows) == len(people)) for each in found]
    return sorted(found, key=lambda each: each.at, reverse=True)


def services(people, user):
    """A service to several members at one moment is one happening."""
    may_see = sensitivities(user)
    rows = ServiceReceived.objects.visible_to(user).filter(person__in=people)
    rows = rows.select_related("service_type__category", "organization", "outcome", "recorded_by", "person")
    in_order = ("-given_at", "service_type", "cancelled_at", "override_reason", "person__position")
    for _key, group in groupby(rows.order_by(*in_order), key=one_event):
        group = tuple(group)
        is_reserved = group[0].service_type.sensitivity not in may_see
        if is_reserved:  # what was written beside it may tell what it was
            for row in group:
                row.override_reason = row.cancel_reason = ""
        yield Happening(group[0].given_at, "service", group, is_reserved)


def one_event(row):
    return row.given_at, row.service_type_id, row.cancelled_at, row.override_reason


def stays(people, user):
    others = Stay.objects.filter(departure=OuterRef("departure")).exclude(person__in=people)
    rows = Stay.objects.filter(person__in=people).select_related("zone", "person", "departure")
    for at, group in groupby(rows.order_by("-in_at", "person__position"), key=lambda stay: stay.in_at):
        yield Happening(at, "came", tuple(group))
    rows = rows.filter(out_at__isnull=False).annotate(with_others=Exists(others))
    for (at, _to, departure), group in groupby(
        rows.order_by("-out_at", "out_to", "departure", "person__position"),
        key=lambda stay: (stay.out_at, stay.out_to, stay.departure),
    ):
        group = tuple(group)
        is_ours = departure and not group[0].with_others
        yield Happening(at, "left", group, may_undo=bool(is_ours and may_undo(user, departure)))


def plans(people, user):
    rows = Intention.objects.visible_to(user).filter(person__in=people).select_related("plan", "person")
    for (at, _plan), group in groupby(
        rows.order_by("-said_at", "plan", "person__position"), key=lambda row: (row.said_at, row.plan_id)
    ):
        yield Happening(at, "plan", tuple(group))
