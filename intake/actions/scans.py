"""A card is held out and its family is served: once, however often and from wherever the scan is sent."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.actions.held import SAME_CARD, NoFamily, earlier, held_members, in_order
from intake.actions.once import Overtaken
from intake.actions.services import (
    FREE,
    OverLimit,
    copy_for,
    family_key_within,
    had_within,
    keys_within,
    take_places,
    told,
    who_carries,
)
from intake.models import Family, Person, ServiceReceived, ServiceType, Stay, Tally
from intake.models.tracked import correct
from shelters.audit import Action, record

MAY_ADJUST = timedelta(minutes=10)


@dataclass
class Served:
    """What a scan came to.

    `people`: all members, each with `is_inside`. `rows`: what this scan gave. `had`: to whoever was not
    served because of a limit, the row of the last time, or None when one is more than the limit.
    """

    key: object
    what: ServiceReceived
    people: list
    rows: list = field(default_factory=list)
    had: dict = field(default_factory=dict)
    asks: list = field(default_factory=list)

    @property
    def family(self) -> Family:
        return self.people[0].family

    @property
    def given(self) -> list:
        return [row for row in self.rows if row.cancelled_at is None]

    @property
    def state(self) -> str:
        if self.rows:
            return ("partly" if self.had else "served") if self.given else "undone"
        if self.asks:
            return "asks"
        return "already" if self.had else "left"

    @property
    def left_on(self):
        """The day the last of them went; None when nobody knows of a stay."""
        return Stay.objects.filter(person__in=self.people).aggregate(last=Max("out_on"))["last"]


def serve(*, key, code, what, only=None, here=False, asks=False, override_reason="", by) -> Served:
    """Give a service to the members of a card's family who are in the shelter: one row each, or one for the family.

    `what`: an unsaved ServiceReceived with type, shelter, moment, slot, organization and desk. `key`: made by the
    page; sent again it finds what it made. `only`: ids of members, when not all. `here`: they are, whatever the stays
    say. `asks`: look, and give nothing yet. Who had it is left out and told, or given again with `override_reason`.
    Raises NoFamily. The constraint has the last word over whoever writes past our locks: then it is tried once more.
    """
    scan = {"key": key, "code": code, "what": what, "only": only, "here": here, "asks": asks}
    try:
        return serve_once(**scan, override_reason=override_reason, by=by)
    except IntegrityError:
        return serve_once(**scan, override_reason=override_reason, by=by)


@transaction.atomic
def serve_once(*, key, code, what, only, here, asks, override_reason, by) -> Served:
    served = Served(key, what, held_members(code, what, by))
    set_the_clock(what, served.family.shelter)
    inside = [
        each for each in served.people if (here or each.is_inside) and (only is None or each.pk in only)
    ]
    known = earlier(what, served.people, key)
    if before := sent_before(known, key) or (not override_reason and just_now(known, what)):
        served.key, served.rows = before[0].scan, before
        served.had = who_had_it(what, inside, served, known)
        return served
    places = places_in(what, inside, served.people, known) if inside else {}
    over = [person for person, (limit_key, last) in places.items() if limit_key is None and last is not FREE]
    served.had = (
        {} if override_reason else {person: last_time(what, served, person, known) for person in over}
    )
    given = [person for person in places if person not in served.had]
    if not given or asks:
        served.asks = given
        record(Action.CARD_SCANNED, by=by, shelter=what.shelter, subject=served.family, people=len(places))
        return served
    served.rows = [
        row_of(what, person, key, places, override_reason if person in over else "") for person in given
    ]
    ServiceReceived.objects.bulk_create(served.rows)
    remember(
        Action.SERVICE_RECORDED,
        served,
        by=by,
        people=len(given),
        over_limit=len(over) if override_reason else 0,
    )
    return served


def set_the_clock(what, shelter) -> None:
    """The shelter's own day and meal of the moment, unless a meal was chosen for a line that runs late."""
    what.shelter, what.given_on = shelter, shelter.day_of(what.given_at)
    what.slot = what.slot or shelter.meal_at(what.given_at)


