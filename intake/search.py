"""One box for a card code, or for names in any order, with or without accents, half typed or mistyped.

A volunteer is shown ten families at most, and never everybody. Candidates come from the indexed sound keys and from
the newest families; how well each fits is said here, so that SQLite and PostgreSQL give the same answers.
"""

import heapq
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from itertools import chain, combinations, product

from django.db import connection
from django.db.models import DateTimeField, IntegerField, UUIDField
from django.utils import timezone
from django.utils.translation import gettext as _
from rapidfuzz.distance import OSA

from intake.cards import LENGTH, read_code
from intake.look_alikes import as_id, marks, vocabulary
from intake.matching.names import PARTICLES, short_forms, sound, words
from intake.models import Card, Family, Person, Relationship, Stay
from shelters.prepared import Blank, Prepared, blanks, several

FEWEST_LETTERS = 3
MOST_WORDS, LONGEST_WORD = 8, 24  # as long as a sound key may be
MOST_BEGUN = 30  # names that one half-typed word may stand for, the commonest first
MOST_CANDIDATES, MOST_RANKED = 400, 40  # of more than 400 who sound alike the desk is told to write more
NEWEST = 200  # people: with names that nobody had when the vocabulary was counted
A_MINUTE = timedelta(minutes=1)  # more than a registration takes to be committed
SHOWN_FIRST, MOST_SHOWN = 5, 10
GIVEN, SURNAMES = ("given_key", "given_key_2"), ("surname_key", "surname_key_2")
OF_ONE_KIND = (GIVEN, SURNAMES)
COLUMNS = {
    1: list(combinations(GIVEN + SURNAMES, 1)),
    2: list(product(GIVEN, SURNAMES)),
    3: list(combinations(GIVEN + SURNAMES, 3)),
}
MATCHED = ("id", "family_id", "name_key")
UNSURE_AT_END = "cghlnpqsuxy"  # letters whose sound the next one decides: jorg, jorge


@dataclass(frozen=True)
class Found:
    """A family as the desk shows it. `other`: the member whose name was meant, when it is not the head's."""

    family: Family
    head: Person
    other: Person | None
    size: int
    is_inside: bool
    card: Card | None
    today: date

    @property
    def days_ago(self) -> int:
        return (self.today - self.family.arrived_on).days

    @property
    def came_at(self):
        """The hour, for a family that was registered on the day it arrived."""
        return self.family.registered_at if self.family.registered_on == self.family.arrived_on else None


@dataclass(frozen=True)
class Answer:
    """`words` say how the search went, whatever was typed; `card` is the family a card leads straight to."""

    words: str = ""
    families: tuple[Found, ...] = ()
    is_more: bool = False
    card: Family | None = None
    is_question: bool = True  # nothing was looked up when it is not

    @property
    def first(self):
        return self.families[:SHOWN_FIRST]

    @property
    def others(self):
        return self.families[SHOWN_FIRST:]


def search(text, *, user, shelter) -> Answer:
    """What the desk answers to what was typed or scanned."""
    return by_card(text, user, shelter) or by_name(text, user, shelter)


# --- a card --------------------------------------------------------------------------------------------------


def by_card(text, user, shelter) -> Answer | None:
    """None when the text is rather a name."""
    compact = "".join(text.replace("-", " ").split())
    has_digit = any(c.isdigit() for c in compact)
    code = read_code(text)
    if not code:
        is_like_one = len(compact) == LENGTH and compact.isascii() and compact.isalnum() and has_digit
        return Answer(_("No card has this code. Look at it again, or write a name.")) if is_like_one else None
    cards = Card.objects.visible_to(user).filter(family__shelter=shelter).select_related("family")
    card = cards.filter(code=code).first()
    if not card:
        return Answer(_("This card belongs to no family here. Search by name.")) if has_digit else None
    if card.revoked_at:
        return Answer(_("This card is not valid any more: it was replaced. Search by name."))
    found = described({card.family_id: None}, user, inside([card.family_id]))
    return Answer(in_words(found, is_more=False), tuple(found), card=card.family)


# --- names ---------------------------------------------------------------------------------------------------


