"""The pages of a report: first the happy path, then who may not, then bad input."""

from datetime import UTC, datetime

import html5lib
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.reports.base import Report
from intake.reports.census import CensusReport
from shelters.models import AccessEvent
from tests.factories import NOW, make_family, make_shelter, make_user
from tests.intake.pages import export

AS_OF = "2018-11-06T15:00"  # six hours after NOW on the shelter's clock


def page(**asked):
    with translation.override("es"):
        return reverse("reports:page", args=["census"], query=asked or None)


def csv(**asked):
    with translation.override("es"):
        return reverse("reports:csv", args=["census"], query=asked or None)


def index():
    with translation.override("es"):
        return reverse("reports:index")


@pytest.fixture
def family(palillo):
    return make_family(palillo, {"age": 34}, {"age": 11}, {"age": None, "origin_country": "XU"})


def test_the_menu_leads_to_every_report(coordinator):
    response = coordinator.get(index())
    assert response.status_code == 200
    assert page() in response.text


def test_the_page_shows_the_numbers_their_denominators_and_the_moment(coordinator, family):
    response = coordinator.get(page(shelter="palillo", as_of=AS_OF))
    assert response.status_code == 200
    census = response.context["census"]
    assert (census.total, census.adults, census.minors, census.unknown_age) == (3, 1, 1, 1)
    assert census.as_of == datetime(2018, 11, 6, 21, 0, tzinfo=UTC)
    text = text_of(response)
    for expected in ("34 %", "America/Mexico_City", "15:00", "Honduras", "100 %"):
        assert expected in text


def text_of(response):
    tree = html5lib.HTMLParser(strict=True).parse(response.text)
    return " ".join("".join(tree.itertext()).replace("\xa0", " ").split())


def test_the_moment_is_now_and_the_shelter_the_only_one_when_nothing_is_asked(coordinator, family):
    response = coordinator.get(page())
    assert response.context["shelter"].code == "palillo"
    assert (response.context["computed_at"] - response.context["as_of"]).total_seconds() < 5
    assert response.context["census"].total == 3


def test_whoever_has_several_shelters_chooses(cast, annex, coordinator):
    cast.coordinator.shelters.add(annex)
    response = coordinator.get(page())
    assert response.status_code == 200
    assert not response.context["found"]
    assert coordinator.get(page(shelter="anexo")).context["shelter"] == annex
    assert coordinator.get(csv()).status_code == 422
    assert not AccessEvent.objects.filter(action="exported").exists()


def test_an_empty_shelter_says_so_in_a_sentence(coordinator, palillo):
    response = coordinator.get(page(as_of=AS_OF))
    assert "<dl" not in response.text
    assert "Estadio Palillo" in response.text


def test_the_csv_holds_the_same_numbers_as_the_page(coordinator, family):
    response = export(coordinator, csv(shelter="palillo", as_of=AS_OF))
    assert response.streaming
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == (
        'attachment; filename="puente_census_palillo_2018-11-06T1500.csv"'
    )
    lines = response.getvalue().decode("utf-8-sig").split("\r\n")
    cells = {line.split(",")[0]: line.split(",")[2:] for line in lines if line}
    assert cells["total"] == ["3", "3", "100"]
    assert cells["adults"] == ["1", "3", "34"]
    assert cells["age_0_5"] == ["0", "1", "0"]
    assert cells["origin.HN"] == ["2", "3", "67"]
    assert cells["families"] == ["1", "", ""]


def test_the_page_links_to_the_csv_of_the_very_same_moment(coordinator, family):
    response = coordinator.get(page())
    link = response.text.split(".csv?")[1].split('"')[0].replace("&amp;", "&")
    answer = export(coordinator, f"{csv()}?{link}")
    assert answer.status_code == 200
    opened, exported = AccessEvent.objects.filter(action__in=["report_opened", "exported"]).order_by("pk")
    assert opened.detail["as_of"] == exported.detail["as_of"]


def test_page_and_csv_leave_an_event(coordinator, cast, palillo, family):
    coordinator.get(page(as_of=AS_OF))
    export(coordinator, csv(as_of=AS_OF))
    opened, exported = AccessEvent.objects.filter(action__in=["report_opened", "exported"]).order_by("pk")
    assert (opened.action, exported.action) == ("report_opened", "exported")
    for event in (opened, exported):
        assert (event.user, event.shelter) == (cast.coordinator, palillo)
    detail = {"report": "census", "as_of": "2018-11-06T15:00:00-06:00"}
    assert opened.detail == detail
    why = {"purpose": "own_work", "outside": False}
    assert exported.detail == {**detail, **why, "format": "csv", "table": "census"}


def test_the_page_is_the_same_size_for_thirty_families(coordinator, palillo):
    desk, counted = make_user(shelters=[palillo]), []
    for families in (1, 29):
        for _family in range(families):
            make_family(palillo, {}, {"age": 14}, by=desk)
        with CaptureQueriesContext(connection) as queries:
            coordinator.get(page(as_of=AS_OF))
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_a_report_without_a_page_of_its_own_shows_its_rows(coordinator, family, monkeypatch):
    monkeypatch.setattr(CensusReport, "template", Report.template)
    monkeypatch.setattr(CensusReport, "context", Report.context)
    response = coordinator.get(page(as_of=AS_OF))
    assert "origin.HN" in text_of(response)
    monkeypatch.setattr(CensusReport, "rows", lambda *_args: [])
    assert "<thead>" not in coordinator.get(page(as_of=AS_OF)).text


