"""Small promises: nothing senseless comes in, pages about people are never kept, the clock is the shelter's."""

from dataclasses import asdict, dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse, HttpResponseBadRequest
from django.template.loader import render_to_string
from django.utils import timezone

KEY = "shift"


@dataclass(frozen=True)
class Shift:
    """Where this session works. Kept in the session, so that no page pays a query for its header."""

    shelter_id: int
    shelter_name: str
    timezone: str
    desk: str

    def start(self, request) -> None:
        request.session[KEY] = asdict(self)


def shift(get_response):
    """Puts `request.shift` (or None) in place and sets the clock to the shelter's zone."""

    def middleware(request):
        kept = request.session.get(KEY) if request.user.is_authenticated else None
        request.shift = Shift(**kept) if kept else None
        # Also without a shift: a page about a family sets the clock of its shelter, for itself alone.
        with timezone.override(ZoneInfo(request.shift.timezone) if request.shift else None):
            return get_response(request)

    return middleware


def floor(get_response):
    """What no page can mean: control characters in a cookie, a body larger than any form of ours."""

    def middleware(request):
        if any(not value.isprintable() for value in request.COOKIES.values()):
            return HttpResponseBadRequest(render_to_string("400.html"))
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return HttpResponse(render_to_string("413.html"), status=413)
        return get_response(request)

    return middleware


def private_pages(get_response):
    """Nothing but assets may stay in a browser's cache: the Back button of a shared laptop must show nobody.

    A view that says otherwise about itself (a list of places, say) keeps its own word.
    """

    def middleware(request):
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        response.headers.setdefault("Permissions-Policy", "geolocation=(), microphone=(), camera=(self)")
        return response

    return middleware
