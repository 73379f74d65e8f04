"""How certain it is that two records are one person: evidence in bits, summed, and set against the crowd.

After Fellegi and Sunter: each thing that agrees or differs adds or takes so many bits, a rare surname more than a
common one; against the sum stands the number of people it might have been by chance. Pure functions; the weights are
in the tables below, and tests/bench/bench_look_alikes.py says how well they do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import permutations
from math import log2
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rapidfuzz.distance import OSA

from intake.ages import Birth, age_on
from intake.matching.names import Name, short_forms, sound
from intake.matching.vocabulary import Vocabulary, Words

UNKNOWN_SEX, UNKNOWN_COUNTRY = "U", "XU"
PRIOR = -1.0  # bits: most people who come have not been here before
RARE = 9.0  # bits from which a surname is worth a word
NO_GIVEN_NAME_AGREES = -14.0  # sisters and brothers agree in all the rest
NO_SURNAME_AGREES = -9.0
BOTH_ARE_NAMES = 3.0  # Marta is rarely a slip for María; Matra is one for Marta
AGES = [
    (0.6, 3.5),
    (1.6, 2.5),
    (2.6, 1.0),
    (3.6, -1.5),
    (5.6, -4.0),
]  # up to so many years apart, so many bits
AGES_OF_CHILDREN = [(0.6, 3.5), (1.6, 1.5), (2.6, -1.0), (3.6, -4.0), (5.6, -8.0)]
FAR_APART = -12.0
ONE_ALIKE, MOST_FOR_FAMILIES = 1.5, 6.0


class Profile(NamedTuple):
    """What is compared of a person. `place` names the region in words; `others`: (sex, birth) of the family."""

    name: Name
    sex: str
    birth: Birth
    country: str
    region: str = ""
    place: str = ""
    others: tuple[tuple[str, Birth], ...] = ()


class Evidence(NamedTuple):
    """Bits for (or, below zero, against), and how to say why; None when it is not worth a word."""

    bits: float
    words: Callable[[], str] | None = None


@dataclass(frozen=True)
class Verdict:
    """`certainty`: 0 to 1. The words are made when somebody reads them, in their language."""

    certainty: float
    evidence: tuple[Evidence, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """What speaks for it."""
        return tuple(each.words() for each in self.evidence if each.words and each.bits > 0)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What speaks against it."""
        return tuple(each.words() for each in self.evidence if each.words and each.bits <= 0)


def compare(one: Profile, other: Profile, vocabulary: Vocabulary) -> Verdict:
    evidence = (
        given_names(one.name, other.name, vocabulary.given),
        surnames(one.name.surnames, other.name.surnames, vocabulary.surnames),
        ages(one.birth, other.birth),
        sexes(one.sex, other.sex),
        origins(one, other),
        families(one.others, other.others),
    )
    return Verdict(certainty(sum(each.bits for each in evidence), vocabulary.people), evidence)


def certainty(bits: float, people: int) -> float:
    """Among more people more agrees by chance."""
    return 1 / (1 + 2 ** -(max(min(bits + PRIOR - log2(people + 256), 40), -40)))


def at_best(certainty: float, others: int) -> float:
    """What a certainty without a look at the families may become with one, `others` beside one of the two."""
    odds = certainty / (1 - certainty) * 2 ** min(ONE_ALIKE * others, MOST_FOR_FAMILIES)
    return odds / (1 + odds)


# --- names ---------------------------------------------------------------------------------------------------


@lru_cache(100_000)
def likeness(one: str, other: str) -> float:
    """Of two folded words: 1 the same, 0 nothing in common worth a thought."""
    if one == other:
        return 1.0
    a, b = sound(one), sound(other)
    if a == b:
        return 0.97
    if b in short_forms().get(a, ()):
        return 0.9
    as_written, length = OSA.distance(one, other), max(len(one), len(other))
    slips = min(
        max(OSA.distance(a, b), as_written - 1), as_written
    )  # Castro sounds nearer to Castillo than it is
    if slips == 1:
        return 0.85 if length > 4 else 0.7 if length == 4 else 0.55 if length == 3 else 0.0
    if slips == 2:
        return 0.75 if length > 7 else 0.55 if length > 5 else 0.0
    if min(len(a), len(b)) > 2 and (a.startswith(b) or b.startswith(a)):
        return 0.6
    return 0.0


