"""The pages of every report: the menu, the page, its files. They live in the admin and look like it."""

from datetime import timedelta
from tempfile import TemporaryFile

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from intake import actions
from intake.access import may_open_numbers, seen_in_full
from intake.reading import note_shown
from intake.reports import files
from intake.reports.base import REPORTS, Report
from intake.reports.exporting import ExportForm
from intake.reports.filters import ShelterFilters
from intake.reports.records import families_on, listed, unseen
from shelters import audit, exports
from shelters.models import AccessEvent, User
from shelters.proof import ProofForm

AN_HOUR = timedelta(hours=1)

NAMES = {"csv": "CSV", "hxl.csv": "HXL", "xlsx": "Excel"}


@require_safe
def index(request):
    in_order = sorted(REPORTS.values(), key=lambda report: report.place)
    reports = [report for report in in_order if may_open(request.user, report)]
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
    is_refresh = bool(report.fragment) and request.headers.get("X-Requested-With") == "fetch"
    record_opened(request.user, report, filters, is_refresh=is_refresh)
    template = report.fragment if is_refresh else report.template
    return show(request, report, filters, template=template, **report.context(filters.cleaned_data))


def record_opened(user, report: Report, filters: ShelterFilters, *, is_refresh: bool) -> None:
    """A page that stays open leaves one event an hour, not one a minute: see ADR 17.

    What spares the event is the event before it, which the trail keeps; a header alone spares nothing.
    """
    shelter, detail = filters.cleaned_data["shelter"], {"report": report.slug, **filters.in_address()}
    if is_refresh:
        since = timezone.now() - AN_HOUR
        events = AccessEvent.objects.filter(user=user, action=audit.Action.REPORT_OPENED, at__gt=since)
        if detail in events.filter(shelter=shelter).values_list("detail", flat=True):
            return
    audit.record(audit.Action.REPORT_OPENED, by=user, shelter=shelter, **detail)


@require_safe
def records(request, slug):
    """What a number of the page counted: counted anew, and listed by the query that counts it."""
    report = report_or_404(request.user, slug)
    filters = filters_or_404(request, report)
    if not filters.is_valid() or not may_open_numbers(request.user, filters.cleaned_data["shelter"]):
        raise Http404
    asked, key = filters.cleaned_data, request.GET.get("cell", "")
    found = report.opened(asked, key)
    if not found:
        raise Http404
    number, of, row, column = found
    timezone.activate(asked["shelter"].tz)
    behind = seen_in_full(request.user, number.records())
    page, table = listed(behind, asked, request.GET.get("page", ""))
    detail = {**filters.in_address(), "cell": key, "number": number, "page": page.number}
    event = audit.unsaved(
        audit.Action.RECORDS_OPENED,
        by=request.user,
        shelter=asked["shelter"],
        subject=None,
        detail={"report": report.slug, **detail},
    )
    note_shown(request.user, dict.fromkeys(families_on(page), asked["shelter"].pk), beside=[event])
    context = {"number": number, "of": of, "row": row, "column": column, "page": page, "table": table}
    left_out = unseen(number, page)
    return show(request, report, filters, template="reports/records.html", unseen=left_out, **context)


@require_http_methods(["GET", "HEAD", "POST"])
def export(request, slug, kind):
    """What it is for is asked, and who is there; then the file leaves. The choice of the page stands in the address."""
    report = report_or_404(request.user, slug)
    filters = filters_or_404(request, report)
    if not filters.is_valid():
        return show(request, report, filters, status=422)
    table = table_or_404(request, report, filters, kind)
    form = report.export_form(request.POST or None, initial={"language": get_language()})
    proof = ProofForm(request.POST or None, request=request)
    if not form.is_bound:
        return ask(request, report, filters, form, proof, kind, table)
    if all([form.is_valid(), proof.is_valid()]):
        filters.cleaned_data |= form.cleaned_data
        try:
            return leave(request, report, filters, kind)
        except files.NoSuchTable:
            form.add_error(
                "outside", _("This table is only for work in the shelter: it would tell of too few people.")
            )
    return ask(request, report, filters, form, proof, kind, table, status=422)


def leave(request, report: Report, filters: ShelterFilters, kind: str):
    """The file, or where it waits for a second account. Raises NoSuchTable."""
    code = request.GET.get("table", "")
    if report.most_alone is None:
        return send(report, filters, kind, code)
    people = report.people_in(filters.cleaned_data)
    with transaction.atomic():
        # Of many at once each counts the others.
        User.objects.select_for_update(no_key=True).get(pk=request.user.pk)
        before = files.left_alone(report, filters)
        if people + before <= report.most_alone:
            return send(report, filters, kind, code)
    if people <= report.most_alone:
        words = _(
            "With the %(n)d people of your files of the last 24 hours these are many: a second person is asked."
        )
        messages.warning(request, words % {"n": before})
    asked = actions.ask_export(filters.cleaned_data, kind, code, people, by=request.user)
    return redirect("reports:request", asked.pk)


