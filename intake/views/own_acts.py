"""What I did, today and before: one's own lines of the trail, in its words, without anybody's name."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from intake.trail import OwnWords, done_by
from shelters.admin_lists import CappedPaginator

A_PAGE = 50


@require_safe
def own_acts(request):
    page = CappedPaginator(done_by(request.user), A_PAGE).get_page(request.GET.get("page", ""))
    context = {"page": page, "lines": OwnWords(page, request.user).lines()}
    return render(request, "intake/own_acts.html", context)
