"""Who among those registered here may be the person in front of us? Candidates by indexed sound keys, then scored.

Only inside one shelter, never inside one family. The same people are found on SQLite and PostgreSQL.
"""

import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.db.models import CharField, Count, Q, Value
from django.utils import timezone

from intake.ages import Birth
from intake.matching.names import name_of, sound_keys
from intake.matching.score import Profile, at_best, compare
from intake.matching.vocabulary import Vocabulary
from intake.models import Family, LookAlike, Person, Sex

WARN_AT = 54  # percent: shown at the desk
WARN_WITHOUT_SEX_AT = (
    40  # percent: while the row is still being typed; the sex would add to a match what is missing
)
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
        return self.certainty >= worth_a_warning(self.asked)

    @property
    def is_likely(self) -> bool:
        return self.certainty >= LIKELY_AT


def worth_a_warning(person) -> int:
    """From which percent on."""
    if not person.birth_date:
        return WARN_WITHOUT_AGE_AT
    return WARN_WITHOUT_SEX_AT if person.sex == Sex.UNKNOWN else WARN_AT


def families(people, *, shelter, but=()) -> list[list[LookAlikePair]]:
    """For the desk: the pairs grouped by the family that was found, most certain first, at most three families.

    `but`: ids of people who were said not to be the same.
    """
    grouped = defaultdict(list)
    for pair in pairs(people, shelter=shelter):
        grouped[pair.found.family_id].append(pair)
    # Saying "not the same" makes room for three more, not for everybody one after the other.
    looked_at = list(grouped.values())[: 2 * MOST_SHOWN]
    left = [[pair for pair in group if pair.found.pk not in but] for group in looked_at]
    return [group for group in left if group][:MOST_SHOWN]


def pairs(people, *, shelter, at_least=None, are_new=False) -> list[LookAlikePair]:
    """Every pair of one of these people (of one family) and somebody of another, most certain first.

    From `at_least` percent on; without it, whatever is worth a warning.
    Each asked person stands once beside each found one; pairs that somebody has judged are left out.
    Two queries, and one more when `people` are saved, unless they `are_new`: then nobody has judged them yet.
    """
    known = vocabulary()
    asked = [person for person in people if person.given_names or person.surnames]
    profiles = [profile(person) for person in asked]
    least = [(worth_a_warning(person) if at_least is None else at_least) for person in asked]
    promising = []
    for nth, row in candidates(asked, known):
        certainty = compare(profiles[nth], row_profile(row), known).certainty
        if percent(at_best(certainty, len(people) - 1)) >= least[nth]:
            promising.append((certainty, row[0], nth, row))
    promising.sort(reverse=True)
    best = [(asked[nth], row) for _certainty, _id, nth, row in promising]
    found = judged_by_family(people, best, shelter, known, are_new)
    return [pair for pair in found if pair.certainty >= least[asked.index(pair.asked)]]


def judged_by_family(people, best, shelter, known, are_new) -> list[LookAlikePair]:
    """Those of this shelter, compared again with both families beside them."""
    if len(best) > MOST_JUDGED:  # else the query below leaves out the other shelters
        best = of_shelter(shelter, best)[:MOST_JUDGED]
    if not best:
        return []
    members = members_of({row[1] for _person, row in best}, shelter)
    settled = set() if are_new else settled_pairs(people)
    found = []
    for person, row in best:
        match = next((member for member in members[row[1]] if member.pk == row[0]), None)
        if match and frozenset((person.pk, match.pk)) not in settled:
            found.append(judge(person, people, match, members[row[1]], known))
    return sorted(found, key=lambda pair: -pair.certainty)


def members_of(families, shelter) -> dict:
    """By family; each with the family, at this shelter, and the region."""
    members = defaultdict(list)
    rows = Person.objects.standing().filter(family__in=families)
    for member in rows.select_related("family", "origin_region").order_by("position", "id"):
        if (
            member.family.shelter_id == shelter.pk
        ):  # asked for it, SQLite would sooner read all families there
            member.family.shelter = shelter
            members[member.family_id].append(member)
    return members


