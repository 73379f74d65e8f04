"""A session nobody uses ends by itself; what was typed meanwhile comes back after the next sign-in. See ADR 26."""

import time

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.http import QueryDict
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from shelters.audit import Action, record
from shelters.cipher import cipher
from shelters.middleware import KEY
from shelters.second_factor import has_role_with_factor

SEEN, BEGAN, IDLE = (
    "seen_at",
    "began_at",
    "idle_after",
)  # in the session: seconds, so that no page pays a query
LOCKED, KEPT, DEVICE = "locked", "kept_form", "device"
VOLUNTEERS, OTHERS, AT_MOST = 15 * 60, 10 * 60, settings.SESSION_COOKIE_AGE  # seconds
A_MINUTE = 60  # between two notes that somebody is there
LONGEST = 100_000  # letters of a form that is kept
NOT_KEPT = ("csrfmiddlewaretoken", "proof")


def begin(request, user) -> None:
    """At sign-in. Whoever was locked out here goes on where they were; anybody else finds the desk of the device."""
    session = request.session
    session[SEEN] = session[BEGAN] = int(time.time())
    session[IDLE] = OTHERS if user.is_superuser or has_role_with_factor(user) else VOLUNTEERS
    locked = session.pop(LOCKED, None)
    if not locked:
        return
    if locked["user"] != user.pk:
        session[DEVICE] = locked["shift"]
        return
    if locked["shift"]:
        session[KEY] = locked["shift"]
    if locked["form"]:
        session[KEPT] = locked["form"]


def lock(get_response):
    """Ends what was idle too long or is older than a shift, and notes once a minute that somebody is there."""

    def middleware(request):
        seen = request.session.get(SEEN)
        if seen and request.user.is_authenticated:
            now = int(time.time())
            if now - seen >= request.session[IDLE] or now - request.session[BEGAN] >= AT_MOST:
                end(request)
            elif now - seen >= A_MINUTE and not is_refresh(request):
                request.session[SEEN] = now
                UserSession.objects.filter(session_key=request.session.session_key).update(
                    last_seen_at=timezone.now()
                )
            if KEPT in request.session:
                return give_back(request) or get_response(request)
        return get_response(request)

    return middleware


def is_refresh(request) -> bool:
    """A page that asks anew, or a device that sends what waited, does so by itself: nobody is at the keys."""
    by_script = request.headers.get("X-Requested-With") == "fetch"
    return by_script and (request.method == "GET" or request.path == reverse("send"))


def end(request) -> None:
    kept = {"user": request.user.pk, "shift": request.session.get(KEY), "form": sealed_form(request)}
    record(Action.SIGNED_OUT, by=request.user, idle=True)
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    logout(request)
    request.shift = None
    request.session[LOCKED] = kept


def sealed_form(request) -> dict | None:
    """What was just sent, unless a script sent it (its page still has it) or it holds passwords and codes."""
    is_ours = request.method == "POST" and not request.headers.get("X-Requested-With")
    if not is_ours or "/account/" in request.path:
        return None
    if CsrfViewMiddleware(lambda request: None).process_view(request, None, (), {}):
        return None
    typed = request.POST.copy()
    if any("password" in name for name in typed):
        return None
    for name in NOT_KEPT:
        typed.pop(name, None)
    text = typed.urlencode()
    if len(text) > LONGEST:
        return None
    return {"path": request.path, "address": request.get_full_path(), "sealed": seal(text)}


def seal(text: str) -> str:
    return cipher("kept form").encrypt(text.encode()).decode()


def give_back(request):
    """At the address it was sent to: the page that holds what was typed. Gone once it is sent, or thrown away."""
    kept = request.session[KEPT]
    if kept["path"] != request.path:
        return None
    if request.method != "GET" or "throw_away" in request.GET:
        del request.session[KEPT]
        return redirect("home") if request.method == "GET" else None
    typed = QueryDict(cipher("kept form").decrypt(kept["sealed"].encode()).decode())
    fields = [(name, value) for name, values in typed.lists() for value in values]
    return render(
        request, "account/kept.html", {"address": kept["address"], "path": kept["path"], "fields": fields}
    )
