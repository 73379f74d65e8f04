"""Screen 08, the night count: family after family of a zone, until nobody is missing."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from intake import actions
from intake.access import family_of_card, slows_guessers, zone_or_404
from intake.forms.presence import CardForm
from intake.ids import uuid7
from intake.models import Person, Stay
from intake.presence import round_began, round_of
from intake.views.family import look_again
from intake.views.presence import (
    difference_words,
    inside_of,
    seen_words,
    shelter_of_shift,
    unknown_card,
    words_of,
)
from shelters.forms import mistakes

MOST_WITHOUT_CARD = 9_999
KEPT_AS = "without_card_in_round"  # in the session: zone to how many, and when the last was pressed


@slows_guessers
def walk(request, code):
    """One page and its buttons: scan, here, left, move or bring back, people without a card, finish."""
    shelter = shelter_of_shift(request, "intake.add_sighting")
    zone = zone_or_404(request.user, shelter, code)
    do = DOINGS.get(request.POST.get("do", "")) if request.method == "POST" else None
    if request.method != "POST":
        return page(request, zone)
    try:
        return (do or scan)(request, zone)
    except actions.Overtaken:
        messages.warning(request, look_again())
        return here(zone)


def here(zone):
    return redirect("intake:round", zone.code)


def page(request, zone, form=None, elsewhere=None):
    form = form or CardForm()
    context = {
        "zone": zone,
        "round": round_of(zone),
        "form": form,
        "without_card": without_card(request, zone),
        "elsewhere": elsewhere,
        "key": uuid7(),
        "mistakes": mistakes(form) if form.is_bound else [],
    }
    return render(request, "intake/round.html", context, status=422 if form.errors else 200)


def scan(request, zone):
    """A card: those of the family who sleep in this zone are seen; of others it says where the register has them."""
    form = CardForm(request.POST)
    if not form.is_valid():
        return page(request, zone, form)
    family = family_of_card(request.user, zone.shelter, form.cleaned_data["card"])
    if family is None:
        form.add_error("card", unknown_card())
        return page(request, zone, form)
    people = inside_of(request.user, zone.shelter, [family.pk], zone=zone)
    if people:
        n = actions.see(people, shelter=zone.shelter, zone=zone, by=request.user)
        messages.success(request, seen_words(n))
        return here(zone)
    return page(request, zone, elsewhere=where_they_are(request, zone, family))


def where_they_are(request, zone, family) -> dict:
    stays = Stay.objects.open().filter(person__in=family.members.all()).select_related("zone")
    return {
        "family": family,
        "size": len(stays) or family.members.count(),
        "is_inside": bool(stays),
        "zones": ", ".join(sorted({stay.zone.name for stay in stays if stay.zone})),
    }


def see(request, zone):
    """ "Here" beside a family of the list."""
    people = inside_of(request.user, zone.shelter, family_of_stay(request, zone), zone=zone)
    n = actions.see(people, shelter=zone.shelter, zone=zone, by=request.user)
    messages.success(request, seen_words(n))
    return here(zone)


def family_of_stay(request, zone) -> list:
    """The list names a stay, which opens no page: whoever walks a round leafs through no families by it."""
    try:
        stays = Stay.objects.visible_to(request.user).open().filter(zone=zone, pk=request.POST.get("stay"))
        return list(stays.values_list("person__family", flat=True))
    except (ValidationError, ValueError):
        return []


def leave(request, zone):
    """ "Left" beside a family of the list: those of it who sleep here. Nobody was asked where to."""
    people = inside_of(request.user, zone.shelter, family_of_stay(request, zone), zone=zone)
    n = actions.depart(people, at=timezone.now(), to=Stay.OutTo.UNKNOWN, by=request.user)
    messages.success(request, words_of("out", n, zone))
    return here(zone)


def bring(request, zone):
    """The family that was scanned sleeps here from now on: moved, or back."""
    people = inside_of(request.user, zone.shelter, [request.POST.get("family")])
    if people:
        actions.move(people, zone=zone, by=request.user)
    else:
        people = members_of(request.user, zone.shelter, request.POST.get("family"))
        actions.come_back(people, shelter=zone.shelter, zone=zone, by=request.user)
    n = actions.see(people, shelter=zone.shelter, zone=zone, by=request.user)
    messages.success(request, words_of("move", n, zone))
    return here(zone)


def members_of(user, shelter, pk) -> list[Person]:
    try:
        people = Person.objects.visible_to(user).filter(family=pk, family__shelter=shelter)
        return list(people.select_related("family__shelter"))
    except (ValidationError, ValueError, TypeError):
        return []


def more(request, zone):
    return counted_without_card(request, zone, +1)


def fewer(request, zone):
    return counted_without_card(request, zone, -1)


def counted_without_card(request, zone, step):
    """Kept with the session: it belongs to who walks, as long as the round does."""
    n = min(MOST_WITHOUT_CARD, max(0, without_card(request, zone) + step))
    kept = {"n": n, "at": timezone.now().isoformat()}
    request.session[KEPT_AS] = {**request.session.get(KEPT_AS, {}), str(zone.pk): kept}
    return redirect(reverse("intake:round", args=[zone.code]) + "#without-card")


def without_card(request, zone) -> int:
    """Of this round: what was pressed before it began was said of another night."""
    kept = request.session.get(KEPT_AS, {}).get(str(zone.pk))
    return kept["n"] if kept and datetime.fromisoformat(kept["at"]) > round_began(zone) else 0


def finish(request, zone):
    """The count of the zone: who was seen, and who has no card. It ends the round, and the next one begins at none."""
    extra, now = without_card(request, zone), round_of(zone)
    try:
        key = UUID(request.POST.get("key", ""))
    except ValueError:
        raise Http404 from None
    counted = actions.count(
        zone.shelter, zone=zone, people=now.seen + extra, without_card=extra, key=key, by=request.user
    )
    messages.success(request, difference_words(counted))
    return redirect("intake:presence")


DOINGS = {
    "scan": scan,
    "here": see,
    "left": leave,
    "bring": bring,
    "more": more,
    "fewer": fewer,
    "finish": finish,
}
