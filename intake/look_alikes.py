"""Who among those registered here may be the person in front of us? Candidates from indexed keys, then scored."""

from dataclasses import dataclass

from intake.models import Person

WARN_AT = 50  # percent: shown at the desk
LIST_AT = 20  # percent: goes to the review list
MOST_SHOWN = 3


@dataclass(frozen=True)
class LookAlikePair:
    """`asked`: the person asked about, saved or not. `found`: somebody registered, with `family`. `certainty`: percent."""

    asked: Person
    found: Person
    certainty: int
    reasons: tuple[str, ...]


def pairs(people, *, shelter, at_least=WARN_AT) -> list[LookAlikePair]:
    """Every pair of one of these people and somebody of the shelter's other families, most certain first."""
    return []


def families(people, *, shelter, but=()) -> list[list[LookAlikePair]]:
    """For the desk: the pairs grouped by the family that was found, at most three families, most certain first.

    `but`: ids of people who were said not to be the same.
    """
    return []
