"""Working days in Mexico, against the calendar of the law."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake import working_days


def test_the_days_of_rest_of_a_year():
    assert sorted(working_days.holidays(2026)) == [
        *(date(2026, 1, 1), date(2026, 2, 2), date(2026, 3, 16), date(2026, 5, 1)),
        *(date(2026, 9, 16), date(2026, 11, 16), date(2026, 12, 25)),
    ]


@pytest.mark.parametrize(
    ("day", "rests"),
    [
        (date(2024, 10, 1), True),  # the first change of government in October
        (date(2030, 10, 1), True),
        (date(2025, 10, 1), False),
        (date(2018, 12, 1), True),  # and the last one in December
        (date(2024, 12, 1), False),
        (date(2018, 10, 1), False),
    ],
)
def test_the_change_of_government_every_six_years(day, rests):
    assert (day in working_days.holidays(day.year)) is rests


def test_twenty_working_days_over_two_holidays():
    # 2 November 2026 is a Monday like others; 16 November is not.
    assert working_days.after(date(2026, 11, 2), 20) == date(2026, 12, 1)
    # From a Saturday the count begins on Monday.
    assert working_days.after(date(2026, 11, 28), 1) == date(2026, 11, 30)
    # Over the new year.
    assert working_days.after(date(2026, 12, 24), 5) == date(2027, 1, 4)


@given(day=st.dates(date(2018, 1, 1), date(2040, 1, 1)), number=st.integers(1, 60))
def test_counting_back_gives_the_number(day, number):
    last = working_days.after(day, number)
    assert working_days.is_working_day(last)
    assert working_days.between(day, last) == number
    assert working_days.between(last, day) == -number
    assert last - day >= timedelta(days=number)
