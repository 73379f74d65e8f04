"""When they came and when they left. Pure. The sums at four moments are those published in November 2018."""

from datetime import datetime, timedelta
from random import Random

from intake.demo.party import Party
from intake.demo.plan import TZ

NOON_AFTER = datetime(2018, 11, 12, 12, 0, tzinfo=TZ)
REMAINING = {"stay": 100, "return": 70}
SEED_ARRIVED_AT = datetime(2018, 11, 5, 10, 37, 12, tzinfo=TZ)
SEED_DAYS_ON_THE_ROAD = 22


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2018 on the shelter's clock."""
    return datetime(2018, 11, day, hour, minute, tzinfo=TZ)


# So many of the census came between these moments: 470, then 940 by night, 2,900, 4,300 and 4,814. Those who
# had left by the census are not in these numbers, but 40 of them are in the 2,900 and the 4,300.
WAVES = (
    (470, at(4, 9), at(4, 19, 50)),
    (470, at(4, 20, 5), at(4, 22, 50)),
    (1920, at(5, 5, 30), at(5, 14, 55)),
    (620, at(5, 15, 5), at(5, 23, 30)),
    (780, at(6, 6, 30), at(6, 19, 50)),
    (554, at(7, 6, 30), at(7, 22, 40)),
)
SEED_WAVE = 2
CAME = {1: (at(5, 15, 5), at(5, 21)), 2: (at(5, 6), at(5, 14, 55))}  # by nights spent before leaving
LEFT = {1: (at(6, 8), at(6, 18)), 2: (at(7, 6), at(7, 20))}
# Most walked on before dawn on the 9th and 10th.
DEPARTURES = (
    (3, at(8, 8), at(8, 19)),
    (24, at(9, 4, 40), at(9, 6, 40)),
    (2, at(9, 9), at(9, 18)),
    (63, at(10, 4, 30), at(10, 6, 50)),
    (4, at(10, 9), at(10, 18)),
    (4, at(11, 5), at(11, 7, 30)),
)


def deal(rng: Random, census: list[Party], passing: dict[int, list[Party]]) -> None:
    """Give everybody a moment of arrival, and all but the 170 who remain one of departure."""
    deal_arrivals(rng, census)
    choose_remaining(rng, census)
    for party in census:
        if not party.outcome:
            leave(rng, party)
    for nights, parties in passing.items():
        for party in parties:
            party.arrived_at = between(rng, *CAME[nights])
            party.left_at = between(rng, *LEFT[nights])
            party.out_to = rng.choice(("north", "city", "mexico", "unknown"))


def between(rng: Random, start: datetime, end: datetime) -> datetime:
    return start + timedelta(seconds=rng.randrange(int((end - start).total_seconds())))


def deal_arrivals(rng: Random, census: list[Party]) -> None:
    """Fill one wave after another with families and with people alone, who make the number exact."""
    seed, *others = census
    groups, alone = divided(rng, others)
    share = sum(party.size for party in groups) / sum(party.size for party in others)
    for number, (people, start, end) in enumerate(WAVES):
        target = people - (seed.size if number == SEED_WAVE else 0)
        for party in filled(groups, alone, target, target * share):
            party.arrived_at = between(rng, start, end)
    seed.arrived_at, seed.days_on_the_road, seed.desk = SEED_ARRIVED_AT, SEED_DAYS_ON_THE_ROAD, 2


def divided(rng: Random, parties: list[Party]) -> tuple[list[Party], list[Party]]:
    """Families and people alone, each shuffled."""
    groups = [party for party in parties if party.size > 1]
    alone = [party for party in parties if party.size == 1]
    rng.shuffle(groups)
    rng.shuffle(alone)
    return groups, alone


def filled(groups: list[Party], alone: list[Party], people: int, in_groups: float) -> list[Party]:
    """Families while they fit into `in_groups` people, or nobody alone is left; then people alone."""
    taken, count = [], 0
    while groups and (count + groups[-1].size <= in_groups or count + len(alone) < people):
        count += groups[-1].size
        taken.append(groups.pop())
    return taken + [alone.pop() for _ in range(people - count)]


def choose_remaining(rng: Random, census: list[Party]) -> None:
    """170 remain: 100 who ask to stay in Mexico, the seed family among them, and 70 who want to go home."""
    seed, *others = census
    seed.outcome = "stay"
    eligible = [p for p in others if not p.is_refused and "teen" not in p.shape]
    groups, alone = divided(rng, eligible)
    for outcome, people in REMAINING.items():
        target = people - (seed.size if outcome == "stay" else 0)
        for party in filled(groups, alone, target, target * 0.7):
            party.outcome = outcome


def leave(rng: Random, party: Party) -> None:
    """Nearly all to the north; unaccompanied adolescents mostly to a house of the city for them."""
    _, start, end = rng.choices(DEPARTURES, [weight for weight, _, _ in DEPARTURES])[0]
    party.left_at = between(rng, start, end)
    if party.shape == "teens" and rng.random() < 0.6:
        party.out_to = "shelter"
    elif start.hour < 8:
        party.out_to = rng.choices(("north", "unknown"), (97, 3))[0]
    else:
        party.out_to = rng.choices(
            ("north", "city", "mexico", "unknown", "return", "hospital"), (40, 25, 20, 11, 3, 1)
        )[0]
