"""Where an account is signed in, and how that ends."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from shelters.audit import Action, record
from shelters.models import Shelter, User
from shelters.roles import BY_CODE, Volunteer

DEVICES = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "CrOS", "Linux")
BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))


def device_of(session) -> str:
    """In words, from what the browser says about itself: Chrome · Android. Empty when it says nothing we know."""
    said = session.user_agent
    browser = next((name for mark, name in BROWSERS if mark in said), "")
    device = next((name for name in DEVICES if name in said), "").replace("Macintosh", "Mac")
    return " · ".join(filter(None, (browser, device)))


def accounts_below(user) -> QuerySet:
    """Whose sessions this account may end: an administrator everybody's, a coordinator those of their volunteers."""
    others = User.objects.exclude(pk=user.pk)
    if not user.has_perm("shelters.end_sessions"):
        return others.none()
    if user.has_perm("shelters.change_user"):
        return others if user.is_superuser else others.exclude(is_superuser=True)
    above = [code for code in BY_CODE if code != Volunteer.code]
    here = others.filter(shelters__in=Shelter.objects.visible_to(user), groups__name=Volunteer.code)
    return here.exclude(groups__name__in=above).exclude(is_superuser=True).distinct()


def running(accounts) -> QuerySet:
    """Their sessions that still open something, the newest of each account first."""
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    found = UserSession.objects.filter(user__in=accounts.order_by().values("pk"), session_key__in=alive)
    return found.select_related("user").order_by("user__username", "-created_at")


@transaction.atomic
def end_sessions(user, *, by, keep=None, only=None) -> int:
    """All of an account, all but the one in front of us, or one. Their next request is a stranger's."""
    sessions = UserSession.objects.filter(user=user)
    sessions = sessions.filter(pk=only) if only else sessions.exclude(session_key=keep)
    ended = list(sessions)
    for session in ended:
        session.end()
    if ended:
        record(Action.SESSION_ENDED, by=by, subject=user, sessions=len(ended))
    return len(ended)
