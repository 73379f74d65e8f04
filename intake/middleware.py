"""Promises of every page about a family: it stops whoever opens too many, and brings back nobody who was erased."""

from django.http import Http404
from django.shortcuts import render

from intake.actions import Erased
from intake.models import Family
from intake.reading import AN_HOUR, TooManyFamilies
from shelters.audit import Action, record


class StopsReading:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, refusal):
        """After what the page began was rolled back, so that the alarm stays."""
        if isinstance(refusal, Erased):
            return render(request, "410.html", status=410)
        if isinstance(refusal, Family.DoesNotExist):  # its registration was undone while this waited for it
            raise Http404 from refusal
        if not isinstance(refusal, TooManyFamilies):
            return None
        if refusal.is_new:
            record(
                Action.READING_STOPPED, by=request.user, shelter=refusal.family.shelter, subject=request.user
            )
        answer = render(request, "429.html", {"words": refusal}, status=429)
        answer.headers["Retry-After"] = str(int(AN_HOUR.total_seconds()) // 6)
        return answer
