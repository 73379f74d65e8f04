"""Frozen censuses: their numbers as lines, what changed from one to the next, and the sentence that is published."""

from collections.abc import Iterable
from typing import NamedTuple

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake.models import Cut
from intake.models.families import UNRECORDED
from intake.reports.base import shares
from intake.reports.census import CELLS, Census, Line, country, lines_of

GROUPS = ("sex", "origin")
SHOWN = 3  # countries in the published line; the rest are others


def numbers_of(result: Census) -> dict[str, int]:
    """Cell code → count, as in the file of the census. This is what is frozen."""
    found = {cell.code: getattr(result, cell.code) for cell in CELLS} | {"families": result.families}
    for group in GROUPS:
        found |= {f"{group}.{code}": count for code, count in getattr(result, group).items()}
    return found


def census_of(cut: Cut, also: Iterable[str] = ()) -> Census:
    """The frozen numbers as the census they were, with nobody in the cells of `also` that it had not.

    A database may have mixed the order of the countries; most people come first.
    """
    numbers = dict.fromkeys(also, 0) | cut.numbers
    cells = {code: count for code, count in numbers.items() if "." not in code}
    parts = {group: {} for group in GROUPS}
    for code, count in sorted(numbers.items(), key=lambda item: (-item[1], item[0])):
        group, dot, part = code.partition(".")
        if dot:
            parts[group][part] = count
    return Census(shelter=cut.shelter, as_of=cut.as_of, computed_at=cut.frozen_at, **cells, **parts)


class Compared(NamedTuple):
    """A cell of a cut beside the cut before it, if there is one, and beside the records of today."""

    line: Line
    since: int | None
    now: int
    change: int


def compared(cut: Cut, before: Cut | None, live: Census) -> list[tuple[str, list[Compared]]]:
    """(group, its lines): the cells with the families, sex, origin. A country of only one side is a line too."""
    now = numbers_of(live)
    earlier = before.numbers if before else {}
    lines = [
        Compared(
            line,
            line.count - earlier.get(line.code, 0) if before else None,
            now.get(line.code, 0),
            now.get(line.code, 0) - line.count,
        )
        for line in lines_of(census_of(cut, also=(*now, *earlier)))
    ]
    return [("cells", [each for each in lines if "." not in each.line.code])] + [
        (group, [each for each in lines if each.line.code.startswith(f"{group}.")]) for group in GROUPS
    ]


def published(result: Census, language: str) -> str:
    """The sentence for a bulletin, in a language that need not be the reader's."""
    with translation.override(language):
        young = counted("age_0_5", result.age_0_5)
        ages = [counted("adults", result.adults), f"{counted('minors', result.minors)} ({young})"]
        if result.unknown_age:
            ages.append(counted("unknown_age", result.unknown_age))
        others = ("pregnant", "unaccompanied_adolescents", "adults_with_disability", "adults_lgbtttiq")
        cells = ", ".join([*ages, *(counted(cell, getattr(result, cell)) for cell in others)])
        people = counted("total", result.total)
        return f"{people}: {cells}; {countries_of(result)}" if result.total else people


def counted(cell: str, number: int) -> str:
    words = {
        "total": ngettext("%(number)s person", "%(number)s people", number),
        "adults": ngettext("%(number)s adult", "%(number)s adults", number),
        "minors": ngettext("%(number)s minor", "%(number)s minors", number),
        "age_0_5": ngettext("%(number)s aged 0 to 5", "%(number)s aged 0 to 5", number),
        "unknown_age": ngettext("%(number)s of unknown age", "%(number)s of unknown age", number),
        "pregnant": ngettext("%(number)s pregnant", "%(number)s pregnant", number),
        "unaccompanied_adolescents": ngettext(
            "%(number)s unaccompanied adolescent", "%(number)s unaccompanied adolescents", number
        ),
        "adults_with_disability": ngettext(
            "%(number)s adult with disability", "%(number)s adults with disability", number
        ),
        "adults_lgbtttiq": ngettext("%(number)s LGBTTTI adult", "%(number)s LGBTTTI adults", number),
    }
    return words[cell] % {"number": f"{number:,}"}


def countries_of(result: Census) -> str:
    """Shares that add to 100: the countries of most people, all others together, and what nobody wrote down."""
    known = [(country(code), count) for code, count in result.origin.items() if code != UNRECORDED]
    rest = sum(count for _name, count in known[SHOWN:])
    parts = [*known[:SHOWN], (_("other"), rest), (_("not recorded"), result.origin.get(UNRECORDED, 0))]
    parts = [(name, count) for name, count in parts if count]
    percents = shares([count for _name, count in parts])
    return ", ".join(
        f"{percent or '<1'} % {name}" for (name, _count), percent in zip(parts, percents, strict=True)
    )
