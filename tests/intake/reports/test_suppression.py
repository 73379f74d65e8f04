"""What leaves the shelter: the rule, the columns, and an attacker who subtracts whatever can be subtracted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.reports import files
from intake.reports.suppression import FIRST, HIDDEN, SMALL, STEP, add, for_outside, goes_outside, told
from intake.reports.tables import AS_IS, COUNT, NUMBER, Coded, Column, Table
from tests.intake.reports.attack import recovered

SEXES = ("women", "men", "other")
COLUMNS = [
    Column("age", "Age", hxl="#x_age"),
    *(Column(sex, sex.title(), NUMBER, "#affected", outside=COUNT) for sex in SEXES),
    Column("total", "Total", NUMBER, "#affected", outside=SEXES),
    Column("share", "Share", NUMBER),
    Column("beds", "Beds", NUMBER, outside=AS_IS),
]
AGES = ("0-4", "5-11", "12+")
WHOLE = "all"


def table(cells, **options):
    """Three ages and everybody, by sex; the true sums stand beside, as a report computes them."""
    rows = [(age, *line) for age, line in zip(AGES, cells, strict=True)]
    rows.append((WHOLE, *map(sum, zip(*cells, strict=True))))
    rows = [(Coded(row[0], row[0]), *row[1:], sum(row[1:]), 50, 7) for row in rows]
    return Table("t", "T", COLUMNS, lambda: iter(rows), sums={WHOLE: AGES}, **options)


def outside(cells, **options):
    """{(age, sex): number or None where it is hidden} and the lines of the file."""
    leaving = for_outside(table(cells, **options))
    rows = [list(row) for row in leaving.compute()]
    codes = [column.code for column in leaving.columns]
    read = {(str(row[0]), code): cell for row in rows for code, cell in zip(codes, row, strict=True)}
    return read, list(files.csv_lines(leaving, codes=True))


crowds = st.lists(st.tuples(*[st.one_of(st.integers(0, 14), st.integers(0, 60))] * 3), min_size=3, max_size=3)


# --- the rule --------------------------------------------------------------------------


def test_a_count_is_told_to_the_nearest_five_or_not_at_all():
    assert [told(n) for n in (15, 17, 18, 22, 23, 4814)] == [15, 15, 20, 20, 25, 4815]
    assert {told(n) for n in range(FIRST)} == {HIDDEN}
    assert told(None) is None
    assert repr(HIDDEN) == "<15"


def test_a_sum_adds_what_is_told():
    assert add([20, HIDDEN, None, 15]) == 35
    assert add([HIDDEN, HIDDEN]) is HIDDEN


def test_hidden_numbers_are_empty_and_named_and_totals_add_the_rest():
    read, lines = outside([(310, 9, 0), (44, 46, 3), (3000, 1400, 12)])
    assert (read["0-4", "women"], read["0-4", "men"], read["0-4", "total"]) == (310, None, 310)
    assert (read["all", "women"], read["all", "total"]) == (3355, 4800)
    assert lines[0] == "\ufeffage,women,men,other,total,beds,hidden\r\n"
    assert lines[1] == "0-4,310,,,310,7,men other\r\n"
    assert str(read["0-4", "hidden"]) == "<15: Men, Other"


def test_of_nobody_at_all_zero_is_told():
    read, _lines = outside([(0, 0, 0)] * 3)
    assert {read["0-4", sex] for sex in SEXES} == {0}
    assert read["0-4", "hidden"] is None


def test_a_line_that_is_only_there_with_somebody_in_it_is_left_out():
    read, _lines = outside(
        [(20, 0, 0), (9, 1, 0), (30, 0, 0)], comes_and_goes=lambda row: row[0].code == "5-11"
    )
    assert {age for age, _code in read} == {"0-4", "12+", "all"}


def test_the_order_of_such_lines_does_not_tell_which_is_larger():
    columns = [Column("place", "Place"), Column("people", "People", NUMBER, outside=COUNT)]
    rows = [("N", 22), ("B", 21), ("A", 20), ("none", 40)]
    places = Table("t", "T", columns, lambda: rows, comes_and_goes=lambda row: row[0] != "none")
    assert [row[0] for row in for_outside(places).compute()] == ["A", "B", "N", "none"]


def test_what_was_not_declared_stays():
    plain = Table("t", "T", [Column("n", "N", NUMBER), Column("w", "W")], lambda: [(3, "x")])
    assert not goes_outside(plain)
    assert not goes_outside(table([(1, 1, 1)] * 3, inside_only=True))
    assert not goes_outside(table([(1, 1, 1)] * 3, in_files=False))
    assert goes_outside(table([(1, 1, 1)] * 3))


def test_the_codebook_tells_the_rule():
    means = {column.code: str(column.means) for column in for_outside(table([(1, 1, 1)] * 3)).columns}
    assert all("15" in means[code] for code in (*SEXES, "total", "hidden"))
    assert not means["beds"]


# --- attacks ---------------------------------------------------------------------------


@given(crowds, st.data())
def test_the_file_is_the_same_whatever_is_hidden(cells, data):
    """Rows, columns, totals, all at once: nothing in the bytes depends on a hidden number."""
    others = [
        tuple(data.draw(st.integers(0, FIRST - 1)) if count < FIRST else count for count in line)
        for line in cells
    ]
    if any(map(any, cells)) and any(map(any, others)):
        assert outside(cells)[1] == outside(others)[1]


def bounds_of(cells, day=""):
    """What one file says of each cell."""
    read, _lines = outside(cells)
    bounds, secrets = {}, {}
    for age, line in zip(AGES, cells, strict=True):
        for sex, count in zip(SEXES, line, strict=True):
            shown = read[age, sex]
            low = shown - STEP // 2 if shown else shown
            bounds[day, age, sex] = (
                (0, FIRST - 1) if shown is None else (max(low, FIRST) if shown else 0, shown + STEP // 2)
            )
            if 0 < count < SMALL:
                secrets[day, age, sex] = count
    return bounds, secrets


@given(crowds)
def test_the_exact_total_from_elsewhere_recovers_nothing(cells):
    """The newspaper knew how many were there, to the last one."""
    bounds, secrets = bounds_of(cells)
    total = sum(map(sum, cells))
    assert recovered(bounds, [(dict.fromkeys(bounds, 1), total, total)], secrets) == {}


@given(crowds, st.data())
def test_two_days_and_every_move_between_them_recover_nothing(cells, data):
    """The attacker stood at the gate and knows by how many each cell grew or shrank."""
    moves = [[data.draw(st.integers(-count, 20)) for count in line] for line in cells]
    after = [
        tuple(n + m for n, m in zip(line, move, strict=True)) for line, move in zip(cells, moves, strict=True)
    ]
    if not (any(map(any, cells)) and any(map(any, after))):
        return
    bounds, secrets = bounds_of(cells, "yesterday")
    later, hidden = bounds_of(after, "today")
    sums = [
        ({("today", age, sex): 1, ("yesterday", age, sex): -1}, move, move)
        for age, line in zip(AGES, moves, strict=True)
        for sex, move in zip(SEXES, line, strict=True)
    ]
    assert recovered(bounds | later, sums, secrets | hidden) == {}


@given(crowds, st.data())
def test_two_days_and_the_sums_of_the_gate_recover_nothing(cells, data):
    """Arrivals and departures of both days are in the newspaper; who they were is not."""
    came = [[data.draw(st.integers(0, 3)) for _count in line] for line in cells]
    after = [
        tuple(n + m for n, m in zip(line, more, strict=True)) for line, more in zip(cells, came, strict=True)
    ]
    if not (any(map(any, cells)) and any(map(any, after))):
        return
    bounds, secrets = bounds_of(cells, "yesterday")
    later, hidden = bounds_of(after, "today")
    places = [(age, sex) for age in AGES for sex in SEXES]
    arrived = sum(map(sum, came))
    moves = {("moved", *place): (0, arrived) for place in places}
    sums = [
        ({("today", *place): 1, ("yesterday", *place): -1, ("moved", *place): -1}, 0, 0) for place in places
    ]
    sums.append((dict.fromkeys(moves, 1), arrived, arrived))
    assert recovered(bounds | later | moves, sums, secrets | hidden) == {}


# --- the same attacks on weaker rules, to see that they bite ----------------------------


def weak(cells, *, totals):
    """Numbers from one to nine hidden, all others exact, with or without the exact totals."""
    bounds, secrets, sums = {}, {}, []
    for age, line in zip(AGES, cells, strict=True):
        for sex, count in zip(SEXES, line, strict=True):
            hidden = 0 < count < SMALL
            bounds[age, sex] = (1, SMALL - 1) if hidden else (count, count)
            if hidden:
                secrets[age, sex] = count
        if totals:
            sums.append(({(age, sex): 1 for sex in SEXES}, sum(line), sum(line)))
    if totals:
        for sex, column in zip(SEXES, zip(*cells, strict=True), strict=True):
            sums.append(({(age, sex): 1 for age in AGES}, sum(column), sum(column)))
    return bounds, sums, secrets


def test_hiding_alone_is_undone_by_the_totals():
    cells = [(310, 9, 50), (44, 46, 30), (3000, 1400, 12)]
    assert recovered(*weak(cells, totals=True)) == {("0-4", "men"): 9}
    assert recovered(*weak(cells, totals=False)) == {}


def test_two_hidden_in_a_row_are_undone_by_their_columns():
    cells = [(310, 9, 4), (44, 46, 30), (3000, 1400, 12)]
    assert recovered(*weak(cells, totals=True)) == {("0-4", "men"): 9, ("0-4", "other"): 4}


@pytest.mark.parametrize("exact", [True, False])
def test_without_the_margin_one_arrival_tells_what_was_there_yesterday(exact):
    """Nine were hidden, ten are shown, one came. With the margin the step is at fifteen."""
    shown = (10, 10) if exact else (10, 14)
    bounds = {"yesterday": (0, 9), "today": shown}
    assert recovered(bounds, [({"today": 1, "yesterday": -1}, 1, 1)], {"yesterday": 9}) == {"yesterday": 9}


def test_rounded_totals_beside_rounded_parts_would_still_tell():
    """Why a total is added from what is told, and not rounded by itself: 17 + 17 + 4 = 38, and 18 + 4 = 22."""
    bounds = {"x": (0, 14), "a": (15, 17), "b": (15, 17), "c": (18, 22)}
    sums = [({"x": 1, "a": 1, "b": 1}, 38, 42), ({"x": 1, "c": 1}, 18, 22)]
    assert recovered(bounds, sums, {"x": 4}) == {"x": 4}
