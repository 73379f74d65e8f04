"""Who may see which record: decided here and in `visible_to`, asked by every page."""

from datetime import timedelta

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from intake.models import Family, LookAlike, Person, ServiceReceived, ServiceType
from shelters.audit import Action, record
from shelters.models import AccessEvent

A_SHIFT = timedelta(hours=12)
MOST_SHOWN_AN_HOUR = 600  # families by search or as look-alikes: about three times what a busy desk needs


def has_been_shown_many(user) -> bool:
    """Whether this account has leafed through more families in an hour than anybody at a desk does."""
    showing = [Action.SEARCHED, Action.LOOK_ALIKES_SHOWN]
    since = timezone.now() - timedelta(hours=1)
    events = AccessEvent.objects.filter(user=user, action__in=showing, at__gt=since)
    details = events.values_list("detail", flat=True)
    return sum(detail.get("found", 0) + detail.get("families", 0) for detail in details) >= MOST_SHOWN_AN_HOUR


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


def standing(model, pk):
    """Where a record that was joined into another leads: an old address keeps answering."""
    while onward := model.objects.filter(pk=pk).values_list("merged_into", flat=True).first():
        pk = onward
    return pk


def opened(user, family) -> Family:
    timezone.activate(family.shelter.tz)
    record(Action.FAMILY_OPENED, by=user, shelter=family.shelter, subject=family)
    return family


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
    timezone.activate(service.shelter.tz)
    if service.service_type.sensitivity not in sensitivities(user):
        raise Http404
    return service


def sensitivities(user) -> list[str]:
    """Which services this account may record, and see what they were."""
    open_to = [ServiceType.Sensitivity.OPEN]
    if user.has_perm("intake.handle_legal"):
        open_to.append(ServiceType.Sensitivity.LEGAL)
    if user.has_perm("intake.handle_health"):
        open_to.append(ServiceType.Sensitivity.HEALTH)
    return open_to


def require(user, permission) -> None:
    """A missing right is answered like a missing page."""
    if not user.has_perm(permission):
        raise Http404
