"""People move, leave, come back, are seen and counted."""

from collections import Counter

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.actions.alerts import raise_alerts
from intake.actions.families import lock
from intake.actions.once import Overtaken
from intake.ids import uuid7
from intake.models import Alert, Departure, Family, Headcount, Sighting, Stay
from intake.models.tracked import correct
from intake.partings import partings
from shelters.audit import Action, record, record_each

OUT = ["out_at", "out_on", "out_to", "departure"]


def depart(people, *, at, to, key=None, by) -> int:
    """End the open stays of these people. Returns how many there were; the others had left already."""
    if not people:
        return 0
    departure = depart_together(people, shelter=people[0].family.shelter, at=at, to=to, key=key, by=by)
    return departure.stays.count() if departure else 0


@transaction.atomic
def depart_together(people, *, shelter, at, to, key=None, by) -> Departure | None:
    """End the open stays of these people as one departure, in few queries, however many.

    None when nobody of them was in. `key`: the form's; sent again it gives the departure it made. Children who are
    parted from their adults raise an alert; adults who part know it, and the page that asks has said so. Raises
    Overtaken.
    """
    lock(people)
    if done := Departure.objects.filter(pk=key).first() if key else None:
        if (done.by_id, done.shelter_id) != (by.pk, shelter.pk):
            raise Overtaken
        return done
    stays = list(Stay.objects.open().filter(person__in=people, in_at__lte=at).select_related("shelter"))
    if not stays:
        return None
    departure = Departure.objects.create(
        id=key or uuid7(), shelter=shelter, left_at=at, left_on=shelter.day_of(at), to=to, by=by
    )
    for stay in stays:
        stay.out_at, stay.out_on, stay.out_to, stay.departure = at, stay.shelter.day_of(at), to, departure
    correct(stays, OUT, by=by)
    inside = {stay.person_id for stay in stays}
    gone = [person for person in people if person.pk in inside]
    on_the_trail(Action.DEPARTED, departure, gone, by=by, to=to)
    torn = partings([*gone, *staying_of(gone)], inside, departure.left_on)
    alarming = [each for found in torn.values() for each in found if each[1] != Alert.Kind.SPLIT]
    raise_alerts(shelter, alarming, departure=departure)
    return departure


def staying_of(people) -> list:
    """Who of their families is in the shelter."""
    families = {person.family_id for person in people}
    stays = Stay.objects.open().filter(person__family__in=families).select_related("person")
    return [stay.person for stay in stays]


def on_the_trail(action, departure, people, *, by, **detail) -> None:
    """One event a family, so that whoever asks about a family finds it; written together."""
    sizes = Counter(person.family_id for person in people)
    subjects = [(Family(pk=pk), {"people": size}) for pk, size in sizes.items()]
    if len(sizes) > 1:
        detail |= {"departure": str(departure.pk), "families": len(sizes)}
    record_each(action, subjects, by=by, shelter=departure.shelter, **detail)


@transaction.atomic
def undo_departure(departure, *, by) -> list[Stay]:
    """Open every stay again that is still as this departure left it; its alerts are settled.

    Returns the stays that were left alone: who came back meanwhile, or whose stay was corrected. Raises Overtaken
    when it was undone before.
    """
    departure = (
        Departure.objects.select_for_update(of=("self",)).select_related("shelter").get(pk=departure.pk)
    )
    if departure.undone_at:
        raise Overtaken
    stays = list(departure.stays.select_related("person").order_by("person__family_id", "person__position"))
    lock([stay.person for stay in stays])
    people = [stay.person_id for stay in stays]
    since = Stay.objects.filter(person__in=people).exclude(departure=departure)
    since = set(since.filter(in_at__gte=departure.left_at).values_list("person_id", flat=True))
    since |= set(Stay.objects.open().filter(person__in=people).values_list("person_id", flat=True))
    left_as = (departure.left_at, departure.to)
    back = [stay for stay in stays if stay.person_id not in since and (stay.out_at, stay.out_to) == left_as]
    for stay in back:
        stay.out_at = stay.out_on = stay.departure = None
        stay.out_to = ""
    correct(back, OUT, by=by)
    departure.undone_at, departure.undone_by = timezone.now(), by
    departure.save(update_fields=["undone_at", "undone_by"])
    Alert.objects.open().filter(departure=departure).update(
        settled_at=departure.undone_at, settled_by=by, note=_("departure undone")
    )
    on_the_trail(Action.DEPARTURE_UNDONE, departure, [stay.person for stay in back], by=by)
    return [stay for stay in stays if stay not in back]


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


@transaction.atomic
def move(people, *, zone, by) -> int:
    """Those of one family who are in sleep in this zone now, full or not. Returns how many changed place."""
    lock(people)
    stays = list(Stay.objects.open().filter(person__in=people, shelter=zone.shelter_id))
    moved = [stay for stay in stays if stay.zone_id != zone.pk]
    for stay in moved:
        stay.zone = zone
    correct(moved, ["zone"], by=by)
    if moved:
        detail = {"people": len(moved), "fields": ["zone"]}
        record(Action.FAMILY_CHANGED, by=by, shelter=zone.shelter, subject=people[0].family, **detail)
    return len(moved)


@transaction.atomic
def see(people, *, shelter, zone=None, by) -> int:
    """These people are here: a sighting for everybody of them who is in the register as present."""
    lock(people)
    inside = Stay.objects.open().filter(person__in=people, shelter=shelter)
    now, inside = timezone.now(), set(inside.values_list("person_id", flat=True))
    seen = [person for person in people if person.pk in inside]
    Sighting.objects.bulk_create(Sighting(person=each, zone=zone, seen_at=now, by=by) for each in seen)
    families = Counter(person.family_id for person in seen)
    subjects = [(Family(pk=pk), {"people": size}) for pk, size in families.items()]
    record_each(Action.SEEN, subjects, by=by, shelter=shelter)
    return len(seen)


@transaction.atomic
def count(shelter, *, zone=None, people, without_card=0, key, by) -> Headcount:
    """Store how many were counted beside how many the register has. `key`: the form's, so that it counts once."""
    now, inside = timezone.now(), Stay.objects.open().filter(shelter=shelter)
    said = {
        "shelter": shelter,
        "zone": zone,
        "people": people,
        "without_card": without_card,
        "registered": (inside.filter(zone=zone) if zone else inside).count(),
        "counted_at": now,
        "counted_on": shelter.day_of(now),
        "by": by,
    }
    headcount, is_new = Headcount.objects.get_or_create(pk=key, defaults=said)
    if is_new:
        record(Action.COUNTED, by=by, shelter=shelter, subject=headcount, people=people)
    elif (headcount.by_id, headcount.shelter_id) != (by.pk, shelter.pk):
        raise Overtaken
    return headcount
