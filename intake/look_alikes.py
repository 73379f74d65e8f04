"""Who among those registered here may be the person in front of us? Candidates by indexed sound keys, then scored.

Only inside one shelter, never inside one family. The same people are found on SQLite and PostgreSQL.
"""

import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.db.models import CharField, Count, IntegerField, Q, Value

from intake.ages import Birth
from intake.matching.names import name_of, sound_keys
from intake.matching.score import Profile, compare
from intake.matching.vocabulary import Vocabulary
from intake.models import Family, LookAlike, Person

WARN_AT = 54  # percent: shown at the desk
WARN_WITHOUT_AGE_AT = 12  # percent: while no age is known yet, which is when a warning comes soonest
LIST_AT = 12  # percent: goes to the review list, as does whatever the desk was shown
LIKELY_AT = 90  # percent: "very likely"
MOST_CERTAIN = 99  # nothing that was written down by hand is sure
MOST_SHOWN = 3
MOST_CANDIDATES = 1200
MOST_JUDGED = 60
YEARS_APART = 5
COLUMNS = (
    "id family_id given_names surnames known_as sex birth_date birth_precision age_said_on origin_country"
    " origin_region_id"
).split()


@dataclass(frozen=True)
class LookAlikePair:
    """`asked`: who was asked about, saved or not. `found`: somebody registered, with their `family`.

    `certainty` in percent; `reasons` speak for it, `doubts` against, in the reader's language.
    """

    asked: Person
    found: Person
    certainty: int
    reasons: tuple[str, ...]
    doubts: tuple[str, ...] = ()

    @property
    def is_worth_a_warning(self) -> bool:
        return self.certainty >= (WARN_AT if self.asked.birth_date else WARN_WITHOUT_AGE_AT)

    @property
    def is_likely(self) -> bool:
        return self.certainty >= LIKELY_AT


def families(people, *, shelter, but=()) -> list[list[LookAlikePair]]:
    """For the desk: the pairs grouped by the family that was found, most certain first, at most three families.

    `but`: ids of people who were said not to be the same.
    """
    grouped = defaultdict(list)
    for pair in pairs(people, shelter=shelter, at_least=WARN_WITHOUT_AGE_AT):
        if pair.is_worth_a_warning:
            grouped[pair.found.family_id].append(pair)
    # Saying "not the same" makes room for three more, not for everybody one after the other.
    looked_at = list(grouped.values())[: 2 * MOST_SHOWN]
    left = [[pair for pair in group if pair.found.pk not in but] for group in looked_at]
    return [group for group in left if group][:MOST_SHOWN]


def pairs(people, *, shelter, at_least=WARN_AT, are_new=False) -> list[LookAlikePair]:
    """Every pair of one of these people (of one family) and somebody of another, most certain first.

    Each asked person stands once beside each found one; pairs that somebody has judged are left out.
    Two queries, and one more when `people` are saved, unless they `are_new`: then nobody has judged them yet.
    """
    known = vocabulary()
    asked = [person for person in people if person.given_names or person.surnames]
    profiles = [profile(person) for person in asked]
    promising = sorted(
        (
            (compare(profiles[nth], row_profile(row), known).certainty, asked[nth], row)
            for nth, row in candidates(asked, known)
        ),
        key=lambda found: -found[0],
    )
    return judged_by_family(people, promising, shelter, known, at_least, are_new)


def judged_by_family(people, promising, shelter, known, at_least, are_new) -> list[LookAlikePair]:
    """The promising ones of this shelter, compared again with both families beside them."""
    best = [(person, row) for certainty, person, row in promising if certainty * 100 >= at_least / 20]
    if len(best) > MOST_JUDGED:  # else the query below leaves out the other shelters
        best = of_shelter(shelter, best)[:MOST_JUDGED]
    if not best:
        return []
    members = defaultdict(list)
    rows = Person.objects.standing().filter(
        family__in={row[1] for _person, row in best}, family__shelter=shelter
    )
    for member in rows.select_related("family__shelter", "origin_region").order_by("position", "id"):
        members[member.family_id].append(member)
    settled = set() if are_new else settled_pairs(people)
    found = []
    for person, row in best:
        match = next((member for member in members[row[1]] if member.pk == row[0]), None)
        if match and frozenset((person.pk, match.pk)) not in settled:
            pair = judge(person, people, match, members[row[1]], known)
            if pair.certainty >= at_least:
                found.append(pair)
    return sorted(found, key=lambda pair: -pair.certainty)


def of_shelter(shelter, best) -> list:
    families = Family.objects.filter(pk__in={row[1] for _person, row in best}, shelter=shelter)
    ours = set(families.order_by().values_list("pk", flat=True))
    return [(person, row) for person, row in best if row[1] in ours]


def judge(person, beside, found, beside_found, known) -> LookAlikePair:
    """Two people, each with the members of their family."""
    verdict = compare(profile(person, beside), profile(found, beside_found), known)
    return LookAlikePair(
        person, found, min(round(verdict.certainty * 100), MOST_CERTAIN), verdict.reasons, verdict.doubts
    )