def sent_before(known, key) -> list:
    return [row for row in known if row.scan == key]


def just_now(known, what) -> list:
    """The rows of a scan of the same card at the same desk by the same account a moment ago."""
    since = what.given_at - SAME_CARD
    fresh = [
        row
        for row in known
        if row.scan and row.given_at > since and row.cancelled_at is None
        if (row.recorded_by_id, row.desk) == (what.recorded_by_id, what.desk)
    ]
    return [row for row in fresh if row.scan == fresh[0].scan]


def scopes_for(what, people) -> dict:
    return {person.pk: what.limit_scope(getattr(person, "stay_id", None)) for person in people}


def places_in(what, inside, family, known) -> dict:
    """Like `places_for`, of what was read already."""
    kind, is_family = what.service_type, what.service_type.per == ServiceType.Per.FAMILY
    receivers = [who_carries(inside)] if is_family else inside
    if kind.limit_per == ServiceType.LimitPer.NONE:
        return dict.fromkeys(receivers, (None, FREE))
    scopes = scopes_for(what, family)
    had = had_within(scopes, known)
    if is_family:
        return {receivers[0]: family_key_within(what, receivers[0], scopes, had)}
    return keys_within(what, receivers, scopes, had)


def last_time(what, served, person, known):
    """The newest row that counts against the limit of this person, or of the family where it is the family's."""
    scopes = scopes_for(what, served.people)
    is_family = what.service_type.per == ServiceType.Per.FAMILY
    counted = [
        row
        for row in known
        if row.limit_key
        and row.limit_key.rpartition("#")[0] == scopes[row.person_id]
        and row.scan != served.key
        if is_family or row.person_id == person.pk
    ]
    return max(counted, key=lambda row: row.given_at, default=None)


def who_had_it(what, inside, served, known) -> dict:
    """For an answer given before: whoever it left out because they had it."""
    if what.service_type.per == ServiceType.Per.FAMILY:
        return {}
    rest = {each.pk for each in inside} - {row.person_id for row in served.rows}
    found = {each: last_time(what, served, each, known) for each in inside if each.pk in rest}
    return {person: row for person, row in found.items() if row}


def row_of(what, person, key, places, reason) -> ServiceReceived:
    row = copy_for(what, person, places[person][0], reason)
    row.scan = key
    return row


def remember(action, served, *, by, **detail) -> None:
    kind = served.what.service_type
    record(action, by=by, shelter=served.what.shelter, subject=served.family, service=told(kind), **detail)


@transaction.atomic
def adjust(*, key, people, by) -> Served:
    """Correct one's own scan within ten minutes: exactly these members got it. None at all undoes it.

    `people`: ids, or a number: so many, those served so far first. Raises NoFamily when there is no such scan,
    Overtaken when it is too late, and OverLimit when somebody had it from another counter meanwhile.
    """
    people_of_it = own_scan(key, by).values_list("person__family", flat=True)
    family = Person.objects.visible_to(by).filter(family__in=list(people_of_it)).with_newest_stay()
    held = family.select_related("family__shelter").select_for_update(of=("self",)).order_by("pk")
    members = sorted(held, key=in_order)
    rows = list(own_scan(key, by).select_related("service_type", "person").select_for_update(of=("self",)))
    if not rows:
        raise NoFamily
    if timezone.now() - rows[0].given_at > MAY_ADJUST:
        raise Overtaken
    what = copy_for(rows[0], rows[0].person, None, "")
    what.shelter = members[0].family.shelter
    served = Served(key, what, members, rows)
    wanted = wanted_of(served, people)
    take_back([row for row in served.given if row.person_id not in wanted], served, by=by)
    have = {row.person_id for row in served.given}
    give_too([each for each in members if each.pk in wanted and each.pk not in have], served, by=by)
    return served


