"""Invented names and places of origin, drawn as often as they are met. Pure; the lists lie beside as CSV.

Two given names, then the father's first and the mother's first surname. "María de los Ángeles" is one name.
"""

import csv
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

HERE = Path(__file__).parent
YOUNG = 28  # below this age, names of the last decades are likelier
PET_NAMES = {
    "José": "Chepe",
    "Francisco": "Paco",
    "Antonio": "Toño",
    "Roberto": "Beto",
    "Fernando": "Nando",
    "Manuel": "Meme",
    "Miguel": "Migue",
    "Luis": "Lucho",
    "Carlos": "Carlitos",
    "Daniel": "Dani",
    "Rosa": "Rosita",
    "Concepción": "Concha",
    "Francisca": "Paca",
    "María": "Mari",
    "Alejandra": "Ale",
    "Fernanda": "Fer",
    "Ana": "Anita",
    "Gabriela": "Gaby",
    "Guadalupe": "Lupe",
}


class Origin(NamedTuple):
    """Where somebody comes from: ISO country, ISO region or "", ISO 639-3 language of the home."""

    country: str
    region: str = ""
    language: str = "spa"


@cache
def rows(file_name) -> list[dict]:
    with (HERE / file_name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def pool(of: str, kind: str) -> tuple[list[str], list[int]]:
    """The names of a country or language, and how often each is met; empty when it has no list of its own."""
    found = [
        (name, int(row["weight"]))
        for row in rows("names.csv")
        if (row["pool"], row["kind"]) == (of, kind)
        for name in row["names"].split("; ")
    ]
    return [name for name, _ in found], [weight for _, weight in found]


def draw(rng: Random, of: str, kind: str) -> str:
    names, weights = pool(of, kind)
    return rng.choices(names, weights)[0]


def origin(rng: Random, country: str) -> Origin:
    """A region of that country as often as people came from it, and the language of the home."""
    places = [row for row in rows("origins.csv") if row["country"] == country]
    row = rng.choices(places, [int(place["weight"]) for place in places])[0]
    speaks = row["language"] and rng.randrange(100) < int(row["percent"])
    return Origin(country, row["region"], row["language"] if speaks else "spa")


def surname(rng: Random, home: Origin) -> str:
    """Of the language of the home where that has surnames of its own, four times in five."""
    own = pool(home.language, "surname")[0] and rng.random() < 0.8
    return draw(rng, home.language if own else home.country, "surname")


def surnames(rng: Random, home: Origin) -> tuple[str, str]:
    return surname(rng, home), surname(rng, home)


def given(rng: Random, country: str, sex: str, age: int, taken=()) -> str:
    """One or two given names; the first is none of those taken by the rest of the family."""
    kind = "female" if sex == "F" else "male"
    first = _one(rng, country, kind, age)
    while first.split(" ")[0] in taken:
        first = _one(rng, country, kind, age)
    if " " in first or rng.random() > 0.62:
        return first
    second = _one(rng, country, kind, age)
    return first if second == first or " " in second else f"{first} {second}"


def _one(rng, country, kind, age) -> str:
    young = f"{kind}-young"
    share = 0.65 if age < YOUNG else 0.12
    return draw(rng, country, young if rng.random() < share and pool(country, young)[0] else kind)


def pet_name(given_names: str) -> str:
    """Chepe for José; empty for names that have none."""
    return PET_NAMES.get(given_names.split(" ")[0], "")
