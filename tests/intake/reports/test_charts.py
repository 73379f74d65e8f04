"""Charts: well-formed, named for a screen reader, harmless, and right at their edges."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.reports.charts import DRAWN, WIDTH, Chart, fitted, scale
from intake.reports.tables import NUMBER, Column, Table

SVG = "{http://www.w3.org/2000/svg}"
SERIES = {"pyramid": 2, "stacked": 3}


def drawn(kind, labels, *numbers):
    numbers = numbers or [[1] * len(labels)]
    series = [(f"Series {n}", numbers[n % len(numbers)]) for n in range(SERIES.get(kind, 1))]
    chart = Chart(kind, "code", "Who <came>", "In words & numbers", labels, series)
    return ElementTree.fromstring(chart.svg().replace("<svg ", f'<svg xmlns="{SVG[1:-1]}" ', 1))


def words_of(tree):
    return [each.text for each in tree.iter(f"{SVG}text")]


every_kind = pytest.mark.parametrize("kind", DRAWN)


@every_kind
def test_it_is_an_image_with_a_title_and_a_description(kind):
    tree = drawn(kind, ["A", "B"])
    assert tree.get("role") == "img"
    title, description = tree.find(f"{SVG}title"), tree.find(f"{SVG}desc")
    assert tree.get("aria-labelledby").split() == [title.get("id"), description.get("id")]
    assert (title.text, description.text) == ("Who <came>", "In words & numbers")


@every_kind
@pytest.mark.parametrize("rows", [1, 2, 31, 60])
@pytest.mark.parametrize("number", [0, 1, 4814, 10**9, None])
def test_any_number_of_rows_and_any_size_is_drawn_inside(kind, rows, number):
    tree = drawn(kind, [f"Row {n}" for n in range(rows)], [number] * rows)
    _x, _y, width, height = map(float, tree.get("viewBox").split())
    for each in tree.iter(f"{SVG}rect"):
        x, y, w, h = (float(each.get(name)) for name in ("x", "y", "width", "height"))
        assert min(x, y, w, h) >= 0
        assert x + w <= width + 0.5
        assert y + h <= height + 0.5


@every_kind
def test_the_numbers_stand_on_it(kind):
    wanted = {"4,814"} if kind == "stacked" else {"4,814", "12"}  # a part that is too narrow has none
    assert wanted <= set(words_of(drawn(kind, ["A", "B"], [4814, 12])))


@every_kind
def test_no_rows_are_no_chart(kind):
    assert Chart(kind, "code", "Title", "About", [], []).svg() == ""


@pytest.mark.parametrize(("numbers", "is_drawn"), [((0, 0), False), ((0, 3), True), ((None, 0), False)])
def test_of_nothing_but_zeros_nothing_is_drawn(numbers, is_drawn):
    def draw(rows):
        return Chart("columns", "c", "T", "A", ["A", "B"], [("S", [row[1] for row in rows])])

    columns = [Column("hour", "Hour"), Column("people", "People", NUMBER)]
    table = Table("c", "T", columns, lambda: list(zip("AB", numbers, strict=True)), draw=draw)
    assert bool(table.chart) is is_drawn


@every_kind
def test_what_people_typed_is_text(kind):
    svg = Chart(kind, "c", "T", "A", ["<script>x</script>"], [("<b>", [1])] * SERIES.get(kind, 1)).svg()
    assert "<script" not in svg
    assert "<b>" not in svg


@every_kind
def test_it_keeps_to_the_policy_of_the_pages(kind):
    assert not re.search(
        r"\sstyle=|\son\w+=|<style|<script|href=|url\(",
        Chart(kind, "c", "T", "A", ["A"], [("S", [1])] * SERIES.get(kind, 1)).svg(),
    )


@pytest.mark.parametrize("kind", ["bars", "stacked", "pyramid"])
def test_a_long_name_is_cut_and_the_chart_keeps_its_width(kind):
    tree = drawn(kind, ["Canalización a la Procuraduría de Protección de Niñas, Niños y Adolescentes", "B"])
    assert tree.get("width") == str(WIDTH)
    assert any(words.endswith("…") for words in words_of(tree))


def test_a_chart_that_does_not_fit_is_wide():
    assert "report-chart-wide" in drawn("columns", [str(n) for n in range(60)], [4814] * 60).get("class")
    assert "report-chart-fits" in drawn("columns", ["1", "2"], [1, 2]).get("class")


def test_several_series_have_a_legend_and_one_has_none():
    assert "Series 2" in words_of(drawn("stacked", ["A"]))
    assert "Series 0" not in words_of(drawn("bars", ["A"]))


def test_a_line_leaves_out_what_has_no_number():
    tree = drawn("line", ["1", "2", "3"], [5, None, 7])
    assert len(tree.find(f"{SVG}polyline").get("points").split()) == 2


@given(st.lists(st.integers(0, 10**12), min_size=1), st.floats(10, 1000))
def test_lengths_keep_the_order_and_a_little_is_never_nothing(values, room):
    length = scale(values, room)
    for one, other in zip(sorted(values), sorted(values)[1:], strict=False):
        assert length(one) <= length(other) + 1e-9
    assert all(length(value) >= 1 for value in values if value)
    assert length(max(values)) <= room + 1e-9


@given(st.text(max_size=60), st.floats(0, 500))
def test_what_is_cut_is_never_longer(words, room):
    assert len(fitted(words, room)) <= max(len(words), 2)