COST = {1.0: 0.0, 0.97: 0.3, 0.9: 1.0, 0.85: 1.5, 0.75: 2.0, 0.7: 2.5, 0.6: 3.0, 0.55: 4.5}


class Alignment(NamedTuple):
    """`pairs`: (a word, its counterpart, likeness, whether in the same place)."""

    pairs: tuple[tuple[str, str, float, bool], ...]
    left_one: tuple[str, ...]
    left_other: tuple[str, ...]


@lru_cache(50_000)
def align(one: tuple[str, ...], other: tuple[str, ...]) -> Alignment:
    """The best pairing of words in any order; each word once."""
    one, other = one[:4], other[:4]
    turned = len(one) > len(other)
    short, long = (other, one) if turned else (one, other)
    best, best_sum = (), -1.0
    for places in permutations(range(len(long)), len(short)):
        likes = [(i, j, likeness(short[i], long[j])) for i, j in enumerate(places)]
        total = sum(like - (0.01 if i != j else 0) for i, j, like in likes if like)
        if total > best_sum:
            best, best_sum = [each for each in likes if each[2] >= 0.5], total
    pairs = [(j, i, like) if turned else (i, j, like) for i, j, like in best]
    taken_one, taken_other = {i for i, _j, _like in pairs}, {j for _i, j, _like in pairs}
    return Alignment(
        tuple((one[i], other[j], like, i == j) for i, j, like in pairs),
        tuple(word for i, word in enumerate(one) if i not in taken_one),
        tuple(word for j, word in enumerate(other) if j not in taken_other),
    )


def agreement(pairs, known: Words) -> float:
    """What the paired words are worth: the rarer, the more; the less alike, the less."""
    total = 0.0
    for word, counterpart, like, _same_place in pairs:
        one, other = sound(word), sound(counterpart)
        worth = min(known.bits(one), known.bits(other)) - COST[like]
        if like < 0.9 and known.is_usual(one) and known.is_usual(other):
            worth -= BOTH_ARE_NAMES
        total += max(worth, -6.0)
    return total


def given_names(one: Name, other: Name, known: Words) -> Evidence:
    """Known-as names stand in where given names do not agree."""
    if not (one.given and other.given):
        return Evidence(0.0)
    found = align(one.given, other.given)
    if not found.pairs:
        found = align(one.given + one.known_as, other.given + other.known_as)
    if not found.pairs:
        return Evidence(NO_GIVEN_NAME_AGREES, lambda: _("other given names"))
    bits = agreement(found.pairs, known)
    if found.left_one and found.left_other:
        bits -= 6.5
    elif found.left_one or found.left_other:
        bits -= 0.7
    if not any(same_place for *_rest, same_place in found.pairs):
        bits -= 2.5 if found.left_one and found.left_other else 0.5
    return Evidence(
        bits, lambda: name_words(found, _("same given names"), _("same given names in the other order"))
    )


def surnames(one: tuple[str, ...], other: tuple[str, ...], known: Words) -> Evidence:
    if not (one and other):
        return Evidence(0.0)
    found = align(one, other)
    if not found.pairs:
        return Evidence(NO_SURNAME_AGREES, lambda: _("other surnames"))
    bits = agreement(found.pairs, known)
    if found.left_one and found.left_other:
        bits -= 4.5
    elif found.left_one or found.left_other:
        bits -= 0.7
    if not any(same_place for *_rest, same_place in found.pairs):
        bits -= 1.0 if len(one) == len(other) else 3.0  # who leaves one out leaves out the second
    return Evidence(bits, lambda: surname_words(found, known))


def surname_words(found: Alignment, known: Words) -> str:
    said = name_words(found, _("same surnames"), _("same surnames in the other order"))
    rare = [
        word for word, _other, like, _place in found.pairs if like > 0.9 and known.bits(sound(word)) >= RARE
    ]
    if rare:
        said += " · " + _("few people here are called %(name)s") % {"name": rare[0].capitalize()}
    return said


