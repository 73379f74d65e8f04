"""Any report from the shell or from cron: the same numbers, the same files as on its page."""

import json
from io import BytesIO
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.http import QueryDict
from django.utils import timezone, translation

from intake.management.commands.census import find_shelter
from intake.reports import files
from intake.reports.base import REPORTS, Report
from intake.reports.exporting import ExportForm, Purpose
from intake.reports.filters import PERIODS, ShelterFilters
from intake.reports.tables import Table

OFFERED = ", ".join(slug for slug, report in REPORTS.items() if not report.needs_reader)
EXTENSIONS = {"csv": "csv", "xlsx": "xlsx", "json": "json", "hxl": "hxl.csv"}


class Command(BaseCommand):
    help = "Writes a report of a shelter as a file."

    def add_arguments(self, parser):
        parser.add_argument("name", help=f"One of: {OFFERED}.")
        parser.add_argument("--shelter", required=True, help="Code of the shelter, such as palillo.")
        parser.add_argument(
            "--date",
            default="",
            help="A local day, 2018-11-07; for a moment also 2018-11-07T23:00. Today when left out.",
        )
        parser.add_argument("--period", choices=[name for name in PERIODS if name != "dates"])
        parser.add_argument("--format", choices=EXTENSIONS, default="csv")
        parser.add_argument("--table", default="", help="Which table, by its code. The first when left out.")
        parser.add_argument("--values", choices=["labels", "codes"], default="labels")
        parser.add_argument("--language", choices=["es", "en"], default="es")
        parser.add_argument("--purpose", choices=Purpose.values, default=Purpose.OWN_WORK)
        parser.add_argument(
            "--outside",
            action="store_true",
            help="It will be shared outside the shelter: small numbers are hidden.",
        )
        parser.add_argument(
            "-o", "--output", type=Path, help="A file, or a folder: then the file has the name of a download."
        )

    def handle(self, *, name, shelter, output, language, format, table, **asked):
        if name not in REPORTS:
            raise CommandError(f"There is no report “{name}”. The reports: {OFFERED}.")
        if format == "xlsx" and not output:
            raise CommandError("A workbook needs a place: -o FILE.")
        report, place = REPORTS[name], find_shelter(shelter)
        if report.needs_reader:
            raise CommandError(
                f"“{name}” holds records of people, and a command is nobody who may read them."
            )
        with translation.override(language), timezone.override(place.tz):
            filters = filters_of(report, place, asked, language)
            content, called = written(report, filters, EXTENSIONS[format], table)
        if not output:
            return content.decode("utf-8-sig").removesuffix("\r\n").removesuffix("\n")
        (output / called if output.is_dir() else output).write_bytes(content)
        return None


def filters_of(report: Report, shelter, asked: dict, language: str) -> ShelterFilters:
    """The forms of the page, filled in; what they would say beside a field is the error."""
    query = QueryDict(mutable=True)
    chosen = {"period": asked["period"]} if asked["period"] else report.filters.of_day(asked["date"])
    query.update({"shelter": shelter.code, **chosen})
    filters = report.filters(query, shelters=[shelter])
    outside, values = ("yes" if asked["outside"] else "no"), asked["values"].removeprefix("labels")
    export = ExportForm(
        {"purpose": asked["purpose"], "outside": outside, "language": language, "values": values}
    )
    wrong = [each for form in (filters, export) for messages in form.errors.values() for each in messages]
    if wrong:
        raise CommandError(" ".join(wrong))
    filters.cleaned_data |= export.cleaned_data
    return filters


def written(report: Report, filters: ShelterFilters, kind: str, code: str) -> tuple[bytes, str]:
    """The content and its name; the event in the access trail comes first."""
    if kind == "xlsx":
        if not files.tables_of(report, filters.cleaned_data):
            raise CommandError("Nothing of this report may leave the shelter.")
        files.record(report, filters, kind)
        files.write_workbook(file := BytesIO(), report, filters.cleaned_data)
        return file.getvalue(), files.name_of(report, filters, kind)
    try:
        table = files.table_of(report, filters.cleaned_data, kind, code)
    except files.NoSuchTable:
        raise CommandError("This report has no such table for this format, or it may not leave.") from None
    files.record(report, filters, kind, table)
    codes = filters.cleaned_data["codes"]
    lines = (
        [as_json(table, codes)]
        if kind == "json"
        else files.csv_lines(table, codes=codes, hxl=kind == "hxl.csv")
    )
    return "".join(lines).encode(), files.name_of(report, filters, kind, table)


def as_json(table: Table, codes: bool) -> str:
    names = [column.code for column in table.columns]
    rows = [dict(zip(names, row, strict=True)) for row in table.exported(codes=codes)]
    return json.dumps(rows, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder) + "\n"
