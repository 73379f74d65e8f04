"""Ages as people say them: what is known is kept, nothing is invented."""

from datetime import date, timedelta

import pytest
from django.utils import translation
from hypothesis import example, given
from hypothesis import strategies as st

from intake.ages import OLDEST, BadAge, Birth, age_on, as_typed, born_on_or_before, in_words, parse
from tests.intake.age_cases import CASES, TODAY

FIRST_OF_JANUARY = (1, 1)
LEAP_DAY = date(2020, 2, 29)
days = st.dates(date(2000, 1, 1), date(2060, 12, 31))
years = st.integers(0, OLDEST)
UNITS = {"m": 999, "s": 999, "d": 999, "": OLDEST}
ages_said = st.sampled_from(sorted(UNITS)).flatmap(
    lambda unit: st.integers(0, UNITS[unit]).map(lambda number: f"{number}{unit}")
)


@st.composite
def said_births(draw):
    """(what was typed, the day it was typed): every form there is, for somebody who may be alive."""
    today = draw(days)
    born = draw(st.dates(today - timedelta(days=OLDEST * 365), today))
    typed = draw(
        st.sampled_from([f"{born.day}/{born.month}/{born.year}", f"{born.month}/{born.year}", str(born.year)])
        | ages_said
    )
    return typed, today


def message_of(text, today=TODAY):
    with pytest.raises(BadAge) as error, translation.override("en"):
        parse(text, today)
    return str(error.value)


# --- what is understood ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [text for text, meaning in CASES.items() if meaning])
def test_an_age_is_read_as_it_was_said(text):
    born, precision = CASES[text]
    birth = parse(text, TODAY)
    assert (birth.born and birth.born.isoformat(), birth.precision) == (born, precision)


@pytest.mark.parametrize(
    ("text", "said_on"), [("29", TODAY), ("8m", TODAY), ("1991", None), ("3/1991", None), ("14/3/1991", None)]
)
def test_only_an_age_keeps_the_day_it_was_said(text, said_on):
    assert parse(text, TODAY).said_on == said_on


@pytest.mark.parametrize(
    ("text", "today", "born"),
    [
        ("1m", date(2018, 1, 31), date(2017, 12, 31)),
        ("2m", date(2018, 1, 31), date(2017, 11, 30)),
        ("1m", date(2018, 3, 31), date(2018, 2, 28)),
        ("1m", date(2020, 3, 31), date(2020, 2, 29)),
        ("12m", date(2018, 1, 1), date(2017, 1, 1)),
        ("13m", date(2018, 1, 15), date(2016, 12, 15)),
        ("12m", LEAP_DAY, date(2019, 2, 28)),
        ("1s", date(2018, 1, 3), date(2017, 12, 27)),
    ],
)
def test_months_and_weeks_go_back_across_the_end_of_a_year(text, today, born):
    assert parse(text, today) == Birth(born, "age", today)


def test_an_age_said_on_a_leap_day_counts_from_the_day_before_in_other_years():
    assert parse("18", LEAP_DAY).born == date(2002, 2, 28)
    assert parse("20", LEAP_DAY).born == date(2000, 2, 29)


def test_what_is_said_of_this_year_is_never_born_tomorrow():
    """2 July and the 15th are the middle of what is known, unless they have not come yet."""
    new_year = date(2019, 1, 1)
    assert parse("2019", new_year) == Birth(new_year, "year")
    assert parse("1/2019", new_year) == Birth(new_year, "month")


def test_today_is_a_birth_date():
    assert parse("5/11/2018", TODAY) == Birth(TODAY, "day")


# --- what is not -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [text for text, meaning in CASES.items() if not meaning])
def test_what_is_no_age_is_refused(text):
    with pytest.raises(BadAge):
        parse(text, TODAY)


