"""Screen 05: what is handed out is chosen once; then card after card, without a tap between them."""

from csp.constants import WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django.db import IntegrityError
from django.db.models import Count, Sum
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from intake import actions, scan_answers
from intake.access import (
    TooManyCodes,
    is_revoked,
    note_unknown,
    refuse_guessers,
    require,
    sensitivities,
    service_type_or_404,
)
from intake.forms.scan import AdjustForm, CardForm, NoteForm, Round, RoundForm, ScanForm, ids_in
from intake.ids import uuid7
from intake.models import ServiceReceived
from intake.scan_answers import Answer
from shelters.access import current_shelter
from shelters.audit import Action, record
from shelters.forms import mistakes

# The decoder of the camera is compiled code; this page alone may run it.
may_decode = csp_update({"script-src": [WASM_UNSAFE_EVAL]})


def start(request):
    """What is handed out at this desk?"""
    require_scanning(request.user)
    if not request.shift:
        return redirect("shift")
    shelter, kept = current_shelter(request), Round.kept(request)
    usual = RoundForm.usual(request.shift, shelter)
    before = {"service_type": kept.service, "organization": kept.organization} if kept else usual
    form = RoundForm(request.POST or None, sensitivities=sensitivities(request.user), initial=before)
    if request.method == "POST" and form.is_valid():
        form.round(request.shift).keep(request)
        return redirect("intake:scan")
    context = {"form": form, "mistakes": mistakes(form) if form.is_bound else []}
    return render(request, "intake/scan_start.html", context, status=422 if form.errors else 200)


def require_scanning(user) -> None:
    require(user, "intake.add_servicereceived")
    require(user, "intake.view_family")


@may_decode
def scan(request):
    require_scanning(request.user)
    if not request.shift:
        return redirect("shift")
    if request.method == "POST":
        return take(request)
    kept = Round.kept(request)
    if not kept:
        return redirect("intake:scan-start")
    current_shelter(request)
    return page(request, kept, service_type_or_404(request.user, kept.service))


def take(request):
    """One card. A script asks for the result alone."""
    chosen = round_of(request)
    if not chosen:
        return lost_round(request)
    # Most scans answer nothing, and are not asked for what an answer holds: a form takes its time.
    form = (ScanForm if request.POST.keys() & ScanForm.ANSWERS else CardForm)(request.POST)
    code_is_good = form.is_valid() or set(form.errors) <= {"other_reason", "reason"}
    kind = service_type_or_404(request.user, chosen.service)
    if not code_is_good:
        return draw(request, chosen, kind, scan_answers.mistyped(form.shown), status=422)
    data, what = form.cleaned_data, chosen.given_now(kind, request.user)
    try:
        refuse_guessers(request.user)
        served = actions.serve(
            key=data["key"],
            code=data["code"],
            what=what,
            only=ids_in(request.POST.getlist("people")) or None,
            here=data.get("here", False),
            asks=not form.is_valid() or (kind.asks_first and not data.get("confirmed")),
            override_reason=data.get("override_reason", ""),
            by=request.user,
        )
    except actions.NoFamily:
        return draw(request, chosen, kind, nobody_of(request, data["code"]))
    except IntegrityError:
        return draw(request, chosen, kind, scan_answers.again(data["code"]))
    except TooManyCodes as refusal:
        return draw(request, chosen, kind, scan_answers.slowed(refusal, data["code"]), status=429)
    answer = scan_answers.of_served(served, data["code"])
    answer.error = " ".join(form.errors.get("other_reason", ()))
    return draw(request, chosen, kind, answer, status=200 if form.is_valid() else 422)


def round_of(request) -> Round | None:
    return Round.read(request.POST.get("round", ""), request.shift)


def lost_round(request):
    """The shift is another one by now, or the page is damaged: what is handed out has to be chosen again."""
    if is_piece(request):
        return render(request, "intake/_scan_result.html", {"answer": None}, status=422)
    return redirect("intake:scan-start")


