"""Joining two records of the same people. Nothing is lost, and every step is noted: see unmerging.py and ADR 10."""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.actions.folding import Places, fold_needs, fold_services, fold_signs, fold_stays
from intake.actions.once import Overtaken
from intake.actions.steps import Book
from intake.models import Card, Family, Intention, LookAlike, Merge, Person, Relationship, Stay, Ticket
from shelters.audit import Action, record

HEAD, UNKNOWN = Relationship.HEAD, Relationship.UNKNOWN
NOT_SHARED = Family.NoticeAnswer.NOT_SHARED


class CannotMerge(Exception):
    """These two cannot be joined, and looking again does not help; the message says why."""


@dataclass
class Joining:
    """Two families, locked, and who of one is whom of the other."""

    kept: Family
    gone: Family
    pairs: list[tuple[Person, Person]]
    people: list[Person]  # everybody who stands, of both families
    whole: bool
    book: Book
    moved: list[Person] = field(default_factory=list)

    def __post_init__(self):
        if self.whole:
            self.moved = self.left

    @property
    def left(self) -> list[Person]:
        """Who of the family that goes is nobody of the other one."""
        matched = {gone for _kept, gone in self.pairs}
        return [each for each in self.people if each.family_id == self.gone.pk and each not in matched]

    @property
    def same(self) -> dict:
        """Id of who goes to id of who they are."""
        return {gone.pk: kept.pk for kept, gone in self.pairs}

    @property
    def is_joined(self) -> bool:
        """Nobody is left in the family that goes."""
        return self.whole or not self.left


@transaction.atomic
def merge(kept, gone, *, pairs, picks=None, whole=True, by) -> Merge:
    """Join `gone` into `kept`.

    `pairs`: (person of `kept`, the same person in `gone`). `picks`: {row that stays: {field: value}}.
    `whole`: they are the same family, so the other members of `gone` move as well. Otherwise only the people in
    `pairs` are joined, and `gone` goes on without them. Who is a head stays it, whatever was picked.
    Raises Overtaken, and CannotMerge.
    """
    joining = locked(kept, gone, pairs, whole, Book(by=by))
    take_picks(joining, picks or {})
    judge_look_alikes(joining)
    fold_records(joining)
    join_people(joining)
    join_families(joining)
    done = Merge.objects.create(
        shelter=joining.kept.shelter, kept=joining.kept, gone=joining.gone, by=by, steps=joining.book.steps
    )
    detail = {"gone": str(gone.pk), "people": len(pairs), "moved": len(joining.moved), "whole": whole}
    record(Action.MERGED, by=by, shelter=done.shelter, subject=joining.kept, merge=str(done.pk), **detail)
    return done


def locked(kept, gone, pairs, whole, book) -> Joining:
    """Everybody concerned, held until the end of the transaction and read anew."""
    families = hold_families([kept.pk, gone.pk])
    people = hold_people(family__in=list(families))
    by_pk = {person.pk: person for person in people if not person.merged_into_id}
    if len(families) != 2 or any(family.merged_into_id for family in families.values()):
        raise Overtaken
    kept, gone = families[kept.pk], families[gone.pk]
    if kept.shelter_id != gone.shelter_id:
        raise Overtaken
    if kept.is_count_only or gone.is_count_only:
        raise CannotMerge(_("This family refused the privacy notice: only counts are kept."))
    found = [(by_pk.get(one.pk), by_pk.get(other.pk)) for one, other in pairs]
    if any(
        not (one and other) or (one.family_id, other.family_id) != (kept.pk, gone.pk) for one, other in found
    ):
        raise Overtaken
    if any(len(set(side)) != len(pairs) for side in zip(*found, strict=True)) or not (pairs or whole):
        raise CannotMerge(_("Say who is the same person."))
    standing = sorted(by_pk.values(), key=lambda person: (person.position, person.pk))
    return Joining(kept, gone, found, standing, whole, book)


def hold_families(pks) -> dict:
    rows = Family.objects.select_for_update(of=("self",)).filter(pk__in=pks)
    return {family.pk: family for family in rows.select_related("shelter").order_by("pk")}


def hold_people(**which) -> list[Person]:
    return list(Person.objects.select_for_update().filter(**which).order_by("pk"))


