"""What every report promises by being declared."""

import re
from datetime import timedelta
from io import BytesIO

import html5lib
import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from intake.reports import files
from intake.reports.base import REPORTS, Report
from shelters.models import AccessEvent
from tests.factories import NOW, make_family, make_need, make_service, make_ticket, make_user, make_zone
from tests.intake.pages import export
from tests.test_pages import Words

every_report = pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
FILES = ("csv", "xlsx", "hxl")
DAY = "2018-11-06"


@pytest.fixture
def asked(palillo, cast):
    day = palillo.day_of(NOW)
    shared = {"shelter": palillo, "reader": cast.coordinator, "codes": False}
    return {**shared, "as_of": NOW + timedelta(hours=8), "since": day - timedelta(days=1), "until": day}


def tables_of(report, asked):
    return {table.code: [tuple(row) for row in table.rows] for table in report.tables(asked)}


def address(name, report):
    """Of the same day, whether the report is asked for a moment or for a period."""
    query = {"shelter": "palillo", "as_of": f"{DAY}T17:00", "since": DAY, "until": DAY}
    return reverse(f"reports:{name}", args=[report.slug], query=query)


def test_these_are_the_reports():
    assert list(REPORTS) == [
        "age_sex",
        "arrivals",
        "census",
        "gaps",
        "needs",
        "next_steps",
        "occupancy_sphere",
        "origin",
        "pace",
        "partners",
        "records",
        "services",
        "situation",
    ]


def test_a_slug_is_taken_once():
    with pytest.raises(TypeError, match="census"):
        type("Again", (Report,), {"slug": "census"})


@every_report
def test_it_names_a_permission_that_exists(report, db):
    app, codename = report.permission.split(".")
    assert Permission.objects.filter(content_type__app_label=app, codename=codename).exists()


@every_report
def test_it_has_words_for_the_menu_and_its_columns(report, asked):
    assert str(report.title)
    assert str(report.about)
    for table in report.tables(asked):
        codes = [column.code for column in table.columns]
        assert all(code.isascii() and code for code in codes)
        assert len(set(codes)) == len(codes)
        assert all(str(column.label) for column in table.columns)


@every_report
def test_every_table_has_a_name_that_a_sheet_and_a_file_can_have(report, asked):
    codes = [table.code for table in report.tables(asked)]
    assert len(set(codes)) == len(codes)
    assert all(code.isascii() and code.isidentifier() and len(code) <= 31 for code in codes)
    assert "codebook" not in codes
    assert any(table.in_files for table in report.tables(asked))


@every_report
def test_an_empty_database_is_no_error(report, coordinator, palillo):
    for name in ("page", "csv", "xlsx"):
        for language in ("es", "en"):
            asked = re.sub("^/../", f"/{language}/", address(name, report))
            assert coordinator.get(asked).status_code == 200
            if name != "page":
                assert export(coordinator, asked, language=language).status_code == 200


@every_report
def test_the_csv_begins_with_the_columns_in_order(report, coordinator, asked):
    for table in (each for each in report.tables(asked) if each.in_files):
        answer = export(coordinator, f"{address('csv', report)}&table={table.code}")
        body = answer.getvalue().decode("utf-8-sig")
        assert body.splitlines()[0].split(",") == [column.code for column in table.columns]


@every_report
def test_the_hxl_row_stands_under_the_header(report, coordinator, asked):
    tagged = [table for table in report.tables(asked) if table.in_files and table.tags]
    assert coordinator.get(address("hxl", report)).status_code == (200 if tagged else 404)
    for table in tagged:
        answer = export(coordinator, f"{address('hxl', report)}&table={table.code}")
        body = answer.getvalue().decode("utf-8-sig")
        assert body.splitlines()[1].split(",") == [column.hxl for column in table.columns]


@every_report
def test_the_workbook_has_a_sheet_for_every_table_and_a_codebook(report, coordinator, asked):
    make_family(asked["shelter"], {}, {"age": 4})
    answer = export(coordinator, address("xlsx", report))
    book = load_workbook(BytesIO(answer.getvalue()))
    tables = [table for table in report.tables(asked) if table.in_files]
    who_took_it = ["export"] if report.needs_reader else []
    assert book.sheetnames == [*(table.code for table in tables), "codebook", *who_took_it]
    for table in tables:
        sheet = book[table.code]
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref
        assert sheet.max_column == len(table.columns)
    means = {(row[0], row[1]) for row in book["codebook"].iter_rows(min_row=2, values_only=True)}
    assert {(table.code, column.code) for table in tables for column in table.columns} <= means


@every_report
def test_every_row_has_a_value_for_every_column(report, asked, palillo):
    family = make_family(palillo, {}, {"age": 4})
    make_service(family.members.first())
    make_ticket(palillo)
    for table in report.tables(asked):
        assert table.rows, table.code
        rows = [*table.rows, *([table.footer] if table.footer else [])]
        assert {len(tuple(row)) for row in rows} == {len(table.columns)}


@every_report
def test_another_shelters_families_are_absent(report, asked, annex):
    empty = tables_of(report, asked)
    family = make_family(annex, {}, {"age": 4})
    make_service(family.members.first())
    make_ticket(annex)
    assert tables_of(report, asked) == empty


