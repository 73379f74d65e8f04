"""Working days in Mexico: Monday to Friday, without the days of rest of the Federal Labour Law (article 74)."""

from datetime import date, timedelta

SATURDAY = 5


def holidays(year: int) -> set[date]:
    """The days of rest that the law sets by the calendar; the one of an election is a Sunday anyway."""
    fixed = [date(year, 1, 1), date(year, 5, 1), date(year, 9, 16), date(year, 12, 25)]
    moved = [nth_monday(year, 2, 1), nth_monday(year, 3, 3), nth_monday(year, 11, 3)]
    return {*fixed, *moved, *change_of_government(year)}


def nth_monday(year: int, month: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=-first.weekday() % 7 + 7 * (n - 1))


def change_of_government(year: int) -> list[date]:
    """Every six years: on 1 October since 2024, on 1 December before."""
    if year % 6 != 2024 % 6:
        return []
    return [date(year, 10, 1) if year >= 2024 else date(year, 12, 1)]


def is_working_day(day: date) -> bool:
    return day.weekday() < SATURDAY and day not in holidays(day.year)


def after(day: date, number: int) -> date:
    """The working day that comes so many after a day; the day itself does not count."""
    while number:
        day += timedelta(days=1)
        number -= is_working_day(day)
    return day


def between(first: date, last: date) -> int:
    """How many working days follow the first, up to and with the last; below zero when the last is over."""
    if last < first:
        return -between(last, first)
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    return sum(map(is_working_day, days))