def take_picks(joining, picks) -> None:
    """The values that were chosen, on the rows that stay.

    Of one family's two answers to the notice the stricter wins unless chosen; another family's answer is its own.
    """
    kept, gone = joining.kept, joining.gone
    is_stricter = joining.is_joined and NOT_SHARED in (kept.notice_answer, gone.notice_answer)
    chosen = {"notice_answer": NOT_SHARED} if is_stricter else {}
    joining.book.alter(kept, **chosen | picks.get(kept, {}))
    for person, _other in joining.pairs:
        joining.book.alter(person, **allowed(person, picks.get(person, {})))
    for row in (kept, *(person for person, _other in joining.pairs)):
        try:
            row.clean_fields()
            row.validate_constraints()
        except ValidationError as error:
            raise CannotMerge(" ".join(error.messages)) from error


def allowed(person, picks) -> dict:
    heads = HEAD in (person.relationship, picks.get("relationship"))
    return {name: value for name, value in picks.items() if name != "relationship" or not heads}


def judge_look_alikes(joining) -> None:
    """What was waiting between the two is answered by joining them."""
    book, verdicts = joining.book, LookAlike.Verdict
    sides = [
        [person for person in joining.people if person.family_id == family.pk]
        for family in (joining.kept, joining.gone)
    ]
    between = Q(first__in=sides[0], second__in=sides[1]) | Q(first__in=sides[1], second__in=sides[0])
    pairs = {frozenset((one.pk, other.pk)) for one, other in joining.pairs}
    for row in LookAlike.objects.filter(between, verdict__in=[verdicts.OPEN, verdicts.LATER]):
        if joining.whole or {row.first_id, row.second_id} in pairs:
            verdict = verdicts.SAME if joining.whole else verdicts.OTHER_FAMILY
            book.alter(row, verdict=verdict, judged_at=timezone.now(), judged_by=book.by)
    book.write(LookAlike)


def fold_records(joining) -> None:
    """Whatever is on those who go stands on who they are from now on."""
    book, same = joining.book, joining.same
    became = fold_stays(book, same)
    staying = {each.pk for each in joining.people if each.family_id == joining.kept.pk}
    moved = {each.pk for each in joining.moved}
    fold_services(book, same, staying, moved, Places(became, newest_stays(staying | moved)))
    fold_needs(book, same)
    fold_signs(book, same)
    for intention in Intention.objects.filter(person__in=list(same)):
        book.alter(intention, person_id=same[intention.person_id])
    book.write(Intention)


def newest_stays(pks) -> dict:
    return dict(Stay.objects.filter(person__in=pks).order_by("in_at").values_list("person_id", "pk"))


def join_people(joining) -> None:
    book, kept = joining.book, joining.kept
    for one, other in joining.pairs:
        book.alter(one)
        book.alter(other, merged_into_id=one.pk)
        if not joining.is_joined and other.relationship == HEAD:
            book.alter(other, relationship=UNKNOWN)  # those who are left choose another head
    after = 1 + max((each.position for each in joining.people if each.family_id == kept.pk), default=-1)
    for position, person in enumerate(joining.moved, start=after):
        as_what = UNKNOWN if person.relationship == HEAD else person.relationship
        book.alter(person, family_id=kept.pk, position=position, relationship=as_what)
    for family in (joining.kept, joining.gone):
        if headless := first_without_head(family, joining.people):
            book.alter(headless, relationship=HEAD)
    book.write(Person)


def first_without_head(family, people) -> Person | None:
    """Who becomes the head of a family that has none."""
    members = [each for each in people if each.family_id == family.pk and not each.merged_into_id]
    members.sort(key=lambda person: (person.position, person.pk))
    return members[0] if members and not any(each.relationship == HEAD for each in members) else None


def join_families(joining) -> None:
    book = joining.book
    book.alter(joining.gone)
    if joining.is_joined:
        book.alter(joining.gone, merged_into_id=joining.kept.pk)
        for card in Card.objects.filter(family=joining.gone):
            book.alter(card, family_id=joining.kept.pk)
        for ticket in Ticket.objects.filter(family=joining.gone):  # a number they wait with is theirs still
            book.alter(ticket, family_id=joining.kept.pk)
    book.write(Card)
    book.write(Ticket)
    book.write(Family)
