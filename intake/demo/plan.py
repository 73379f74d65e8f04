"""What is decided before anybody is invented: how many families of which shape, ages, countries. Pure.

The census of 7 November 2018 fixes the totals: 4,814 people, 3,088 adults, 1,726 minors of whom 310 aged 0–5
and 31 unaccompanied adolescents. Everything else in this file (shapes, sizes, ages one by one) is assumed, so
chosen that the sums come out.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from zoneinfo import ZoneInfo

TZ = ZoneInfo("America/Mexico_City")
CENSUS_AT = datetime(2018, 11, 7, 23, 0, tzinfo=TZ)
CENSUS_ON = date(2018, 11, 7)

PEOPLE, ADULTS, WOMEN = 4814, 3088, 926  # 70 % of adults are men
ORIGINS = {"GT": 385, "NI": 241, "SV": 80, "MX": 5, "CU": 4, "HT": 3, "BZ": 2, "EC": 2}  # the rest: HN, 4,092
CENSUS_NEEDS = {"pregnant": 24, "disability": 184, "lgbt": 87}

# Adults of each shape, and how many families have 1, 2, 3 … children: 1,689 without the seed family's six.
WITH_CHILDREN = {
    "couple": (2, (55, 75, 72, 28, 12)),
    "mother": (1, (70, 90, 60, 36, 10)),
    "father": (1, (28, 26, 12, 4)),
    "grandmother": (1, (8, 10, 6, 2)),
    "aunt or uncle": (1, (12, 10, 4)),
    "elder sibling": (1, (24, 14, 4)),
    "three generations": (2, (10, 14, 10, 4)),
    "couple and grandparent": (3, (6, 10, 6, 2)),
    "cousin": (1, (14, 6)),
    "godparent": (1, (8, 4)),
}
WITHOUT_CHILDREN = {"childless couple": (2, 80), "brothers": (2, 60), "friends": (2, 20)}
SEED_AGES = (15, 13, 11, 8, 5, 2)
# How many accompanied minors have each age, 0 to 17: 308 under six, 1,381 from six; the seed family apart.
CHILDREN_OF_AGE = (44, 50, 54, 54, 54, 52, 112, 112, 113, 112, 112, 112, 112, 114, 116, 120, 124, 122)
# The 31: alone, two siblings, and with somebody who is no relative, once as head and once not.
TEENS_ALONE = (17,) * 9 + (16,) * 7 + (15,) * 4 + (14,) * 2 + (12,)
TEEN_PAIRS = ((16, 14), (17, 13), (15, 12))
TEENS_WITH_COMPANION = {"teen and companion": 16, "companion and teen": 15}
# Couples of two countries: the head from Honduras, the other from here.
MIXED = {"GT": 24, "SV": 14, "NI": 10}
# 60 more came and had left by the census: these came on the 5th and left on the 7th, those on the 6th.
TWO_NIGHTS = (("couple", 2),) * 4 + (("mother", 1),) * 3 + (("alone", 0),) * 18
ONE_NIGHT = (("mother", 2), ("couple", 1)) * 2 + (("alone", 0),) * 8


@dataclass(slots=True)
class Sketch:
    """A family before its people have names: `minors` are ages, `sex` is settled for those alone only."""

    shape: str
    adults: int
    minors: tuple[int, ...] = ()
    country: str = "HN"
    partner_country: str = ""
    sex: str = ""

    @property
    def size(self) -> int:
        return self.adults + len(self.minors)


def census_sketches(rng: Random) -> list[Sketch]:
    """The families of the census, the seed family first, those alone last; their sexes are still open."""
    seed = Sketch("seed", 1, SEED_AGES)
    groups = families_with_children(rng) + [
        Sketch(shape, adults) for shape, (adults, count) in WITHOUT_CHILDREN.items() for _ in range(count)
    ]
    teens = unaccompanied()
    rng.shuffle(groups)
    settled = [seed, *groups, *teens]
    alone = [Sketch("alone", 1) for _ in range(ADULTS - sum(sketch.adults for sketch in settled))]
    deal_countries(rng, groups, alone)
    return [*settled, *alone]


def families_with_children(rng: Random) -> list[Sketch]:
    deck = [age for age, count in enumerate(CHILDREN_OF_AGE) for _ in range(count)]
    rng.shuffle(deck)
    sizes = [
        (shape, adults, children)
        for shape, (adults, counts) in WITH_CHILDREN.items()
        for children, count in enumerate(counts, start=1)
        for _ in range(count)
    ]
    # The largest first, while there is still a choice of ages that brothers and sisters can have.
    sizes.sort(key=lambda size: -size[2])
    return [Sketch(shape, adults, deal_ages(deck, children)) for shape, adults, children in sizes]


def deal_ages(deck: list[int], count: int) -> tuple[int, ...]:
    """Take so many ages from the deck, two years apart where it can be; twins are the last resort."""
    dealt = []
    for _ in range(count):
        apart = next((gap for gap in (2, 1) if _first(deck, dealt, gap) is not None), 0)
        dealt.append(deck.pop(_first(deck, dealt, apart)))
    return tuple(sorted(dealt, reverse=True))


def _first(deck, dealt, gap) -> int | None:
    places = range(len(deck) - 1, -1, -1)
    return next((i for i in places if all(abs(deck[i] - age) >= gap for age in dealt)), None)


def unaccompanied() -> list[Sketch]:
    alone = [Sketch("teens", 0, (age,)) for age in TEENS_ALONE]
    pairs = [Sketch("teens", 0, ages) for ages in TEEN_PAIRS]
    return alone + pairs + [Sketch(shape, 1, (age,)) for shape, age in TEENS_WITH_COMPANION.items()]


def deal_countries(rng: Random, groups: list[Sketch], alone: list[Sketch]) -> None:
    """Give every country its people: mixed couples first, then whole families, the rest to people alone."""
    left = Counter(ORIGINS)
    couples = iter([group for group in groups if group.shape in ("couple", "childless couple")])
    for country, count in MIXED.items():
        for _ in range(count):
            next(couples).partner_country = country
            left[country] -= 1
    undecided = [group for group in groups if not group.partner_country]
    rng.shuffle(undecided)
    people_alone = iter(alone)
    for country in ORIGINS:
        left[country] -= _deal_families(undecided, country, left[country] * 3 // 5)
        for _ in range(left[country]):
            next(people_alone).country = country
    rng.shuffle(alone)


def _deal_families(undecided, country, at_most) -> int:
    """How many people came to this country; families too large for what is left stay for another."""
    dealt = 0
    while at_most >= 20 and undecided and dealt + undecided[-1].size <= at_most:
        dealt += undecided[-1].size
        undecided.pop().country = country
    return dealt


def settle_sexes(rng: Random, alone: list[Sketch], women_in_families: int) -> None:
    """Of the adults alone, as many are women as the families leave open."""
    women = WOMEN - women_in_families
    sexes = ["F"] * women + ["M"] * (len(alone) - women)
    rng.shuffle(sexes)
    for sketch, sex in zip(alone, sexes, strict=True):
        sketch.sex = sex


def passing_sketches(rng: Random, shapes) -> list[Sketch]:
    """Families who have left before the census; they count in none of its cells."""
    return [
        Sketch(
            shape,
            2 if shape == "couple" else 1,
            tuple(sorted(rng.sample(range(1, 17), children), reverse=True)),
            sex=rng.choice("FMM") if shape == "alone" else "",
        )
        for shape, children in shapes
    ]
