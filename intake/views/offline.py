"""Registering without a network: what a browser keeps for it, and what it sends when the network is back. ADR 32."""

import hashlib
import json
import logging
import re
from collections import defaultdict, deque

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from intake import actions, places
from intake.access import TooManyCodes, require
from intake.device_forms import MOST_AT_ONCE, MOST_BYTES, opened
from intake.forms.fields import known_places
from intake.forms.registration import BLANK_ROWS, FamilyForm, MemberFormSet
from intake.limits import wait_before_registering
from intake.models import CardBatch, LateForm, PrivacyNotice, Submission, Tombstone
from intake.views import register
from shelters.access import current_shelter
from shelters.audit import Action, record
from shelters.outage import is_outage
from shelters.pace import is_often
from shelters.sealing import CannotUnseal, public_key
from shelters.second_factor import MUST_SET_UP

logger = logging.getLogger(__name__)
WORKER = "offline/worker.js"
FILE = re.compile(r'(?:src|href)="(/static/[^"]+)"')
TEN_MINUTES = 600  # seconds: so often a browser asks whether the program is another one
MOST_A_MINUTE = 60  # requests of one account
MOST_LISTED = 50
NOT_OF_STAFF = gettext_lazy(
    "Whoever wrote this form does not work at this shelter any more. Save it if you know that these people came."
)
_sent: dict[int, deque] = defaultdict(deque)  # account to the moments of its requests, in this process


# --- what the browser keeps: the empty form, the same for everybody --------------------------------------------------


def offline(request):
    return HttpResponse(shell())


def shell() -> str:
    """Drawn without session, account or shelter: nothing of anybody can be in it, and two people get the same bytes."""
    notice = PrivacyNotice.objects.current()
    form = FamilyForm(shelter=None, initial={"key": "", "notice": notice, "language": "spa"})
    members = MemberFormSet()
    context = {
        "is_offline": True,
        "form": form,
        "management_form": members.management_form,
        "rows": [register.copied_row(index, members.needs) for index in range(BLANK_ROWS)],
        "blank_row": register.blank_row(get_language(), members.needs),
        "notice": notice,
        "seal": public_key(),
        "has_cards": CardBatch.objects.in_use().exists(),
        "is_spanish": get_language() == "es",
        "spanish": in_language("es"),
        "english": in_language("en"),
    }
    return render_to_string("intake/offline.html", context)


def in_language(language) -> str:
    with translation.override(language):
        return reverse("intake:offline")


@login_not_required
def worker(request):
    """The script between the pages and the network. It is another one when the program, a list or the key is."""
    pages, files, whole = [], set(), hashlib.sha256()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            drawn = shell()
            pages.append(reverse("intake:offline"))
            files |= {*FILE.findall(drawn), reverse("intake:places")}
            whole.update(f"{drawn} {places.entries()}".encode())
    told = {"version": whole.hexdigest()[:16], "pages": pages, "files": sorted(files)}
    script = render_to_string(WORKER, {"told": json.dumps(told)})
    answer = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    answer.headers["Cache-Control"] = f"private, max-age={TEN_MINUTES}"
    return answer


# --- what it sends ------------------------------------------------------------------------------------------------


@login_not_required  # a redirect to the sign-in would look like an answer
@require_POST
def send(request):
    """One state for each record: stored, already, conflict, or refused with a reason. See ADR 32 for what they mean."""
    if not request.user.is_authenticated or MUST_SET_UP in request.session:
        return JsonResponse({"words": _("Sign in first. Nothing is lost.")}, status=401)
    require(request.user, "intake.add_family")
    if wait := too_fast(request.user):
        answer = JsonResponse({"words": _("Too many at once. Wait a minute.")}, status=429)
        answer.headers["Retry-After"] = str(wait)
        return answer
    if request.content_type != "application/json":  # of a form with parts there is no body left to read
        return JsonResponse({"words": _("This page is damaged. Load it again.")}, status=400)
    if len(request.body) > MOST_BYTES:
        return JsonResponse({"most": MOST_AT_ONCE, "most_bytes": MOST_BYTES}, status=413)
    try:
        records = json.loads(request.body)["records"]
        asked = [(each["id"], each["sealed"]) for each in records]
    except (ValueError, TypeError, KeyError, RecursionError):
        return JsonResponse({"words": _("This page is damaged. Load it again.")}, status=400)
    if len(asked) > MOST_AT_ONCE:
        return JsonResponse({"most": MOST_AT_ONCE, "most_bytes": MOST_BYTES}, status=413)
    answers = [{"id": key, **taken(key, sealed, sender=request.user)} for key, sealed in asked]
    return JsonResponse({"answers": answers})


