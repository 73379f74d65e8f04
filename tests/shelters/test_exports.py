"""Files that leave: exact bytes, harmless in a spreadsheet, in the access trail."""

import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from tempfile import TemporaryFile
from types import GeneratorType
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from shelters import exports


def csv(*rows, header=("code", "label", "count")):
    return "".join(exports.csv_lines(header, rows)).encode()


def test_the_bytes():
    assert csv(("adults", "Niñas, niños", 3088), ("x", 'dice "sí"', None), ("y", "=1+1", -5)) == (
        b"\xef\xbb\xbfcode,label,count\r\n"
        b'adults,"Ni\xc3\xb1as, ni\xc3\xb1os",3088\r\n'
        b'x,"dice ""s\xc3\xad""",\r\n'
        b"y,'=1+1,-5\r\n"
    )


def test_it_is_streamed_row_by_row():
    drawn = []
    lines = exports.csv_lines(["n"], (drawn.append(n) or [n] for n in range(3)))
    assert isinstance(lines, GeneratorType)
    assert next(lines) == "\ufeffn\r\n"
    assert drawn == []
    assert next(lines) == "0\r\n"
    assert drawn == [0]


def test_a_download_is_streamed_as_a_file_of_its_name():
    response = exports.download(iter(["a,b\r\n"]), name="puente.csv", content_type="text/csv")
    assert response.streaming
    assert response["Content-Disposition"] == 'attachment; filename="puente.csv"'


def test_the_file_is_named_by_report_shelter_and_local_time(palillo):
    moment = datetime(2018, 11, 8, 5, 30, tzinfo=UTC)
    assert exports.file_name("census", palillo, moment, "csv") == "puente_census_palillo_2018-11-07T2330.csv"


PREFIXES = ["=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠", "｜", "％"]
PREFIXES += ["\t=", "\r=", "\n+", " \u00a0=", "\ufeff=", "\u200b\u2060@"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_text_that_could_run_gets_an_apostrophe(prefix):
    assert exports.safe(f"{prefix}cmd") == f"'{prefix}cmd"


@pytest.mark.parametrize(
    "text", ["", " ", "\t", "Ana", "5 = 5", "'=1", "(-1)", "ñ", "#1", "\u200bAna", "1-2"]
)
def test_other_text_stays_as_it_is(text):
    assert exports.safe(text) == text


@pytest.mark.parametrize("number", [0, 3088, -5, 1.5, Decimal("-2.50"), None])
def test_numbers_and_nothing_stay_as_they_are(number):
    assert exports.safe(number) is number


def test_translated_labels_become_text():
    assert exports.safe(gettext_lazy("Census")) == str(gettext_lazy("Census"))


@given(st.text())
def test_no_text_begins_with_a_formula(text):
    shown = exports.safe(text).lstrip()
    assert not shown or shown[0] not in "=+-@|%＝＋－＠｜％"


# --- workbooks -------------------------------------------------------------------------


def written(*rows, header=("A", "B", "C")):
    file = BytesIO()
    with exports.workbook(file, title="Title", tz=ZoneInfo("America/Tijuana")) as sheets:
        sheets.add("first", header, rows)
        sheets.add("second", ["only"], [])
    return file


def read(file):
    return load_workbook(file)


NASTY = [
    "=1+1",
    "@SUM(A1)",
    "+1",
    "-1",
    "http://example.org",
    "mailto:a@example.org",
    "0012",
    "1e5",
    "{=1}",
    "\x01é\n",
]


def test_text_in_a_workbook_stays_text():
    sheet = read(written(*([text] for text in NASTY)))["first"]
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert [cell.data_type for cell in cells] == ["s"] * len(NASTY)
    assert [cell.value for cell in cells][:-1] == NASTY[:-1]
    assert not any(cell.hyperlink for cell in cells)


def test_numbers_and_dates_in_a_workbook_are_real_ones():
    moment = datetime(2018, 11, 8, 5, 30, tzinfo=UTC)
    sheet = read(written([4814, Decimal("39.3"), None], [date(2018, 11, 7), moment, True]))["first"]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert rows[0] == (4814, 39.3, None)
    assert rows[1] == (datetime(2018, 11, 7), datetime(2018, 11, 7, 21, 30), "True")
    assert sheet["A3"].is_date
    assert sheet["B3"].is_date


def test_the_header_stays_in_view_and_filters():
    book = read(written([1, 2, 3], [4, 5, 6]))
    assert book.sheetnames == ["first", "second"]
    assert (book["first"].freeze_panes, book["first"].auto_filter.ref) == ("A2", "A1:C3")
    assert book["first"]["A1"].font.bold
    assert book["second"].auto_filter.ref == "A1"


def test_rows_beyond_the_last_of_a_sheet_go_on_in_the_next(monkeypatch):
    monkeypatch.setattr(exports, "MOST_ROWS", 3)
    book = read(written(*([n] for n in range(5)), header=("n",)))
    assert book.sheetnames == ["first", "first_2", "first_3", "second"]
    rows = [list(sheet.iter_rows(values_only=True)) for sheet in book][:-1]
    assert rows == [[("n",), (0,), (1,)], [("n",), (2,), (3,)], [("n",), (4,)]]


def test_a_sheet_that_is_just_full_is_one(monkeypatch):
    monkeypatch.setattr(exports, "MOST_ROWS", 3)
    assert read(written([0], [1], header=("n",))).sheetnames == ["first", "second"]


def test_a_workbook_is_written_without_being_held():
    """Forty thousand rows, and no more memory than for a few."""
    peaks = []
    for rows in (100, 40_000):
        tracemalloc.start()
        with TemporaryFile() as file, exports.workbook(file, title="T", tz=UTC) as sheets:
            sheets.add("first", ["A", "B"], ((n, n * 2) for n in range(rows)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 5_000_000
