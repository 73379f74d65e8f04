"""Who is in the shelter now, zone by zone, and since when nobody has seen them. Reads; occupancy is stored nowhere."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Subquery
from django.utils import timezone

from intake.models import Card, Headcount, Person, ServiceReceived, Sighting, Stay
from shelters.models import Zone

A_NIGHT = timedelta(hours=12)
LONG = timedelta(hours=36)
MOST_SHOWN = 100  # families on one page


@dataclass
class Place:
    """A zone, how many sleep there by the register, and how many somebody counted last."""

    zone: Zone
    inside: int
    counted: Headcount | None = None

    @property
    def free(self) -> int | None:
        return None if self.zone.capacity is None else self.zone.capacity - self.inside

    @property
    def over(self) -> int:
        return max(0, -(self.free or 0))

    @property
    def is_full(self) -> bool:
        return self.free is not None and self.free <= 0


@dataclass
class Presence:
    places: list[Place]
    without_zone: int
    counted: Headcount | None  # the whole shelter

    @property
    def total(self) -> int:
        return self.without_zone + sum(place.inside for place in self.places)


def occupancy(shelter) -> dict:
    """Id of a zone, or None, to how many are in the shelter there. One query."""
    rows = Stay.objects.open().filter(shelter=shelter).order_by().values_list("zone").annotate(n=Count("pk"))
    return dict(rows)


def places_of(shelter, inside=None) -> list[Place]:
    """The zones on offer, and retired ones as long as somebody sleeps there. Two queries."""
    inside, today = occupancy(shelter) if inside is None else inside, shelter.today()
    zones = Zone.objects.filter(shelter=shelter).order_by("code")
    return [
        Place(zone, inside.get(zone.pk, 0))
        for zone in zones
        if zone.pk in inside or not (zone.retired_on and zone.retired_on <= today)
    ]


def presence_of(shelter) -> Presence:
    """Three queries, however many zones and people."""
    inside = occupancy(shelter)
    places = places_of(shelter, inside)
    since = timezone.now() - timedelta(days=2)
    newest = {}
    for row in Headcount.objects.filter(shelter=shelter, counted_at__gte=since).order_by("counted_at"):
        newest[row.zone_id] = row
    for place in places:
        place.counted = newest.get(place.zone.pk)
    return Presence(places, inside.get(None, 0), newest.get(None))


@dataclass
class Household:
    """Those of one family who are in the shelter, as a page shows them without a name."""

    family_id: object
    stays: list[Stay] = field(default_factory=list)
    card: Card | None = None
    last_sign: datetime | None = None

    @property
    def size(self) -> int:
        return len(self.stays)

    @property
    def came_at(self) -> datetime:
        return min(stay.in_at for stay in self.stays)

    @property
    def zones(self) -> str:
        return ", ".join(sorted({str(stay.zone) for stay in self.stays if stay.zone}))

    @property
    def people(self) -> list[Person]:
        return [stay.person for stay in self.stays]


def households(stays) -> list[Household]:
    found = {}
    for stay in stays:
        family = stay.person.family_id
        found.setdefault(family, Household(family)).stays.append(stay)
    return list(found.values())


def with_signs(found) -> list[Household]:
    """These households with their card and their newest sign of life. Two queries."""
    stays = [stay.pk for each in found for stay in each.stays]
    signs = (
        Stay.objects.filter(pk__in=stays)
        .order_by()
        .annotate(
            served=newest(ServiceReceived.objects.filter(cancelled_at__isnull=True), "given_at"),
            seen=newest(Sighting.objects.all(), "seen_at"),
        )
    )
    last = {
        pk: max(filter(None, moments)) for pk, *moments in signs.values_list("pk", "in_at", "served", "seen")
    }
    cards = Card.objects.usable().filter(family__in=[each.family_id for each in found]).order_by("bound_at")
    cards = {card.family_id: card for card in cards}
    for each in found:
        each.card = cards.get(each.family_id)
        each.last_sign = max(last[stay.pk] for stay in each.stays if stay.pk in last)
    return found


def newest(rows, column) -> Subquery:
    """The newest of these rows of the person of a stay: the first entry of an index."""
    return Subquery(rows.filter(person=OuterRef("person")).order_by(f"-{column}").values(column)[:1])


# --- the round of a zone -------------------------------------------------------------------------------------


@dataclass
class Round:
    """Who of a zone was seen since the round began."""

    zone: Zone
    since: datetime
    people: int
    seen: int
    families: int
    families_seen: int
    unseen: list[Household]  # the first of them; `more` are left out
    more: int = 0

    @property
    def percent(self) -> int:
        return 100 * self.seen // self.people if self.people else 0


def round_began(zone) -> datetime:
    """When the round of a zone began: when the zone was counted last, or 12 hours ago."""
    since = timezone.now() - A_NIGHT
    counted = Headcount.objects.filter(shelter=zone.shelter_id, zone=zone, counted_at__gt=since)
    return counted.order_by("-counted_at").values_list("counted_at", flat=True).first() or since


def round_of(zone) -> Round:
    """The round of a zone: whoever was seen there, by anybody, since the zone was counted last, or in 12 hours.

    Nobody starts a round, and it belongs to nobody: the first card begins it, two volunteers share it, and the
    headcount that ends it lets the next one begin. A family is seen when everybody of it who sleeps here was.
    """
    since = round_began(zone)
    sighted = Sighting.objects.filter(person=OuterRef("person"), zone=zone, seen_at__gt=since)
    stays = Stay.objects.open().filter(zone=zone).select_related("person", "zone").order_by("in_at", "pk")
    stays = list(stays.annotate(is_seen=Exists(sighted)))
    missing = defaultdict(int)
    for stay in stays:
        missing[stay.person.family_id] += not stay.is_seen
    unseen = households(stay for stay in stays if not stay.is_seen)
    return Round(
        zone=zone,
        since=since,
        people=len(stays),
        seen=sum(stay.is_seen for stay in stays),
        families=len(missing),
        families_seen=sum(not n for n in missing.values()),
        unseen=with_signs(unseen[:MOST_SHOWN]),
        more=max(0, len(unseen) - MOST_SHOWN),
    )


# --- the sweep -----------------------------------------------------------------------------------------------


def without_sign(stays, moment):
    """Of these stays, those of whom nobody had a sign of life in the 36 hours before the moment."""
    cutoff = moment - LONG
    of_them = {"person": OuterRef("person")}
    served = ServiceReceived.objects.given().filter(given_at__gt=cutoff, given_at__lte=moment, **of_them)
    sighted = Sighting.objects.filter(seen_at__gt=cutoff, seen_at__lte=moment, **of_them)
    return stays.filter(~Exists(served), ~Exists(sighted), in_at__lte=cutoff)


def quiet_ids(shelter) -> dict:
    """Id of each family in the shelter without a sign of life for 36 hours, to how many of it are in. Two queries.

    A sign of life: a stay begun, a service, a sighting, of anybody of them who is in.
    """
    inside = Stay.objects.open().filter(shelter=shelter).order_by()
    calm = without_sign(inside, timezone.now()).values_list("pk", "person__family")
    by_family = defaultdict(int)
    for _pk, family in calm:
        by_family[family] += 1
    present = inside.filter(person__family__in=calm.values("person__family")).values_list("person__family")
    sizes = dict(present.annotate(n=Count("pk")))
    return {family: n for family, n in by_family.items() if n == sizes.get(family)}


def quiet_families(shelter) -> tuple[list[Household], int]:
    """Families in the shelter without a sign of life for 36 hours: the first of them, and how many there are."""
    quiet = sorted(quiet_ids(shelter))
    rows = Stay.objects.open().filter(shelter=shelter, person__family__in=quiet[:MOST_SHOWN])
    rows = rows.select_related("person", "zone").order_by("in_at", "person__position")
    found = with_signs(households(rows))
    return sorted(found, key=lambda each: each.last_sign), len(quiet)
