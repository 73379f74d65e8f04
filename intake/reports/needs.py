"""Standing needs of those who are in a shelter at a moment: how many people, and never who.

Needs that the reader may not see stand together as one number; the total and the cells of the census hold them.
Such a number opens nothing. Outside, people are told by age alone; confirmed or not would cut them anew.
"""

from functools import cache, partial

from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.ages import born_on_or_before
from intake.models import Person, PersonNeed, SpecificNeed, Stay
from intake.reports.base import Report
from intake.reports.census import CELLS
from intake.reports.census_cells import OF_NEEDS, kept_from
from intake.reports.charts import Chart
from intake.reports.readers import tier_of
from intake.reports.services import key_of
from intake.reports.tables import COUNT, NUMBER, Coded, Column, Counted, Table

CountsAs = SpecificNeed.CountsAs
AFFECTED = "#affected+migrants+ind"
NUMBERS = (
    Column(
        "people",
        gettext_lazy("People"),
        NUMBER,
        f"{AFFECTED}+total",
        gettext_lazy("Each person once in the line. Lines cannot be added: somebody may have several needs."),
        ("minors", "adults", "unknown_age"),
    ),
    Column("minors", gettext_lazy("Minors"), NUMBER, f"{AFFECTED}+children", outside=COUNT),
    Column("adults", gettext_lazy("Adults"), NUMBER, f"{AFFECTED}+adults", outside=COUNT),
    Column("unknown_age", gettext_lazy("Age not recorded"), NUMBER, f"{AFFECTED}+unknown", outside=COUNT),
    Column(
        "reported",
        gettext_lazy("Only reported"),
        NUMBER,
        "#x_need+reported+ind",
        gettext_lazy("Nobody had confirmed any need of the line by that moment."),
    ),
    Column("confirmed", gettext_lazy("Confirmed"), NUMBER, "#x_need+confirmed+ind"),
)
CATEGORY = Column("category", gettext_lazy("Category"), hxl="#need+name")
# Cells of the census that come from needs, and which column of a line is theirs.
CENSUS = {"pregnant": "people", "adults_with_disability": "adults", "adults_lgbtttiq": "adults"}


def standing(filters):
    """Needs that stand at the moment, of whoever is in the shelter then."""
    shelter, moment = filters["shelter"], filters["as_of"]
    here = Stay.objects.covering(moment).filter(shelter=shelter).order_by()
    needs = PersonNeed.objects.standing_at(moment).filter(person__in=here.values("person"))
    return needs.order_by().annotate(category=Coalesce(F("need__category"), F("need")))


def told(filters):
    return standing(filters).filter(need__tier__lte=tier_of(filters["reader"]))


def columns(filters) -> dict[str, Q]:
    """Column → who is in it, said of their need; the ages are those of the census."""
    moment = filters["as_of"]
    grown = born_on_or_before(18, filters["shelter"].day_of(moment))
    return {
        "people": Q(),
        "minors": Q(person__birth_date__gt=grown),
        "adults": Q(person__birth_date__lte=grown),
        "unknown_age": Q(person__birth_date__isnull=True),
        "confirmed": Q(confirmed_at__lte=moment),
    }


def counted(needs, filters, *by) -> dict[tuple, tuple]:
    """Codes of `by` → people, minors, adults, of unknown age, only reported, confirmed. One query."""
    who = columns(filters)
    numbers = {column: Count("person", distinct=True, filter=which) for column, which in who.items()}
    rows = needs.values(*by).annotate(**numbers) if by else [needs.aggregate(**numbers)]
    lines = {}
    for row in rows:
        place = {each: row[each] for each in by}
        everybody = partial(needs.filter, **place)
        found = {
            column: Counted(row[column], key_of(place, column), partial(people, everybody, which))
            for column, which in who.items()
        }
        confirmed = found.pop("confirmed")
        reported = Counted(
            row["people"] - row["confirmed"],
            key_of(place, "reported"),
            partial(people, everybody, Q(), but=who["confirmed"]),
        )
        lines[tuple(place.values())] = (*found.values(), reported, confirmed)
    return lines


def people(needs, which, but=None):
    """Who has one of these needs of which that is true, and none of which the other is."""
    found = Person.objects.filter(pk__in=needs(which).values("person"))
    return found.exclude(pk__in=needs(but).values("person")) if but is not None else found


