"""The pages of files that need a second account: those that wait, one of them, and the file, once."""

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from intake import actions
from intake.models import ExportRequest
from intake.models.export_requests import MAY_APPROVE
from intake.reports.base import REPORTS
from intake.reports.exporting import Purpose
from intake.reports.filters import ShelterFilters
from intake.reports.records_export import RecordsExport
from intake.reports.views import NAMES, asked_or_404, may_open, send
from shelters.proof import ProofForm

SHOWN = 100


def asker_or_approver_or_404(user) -> None:
    """Whoever may take the records, and whoever may let others take them."""
    if not (user.is_staff and (user.has_perm(MAY_APPROVE) or may_open(user, RecordsExport))):
        raise Http404


@require_safe
def request_list(request):
    asker_or_approver_or_404(request.user)
    found = ExportRequest.objects.visible_to(request.user).select_related("shelter", "asked_by", "decided_by")
    return render(request, "reports/requests.html", framed(request, rows=found[:SHOWN]))


@require_http_methods(["GET", "HEAD", "POST"])
def request_detail(request, pk):
    """Whoever decides and whoever takes proves first who is there."""
    asker_or_approver_or_404(request.user)
    asked = get_object_or_404(
        ExportRequest.objects.visible_to(request.user).select_related("shelter", "asked_by", "decided_by"),
        pk=pk,
    )
    timezone.activate(asked.shelter.tz)
    proof = ProofForm(request.POST if request.method == "POST" else None, request=request)
    if proof.is_valid():
        return take(request, asked) if asked.asked_by == request.user else decide(request, asked)
    return show(request, asked, proof, status=422 if proof.errors else 200)


def decide(request, asked: ExportRequest):
    word = request.POST.get("decision")
    if word not in ("approve", "decline"):
        raise Http404
    if actions.decide_export(asked, word == "approve", by=request.user):
        said = _("Approved. It can be taken for an hour.") if word == "approve" else _("Declined.")
        messages.success(request, said)
    else:
        messages.warning(request, _("Too late: it was decided already, or its hour is over."))
    return redirect("reports:request", asked.pk)


def take(request, asked: ExportRequest):
    """The choice is bound again, by today's rights; then the file leaves as from the page of the report."""
    report = REPORTS[RecordsExport.slug]
    if not may_open(request.user, report):
        raise Http404
    filters = filters_of(request.user, report, asked)
    if report.people_in(filters.cleaned_data) > asked.people:
        messages.warning(request, _("More people have come into these days since. Ask for the file again."))
        return redirect("reports:request", asked.pk)
    filters.cleaned_data["approved"] = True
    with transaction.atomic():
        if asked.take(by=request.user):
            return send(report, filters, asked.kind, asked.table)
    messages.warning(
        request, _("This file cannot be taken: it waits, was taken already, or its hour is over.")
    )
    return redirect("reports:request", asked.pk)


def filters_of(user, report, asked: ExportRequest) -> ShelterFilters:
    chosen = QueryDict(mutable=True)
    chosen.update(
        {"shelter": asked.shelter.code, "since": asked.since.isoformat(), "until": asked.until.isoformat()}
    )
    filters = asked_or_404(user, report.filters, chosen, report.shelters_of(user))
    if not filters.is_valid():
        raise Http404
    filters.cleaned_data |= asked.answers
    return filters


def show(request, asked: ExportRequest, proof, *, status):
    context = {
        "asked": asked,
        "proof": proof,
        "is_mine": asked.asked_by == request.user,
        "may_decide": ExportRequest.objects.may_be_decided_by(request.user).filter(pk=asked.pk).exists(),
        "kind": NAMES[asked.kind],
        "purpose": Purpose(asked.answers["purpose"]).label,
    }
    return render(request, "reports/request.html", framed(request, **context), status=status)


def framed(request, **context) -> dict:
    return {**admin.site.each_context(request), "title": _("Exports to approve"), **context}
