"""Who may see which record: decided here and in `visible_to`, asked by every page. What may be asked: policy.py."""

import logging
import time
from datetime import timedelta
from functools import wraps

from django.db.models import CharField, Q
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from intake import policy
from intake.cards import read_code
from intake.models import (
    Card,
    Cut,
    Departure,
    Family,
    LookAlike,
    Note,
    Person,
    ServiceReceived,
    ServiceType,
    Station,
)
from intake.models.notes import kinds_open_to
from intake.reading import count_opening, was_opened_lately
from shelters.audit import Action, record
from shelters.models import AccessEvent, Zone
from shelters.prepared import Blank, Prepared

logger = logging.getLogger(__name__)
A_SHIFT = timedelta(hours=12)


class PolicyMiddleware(MiddlewareMixin):
    """Before any view runs: the rights that policy.py says its address asks. What it does not name is not there."""

    def process_view(self, request, view, args, kwargs):
        page = policy.page_of(request.resolver_match)
        if page is None:
            logger.error(
                "An address without a line in intake/policy.py: %s", request.resolver_match.view_name
            )
        if page is None or not page.is_open_to(request.user):
            raise Http404


def family_or_404(user, pk) -> Family:
    """A family this person may see. Opening it is on the trail, and the clock of the page is its shelter's."""
    families = Family.objects.visible_to(user).select_related("shelter", "language", "registered_by")
    return opened(user, get_object_or_404(families, pk=standing(Family, pk)))


def person_or_404(user, pk) -> Person:
    """The same for one of its members."""
    people = Person.objects.visible_to(user).select_related("family__shelter", "origin_region")
    person = get_object_or_404(people, pk=standing(Person, pk))
    opened(user, person.family)
    return person


def family_of_card(user, shelter, text) -> Family | None:
    """Whose card was typed or scanned at this shelter; None when it is no code, blank, revoked or of elsewhere.

    It is on the trail: whose card is in somebody's hand may be opened. Raises TooManyCodes; see `slows_guessers`.
    """
    refuse_guessers(user)
    code = read_code(text)
    cards = Card.objects.visible_to(user).usable().filter(pk=code, family__shelter=shelter)
    card = cards.select_related("family__shelter").first() if code else None
    if code and not card:
        note_unknown(user, shelter, [code])
    if card:
        record(Action.CARD_SCANNED, by=user, shelter=shelter, subject=card.family)
    return card.family if card else None


# --- codes that nobody printed: tried at whatever desk, they are counted together -------------------------------

MOST_UNKNOWN_A_MINUTE = 30
PAUSE = 60  # seconds
_guessers: dict[
    int, float
] = {}  # account to the moment its pause ends; in this process, so that a scan pays no query


class TooManyCodes(Exception):
    """This account tried more codes that nobody printed than mistakes explain. `wait`: so many seconds more."""

    def __init__(self, wait):
        super().__init__(wait)
        self.wait = wait

    def __str__(self):
        return _("Many codes in one minute that are on no card. Wait a minute, then scan again.")


def refuse_guessers(user) -> None:
    """Before a code is looked up. Raises TooManyCodes: then good codes are not answered either."""
    wait = _guessers.get(user.pk, 0) - time.monotonic()
    if wait > 0:
        raise TooManyCodes(int(wait) + 1)


def note_unknown(user, shelter, codes) -> None:
    """Count those of these codes that are on no card at all, on the trail, where all processes see them.

    A blank card, a lost one, or one of another shelter is in somebody's hand and was not guessed: however many of
    them come in a minute, the line goes on.
    """
    unknown = len(set(codes)) - Card.objects.filter(pk__in=codes).count()
    if not unknown:
        return
    record(Action.CARD_SCANNED, by=user, shelter=shelter, people=0, unknown=unknown)
    since = timezone.now() - timedelta(minutes=1)
    events = AccessEvent.objects.filter(user=user, action=Action.CARD_SCANNED, at__gt=since)
    if (
        sum(detail.get("unknown", 0) for detail in events.values_list("detail", flat=True))
        > MOST_UNKNOWN_A_MINUTE
    ):
        _guessers[user.pk] = time.monotonic() + PAUSE


def forget_guessers() -> None:
    _guessers.clear()


