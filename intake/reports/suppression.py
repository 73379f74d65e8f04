"""What a report tells outside the shelter, so that no small number can be reckoned from it. No database in here.

Each count is told to the nearest five, and not at all below fifteen; every total is added from what was told. So a
hidden number leaves no trace: the file is the same whatever it is. Why, and what it holds against: docs/adr/0019.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from intake.reports.tables import AS_IS, COUNT, NUMBER, Coded, Column, Table

SMALL = 10  # nobody outside learns of a number below it
STEP = 5
FIRST = SMALL + STEP  # the margin: who sees a number step over the line learns one of at least ten


class _Hidden:
    """A number that is not told."""

    def __repr__(self):
        return f"<{FIRST}"


HIDDEN = _Hidden()


def told(count: int | None):
    """To the nearest five, or HIDDEN. Nobody at all is hidden too: who came first would be counted by it."""
    if count is None or count is HIDDEN:
        return count
    return HIDDEN if count < FIRST else STEP * ((count + STEP // 2) // STEP)


def add(cells: Iterable):
    """The sum of what is told; HIDDEN when nothing is."""
    known = [cell for cell in cells if cell is not HIDDEN and cell is not None]
    return sum(known) if known else HIDDEN


def teller(counts: Iterable[int | None]) -> Callable:
    """`told`, unless all of it is of nobody: then zero tells of nobody, and is told."""
    return told if any(counts) else lambda count: count


def goes_outside(table: Table) -> bool:
    """Only what was declared: a table that says nothing of it stays inside."""
    return table.in_files and not table.inside_only and any(column.outside for column in table.columns)


def for_outside(table: Table) -> Table:
    """The same table as it may leave: numbers that were not declared are left out, a last column names the hidden."""
    kept = [column for column in table.columns if column.outside or column.kind != NUMBER]

    def compute():
        for row in rows_told(table):
            cells = [row[column.code] for column in kept]
            hidden = [column for column in kept if row[column.code] is HIDDEN]
            yield (*(None if cell is HIDDEN else cell for cell in cells), flag(hidden))

    return replace(table, columns=[*map(explained, kept), flag_column(table)], compute=compute)


def rows_told(table: Table) -> list[dict]:
    """The rows by column, their counts told, their sums added; without lines that would tell that somebody is there."""
    codes = [column.code for column in table.columns]
    counts = [column.code for column in table.columns if column.outside == COUNT]
    rows = [(row, dict(zip(codes, row, strict=True))) for row in table.compute()]
    tell = teller(cells[code] for _row, cells in rows for code in counts)
    if tell is told:
        add_up(table, counts, [cells for _row, cells in rows])
    kept = [
        (table.comes_and_goes(row), cells)
        for row, cells in rows
        if not (
            table.comes_and_goes(row) and counts and all(cells[code] in (HIDDEN, None) for code in counts)
        )
    ]
    # Most people first would tell which of two equal numbers is larger.
    ordered = iter(sorted((cells for moves, cells in kept if moves), key=lambda cells: line_of(table, cells)))
    return [next(ordered) if moves else cells for moves, cells in kept]


def add_up(table: Table, counts: Sequence[str], rows: list[dict]) -> None:
    for cells in rows:
        cells.update({code: told(cells[code]) for code in counts})
    lines = {line_of(table, cells): cells for cells in rows}
    for whole, parts in table.sums.items():
        lines[whole].update({code: add(lines[part][code] for part in parts) for code in counts})
    for column in table.columns:
        if isinstance(column.outside, tuple):
            for cells in rows:
                cells[column.code] = add(cells[part] for part in column.outside)


def line_of(table: Table, cells: dict) -> str:
    """The lasting code of a line: that of its first cell."""
    first = cells[table.columns[0].code]
    return first.code if isinstance(first, Coded) else str(first)


def explained(column: Column) -> Column:
    """With the rule beside its meaning, for the codebook."""
    if column.outside in ("", AS_IS):
        return column
    return column._replace(means=f"{column.means} {rule()}".strip())


def rule() -> str:
    words = _(
        "Shared outside the shelter: to the nearest %(step)s; fewer than %(first)s, also nobody, are left empty. "
        "Totals add what is told."
    )
    return words % {"step": STEP, "first": FIRST}


def flag_column(table: Table) -> Column:
    means = _("Columns of the line that are left empty because they hold fewer than %(first)s.")
    return Column(
        "hidden",
        _("Fewer than %(first)s") % {"first": FIRST},
        hxl="#meta+suppressed" if table.tags else "",
        means=means % {"first": FIRST},
    )


def flag(columns: Sequence[Column]) -> Coded | None:
    """ "<15: Women, Other", or in codes "women other"."""
    if not columns:
        return None
    names = ", ".join(str(column.label) for column in columns)
    return Coded(" ".join(column.code for column in columns), f"{HIDDEN!r}: {names}")