def nobody_of(request, code) -> Answer:
    shelter = current_shelter(request)
    gone = is_revoked(shelter, code)
    if gone:
        record(Action.CARD_SCANNED, by=request.user, shelter=shelter, people=0, revoked=True)
    else:
        note_unknown(request.user, shelter, [code])
    return scan_answers.revoked(code) if gone else scan_answers.unknown(code)


@require_POST
@may_decode
def adjust(request):
    """Fewer, more, these members, or none after all; of one's own scan, for ten minutes."""
    require_scanning(request.user)
    chosen, form = shift_and_round(request), AdjustForm(request.POST)
    if not chosen:
        return lost_round(request)
    if not form.is_valid():
        raise Http404
    kind, code = service_type_or_404(request.user, chosen.service), CardForm(request.POST).shown
    number = form.cleaned_data["to"]
    people = ids_in(request.POST.getlist("people")) if number is None else number
    try:
        if "noted" in request.POST:
            changed = actions.adjust_note(key=form.cleaned_data["key"], people=number or 0, by=request.user)
            return draw(request, chosen, kind, scan_answers.noted(changed, code))
        changed = actions.adjust(key=form.cleaned_data["key"], people=people, by=request.user)
    except actions.NoFamily as error:
        raise Http404 from error
    except (actions.Overtaken, actions.OverLimit) as error:
        return draw(request, chosen, kind, scan_answers.cannot(error, code), status=422)
    return draw(request, chosen, kind, scan_answers.of_served(changed, code))


@require_POST
@may_decode
def note(request):
    """Handed out to whoever holds a card that tells no family: counted without a name."""
    require_scanning(request.user)
    require(request.user, "intake.add_tally")
    chosen, form = shift_and_round(request), NoteForm(request.POST)
    if not chosen:
        return lost_round(request)
    kind = service_type_or_404(request.user, chosen.service)
    if not form.is_valid():
        code = form.cleaned_data.get("code") or form.shown
        try:
            refuse_guessers(request.user)
        except TooManyCodes as refusal:
            return draw(request, chosen, kind, scan_answers.slowed(refusal, code), status=429)
        answer = nobody_of(request, code)
        answer.error = _("Write how many people, from 1 to 40.")
        return draw(request, chosen, kind, answer, status=422)
    what = chosen.given_now(kind, request.user)
    actions.set_the_clock(what, current_shelter(request))
    data = form.cleaned_data
    try:
        tally = actions.note(
            key=data["key"], what=what, people=data["people"], card=data["code"], by=request.user
        )
    except actions.Overtaken as error:
        raise Http404 from error
    return draw(request, chosen, kind, scan_answers.noted(tally, data["code"]))


def shift_and_round(request) -> Round | None:
    return round_of(request) if request.shift else None


def is_piece(request) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def draw(request, chosen, kind, answer, *, status=200):
    if is_piece(request):
        context = {"answer": answer, "kind": kind, "round": request.POST["round"]}
        return render(request, "intake/_scan_result.html", context, status=status)
    return page(request, chosen, kind, answer, status=status)


def page(request, chosen, kind, answer=None, *, status=200):
    context = {
        "answer": answer,
        "kind": kind,
        "round": chosen.token,
        "new_key": uuid7(),
        "meal": dict(ServiceReceived.Slot.choices).get(chosen.meal, ""),
        "is_food": kind.unit in scan_answers.PORTIONS,
        "today": timezone.localdate(),
        **counts(request, kind),
    }
    return render(request, "intake/scan.html", context, status=status)


def counts(request, kind) -> dict:
    """What this desk gave of it today."""
    given = ServiceReceived.objects.visible_to(request.user).given()
    here = given.filter(
        shelter=request.shift.shelter_id,
        given_on=timezone.localdate(),
        service_type=kind,
        desk=request.shift.desk,
    )
    return here.aggregate(
        families=Count("person__family", distinct=True), portions=Sum("quantity", default=0)
    )
