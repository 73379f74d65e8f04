"""From what somebody types to a country and a department: "ola" is Olancho, Honduras. Pure, but for loading the list.

The browser does the same in places.js with the list this module serves; a test compares the two.
"""

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
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


@dataclass(frozen=True)
class Entry:
    """`own`: folded names of the place itself; `full`: with its country's; `nearness`: 0 first."""

    place: Place
    own: tuple[str, ...]
    full: tuple[str, ...]
    nearness: int

    @cached_property
    def own_words(self) -> str:
        """With a blank before each, so that what a word begins with is found in the whole."""
        return " " + " ".join(self.own)

    @cached_property
    def all_words(self) -> str:
        return " ".join((self.own_words, *self.full))

    def rank(self, typed):
        """Smaller is better; None when what was typed does not fit."""
        words = typed.split()
        if f" {words[0]}" not in self.own_words or any(f" {start}" not in self.all_words for start in words):
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
    label = "label_en" if language == "en" else "label_es"
    regions = Region.objects.offered().values_list("country", "code", label)
    return [*country_entries(language), *(region_entry(*region, language) for region in regions)]


@lru_cache(1000)
def region_entry(country, code, label, language) -> Entry:
    """Made once for each label that a coordinator has given it."""
    own = fold(label)
    full = tuple(f"{own} {name}" for name in country_names(country))
    place = Place(country, code, f"{label}, {country_labels(language)[country]}")
    return Entry(place, (own, fold(code), *ALSO.get(code, ())), full, NEAR.get(country, FAR))


def find(text: str, known: list[Entry]) -> list[Place]:
    """The places that fit best; one when it is clear, several when it is not, none when nothing fits."""
    typed = fold(text)
    if not typed:
        return []
    ranked = [(rank, entry.place) for entry in known if (rank := entry.rank(typed)) is not None]
    best = min((rank for rank, _place in ranked), default=None)
    return [place for rank, place in ranked if rank == best]
