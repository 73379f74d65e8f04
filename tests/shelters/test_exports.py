"""Files that leave: exact bytes, harmless in a spreadsheet, in the access trail."""

from datetime import UTC, datetime
from decimal import Decimal
from types import GeneratorType

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from shelters import exports
from shelters.models import AccessEvent

AS_OF = "2018-11-08T05:30:00+00:00"


@pytest.fixture
def download(cast, palillo):
    def downloaded(*rows, header=("code", "label", "count")):
        return exports.csv_response(
            header, rows, by=cast.data_officer, shelter=palillo, report="census", as_of=AS_OF
        )

    return downloaded


def test_the_bytes(download):
    response = download(("adults", "Niñas, niños", 3088), ("x", 'dice "sí"', None), ("y", "=1+1", -5))
    assert response.getvalue() == (
        b"\xef\xbb\xbfcode,label,count\r\n"
        b'adults,"Ni\xc3\xb1as, ni\xc3\xb1os",3088\r\n'
        b'x,"dice ""s\xc3\xad""",\r\n'
        b"y,'=1+1,-5\r\n"
    )


def test_it_is_streamed_row_by_row(download):
    drawn = []
    lines = exports.csv_lines(["n"], (drawn.append(n) or [n] for n in range(3)))
    assert isinstance(lines, GeneratorType)
    assert next(lines) == "\ufeffn\r\n"
    assert drawn == []
    assert next(lines) == "0\r\n"
    assert drawn == [0]
    assert download().streaming


def test_the_file_is_named_by_report_shelter_and_local_time(download, palillo):
    name = "puente_census_palillo_2018-11-07T2330.csv"
    assert download()["Content-Disposition"] == f'attachment; filename="{name}"'
    assert exports.file_name("census", palillo, datetime(2018, 11, 8, 5, 30, tzinfo=UTC), "csv") == name


def test_it_is_in_the_trail_before_the_first_byte_leaves(download, cast, palillo):
    download(("adults", "Adultos", 1))
    event = AccessEvent.objects.get(action="exported")
    assert (event.user, event.shelter) == (cast.data_officer, palillo)
    assert event.detail == {"report": "census", "as_of": AS_OF}


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