@every_report
def test_its_queries_do_not_grow_with_the_families(report, asked, palillo):
    desk, counted = make_user(shelters=[palillo]), []
    asked["reader"].get_all_permissions()  # asked for once, then remembered
    for families in (1, 29):
        for _family in range(families):
            family = make_family(palillo, {}, {"age": 14}, {"age": 3, "origin_country": "GT"}, by=desk)
            make_need(family.members.first(), "DS")
            make_service(family.members.first())
            make_service(family.members.last(), "MED-PED")
            make_ticket(palillo, by=desk)
        with CaptureQueriesContext(connection) as queries:
            tables_of(report, asked)
        counted.append(len(queries))
    assert counted[0] == counted[1]


@every_report
@pytest.mark.parametrize("role", ["volunteer", "legal", "health", "administrator", "stranger"])
def test_to_others_neither_page_nor_file_is_there(report, role, cast, sign_in):
    client = sign_in(getattr(cast, role))
    for name in ("page", *FILES):
        assert client.get(address(name, report)).status_code == 404
        if name != "page":
            assert export(client, address(name, report)).status_code == 404
    assert not AccessEvent.objects.filter(action__in=["report_opened", "exported"]).exists()


@every_report
@pytest.mark.parametrize("name", FILES)
def test_a_file_is_in_the_trail_before_its_first_byte(report, name, coordinator, cast, palillo):
    answer = export(coordinator, address(name, report))
    if name == "hxl" and answer.status_code == 404:
        pytest.skip("has no tags")
    event = AccessEvent.objects.get(action="exported")
    assert (event.user, event.shelter, event.detail["report"]) == (cast.coordinator, palillo, report.slug)
    assert f"_{DAY}" in answer["Content-Disposition"]


@every_report
def test_a_table_that_is_not_there(report, coordinator, palillo):
    for name in ("csv", "hxl"):
        assert coordinator.get(f"{address(name, report)}&table=nothing%00").status_code == 404


@every_report
def test_its_page_is_strict_html_and_all_in_the_readers_language(report, coordinator, asked, palillo):
    family = make_family(palillo, {"origin_region_id": "HN-AT"}, {"age": 4, "sex": "M"})
    make_service(family.members.first())
    make_service(family.members.first(), "LEG-ASY")
    make_zone(palillo, name="Z")
    texts = []
    for language in ("es", "en"):
        answer = coordinator.get(re.sub("^/../", f"/{language}/", address("page", report)))
        assert answer.status_code == 200
        html5lib.HTMLParser(strict=True).parse(answer.text)
        texts.append(Words(answer.text.partition('<div class="report">')[2]).texts)
    data = set(
        "Honduras Guatemala Nicaragua Atlántida America Mexico_City Estadio Palillo HND LGBTTTI Total Excel"
        " Legal".split()
    )
    data |= {"Total", "Excel", "Legal"}
    same = {text for text in texts[0] & texts[1] if set(re.findall(r"[^\W\d_]\w{3,}", text)) - data}
    assert same == set()


# --- outside the shelter ---------------------------------------------------------------


@every_report
def test_outside_no_number_is_exact_but_those_that_tell_of_nobody(report, asked, palillo):
    desk = make_user(shelters=[palillo])
    for _family in range(17):
        make_service(make_family(palillo, {}, {"age": 4, "sex": "M"}, by=desk).members.first())
    for table in files.tables_of(report, {**asked, "outside": True}):
        for row in table.compute():
            for column, cell in zip(table.columns, row, strict=True):
                assert column.outside or column.kind != "number"
                if column.outside not in ("", "as_is") and cell is not None:
                    assert cell % 5 == 0
                    assert cell >= 15 or not any(other for other in row if isinstance(other, int))


@every_report
def test_outside_a_few_people_more_change_no_file(report, asked, palillo):
    """Others by age, sex, origin, need and service, yet not a byte tells that they are there."""
    desk = make_user(shelters=[palillo])
    for _family in range(18):
        make_service(make_family(palillo, {}, by=desk).members.first())
    before = bytes_of(report, asked)
    few = make_family(
        palillo, {"age": 67, "sex": "M", "origin_country": "GT"}, {"age": 3, "sex": "X"}, by=desk
    )
    make_need(few.members.first(), "DS")
    make_service(few.members.last(), "MED-PED")
    assert bytes_of(report, asked) == before


def bytes_of(report, asked):
    leaving = files.tables_of(report, {**asked, "outside": True})
    return {table.code: list(files.csv_lines(table, codes=False, hxl=True)) for table in leaving}


def test_every_report_of_these_may_leave(asked):
    leaving = {slug: files.tables_of(report, {**asked, "outside": True}) for slug, report in REPORTS.items()}
    assert {slug: [table.code for table in tables] for slug, tables in leaving.items() if tables} == {
        "age_sex": ["age_sex", "demographics"],
        "arrivals": ["arrivals"],
        "census": ["census"],
        "gaps": ["gaps"],
        "needs": ["needs"],
        "occupancy_sphere": ["zones", "sphere"],
        "origin": ["origin"],
        "partners": ["partners"],
        "services": ["services"],
        "situation": ["situation"],
    }