# --- who may not -----------------------------------------------------------------------


@pytest.mark.parametrize("address", [page, csv, index])
def test_nobody_signed_out(address, palillo):
    response = Client().get(address())
    assert response.status_code == 302
    assert "/account/login/" in response["Location"]


@pytest.mark.parametrize("address", [page, csv, index])
@pytest.mark.parametrize("role", ["volunteer", "legal", "health", "administrator", "stranger"])
def test_nobody_without_the_right_to_reports(address, role, cast, sign_in, family):
    assert sign_in(getattr(cast, role)).get(address()).status_code == 404
    assert not AccessEvent.objects.filter(action__in=["report_opened", "exported"]).exists()


@pytest.mark.parametrize("address", [page, csv, index])
def test_nobody_who_may_not_open_the_admin(address, cast, coordinator, family):
    cast.coordinator.is_staff = False
    cast.coordinator.save()
    assert coordinator.get(address()).status_code == 404


def test_the_data_officer_may(cast, sign_in, family):
    assert sign_in(cast.data_officer).get(page()).status_code == 200


@pytest.mark.parametrize("address", [page, csv])
@pytest.mark.parametrize("code", ["anexo", "no-such", "palillo\0", "PALILLO"])
def test_another_shelter_is_not_there(address, code, coordinator, annex):
    assert coordinator.get(address(shelter=code)).status_code == 404


@pytest.mark.parametrize("address", [page, csv])
def test_somebody_of_no_shelter_finds_nothing(address, sign_in, db):
    assert sign_in(make_user("coordinator")).get(address()).status_code == 404


def test_a_report_that_does_not_exist(coordinator):
    assert coordinator.get(page().replace("census", "padron")).status_code == 404


@pytest.mark.parametrize("address", [page, index])
def test_reports_are_only_read(address, coordinator):
    assert coordinator.post(address()).status_code == 405


# --- bad input -----------------------------------------------------------------------

BAD = [
    "garbage",
    "2018-11-07T25:00",
    "2018-11-07T23:00:00+05:30:15.500000",
    "99999-01-01T00:00",
    "0001-01-01T00:00",
    "9999-12-31T23:59-12:00",
    "7/11/2018",
]
BAD += [
    "2018-11-07T23:00\0",
    "x" * 5000,
    "<script>",
    "２０１８-11-07T23:00",
    "0000",
    "2018-11-07T23:00+99:00",
]


@pytest.mark.parametrize("address", [page, csv])
@pytest.mark.parametrize("typed", BAD)
def test_a_bad_moment_is_answered_beside_the_field(address, typed, coordinator, family):
    response = coordinator.get(address(as_of=typed))
    assert response.status_code == 422
    filters = response.context["filters"]
    assert list(filters.errors) == ["as_of"]
    assert 'aria-invalid="true"' in str(filters["as_of"])
    assert 'type="text"' in str(filters["as_of"])  # a date field would hide what was typed
    assert filters["as_of"].value() == typed
    assert not AccessEvent.objects.filter(action__in=["report_opened", "exported"]).exists()


@pytest.mark.parametrize(
    "typed",
    [
        "2018-11-06T15:00",
        "2018-11-06 15:00:00",
        "2018-11-06T21:00Z",
        "2018-11-06T15:00-06:00",
        "2018-11-06T22:00 01:00",  # the plus of an address that nobody escaped
        "20181106T150000",
    ],
)
def test_ways_to_write_one_moment(typed, coordinator, family):
    assert coordinator.get(page(as_of=typed)).context["as_of"] == datetime(2018, 11, 6, 21, 0, tzinfo=UTC)


def test_the_wall_clock_is_that_of_the_shelter(cast, coordinator):
    cast.coordinator.shelters.add(make_shelter("tijuana", timezone="America/Tijuana"))
    response = coordinator.get(page(shelter="tijuana", as_of=AS_OF))
    assert response.context["as_of"] == datetime(2018, 11, 6, 23, 0, tzinfo=UTC)
    assert "15:00" in text_of(response)


def test_a_moment_that_a_browser_field_can_show_gets_one(coordinator):
    for typed in ("", AS_OF):
        assert 'type="datetime-local"' in str(coordinator.get(page(as_of=typed)).context["filters"]["as_of"])
    assert 'type="text"' in str(coordinator.get(page(as_of=f"{AS_OF}Z")).context["filters"]["as_of"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.one_of(st.text(max_size=45), st.datetimes().map(str), st.datetimes().map(datetime.isoformat)))
def test_no_moment_breaks_the_page(typed, coordinator):
    assert coordinator.get(page(), {"as_of": typed}).status_code in (200, 422)


def test_now_is_after_everything_so_far(coordinator, family):
    assert coordinator.get(page()).context["as_of"] > NOW
