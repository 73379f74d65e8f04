"""How common each name is among the people of a shelter, and which known names a misheard one may have been."""

from bisect import bisect_left
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
        return sorted(self.counts)

    def begun(self, stem: str) -> list[str]:
        """The known words that begin like this."""
        return self.keys[bisect_left(self.keys, stem) : bisect_left(self.keys, stem + chr(0x10FFFF))]

    def bits(self, key: str) -> float:
        """What it tells that two people share this word: 4 bits when one in sixteen bears it. Nobody's is rarest."""
        return log2((self.people + 64) / (self.counts[key] + 1 + self.people / 512))

    def is_usual(self, key: str) -> bool:
        """Whether several people bear it, so that it is hardly a slip."""
        return self.counts[key] > max(1, self.people / 2000)

    def near(self, key: str) -> frozenset[str]:
        """This word, its short and long forms, and the known ones a slip away (two slips in a long word)."""
        if key not in self._near:
            found = ()
            if len(key) > 2:
                slips = 1 if len(key) < 4 else 2
                found = process.extract(
                    key, self.keys, scorer=OSA.distance, score_cutoff=slips, limit=MOST_NEAR
                )
            # Of two slips, at most one hits the first or the last letter.
            close = {
                word
                for word, slips, _index in found
                if slips < 2 or len(key) > 6 or word[0] == key[0] or word[-2:] == key[-2:]
            }
            self._near[key] = frozenset({key, *short_forms().get(key, ()), *close})
        return self._near[key]


@dataclass(frozen=True)
class Vocabulary:
    given: Words
    surnames: Words

    @property
    def people(self) -> int:
        return self.given.people

    def expected(self, given, surnames) -> float:
        """How many people will have one of these given names and one of these surnames, as far as chance goes."""
        one, other = (
            sum(map(words.counts.__getitem__, keys))
            for words, keys in ((self.given, given), (self.surnames, surnames))
        )
        return one * other / max(self.people, 1)

    @classmethod
    def of(cls, people: int, given: Counter, surnames: Counter) -> "Vocabulary":
        return cls(Words(given, people), Words(surnames, people))
