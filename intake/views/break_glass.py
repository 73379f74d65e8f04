"""Emergency access: who asked for it, why, who let them, and what was read."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from intake import actions
from intake.forms.break_glass import AskForm
from intake.trail import Words, read_by_glass
from shelters.admin_lists import CappedPaginator
from shelters.audit import Action, record
from shelters.break_glass import BreakGlass, may_ask
from shelters.forms import mistakes
from shelters.proof import ProofForm

SHOWN, A_PAGE = 50, 50
DECIDED = {
    "grant": lambda glass, by: actions.decide_break_glass(glass, True, by=by),
    "refuse": lambda glass, by: actions.decide_break_glass(glass, False, by=by),
    "end": lambda glass, by: actions.end_break_glass(glass, by=by),
    "review": lambda glass, by: actions.review_break_glass(glass, by=by),
}


@require_http_methods(["GET", "HEAD", "POST"])
def break_glass(request):
    """What was asked for; and for an administrator the form that asks."""
    sent, may = request.POST if request.method == "POST" else None, may_ask(request.user)
    if request.method == "POST" and not may:
        raise Http404
    form, proof = AskForm(sent, user=request.user), ProofForm(sent, request=request)
    if all([form.is_valid(), proof.is_valid()]):
        asked = form.cleaned_data
        glass = actions.ask_break_glass(asked["shelter"], asked["reason"], by=request.user)
        return redirect("intake:break-glass-one", glass.pk)
    rows = BreakGlass.objects.visible_to(request.user).select_related("shelter", "asked_by", "decided_by")
    context = {
        "rows": rows[:SHOWN],
        "may_ask": may,
        "form": form,
        "proof": proof,
        "mistakes": [*mistakes(form), *mistakes(proof)] if form.is_bound else [],
    }
    return render(request, "intake/break_glass.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def one(request, pk):
    """Whoever grants it proves first who is there. Refusing, giving back and reviewing take nothing but the press."""
    found = BreakGlass.objects.visible_to(request.user)
    glass = get_object_or_404(
        found.select_related("shelter", "asked_by", "decided_by", "ended_by", "reviewed_by"), pk=pk
    )
    timezone.activate(glass.shelter.tz)
    word = request.POST.get("decision") if request.method == "POST" else None
    proof = ProofForm(request.POST if word == "grant" else None, request=request)
    if request.method == "POST" and word not in DECIDED:
        raise Http404
    if word and (word != "grant" or proof.is_valid()):
        if not DECIDED[word](glass, request.user):
            messages.warning(
                request, _("Nothing was changed: it is too late, or somebody else has to do it.")
            )
        return redirect("intake:break-glass-one", pk)
    return show(request, glass, proof)


def show(request, glass: BreakGlass, proof):
    reader, is_mine = request.user, glass.asked_by == request.user
    may_decide = BreakGlass.objects.may_be_decided_by(reader).filter(pk=glass.pk).exists()
    context = {
        "glass": glass,
        "proof": proof if may_decide else None,
        "is_mine": is_mine,
        "may_decide": may_decide,
        "may_end": glass.state == "open" and not is_mine and reader.has_perm(BreakGlass.MAY_DECIDE),
        "may_review": glass.may_be_reviewed_by(reader),
        "mistakes": mistakes(proof) if proof.is_bound else [],
        "page": None,
    }
    if glass.is_approved and not is_mine:
        context |= what_was_read(request, glass)
    return render(request, "intake/break_glass_one.html", context, status=422 if proof.errors else 200)


def what_was_read(request, glass) -> dict:
    """Reading the trail is on it."""
    events = read_by_glass(glass, request.user)
    page = CappedPaginator(events, A_PAGE).get_page(request.GET.get("page", ""))
    record(Action.TRAIL_OPENED, by=request.user, shelter=glass.shelter, subject=glass.asked_by)
    return {"page": page, "lines": Words(page, request.user).lines()}
