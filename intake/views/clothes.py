"""The clothes table: whose card, who gets what. Few taps: a child stands in front."""

import json
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from intake import actions
from intake.access import family_of_card, family_or_404, require, sensitivities, slows_guessers
from intake.allowances import Allowances
from intake.forms.goods import CardForm, HandOutForm
from intake.models import Goods, GoodsMovement, ServiceType, Station
from intake.views.family import look_again, members_of
from shelters.access import current_shelter
from shelters.forms import mistakes

STATION = "station"  # in the session: chosen once a shift
UNDO = timedelta(minutes=10)


def may_hand_out(user) -> None:
    require(user, "intake.add_servicereceived")
    require(user, "intake.add_goodsmovement")


def stations_of(shelter) -> list[Station]:
    stations = list(Station.objects.offered().filter(shelter=shelter))
    for station in stations:
        station.shelter = shelter
    return stations


def chosen_of(request, stations) -> Station | None:
    """The one chosen for this shift; where there is only one nobody is asked."""
    chosen = [station for station in stations if station.pk == request.session.get(STATION)]
    only = stations if len(stations) == 1 else []
    return next(iter(chosen or only), None)


@slows_guessers
def table(request):
    """Which table, once; then card after card."""
    may_hand_out(request.user)
    if not request.shift:
        return redirect("shift")
    shelter = current_shelter(request)
    stations = stations_of(shelter)
    station = chosen_of(request, stations)
    form = CardForm(request.POST or None)
    if request.method == "POST" and station and form.is_valid():
        if family := family_of_card(request.user, shelter, form.cleaned_data["code"]):
            return redirect("intake:hand-out", family.pk)
        form.add_error("code", _("No family here holds this card. Scan it again, or look by name."))
    context = {
        "form": form,
        "stations": stations,
        "station": None if "change" in request.GET else station,
        "onward": uuid_of(request.GET.get("family")) or "",
        "handed": handed_just_now(request),
        "mistakes": mistakes(form) if form.is_bound else [],
    }
    return render(request, "intake/clothes.html", context, status=422 if form.errors else 200)


def uuid_of(text) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def handed_just_now(request) -> dict:
    """What this account has just handed out, by the key of the form; it can be taken back."""
    key = uuid_of(request.GET.get("saved"))
    movements = list(own_visit(request.user, key)) if key else []
    return {"key": key, "movements": movements} if movements else {}


def own_visit(user, key):
    """What one form handed out, of one's own, within the time to undo, and not taken back."""
    movements = GoodsMovement.objects.visible_to(user).standing()
    fresh = movements.filter(
        form=key, by=user, kind=GoodsMovement.Kind.HANDED_OUT, moved_at__gt=timezone.now() - UNDO
    )
    return fresh.select_related("goods", "service__person").order_by("service__person__position", "goods")


@require_POST
def choose(request):
    """Remember the table for this shift."""
    may_hand_out(request.user)
    shelter = current_shelter(request)
    pk = request.POST.get("station", "")
    offered = Station.objects.offered().filter(shelter=shelter)
    is_key = pk.isascii() and pk.isdigit() and len(pk) < 19  # as many digits as a column holds
    station = get_object_or_404(offered, pk=pk if is_key else 0)
    request.session[STATION] = station.pk
    if family := uuid_of(request.POST.get("family")):
        return redirect("intake:hand-out", family)
    return redirect("intake:stock" if "stock" in request.POST else "intake:clothes")


def hand_out(request, pk):
    """The visit of one family."""
    may_hand_out(request.user)
    if not request.shift:
        return redirect("shift")
    family = family_or_404(request.user, pk)
    if family.shelter_id != request.shift.shelter_id:  # its table stands elsewhere
        raise Http404
    station = chosen_of(request, stations_of(family.shelter))
    if not station:
        return redirect(f"{reverse('intake:clothes')}?family={family.pk}")
    people = members_of(family)
    goods = list(Goods.objects.on_the_table(sensitivities(request.user)))
    form = HandOutForm(request.POST if request.method == "POST" else None, people=people, goods=goods)
    if request.method == "POST" and form.is_valid() and save(request, form, family, station):
        return redirect(f"{reverse('intake:clothes')}?saved={form.cleaned_data['key']}")
    return draw(request, form, family=family, station=station, people=people, goods=goods)


