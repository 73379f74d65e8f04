"""Ages and sexes of who is in a shelter at a moment, in UNHCR's brackets, the census's and any others."""

from datetime import date
from functools import cache, partial
from typing import NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.ages import OLDEST, born_on_or_before
from intake.models import Person, Sex
from intake.reports.base import Report
from intake.reports.charts import Chart
from intake.reports.filters import Filters
from intake.reports.suppression import add, teller
from intake.reports.tables import AS_IS, COUNT, NUMBER, Coded, Column, Counted, Table

UNHCR = (0, 5, 12, 18, 60)
CENSUS = (0, 6, 12, 18)
TAGS = (
    "children+age0_4",
    "children+age5_11",
    "adolescents+age12_17",
    "adults+age18_59",
    "elderly+age60_plus",
)
AFFECTED = "#affected+migrants+ind"


class Bracket(NamedTuple):
    """Completed years, both included; `oldest` is None where it has no end."""

    youngest: int
    oldest: int | None

    @property
    def code(self) -> str:
        return f"{self.youngest}+" if self.oldest is None else f"{self.youngest}-{self.oldest}"

    @property
    def label(self) -> str:
        return f"{self.youngest}+" if self.oldest is None else f"{self.youngest}–{self.oldest}"

    def holds(self, day: date, of: str = "") -> Q:
        """Of the youngest bracket nobody is too young: "0 years" may be born, by that, on the day it was said.

        `of` leads to the person: "person__" from what somebody received.
        """
        born = Q(**{f"{of}birth_date__isnull": False})
        if self.youngest:
            born &= Q(**{f"{of}birth_date__lte": born_on_or_before(self.youngest, day)})
        if self.oldest is not None:
            born &= Q(**{f"{of}birth_date__gt": born_on_or_before(self.oldest + 1, day)})
        return born


def brackets(firsts) -> list[Bracket]:
    """From the first years of each: 0, 5, 12 gives 0–4, 5–11, 12+."""
    ends = [*(first - 1 for first in firsts[1:]), None]
    return [Bracket(*bounds) for bounds in zip(firsts, ends, strict=True)]


def lines(asked: list[Bracket], day: date) -> dict[str, Q]:
    """Bracket code, "unknown" or "total" → who stands in that line."""
    known = {bracket.code: bracket.holds(day) for bracket in asked}
    return {**known, "unknown": Q(birth_date__isnull=True), "total": Q()}


def count(shelter, moment, asked: list[Bracket]) -> dict[str, dict[str, int]]:
    """Line → sex → people. One pass, so that the brackets cannot disagree."""
    who = lines(asked, shelter.day_of(moment))
    cells = {f"line{place}": Count("pk", filter=line) for place, line in enumerate(who.values())}
    people = Person.objects.present_at(moment, shelter).order_by()
    by_sex = {row["sex"]: row for row in people.values("sex").annotate(**cells)}
    return {
        code: {sex: by_sex.get(sex, {}).get(cell, 0) for sex in Sex.values}
        for code, cell in zip(who, cells, strict=True)
    }


