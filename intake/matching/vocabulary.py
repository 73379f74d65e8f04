"""How common each name is among the people of a shelter, and which known names a misheard one may have been."""

from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from heapq import nsmallest
from math import log2

from rapidfuzz import process
from rapidfuzz.distance import OSA

from intake.matching.names import short_forms

MOST_NEAR = 16  # the nearest, and of equals the commonest: a large crowd has very many short names


@dataclass(frozen=True)
class Words:
    """Sound keys of one kind (given names, or surnames) with how many people bear each."""

    counts: Counter
    people: int
    _near: dict = field(default_factory=dict)

    @cached_property
    def keys(self) -> list[str]:
        return sorted(self.counts)

    @cached_property
    def by_ends(self) -> defaultdict[str, list[str]]:
        """The known words by their first letter, and by their last two."""
        words = defaultdict(list)
        for key in self.keys:
            words[key[0]].append(key)
            if len(key) > 2:
                words[key[-2:]].append(key)
        return words

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
            slips = 1 if len(key) < 5 else 2
            # Of two slips, at most one hits the first letter or the last two: so few words have to be compared.
            alike = self.by_ends[key[0]] + self.by_ends[key[-2:]] if len(key) > 2 else []
            found = process.extract(key, alike, scorer=OSA.distance, score_cutoff=slips, limit=None)
            ranked = {(far, -self.counts[word], word) for word, far, _index in found}
            close = {word for _far, _count, word in nsmallest(MOST_NEAR, ranked)}
            self._near[key] = frozenset({key, *short_forms().get(key, ()), *close})
        return self._near[key]


@dataclass(frozen=True)
class Vocabulary:
    """`counted_at`: who was registered later is not counted."""

    given: Words
    surnames: Words
    counted_at: datetime | None = None

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
    def of(cls, people: int, given: Counter, surnames: Counter, counted_at=None) -> "Vocabulary":
        return cls(Words(given, people), Words(surnames, people), counted_at)
