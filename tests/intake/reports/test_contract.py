"""What every report promises by being declared."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from intake.reports.base import REPORTS, Report
from tests.factories import NOW, make_family, make_need, make_user

every_report = pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)


@pytest.fixture
def asked(palillo):
    return {"shelter": palillo, "as_of": NOW + timedelta(hours=1)}


def test_these_are_the_reports():
    assert list(REPORTS) == ["census"]


def test_a_slug_is_taken_once():
    with pytest.raises(TypeError, match="census"):
        type("Again", (Report,), {"slug": "census"})


@every_report
def test_it_names_a_permission_that_exists(report, db):
    app, codename = report.permission.split(".")
    assert Permission.objects.filter(content_type__app_label=app, codename=codename).exists()


@every_report
def test_it_has_words_for_the_menu(report):
    assert str(report.title)
    assert str(report.about)
    assert all(code.isidentifier() and code.isascii() and str(label) for code, label in report.columns)


@every_report
def test_an_empty_database_is_no_error(report, coordinator, palillo):
    for name in ("page", "csv"):
        response = coordinator.get(reverse(f"reports:{name}", args=[report.slug]))
        assert response.status_code == 200


@every_report
def test_the_csv_begins_with_the_columns_in_order(report, coordinator, palillo):
    body = coordinator.get(reverse("reports:csv", args=[report.slug])).getvalue().decode("utf-8-sig")
    assert body.splitlines()[0].split(",") == [code for code, _label in report.columns]


@every_report
def test_every_row_has_a_value_for_every_column(report, asked, palillo):
    make_family(palillo, {}, {"age": 4})
    rows = list(report.rows(asked))
    assert rows
    assert {len(tuple(row)) for row in rows} == {len(report.columns)}


@every_report
def test_another_shelters_families_are_absent(report, asked, annex):
    empty = [tuple(row) for row in report.rows(asked)]
    make_family(annex, {}, {"age": 4})
    assert [tuple(row) for row in report.rows(asked)] == empty


@every_report
def test_its_queries_do_not_grow_with_the_families(report, asked, palillo):
    desk, counted = make_user(shelters=[palillo]), []
    for families in (1, 29):
        for _family in range(families):
            family = make_family(palillo, {}, {"age": 14}, {"age": 3, "origin_country": "GT"}, by=desk)
            make_need(family.members.first(), "DS")
        with CaptureQueriesContext(connection) as queries:
            list(report.rows(asked))
        counted.append(len(queries))
    assert counted[0] == counted[1]