class Typed:
    """One typed word, perhaps half typed or mistyped."""

    def __init__(self, word):
        self.word, self.key = word, sound(word)
        self.stem = sound(word.rstrip(UNSURE_AT_END) or word)
        self.slips = 0 if len(word) < 4 else 1 if len(word) < 7 else 2

    @cached_property
    def same(self) -> set[str]:
        """The sound keys that are this name, in its short and long forms."""
        return {self.key, *short_forms().get(self.key, ())}

    def alike(self, known) -> set[str]:
        """The known ones that it may have been meant to be: begun like it, or a slip away."""
        common = heapq.nlargest(MOST_BEGUN, known.begun(self.stem), key=lambda key: (known.counts[key], key))
        # One slip as written may be two by sound: "garica" for "garcia".
        most = self.slips + bool(self.slips)
        near = (key for key in known.near(self.key) if OSA.distance(self.key, key) <= most)
        return {*near, *common}

    def fit(self, other) -> float:
        """From 0 to 1."""
        key = sound(other)
        if key == self.key:
            return 1.0
        if key in self.same or self._begins(other):
            return 0.9
        # A slip may also be one letter as written and more by its sound: "baahona" for "barahona".
        distance = min(
            OSA.distance(self.key, key, score_cutoff=self.slips),
            OSA.distance(self.word, other, score_cutoff=self.slips),
        )
        return 0.8 - distance / 10 if distance <= self.slips else 0.0

    def _begins(self, other) -> bool:
        """Cut where it was cut, the other one sounds the same; one letter more or less for a silent h."""
        n = len(self.word)
        return other.startswith(self.word) or any(
            sound(other[:length]) == self.key for length in (n - 1, n, n + 1) if 1 < length < len(other)
        )


@dataclass(frozen=True)
class Match:
    """A candidate with how well each typed word fits one of theirs. Ids are in the order of registering."""

    pk: str
    family: str
    fits: tuple[float, ...]
    asked: int

    @cached_property
    def rank(self) -> tuple:
        """All words first, then how well; a tenth more or less is nothing."""
        return self.has_all, len(self.fits), round(sum(self.fits) / len(self.fits), 1)

    @property
    def has_all(self) -> bool:
        return len(self.fits) == self.asked

    @property
    def is_exact(self) -> bool:
        return self.has_all and min(self.fits) == 1


def by_name(text, user, shelter) -> Answer:
    typed = [Typed(word) for word in typed_words(text)]
    if sum(c.isalpha() for each in typed for c in each.word) < FEWEST_LETTERS:
        return Answer(_("Write at least three letters of a name."), is_question=False)
    found, is_more, here = chosen(list(best_matches(typed, shelter).values()))
    shown = described({match.family: match.pk for match in found}, user, here)
    return Answer(in_words(shown, is_more), tuple(shown), is_more)


def typed_words(text) -> list[str]:
    """Those of two letters or more, each once: an initial would fit everybody."""
    found = dict.fromkeys(word[:LONGEST_WORD] for word in words(text[:400]))
    return [word for word in found if len(word) > 1][:MOST_WORDS]


newest_of = Prepared(
    lambda: (
        Person.objects.standing()
        .filter(
            family__shelter=Blank("shelter", IntegerField()),
            family__registered_at__gt=Blank("since", DateTimeField()),
        )
        .order_by("-family__registered_at", "-pk")
        .values_list(*MATCHED)[:NEWEST]
    )
)


def best_matches(typed, shelter) -> dict:
    """Of each family the member who fits best. Looks further only while ten families are not enough."""
    known = vocabulary()
    newest = newest_of(shelter=shelter.pk, since=known.counted_at - A_MINUTE)
    best, fits_of = {}, memory(typed)
    for stage in chain([newest], further(typed, known, shelter)):
        for match in matches(typed, stage, fits_of):
            if match.family not in best or match.rank > best[match.family].rank:
                best[match.family] = match
        found = list(best.values())
        if sum(match.is_exact or (stage is not newest and match.has_all) for match in found) > MOST_SHOWN:
            break
        if stage is not newest and len(typed) > 2 and any(match.has_all for match in found):
            break  # three words that all fit are no accident
    return best


def further(typed, known, shelter):
    """Who sounds the same, then who is alike, then more loosely; one query each.

    Two words stand in two columns that an index joins, a surname and a given name; both of one kind come last.
    Three words stand in three columns, then in two.
    """
    n = min(3, len(typed))
    same = {key for word in typed for key in word.same}
    yield fitting(beside(COLUMNS[n], same, same), shelter)
    given = same.union(*(word.alike(known.given) for word in typed))
    surnames = same.union(*(word.alike(known.surnames) for word in typed))
    if given | surnames != same:
        yield fitting(beside(COLUMNS[n], given, surnames), shelter)
    if n == 2:
        yield fitting(beside(OF_ONE_KIND, given, surnames), shelter)
    if n == 3:
        yield fitting(beside(COLUMNS[2], given, surnames), shelter)


def beside(columns, given, surnames) -> list[dict]:
    """Which keys each column of a group may hold."""
    return [{name: sorted(given if name in GIVEN else surnames) for name in group} for group in columns]