def table_or_404(request, report: Report, filters: ShelterFilters, kind: str):
    """None for a workbook: it holds them all."""
    if kind == "xlsx":
        return None
    try:
        return files.table_of(report, filters.cleaned_data, kind, request.GET.get("table", ""))
    except files.NoSuchTable:
        raise Http404 from None


def ask(
    request, report: Report, filters: ShelterFilters, form: ExportForm, proof, kind, table, *, status=200
):
    context = {
        **admin.site.each_context(request),
        "title": _("Export: %(report)s") % {"report": report.title},
        "report": report,
        "form": form,
        "proof": proof,
        "kind": NAMES[kind],
        "table": table,
        "address": files.address_of(filters),
        **choice_of(filters.cleaned_data),
    }
    return render(request, "reports/export.html", context, status=status)


def send(report: Report, filters: ShelterFilters, kind: str, code: str):
    """In the trail before the first byte. Raises NoSuchTable where nothing of it may leave the shelter."""
    asked = filters.cleaned_data
    with translation.override(asked["language"]):
        if kind == "xlsx":
            return workbook(report, filters)
        table = files.table_of(report, asked, kind, code)
        mark = files.mark_of(report, files.record(report, filters, kind, table))
        lines = files.csv_lines(table, codes=asked["codes"], hxl=kind == "hxl.csv", mark=mark)
        name = files.name_of(report, filters, kind, table)
    lines = files.in_language(asked["language"], lines)
    return exports.download(lines, name=name, content_type=files.KINDS[kind])


def workbook(report: Report, filters: ShelterFilters) -> FileResponse:
    """Written to disk row by row, then sent from there."""
    if not files.tables_of(report, filters.cleaned_data):
        raise files.NoSuchTable
    mark = files.mark_of(report, files.record(report, filters, "xlsx"))
    file = TemporaryFile()  # noqa: SIM115  (the response closes it)
    files.write_workbook(file, report, filters.cleaned_data, mark=mark)
    file.seek(0)
    name = files.name_of(report, filters, "xlsx")
    return FileResponse(file, as_attachment=True, filename=name, content_type=files.KINDS["xlsx"])


def may_open(user, report: Report) -> bool:
    return user.is_staff and user.has_perm(report.permission)


def report_or_404(user, slug) -> Report:
    """To whoever may not read it, a report is not there."""
    report = REPORTS.get(slug)
    if not report or not may_open(user, report):
        raise Http404
    return report


def filters_or_404(request, report: Report) -> ShelterFilters:
    return asked_or_404(request.user, report.filters, request.GET, report.shelters_of(request.user))


def asked_or_404(user, form: type[ShelterFilters], sent, shelters: QuerySet) -> ShelterFilters:
    """Bound to what was sent, or unbound while somebody of several shelters has not chosen one."""
    shelters = list(shelters)
    asked = sent.copy()
    if not asked.get("shelter") and len(shelters) == 1:
        asked["shelter"] = shelters[0].code
    code = asked.get("shelter")
    if not shelters or (code and code not in {shelter.code for shelter in shelters}):
        raise Http404
    return form(asked or None, shelters=shelters, reader=user)


def opens_at(user, report: Report, filters: ShelterFilters) -> str:
    """The address of the records behind a number, up to its key; nothing for whoever may not see them."""
    if not (report.numbers_open and may_open_numbers(user, filters.cleaned_data["shelter"])):
        return ""
    return f"{reverse('reports:records', args=[report.slug])}?{files.address_of(filters)}&cell="


def show(request, report: Report, filters: ShelterFilters, *, status=200, template="", **found):
    """The page: with what was found, with what to write instead (422), or still waiting for a choice."""
    asked = filters.cleaned_data if found else {}
    context = {
        **admin.site.each_context(request),
        "title": report.title,
        "report": report,
        "filters": filters,
        "address": files.address_of(filters) if found else "",
        "opens_at": opens_at(request.user, report, filters) if found else "",
        "has_tags": any(table.tags for table in report.tables(asked)) if found else False,
        "computed_at": timezone.now(),
        "found": bool(found),
        **choice_of(asked),
        **found,
    }
    return render(request, template or report.template, context, status=status)


def choice_of(asked: dict) -> dict:
    return {name: asked.get(name) for name in ("shelter", "as_of", "since", "until")}