def own_scan(key, by):
    return ServiceReceived.objects.visible_to(by).filter(scan=key, recorded_by=by)


def wanted_of(served, people) -> set:
    """Who shall have it in the end. Of a number: who has it now first, then who is inside, then the others."""
    have = {row.person_id for row in served.given}
    if served.what.service_type.per == ServiceType.Per.FAMILY:  # one row, whoever carries it
        return have if people else set()
    if not isinstance(people, int):
        return set(people)
    order = sorted(served.people, key=lambda each: (each.pk not in have, not each.is_inside))
    return {each.pk for each in order[:people]}


def take_back(rows, served, *, by) -> None:
    """They stay on record as cancelled, and their limit is free again."""
    now = timezone.now()
    for row in rows:
        row.cancelled_at, row.cancel_reason, row.limit_key = now, _("Corrected while scanning"), None
    correct(rows, ["cancelled_at", "cancel_reason", "limit_key"], by=by)
    if rows:
        remember(Action.SERVICE_CANCELLED, served, by=by, people=len(rows))


def give_too(people, served, *, by) -> None:
    """Members ticked afterwards; a row of this scan that was cancelled stands again."""
    if not people:
        return
    what, cancelled = served.what, {row.person_id: row for row in served.rows if row.cancelled_at}
    reasons = {pk: row.override_reason for pk, row in cancelled.items()}
    places = places_in(what, people, served.people, earlier(what, served.people, served.key))
    over = {person: None for person, (key, last) in places.items() if key is None and last is not FREE}
    over = {person: None for person in over if not reasons.get(person.pk)}
    if over:
        raise OverLimit(over)
    again = [cancelled[person.pk] for person in places if person.pk in cancelled]
    for row in again:  # what was given beyond a limit holds none
        row.cancelled_at, row.cancel_reason = None, ""
        row.limit_key = None if row.override_reason else places[row.person][0]
    correct(again, ["cancelled_at", "cancel_reason", "limit_key"], by=by)
    new = [row_of(what, person, served.key, places, "") for person in places if person.pk not in cancelled]
    take_places(new)
    served.rows += new
    remember(Action.SERVICE_RECORDED, served, by=by, people=len(places), over_limit=0)


@transaction.atomic
def note(*, key, what, people, card="", by) -> Tally:
    """Served without a name, because the card tells none: a count, apart from what people received.

    `card`: the code that was held out, as whose it is may come out.

    Raises Overtaken when the key is somebody else's, or of something else.
    """
    tally, is_new = Tally.objects.get_or_create(
        pk=key,
        defaults={
            "shelter": what.shelter,
            "service_type": what.service_type,
            "line": what.desk,
            "counted_at": what.given_at,
            "counted_on": what.given_on,
            "slot": what.slot,
            "people": people,
            "recorded_by": by,
            "card": card,
        },
    )
    said = (by.pk, what.shelter.pk, what.service_type.pk)
    if not is_new and (tally.recorded_by_id, tally.shelter_id, tally.service_type_id) != said:
        raise Overtaken
    if is_new:
        record(Action.TALLIED, by=by, shelter=what.shelter, service=told(what.service_type), people=people)
    return tally


@transaction.atomic
def adjust_note(*, key, people, by) -> Tally:
    """So many after all; none takes it back. Raises NoFamily when it is not one's own, Overtaken when too late."""
    tally = (
        Tally.objects.visible_to(by).filter(pk=key, recorded_by=by).select_for_update(of=("self",)).first()
    )
    if not tally:
        raise NoFamily
    if timezone.now() - tally.counted_at > MAY_ADJUST:
        raise Overtaken
    tally.cancelled_at = None if people else timezone.now()
    tally.people = people or tally.people
    tally.save(update_fields=["people", "cancelled_at"])
    record(
        Action.TALLIED,
        by=by,
        shelter=tally.shelter,
        service=told(tally.service_type),
        people=people,
        changed=True,
    )
    return tally