def name_words(found: Alignment, same: str, crossed: str) -> str:
    alike = [
        _("%(one)s and %(other)s") % {"one": word.capitalize(), "other": counterpart.capitalize()}
        for word, counterpart, like, _same_place in found.pairs
        if like < 1
    ]
    if alike:
        return _("names alike: %(names)s") % {"names": ", ".join(alike)}
    if not found.left_one and not found.left_other:
        return same if all(same_place for *_rest, same_place in found.pairs) else crossed
    return _("%(name)s in common") % {"name": " ".join(word.capitalize() for word, *_rest in found.pairs)}


# --- the rest ------------------------------------------------------------------------------------------------


def ages(one: Birth, other: Birth) -> Evidence:
    """Graded, and by what is known of each birth: two exact dates that agree say far more than two ages."""
    if not (one.born and other.born):
        return Evidence(0.0)
    if one.precision == other.precision == "day" and one.born == other.born:
        return Evidence(8.0, lambda: _("the same birth date"))
    apart = max(abs((one.born - other.born).days) / 365.25 - spread(one) - spread(other), 0.0)
    steps = AGES_OF_CHILDREN if max(years(one, other), years(other, one)) < 11 else AGES
    bits = next((bits for limit, bits in steps if apart <= limit), FAR_APART)
    return Evidence(bits, lambda: age_words(one, other))


def spread(birth: Birth) -> float:
    """Years by which the middle may be off without anybody having been wrong."""
    return {"day": 0.0, "month": 0.05, "year": 0.3, "age": 0.4}.get(birth.precision, 0.0)


def years(birth: Birth, other: Birth) -> int:
    """The age on the day the later of the two was said; of two birth dates, today."""
    said = [each.said_on for each in (birth, other) if each.said_on]
    return age_on(birth.born, max(said, default=date.today()))


def age_words(one: Birth, other: Birth) -> str:
    first, second = sorted((years(one, other), years(other, one)))
    if first == second:
        return _("the same age: %(age)d") % {"age": first}
    return _("age %(one)d and %(other)d") % {"one": first, "other": second}


def sexes(one: str, other: str) -> Evidence:
    if UNKNOWN_SEX in (one, other):
        return Evidence(0.0)
    return Evidence(0.8) if one == other else Evidence(-4.0, lambda: _("another sex"))


def origins(one: Profile, other: Profile) -> Evidence:
    if UNKNOWN_COUNTRY in (one.country, other.country):
        return Evidence(0.0)
    if one.country != other.country:
        return Evidence(-4.0, lambda: _("from another country"))
    if not (one.region and other.region):
        return Evidence(0.3)
    if one.region == other.region:
        return Evidence(3.0, lambda: _("both from %(place)s") % {"place": one.place or other.place})
    return Evidence(-4.0, lambda: _("from another department"))


def families(one, other) -> Evidence:
    """The shape of the family: how many of the others are of the same sex and age."""
    if not (one and other):
        return Evidence(0.0)
    left, alike = list(other), 0
    for sex, birth in one:
        twin = next((each for each in left if is_like(sex, birth, *each)), None)
        if twin:
            left.remove(twin)
            alike += 1
    if not alike:
        bits = -1.5 if min(len(one), len(other)) > 1 else -0.5
        return Evidence(bits, lambda: _("nobody else of the two families is alike"))
    return Evidence(min(ONE_ALIKE * alike, MOST_FOR_FAMILIES), lambda: family_words(alike))


def family_words(alike: int) -> str:
    words = ngettext(
        "%(n)d other of the same sex and age beside them",
        "%(n)d others of the same sex and age beside them",
        alike,
    )
    return words % {"n": alike}


def is_like(sex, birth, other_sex, other_birth) -> bool:
    if not (birth.born and other_birth.born) or UNKNOWN_SEX in (sex, other_sex) or sex != other_sex:
        return False
    return abs((birth.born - other_birth.born).days) <= 800
