"""Why the records say something else now than when a census was frozen.

Every version of a record is kept (models/tracked.py), so whoever is concerned can be counted twice: as their records
were when it was frozen, and as they are. Each person has one reason; what the reasons do to the cells adds up to the
difference, and what no version tells any more stands in a line of its own.
"""

from collections import Counter, defaultdict, namedtuple
from dataclasses import dataclass, field

from django.utils.translation import ngettext

from intake.ages import born_on_or_before
from intake.ids import newest_of
from intake.models import Cut, Person, PersonNeed, Relationship, SpecificNeed, Stay
from intake.models.families import UNRECORDED
from intake.reports.census import Census
from intake.reports.cuts import numbers_of
from shelters.models import AccessEvent

CountsAs = SpecificNeed.CountsAs
PERSON = ("family_id", "relationship", "birth_date", "sex", "origin_country", "merged_into_id")
STAY = ("person_id", "shelter_id", "in_at", "out_at")
NEED = ("person_id", "need_id", "reported_at", "confirmed_at", "ruled_out_at")
ORDER = ("late", "joined", "parted", "stay", "undone", "age", "sex", "origin", "need", "family", "untold")


@dataclass
class Change:
    """A reason, the people it is about, and what it does to the cells of the census.

    Of somebody who was joined, `people` holds who they are now. `size` is how many, where it is not how many those are.
    """

    reason: str
    people: list = field(default_factory=list)
    cells: Counter = field(default_factory=Counter)
    size: int = 0

    @property
    def words(self) -> str:
        return in_words(self.reason, self.size or len(self.people))


def in_words(reason: str, number: int) -> str:
    words = {
        "late": ngettext("%(n)s person written down later", "%(n)s people written down later", number),
        "joined": ngettext("%(n)s record joined with another", "%(n)s records joined with another", number),
        "parted": ngettext("%(n)s joining undone", "%(n)s joinings undone", number),
        "stay": ngettext(
            "%(n)s arrival or departure corrected", "%(n)s arrivals or departures corrected", number
        ),
        "undone": ngettext(
            "%(n)s person whose registration was undone",
            "%(n)s people whose registration was undone",
            number,
        ),
        "age": ngettext("%(n)s age corrected", "%(n)s ages corrected", number),
        "sex": ngettext("%(n)s sex corrected", "%(n)s sexes corrected", number),
        "origin": ngettext(
            "%(n)s country of origin corrected", "%(n)s countries of origin corrected", number
        ),
        "need": ngettext(
            "%(n)s person whose needs were corrected", "%(n)s people whose needs were corrected", number
        ),
        "family": ngettext(
            "%(n)s person whose family was corrected", "%(n)s people whose family was corrected", number
        ),
        "untold": ngettext("Not told by the records any more", "Not told by the records any more", number),
    }
    return words[reason] % {"n": f"{number:,}"}


def changes(cut: Cut, live: Census) -> list[Change]:
    """What accounts for the difference between the frozen numbers and those of the records now."""
    then, now = sides(cut)
    found = {reason: Change(reason) for reason in ORDER}
    absorbed = joined_since(then, now)
    reasons = {}
    for person in then.cells.keys() | now.cells.keys():
        if reason := reason_of(person, then, now, absorbed):
            reasons[person] = reason
            found[reason].people.append(person)
            add(found[reason].cells, now.cells.get(person, ()), 1)
            add(found[reason].cells, then.cells.get(person, ()), -1)
    gone = [person for person in found["joined"].people if person in absorbed]
    found["joined"].size, found["joined"].people = len(gone), [absorbed[person] for person in gone]
    count_families(found, reasons, then, now)
    tell_the_rest(cut, live, found)
    return [each for each in found.values() if each.people or any(each.cells.values())]


def add(cells: Counter, codes, sign: int) -> None:
    for code in codes:
        cells[code] += sign


def joined_since(then: "Side", now: "Side") -> dict:
    """Id of whoever was joined into somebody after the freezing to that somebody's."""
    return {
        pk: person.merged_into_id
        for pk, person in now.people.items()
        if person.merged_into_id and pk in then.people and not then.people[pk].merged_into_id
    }


def reason_of(person, then: "Side", now: "Side", absorbed: dict) -> str:
    """One reason for a person; empty when nothing about them that is counted has changed."""
    was, is_now = then.people.get(person), now.people.get(person)
    before, after = then.cells.get(person), now.cells.get(person)
    if before and after and before == after and was.family_id == is_now.family_id:
        return ""
    if person in absorbed or person in absorbed.values():
        return "joined"
    if was and is_now and was.merged_into_id and not is_now.merged_into_id:
        return "parted"
    if not before:
        return "stay" if person in then.known else "late"
    if not after:
        return "stay" if is_now else "undone"
    return corrected(was, is_now, then.needs[person] != now.needs[person])


