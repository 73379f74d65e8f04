"""The one place where data leaves as a file: safe to open in a spreadsheet, streamed, in the access trail."""

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, tzinfo
from decimal import Decimal
from itertools import chain
from typing import BinaryIO

import xlsxwriter
from django.http import StreamingHttpResponse

from shelters.models import Shelter

BOM = "\ufeff"  # without it, spreadsheets read accents wrongly
STARTS_FORMULA = frozenset("=+-@|%")
LONGEST = 32767  # characters in a cell of a workbook
MOST_ROWS = 1_048_576  # of a sheet, its header among them; what a writer is told beyond, it forgets
WIDEST = 48


def download(content: Iterable, *, name: str, content_type: str) -> StreamingHttpResponse:
    """What leaves, as a file of that name. The event in the access trail is its caller's, and comes first."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(content, content_type=content_type, headers=headers)


def file_name(report: str, shelter: Shelter, moment: datetime, extension: str) -> str:
    """puente_census_palillo_2018-11-07T2300.csv, on the shelter's clock."""
    return f"puente_{report}_{shelter.code}_{shelter.local(moment):%Y-%m-%dT%H%M}.{extension}"


def csv_lines(
    header: Sequence[str], rows: Iterable[Sequence], *, tags: Sequence[str] | None = None
) -> Iterator[str]:
    """RFC 4180 lines, with the mark that tells spreadsheets it is UTF-8. `tags` is the HXL row."""
    writer = csv.writer(_Echo())
    yield BOM + writer.writerow(header)
    if tags:
        yield writer.writerow(tags)
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


@contextmanager
def workbook(file: BinaryIO, *, title: str, tz: tzinfo):
    """An XLSX that is written row by row: memory stays flat, however many rows. `sheets.add` adds a sheet.

    Text stays text: never a formula, never a link. Dates and numbers are real ones; moments stand on the clock
    `tz`, without an offset, because a spreadsheet knows none.
    """
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, {**options, "strings_to_numbers": False})
    book.set_properties({"title": title, "author": "Puente"})
    yield Sheets(book, tz)
    book.close()


class Sheets:
    def __init__(self, book, tz):
        self.book, self.tz = book, tz
        self.bold = book.add_format({"bold": True})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})

    def add(self, name: str, header: Sequence[str], rows: Iterable[Sequence]) -> None:
        """A sheet whose first row stays in view and filters the others; too long for one, it goes on in the next."""
        rows, number = iter(rows), 1
        over = self.fill(name, header, rows)
        while over is not None:
            number += 1
            over = self.fill(f"{name[:28]}_{number}", header, chain([over], rows))

    def fill(self, name, header, rows) -> Sequence | None:
        """One sheet. Gives the first row that does not fit any more, or None."""
        sheet = self.book.add_worksheet(name[:31])
        sheet.freeze_panes(1, 0)
        for column, label in enumerate(header):  # before the first row: what is written is gone from memory
            sheet.set_column(column, column, min(max(len(label) + 4, 12), WIDEST))
        sheet.write_row(0, 0, header, self.bold)
        last, over = 0, None
        for row in rows:
            if last + 1 == MOST_ROWS:
                over = row
                break
            last += 1
            for column, cell in enumerate(row):
                self.write(sheet, last, column, cell)
        sheet.autofilter(0, 0, last, max(len(header) - 1, 0))
        return over

    def write(self, sheet, row: int, column: int, cell) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, datetime):
            local = cell.astimezone(self.tz).replace(tzinfo=None)
            sheet.write_datetime(row, column, local, self.moment)
        elif isinstance(cell, date):
            sheet.write_datetime(row, column, cell, self.day)
        elif isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
            sheet.write_number(row, column, cell)
        else:
            sheet.write_string(row, column, str(cell)[:LONGEST])
