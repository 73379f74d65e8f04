"""Screen 02, home: look first whether a family is here already; what this desk did last."""

from datetime import timedelta
from math import ceil

from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.access import has_been_shown_many, require
from intake.models import Family, Person
from intake.search import Answer, search
from shelters.access import current_shelter
from shelters.audit import Action, record
from shelters.models import AccessEvent

MOST_A_MINUTE = 30
LONGEST_KEPT = 300  # letters of what was typed


def home(request):
    if not request.user.has_perm("intake.add_family"):  # who only reviews has no desk
        return redirect("admin:index")
    if not request.shift:
        return redirect("shift")
    return draw(request)


def find(request):
    """What was typed comes by POST: a name stands in no address. A script asks for the piece of the page alone."""
    if request.method != "POST":  # reloaded, or in the other language
        return redirect("home")
    require(request.user, "intake.add_family")
    if not request.shift:
        return redirect("shift")
    shelter, typed = current_shelter(request), readable(request.POST.get("q", ""))
    is_piece = request.headers.get("X-Requested-With") == "fetch"
    if wait := seconds_to_wait(request.user):
        answer = Answer(_("Many searches in one minute. Wait a moment, or register the family."))
        return draw(request, answer, typed, is_piece, status=429, wait=wait)
    if has_been_shown_many(request.user):
        answer = Answer(
            _("Very many families were shown here in one hour. Register the family, or ask a coordinator.")
        )
        return draw(request, answer, typed, is_piece, status=429, wait=600)
    answer = search(typed, user=request.user, shelter=shelter)
    if not answer.is_question:
        return draw(request, answer, typed, is_piece, status=422)
    found, is_card = len(answer.families), bool(answer.card)
    record(Action.SEARCHED, by=request.user, shelter=shelter, found=found, card=is_card)
    if is_card and not is_piece:
        return redirect("intake:family", answer.card.pk)
    return draw(request, answer, typed, is_piece)


def readable(text) -> str:
    """Without control characters and marks that turn the writing round."""
    return "".join(c if c.isprintable() else " " for c in text[:LONGEST_KEPT]).strip()


def seconds_to_wait(user) -> int:
    """0, or how long until this account may search again. Counted on the trail, where nobody can take it back."""
    now, minute = timezone.now(), timedelta(minutes=1)
    searches = AccessEvent.objects.filter(user=user, action=Action.SEARCHED, at__gt=now - minute)
    latest = list(searches.order_by("-at").values_list("at", flat=True)[:MOST_A_MINUTE])
    return max(1, ceil((latest[-1] + minute - now).total_seconds())) if len(latest) == MOST_A_MINUTE else 0


def draw(request, answer=None, typed="", is_piece=False, *, status=200, wait=0):
    context = {"answer": answer, "typed": typed}
    template = "intake/_found.html" if is_piece else "intake/desk.html"
    if not is_piece:
        context |= today_here(request)
    response = render(request, template, context, status=status)
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def today_here(request) -> dict:
    here = Family.objects.visible_to(request.user).filter(
        shelter=request.shift.shelter_id, registered_on=timezone.localdate(), desk=request.shift.desk
    )
    return {
        "latest": here.with_head().order_by("-registered_at")[:5],
        "families": here.count(),
        "people": Person.objects.standing().filter(family__in=here).count(),
    }
