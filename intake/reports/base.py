"""What every report is made of: a name, who may read it, its choices and its tables.

A new report is one file in this package with a subclass of Report. Menu, page, files, print view, the row in
the access trail and the contract tests follow from that.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast

from intake.reports.exporting import ExportForm
from intake.reports.filters import Filters
from intake.reports.tables import Column, Counted, Table
from shelters.models import Shelter

REPORTS: dict[str, "Report"] = {}


def shares(counts: Sequence[int]) -> list[int]:
    """Whole percents that add to 100, by largest remainder; a tie goes to the earlier. Of nobody, all 0."""
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    percents = [100 * count // total for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda i: -(100 * counts[i] % total))
    for i in by_remainder[: 100 - sum(percents)]:
        percents[i] += 1
    return percents


def share(count: int, denominator: int) -> int | None:
    """One whole percent, halves up; None of nobody."""
    return (200 * count + denominator) // (2 * denominator) if denominator else None


def as_text(key: str) -> Cast:
    """Keys of very many rows that are only compared: to make UUIDs of them takes as long as to find them."""
    return Cast(key, CharField())


class Report:
    """Declared by subclassing: with `columns` and `rows`, or with `tables` where there are several.

    `filters` in the arguments is the `cleaned_data` of the report's form.
    """

    slug: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str]  # one sentence for the menu
    permission = "intake.view_reports"
    columns: ClassVar[list[Column]]
    place = 1  # on the menu, small first; then by the name of the file
    filters = Filters
    export_form = ExportForm
    numbers_open = True  # where there are some that do, and a reader may see the records
    needs_reader = False  # it holds records: who is nobody, as the command line, gets none
    most_alone: int | None = None  # people in a file that one account takes without a second one
    template = "reports/page.html"
    fragment = ""  # the part of the page that an open page asks for again; see refresh.js

    def __init_subclass__(cls):
        if cls.slug in REPORTS:
            raise TypeError(f"Two reports are called {cls.slug}")
        REPORTS[cls.slug] = cls()

    def shelters_of(self, user) -> QuerySet:
        """Those whose report an account may ask for."""
        return Shelter.objects.visible_to(user)

    def in_trail(self, filters: dict, table: Table | None) -> dict:
        """What the trail keeps of a file beside the choice: of one table, or of the workbook."""
        return {}

    def people_in(self, filters: dict) -> int:
        """How many people a file of this choice tells of, one by one."""
        return 0

    def rows(self, filters: dict) -> Iterable[tuple]:
        raise NotImplementedError

    def tables(self, filters: dict) -> list[Table]:
        """Cheap to call: the numbers are counted when the rows of a table are asked for."""
        return [Table(self.slug, self.title, self.columns, lambda: self.rows(filters))]

    def opened(self, filters: dict, key: str) -> tuple[Counted, Table, tuple, Column] | None:
        """The number of that key as the page counts it, and where it stands. What is on no page opens nothing."""
        for table in self.tables(filters):
            if table.on_page:
                for number, row, column in table.counted():
                    if number.key == key:
                        return number, table, row, column
        return None

    def context(self, filters: dict) -> dict:
        """What the template shows; a report with a page of its own says more than its tables."""
        return {"tables": [table for table in self.tables(filters) if table.on_page]}
