"""Families come, change shape, leave and come back."""

from datetime import datetime, time
from itertools import groupby

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from intake.actions.once import Overtaken, once
from intake.models import Family, Intention, Merge, Person, PersonNeed, Relationship, ServiceReceived, Stay
from intake.models.tracked import correct
from shelters.audit import Action, record
from shelters.models import AccessEvent


def register_family(*, submission, family, people, needs=(), plan=None, zone=None, by) -> Family:
    """Store a family in a fixed number of queries, whatever its size.

    `people`: unsaved persons, the head first. `needs`: (person, need code) pairs. `plan`: what the adults
    intend. A family that refused the notice keeps counts only. Raises AlreadySaved.
    """
    if family.is_count_only:
        needs, plan, family.comments, family.left_home_on = (), None, "", None
    submission.family = family
    with once(submission):
        Family.objects.bulk_create([family])
        for position, person in enumerate(people):
            person.position = position
        came_at = arrival_moment(family, timezone.now())
        add_people(family, people, came_at=came_at, needs=needs, plan=plan, zone=zone, by=by)
        record(Action.FAMILY_REGISTERED, by=by, shelter=family.shelter, subject=family, people=len(people))
    return family


def add_people(family, people, *, came_at, needs=(), plan=None, zone=None, by) -> None:
    """New members with their stay, needs and plan; the caller holds the transaction."""
    shelter, now = family.shelter, timezone.now()
    for person in people:
        person.family = family
        if family.is_count_only:
            person.reduce_to_counts(shelter.day_of(now))
    Person.objects.bulk_create(people)
    in_on = shelter.day_of(came_at)
    Stay.objects.bulk_create(
        Stay(person=person, shelter=shelter, zone=zone, in_at=came_at, in_on=in_on) for person in people
    )
    PersonNeed.objects.bulk_create(
        PersonNeed(person=person, need_id=code, reported_at=now, by=by) for person, code in needs
    )
    if plan:
        today = shelter.day_of(now)
        planners = [person for person in people if not is_minor(person, today)]
        Intention.objects.bulk_create(
            Intention(person=person, plan=plan, said_at=now, said_on=today, by=by) for person in planners
        )


def is_minor(person, day) -> bool:
    age = person.age_on(day)
    return age is not None and age < 18


def arrival_moment(family, now) -> datetime:
    """Now for who arrives today; noon of that day for who is written down later, since nobody knows the hour."""
    shelter = family.shelter
    if family.arrived_on >= shelter.day_of(now):
        return now
    return datetime.combine(family.arrived_on, time(12), tzinfo=shelter.tz)


@transaction.atomic
def undo_registration(family, *, by) -> None:
    """Take back a family that was just registered, as if the form had not been sent.

    Raises Overtaken when anybody has done anything about it since: other people's work is not undone.
    """
    Family.objects.select_for_update().get(pk=family.pk)
    people = list(family.members.values_list("pk", flat=True))
    subjects = [str(pk) for pk in (family.pk, *people)]
    since = AccessEvent.objects.filter(subject_id__in=subjects).exclude(
        action__in=[Action.FAMILY_REGISTERED, Action.FAMILY_OPENED]
    )
    joined = Merge.objects.filter(Q(kept=family) | Q(gone=family)).exists()
    joined = joined or Person.objects.filter(merged_into__in=people).exists()
    if joined or since.exists() or ServiceReceived.objects.filter(person__in=people).exists():
        raise Overtaken
    record(Action.FAMILY_CHANGED, by=by, shelter=family.shelter, subject=family, undone=True)
    pk = family.pk
    family.delete()
    # Deleting writes a last version with the names in it: of what never was, nothing is kept.
    Family.history.filter(id=pk).delete()
    Person.history.filter(id__in=people).delete()
    Stay.history.filter(person_id__in=people).delete()
    PersonNeed.history.filter(person_id__in=people).delete()