def of_shelter(shelter, best) -> list:
    families = Family.objects.filter(pk__in={row[1] for _person, row in best})
    at = dict(families.order_by().values_list("pk", "shelter"))
    return [(person, row) for person, row in best if at.get(row[1]) == shelter.pk]


def judge(person, beside, found, beside_found, known) -> LookAlikePair:
    """Two people, each with the members of their family."""
    verdict = compare(profile(person, beside), profile(found, beside_found), known)
    return LookAlikePair(
        person, found, min(percent(verdict.certainty), MOST_CERTAIN), verdict.reasons, verdict.doubts
    )


def percent(certainty: float) -> int:
    return round(certainty * 100)


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

    One query with one part for each person, answered by the sound indexes: together with a look at the shelter,
    SQLite would sooner read all families. Who was joined into another is left out afterwards. Written by hand, as
    Django takes longer for it than for all the rest of a check.
    """
    parts, values = [], []
    for nth, person in enumerate(people):
        if wanted := sounding_like(person, known, MOST_CANDIDATES / len(people)):
            parts.append(f"SELECT {nth}, {', '.join(COLUMNS)} FROM intake_person WHERE {wanted[0]}")
            values += wanted[1]
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"{' UNION ALL '.join(parts)} LIMIT {2 * MOST_CANDIDATES}", values)
        rows = [(nth, as_read(row)) for nth, *row in cursor.fetchall()]
    own = {person.family_id for person in people}
    return [(nth, row) for nth, row in rows if row[1] not in own]


def sounding_like(person, known: Vocabulary, most: float) -> tuple[str, list] | None:
    """A condition and its values: any surname beside any given name, each within a slip, and a possible age."""
    keys = sound_keys(person.given_names, person.surnames, person.known_as)
    given, family = [keys.given, keys.given_2], [keys.surname, keys.surname_2]
    if not (any(given) and any(family)):
        return None
    near_given, near_family = near(known.given, given), near(known.surnames, family)
    if known.expected(near_given, near_family) <= most:  # else, among very many, only as it sounds
        given, family = near_given, near_family
    given, family = sorted(filter(None, given)), sorted(filter(None, family))
    named, values = [], []
    for surname in ("surname_key", "surname_key_2"):
        for given_name in ("given_key", "given_key_2"):
            named.append(f"{surname} IN ({marks(family)}) AND {given_name} IN ({marks(given)})")
            values += [*family, *given]
    condition = f"({' OR '.join(named)})"
    if person.birth_date:
        margin = timedelta(days=round(365.25 * YEARS_APART))
        condition += " AND (birth_date BETWEEN %s AND %s OR birth_date IS NULL)"
        values += [person.birth_date - margin, person.birth_date + margin]
    return condition, values


def marks(values) -> str:
    """Places for so many values in a query."""
    return ", ".join(["%s"] * len(values))


as_id, as_day = Person._meta.pk.to_python, Person._meta.get_field("birth_date").to_python


def as_read(row) -> tuple:
    """SQLite keeps ids and dates as text."""
    pk, family, given, surnames, known_as, sex, born, precision, said_on, *origin = row
    named = (as_id(pk), as_id(family), given, surnames, known_as, sex)
    return (*named, as_day(born), precision, as_day(said_on), *origin)


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
    words, begin = {"given": Counter(), "surname": Counter()}, timezone.now()
    parts = [
        Person.objects.exclude(**{column: ""})
        .order_by()
        .values_list(Value(column.split("_")[0], output_field=CharField()), column)
        .annotate(n=Count("*"))
        for column in ("given_key", "given_key_2", "surname_key", "surname_key_2")
    ]
    for kind, key, n in parts[0].union(*parts[1:], all=True):
        words[kind][key] += n
    return Vocabulary.of(Person.objects.count(), words["given"], words["surname"], begin)
