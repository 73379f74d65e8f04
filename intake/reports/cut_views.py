"""The pages of frozen censuses: the list, one of them, its file; freezing and withdrawing."""

from django.contrib import admin, messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from intake import actions
from intake.access import cut_or_404, may_open_numbers, require
from intake.models import Cut, Person
from intake.reports.base import REPORTS
from intake.reports.census import CensusReport, census, country, lines_of
from intake.reports.census_cells import OF_NEEDS, kept_from
from intake.reports.cut_changes import changes
from intake.reports.cut_forms import CutsFilters, FreezeForm, WithdrawForm
from intake.reports.cuts import census_of, compared, published
from intake.reports.views import asked_or_404, may_open, show
from shelters import audit, exports
from shelters.models import Shelter
from shelters.proof import ProofForm

SHOWN = 200
LINKED = 20  # records of one reason; the lists of the admin have the rest
MAY_FREEZE = "intake.freeze_census"
LANGUAGES = [("es", "Español"), ("en", "English")]


def reader_or_404(request) -> None:
    """Whoever may read the census may read what was frozen of it."""
    if not may_open(request.user, CensusReport):
        raise Http404


def framed(request, **context) -> dict:
    return {**admin.site.each_context(request), "may_freeze": request.user.has_perm(MAY_FREEZE), **context}


@require_safe
def cut_list(request):
    reader_or_404(request)
    filters = asked_or_404(request.user, CutsFilters, request.GET, Shelter.objects.visible_to(request.user))
    context = {"title": _("Census cuts"), "filters": filters}
    if filters.is_bound and filters.is_valid():
        shelter = filters.cleaned_data["shelter"]
        timezone.activate(shelter.tz)
        cuts = Cut.objects.filter(shelter=shelter).select_related("frozen_by", "withdrawn_by")
        context |= {"shelter": shelter, "rows": with_change(list(cuts[:SHOWN]))}
        audit.record(audit.Action.REPORT_OPENED, by=request.user, shelter=shelter, report="cuts")
    return render(request, "reports/cuts.html", framed(request, **context))


def with_change(cuts) -> list[tuple]:
    """(cut, people more or fewer than in the standing cut before it), newest first as they came."""
    rows, earlier = [], None
    for cut in reversed(cuts):
        rows.append((cut, cut.numbers["total"] - earlier.numbers["total"] if earlier else None))
        earlier = earlier if cut.withdrawn_at else cut
    return rows[::-1]


@require_POST
def cut_freeze(request):
    """From the page of the census; pressed twice, it leads to the same cut."""
    reader_or_404(request)
    require(request.user, MAY_FREEZE)
    form = asked_or_404(request.user, FreezeForm, request.POST, Shelter.objects.visible_to(request.user))
    if not form.is_valid():
        return show(request, REPORTS["census"], form, status=422)
    asked = form.cleaned_data
    cut = actions.freeze(asked["shelter"], asked["as_of"], note=asked["note"], by=request.user)
    return redirect("reports:cut", cut.pk)


@require_safe
def cut_detail(request, pk):
    reader_or_404(request)
    return cut_page(request, cut_or_404(request.user, pk), WithdrawForm())


def cut_page(request, cut, form, status=200):
    """The frozen numbers, beside the cut before and the records of now, and why these differ."""
    live, before = census(cut.shelter, cut.as_of), Cut.objects.before(cut)
    groups = compared(cut, before, live)
    labels = {each.line.code: each.line.label for _group, lines in groups for each in lines}
    found, secret = changes(cut, live), secret_cells(request.user)
    links = links_of(request.user, cut.shelter, found, secret)
    context = {
        "title": _("Census cut"),
        "shelter": cut.shelter,
        "cut": cut,
        "before": before,
        "groups": groups,
        "is_same": not any(each.change for _group, lines in groups for each in lines),
        "changes": [(change, effects(change, labels, secret), *links[change.reason]) for change in found],
        "computed_at": live.computed_at,
        "sentences": [(code, name, published(census_of(cut), code)) for code, name in LANGUAGES],
        "form": form,
    }
    detail = {"report": "cut", "as_of": cut.as_of.isoformat()}
    audit.record(audit.Action.REPORT_OPENED, by=request.user, shelter=cut.shelter, subject=cut, **detail)
    return render(request, "reports/cut.html", framed(request, **context), status=status)


def secret_cells(user) -> set[str]:
    """The cells of needs of which this account may not know who has them."""
    kept = kept_from(user)
    return {code for code, counts_as in OF_NEEDS.items() if counts_as in kept}


def effects(change, labels, secret) -> list[tuple[int, str]]:
    """What a reason does to which cell, in the order of the tables; a country no table shows comes last.

    Not to a secret one: a reason that is about one person would tell what that person has.
    """
    codes = [code for code in labels if change.cells[code] and code not in secret]
    codes += [code for code, number in change.cells.items() if number and code not in labels]
    return [(change.cells[code], labels.get(code) or country(code.partition(".")[2])) for code in codes]


def links_of(user, shelter, found, secret) -> dict[str, tuple[list, int]]:
    """Reason → the first of its records that this account may open, and how many are left. Without names.

    None where a secret cell is touched, be it by one more and one fewer.
    """
    may_open = may_open_numbers(user, shelter)
    opens = {change.reason: may_open and not secret & change.cells.keys() for change in found}
    first = {change.reason: change.people[:LINKED] if opens[change.reason] else [] for change in found}
    people = {person for each in first.values() for person in each}
    seen = set(Person.objects.visible_to(user).filter(pk__in=people).values_list("pk", flat=True))
    return {
        change.reason: (
            [person for person in first[change.reason] if person in seen],
            max(len(change.people) - LINKED, 0) if first[change.reason] else 0,
        )
        for change in found
    }


@require_POST
def cut_withdraw(request, pk):
    reader_or_404(request)
    require(request.user, MAY_FREEZE)
    cut, form = cut_or_404(request.user, pk), WithdrawForm(request.POST)
    if not form.is_valid():
        return cut_page(request, cut, form, status=422)
    actions.withdraw(cut, form.cleaned_data["reason"], by=request.user)
    messages.success(request, _("The cut is withdrawn. Its numbers stay here to be read."))
    return redirect("reports:cut", cut.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def cut_export(request, pk):
    """The columns of the census's own file, and the frozen numbers: for whoever proved who is there."""
    reader_or_404(request)
    cut = cut_or_404(request.user, pk)
    proof = ProofForm(request.POST if request.method == "POST" else None, request=request)
    if proof.fields and not proof.is_valid():
        context = framed(request, title=_("Census cut"), shelter=cut.shelter, cut=cut, proof=proof)
        return render(request, "reports/cut_export.html", context, status=422 if proof.errors else 200)
    detail = {"report": "cut", "as_of": cut.as_of.isoformat(), "format": "csv"}
    audit.record(audit.Action.EXPORTED, by=request.user, shelter=cut.shelter, subject=cut, **detail)
    lines = exports.csv_lines([column.code for column in CensusReport.columns], lines_of(census_of(cut)))
    name = exports.file_name("cut", cut.shelter, cut.as_of, "csv")
    return exports.download(lines, name=name, content_type="text/csv; charset=utf-8")
