"""From what somebody types to a country and a department: "ola" is Olancho, Honduras. Pure, but for loading the list.

The browser does the same in places.js with the list this module serves; a test compares the two.
"""

from functools import cache, lru_cache
from typing import NamedTuple

from django.utils import translation
from django.utils.translation import get_language
from django_countries import countries

from intake.matching.names import fold
from intake.models import Region

NEAR = {"HN": 0, "GT": 0, "SV": 0, "NI": 0, "MX": 1}  # where most come from goes first
FAR = 2
# What people say that is in no list of names.
ALSO = {"US": ("usa", "eeuu", "eua"), "MX-CMX": ("cdmx", "df", "distrito federal")}


class Place(NamedTuple):
    """`region` is empty for a whole country."""

    country: str
    region: str
    label: str


class Entry(NamedTuple):
    """`own`: folded names of the place itself; `full`: with its country's; `nearness`: 0 first."""

    place: Place
    own: tuple[str, ...]
    full: tuple[str, ...]
    nearness: int

    def rank(self, typed):
        """Smaller is better; None when what was typed does not fit."""
        words = typed.split()
        own_words = [word for name in self.own for word in name.split()]
        full_words = own_words + [word for name in self.full for word in name.split()]
        if not any(word.startswith(words[0]) for word in own_words):
            return None
        if not all(any(word.startswith(start) for word in full_words) for start in words):
            return None
        return (typed not in self.own and typed not in self.full, self.nearness, bool(self.place.region))


@cache
def country_names(code) -> tuple[str, ...]:
    """Folded, in both languages: a volunteer may think in either."""
    names = []
    for language in ("es", "en"):
        with translation.override(language):
            names.append(fold(str(countries.name(code))))
    return tuple(names)


@lru_cache
def country_labels(language) -> dict[str, str]:
    return dict(countries)


@lru_cache
def country_entries(language) -> list[Entry]:
    """Countries change with a release, not while we run."""
    return [
        Entry(
            Place(code, "", label),
            # The code of a far country is what somebody typed of a near department: "la", "co", "gu".
            (*country_names(code), *ALSO.get(code, ()), *((code.lower(),) if code in NEAR else ())),
            country_names(code),
            NEAR.get(code, FAR),
        )
        for code, label in country_labels(language).items()
    ]


def entries() -> list[Entry]:
    """Every country and every department of the list, labelled in the reader's language. One query."""
    language = get_language()
    return [
        *country_entries(language),
        *(region_entry(region, language) for region in Region.objects.offered()),
    ]


def region_entry(region, language) -> Entry:
    own = fold(region.label)
    full = tuple(f"{own} {name}" for name in country_names(region.country))
    place = Place(region.country, region.code, f"{region.label}, {country_labels(language)[region.country]}")
    return Entry(
        place, (own, fold(region.code), *ALSO.get(region.code, ())), full, NEAR.get(region.country, FAR)
    )


def find(text: str, known: list[Entry]) -> list[Place]:
    """The places that fit best; one when it is clear, several when it is not, none when nothing fits."""
    typed = fold(text)
    if not typed:
        return []
    ranked = [(rank, entry.place) for entry in known if (rank := entry.rank(typed)) is not None]
    best = min((rank for rank, _place in ranked), default=None)
    return [place for rank, place in ranked if rank == best]
