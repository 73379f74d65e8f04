"""Families come and change shape. (How they leave and come back: stays.py.)"""

from datetime import datetime, time

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from intake.actions.alerts import alert_unaccompanied
from intake.actions.cards import free_cards, give
from intake.actions.late_forms import reopen_late, settle_late
from intake.actions.once import Overtaken, once
from intake.ids import uuid7
from intake.models import (
    Alert,
    Consent,
    Family,
    Intention,
    LookAlike,
    Merge,
    Person,
    PersonNeed,
    Relationship,
    ServiceReceived,
    Stay,
    Ticket,
)
from intake.models.tracked import correct
from shelters.audit import Action, record
from shelters.models import AccessEvent


def register_family(
    *, submission, family, people, needs=(), plan=None, zone=None, card=None, late=None, by, **told
) -> Family:
    """Store a family in a fixed number of queries, whatever its size.

    `people`: unsaved persons, the head first. `needs`: (person, need code) pairs. `plan`: what the adults
    intend. `card`: the code of the card they are handed. A family that refused the notice keeps counts only.
    `late`: the form of a device that this corrects. `told`: what the trail says besides.
    Raises AlreadySaved and CannotBind, and Overtaken when that form does not wait any more.
    """
    if family.is_count_only:
        needs, plan, family.comments, family.left_home_on = (), None, "", None
    submission.family = family
    with once(submission, brings_people=True):
        if late and not settle_late(late, by=by, family=family):
            raise Overtaken
        Family.objects.bulk_create([family])
        for position, person in enumerate(people):
            person.position = position
        came_at = arrival_moment(family, timezone.now())
        add_people(family, people, came_at=came_at, needs=needs, plan=plan, zone=zone, by=by)
        alert_unaccompanied(people, people, shelter=family.shelter)
        record(
            Action.FAMILY_REGISTERED,
            by=by,
            shelter=family.shelter,
            subject=family,
            people=len(people),
            **told,
        )
        if card:
            give(card, family, by=by, at_registration=True)
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
def undo_registration(family, *, by) -> bool:
    """Take back a family that was just registered, as if the form had not been sent.

    Whether a form of a device waits to be corrected again because of it.
    Raises Overtaken when anybody has done anything about it since: other people's work is not undone.
    """
    Family.objects.select_for_update().get(pk=family.pk)
    people = list(family.members.values_list("pk", flat=True))
    if was_touched(family, people) or has_been_worked_on(family, people, by):
        raise Overtaken
    record(Action.FAMILY_CHANGED, by=by, shelter=family.shelter, subject=family, undone=True)
    waits_again = reopen_late(family, by=by)
    pk = family.pk
    free_cards(family)  # first: a card goes with its family
    family.delete()
    # Deleting writes a last version with the names in it: of what never was, nothing is kept.
    Family.history.filter(id=pk).delete()
    Person.history.filter(id__in=people).delete()
    Stay.history.filter(person_id__in=people).delete()
    PersonNeed.history.filter(person_id__in=people).delete()
    return waits_again


def was_touched(family, people) -> bool:
    """Whether the trail tells of anything but that they were registered and looked at."""
    subjects = [str(pk) for pk in (family.pk, *people)]
    of_itself = Q(action__in=[Action.FAMILY_REGISTERED, Action.FAMILY_OPENED, Action.FAMILY_SHOWN])
    of_itself |= Q(action=Action.CARD_BOUND, detail__has_key="at_registration")
    return AccessEvent.objects.filter(subject_id__in=subjects).exclude(of_itself).exists()


def has_been_worked_on(family, people, by) -> bool:
    """Whether work hangs on them of which the trail speaks under another record's name: it would go with them."""
    of_them = Q(first__in=people) | Q(second__in=people)
    works = (
        Merge.objects.filter(Q(kept=family) | Q(gone=family)),
        Person.objects.filter(merged_into__in=people),
        ServiceReceived.objects.filter(person__in=people),
        Ticket.objects.filter(family=family),
        Alert.objects.filter(person__in=people, settled_at__isnull=False),
        # One's own "not the same" was said while registering, and is taken back with it.
        LookAlike.objects.filter(of_them, judged_at__isnull=False).exclude(judged_by=by),
    )
    return any(rows.exists() for rows in works)


def add_member(family, person, *, submission, needs=(), zone=None, by) -> Person:
    """One more member, in the shelter from now on. Raises AlreadySaved, and Overtaken when the family was joined."""
    submission.family = family
    needs = [(person, code) for code in needs]
    with once(submission, brings_people=True):
        if Family.objects.select_for_update().get(pk=family.pk).merged_into_id:
            raise Overtaken
        person.position = family.members.count()
        add_people(family, [person], came_at=timezone.now(), needs=needs, zone=zone, by=by)
        if is_minor(person, family.shelter.today()):
            alert_unaccompanied([person], list(family.members.all()), shelter=family.shelter)
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
        copy_consents(family, new)
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


def with_absorbed(rows) -> list:
    """These, and whoever was joined into them, directly or by way of others."""
    found, newest = [], list(rows)
    while newest:
        found += newest
        newest = list(type(newest[0]).objects.filter(merged_into__in=newest))
    return found


def copy_consents(family, new) -> None:
    """What they said of partners while they were one family holds for both; so does a "no" of a joined one."""
    refused = Q(family__in=with_absorbed([family]), is_given=False)
    answers = Consent.objects.filter(Q(family=family) | refused).order_by("-is_given")  # a "no" comes last
    said = {consent.organization_id: consent for consent in answers}
    for consent in said.values():
        consent.pk, consent.family = uuid7(), new
    Consent.objects.bulk_create(said.values())


def lined_up(family, people) -> list[Person]:
    """People as a family: the first is its head; what the others are to that head nobody has said yet."""
    for position, person in enumerate(people):
        person.family, person.position = family, position
        person.relationship = Relationship.UNKNOWN if position else Relationship.HEAD
        person.version += 1
    return list(people)


def lock(people) -> None:
    """Hold these people until the end of the transaction: what is read of them next is what is true.

    Raises Overtaken when one of them was joined into somebody else meanwhile: nothing may be put on that record.
    """
    held = Person.objects.select_for_update().filter(pk__in=[person.pk for person in people]).order_by("pk")
    if any(held.values_list("merged_into", flat=True)):
        raise Overtaken