def plain(numbers) -> tuple:
    """Opening nothing: a need of which the reader may not know is in them."""
    return tuple(map(int, numbers))


def reserved(filters) -> list[tuple]:
    """The needs the reader may not see: people, each once, and nothing more about them."""
    hidden = standing(filters).filter(need__tier__gt=tier_of(filters["reader"]))
    if tier_of(filters["reader"]) == SpecificNeed.Tier.PROTECTION:
        return []
    people = hidden.aggregate(people=Count("person", distinct=True))["people"]
    return [(Coded("reserved", _("Other needs (reserved)")), people, *[None] * 5)]


def category_rows(filters, names, hidden) -> list[tuple]:
    lines = counted(told(filters), filters, "category")
    ordered = sorted(lines, key=lambda key: names[key[0]].position)
    lines = [(Coded(code, names[code].label), *lines[code,]) for (code,) in ordered]
    return [*lines, *hidden]


def need_rows(filters, names, hidden) -> list[tuple]:
    """By category and need. What hides behind the reserved line has no need of its own here."""
    lines = counted(told(filters), filters, "category", "need")

    def place(key):
        return tuple(names[code].position for code in key)

    found = [
        (*(Coded(code, names[code].label) for code in reversed(key)), *lines[key])
        for key in sorted(lines, key=place)
    ]
    return [*found, *((word, None, *rest) for word, *rest in hidden)]


def everybody(filters) -> tuple:
    """Whoever has any need; opens for whoever may see every need."""
    numbers = counted(standing(filters), filters)[()]
    return numbers if tier_of(filters["reader"]) == SpecificNeed.Tier.PROTECTION else plain(numbers)


def census_rows(filters, whole) -> list[tuple]:
    """Whoever has any need, then the cells of the census that come from needs."""
    lines = counted(standing(filters), filters, "need__counts_as")
    secret = kept_from(filters["reader"]) if filters["reader"] else CountsAs.values
    words = {cell.code: str(cell.label) for cell in CELLS}
    column = {"people": 0, "adults": 2}
    rows = [(Coded("any_need", _("People with any need")), whole[0])]
    for code, whose in CENSUS.items():
        counts_as = OF_NEEDS[code]
        number = lines.get((counts_as,), (0,) * 6)[column[whose]]
        rows.append((Coded(code, words[code]), int(number) if counts_as in secret else number))
    return rows


class NeedsReport(Report):
    slug = "needs"
    title = gettext_lazy("Specific needs")
    about = gettext_lazy(
        "How many of those in the shelter have which need: minors and adults, confirmed or not."
    )

    def tables(self, filters) -> list[Table]:
        names = cache(lambda: {need.pk: need for need in SpecificNeed.objects.all()})
        whole, hidden = cache(lambda: everybody(filters)), cache(lambda: reserved(filters))

        return [
            Table(
                "needs",
                _("By category"),
                [CATEGORY, *NUMBERS],
                lambda: category_rows(filters, names(), hidden()),
                draw=draw,
                foot=lambda _rows: (_("With any need, each person once"), *whole()),
                comes_and_goes=lambda _row: True,
                note=_(
                    "Reserved needs are one number together. The last line and the cells of the census hold them too."
                ),
            ),
            Table(
                "each",
                _("By need"),
                [Column("need", _("Need")), CATEGORY._replace(hxl=""), *NUMBERS],
                lambda: need_rows(filters, names(), hidden()),
                in_files=False,  # what leaves the shelter says the category alone
            ),
            Table(
                "cells",
                _("Needs in the census"),
                [Column("cell", _("Cell"), hxl="#indicator+name"), NUMBERS[0]],
                lambda: census_rows(filters, whole()),
                inside_only=True,
                note=_(
                    "Unaccompanied adolescents are found by ages and relationships: the census has their number."
                ),
            ),
        ]


def draw(rows) -> Chart | None:
    most = sorted(rows, key=lambda row: -row[1])[:15]
    if not most[0][1]:
        return None
    about = _("People with a standing need, by category: the 15 with most people.")
    labels, people = [row[0] for row in most], [row[1] for row in most]
    return Chart("bars", "needs", _("People by need"), about, labels, [(_("People"), people)])
