"""What members of a family have had of services with a limit, and what each may still have."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from intake.models import Goods, Person, ServiceReceived, ServiceType, Stay
from shelters.templatetags.desk import desk_name


class Thing(NamedTuple):
    """Something from the table for one person."""

    person: Person
    goods: Goods
    size: str = ""
    quantity: int = 1


@dataclass(frozen=True)
class Had:
    """One service within its limit: how much of it, when, at which table or desk. `number` is the place it holds."""

    number: int
    quantity: int
    at: datetime
    station: str
    desk: str

    @property
    def where(self) -> str:
        return self.station or (desk_name(self.desk) if self.desk else "")


class Allowances:
    """For these members and kinds of service, as of a moment. Two queries, however many of either."""

    def __init__(self, members, kinds, *, shelter, at):
        self.members = members
        self.day, self.slot, self.shelter = shelter.day_of(at), shelter.meal_at(at), shelter
        self.stays = dict(
            Stay.objects.filter(person__in=members).order_by("in_at").values_list("person_id", "id")
        )
        limited = [kind for kind in kinds if kind.limit_per != ServiceType.LimitPer.NONE]
        scopes = {(person.pk, kind.pk): self.scope(person, kind) for person in members for kind in limited}
        self.had = defaultdict(list)
        rows = ServiceReceived.objects.filter(
            person__in=members, service_type__in=limited, limit_key__isnull=False
        )
        told = ("quantity", "given_at", "movements__station__name", "desk")
        for person_id, kind_id, key, *rest in rows.order_by("given_at").values_list(
            "person_id", "service_type_id", "limit_key", *told
        ):
            scope, _hash, number = key.rpartition("#")
            if scope == scopes[person_id, kind_id]:
                self.had[person_id, kind_id].append(Had(int(number), *rest))

    def scope(self, person, kind) -> str | None:
        """The day, meal or stay within which the limit counts."""
        service = ServiceReceived(service_type=kind, shelter=self.shelter, given_on=self.day, slot=self.slot)
        return service.limit_scope(self.stays.get(person.pk))

    def of(self, person, kind) -> list[Had]:
        """Oldest first; of a service to the family it is what any member has had."""
        whose = self.members if kind.per == ServiceType.Per.FAMILY else [person]
        had = [each for member in whose for each in self.had[member.pk, kind.pk]]
        return sorted(had, key=lambda each: each.at)

    def used(self, person, kind) -> int:
        return sum(each.quantity for each in self.of(person, kind))
