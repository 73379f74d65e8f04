"""A person of the demo with stay and family: what needs, plans and services are drawn from."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from random import Random

from intake.demo.party import Member, Party
from intake.models import Family, Person, Stay


@dataclass(slots=True)
class Guest:
    party: Party
    member: Member
    family: Family
    person: Person
    stay: Stay

    def is_present(self, moment: datetime) -> bool:
        return self.party.is_present(moment)

    @property
    def is_known(self) -> bool:
        """Somebody of whom more than counts may be kept."""
        return not self.party.is_refused and self.member.age is not None

    @property
    def is_seed(self) -> bool:
        return self.party.shape == "seed"


def by_family(guests: list[Guest]) -> list[list[Guest]]:
    """The members of each family, the head first; the seed family is the first."""
    families: dict[int, list[Guest]] = {}
    for guest in guests:
        families.setdefault(id(guest.party), []).append(guest)
    return list(families.values())


def identity(rng: Random, moment: datetime) -> uuid.UUID:
    """A UUID of version 7 like intake.ids.uuid7, but of a given moment and seed."""
    bits = int(moment.timestamp() * 1000) << 80 | rng.getrandbits(80)
    bits = bits & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=bits & ~(0b11 << 62) | 0b10 << 62)