def fitting(groups, shelter) -> list[tuple]:
    """The newest of those with fitting words in all columns of a group. Which word fits which is seen afterwards.

    One simple part for each group, so that each is answered by an index; the shelter is looked at last: earlier,
    either database would sooner read all its families. Written by hand, as Django takes longer for it than the search.
    """
    wanted = (" AND ".join(f"{name} IN ({marks(keys)})" for name, keys in group.items()) for group in groups)
    parts = " UNION ".join(f"{ONE_PART} AND {each}" for each in wanted)
    values = [key for group in groups for keys in group.values() for key in keys]
    with connection.cursor() as cursor:
        cursor.execute(OF_HERE.format(parts), [*values, shelter.pk])
        return cursor.fetchall()


ONE_PART = "SELECT id, family_id, name_key FROM intake_person WHERE merged_into_id IS NULL"
# To SQLite, CROSS says in which order to join.
OF_HERE = f"""
    SELECT found.id, found.family_id, found.name_key
    FROM ({{}} ORDER BY 1 DESC LIMIT {MOST_CANDIDATES}) AS found
    CROSS JOIN intake_family AS family
    WHERE family.id = found.family_id AND family.shelter_id = %s AND family.merged_into_id IS NULL
    ORDER BY 1 DESC"""


def matches(typed, people, fits_of) -> list[Match]:
    """People whom the words fit: every word; or all but one, or half of them and every word of their own."""
    found, n = [], len(typed)
    for pk, family, name_key in people:
        others = [word for word in name_key.split() if word not in PARTICLES]
        fits = best_pairs([(fit, i, j) for j, other in enumerate(others) for fit, i in fits_of(other)])
        if fits and len(fits) >= min(n, max(2, n // 2, min(n - 1, len(others)))):
            found.append(Match(as_id(pk), as_id(family), tuple(fits), n))
    return found


def memory(typed):
    """Which of the typed words a word of a name fits, and how well. A thousand people share few words."""

    @cache
    def fits_of(other) -> list[tuple[float, int]]:
        return [(fit, i) for i, word in enumerate(typed) if (fit := word.fit(other))]

    return fits_of


def best_pairs(pairs) -> list[float]:
    """Each typed word beside another word of the name, the best pairs first."""
    typed, others, fits = set(), set(), []
    for fit, i, j in sorted(pairs, reverse=True):
        if i not in typed and j not in others:
            typed.add(i)
            others.add(j)
            fits.append(fit)
    return fits


def chosen(found) -> tuple[list[Match], bool, set]:
    """The ten to show, whether there are more, and which families are here.

    Those who fit best; among equals who is here before who left, then the newest.
    """
    ranked = heapq.nlargest(MOST_RANKED, found, key=lambda match: (match.rank, match.family))
    here = inside([match.family for match in ranked])
    ranked.sort(key=lambda match: (match.rank, match.family in here, match.family), reverse=True)
    return ranked[:MOST_SHOWN], len(found) > MOST_SHOWN, here


# --- what is shown -------------------------------------------------------------------------------------------


inside_of = Prepared(
    lambda: (
        Stay.objects.open()
        .filter(
            person__family__pk__in=blanks("family", MOST_RANKED, UUIDField()),
            person__merged_into__isnull=True,
        )
        .order_by()
        .values_list("person__family_id", flat=True)
    )
)
# For an account that may read people: the rest of `visible_to`.
members_of = Prepared(
    lambda: (
        Person.objects.where_works(Blank("user", IntegerField()))
        .filter(family__pk__in=blanks("family", MOST_SHOWN, UUIDField()))
        .select_related("family", "origin_region")
        .order_by("position", "id")
    )
)
cards_of = Prepared(
    lambda: Card.objects.filter(
        family__pk__in=blanks("family", MOST_SHOWN, UUIDField()), revoked_at__isnull=True
    ).order_by("bound_at")
)


def inside(families) -> set:
    """Those of these families with somebody who has not left."""
    return set(inside_of(**several("family", MOST_RANKED, families))) if families else set()


def described(meant: dict, user, here) -> list[Found]:
    """Families (id to the id of the member who was meant) as they are shown, in that order. Two queries."""
    if not meant or not user.has_perms(("intake.view_family", "intake.view_person")):
        return []
    families, members = several("family", MOST_SHOWN, meant), defaultdict(list)
    for person in members_of(user=user.pk, **families):
        members[person.family_id].append(person)
    cards = {card.family_id: card for card in cards_of(**families)}
    today = timezone.localdate()
    return [
        Found(
            family=members[pk][0].family,
            head=(head := head_of(members[pk])),
            other=next((each for each in members[pk] if each.pk == person and each != head), None),
            size=len(members[pk]),
            is_inside=pk in here,
            card=cards.get(pk),
            today=today,
        )
        for pk, person in meant.items()
        if members[pk]
    ]


def head_of(members) -> Person:
    return next((person for person in members if person.relationship == Relationship.HEAD), members[0])


def in_words(found, is_more) -> str:
    if is_more:
        return _("More than ten: write another name too.")
    if not found:
        return _("Nobody found with these names.")
    return _("Families found: %(n)d") % {"n": len(found)}
