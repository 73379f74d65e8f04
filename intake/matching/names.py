"""Names as people write them, reduced to what can be compared. Pure functions.

`fold` takes away what never matters (accents, case), `sound` what a clerk may write either way when somebody says
a Spanish name aloud. A sound key is for finding candidates; how much alike two names are is for score.py to say.
"""

import csv
import re
import unicodedata
from collections import defaultdict
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

SHORT_FORMS = Path(__file__).parent / "short_forms.csv"
PARTICLES = frozenset("de del la las los el y da das do dos di van von san".split())


def fold(*parts: str) -> str:
    """Lower case, no accents, single spaces, letters and digits only: "NÚÑEZ  López" becomes "nunez lopez".

    The same on every database, which ILIKE and icontains are not.
    """
    bare = unicodedata.normalize("NFKD", " ".join(part for part in parts if part)).casefold()
    kept = (c if c.isalnum() else " " for c in bare if not unicodedata.combining(c) and c not in "'’")
    return " ".join("".join(kept).split())


# In this order; each takes what the earlier ones left.
SOUNDS = [
    (re.compile(pattern), sound)
    for pattern, sound in [
        (r"(.)\1+", r"\1\1"),
        (r"^(?:xi(?=m)|gi|ji)", "ji"),  # Ximénez, Giménez, Jiménez
        (r"^xi(?=o)", "si"),  # Xiomara
        (r"^xa(?=v)", "ja"),
        (r"^e?s(?=[bcdfgklmnpqrtv])", "s"),  # Estefany, Stefany
        (r"^(?:h?i|y|ll)(?=[aeou])", "j"),  # Yeny, Lleni, Jenny
        (r"[cs]h", "Q"),
        (r"ph", "f"),
        (r"sc(?=[eiy])", "s"),
        (r"c(?=[eiy])|z", "s"),
        (r"qu(?=[eiy])|ck|[cqk]", "k"),
        (r"gu(?=[eiy])", "G"),
        (r"g(?=[eiy])", "j"),
        (r"(?<!^)x(?=[aeiou]|$)", "j"),  # Mejía, Mexía; before a consonant and at the start Mayan: Ixcoy, Xol
        (r"h", ""),
        (r"[vw]", "b"),
        (r"ll|y", "i"),
        (r"n(?=[mbp])", "m"),
        (r"(.)\1+", r"\1"),
    ]
]


@lru_cache(50_000)
def sound(word: str) -> str:
    """How a folded word sounds in Spanish: "hernandez" and "ernandes" are one key, as are "velasquez" and "belasques".

    Apart from b/v/w, s/z/c, g/j/x, y/ll/i, qu/k/c, a silent h and doubled letters, a word stays as it is: a Mayan
    initial X is kept, and letters of other scripts pass through.
    """
    for pattern, replacement in SOUNDS:
        word = pattern.sub(replacement, word)
    return word.lower()


class Name(NamedTuple):
    """Folded words, without "de", "la", "y" and the like; each tuple in the order it was written."""

    given: tuple[str, ...]
    surnames: tuple[str, ...]
    known_as: tuple[str, ...] = ()


def words(text: str) -> tuple[str, ...]:
    """The folded words that count; of a name that is nothing but particles, all."""
    found = fold(text).split()
    return tuple(word for word in found if word not in PARTICLES) or tuple(found)


@lru_cache(50_000)
def name_of(given_names: str, surnames: str, known_as: str = "") -> Name:
    """What to compare. A whole name written into one of the two fields is read as given names before surnames.

    That is a reading for comparison alone: what was written stays where it was written.
    """
    given, family = words(given_names), words(surnames)
    if len(given or family) > 1 and not (given and family):
        whole = given or family
        half = max(1, len(whole) - 2) if len(whole) > 2 else 1
        given, family = whole[:half], whole[half:]
    return Name(given, family, words(known_as))


class SoundKeys(NamedTuple):
    """The columns that are kept beside a person; "" where there is none."""

    given: str = ""
    given_2: str = ""
    surname: str = ""
    surname_2: str = ""


@lru_cache(50_000)
def sound_keys(given_names: str, surnames: str, known_as: str = "") -> SoundKeys:
    """Two given names and two surnames at most; the name somebody answers to stands in for a second given name."""
    name = name_of(given_names, surnames, known_as)
    given = [sound(word) for word in (*name.given[:2], *name.known_as[:1])]
    family = [sound(word) for word in name.surnames[:2]]
    return SoundKeys(*([*given, "", ""])[:2], *([*family, "", ""])[:2])


@cache
def short_forms() -> dict[str, frozenset[str]]:
    """Sound of a name to the sounds of those it stands for or that stand for it: Chepe to José, José to Chepe, Pepe."""
    related = defaultdict(set)
    with SHORT_FORMS.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            short, full = sound(fold(row["short"])), sound(fold(row["full"]))
            related[short].add(full)
            related[full].add(short)
    return {name: frozenset(others) for name, others in related.items()}