class AgeFilters(Filters):
    """Adds {"ages": first years of brackets of one's own, or nothing}."""

    ages = forms.CharField(
        label=gettext_lazy("Other age brackets"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("The first year of each: 0, 3, 6, 13, 18, 30."),
    )
    field_order = ("shelter", "as_of", "ages")

    def clean_ages(self):
        typed = self.cleaned_data["ages"].replace(",", " ").split()
        if not all(each.isascii() and each.isdigit() and int(each) <= OLDEST for each in typed):
            raise ValidationError(_("Write whole years, such as 0, 3, 6, 13, 18, 30."))
        firsts = sorted({0, *map(int, typed)}) if typed else []
        if len(firsts) > 20:
            raise ValidationError(_("Write 20 brackets at most."))
        return firsts

    def in_address(self) -> dict:
        ages = self.cleaned_data["ages"]
        return {**super().in_address(), **({"ages": ",".join(map(str, ages))} if ages else {})}


class AgeSexReport(Report):
    slug = "age_sex"
    title = gettext_lazy("Age and sex")
    about = gettext_lazy("Who is in the shelter at a moment, by age bracket and sex, as a pyramid.")
    filters = AgeFilters
    columns = (
        Column("bracket", gettext_lazy("Age"), hxl="#x_age_bracket", means=gettext_lazy("Completed years.")),
        Column("women", gettext_lazy("Women"), NUMBER, f"{AFFECTED}+f", outside=COUNT),
        Column("men", gettext_lazy("Men"), NUMBER, f"{AFFECTED}+m", outside=COUNT),
        Column("other", gettext_lazy("Other"), NUMBER, f"{AFFECTED}+i", outside=COUNT),
        Column("unknown", gettext_lazy("Not recorded"), NUMBER, f"{AFFECTED}+unknown", outside=COUNT),
        Column(
            "total",
            gettext_lazy("People"),
            NUMBER,
            f"{AFFECTED}+total",
            outside=("women", "men", "other", "unknown"),
        ),
    )

    def tables(self, filters) -> list[Table]:
        shelter, moment, own = filters["shelter"], filters["as_of"], brackets(filters.get("ages") or (0,))
        sets = {"age_sex": brackets(UNHCR), "census_ages": brackets(CENSUS), "own_ages": own}
        asked = list(dict.fromkeys(bracket for each in sets.values() for bracket in each))
        counted = cache(lambda: count(shelter, moment, asked))
        who, present = lines(asked, shelter.day_of(moment)), Person.objects.present_at(moment, shelter)

        def records(line, **sex):
            return present.filter(who[line], **sex)

        titles = [_("UNHCR brackets"), _("Brackets of the census"), _("Other age brackets")]
        found = [
            self.table(code, title, each, counted, records)
            for (code, each), title in zip(sets.items(), titles, strict=True)
            if code != "own_ages" or filters.get("ages")
        ]
        return [*found, demographics(filters, counted)]

    def table(self, code, title, asked, counted, records) -> Table:
        known = [Coded(each.code, _("%(ages)s years") % {"ages": each.label}) for each in asked]
        named = [*known, Coded("unknown", _("Not recorded"))]

        def row(line):
            people = counted()[line.code]
            cells = [
                Counted(people[sex], f"{line.code}.{sex}", partial(records, line.code, sex=sex))
                for sex in Sex.values
            ]
            return (line, *cells, Counted(sum(cells), line.code, partial(records, line.code)))

        return Table(
            code,
            title,
            self.columns,
            lambda: map(row, named),
            draw=lambda rows: draw(code, rows),
            foot=lambda _rows: row(Coded("total", _("All people"))),
            inside_only=code != self.slug,
        )


def draw(code, rows) -> Chart:
    """Women to the left, men to the right. Whose sex is another or not recorded stand in words and in the table."""
    drawn = list(reversed(rows))  # the oldest on top; whose age nobody knows above them
    words = _("Other sex: %(other)s. Sex not recorded: %(unknown)s. Everybody: %(total)s.")
    sums = [sum(column) for column in list(zip(*rows, strict=True))[1:]]
    about = words % {"other": f"{sums[2]:,}", "unknown": f"{sums[3]:,}", "total": f"{sums[4]:,}"}
    series = [(_("Women"), [row[1] for row in drawn]), (_("Men"), [row[2] for row in drawn])]
    return Chart("pyramid", code, _("Age and sex"), about, [row[0] for row in drawn], series)


def demographics(filters, counted) -> Table:
    """One line for partners, in the columns of humanitarian exchange; they add to the total."""
    shelter, moment = filters["shelter"], filters["as_of"]
    place = [
        Column("date", _("Reporting date"), hxl="#date+reported"),
        Column("shelter", _("Shelter"), hxl="#loc+name"),
        Column("shelter_code", _("Shelter identifier"), hxl="#loc+id"),
    ]
    parts = [
        Column(
            f"{sex.lower()}_{bracket.code}", f"{Sex(sex).label} {bracket.label}", NUMBER, tag, outside=COUNT
        )
        for sex in ("F", "M")
        for bracket, tag in zip(
            brackets(UNHCR), (f"{AFFECTED}+{sex.lower()}+{each}" for each in TAGS), strict=True
        )
    ]
    rest = [
        Column("i", _("Other sex"), NUMBER, f"{AFFECTED}+i", outside=AS_IS),
        Column("unknown", _("Sex or age not recorded"), NUMBER, f"{AFFECTED}+unknown", outside=AS_IS),
    ]
    whole = [
        Column(
            "total",
            _("People"),
            NUMBER,
            f"{AFFECTED}+total",
            outside=tuple(column.code for column in (*parts, *rest)),
        ),
        Column("families", _("Families"), NUMBER, "#affected+migrants+hh", outside=COUNT),
    ]

    def compute():
        found = counted()
        families = Person.objects.present_at(moment, shelter).order_by()
        hh = families.aggregate(families=Count("family", distinct=True))["families"]
        cells = [found[bracket.code][sex] for sex in ("F", "M") for bracket in brackets(UNHCR)]
        total = sum(found["total"].values())
        i, unknown = told_apart(found, outside=filters.get("outside"))
        yield (shelter.day_of(moment), shelter.name, shelter.code, total, hh, *cells, i, unknown)

    return Table("demographics", _("For partners"), [*place, *whole, *parts, *rest], compute, on_page=False)


def told_apart(found, *, outside) -> tuple:
    """Other sex; sex or age not recorded. Outside, added from the very cells that the table by age tells."""
    lines = [*(bracket.code for bracket in brackets(UNHCR)), "unknown"]
    tell = teller(found["total"].values()) if outside else lambda count: count
    unknown = [*((line, "U") for line in lines), ("unknown", "F"), ("unknown", "M")]
    return (
        add(tell(found[line]["X"]) for line in lines),
        add(tell(found[line][sex]) for line, sex in unknown),
    )
