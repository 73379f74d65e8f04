"""A report as a file: the same for a page's link and for the command line."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from typing import BinaryIO
from urllib.parse import urlencode

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from intake.reports.base import Report
from intake.reports.filters import ShelterFilters
from intake.reports.suppression import for_outside, goes_outside
from intake.reports.tables import Coded, Table
from shelters import audit, exports
from shelters.models import AccessEvent

A_DAY = timedelta(hours=24)
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "hxl.csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class NoSuchTable(Exception):
    """The report has no table of that code for this kind of file."""


def tables_of(report: Report, asked: dict) -> list[Table]:
    """What the files hold; for outside the shelter, what may leave it."""
    if asked.get("outside"):
        return [for_outside(table) for table in report.tables(asked) if goes_outside(table)]
    return [table for table in report.tables(asked) if table.in_files]


def table_of(report: Report, asked: dict, kind: str, code: str = "") -> Table:
    """The table that was asked for by its code, else the first one of the kind. Raises NoSuchTable."""
    for table in tables_of(report, asked):
        if (table.tags or kind != "hxl.csv") and code in ("", table.code):
            return table
    raise NoSuchTable


def name_of(report: Report, filters: ShelterFilters, kind: str, table: Table | None = None) -> str:
    """puente_census_palillo_2018-11-07T2300.csv, or with both days of a period. A later table adds its code."""
    asked = filters.cleaned_data
    what = f"{report.slug}-{table.code}" if table and table.code != report.slug else report.slug
    what = f"{what}-outside" if asked.get("outside") else what
    if "as_of" in asked:
        return exports.file_name(what, asked["shelter"], asked["as_of"], kind)
    return f"puente_{what}_{asked['shelter'].code}_{asked['since']}_{asked['until']}.{kind}"


def address_of(filters: ShelterFilters) -> str:
    """The query of the links to the files: the very moment or days that the page shows."""
    return urlencode({"shelter": filters.cleaned_data["shelter"].code, **filters.in_address()})


def left_alone(report: Report, filters: ShelterFilters) -> int:
    """How many people other such files tell of that the account took in the last day without a second one.

    Of the same days of a shelter they are counted once, whichever files were taken, and of those of this choice not.
    """
    choice = filters.in_address()
    taken = AccessEvent.objects.filter(
        user=filters.cleaned_data["reader"], action=audit.Action.EXPORTED, at__gt=timezone.now() - A_DAY
    )
    people = {}
    for shelter, told in taken.values_list("shelter", "detail"):
        if told.get("report") == report.slug and not told.get("approved"):
            of = (shelter, *(told.get(name) for name in choice))
            people[of] = max(people.get(of, 0), told.get("people", 0))
    people.pop((filters.cleaned_data["shelter"].pk, *choice.values()), None)
    return sum(people.values())


def record(report: Report, filters: ShelterFilters, kind: str, table: Table | None = None) -> AccessEvent:
    """Leave the event: what leaves, what for and whether for outside. Called before the first byte."""
    asked = filters.cleaned_data
    why = {"purpose": asked["purpose"], "outside": asked["outside"]}
    detail = {"report": report.slug, **filters.in_address(), "format": kind, **why}
    if table:
        detail["table"] = table.code
    detail |= report.in_trail(asked, table)
    return audit.record(audit.Action.EXPORTED, by=asked["reader"], shelter=asked["shelter"], **detail)


def mark_of(report: Report, event: AccessEvent) -> str:
    """Who took it, when, and its number on the trail: stands in a file with records of people, wherever it goes."""
    if not report.needs_reader:
        return ""
    at = event.shelter.local(event.at)
    return f"Puente · {event.user.username} · {at:%Y-%m-%d %H:%M} {at.tzname()} · n.º {event.pk}"


def csv_lines(table: Table, *, codes: bool, hxl: bool = False, mark: str = "") -> Iterator[str]:
    header = [column.code for column in table.columns]
    rows = table.exported(codes=codes)
    if mark:
        rows = chain(rows, [[mark, *[""] * (len(header) - 1)]])
    return exports.csv_lines(header, rows, tags=table.tags if hxl else None)


def in_language(language: str, lines: Iterator[str]) -> Iterator[str]:
    """The words are chosen while the lines are drawn, long after the view has returned."""
    with translation.override(language):
        yield from lines


def write_workbook(file: BinaryIO, report: Report, asked: dict, *, mark: str = "") -> None:
    """Every table on a sheet of its own, then what the columns and the codes in them mean."""
    codes, book = asked["codes"], Codebook(asked["codes"])
    with exports.workbook(file, title=str(report.title), tz=asked["shelter"].tz) as sheets:
        for table in tables_of(report, asked):
            header = [column.code if codes else str(column.label) for column in table.columns]
            sheets.add(table.code, header, book.reading(table))
        sheets.add(
            "codebook", [_("Sheet"), _("Column"), _("Code"), _("Label"), _("Meaning"), "HXL"], book.rows
        )
        if mark:
            sheets.add("export", [_("Who took this file, when, and its number")], [[mark]])


class Codebook:
    """The columns of each sheet, and the codes that were met while it was written."""

    def __init__(self, codes: bool):
        self.codes, self.rows = codes, []

    def reading(self, table: Table) -> Iterator[list]:
        met = [{} for _column in table.columns]
        for row in table.compute():
            for cell, known in zip(row, met, strict=True):
                if isinstance(cell, Coded):
                    known.update({part.code: str(part) for part in cell.parts})
            yield [cell.code if self.codes and isinstance(cell, Coded) else cell for cell in row]
        for column, known in zip(table.columns, met, strict=True):
            self.rows.append([table.code, column.code, "", str(column.label), str(column.means), column.hxl])
            self.rows += [[table.code, column.code, code, label, "", ""] for code, label in known.items()]
