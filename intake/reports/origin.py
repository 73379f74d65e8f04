"""Where those who are in a shelter at a moment come from: country, then department of one country."""

from functools import cache, partial

from django import forms
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from intake.models import Person, Region
from intake.models.families import UNRECORDED
from intake.reports.base import Report, shares
from intake.reports.census import country
from intake.reports.census_cells import of
from intake.reports.charts import Chart
from intake.reports.filters import Filters
from intake.reports.tables import COUNT, NUMBER, Coded, Column, Counted, Table

PEOPLE = (
    Column("people", gettext_lazy("People"), NUMBER, "#affected+migrants+ind+total", outside=COUNT),
    Column(
        "families",
        gettext_lazy("Families"),
        NUMBER,
        "#affected+migrants+hh",
        gettext_lazy("With at least one person in the line; a family can stand in two."),
        COUNT,
    ),
    Column("share", gettext_lazy("Share (%)"), NUMBER, means=gettext_lazy("Of the people; adds to 100.")),
)


class OriginFilters(Filters):
    """Adds {"country": ISO 3166 code of one whose departments are known, or "" for the country of most people}."""

    country = forms.ChoiceField(label=gettext_lazy("Departments of"), required=False)
    field_order = ("shelter", "as_of", "country")

    def __init__(self, data=None, **options):
        super().__init__(data, **options)
        known = [(code, country(code)) for code in Region.objects.countries()]
        known.sort(key=lambda choice: choice[1])
        self.fields["country"].choices = [("", _("The country of most people")), *known]

    def in_address(self) -> dict:
        chosen = self.cleaned_data["country"]
        return {**super().in_address(), **({"country": chosen} if chosen else {})}


class OriginReport(Report):
    slug = "origin"
    title = gettext_lazy("Origin")
    about = gettext_lazy("Countries of origin, and the departments of one of them.")
    filters = OriginFilters
    columns = (
        Column("country", gettext_lazy("Country of origin"), hxl="#country+origin+name"),
        Column("iso3", "ISO 3", hxl="#country+origin+code+v_iso3"),
        *PEOPLE,
    )
    region_columns = (
        Column("region", gettext_lazy("Department of origin"), hxl="#adm1+origin+name"),
        Column("pcode", gettext_lazy("OCHA P-code"), hxl="#adm1+origin+code+v_pcodes"),
        *PEOPLE,
    )

    def tables(self, filters) -> list[Table]:
        by_country = cache(lambda: self.countries(filters))
        chosen = filters.get("country") or ""

        def place():
            return chosen or most(by_country())

        def regions():
            return self.regions(filters, place())

        def draw(code, title):
            return lambda rows: Chart(
                "bars", code, title, _("People, by place of origin."), names(rows), [(title, people(rows))]
            )

        def foot(rows, key="people", **only):
            there = Person.objects.present_at(filters["as_of"], filters["shelter"]).filter(**only)
            total = sum(people(rows))
            return (_("All people"), None, Counted(total, key, lambda: there), None, 100 if total else None)

        titles = [_("Countries"), _("Departments of %(country)s") % {"country": country(chosen)}]
        if not chosen:
            titles[1] = _("Departments of the country of most people")
        return [
            Table(
                "origin",
                titles[0],
                self.columns,
                by_country,
                draw=draw("origin", titles[0]),
                foot=foot,
                comes_and_goes=lambda row: row[0].code != UNRECORDED,
            ),
            Table(
                "regions",
                titles[1],
                self.region_columns,
                regions,
                draw=draw("regions", titles[1]),
                foot=lambda rows: foot(rows, f"{place()}.people", origin_country=place()),
                inside_only=True,
            ),
        ]

    def countries(self, filters) -> list[tuple]:
        return [
            (Coded(code, country(code)), countries.alpha3(code) or None, *numbers)
            for code, *numbers in grouped(filters, "origin_country", UNRECORDED)
        ]

    def regions(self, filters, code: str) -> list[tuple]:
        known = Region.objects.in_bulk()
        unknown = Coded("", _("Not recorded"))
        return [
            (
                Coded(region, known[region].label) if region else unknown,
                known[region].pcode if region else None,
                *numbers,
            )
            for region, *numbers in grouped(filters, "origin_region", "", origin_country=code)
        ]


def most(lines) -> str:
    """The code of the recorded country of most people; of nobody, none."""
    return next((line[0].code for line in lines if line[0].code != UNRECORDED and line[2]), "")


def grouped(filters, by: str, unknown: str, **only) -> list[tuple]:
    """(code, people, families, share): most people first; whom nobody asked comes last, also when there are none."""
    present = Person.objects.present_at(filters["as_of"], filters["shelter"]).filter(**only)
    counted = {unknown: (0, 0)}
    numbers = {"people": Count("pk"), "families": Count("family", distinct=True)}
    for row in present.order_by().values(by).annotate(**numbers):
        counted[row[by] or unknown] = (row["people"], row["families"])
    ordered = sorted(counted.items(), key=lambda item: (item[0] == unknown, -item[1][0], item[0]))
    percents = shares([people for _code, (people, _families) in ordered])
    return [
        (
            code,
            *opening(
                partial(present.filter, of(by, code, unknown)), ".".join((*only.values(), code)), *numbers
            ),
            percent,
        )
        for (code, numbers), percent in zip(ordered, percents, strict=True)
    ]


def opening(there, key: str, people: int, families: int) -> tuple[Counted, Counted]:
    return (
        Counted(people, f"{key}.people", there),
        Counted(families, f"{key}.families", lambda: there().families()),
    )


def names(rows):
    return [row[0] for row in rows]


def people(rows):
    return [row[2] for row in rows]