def settled_pairs(people) -> set[frozenset]:
    """Pairs with one of these people that somebody has judged to be two, also of whom they were joined from."""
    ids = [person.pk for person in people if not person._state.adding]
    if not ids:
        return set()
    ours = Q()
    for side in ("first", "second"):
        ours |= Q(**{f"{side}__in": ids}) | Q(**{f"{side}__merged_into__in": ids})
    said = LookAlike.objects.filter(ours, verdict=LookAlike.Verdict.NOT_SAME)
    ends = said.values_list("first", "first__merged_into", "second", "second__merged_into")
    return {frozenset((became or first, turned or second)) for first, became, second, turned in ends}


# --- candidates ----------------------------------------------------------------------------------------------


def candidates(people, known: Vocabulary) -> list[tuple[int, tuple]]:
    """(which of these people, row of `COLUMNS`) of everybody else who shares a sounding surname and given name.

    One query of simple parts, each answered by one index: together with a look at the shelter, or as one condition
    with ORs, SQLite would sooner read all families.
    """
    parts = [
        Person.objects.standing()
        .filter(part)
        .order_by()
        .values_list(Value(nth, output_field=IntegerField()), *COLUMNS)
        for nth, person in enumerate(people)
        for part in sounding_like(person, known, MOST_CANDIDATES / len(people))
    ]
    if not parts:
        return []
    own = {person.family_id for person in people}
    rows = parts[0].union(*parts[1:], all=True)[: 2 * MOST_CANDIDATES]
    found = {(nth, row[0]): (nth, row) for nth, *row in rows if row[1] not in own}
    return list(found.values())


def sounding_like(person, known: Vocabulary, most: float) -> list[Q]:
    """Any surname beside any given name, each within a slip, and an age that is not out of the question."""
    keys = sound_keys(person.given_names, person.surnames, person.known_as)
    given, family = [keys.given, keys.given_2], [keys.surname, keys.surname_2]
    if not (any(given) and any(family)):
        return []
    near_given, near_family = near(known.given, given), near(known.surnames, family)
    if known.expected(near_given, near_family) <= most:  # else, among very many, only as it sounds
        given, family = near_given, near_family
    given, family = sorted(filter(None, given)), sorted(filter(None, family))
    aged = Q()
    if person.birth_date:
        margin = timedelta(days=round(365.25 * YEARS_APART))
        born = Q(birth_date__range=(person.birth_date - margin, person.birth_date + margin))
        aged = born | Q(birth_date__isnull=True)
    return [
        Q(**{f"{surname}__in": family, f"{given_name}__in": given}) & aged
        for surname in ("surname_key", "surname_key_2")
        for given_name in ("given_key", "given_key_2")
    ]


def near(words, keys) -> set[str]:
    return {each for key in keys if key for each in words.near(key)}


def row_profile(row) -> Profile:
    _id, _family, given, surnames, known_as, sex, born, precision, said_on, country, region = row
    return Profile(
        name_of(given, surnames, known_as), sex, Birth(born, precision, said_on), str(country), region or ""
    )


def profile(person, beside=()) -> Profile:
    """`beside`: the members of the family, this person among them or not."""
    is_loaded = Person.origin_region.is_cached(person)
    return Profile(
        name_of(person.given_names, person.surnames, person.known_as),
        person.sex,
        person.birth,
        str(person.origin_country),
        person.origin_region_id or "",
        # Of who is asked about, the name of a region that was not loaded is worth no query: the other one has it.
        person.origin_region.label if person.origin_region_id and is_loaded else "",
        tuple((each.sex, each.birth) for each in beside if each is not person),
    )


# --- how common names are ------------------------------------------------------------------------------------

_kept: dict[
    str, tuple[float, float, Vocabulary]
] = {}  # per process and database: (when, how long it took, what)


def vocabulary() -> Vocabulary:
    """The names of the people here, counted anew after 500 times what counting took: some seconds, or minutes.

    So counting costs at most a five-hundredth of the time, at any size. A new name is found as it sounds all the
    same; only its misspellings have to wait.
    """
    key = str(connection.settings_dict["NAME"])
    when, took, known = _kept.get(key, (0.0, 0.0, None))
    now = time.monotonic()
    if known is None or now - when > 500 * took:
        known = counted()
        _kept[key] = (time.monotonic(), time.monotonic() - now, known)
    return known


def forget_vocabulary() -> None:
    """For tests, whose people vanish between them."""
    _kept.clear()


def counted() -> Vocabulary:
    """From the indexes alone, thirty times faster than by shelter: the shelters of one installation serve one movement.

    Whose shelter somebody is in decides who is found, not how common a name is.
    """
    words = {"given": Counter(), "surname": Counter()}
    parts = [
        Person.objects.exclude(**{column: ""})
        .order_by()
        .values_list(Value(column.split("_")[0], output_field=CharField()), column)
        .annotate(n=Count("*"))
        for column in ("given_key", "given_key_2", "surname_key", "surname_key_2")
    ]
    for kind, key, n in parts[0].union(*parts[1:], all=True):
        words[kind][key] += n
    return Vocabulary.of(Person.objects.count(), words["given"], words["surname"])
