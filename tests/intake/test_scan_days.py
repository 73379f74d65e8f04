"""Midnights: the shelter's own decides what a day is, and UTC's, at 18:00 in Mexico City, decides nothing."""

import uuid
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from intake import actions
from intake.forms.scan import Round
from intake.models import ServiceReceived, ServiceType
from shelters.middleware import Shift
from tests import factories

pytestmark = pytest.mark.django_db
HERE = ZoneInfo("America/Mexico_City")


@pytest.fixture
def scan(palillo, cast):
    """`scan(moment, service)`: what came of holding out the same card; its rows."""
    family = factories.make_family(palillo, {}, by=cast.volunteer, at=datetime(2018, 11, 4, 15, tzinfo=UTC))
    card = factories.make_card(family)

    def at(moment, service="FOOD-DIN", meal="", chosen_on=None):
        with time_machine.travel(moment, tick=False):
            day = (chosen_on or palillo.day_of(moment)).isoformat()
            chosen = Round(service, meal, None, palillo.pk, "food 1", day)
            what = chosen.given_now(ServiceType.objects.get(pk=service), cast.volunteer)
            return actions.serve(key=uuid.uuid4(), code=card.code, what=what, by=cast.volunteer)

    return at


def clock(day, hour, minute):
    return datetime(2018, 11, day, hour, minute, tzinfo=HERE)


def test_a_minute_before_and_after_midnight_are_two_days(scan):
    before, after = scan(clock(6, 23, 59)), scan(clock(7, 0, 1))
    assert [before.state, after.state] == ["served", "served"]
    assert [before.rows[0].given_on, after.rows[0].given_on] == [date(2018, 11, 6), date(2018, 11, 7)]
    assert [before.rows[0].slot, after.rows[0].slot] == ["dinner", "breakfast"]


def test_midnight_in_utc_is_no_midnight(scan):
    before, after = scan(clock(6, 17, 59)), scan(clock(6, 18, 1))
    assert [before.state, after.state] == ["served", "already"]
    assert [row.given_on for row in ServiceReceived.objects.all()] == [date(2018, 11, 6)]
    assert next(iter(after.had.values())).given_at == clock(6, 17, 59)


def test_after_midnight_in_utc_the_evening_is_still_that_day(scan):
    served = scan(clock(6, 18, 1))
    assert (served.rows[0].given_on, served.rows[0].slot) == (date(2018, 11, 6), "dinner")
    assert scan(clock(6, 23, 59)).state == "already"


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        (clock(6, 11, 59), clock(6, 12, 1), "served"),  # breakfast, then the midday meal
        (clock(6, 16, 59), clock(6, 17, 1), "served"),  # midday, then dinner
        (clock(6, 17, 59), clock(6, 18, 1), "already"),  # both dinner, two days in UTC
        (clock(6, 12, 1), clock(6, 16, 59), "already"),
        (clock(6, 23, 59), clock(7, 0, 1), "served"),
    ],
)
def test_once_a_meal(scan, first, second, state):
    ServiceType.objects.filter(pk="FOOD-SPE").update(limit_per="meal")
    assert scan(first, "FOOD-SPE").state == "served"
    assert scan(second, "FOOD-SPE").state == state


def test_a_line_that_runs_late_still_serves_its_meal(scan):
    ServiceType.objects.filter(pk="FOOD-SPE").update(limit_per="meal")
    late = scan(clock(6, 17, 30), "FOOD-SPE", meal="lunch")
    assert late.rows[0].slot == "lunch"
    assert scan(clock(6, 17, 40), "FOOD-SPE").state == "served"  # dinner is another meal
    assert scan(clock(6, 17, 50), "FOOD-SPE", meal="lunch").state == "already"


def test_a_chosen_meal_ends_at_midnight(scan):
    """Whoever forgets it does not serve yesterday's dinner at breakfast."""
    served = scan(clock(7, 0, 1), meal="dinner", chosen_on=date(2018, 11, 6))
    assert (served.rows[0].given_on, served.rows[0].slot) == (date(2018, 11, 7), "breakfast")


def test_the_clock_is_the_shelters_own(annex, cast):
    """Tijuana is two hours behind the capital: its midnight is another moment."""
    annex.timezone = "America/Tijuana"
    annex.save()
    family = factories.make_family(annex, {}, by=cast.stranger)
    card, moment = factories.make_card(family), clock(7, 0, 30)
    shift = Shift(annex.pk, annex.name, annex.timezone, "food 1")
    with time_machine.travel(moment, tick=False):
        what = Round("FOOD-DIN", "", None, shift.shelter_id, "", "2018-11-06").given_now(
            ServiceType.objects.get(pk="FOOD-DIN"), cast.stranger
        )
        served = actions.serve(key=uuid.uuid4(), code=card.code, what=what, by=cast.stranger)
    assert (served.rows[0].given_on, served.rows[0].slot) == (date(2018, 11, 6), "dinner")
