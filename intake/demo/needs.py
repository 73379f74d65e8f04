"""Who needs what, and what each plans. The cells of the census are drawn first, to their exact number."""

from datetime import datetime, timedelta
from random import Random

from intake.demo.days import at, between
from intake.demo.guests import Guest, identity
from intake.demo.plan import CENSUS_AT, CENSUS_NEEDS
from intake.models import Intention, PersonNeed
from intake.models import Relationship as Kin

State = PersonNeed.State
DISABILITIES = {"DS": 30, "DS-PM": 30, "DS-BD": 14, "DS-PS": 10, "DS-DF": 8, "DS-MM": 5, "DS-SD": 3}
# As the surveys of COLEF and IOM found them later in the year: three in four go on.
PLANS = {
    "ONWARD": 55,
    "USA-CROSS": 12,
    "USA-ASYLUM": 8,
    "MEX-STAY": 9,
    "MEX-WORK": 4,
    "MEX-ASYLUM": 2,
    "UNDECIDED": 5,
    "WAIT-GROUP": 1,
    "RETURN": 1,
    "NO-ANSWER": 3,
}
PLANS_TO_STAY = {"MEX-STAY": 60, "MEX-ASYLUM": 25, "MEX-HUMANITARIAN": 15}


def drawn(rng: Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


class Needs:
    """Draws needs one kind after another; nobody drawn for a cell of the census is drawn again."""

    def __init__(self, rng: Random, guests: list[Guest]):
        self.rng = rng
        self.known = [guest for guest in guests if guest.is_known and not guest.is_seed]
        self.census = [guest for guest in self.known if guest.is_present(CENSUS_AT)]
        self.adults = [guest for guest in self.census if guest.member.is_adult]
        self.mothers_to_be = [g for g in self.adults if g.member.sex == "F" and g.member.age <= 42]
        self.drawn: set[int] = set()
        self.rows: list[PersonNeed] = []

    def pick(self, count: int, among: list[Guest], weight=lambda guest: 1) -> list[Guest]:
        """So many different guests, as likely as their weight says."""
        left = [guest for guest in among if id(guest) not in self.drawn]
        left.sort(key=lambda guest: -(self.rng.random() ** (1 / weight(guest))))
        self.drawn.update(id(guest) for guest in left[:count])
        return left[:count]

    def add(self, guest: Guest, code: str, moment: datetime | None = None, **fields) -> None:
        reported_at = moment or guest.stay.in_at
        self.rows.append(
            PersonNeed(
                id=identity(self.rng, reported_at),
                person=guest.person,
                need_id=code,
                reported_at=reported_at,
                by=guest.family.registered_by,
                **fields,
            )
        )


def needs(rng: Random, guests: list[Guest]) -> list[PersonNeed]:
    book = Needs(rng, guests)
    census_cells(book)
    outside_the_census(book)
    unaccompanied(book)
    others(book)
    return book.rows


def census_cells(book: Needs) -> None:
    """24 pregnant, 184 adults with a disability, 87 LGBTTTI: each counts once, a few have two codes."""
    for number, guest in enumerate(book.pick(CENSUS_NEEDS["pregnant"], book.mothers_to_be)):
        book.add(guest, "X-PR")
        if number < 3:
            book.add(guest, "PG-HR")
    older_first = book.pick(CENSUS_NEEDS["disability"], book.adults, lambda g: (g.member.age / 20) ** 2)
    for number, guest in enumerate(older_first):
        code = drawn(book.rng, DISABILITIES)
        book.add(guest, code)
        if number < 6 and code != "DS-DF":
            book.add(guest, "DS-DF")
    young_and_alone = book.pick(
        CENSUS_NEEDS["lgbt"],
        book.adults,
        lambda g: 1 if g.party.shape == "alone" and g.member.age < 45 else 0.05,
    )
    for guest in young_and_alone:
        book.add(guest, "X-LG")


def outside_the_census(book: Needs) -> None:
    """What a count at that moment must leave out: ruled out before, reported after, gone, or no adult."""
    for code, among, count in (("DS", book.adults, 4), ("X-PR", book.mothers_to_be, 2)):
        for guest in book.pick(count, [g for g in among if g.stay.in_at < at(6, 20)]):
            ruled_out = {"state": State.RULED_OUT, "ruled_out_at": between(book.rng, at(7, 9), at(7, 18))}
            book.add(guest, code, reason="Se anotó por error.", **ruled_out)
        for guest in book.pick(count, [g for g in among if g.is_present(at(8, 20))]):
            book.add(guest, code, between(book.rng, at(8, 9), at(8, 18)))
    gone = [g for g in book.known if g.member.is_adult and not g.is_present(CENSUS_AT)]
    for guest in book.pick(3, gone):
        book.add(guest, "DS-PM")
    for guest in book.pick(14, [g for g in book.census if not g.member.is_adult]):
        book.add(guest, drawn(book.rng, DISABILITIES))


def unaccompanied(book: Needs) -> None:
    """Some of the 31 whom ages and relationships show anyway, confirmed by an interview."""
    teens = [guest for guest in book.census if "teen" in guest.party.shape and not guest.member.is_adult]
    for guest in book.pick(6, teens):
        confirmed = {"state": State.CONFIRMED, "confirmed_at": guest.stay.in_at}
        book.add(guest, "SC-UC", reason="Entrevista de protección.", **confirmed)


def others(book: Needs) -> None:
    nursing = [guest for guest in book.adults if _has_baby(guest)]
    foreign = [g for g in book.census if g.party.language != "spa" and g.member.relationship == Kin.HEAD]
    older = [guest for guest in book.adults if guest.member.age >= 40]
    for code, count, among in (
        ("PG-LC", 40, nursing),
        ("X-IL", len(foreign) // 2, foreign),
        ("SM-CI", 60, older),
        ("SM-CC", 12, book.census),
        ("X-VC", 24, book.adults),
    ):
        for guest in book.pick(count, among):
            book.add(guest, code)


def _has_baby(guest) -> bool:
    is_mother = guest.member.sex == "F" and guest.party.shape in ("couple", "mother")
    return is_mother and any(member.age <= 1 for member in guest.party.members)


def intentions(rng: Random, guests: list[Guest]) -> list[Intention]:
    """What every adult said on arrival; and what each of the 170 said later, children included."""
    rows = []
    for guest in guests:
        if guest.is_known and guest.member.is_adult:
            code = "ONWARD" if guest.is_seed else drawn(rng, PLANS)
            rows.append(_intention(rng, guest, code, guest.stay.in_at))
    last_word: dict[int, tuple[str, datetime]] = {}
    for guest in guests:
        if guest.party.outcome:
            word = last_word.setdefault(id(guest.party), _last_word(rng, guest))
            rows.append(_intention(rng, guest, *word))
    return rows


def _last_word(rng, guest) -> tuple[str, datetime]:
    moment = between(rng, at(10, 9), at(11, 18))
    if guest.is_seed:
        return "MEX-ASYLUM", at(10, 11, 5)
    return ("RETURN" if guest.party.outcome == "return" else drawn(rng, PLANS_TO_STAY)), moment


def _intention(rng, guest, code, moment) -> Intention:
    said_on = guest.family.shelter.day_of(moment)
    by = guest.family.registered_by
    # The answer is written down a moment after the family.
    said_at = moment + timedelta(seconds=30)
    return Intention(
        id=identity(rng, said_at), person=guest.person, plan_id=code, said_at=said_at, said_on=said_on, by=by
    )