def save(request, form, family, station) -> bool:
    """True when it is stored, by this request or by an earlier copy of the same form."""
    try:
        actions.hand_out(
            submission=form.submission(request.user),
            family=family,
            station=station,
            things=form.things(),
            override_reason=form.cleaned_data["override_reason"],
            desk=request.shift.desk,
            by=request.user,
        )
    except actions.AlreadySaved as saved:
        if not saved.is_same:
            form.ask_again()
        return saved.is_same
    except actions.OverLimit as over:
        for thing, last in over.people.items():
            form.add_error(None, had_words(thing, last))
        form.add_error("override_reason", _("Take it out, or write here why it is given again."))
        return False
    except actions.Overtaken:
        form.add_error(None, look_again())
        return False
    return True


def had_words(thing, last) -> str:
    who, what = first_name(thing.person), thing.goods.label
    if last is None:
        return _("%(name)s, %(what)s: that is more than the limit.") % {"name": who, "what": what}
    when = " · ".join(filter(None, [moment(last.at), last.where]))
    return _("%(name)s, %(what)s: has had it, %(when)s.") % {"name": who, "what": what, "when": when}


def first_name(person) -> str:
    return person.given_names or str(person)


def moment(at) -> str:
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")


def draw(request, form, *, family, station, people, goods):
    kinds = {each.service_type for each in goods}
    allowances = Allowances(people, kinds, shelter=family.shelter, at=timezone.now())
    stock = station.stock()
    asked = next(
        (each for each in people if str(each.pk) == request.POST.get("who")), people[0] if people else None
    )
    context = {
        "form": form,
        "family": family,
        "station": station,
        "people": [{"person": each, "name": first_name(each), "is_next": each == asked} for each in people],
        "things": [tile(each, stock) for each in goods],
        "had": had_lines(people, sorted(kinds, key=lambda kind: kind.position), allowances),
        "mistakes": mistakes(form, *form.filled) if form.is_bound else [],
    }
    return render(request, "intake/hand_out.html", context, status=422 if context["mistakes"] else 200)


def tile(goods, stock) -> dict:
    """A thing as the script shows it: its sizes, each with roughly how many are left."""
    left = {size: stock.get((goods.pk, size)) for size in (*goods.size_list, "")}
    kind = goods.service_type
    limit = "" if kind.limit_per == ServiceType.LimitPer.NONE else kind.limit_count
    return {"goods": goods, "kind": kind, "limit": limit, "sizes": json.dumps(list(left.items()))}


def had_lines(people, kinds, allowances) -> list[dict]:
    """What has been had of each service, by whom, when and where; of a service to the family, once."""
    lines = []
    for kind in kinds:
        is_family = kind.per == ServiceType.Per.FAMILY
        for person in people[:1] if is_family else people:
            if had := allowances.of(person, kind):
                used = sum(each.quantity for each in had)
                lines.append(
                    {
                        "person": None if is_family else person,
                        "name": "" if is_family else first_name(person),
                        "kind": kind,
                        "used": used,
                        "last": had[-1],
                        "is_full": used >= kind.limit_count,
                    }
                )
    return lines


@require_POST
def undo(request, key):
    """Take back one's own visit of the last minutes: the services are cancelled, the stock comes back."""
    may_hand_out(request.user)
    movements = own_visit(request.user, key).select_related("service__service_type", "service__shelter")
    number = actions.take_back(movements, reason=_("Undone at the clothes table"), by=request.user)
    if not number:
        raise Http404
    words = ngettext("%(n)d thing was taken back.", "%(n)d things were taken back.", number)
    messages.success(request, words % {"n": number})
    return redirect("intake:clothes")
