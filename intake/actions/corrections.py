"""What turned out otherwise, and what changes in days."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from intake.actions.families import arrival_moment, lock, with_absorbed
from intake.actions.steps import BIRTH, KEYS
from intake.models import (
    Alert,
    Family,
    Intention,
    Merge,
    NoteKey,
    Person,
    PersonNeed,
    Relationship,
    SpecificNeed,
    Stay,
)
from intake.models.tracked import correct
from shelters.audit import Action, record

A_MOMENT = timedelta(
    seconds=10
)  # versions are written within the transaction of a merge, not at its very moment


@transaction.atomic
def change_family(family, changed, *, zone=None, by) -> None:
    """Save a corrected family; a changed zone is where those who are inside sleep from now on.

    If they take back their agreement, names and the rest go at once, counts stay.
    """
    family.version += 1
    if family.is_count_only:
        family.comments, family.left_home_on = "", None
    if "arrived_on" in changed:
        move_arrival(family, by=by)
    if "zone" in changed:
        stays = list(Stay.objects.open().filter(person__family=family))
        for stay in stays:
            stay.zone = zone
        correct(stays, ["zone"], by=by)
    family.save()
    if family.is_count_only:  # after saving, which keeps what was stored before in the history
        reduce_to_counts(family, by=by)
    record(Action.FAMILY_CHANGED, by=by, shelter=family.shelter, subject=family, fields=changed)


def move_arrival(family, *, by) -> None:
    """Who came with the family came on its day of arrival: a corrected day is the day their stay began."""
    before = Family.objects.values_list("arrived_on", flat=True).get(pk=family.pk)
    in_at = arrival_moment(family, timezone.now())
    stays = list(Stay.objects.filter(person__family=family, in_on=before))
    for stay in stays:
        stay.in_at, stay.in_on = min(in_at, stay.out_at or in_at), family.arrived_on
    correct(stays, ["in_at", "in_on"], by=by)


def reduce_to_counts(family, *, by) -> None:
    """Forget what a refusal does not let us keep, in the rows and in their history.

    Of those too that were joined into these people: their records, and what a merge noted to be taken back.
    """
    people = with_absorbed(Person.objects.filter(family=family))
    families = with_absorbed(Family.objects.filter(pk=family.pk))
    for person in people:
        person.reduce_to_counts(family.shelter.today())
        for key in KEYS:  # a bulk update does not fold them anew
            setattr(person, key, "")
        person.version += 1
    Person.objects.bulk_update(
        people, ["given_names", "surnames", "known_as", *KEYS, "origin_region", *BIRTH, "version"]
    )
    for each in families:
        each.comments, each.left_home_on, each.notice_answer = "", None, Family.NoticeAnswer.REFUSED
    Family.objects.bulk_update(families, ["comments", "left_home_on", "notice_answer"])
    # By person: they may have been in another family before, and others in this one.
    Person.history.filter(id__in=[person.pk for person in people]).delete()
    Family.history.filter(id__in=[each.pk for each in families]).delete()
    PersonNeed.objects.filter(person__in=people).delete()
    PersonNeed.history.filter(person__in=people).delete()
    Intention.objects.filter(person__in=people).delete()
    Alert.objects.filter(person__in=people).update(note="")
    NoteKey.objects.filter(person__in=people).delete()
    forget_merges([each.pk for each in families] + [person.family_id for person in people])


def forget_merges(families) -> None:
    """No joining of these families can be undone any more; of one that was undone, no version of the other side stays.

    While two were joined, the one that was kept may have borne what was known of the other.
    """
    merges = Merge.objects.filter(Q(kept__in=families) | Q(gone__in=families))
    merges.standing().update(is_final=True, steps=[])
    for merge in merges.filter(undone_at__isnull=False):
        ends = [merge.kept_id, merge.gone_id]
        joined = {"history_date__gte": merge.at - A_MOMENT, "history_date__lte": merge.undone_at + A_MOMENT}
        Person.history.filter(family_id__in=ends, **joined).delete()
        Family.history.filter(id__in=ends, **joined).delete()


@transaction.atomic
def change_person(person, changed, *, by) -> None:
    """Save a corrected person. Who becomes head takes the place of the present head."""
    if person.relationship == Relationship.HEAD:
        Family.objects.select_for_update().get(pk=person.family_id)
        heads = list(person.family.members.filter(relationship=Relationship.HEAD).exclude(pk=person.pk))
        for head in heads:
            head.relationship, head.version = Relationship.UNKNOWN, head.version + 1
        correct(heads, ["relationship", "version"], by=by)
    if person.family.is_count_only:
        person.reduce_to_counts(person.family.shelter.today())
    person.version += 1
    person.save()
    record(Action.PERSON_CHANGED, by=by, shelter=person.family.shelter, subject=person, fields=changed)


@transaction.atomic
def record_intention(person, plan, *, by) -> Intention:
    """A change of mind is a new row; the same plan again on the same day (a double click) is none."""
    lock([person])
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
    """Report, confirm or rule out a need. A need that comes back after it was ruled out is a new row."""
    lock([person])
    rows = PersonNeed.objects.filter(person=person, need=need)
    row = rows.filter(ruled_out_at__isnull=True).first()
    if row is None and state == PersonNeed.State.RULED_OUT:
        row = rows.last()  # another reason for what is ruled out already
    row = row or PersonNeed(person=person, need=need)
    row.judge(state, reason, by=by)
    row.save()
    if need.tier == SpecificNeed.Tier.PROTECTION:  # a line of its own would tell that there is one
        record(Action.PERSON_CHANGED, by=by, shelter=person.family.shelter, subject=person)
    else:
        record(Action.NEED_RECORDED, by=by, shelter=person.family.shelter, subject=person, state=state)
    return row
