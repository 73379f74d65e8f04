"""What a report shows: tables of rows, their columns, and words that carry a lasting code.

Nothing here knows of the database or of a page.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from intake.reports.charts import Chart

TEXT, NUMBER, DATE = "text", "number", "date"
COUNT, AS_IS = "count", "as_is"


class Column(NamedTuple):
    """`code` is lasting and heads the column of a file; `hxl` is its tag, empty where no standard has one.

    `outside` says how its numbers may leave the shelter: COUNT of people, families or what they had; AS_IS, which
    tells of nobody or was reckoned from told counts; or the codes of the columns that it adds. Empty, they stay.
    """

    code: str
    label: str
    kind: str = TEXT
    hxl: str = ""
    means: str = ""
    outside: str | tuple[str, ...] = ""


class Coded(str):
    """Words for people that stand for a code: shown as words, exported as either.

    `mark` gives them a shape on the page, so that a state is not told by colour: met, near, missed, none.
    """

    code: str
    mark: str

    def __new__(cls, code: str, label: str, mark: str = ""):
        words = super().__new__(cls, label)
        words.code, words.mark = code, mark
        return words

    @property
    def parts(self) -> tuple["Coded", ...]:
        """What a codebook explains."""
        return (self,)


class Several(Coded):
    """Several of them in one cell: their words, or their codes between blanks."""

    parts: tuple[Coded, ...] = ()

    def __new__(cls, parts: Iterable[Coded]):
        parts = tuple(parts)
        several = super().__new__(cls, " ".join(part.code for part in parts), "; ".join(parts))
        several.parts = parts
        return several


class Linked(str):
    """Words, often a name, that lead to a page."""

    href: str

    def __new__(cls, words, href: str):
        linked = super().__new__(cls, words)
        linked.href = href
        return linked


class Counted(int):
    """A number that opens: `records` gives the QuerySet of what it counted, when somebody asks.

    `key` names it in the address, once in a report: codes and days, never a word about a person. `label` says what
    it counts where the first cell of its row and its column do not.
    """

    key: str
    records: Callable
    label: str

    def __new__(cls, number: int, key: str, records: Callable, label: str = ""):
        counted = super().__new__(cls, number)
        counted.key, counted.records, counted.label = key, records, label
        return counted


@dataclass
class Table:
    """`compute` gives the rows anew at every call: tuples in the order of the columns.

    `code` names the sheet and the file. `footer` is a row that is shown under the table and not exported, because
    whoever reads the file would add it again. `on_page` and `in_files` say where the table is to be found.

    Outside the shelter: `inside_only` is a table that cuts the people of another one anew, `sums` are lines that add
    others, by their codes, and `comes_and_goes` knows a line that is only there when somebody is in it.
    """

    code: str
    title: str
    columns: Sequence[Column]
    compute: Callable[[], Iterable[tuple]]
    note: str = ""
    draw: Callable[[list[tuple]], Chart | None] = lambda _rows: None
    foot: Callable[[list[tuple]], tuple | None] = lambda _rows: None
    on_page: bool = True
    in_files: bool = True
    inside_only: bool = False
    sums: Mapping[str, Sequence[str]] = field(default_factory=dict)
    comes_and_goes: Callable[[tuple], bool] = lambda _row: False
    shown: int = 200

    @cached_property
    def rows(self) -> list[tuple]:
        return list(self.compute())

    @property
    def first_rows(self) -> list[tuple]:
        """What a page can hold; the files hold the rest."""
        return self.rows[: self.shown]

    @property
    def left_off(self) -> int:
        return max(len(self.rows) - self.shown, 0)

    @cached_property
    def chart(self) -> Chart | None:
        """None of nothing but zeros: an empty drawing says less than the table beside it."""
        drawn = self.draw(self.rows) if self.rows else None
        return drawn if drawn and any(any(numbers) for _name, numbers in drawn.series) else None

    @cached_property
    def footer(self) -> tuple | None:
        return self.foot(self.rows) if self.rows else None

    def counted(self) -> Iterator[tuple[Counted, tuple, Column]]:
        """Its numbers that open, each with its row and its column. The foot is counted last, if it has to be."""
        for rows in (lambda: self.rows, lambda: [self.footer or ()]):
            for row in rows():
                for column, number in zip(self.columns, row, strict=False):
                    if isinstance(number, Counted):
                        yield number, row, column

    @property
    def tags(self) -> list[str] | None:
        """The HXL row, or None where no column has a tag."""
        tags = [column.hxl for column in self.columns]
        return tags if any(tags) else None

    def exported(self, *, codes: bool) -> Iterable[list]:
        """The rows for a file, drawn one by one; words or, where they stand for one, codes."""
        for row in self.compute():
            yield [cell.code if codes and isinstance(cell, Coded) else cell for cell in row]
