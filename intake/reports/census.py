"""The census: who is in a shelter at a moment, in the cells the city published in November 2018.

Every person is counted once. What is not known is a cell of its own, so that the parts always make the whole.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_countries import countries

from intake.ages import born_on_or_before
from intake.models import Person, PersonNeed, Sex, SpecificNeed, Stay
from intake.models.families import UNRECORDED
from intake.reports.base import Report, share, shares
from intake.reports.census_cells import opening, together
from intake.reports.tables import COUNT, NUMBER, Column, Table
from shelters.models import Shelter

CountsAs = SpecificNeed.CountsAs


@dataclass(frozen=True)
class Census:
    """The numbers. `sex` and `origin` map a code to people, most people first, and add to `total`."""

    shelter: Shelter
    as_of: datetime
    computed_at: datetime
    total: int
    adults: int
    minors: int
    age_0_5: int
    pregnant: int
    unaccompanied_adolescents: int
    adults_with_disability: int
    adults_lgbtttiq: int
    unknown_age: int
    origin: dict[str, int]
    sex: dict[str, int]
    families: int


KEYS = [
    "total",
    "adults",
    "minors",
    "age_0_5",
    "pregnant",
    "unaccompanied_adolescents",
    "adults_with_disability",
    "adults_lgbtttiq",
    "unknown_age",
    "origin",
]


def census(shelter: Shelter, moment: datetime) -> Census:
    """Three queries, however many people: those present by origin and sex, their needs, their families."""
    stays = Stay.objects.covering(moment).filter(shelter=shelter).order_by()
    cells = together(shelter, moment)
    groups = list(_groups(shelter, moment, cells))
    needs = _needs(stays, moment, shelter.day_of(moment))
    return Census(
        shelter=shelter,
        as_of=moment,
        computed_at=timezone.now(),
        **{cell: sum(group[cell] for group in groups) for cell in cells},
        pregnant=needs["people", CountsAs.PREGNANT],
        adults_with_disability=needs["adults", CountsAs.DISABILITY],
        adults_lgbtttiq=needs["adults", CountsAs.LGBT],
        origin=_most_first(groups, "origin_country", UNRECORDED),
        sex=_most_first(groups, "sex", Sex.UNKNOWN),
        families=stays.aggregate(families=Count("person__family", distinct=True))["families"],
    )


def _groups(shelter: Shelter, moment: datetime, cells: dict[str, Q]):
    """One pass over the people gives every cell that has to add up, so that the cells cannot disagree."""
    people = Person.objects.present_at(moment, shelter).order_by()
    counts = {cell: Count("pk", filter=who) for cell, who in cells.items()}
    return people.values("origin_country", "sex").annotate(**counts)


def _needs(stays, moment: datetime, day: date) -> Counter:
    """(people or adults, cell) → how many of them have at least one standing need that counts there."""
    standing = PersonNeed.objects.standing_at(moment).exclude(need__counts_as="")
    grown = Q(person__birth_date__lte=born_on_or_before(18, day))
    found = Counter()
    for row in (
        standing.filter(person__in=stays.values("person"))
        .order_by()
        .values("need__counts_as")
        .annotate(people=Count("person", distinct=True), adults=Count("person", distinct=True, filter=grown))
    ):
        found["people", row["need__counts_as"]] = row["people"]
        found["adults", row["need__counts_as"]] = row["adults"]
    return found


def _most_first(groups: list[dict], key: str, unknown: str) -> dict[str, int]:
    counted = Counter()
    for group in groups:
        counted[group[key] or unknown] += group["total"]
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


class Cell(NamedTuple):
    """A cell of the census: its code, the cell it is a part of, and what it means in words."""

    code: str
    of: str
    label: str
    means: str


CELLS = [
    Cell(
        "total",
        "total",
        gettext_lazy("People present"),
        gettext_lazy("Everybody whose stay in this shelter covers the moment, each person once."),
    ),
    Cell(
        "adults",
        "total",
        gettext_lazy("Adults"),
        gettext_lazy("18 completed years or more on the shelter's day of that moment."),
    ),
    Cell(
        "minors",
        "total",
        gettext_lazy("Minors"),
        gettext_lazy("Under 18 on that day."),
    ),
    Cell(
        "unknown_age",
        "total",
        gettext_lazy("Age not recorded"),
        gettext_lazy("Neither an age nor a birth date is known. Counted neither as adults nor as minors."),
    ),
    Cell(
        "age_0_5",
        "minors",
        gettext_lazy("Aged 0 to 5"),
        gettext_lazy("Not yet six years old on that day."),
    ),
    Cell(
        "unaccompanied_adolescents",
        "minors",
        gettext_lazy("Unaccompanied adolescents"),
        gettext_lazy(
            "Aged 12 to 17, with no adult of their own family in the shelter; a travel companion is none. "
            "What staff confirmed or ruled out goes first. Families as they are known today."
        ),
    ),
    Cell(
        "pregnant",
        "total",
        gettext_lazy("Pregnant"),
        gettext_lazy("With a need recorded by then, and not ruled out, that counts as pregnancy."),
    ),
    Cell(
        "adults_with_disability",
        "adults",
        gettext_lazy("Adults with disability"),
        gettext_lazy("Adults with a need recorded by then, and not ruled out, that counts as disability."),
    ),
    Cell(
        "adults_lgbtttiq",
        "adults",
        gettext_lazy("LGBTTTI adults"),
        gettext_lazy("Adults with a need recorded by then, and not ruled out, that counts as LGBTTTI."),
    ),
]


WHOLE = ("adults", "minors", "unknown_age")  # everybody is in one of them


class Line(NamedTuple):
    """A row of the report, in the order of its columns."""

    code: str
    label: str
    count: int
    denominator: int | None = None
    share: int | None = None

    @property
    def share_text(self) -> str:
        """ "60 %"; a few people are never shown as nobody."""
        if self.share is None:
            return "–"
        return f"{'<1' if self.count and not self.share else self.share}\xa0%"


def cell_lines(result: Census) -> list[Line]:
    """The nine cells, each with its share of the cell it is part of; adults, minors, unknown add to 100."""
    whole = dict(zip(WHOLE, shares([getattr(result, part) for part in WHOLE]), strict=True))
    lines = []
    for cell in CELLS:
        count, denominator = getattr(result, cell.code), getattr(result, cell.of)
        percent = whole[cell.code] if cell.code in whole and denominator else share(count, denominator)
        lines.append(Line(cell.code, str(cell.label), count, denominator, percent))
    return lines


def sex_lines(result: Census) -> list[Line]:
    return _parts("sex", [(code, str(label), result.sex.get(code, 0)) for code, label in Sex.choices])


def origin_lines(result: Census) -> list[Line]:
    """Countries by number of people; those nobody recorded come last, also when there are none."""
    known = [(code, country(code), count) for code, count in result.origin.items() if code != UNRECORDED]
    unknown = (UNRECORDED, country(UNRECORDED), result.origin.get(UNRECORDED, 0))
    return _parts("origin", [*known, unknown])


def country(code: str) -> str:
    return str(countries.name(code)) or code


def _parts(group: str, parts: list[tuple[str, str, int]]) -> list[Line]:
    """Lines that make a whole, their shares adding to 100."""
    counts = [count for _code, _label, count in parts]
    total = sum(counts)
    percents = shares(counts) if total else [None] * len(parts)
    return [
        Line(f"{group}.{code}", label, count, total, percent)
        for (code, label, count), percent in zip(parts, percents, strict=True)
    ]


def lines_of(result: Census) -> list[Line]:
    """Every line of the file, in its order."""
    return [*cell_lines(result), families_line(result), *sex_lines(result), *origin_lines(result)]


def families_line(result: Census) -> Line:
    return Line("families", _("Families present"), result.families)


def of_whom(cell: str, number: int) -> str:
    """The denominator in words: "of 3,088 adults"."""
    words = {
        "total": ngettext("of %(number)s person", "of %(number)s people", number),
        "adults": ngettext("of %(number)s adult", "of %(number)s adults", number),
        "minors": ngettext("of %(number)s minor", "of %(number)s minors", number),
    }
    return words[cell] % {"number": f"{number:,}"}


class CensusReport(Report):
    slug = "census"
    title = gettext_lazy("Census")
    about = gettext_lazy("Who is in the shelter at a moment: ages, needs and countries of origin.")
    columns = [
        Column("code", gettext_lazy("Code")),
        Column("label", gettext_lazy("Cell")),
        Column("count", gettext_lazy("People"), NUMBER, outside=COUNT),
        Column("denominator", gettext_lazy("Of how many"), NUMBER),
        Column("share", gettext_lazy("Share (%)"), NUMBER),
    ]
    template = "reports/census.html"

    def tables(self, filters) -> list[Table]:
        return [
            Table(
                self.slug,
                self.title,
                self.columns,
                lambda: self.rows(filters),
                sums={"total": WHOLE},
                comes_and_goes=lambda row: row[0].startswith("origin.") and row[0] != f"origin.{UNRECORDED}",
            )
        ]

    def rows(self, filters) -> Iterable[Line]:
        return opening(lines_of(census(filters["shelter"], filters["as_of"])), filters)

    def context(self, filters) -> dict:
        result = census(filters["shelter"], filters["as_of"])
        lines = opening(cell_lines(result), filters)
        words = [of_whom(cell.of, line.denominator) for cell, line in zip(CELLS, lines, strict=True)]
        wholes = [(_("Sex"), sex_lines(result)), (_("Country of origin"), origin_lines(result))]
        [families] = opening([families_line(result)], filters)
        return {
            "census": result,
            "cells": list(zip(CELLS, lines, words, strict=True)),
            "families": families.count,
            "whole": lines[0].count,
            "wholes": [(heading, opening(parts, filters)) for heading, parts in wholes],
        }
