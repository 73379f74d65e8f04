"""How common each name is among the people of a shelter, and which known names a misheard one may have been."""

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from math import log2

from rapidfuzz import process
from rapidfuzz.distance import OSA

from intake.matching.names import short_forms

MOST_NEAR = 24


@dataclass(frozen=True)
class Words:
    """Sound keys of one kind (given names, or surnames) with how many people bear each."""

    counts: Counter
    people: int
    _near: dict = field(default_factory=dict)

    @cached_property
    def keys(self) -> list[str]:
        return list(self.counts)

    def bits(self, key: str) -> float:
        """What it tells that two people share this word: 4 bits when one in sixteen bears it. Nobody's is rarest."""
        return log2((self.people + 64) / (self.counts[key] + 1 + self.people / 512))

    def near(self, key: str) -> frozenset[str]:
        """This word, its short and long forms, and the known ones a slip away (two slips in a long word)."""
        if key not in self._near:
            slips = 1 if len(key) < 7 else 2
            found = ()
            if len(key) > 2:
                found = process.extract(
                    key, self.keys, scorer=OSA.distance, score_cutoff=slips, limit=MOST_NEAR
                )
            self._near[key] = frozenset(
                {key, *short_forms().get(key, ()), *(near for near, _distance, _index in found)}
            )
        return self._near[key]


@dataclass(frozen=True)
class Vocabulary:
    given: Words
    surnames: Words

    @property
    def people(self) -> int:
        return self.given.people

    @classmethod
    def of(cls, people: int, given: Counter, surnames: Counter) -> "Vocabulary":
        return cls(Words(given, people), Words(surnames, people))