def add_member(family, person, *, submission, needs=(), zone=None, by) -> Person:
    """One more member, in the shelter from now on. Raises AlreadySaved, and Overtaken when the family was joined."""
    submission.family = family
    needs = [(person, code) for code in needs]
    with once(submission):
        if Family.objects.select_for_update().get(pk=family.pk).merged_into_id:
            raise Overtaken
        person.position = family.members.count()
        add_people(family, [person], came_at=timezone.now(), needs=needs, zone=zone, by=by)
        record(Action.PERSON_ADDED, by=by, shelter=family.shelter, subject=person)
    return person


def split_family(family, people, *, submission, by) -> Family:
    """Move these members into a family of their own; the first of them becomes its head.

    If the old family loses its head, the first who stays becomes its head. Raises AlreadySaved, and Overtaken
    when somebody else has moved them meanwhile or nobody would stay.
    """
    kept = ("shelter", "arrived_on", "left_home_on", "language", "notice", "notice_answer", "desk")
    new = Family(
        **{name: getattr(family, name) for name in kept},
        registered_on=family.shelter.today(),
        registered_by=by,
    )
    submission.family = new
    with once(submission):
        Family.objects.select_for_update().get(pk=family.pk)  # two splits of one family wait for each other
        members, going = list(family.members.all()), {person.pk for person in people}
        leaving = [person for person in members if person.pk in going]
        staying = [person for person in members if person.pk not in going]
        if len(leaving) != len(people) or not staying:
            raise Overtaken
        Family.objects.bulk_create([new])
        # Who goes is moved first: at no moment may a family have two heads.
        columns = ["family", "position", "relationship", "version"]
        correct(lined_up(new, leaving), columns, by=by)
        if not any(person.relationship == Relationship.HEAD for person in staying):
            correct(lined_up(family, staying), columns, by=by)
        record(
            Action.FAMILY_SPLIT,
            by=by,
            shelter=family.shelter,
            subject=family,
            people=len(people),
            into=str(new.pk),
        )
    return new


def lined_up(family, people) -> list[Person]:
    """People as a family: the first is its head; what the others are to that head nobody has said yet."""
    for position, person in enumerate(people):
        person.family, person.position = family, position
        person.relationship = Relationship.UNKNOWN if position else Relationship.HEAD
        person.version += 1
    return list(people)


@transaction.atomic
def depart(people, *, at, to, by) -> int:
    """End the open stays of these people. Returns how many there were; the others had left already."""
    lock(people)
    stays = list(Stay.objects.open().filter(person__in=people, in_at__lte=at).select_related("shelter"))
    for stay in stays:
        stay.out_at, stay.out_on, stay.out_to = at, stay.shelter.day_of(at), to
    correct(stays, ["out_at", "out_on", "out_to"], by=by)
    inside = {stay.person_id for stay in stays}
    gone = sorted((person for person in people if person.pk in inside), key=lambda person: person.family_id)
    for _family_id, group in groupby(gone, key=lambda person: person.family_id):
        members = list(group)
        record(
            Action.DEPARTED,
            by=by,
            shelter=members[0].family.shelter,
            subject=members[0].family,
            people=len(members),
            to=to,
        )
    return len(stays)


@transaction.atomic
def come_back(people, *, shelter, zone=None, by) -> int:
    """Check people in again who had left. Returns how many; who is still in stays where they are."""
    lock(people)
    inside = set(Stay.objects.open().filter(person__in=people).values_list("person_id", flat=True))
    back = [person for person in people if person.pk not in inside]
    now = timezone.now()
    Stay.objects.bulk_create(
        Stay(person=p, shelter=shelter, zone=zone, in_at=now, in_on=shelter.day_of(now)) for p in back
    )
    if back:
        record(Action.RETURNED, by=by, shelter=shelter, subject=back[0].family, people=len(back))
    return len(back)


def lock(people) -> None:
    """Hold these people until the end of the transaction: what is read of them next is what is true.

    Raises Overtaken when one of them was joined into somebody else meanwhile: nothing may be put on that record.
    """
    held = Person.objects.select_for_update().filter(pk__in=[person.pk for person in people]).order_by("pk")
    if any(held.values_list("merged_into", flat=True)):
        raise Overtaken
