"""The one place where data leaves as a file: safe to open in a spreadsheet, streamed, in the access trail."""

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from django.http import StreamingHttpResponse

from shelters import audit
from shelters.models import Shelter

BOM = "\ufeff"  # without it, spreadsheets read accents wrongly
STARTS_FORMULA = frozenset("=+-@|%")


def csv_response(
    header: Sequence[str], rows: Iterable[Sequence], *, by, shelter: Shelter, report: str, as_of: str
) -> StreamingHttpResponse:
    """A download of one report, in the access trail before the first byte leaves. `as_of` is ISO 8601."""
    audit.record(audit.Action.EXPORTED, by=by, shelter=shelter, report=report, as_of=as_of)
    name = file_name(report, shelter, datetime.fromisoformat(as_of), "csv")
    return StreamingHttpResponse(
        csv_lines(header, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def file_name(report: str, shelter: Shelter, moment: datetime, extension: str) -> str:
    """puente_census_palillo_2018-11-07T2300.csv, on the shelter's clock."""
    return f"puente_{report}_{shelter.code}_{shelter.local(moment):%Y-%m-%dT%H%M}.{extension}"


def csv_lines(header: Sequence[str], rows: Iterable[Sequence]) -> Iterator[str]:
    """RFC 4180 lines, with the mark that tells spreadsheets it is UTF-8."""
    writer = csv.writer(_Echo())
    yield BOM + writer.writerow(header)
    for row in rows:
        yield writer.writerow([safe(cell) for cell in row])


class _Echo:
    """csv.writer returns what write() returns: the line itself, instead of a file that grows."""

    def write(self, line: str) -> str:
        return line


def safe(cell):
    """A number as it is; text that a spreadsheet would run as a formula gets an apostrophe in front."""
    if cell is None or isinstance(cell, int | float | Decimal):
        return cell
    text = str(cell)
    return f"'{text}" if _first_visible(text) in STARTS_FORMULA else text


def _first_visible(text: str) -> str:
    """The first character after blanks, controls and zero-width ones; a full-width one as its plain twin."""
    for character in text:
        if unicodedata.category(character)[0] not in "ZC":
            return unicodedata.normalize("NFKC", character)[0]
    return ""