def corrected(was, is_now, needs_differ: bool) -> str:
    if was.birth_date != is_now.birth_date:
        return "age"
    if was.sex != is_now.sex:
        return "sex"
    if was.origin_country != is_now.origin_country:
        return "origin"
    return "need" if needs_differ else "family"


def count_families(found: dict, reasons: dict, then: "Side", now: "Side") -> None:
    """A family that appears or is gone goes with the first reason of its people."""
    before, after = then.families(), now.families()
    for sign, sees, other in ((1, after, before), (-1, before, after)):
        for family in sees.keys() - other.keys():
            theirs = [reasons[person] for person in sees[family] if person in reasons]
            found[min(theirs, key=ORDER.index) if theirs else "untold"].cells["families"] += sign


def tell_the_rest(cut: Cut, live: Census, found: dict) -> None:
    """What is left of the difference. Of a registration undone within its minutes, only the trail knows."""
    rest = Counter(numbers_of(live))
    rest.subtract(cut.numbers)
    for change in found.values():
        rest.subtract(change.cells)
    rest = Counter({code: number for code, number in rest.items() if number})
    undone = people_undone(cut) if rest["total"] < 0 else 0
    reason = "undone" if undone and rest["total"] == -undone else "untold"
    found[reason].cells.update(rest)
    found[reason].size = len(found[reason].people) + (undone if reason == "undone" else 0)


def people_undone(cut: Cut) -> int:
    events = AccessEvent.objects.filter(shelter=cut.shelter_id)
    undone = events.filter(action="family_changed", at__gt=cut.frozen_at, detail__undone=True)
    registered = events.filter(action="family_registered", at__lte=cut.frozen_at).order_by()
    families = list(undone.values_list("subject_id", flat=True))
    return sum(
        detail.get("people", 0)
        for detail in registered.filter(subject_id__in=families).values_list("detail", flat=True)
    )


class Side:
    """Whoever is concerned at one time: their records then, or now, and the cells each counts in."""

    def __init__(self, cut: Cut, people: dict, stays: dict, needs: dict, counts_as: dict):
        self.people, self.as_of = people, cut.as_of
        day = cut.shelter.day_of(cut.as_of)
        self.bounds = [born_on_or_before(years, day) for years in (18, 12, 6)]
        self.known = {stay.person_id for stay in stays.values()}
        self.present = {stay.person_id for stay in stays.values() if is_covering(stay, cut)} & people.keys()
        self.needs = defaultdict(set)
        for need in needs.values():
            self.needs[need.person_id] |= self.standing(need, counts_as[need.need_id])
        self.grown = {
            people[pk].family_id
            for pk in self.present
            if self.is_grown(people[pk]) and people[pk].relationship != Relationship.COMPANION
        }
        self.cells = {pk: self.cells_of(pk, people[pk]) for pk in self.present}

    def standing(self, need, cell: str) -> set:
        """What a need says at the moment: its cell, and of the unaccompanied what staff confirmed or ruled out."""
        if need.reported_at > self.as_of:
            is_over = need.ruled_out_at and need.ruled_out_at <= self.as_of
            return {(cell, "ruled out")} if is_over else set()
        if need.ruled_out_at and need.ruled_out_at <= self.as_of:
            return {(cell, "ruled out")}
        is_confirmed = need.confirmed_at and need.confirmed_at <= self.as_of
        return {cell, (cell, "confirmed")} if is_confirmed else {cell}

    def is_grown(self, person) -> bool:
        return bool(person.birth_date) and person.birth_date <= self.bounds[0]

    def cells_of(self, pk, person) -> set[str]:
        """The same as census() counts, for one person; the tests hold the two together."""
        grown, twelve, six = self.bounds
        born, needs = person.birth_date, self.needs[pk]
        cells = {"total", f"sex.{person.sex}", f"origin.{person.origin_country or UNRECORDED}"}
        if CountsAs.PREGNANT in needs:
            cells.add("pregnant")
        if not born:
            return cells | {"unknown_age"}
        if born <= grown:
            named = {
                CountsAs.DISABILITY: "adults_with_disability",
                CountsAs.LGBT: "adults_lgbtttiq",
            }
            return cells | {"adults"} | {cell for need, cell in named.items() if need in needs}
        cells |= {"minors"} | ({"age_0_5"} if born > six else set())
        return cells | (
            {"unaccompanied_adolescents"} if born <= twelve and self.is_alone(pk, person) else set()
        )

    def is_alone(self, pk, person) -> bool:
        said, needs = CountsAs.UNACCOMPANIED, self.needs[pk]
        alone = person.family_id not in self.grown or person.relationship == Relationship.COMPANION
        return (alone or (said, "confirmed") in needs) and ((said, "ruled out") not in needs or said in needs)

    def families(self) -> dict:
        """Family to those of it who are there."""
        found = defaultdict(list)
        for pk in self.present:
            found[self.people[pk].family_id].append(pk)
        return found


