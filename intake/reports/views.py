"""The pages of every report: the menu, the page, the CSV. They live in the admin and look like it."""

from django.contrib import admin
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from intake.reports.base import REPORTS, Filters, Report
from shelters import audit, exports
from shelters.models import Shelter


@require_safe
def index(request):
    reports = [report for report in REPORTS.values() if may_open(request.user, report)]
    if not reports:
        raise Http404
    context = {**admin.site.each_context(request), "title": _("Reports"), "reports": reports}
    return render(request, "reports/index.html", context)


@require_safe
def page(request, slug):
    report = report_or_404(request.user, slug)
    filters = filters_or_404(request, report)
    if not filters.is_bound:
        return show(request, report, filters)
    if not filters.is_valid():
        return show(request, report, filters, status=422)
    audit.record(audit.Action.REPORT_OPENED, by=request.user, **traced(report, filters))
    return show(request, report, filters, **report.context(filters.cleaned_data))


@require_safe
def csv(request, slug):
    report = report_or_404(request.user, slug)
    filters = filters_or_404(request, report)
    if not filters.is_valid():
        return show(request, report, filters, status=422)
    header = [code for code, _label in report.columns]
    rows = report.rows(filters.cleaned_data)
    return exports.csv_response(header, rows, by=request.user, **traced(report, filters))


def may_open(user, report: Report) -> bool:
    return user.is_staff and user.has_perm(report.permission)


def report_or_404(user, slug) -> Report:
    """To whoever may not read it, a report is not there."""
    report = REPORTS.get(slug)
    if not report or not may_open(user, report):
        raise Http404
    return report


def filters_or_404(request, report: Report) -> Filters:
    """Bound to the address, or unbound while somebody of several shelters has not chosen one."""
    shelters = list(Shelter.objects.visible_to(request.user))
    asked = request.GET.copy()
    if not asked.get("shelter") and len(shelters) == 1:
        asked["shelter"] = shelters[0].code
    code = asked.get("shelter")
    if not shelters or (code and code not in {shelter.code for shelter in shelters}):
        raise Http404
    return report.filters(asked or None, shelters=shelters)


def traced(report: Report, filters: Filters) -> dict:
    """What the access trail and the file name need to know."""
    asked = filters.cleaned_data
    return {"report": report.slug, "shelter": asked["shelter"], "as_of": asked["as_of"].isoformat()}


def show(request, report: Report, filters: Filters, *, status=200, **found):
    """The page: with what was found, with what to write instead (422), or still waiting for a choice."""
    asked = filters.cleaned_data if found else {}
    context = {
        **admin.site.each_context(request),
        "title": report.title,
        "report": report,
        "filters": filters,
        "shelter": asked.get("shelter"),
        "as_of": asked.get("as_of"),
        "computed_at": timezone.now(),
        "found": bool(found),
        **found,
    }
    return render(request, report.template, context, status=status)
