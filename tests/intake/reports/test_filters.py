"""Periods and moments as they are typed, on the clock of the shelter."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.reports.filters import PERIODS, Filters, PeriodFilters, days_of
from tests.factories import NOW, make_family, make_shelter

TODAY = date(2018, 11, 6)


@pytest.fixture
def today(monkeypatch):
    """It is the evening of the 6th in Mexico, and already the 7th in UTC."""
    evening = datetime(2018, 11, 6, 20, tzinfo=ZoneInfo("America/Mexico_City"))
    monkeypatch.setattr("shelters.models.timezone.now", lambda: evening)


@pytest.fixture
def ask(palillo, today):
    def asked(**typed):
        query = QueryDict(mutable=True)
        query.update({"shelter": "palillo", **typed})
        return PeriodFilters(query, shelters=[palillo])

    return asked


def days(filters):
    assert filters.is_valid(), filters.errors
    return filters.cleaned_data["since"].day, filters.cleaned_data["until"].day


@pytest.mark.parametrize(
    "typed,wanted",
    [
        ({}, (4, 6)),
        ({"period": "today"}, (6, 6)),
        ({"period": "yesterday"}, (5, 5)),
        ({"period": "last_3"}, (4, 6)),
        ({"period": "last_7"}, (31, 6)),
        ({"period": "opening"}, (3, 6)),
        ({"since": "2018-11-04", "until": "2018-11-05"}, (4, 5)),
        ({"since": "2018-11-04"}, (4, 4)),
        ({"until": "2018-11-05"}, (5, 5)),
        ({"period": "dates", "since": "2018-11-04", "until": "2018-11-06"}, (4, 6)),
        ({"period": "today", "since": "rubbish"}, (6, 6)),
    ],
)
def test_a_period_is_days_of_the_shelter(typed, wanted, ask):
    assert days(ask(**typed)) == wanted


@pytest.mark.parametrize("period", PERIODS)
def test_a_shelter_that_has_closed_ends_with_its_last_day(period, db):
    shelter = make_shelter(opened_on=date(2018, 11, 1), closed_on=date(2018, 11, 4))
    since, until = days_of(period, shelter, TODAY)
    assert since <= until
    if period == "opening":
        assert (since, until) == (date(2018, 11, 1), date(2018, 11, 4))


def test_a_shelter_that_has_not_opened_yet(db):
    shelter = make_shelter(opened_on=date(2018, 12, 1))
    assert days_of("opening", shelter, TODAY) == (TODAY, TODAY)


@pytest.mark.parametrize(
    "typed,field",
    [
        ({"period": "dates"}, "since"),
        ({"since": "2018-11-05", "until": "2018-11-04"}, "until"),
        ({"until": "2018-11-07"}, "until"),
        ({"since": "2018-11-07"}, "since"),
        ({"since": "7/11/2018"}, "since"),
        ({"since": "2018-02-30"}, "since"),
        ({"since": "0001-01-01"}, "since"),
        ({"until": "9999-12-31"}, "until"),
        ({"since": "２０１８-11-05"}, "since"),
        ({"since": "2018-11-05\0"}, "since"),
        ({"period": "fortnight"}, "period"),
        ({"period": "today\0"}, "period"),
    ],
)
def test_a_period_nobody_can_read_is_answered_beside_the_field(typed, field, ask):
    filters = ask(**typed)
    assert not filters.is_valid()
    assert list(filters.errors) == [field]
    assert filters[field].value() == typed.get(field)


def test_a_date_that_a_browser_cannot_show_keeps_a_plain_field(ask):
    assert 'type="date"' in str(ask(since="2018-11-05")["since"])
    assert 'type="text"' in str(ask(since="7/11/2018")["since"])


def test_what_the_links_carry_is_the_same_choice_again(ask):
    first = ask(period="last_3")
    assert first.is_valid()
    assert first.in_address() == {"since": "2018-11-04", "until": "2018-11-06"}
    assert days(ask(**first.in_address())) == days(first)


def test_a_bare_day_of_a_moment_is_its_last_minute():
    assert Filters.of_day("2018-11-07") == {"as_of": "2018-11-07T23:59:59"}
    assert Filters.of_day("2018-11-07T15:00") == {"as_of": "2018-11-07T15:00"}
    assert Filters.of_day("") == {}


@pytest.fixture
def page(coordinator, palillo):
    make_family(palillo, {}, at=NOW)
    return lambda **typed: coordinator.get(reverse("reports:page", args=["arrivals"]), typed)


def test_the_page_keeps_what_was_typed(page):
    answer = page(since="2018-11-09", until="soon")
    assert answer.status_code == 422
    assert 'value="soon"' in answer.text
    assert 'value="2018-11-09"' in answer.text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(since=st.one_of(st.text(max_size=12), st.dates().map(str)), until=st.text(max_size=12))
def test_no_period_breaks_the_page(since, until, page):
    assert page(since=since, until=until).status_code in (200, 422)
