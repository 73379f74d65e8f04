"""Ages and birth dates as people say them. Pure functions; ages.js does the same and is tested against this.

What is known is kept with its precision. `Birth.born` is the middle of what is known (2 July for "1991", the
15th for "3/1991", so many years before the day it was said for an age): good for counting, never shown as a birthday.
"""

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

OLDEST = 120
DATE = re.compile(r"(?:(?:(\d{1,2})[/.\- ])?(\d{1,2})[/.\- ])?(\d{4})")
AGE = re.compile(r"(\d{1,3})\s*([a-záéíóúñ]*)")
UNITS = {
    "years": ("", "a", "año", "años", "ano", "anos", "y", "year", "years"),
    "months": ("m", "mes", "meses", "month", "months"),
    "weeks": ("s", "sem", "semana", "semanas", "w", "week", "weeks"),
    "days": ("d", "dia", "dias", "día", "días", "day", "days"),
}
UNIT_OF = {word: unit for unit, words in UNITS.items() for word in words}


# The first year of each age that a report tells apart: UNHCR's brackets, and the census of 2018 with its 0 to 5.
BRACKETS = (0, 5, 6, 12, 18, 60)
OLDEST_BRACKET_IS_WIDE = 20  # years; where the middle of "60 and over" is taken


class Birth(NamedTuple):
    """When somebody was born, as far as is known. `precision`: day, month, year, age, bracket or unknown.

    `said_on`: of an age the day it was said, of a bracket the last day on which it was true.
    """

    born: date | None = None
    precision: str = "unknown"
    said_on: date | None = None

    @classmethod
    def from_age(cls, years: int, said_on: date) -> "Birth":
        return cls(born_on_or_before(years, said_on), "age", said_on)

    def in_bracket(self, first: date, last: date) -> "Birth":
        """What may be kept of it for counting: the bracket in which somebody was from the first day to the last.

        Who came into the next bracket in between is in the right one on both days; the day itself is forgotten.
        """
        if not self.born or self.precision == "bracket":
            return self
        low, high = (bracket_of(max(age_on(self.born, day), 0)) for day in (first, last))
        if low == high:
            earliest = born_on_or_before(low[1] + 1, last) + timedelta(days=1)
            latest = born_on_or_before(low[0], first)
        else:  # the birthday that leads into the next one is somewhere in between
            earliest = born_on_or_before(high[0], first) + timedelta(days=1)
            latest = born_on_or_before(high[0], last)
        return Birth(earliest + (latest - earliest) // 2, "bracket", last)


class BadAge(ValueError):
    """What was typed is no age or birth date; the message says what to write instead."""


def parse(text: str, today: date) -> Birth:
    """Read `29`, `8m`, `3w` or `3s`, `1991`, `3/1991` or `14/3/1991`. Empty is unknown. Raises BadAge."""
    text = " ".join(text.strip().lower().split())
    if not text:
        return Birth()
    if found := DATE.fullmatch(text):
        birth = _from_date(*(int(part) if part else None for part in found.groups()), today)
    elif (found := AGE.fullmatch(text)) and found[2] in UNIT_OF:
        birth = _from_age(int(found[1]), UNIT_OF[found[2]], today)
    else:
        raise BadAge(
            _("Write an age or a birth date: 29, 8m (months), 3s (weeks), 1991, 3/1991 or 14/3/1991.")
        )
    if age_on(birth.born, today) > OLDEST:
        raise BadAge(
            _("Nobody is that old. Write an age up to %(oldest)d, or the year of birth.") % {"oldest": OLDEST}
        )
    return birth


def _from_date(day, month, year, today) -> Birth:
    if month is not None and not 1 <= month <= 12:
        raise BadAge(
            _("There is no month %(month)d. Write day/month/year, as in 14/3/1991.") % {"month": month}
        )
    if (year, month or 0, day or 0) > (today.year, (month and today.month) or 0, (day and today.day) or 0):
        raise BadAge(_("That date has not come yet. Write a birth date up to today."))
    if year < 1:
        raise BadAge(
            _("Nobody is that old. Write an age up to %(oldest)d, or the year of birth.") % {"oldest": OLDEST}
        )
    if day is not None:
        if not 1 <= day <= monthrange(year, month)[1]:
            raise BadAge(
                _("That month has no day %(day)d. Write day/month/year, as in 14/3/1991.") % {"day": day}
            )
        return Birth(date(year, month, day), "day")
    middle = date(year, month, 15) if month else date(year, 7, 2)
    return Birth(min(middle, today), "month" if month else "year")


def _from_age(number, unit, today) -> Birth:
    if (unit == "years" and number > OLDEST) or (unit != "years" and number > 999):
        raise BadAge(
            _("Nobody is that old. Write an age up to %(oldest)d, or the year of birth.") % {"oldest": OLDEST}
        )
    if unit == "years":
        return Birth.from_age(number, today)
    if unit == "months":
        return Birth(_months_before(number, today), "age", today)
    return Birth(today - timedelta(days=number * (7 if unit == "weeks" else 1)), "age", today)


def _months_before(months, today) -> date:
    years, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(years, month + 1, min(today.day, monthrange(years, month + 1)[1]))


def age_on(born: date, day: date) -> int:
    """Completed years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def born_on_or_before(years: int, day: date) -> date:
    """The latest birth date of somebody who has completed so many years on that day."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February, and that year has none
        return day.replace(year=day.year - years, day=28)


def bracket_of(years: int) -> tuple[int, int]:
    """The first and the last year of the bracket of an age."""
    first = max(each for each in BRACKETS if each <= years)
    above = [each for each in BRACKETS if each > years]
    return first, above[0] - 1 if above else first + OLDEST_BRACKET_IS_WIDE


def bracket_in_words(birth: Birth) -> str:
    """ "18 to 59 years (2018)": of somebody whose birth date is not kept any more."""
    first, last = bracket_of(max(age_on(birth.born, birth.said_on), 0))
    words = {"first": first, "last": last, "year": birth.said_on.year}
    if first == BRACKETS[-1]:
        return _("%(first)d or older (in %(year)d)") % words
    if first == last:
        return _("%(first)d years (in %(year)d)") % words
    return _("%(first)d to %(last)d years (in %(year)d)") % words


def in_words(birth: Birth, today: date) -> str:
    """ "29 years", "8 months", "3 weeks", or that it is not known."""
    if not birth.born:
        return _("Age not recorded")
    if birth.precision == "bracket":
        return bracket_in_words(birth)
    years = age_on(birth.born, today)
    if years >= 1:
        return ngettext("%(n)d year", "%(n)d years", years) % {"n": years}
    months = (
        (today.year - birth.born.year) * 12 + today.month - birth.born.month - (today.day < birth.born.day)
    )
    if months >= 1:
        return ngettext("%(n)d month", "%(n)d months", months) % {"n": months}
    weeks = max((today - birth.born).days, 0) // 7
    return ngettext("%(n)d week", "%(n)d weeks", weeks) % {"n": weeks}


def as_typed(birth: Birth) -> str:
    """What to put back into the field when somebody corrects it: the same precision as was said."""
    if birth.precision in ("unknown", "bracket"):
        return ""
    if birth.precision == "day":
        return f"{birth.born.day}/{birth.born.month}/{birth.born.year}"
    if birth.precision == "month":
        return f"{birth.born.month}/{birth.born.year}"
    if birth.precision == "year":
        return str(birth.born.year)
    years = age_on(birth.born, birth.said_on)
    if years:
        return str(years)
    days = (birth.said_on - birth.born).days
    months = (
        (birth.said_on.year - birth.born.year) * 12
        + birth.said_on.month
        - birth.born.month
        - (birth.said_on.day < birth.born.day)
    )
    return f"{months}m" if months else f"{days // 7}s"