def slows_guessers(view):
    """For a page that opens a family by its card: 429 while TooManyCodes."""

    @wraps(view)
    def slowed(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except TooManyCodes as refusal:
            answer = render(request, "429.html", {"words": refusal}, status=429)
            answer.headers["Retry-After"] = str(refusal.wait)
            return answer

    return slowed


# Each scan asks for it; without the order of its lists, which joins the categories.
service_types_of = Prepared(lambda: ServiceType.objects.order_by().filter(pk=Blank("code", CharField())))


def service_type_or_404(user, pk) -> ServiceType:
    """A service that this account may record, retired or not: a line does not stop in the middle of a round."""
    kind = next(iter(service_types_of(code=pk)), None)
    if not kind or kind.sensitivity not in sensitivities(user):
        raise Http404
    return kind


def is_revoked(shelter, code) -> bool:
    """Whether a card of this shelter was reported lost or voided; another shelter's is as good as unknown."""
    of_here = Q(family__shelter=shelter) | Q(batch__shelter=shelter)
    return Card.objects.filter(of_here, pk=code, revoked_at__isnull=False).exists()


def standing(model, pk):
    """Where a record that was joined into another leads: an old address keeps answering."""
    while onward := model.objects.filter(pk=pk).values_list("merged_into", flat=True).first():
        pk = onward
    return pk


def opened(user, family) -> Family:
    """Raises TooManyFamilies, which the middleware answers."""
    count_opening(user, family)
    timezone.activate(family.shelter.tz)
    record(Action.FAMILY_OPENED, by=user, shelter=family.shelter, subject=family)
    return family


def person_of_notes_or_404(user, pk, kind) -> Person:
    """Somebody whose notes of this kind this account reads and writes.

    To coordinators their family shows as opened once an hour: more lines would tell that something was written.
    """
    if kind not in kinds_open_to(user):
        raise Http404
    people = Person.objects.visible_to(user).select_related("family__shelter", "origin_region")
    person = get_object_or_404(people, pk=standing(Person, pk))
    if was_opened_lately(user, person.family):
        timezone.activate(person.family.shelter.tz)
    else:
        opened(user, person.family)
    return person


def note_or_404(user, pk) -> Note:
    """A note of this account's side; see `person_of_notes_or_404` for whoever it is about."""
    return get_object_or_404(Note.objects.visible_to(user).select_related("key"), pk=pk)


def look_alike_or_404(user, pk) -> tuple[LookAlike, Family]:
    """Two people who may be one, and the family that came later.

    For a coordinator; and in the same shift for who registered that family, until a coordinator has put it off.
    """
    pairs = LookAlike.objects.filter(first__family__shelter__staff=user)
    pair = get_object_or_404(pairs.select_related("first__family__shelter", "second__family"), pk=pk)
    later = max(pair.first.family, pair.second.family, key=lambda family: family.registered_at)
    is_fresh = timezone.now() - later.registered_at < A_SHIFT and pair.verdict != LookAlike.Verdict.LATER
    is_own = is_fresh and later.registered_by_id == user.pk and user.has_perm("intake.add_family")
    if not (is_own or user.has_perm("intake.change_lookalike")):
        raise Http404
    return pair, later


def service_or_404(user, pk) -> ServiceReceived:
    """A service that this person may read in full: another counter's legal or health service is none."""
    services = ServiceReceived.objects.visible_to(user).select_related(
        "service_type", "person__family__shelter"
    )
    service = get_object_or_404(services, pk=pk)
    if service.service_type.sensitivity not in sensitivities(user):
        raise Http404
    opened(user, service.person.family)
    timezone.activate(service.shelter.tz)
    return service


def station_or_404(user, pk) -> Station:
    """A table of a shelter where this person works, also a retired one; the clock of the page is its shelter's."""
    require(user, "intake.view_goodsmovement")
    station = get_object_or_404(Station.objects.visible_to(user).select_related("shelter"), pk=pk)
    timezone.activate(station.shelter.tz)
    return station


def zone_or_404(user, shelter, code) -> Zone:
    """A zone of the shelter of this shift."""
    zones = Zone.objects.visible_to(user).filter(shelter=shelter).select_related("shelter")
    return get_object_or_404(zones, code=code)


def departure_or_404(user, pk) -> Departure:
    """A departure this person may undo: a coordinator any, whoever else their own in the same shift."""
    departures = Departure.objects.visible_to(user).select_related("shelter", "by", "undone_by")
    departure = get_object_or_404(departures, pk=pk)
    timezone.activate(departure.shelter.tz)
    if not may_undo(user, departure):
        raise Http404
    return departure


def may_undo(user, departure) -> bool:
    is_own = departure.by_id == user.pk and timezone.now() - departure.left_at < A_SHIFT
    return user.has_perm("intake.change_departure") or (is_own and user.has_perm("intake.change_stay"))


def cut_or_404(user, pk) -> Cut:
    """A frozen census of a shelter of this person, read by its clock."""
    cuts = Cut.objects.visible_to(user).select_related("shelter", "frozen_by", "withdrawn_by")
    cut = get_object_or_404(cuts, pk=pk)
    timezone.activate(cut.shelter.tz)
    return cut


def sensitivities(user) -> list[str]:
    """Which services this account may record, and see what they were."""
    return [kind for kind, right in policy.SERVICES.items() if user.has_perm(right)]


def may_open_numbers(user, shelter) -> bool:
    """Whether the numbers of this shelter's reports lead to the people, families and services that were counted."""
    return policy.PAGES["reports:records"].is_open_to(user) and shelter.staff.contains(user)


def seen_in_full(user, records):
    """Of the records behind a number those that this account may read, and know what they were."""
    seen = records.visible_to(user)
    if seen.model is ServiceReceived:
        seen = seen.filter(service_type__sensitivity__in=sensitivities(user))
    return seen


def may_call(user, line) -> bool:
    """Whether this account calls the numbers of a line, and sees whose they are. Everybody sees the numbers."""
    return user.has_perm("intake.change_ticket") and user.has_perm(policy.LINES[line])


def require(user, permission) -> None:
    """A missing right is answered like a missing page."""
    if not user.has_perm(permission):
        raise Http404