@pytest.mark.parametrize("text", ["14/3/0091", "3/0050", "0099", "1/1/0001"])
def test_a_year_of_long_ago_is_refused(text):
    assert "Nobody is that old" in message_of(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("abc", "29, 8m (months), 3s (weeks), 1991, 3/1991 or 14/3/1991"),
        ("200", "up to 120"),
        ("-3", "Write an age or a birth date"),
        ("6/11/2018", "has not come yet"),
        ("12/2018", "has not come yet"),
        ("2019", "has not come yet"),
        ("31/2/1990", "no day 31"),
        ("0/2/1990", "no day 0"),
        ("13/1990", "no month 13"),
        ("0/1990", "no month 0"),
        ("0000", "Nobody is that old"),
    ],
)
def test_a_refusal_says_what_to_write_instead(text, says):
    assert says in message_of(text)


# --- properties --------------------------------------------------------------------------------------------


@given(said_births())
def test_what_is_put_back_into_the_field_means_the_same(said):
    typed, today = said
    try:
        birth = parse(typed, today)
    except BadAge:
        assert typed.isdecimal()  # only a bare year can be too long ago for all who were born in it
        return
    again = parse(as_typed(birth), today)
    assert again.precision == birth.precision
    assert age_on(again.born, today) == age_on(birth.born, today)
    assert again.precision == "age" or again == birth


@given(born=st.dates(date(1880, 1, 1), date(2060, 12, 31)), day=days, completed=years)
@example(born=date(2004, 2, 29), day=date(2022, 2, 28), completed=18)
@example(born=date(2004, 2, 29), day=date(2022, 3, 1), completed=18)
@example(born=date(2002, 2, 28), day=LEAP_DAY, completed=18)
@example(born=date(2002, 3, 1), day=LEAP_DAY, completed=18)
def test_the_two_ways_to_count_an_age_agree(born, day, completed):
    """The rule of one person and the filter of a list: the same people are adults in both."""
    assert (age_on(born, day) >= completed) == (born <= born_on_or_before(completed, day))


@given(completed=years, said_on=days)
@example(completed=18, said_on=LEAP_DAY)
@example(completed=30, said_on=date(2018, 1, 1))
def test_no_first_of_january_is_invented_for_an_age(completed, said_on):
    birth = parse(str(completed), said_on)
    assert age_on(birth.born, said_on) == completed
    is_new_year = (birth.born.month, birth.born.day) == FIRST_OF_JANUARY
    assert is_new_year == ((said_on.month, said_on.day) == FIRST_OF_JANUARY)


@given(year=st.integers(1990, 2017), month=st.integers(1, 12))
def test_no_first_of_january_is_invented_for_a_year_or_a_month(year, month):
    for text in (str(year), f"{month}/{year}"):
        born = parse(text, TODAY).born
        assert (born.month, born.day) != FIRST_OF_JANUARY


@given(st.text(max_size=30), days)
def test_whatever_is_typed_is_read_or_refused(text, today):
    try:
        birth = parse(text, today)
    except BadAge as error:
        assert str(error)
    else:
        assert birth.born is None or 0 <= age_on(birth.born, today) <= OLDEST


# --- in words ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "en", "es"),
    [
        ("29", "29 years", "29 años"),
        ("1", "1 year", "1 año"),
        ("14m", "1 year", "1 año"),
        ("8m", "8 months", "8 meses"),
        ("1m", "1 month", "1 mes"),
        ("3s", "3 weeks", "3 semanas"),
        ("10d", "1 week", "1 semana"),
        ("2d", "0 weeks", "0 semanas"),
        ("5s", "1 month", "1 mes"),
        ("1991", "27 years", "27 años"),
        ("", "Age not recorded", "Edad sin registrar"),
    ],
)
def test_an_age_is_said_in_the_unit_people_use(text, en, es):
    birth = parse(text, TODAY)
    with translation.override("en"):
        assert in_words(birth, TODAY) == en
    with translation.override("es"):
        assert in_words(birth, TODAY) == es


def test_an_age_grows_with_the_days():
    baby = parse("8m", TODAY)
    with translation.override("en"):
        assert in_words(baby, date(2019, 3, 4)) == "11 months"
        assert in_words(baby, date(2019, 3, 5)) == "1 year"


@pytest.mark.parametrize("text", ["", "29", "8m", "3s", "0s", "1991", "3/1991", "14/3/1991", "1/1/1991"])
def test_a_correction_begins_with_what_was_said(text):
    assert as_typed(parse(text, TODAY)) == text
