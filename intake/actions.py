"""What touches several tables at once: atomic, by somebody, and on the trail.

Whatever a device may send twice takes the `Submission` of its form. The first copy inserts it; a second copy
fails on its primary key and gets the first one's family as its answer (`AlreadySaved`).
"""

from contextlib import contextmanager
from datetime import datetime, time
from itertools import count, groupby

from django.db import IntegrityError, transaction
from django.utils import timezone

from intake.models import (
    Family,
    Intention,
    Person,
    PersonNeed,
    Relationship,
    ServiceReceived,
    ServiceType,
    Stay,
    Submission,
)
from intake.models.tracked import correct
from shelters.audit import Action, record


class AlreadySaved(Exception):
    """This form was saved before. `submission` tells what it made; `is_same` whether it said the same."""

    def __init__(self, submission, is_same):
        super().__init__(submission.key)
        self.submission = submission
        self.is_same = is_same


class OverLimit(Exception):
    """A limit was reached. `people` maps each person to the moment of the last time, or None."""

    def __init__(self, people):
        super().__init__(len(people))
        self.people = people


@contextmanager
def once(submission: Submission):
    """A transaction that begins by taking the form's key; raises AlreadySaved when another copy has it."""
    try:
        with transaction.atomic():
            submission.save(force_insert=True)
            yield
    except IntegrityError:
        first = Submission.objects.select_related("family").filter(pk=submission.pk).first()
        if first is None:  # something else was violated
            raise
        same = (first.digest, first.by_id) == (submission.digest, submission.by_id)
        raise AlreadySaved(first, is_same=same) from None


# --- families ----------------------------------------------------------------------------------------------


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
            person.reduce_to_counts(family.registered_on)
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
    """Take back a family that was just registered, as if the form had not been sent."""
    record(Action.FAMILY_CHANGED, by=by, shelter=family.shelter, subject=family, undone=True)
    pk, people = family.pk, list(family.members.values_list("pk", flat=True))
    family.delete()
    # Deleting writes a last version with the names in it: of what never was, nothing is kept.
    Family.history.filter(id=pk).delete()
    Person.history.filter(id__in=people).delete()
    Stay.history.filter(person_id__in=people).delete()
    PersonNeed.history.filter(person_id__in=people).delete()


def add_member(family, person, *, submission, needs=(), zone=None, by) -> Person:
    """One more member, in the shelter from now on. Raises AlreadySaved."""
    submission.family = family
    needs = [(person, code) for code in needs]
    with once(submission):
        person.position = family.members.count()
        add_people(family, [person], came_at=timezone.now(), needs=needs, zone=zone, by=by)
        record(Action.PERSON_ADDED, by=by, shelter=family.shelter, subject=person)
    return person


def split_family(family, people, *, submission, by) -> Family:
    """Move these members into a family of their own; the first of them becomes its head. Raises AlreadySaved.

    If the old family loses its head, the first who stays becomes its head.
    """
    kept = ("shelter", "arrived_on", "left_home_on", "language", "notice", "notice_answer", "desk")
    new = Family(
        **{name: getattr(family, name) for name in kept},
        registered_on=family.shelter.today(),
        registered_by=by,
    )
    submission.family = new
    columns = ["family", "position", "relationship", "version"]
    with once(submission):
        Family.objects.bulk_create([new])
        staying = list(family.members.exclude(pk__in=[person.pk for person in people]))
        # Who goes is moved first: at no moment may a family have two heads.
        correct(lined_up(new, people), columns, by=by)
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
    stays = list(Stay.objects.open().filter(person__in=people).select_related("shelter"))
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
    inside = set(Stay.objects.open().filter(person__in=people).values_list("person_id", flat=True))
    back = [person for person in people if person.pk not in inside]
    now = timezone.now()
    Stay.objects.bulk_create(
        Stay(person=p, shelter=shelter, zone=zone, in_at=now, in_on=shelter.day_of(now)) for p in back
    )
    if back:
        record(Action.RETURNED, by=by, shelter=shelter, subject=back[0].family, people=len(back))
    return len(back)


# --- services ----------------------------------------------------------------------------------------------


def record_service(*, submission, service, people, override_reason="", by) -> list[ServiceReceived]:
    """Give one service to several members of a family: one row each, all or none.

    `service`: an unsaved ServiceReceived that says what, when, where and by whom; copied for each person.
    Raises OverLimit when somebody has had it and no reason is given, and AlreadySaved.
    """
    if service.service_type.per == ServiceType.Per.FAMILY:
        people = people[0].family.members.filter(
            relationship=Relationship.HEAD
        )  # one tent, one row: the head's
    shelter, submission.family = service.shelter, people[0].family
    service.given_on, service.slot = shelter.day_of(service.given_at), shelter.meal_at(service.given_at)
    with once(submission):
        keys = limit_keys(service, people)
        has_limit = service.service_type.limit_per != ServiceType.LimitPer.NONE
        over = {person: last for person, (key, last) in keys.items() if has_limit and key is None}
        if over and not override_reason:
            raise OverLimit(over)
        rows = [
            copy_for(service, person, keys[person][0], override_reason if person in over else "")
            for person in people
        ]
        take_places(rows)
        record(
            Action.SERVICE_RECORDED,
            by=by,
            shelter=shelter,
            subject=people[0].family,
            service=service.service_type_id,
            people=len(people),
            over_limit=len(over),
        )
    return rows


def take_places(rows) -> None:
    """Insert them all; when another counter was faster by milliseconds, the constraint says so and nobody is stored."""
    try:
        with transaction.atomic():
            ServiceReceived.objects.bulk_create(rows)
    except IntegrityError:
        raise OverLimit({row.person: row.given_at for row in rows if row.limit_key}) from None