def is_covering(stay, cut: Cut) -> bool:
    is_there = stay.in_at <= cut.as_of and (stay.out_at is None or stay.out_at > cut.as_of)
    return is_there and stay.shelter_id == cut.shelter_id


def sides(cut: Cut) -> tuple[Side, Side]:
    people = with_families(cut, concerned(cut))
    counts_as = dict(SpecificNeed.objects.exclude(counts_as="").values_list("pk", "counts_as"))
    rows = [read(cut, Person, people, PERSON)]
    for model, columns, which in ((Stay, STAY, {}), (PersonNeed, NEED, {"need__in": list(counts_as)})):
        ids = set(model.objects.filter(person__in=people, **which).values_list("pk", flat=True))
        ids |= set(model.history.filter(person__in=people, **which).values_list("id", flat=True))
        rows.append(read(cut, model, ids, columns))
    then, now = zip(*rows, strict=True)
    return Side(cut, *then, counts_as), Side(cut, *now, counts_as)


def read(cut: Cut, model, ids, columns) -> tuple[dict, dict]:
    """Id → row when the census was frozen, and id → row now."""
    row = namedtuple("Row", ["pk", *columns])
    stored = model._base_manager.filter(pk__in=ids).values_list("pk", *columns)
    now = {values[0]: row(*values) for values in stored}
    older, newer = {}, {}
    versions = model.history.filter(id__in=ids).order_by("history_date", "history_id")
    for at, kind, *values in versions.values_list("history_date", "history_type", "id", *columns):
        if at <= cut.frozen_at:
            older[values[0]] = None if kind == "-" else row(*values)
        else:  # made, copied before its first change, or deleted: as it was until then
            newer.setdefault(values[0], row(*values))
    last = newest_of(cut.frozen_at)  # a person's id is made by a device, whose clock may be wrong
    then = {
        pk: values
        for pk, values in (now | newer | older).items()
        if values and (model is Person or pk <= last)
    }
    return then, now


def concerned(cut: Cut) -> set:
    """Ids of the people of whom something was written, corrected or removed since, as far as it may count."""
    since, here = {"history_date__gt": cut.frozen_at}, Stay.objects.filter(shelter=cut.shelter_id)
    here, last = here.filter(in_at__lte=cut.as_of).order_by(), newest_of(cut.frozen_at)
    people = moved(cut) | set(here.filter(pk__gt=last).values_list("person_id", flat=True))
    of_here = here.values("person")
    people |= set(Person.history.filter(id__in=of_here, **since).values_list("id", flat=True))
    people |= set(PersonNeed.history.filter(person__in=of_here, **since).values_list("person_id", flat=True))
    newer = PersonNeed.objects.filter(person__in=of_here, pk__gt=last, reported_at__lte=cut.as_of)
    return people | set(newer.values_list("person_id", flat=True))


def moved(cut: Cut) -> set:
    """Whose stays cover the moment now and did not, or the other way round. Departures since are no such change."""
    ever_here = Stay.history.filter(shelter=cut.shelter_id).values("id")
    touched = Stay.history.filter(history_date__gt=cut.frozen_at, id__in=ever_here).values("id")
    then, now = read(cut, Stay, touched, STAY)
    people = set()
    for pk in then.keys() | now.keys():
        who = [
            side[pk].person_id if pk in side and is_covering(side[pk], cut) else None for side in (then, now)
        ]
        people |= set(who) if who[0] != who[1] else set()
    return people - {None}


def with_families(cut: Cut, people: set) -> list:
    """And everybody of their families, then or now: who is alone depends on the others."""
    families = {row.family_id for side in read(cut, Person, people, PERSON) for row in side.values()}
    people = people | set(Person.objects.filter(family__in=families).values_list("pk", flat=True))
    return list(people | set(Person.history.filter(family__in=families).values_list("id", flat=True)))