def too_fast(user) -> int:
    """Seconds to wait, because of requests or because of families."""
    return 60 if is_often(_sent, user, MOST_A_MINUTE) else wait_before_registering(user, waited=True)


def taken(key, sealed, *, sender) -> dict:
    """What became of one record. Each is a transaction of its own: a bad one keeps no other from being stored."""
    try:
        form = opened(key, sealed)
    except CannotUnseal:
        return {"state": "refused", "reason": "unreadable"}  # the device keeps it
    with timezone.override(form.shelter.tz):
        if Tombstone.objects.holds(form.key, form.late().pk):
            return {"state": "refused", "reason": "erased"}
        try:
            return stored(form, sender)
        except Exception as error:  # a fault of ours in one must not stop those behind it
            if is_outage(error):
                raise
            logger.exception("A registration of a device could not be stored")
            return {"state": "refused", "reason": "failed"}  # the device keeps it


def stored(device, sender) -> dict:
    """By the same forms and the same action as the page: a limit, a notice or a look-alike is the same here."""
    form, members = bound(device)
    are_valid = form.is_valid() & members.is_valid()
    if late := LateForm.objects.filter(pk=device.late().pk).first():
        return {"state": "already"} if late.settled_at else {"state": "already", "reason": "to_correct"}
    if form.saved_before(device.by):
        return {"state": "already"}
    if not (are_valid and device.is_of_staff):
        return kept(device, "refused")
    told = {"waited": device.minutes}
    if sender != device.by:
        told["sent_by"] = sender.pk
    try:
        register.store(form, members, desk=device.desk, by=device.by, sender=sender, **told)
    except actions.Erased:
        return {"state": "refused", "reason": "erased"}
    except actions.AlreadySaved as saved:
        return {"state": "already"} if saved.is_same else kept(device, "conflict")
    except (actions.CannotBind, TooManyCodes):
        return kept(device, "refused")
    return {"state": "stored"}


def bound(device) -> tuple[FamilyForm, MemberFormSet]:
    known = known_places()
    members = MemberFormSet(device.typed, known=known, said_on=device.said_on)
    return FamilyForm(device.typed, shelter=device.shelter, known=known, said_on=device.said_on), members


def kept(device, state) -> dict:
    """It waits here, sealed, to be corrected; so the device may delete it."""
    actions.keep_late(device.late())
    return {"state": state, "reason": "to_correct"}


# --- what has to be corrected -------------------------------------------------------------------------------------


def waiting(request):
    """One's own of this shelter; a coordinator's go further."""
    return LateForm.objects.visible_to(request.user).open().filter(shelter=current_shelter(request))


def late_forms(request, unreadable=None):
    """By whom and when they came: no name, so opening this list is not on the trail."""
    if not request.shift:
        return redirect("shift")
    oldest = waiting(request).select_related("by")[:MOST_LISTED]
    return render(request, "intake/late_forms.html", {"late_forms": oldest, "unreadable": unreadable})


def late_form(request, pk):
    """The registration screen with what was typed, and what is wrong with it. Saving it settles it."""
    if not request.shift:
        raise Http404
    late = get_object_or_404(waiting(request), pk=pk)
    if request.method == "POST":
        actions.settle_late(late, by=request.user)
        return redirect("intake:late-forms")
    try:
        device = opened(str(late.key), late.sealed)
    except CannotUnseal:
        return late_forms(request, unreadable=late)
    record(Action.FORM_OPENED, by=request.user, shelter=late.shelter, subject=late)
    form, members = bound(device)
    form.is_valid()
    members.is_valid()
    if not device.is_of_staff:
        form.add_error(None, NOT_OF_STAFF)
    if Submission.objects.filter(pk=device.key).exists():
        form.ask_again(register.SAVED_ONCE)
    return register.draw(request, form, members, late=late, day=device.said_on)
