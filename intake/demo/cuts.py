"""The censuses that were handed in: four that the city published, and the evenings until most had left."""

from datetime import timedelta
from random import Random

from intake.demo.days import NOON_AFTER, at
from intake.demo.guests import identity
from intake.demo.plan import CENSUS_AT
from intake.demo.site import Cast
from intake.models import Cut
from intake.reports.census import census
from intake.reports.cuts import numbers_of

PUBLISHED = "Boletín de prensa"
MOMENTS = {
    at(4, 20): PUBLISHED,
    at(5, 15): PUBLISHED,
    at(6, 20): PUBLISHED,
    CENSUS_AT: PUBLISHED,
    at(8, 20): "",
    at(9, 20): "",
    at(10, 20): "",
    at(11, 20): "",
    NOON_AFTER: "Cierre",
}


def cuts(rng: Random, cast: Cast) -> list[Cut]:
    """Counted from the rows that are stored already, each some minutes after its moment."""
    return [cut(rng, cast, moment, note) for moment, note in MOMENTS.items()]


def cut(rng: Random, cast: Cast, moment, note: str) -> Cut:
    frozen_at = moment + timedelta(seconds=rng.randrange(120, 900))
    return Cut(
        id=identity(rng, frozen_at),
        shelter=cast.shelter,
        as_of=moment,
        frozen_at=frozen_at,
        frozen_by=cast.coordinator if note else None,
        note=note,
        numbers=numbers_of(census(cast.shelter, moment)),
    )