def copy_for(service, person, limit_key, override_reason) -> ServiceReceived:
    what = ("service_type", "organization", "shelter", "quantity", "outcome")
    when_and_who = ("given_at", "given_on", "slot", "desk", "recorded_by")
    shared = {name: getattr(service, name) for name in (*what, *when_and_who)}
    return ServiceReceived(**shared, person=person, limit_key=limit_key, override_reason=override_reason)


def limit_keys(service, people) -> dict:
    """For each person (the key of the limit to take or None, when they last had it or None).

    The key ends in the first number nobody holds, so two counters that saw the same state collide in the
    database, and a cancelled number is free again.
    """
    kind = service.service_type
    if kind.limit_per == ServiceType.LimitPer.NONE:
        return dict.fromkeys(people, (None, None))
    stays = dict(Stay.objects.filter(person__in=people).order_by("in_at").values_list("person_id", "id"))
    scopes = {person.pk: service.limit_scope(stays.get(person.pk)) for person in people}
    had = had_before(kind, scopes)
    keys = {}
    for person in people:
        used, last, taken = had.get(person.pk, (0, None, ()))
        free = next(number for number in count(1) if number not in taken)
        fits = used + service.quantity <= kind.limit_count
        keys[person] = (f"{scopes[person.pk]}#{free}", None) if fits else (None, last)
    return keys


def had_before(kind, scopes) -> dict:
    """Person id to (how much they had within their scope, when last, which numbers they hold)."""
    had = {}
    earlier = ServiceReceived.objects.filter(person__in=scopes, service_type=kind, limit_key__isnull=False)
    columns = ("person_id", "limit_key", "quantity", "given_at")
    for person_id, key, quantity, given_at in earlier.order_by("given_at").values_list(*columns):
        scope, _hash, number = key.rpartition("#")
        if scope == scopes[person_id]:
            used, _last, taken = had.get(person_id, (0, None, set()))
            had[person_id] = (used + quantity, given_at, {*taken, int(number)})
    return had


@transaction.atomic
def cancel_service(service, *, reason, by) -> None:
    """Take a service back: it stays on record as cancelled, and its limit is free again."""
    service.cancelled_at, service.cancel_reason, service.limit_key = timezone.now(), reason, None
    service.save()
    record(
        Action.SERVICE_CANCELLED,
        by=by,
        shelter=service.shelter,
        subject=service,
        service=service.service_type_id,
    )


# --- corrections -------------------------------------------------------------------------------------------


@transaction.atomic
def change_family(family, changed, *, by) -> None:
    """Save a corrected family. If they take back their agreement, names and the rest go at once, counts stay."""
    family.version += 1
    if family.is_count_only:
        family.comments, family.left_home_on = "", None
    family.save()
    if family.is_count_only:  # after saving, which keeps what was stored before in the history
        reduce_to_counts(family, by=by)
    record(Action.FAMILY_CHANGED, by=by, shelter=family.shelter, subject=family, fields=changed)


def reduce_to_counts(family, *, by) -> None:
    """Forget what a refusal does not let us keep, in the rows and in their history."""
    people = list(family.members.all())
    for person in people:
        person.reduce_to_counts(family.shelter.today())
        person.name_key = ""  # a bulk update does not fold it anew
        person.version += 1
    Person.objects.bulk_update(
        people, ["given_names", "surnames", "known_as", "name_key", "origin_region", *BIRTH, "version"]
    )
    # By person: they may have been in another family before, and others in this one.
    Person.history.filter(id__in=[person.pk for person in people]).delete()
    Family.history.filter(id=family.pk).delete()
    PersonNeed.objects.filter(person__in=people).delete()
    PersonNeed.history.filter(person__in=people).delete()
    Intention.objects.filter(person__in=people).delete()


BIRTH = ("birth_date", "birth_precision", "age_said_on")


@transaction.atomic
def change_person(person, changed, *, by) -> None:
    """Save a corrected person. Who becomes head takes the place of the present head."""
    if person.relationship == Relationship.HEAD:
        heads = list(person.family.members.filter(relationship=Relationship.HEAD).exclude(pk=person.pk))
        for head in heads:
            head.relationship, head.version = Relationship.UNKNOWN, head.version + 1
        correct(heads, ["relationship", "version"], by=by)
    person.version += 1
    person.save()
    record(Action.PERSON_CHANGED, by=by, shelter=person.family.shelter, subject=person, fields=changed)


@transaction.atomic
def record_intention(person, plan, *, by) -> Intention:
    """A change of mind is a new row; the same plan again on the same day (a double click) is none."""
    shelter, now = person.family.shelter, timezone.now()
    latest = person.intentions.first()
    if latest and (latest.plan_id, latest.said_on) == (plan.pk, shelter.day_of(now)):
        return latest
    intention = Intention.objects.create(
        person=person, plan=plan, said_at=now, said_on=shelter.day_of(now), by=by
    )
    record(Action.INTENTION_RECORDED, by=by, shelter=shelter, subject=person)
    return intention


@transaction.atomic
def record_need(person, need, *, state, reason="", by) -> PersonNeed:
    """Report, confirm or rule out a need; the row keeps its history."""
    row = PersonNeed.objects.filter(person=person, need=need).first() or PersonNeed(person=person, need=need)
    row.state, row.reason, row.by = state, reason, by
    row.ruled_out_at = timezone.now() if state == PersonNeed.State.RULED_OUT else None
    row.save()
    record(Action.NEED_RECORDED, by=by, shelter=person.family.shelter, subject=person, state=state)
    return row
