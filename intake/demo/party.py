"""A family as it comes to the desk, before the database knows it."""

from dataclasses import dataclass, field
from datetime import datetime

from intake.ages import Birth
from intake.demo.names import Origin


@dataclass(slots=True)
class Member:
    """A person as said at the desk. `age` is that of census day, None when nobody knows."""

    sex: str
    age: int | None
    relationship: str
    origin: Origin
    given_names: str = ""
    surnames: tuple[str, ...] = ()
    known_as: str = ""
    birth: Birth = field(default_factory=Birth)

    @property
    def is_adult(self) -> bool:
        return self.age is not None and self.age >= 18


@dataclass(slots=True)
class Party:
    """A family: its members, the head first, and its days in the shelter. `outcome` is stay, return or ""."""

    shape: str
    members: list[Member]
    language: str = "spa"
    answer: str = "accepted"
    comments: str = ""
    days_on_the_road: int | None = None
    desk: int = 1
    arrived_at: datetime | None = None
    left_at: datetime | None = None
    out_to: str = ""
    outcome: str = ""

    @property
    def size(self) -> int:
        return len(self.members)

    @property
    def is_refused(self) -> bool:
        return self.answer == "refused"

    def is_present(self, moment: datetime) -> bool:
        return self.arrived_at <= moment and (self.left_at is None or self.left_at > moment)
