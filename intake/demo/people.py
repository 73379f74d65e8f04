"""Everybody who came, with names, ages and days. Pure: no database, the same for the same seed."""

from datetime import timedelta
from random import Random

from intake import ages
from intake.demo import days, names, plan
from intake.demo.households import party_of
from intake.demo.party import Party
from intake.demo.plan import CENSUS_ON

REFUSED = {"groups": 8, "alone": 16}
NAMELESS = {"groups": 4, "alone": 20}
NOT_SHARED = 290
COMMENTS = (
    "Piden dormir cerca de la carpa C: ahí está una comadre.",
    "Perdieron una mochila en Oaxaca.",
    "Viajan con otra familia de la misma colonia.",
    "Llegaron a pie desde Puebla.",
    "Prefieren que los llamen por el primer nombre.",
    "Esperan a un primo que viene en el grupo de atrás.",
    "Les falta calzado.",
    "Quieren quedarse juntos si hay traslado.",
)


def parties(seed: int) -> list[Party]:
    """Everybody who came, with times of coming and going; the seed family is the first."""
    rng = Random(f"{seed} people")
    sketches = plan.census_sketches(rng)
    alone = [sketch for sketch in sketches if sketch.shape == "alone"]
    settled = [party_of(rng, sketch) for sketch in sketches if sketch.shape != "alone"]
    plan.settle_sexes(rng, alone, sum(m.is_adult and m.sex == "F" for p in settled for m in p.members))
    census = settled + [party_of(rng, sketch) for sketch in alone]
    passing = {
        nights: [party_of(rng, sketch) for sketch in plan.passing_sketches(rng, shapes)]
        for nights, shapes in ((1, plan.ONE_NIGHT), (2, plan.TWO_NIGHTS))
    }
    deal_answers(rng, census)
    for party in passing[2][-3:]:  # gone before anybody asked
        party.members[0].age, party.members[0].sex = None, "U"
    days.deal(rng, census, passing)
    everybody = census + passing[1] + passing[2]
    for party in everybody:
        finish(rng, party)
    return everybody


def deal_answers(rng: Random, census: list[Party]) -> None:
    """Who refuses the privacy notice, who has no name, who does not want to be shared."""
    from_groups = rng.sample([p for p in census[1:] if p.size > 1 and p.shape != "teens"], 60)
    from_alone = rng.sample([p for p in census[1:] if p.shape == "alone"], 600)
    for party in _taken(from_groups, REFUSED["groups"]) + _taken(from_alone, REFUSED["alone"]):
        party.answer = "refused"
    for party in _taken(from_groups, NAMELESS["groups"]) + _taken(from_alone, NAMELESS["alone"]):
        for member in party.members:
            member.given_names, member.surnames = "", ()
    for party in _taken(from_groups, 40) + _taken(from_alone, NOT_SHARED - 40):
        party.answer = "not_shared"


def _taken(items: list, count: int) -> list:
    return [items.pop() for _ in range(count)]


def finish(rng: Random, party: Party) -> None:
    """What is only known once the day of arrival is: births as said, days on the road, small remarks."""
    said_on = party.arrived_at.astimezone(plan.TZ).date()
    # Who refused is kept as an age in years; the seed family says ages, as at a crowded desk.
    age_only = party.is_refused or party.shape == "seed"
    season = rng.randrange(50, 320)  # near for brothers and sisters, so that one a year is possible
    for member in party.members:
        member.birth = birth_said(rng, member.age, season + rng.randrange(-40, 41), said_on, age_only)
    party.desk = party.desk if party.shape == "seed" else rng.randrange(1, 9)
    if party.is_refused or party.shape == "seed":
        return
    if rng.random() < 0.82:
        party.days_on_the_road = min(max(round(rng.gauss(21, 3)), 4), 31)
    if rng.random() < 0.06:
        party.comments = rng.choice(COMMENTS)
    if rng.random() < 0.12:
        for member in party.members:
            member.origin = member.origin._replace(region="")
    for member in party.members:
        _loosen(rng, member)


def _loosen(rng, member) -> None:
    """Adults often say one surname only; some answer to another name."""
    if member.is_adult and rng.random() < 0.13:
        member.surnames = member.surnames[:1]
    if rng.random() < 0.07:
        member.known_as = names.pet_name(member.given_names)


def birth_said(rng: Random, age, season: int, said_on, age_only: bool) -> ages.Birth:
    """Somebody of that age on census day, as typed at the desk on the day of arrival: `29`, `3/1991`, `8m`.

    `season` is how many days before census day the last birthday was. The middle of a month may fall on the
    other side of a birthday: then the age was said instead, and every cell keeps its people.
    """
    if age is None:
        return ages.Birth()
    born = ages.born_on_or_before(age, CENSUS_ON) - timedelta(days=season)
    if age_only or (how := rng.choices(("age", "day", "month", "year"), (62, 24, 6, 8))[0]) == "age":
        text = str(age) if age else _age_of_baby((said_on - born).days)
    else:
        text = {"day": f"{born:%d/%m/%Y}", "month": f"{born:%m/%Y}", "year": f"{born:%Y}"}[how]
    birth = ages.parse(text, said_on)
    return birth if ages.age_on(birth.born, CENSUS_ON) == age else ages.Birth.from_age(age, said_on)


def _age_of_baby(days: int) -> str:
    return f"{min(days // 30, 11)}m" if days >= 60 else f"{max(days // 7, 1)}s"
