"""Families of each shape: who belongs to whom, how old they are, and whose surnames they carry. Pure."""

from random import Random

from intake.demo import names
from intake.demo.names import Origin
from intake.demo.party import Member, Party
from intake.demo.plan import Sketch
from intake.models.families import Relationship as Kin

AGES_ALONE = ((18, 24, 30), (25, 29, 22), (30, 39, 27), (40, 49, 12), (50, 59, 6), (60, 79, 3))


class Household:
    """A family in the making: the sketch, where home is, and the members named so far."""

    def __init__(self, rng: Random, sketch: Sketch):
        self.rng, self.sketch = rng, sketch
        self.home = names.origin(rng, sketch.country)
        self.members: list[Member] = []

    def add(self, sex, age, relationship, surnames=None, home=None) -> Member:
        home = home or self.home
        taken = {member.given_names.split(" ")[0] for member in self.members}
        given_names = names.given(self.rng, home.country, sex, age, taken)
        member = Member(sex, age, relationship, home, given_names, surnames or names.surnames(self.rng, home))
        self.members.append(member)
        return member

    def add_minors(self, relationship, surnames) -> None:
        for age in self.sketch.minors:
            self.add(self.rng.choice("FM"), age, relationship, surnames)

    def partner_home(self) -> Origin:
        """Of another country where the sketch says so; else mostly of the same department."""
        if self.sketch.partner_country:
            return names.origin(self.rng, self.sketch.partner_country)
        return self.home if self.rng.random() < 0.8 else names.origin(self.rng, self.home.country)

    def age_of_parent(self, youngest=16, oldest=30, at_most=58) -> int:
        """So old that the eldest child was born between these ages, and the last before a mother was 44."""
        eldest, last = self.sketch.minors[0], self.sketch.minors[-1]
        least = eldest + youngest
        return max(self.rng.randint(least, max(min(eldest + oldest, last + 43, at_most), least)), 18)

    def surname(self) -> str:
        return names.surname(self.rng, self.home)


def party_of(rng: Random, sketch: Sketch) -> Party:
    """The family of a sketch, everybody named, the head first."""
    household = Household(rng, sketch)
    BUILDERS[sketch.shape](household)
    members = sorted(household.members, key=lambda member: member.relationship != Kin.HEAD)
    return Party(sketch.shape, members, language=household.home.language)


def seed(house: Household) -> None:
    """Neptalí, alone with six, who carry both her surnames."""
    house.home = Origin("HN", "HN-OL")
    people = (
        ("F", 34, "Neptalí", ""),
        ("M", 15, "Kevin Josué", ""),
        ("F", 13, "Keylin Suyapa", ""),
        ("F", 11, "Alejandra", "Ale"),
        ("M", 8, "Maynor Isaac", ""),
        ("M", 5, "Selvin", ""),
        ("F", 2, "Génesis Abigail", ""),
    )
    for sex, age, given_names, known_as in people:
        kin = Kin.CHILD if house.members else Kin.HEAD
        house.members.append(Member(sex, age, kin, house.home, given_names, ("Hernández", "López"), known_as))


def couple(house: Household) -> tuple[Member, Member]:
    """With children of both, or of hers from before. Returns the woman and the man."""
    woman, man = _pair(house, house.age_of_parent())
    if man.relationship == Kin.HEAD and house.rng.random() < 0.2:
        house.add_minors(Kin.STEPCHILD, (house.surname(), woman.surnames[0]))
    else:
        house.add_minors(Kin.CHILD, (man.surnames[0], woman.surnames[0]))
    return woman, man


def childless_couple(house: Household) -> None:
    _pair(house, house.rng.choice((19, 20, 21, 22, 23, 24, 26, 28, 31, 35, 44, 58)))


def _pair(house, her_age) -> tuple[Member, Member]:
    """The head has the family's origin, the partner may come from elsewhere."""
    his_age = max(her_age + house.rng.randint(-2, 8), 18)
    head, other = ("F", her_age), ("M", his_age)
    if house.rng.random() < 0.45:
        head, other = other, head
    first = house.add(*head, Kin.HEAD)
    partner = house.rng.choices((Kin.PARTNER, Kin.SPOUSE), (6, 4))[0]
    second = house.add(*other, partner, home=house.partner_home())
    return (first, second) if first.sex == "F" else (second, first)


def mother(house: Household) -> Member:
    head = house.add("F", house.age_of_parent(), Kin.HEAD)
    house.add_minors(Kin.CHILD, _from_mother(house, head))
    return head


