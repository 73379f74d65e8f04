"""The tally pad: five large buttons for when a line breaks down. Counted apart, never added to people."""

from django.contrib import messages
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from intake import actions
from intake.access import require
from intake.forms.tallies import AT_ONCE, PressForm, RoundForm, TakeBackForm, open_services
from intake.ids import uuid7
from intake.models import ServiceReceived, Tally
from shelters.access import current_shelter
from shelters.forms import mistakes

ROUND = "round"


def tally(request):
    """The pad for the service of this round."""
    require(request.user, "intake.add_tally")
    if not request.shift:
        return redirect("shift")
    kept, service = chosen(request)
    if service is None:
        return redirect("intake:tally-service")
    shelter = current_shelter(request)
    context = {
        "service": service,
        "slot": kept.get("slot", ""),
        "slot_name": dict(ServiceReceived.Slot.choices).get(kept.get("slot")),
        "shelter": shelter,
        "at_once": AT_ONCE[1:],
        **figures(request, shelter, service),
    }
    context["groups"] = [(uuid7(), *row) for row in context["groups"]]
    return render(request, "intake/tally.html", context)


def chosen(request) -> tuple:
    """(what the session keeps of this round, its service when it is one that may be counted)."""
    kept = request.session.get(ROUND) or {}
    return kept, open_services().filter(pk=kept.get("service")).first() if kept.get("service") else None


def figures(request, shelter, service) -> dict:
    """Today's counts of one service: at this desk, in the shelter, and one's own last press."""
    today = Tally.objects.visible_to(request.user).filter(
        shelter=shelter, counted_on=shelter.today(), service_type=service
    )
    groups = today.counts(request.shift.desk)
    return {
        "groups": groups,
        "here": sum(at_desk for _who, _label, at_desk, _all in groups),
        "all": sum(in_all for _who, _label, _desk, in_all in groups),
        "last": today.standing().filter(recorded_by=request.user).order_by("-counted_at", "-pk").first(),
    }


def choose(request):
    """What is given here, chosen once for the pad and for scan mode."""
    require(request.user, "intake.add_tally")
    if not request.shift:
        return redirect("shift")
    current_shelter(request)
    kept, _service = chosen(request)
    form = RoundForm(request.POST or None, initial=kept)
    if request.method == "POST" and form.is_valid():
        request.session[ROUND] = form.chosen()
        return redirect("intake:tally")
    context = {"form": form, "mistakes": mistakes(form)}
    return render(request, "intake/tally_service.html", context, status=422 if form.errors else 200)


def press(request):
    """One press. A script gets the counts; without one the page is drawn again."""
    require(request.user, "intake.add_tally")
    if request.method != "POST":
        return redirect("intake:tally")
    if not request.shift:
        return redirect("shift")  # the script keeps its press until there is one
    shelter, form = current_shelter(request), PressForm(request.POST)
    if not form.is_valid():
        return refused(request)
    counted = form.tally(shelter=shelter, line=request.shift.desk, by=request.user)
    try:
        actions.count_people(counted, by=request.user)
    except actions.Overtaken:
        return refused(request)
    return answer(request, shelter, counted.service_type)


def take_back(request):
    """Cancel one's own press of today, the one that the page names: sent twice, it takes back one."""
    require(request.user, "intake.add_tally")
    if request.method != "POST":
        return redirect("intake:tally")
    if not request.shift:
        return redirect("shift")  # the script keeps its press until there is one
    shelter, form = current_shelter(request), TakeBackForm(request.POST)
    if not form.is_valid():
        raise Http404
    own = Tally.objects.visible_to(request.user).filter(recorded_by=request.user, shelter=shelter)
    counted = get_object_or_404(
        own.select_related("service_type", "shelter"),
        pk=form.cleaned_data["tally"],
        counted_on=shelter.today(),
    )
    actions.cancel_tally(counted, by=request.user)
    return answer(request, shelter, counted.service_type)


def is_script(request) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def refused(request):
    words = _("This press was not counted: the page is old. Load it again.")
    if is_script(request):
        return JsonResponse({"words": words}, status=422)
    messages.warning(request, words)
    return redirect("intake:tally")


def answer(request, shelter, service):
    if not is_script(request):
        return redirect("intake:tally")
    found = figures(request, shelter, service)
    last = found["last"]
    return JsonResponse(
        {
            "counts": {who: at_desk for who, _label, at_desk, _all in found["groups"]},
            "all": found["all"],
            "last": {"tally": str(last.pk), "who": last.who, "people": last.people} if last else None,
        }
    )
