"""Screen 02, home: look first whether a family is here already; what this desk did last."""

from django.db.models import CharField, Count, DateField, IntegerField, Q
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from intake import limits
from intake.access import TooManyCodes, note_unknown, refuse_guessers, require
from intake.alarms import glass_alarms
from intake.cards import read_code
from intake.models import Family, LateForm
from intake.reading import are_many, note_shown, shown_lately
from intake.search import Answer, search
from intake.views.presence import open_alerts
from shelters.access import current_shelter
from shelters.audit import Action, unsaved
from shelters.prepared import Blank, Prepared

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
    shown = shown_lately(request.user)
    if wait := seconds_to_wait(shown):
        answer = Answer(_("Many searches in one minute. Wait a moment, or register the family."))
        return draw(request, answer, typed, is_piece, status=429, wait=wait)
    if are_many(shown):
        answer = Answer(
            _("Very many families were shown here in one hour. Register the family, or ask a coordinator.")
        )
        return draw(request, answer, typed, is_piece, status=429, wait=600)
    code = read_code(typed)
    try:
        if code:
            refuse_guessers(request.user)
    except TooManyCodes as refusal:
        return draw(request, Answer(str(refusal)), typed, is_piece, status=429, wait=refusal.wait)
    answer = search(typed, user=request.user, shelter=shelter)
    if not answer.is_question:
        return draw(request, answer, typed, is_piece, status=422)
    is_card = bool(answer.card)
    note_search(request.user, shelter, answer, shown)
    if code and not is_card:
        note_unknown(request.user, shelter, [code])
    if is_card and not is_piece:
        return redirect("intake:family", answer.card.pk)
    return draw(request, answer, typed, is_piece)


def note_search(user, shelter, answer, shown) -> None:
    """That somebody searched, without the words; and who was shown, or whose card it was."""
    detail = {"found": len(answer.families), "card": bool(answer.card)}
    events = [unsaved(Action.SEARCHED, by=user, shelter=shelter, subject=None, detail=detail)]
    if answer.card:
        held = {"by": user, "shelter": shelter, "subject": answer.card, "detail": {}}
        events.append(unsaved(Action.CARD_SCANNED, **held))
    found = () if answer.card else answer.families
    note_shown(user, {each.family.pk: shelter.pk for each in found}, shown=shown, beside=events)


def readable(text) -> str:
    """Without control characters and marks that turn the writing round."""
    return "".join(c if c.isprintable() else " " for c in text[:LONGEST_KEPT]).strip()


def seconds_to_wait(shown) -> int:
    """0, or how long until this account may search again."""
    searched = [at for action, at, *_told in shown if action == Action.SEARCHED]
    return limits.seconds_to_wait(searched, MOST_A_MINUTE)


def draw(request, answer=None, typed="", is_piece=False, *, status=200, wait=0):
    context = {"answer": answer, "typed": typed}
    template = "intake/_found.html" if is_piece else "intake/desk.html"
    if not is_piece:
        context |= today_here(request)
    response = render(request, template, context, status=status)
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def of_desk():
    return Family.objects.where_works(Blank("user", IntegerField())).filter(
        shelter=Blank("shelter", IntegerField()),
        registered_on=Blank("day", DateField()),
        desk=Blank("desk", CharField()),
    )


latest_of = Prepared(lambda: of_desk().with_head().order_by("-registered_at")[:5])
standing = Q(members__merged_into__isnull=True)
counts_of = Prepared(
    lambda: (
        of_desk()
        .order_by()
        .values("shelter")
        .annotate(
            families=Count("pk", distinct=True), people=Count("members", filter=standing, distinct=True)
        )
        .values_list("families", "people")
    )
)


def today_here(request) -> dict:
    shift, latest, counts = request.shift, [], []
    if request.user.has_perm("intake.view_family"):
        at = {"user": request.user.pk, "shelter": shift.shelter_id, "desk": shift.desk}
        at["day"] = timezone.localdate()
        latest, counts = latest_of(**at), counts_of(**at)
    families, people = counts[0] if counts else (0, 0)
    return {
        "is_clothes_table": shift.desk.startswith("clothing"),
        "latest": latest,
        "alerts": open_alerts(request.user, shift.shelter_id),
        "emergencies": glass_alarms(request.user),
        "families": families,
        "people": people,
        "to_correct": LateForm.objects.visible_to(request.user)
        .open()
        .filter(shelter=shift.shelter_id)
        .count(),
    }