def _from_mother(house, head) -> tuple[str, str]:
    """One single mother in three gives both her own surnames."""
    return head.surnames if house.rng.random() < 1 / 3 else (house.surname(), head.surnames[0])


def father(house: Household) -> None:
    head = house.add("M", house.age_of_parent(18, 32, 62), Kin.HEAD)
    house.add_minors(Kin.CHILD, (head.surnames[0], house.surname()))


def grandmother(house: Household) -> None:
    head = house.add("F", house.sketch.minors[0] + house.rng.randint(36, 50), Kin.HEAD)
    house.add_minors(Kin.GRANDCHILD, _from_mother(house, head))


def aunt_or_uncle(house: Household) -> None:
    age = max(house.sketch.minors[0] + house.rng.randint(4, 26), 19)
    head = house.add(house.rng.choice("FM"), age, Kin.HEAD)
    shared = head.surnames[0]
    by_brother = house.rng.random() < 0.5
    house.add_minors(Kin.NIECE_NEPHEW, (shared, house.surname()) if by_brother else (house.surname(), shared))


def elder_sibling(house: Household) -> None:
    head = house.add(house.rng.choice("FMM"), house.rng.randint(18, 25), Kin.HEAD)
    house.add_minors(Kin.SIBLING, head.surnames)


def three_generations(house: Household) -> None:
    head = mother(house)
    house.add(
        "F", min(head.age + house.rng.randint(17, 32), 81), Kin.PARENT, (head.surnames[1], house.surname())
    )


def couple_and_grandparent(house: Household) -> None:
    woman, man = couple(house)
    head = woman if woman.relationship == Kin.HEAD else man
    sex, line = house.rng.choice((("F", 1), ("M", 0)))
    age = min(head.age + house.rng.randint(18, 34), 84)
    house.add(sex, age, Kin.PARENT, (head.surnames[line], house.surname()))


def cousin(house: Household) -> None:
    head = house.add(house.rng.choice("FMM"), house.rng.randint(18, 30), Kin.HEAD)
    house.add_minors(Kin.COUSIN, (head.surnames[0], house.surname()))


def godparent(house: Household) -> None:
    house.add(house.rng.choice("FM"), house.rng.randint(28, 58), Kin.HEAD)
    house.add_minors(Kin.GODCHILD, names.surnames(house.rng, house.home))


def brothers(house: Household) -> None:
    age = house.rng.randint(20, 38)
    head = house.add(house.rng.choice("FMMMM"), age, Kin.HEAD)
    house.add(house.rng.choice("FMMMM"), max(age - house.rng.randint(1, 6), 18), Kin.SIBLING, head.surnames)


def friends(house: Household) -> None:
    house.add("M", house.rng.randint(18, 40), Kin.HEAD)
    house.add("M", house.rng.randint(18, 40), Kin.COMPANION)


def alone(house: Household) -> None:
    bands = [(youngest, oldest) for youngest, oldest, _ in AGES_ALONE]
    band = house.rng.choices(bands, [weight for _, _, weight in AGES_ALONE])[0]
    house.add(house.sketch.sex, house.rng.randint(*band), Kin.HEAD)


def teens(house: Household) -> None:
    """Unaccompanied: one alone, or the elder with a brother or sister."""
    eldest, *younger = house.sketch.minors
    head = house.add(house.rng.choice("FMMM"), eldest, Kin.HEAD)
    for age in younger:
        house.add(house.rng.choice("FM"), age, Kin.SIBLING, head.surnames)


def teen_and_companion(house: Household) -> None:
    house.add("M", house.sketch.minors[0], Kin.HEAD)
    house.add("M", house.rng.randint(20, 35), Kin.COMPANION)


def companion_and_teen(house: Household) -> None:
    house.add("M", house.rng.randint(20, 35), Kin.HEAD)
    house.add("M", house.sketch.minors[0], Kin.COMPANION)


BUILDERS = {
    "seed": seed,
    "couple": couple,
    "childless couple": childless_couple,
    "mother": mother,
    "father": father,
    "grandmother": grandmother,
    "aunt or uncle": aunt_or_uncle,
    "elder sibling": elder_sibling,
    "three generations": three_generations,
    "couple and grandparent": couple_and_grandparent,
    "cousin": cousin,
    "godparent": godparent,
    "brothers": brothers,
    "friends": friends,
    "alone": alone,
    "teens": teens,
    "teen and companion": teen_and_companion,
    "companion and teen": companion_and_teen,
}
