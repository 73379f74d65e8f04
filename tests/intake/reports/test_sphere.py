"""The board against figures that were published, and at its edges."""

from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from intake.models import ServiceType
from intake.reports.occupancy_sphere import KEPT, MEALS
from intake.reports.sphere import HAVE, board, indicators

NOTHING = dict.fromkeys([*HAVE.values(), "present", "present_yesterday"])


def rows(**facts):
    return {row[0].code: row for row in board({**NOTHING, **facts})}


def test_november_2018_in_the_stadium_is_red():
    """5,500 people, 140 toilets, 60 shower places: 39 a toilet. It would have taken 275."""
    found = rows(present=5500, toilets=140, showers=60, area=5500, water=82500)
    toilets = found["WSH-TOI"]
    assert round(toilets[2]) == 39
    assert (toilets[1].code, toilets[1].mark, *toilets[5:]) == ("missed", "missed", 140, 275)
    assert round(found["WSH-SHW"][2]) == 92
    assert found["WSH-SHW"][1].code == "missed"
    assert found["SHL-AREA"][6] == 19250
    assert (found["WSH-WAT"][1].code, found["WSH-WAT"][6]) == ("met", 82500)


@pytest.mark.parametrize(
    "people,state", [(2000, "met"), (2001, "near"), (2200, "near"), (2201, "missed"), (0, "none")]
)
def test_the_edges_of_people_per_toilet(people, state):
    assert rows(present=people, toilets=100)["WSH-TOI"][1].code == state


@pytest.mark.parametrize(
    "blankets,state", [(200, "met"), (199, "near"), (180, "near"), (179, "missed"), (0, "missed")]
)
def test_the_edges_of_blankets_per_person(blankets, state):
    assert rows(present=100, blankets=blankets)["SHL-BLK"][1].code == state


@pytest.mark.parametrize("people,state", [(90, "met"), (91, "near"), (100, "near"), (101, "missed")])
def test_the_edges_of_occupancy(people, state):
    assert rows(present=people, capacity=100)["SHL-OCC"][1].code == state


def test_no_toilet_at_all_is_missed_and_has_no_value():
    _label, state, value, *_rest = rows(present=5, toilets=0)["WSH-TOI"]
    assert (state.code, value) == ("missed", None)


def test_what_nobody_wrote_down_is_not_known():
    assert {row[1].code for row in board(NOTHING)} == {"none"}


def test_yesterdays_meals_are_divided_by_who_was_there_yesterday():
    found = rows(present=10, present_yesterday=100, meals=300)["FSC-MEAL"]
    assert (found[1].code, found[2]) == ("met", 3)


def test_every_indicator_has_its_words_and_its_fact():
    assert {each.code for each in indicators()} == set(HAVE)
    for each in indicators():
        assert each.label_es and each.label_en and each.unit_es and each.source
        assert each.op in ("<=", ">=")
        assert each.state(each.met) == "met"


def test_the_services_that_are_counted_exist(db):
    assert ServiceType.objects.filter(code__in=[*KEPT, *MEALS]).count() == len(KEPT) + len(MEALS)


def test_the_words_follow_the_language():
    for language, word in (("es", "Personas por sanitario"), ("en", "People per toilet")):
        with translation.override(language):
            assert rows()["WSH-TOI"][0] == word


@given(st.integers(1, 10**7), st.integers(0, 10**6))
def test_what_it_takes_is_enough_and_not_one_more(people, _have):
    for each in indicators():
        needed = each.needed(people)
        enough, short = each.value(needed, people), each.value(needed - 1, people)
        sign = 1 if each.op == "<=" else -1
        assert sign * enough <= sign * each.target
        assert short is None or short == Decimal("Infinity") or sign * short > sign * each.target
