"""Charts as SVG, drawn on the server: numbers in, markup out. Nothing here knows of the database.

Colours, and how they change in the dark and in print, are classes in reports.css: the policy of the pages allows no
style in the markup. The numbers stand on the chart, and in the table beside it once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

WIDTH = 400  # of a chart that may shrink with the screen; a wider one is moved sideways there
LETTER = 8.2  # how wide a letter of 14 is, on the generous side
ROW, BAR = 26, 18
HEAD, FOOT, PLOT = 24, 22, 190


@dataclass
class Chart:
    """`series` are (name, numbers); each has one number for each of the `labels`. None is no number.

    `kind`: bars (lying, for names), columns (standing, for days and hours), stacked (lying, the series add up),
    pyramid (two series back to back), line. `about` says in words what the chart shows.
    """

    kind: str
    code: str  # unique on its page
    title: str
    about: str
    labels: Sequence[str]
    series: Sequence[tuple[str, Sequence[int | float | None]]]

    def svg(self) -> SafeString:
        if not self.labels:
            return mark_safe("")
        width, height, body = DRAWN[self.kind](self)
        size = "report-chart-wide" if width > WIDTH else "report-chart-fits"
        return format_html(
            '<svg class="report-chart {}" viewBox="0 0 {} {}" width="{}" height="{}" role="img"'
            ' aria-labelledby="chart-{}-title chart-{}-desc">'
            '<title id="chart-{}-title">{}</title><desc id="chart-{}-desc">{}</desc>{}</svg>',
            size,
            *(width, height) * 2,
            *(self.code,) * 3,
            self.title,
            self.code,
            self.about,
            body,
        )


def number(value) -> str:
    """As the tables write it: 4,814; 14.3."""
    return f"{value:,}"


def text(x, y, words, css="", anchor="start") -> SafeString:
    return format_html(
        '<text x="{}" y="{}" class="chart-text {}" text-anchor="{}">{}</text>',
        short(x),
        short(y),
        css,
        anchor,
        words,
    )


def block(x, y, width, height, css) -> SafeString:
    return format_html(
        '<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>',
        *map(short, (x, y, width, height)),
        css,
    )


def short(length: float) -> str:
    return f"{length:.1f}".removesuffix(".0")


def joined(parts) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def fitted(words: str, room: float) -> str:
    """Cut to what fits; the table beside the chart has the whole of it."""
    letters = max(int(room / LETTER), 2)
    return words if len(words) <= letters else words[: letters - 1].rstrip() + "…"


def scale(values, room: float):
    """value → length, so that the largest fills the room; a little is never drawn as nothing."""
    largest = max((value or 0 for value in values), default=0)

    def length(value) -> float:
        if not value or value < 0 or not largest:
            return 0
        return max(room * value / largest, 1)

    return length


def legend(chart: Chart, x=0) -> tuple[int, SafeString]:
    """How high it is, and itself: a row for each series, when there are several."""
    if len(chart.series) < 2:
        return 0, mark_safe("")
    parts = []
    for place, (name, _numbers) in enumerate(chart.series):
        parts += [
            block(x, place * 20 + 2, 13, 13, f"chart-{place + 1}"),
            text(x + 20, place * 20 + 13, fitted(str(name), WIDTH - 40)),
        ]
    return len(chart.series) * 20 + 8, joined(parts)


def gutter(chart: Chart) -> float:
    """The room for the names on the left: as much as they need, two fifths at most."""
    return min(max(len(str(label)) for label in chart.labels) * LETTER + 8, WIDTH * 0.4)


def bars(chart: Chart):
    [(_name, numbers)] = chart.series
    left = gutter(chart)
    right = max(len(number(value or 0)) for value in numbers) * LETTER + 8
    length = scale(numbers, WIDTH - left - right)
    parts = []
    for row, (label, value) in enumerate(zip(chart.labels, numbers, strict=True)):
        top = row * ROW
        parts += [
            text(left - 8, top + 18, fitted(str(label), left - 8), anchor="end"),
            block(left, top + 4, length(value), BAR, "chart-1"),
        ]
        if value is not None:
            parts.append(text(left + length(value) + 5, top + 18, number(value)))
    return WIDTH, len(chart.labels) * ROW + 4, joined(parts)


def stacked(chart: Chart):
    above, parts = legend(chart)
    parts, left = [parts], gutter(chart)
    sums = [
        sum(numbers[row] or 0 for _name, numbers in chart.series) for row, _label in enumerate(chart.labels)
    ]
    right = len(number(max(sums))) * LETTER + 8
    length = scale(sums, WIDTH - left - right)
    for row, label in enumerate(chart.labels):
        top, x = above + row * ROW, left
        parts.append(text(left - 8, top + 18, fitted(str(label), left - 8), anchor="end"))
        for place, (_name, numbers) in enumerate(chart.series, start=1):
            wide = length(numbers[row])
            parts.append(block(x, top + 4, wide, BAR, f"chart-{place}"))
            if wide >= len(number(numbers[row] or 0)) * LETTER + 6:
                parts.append(
                    text(x + wide / 2, top + 18, number(numbers[row]), f"chart-on-{place}", "middle")
                )
            x += wide
        parts.append(text(x + 5, top + 18, number(sums[row])))
    return WIDTH, above + len(chart.labels) * ROW + 4, joined(parts)


def pyramid(chart: Chart):
    """The first series grows to the left, the second to the right; what they are stands above."""
    (one, left), (other, right) = chart.series
    middle = min(max(len(str(label)) for label in chart.labels) * LETTER + 8, WIDTH * 0.3)
    room = max(len(number(value or 0)) for value in (*left, *right)) * LETTER + 6
    half = (WIDTH - middle) / 2
    length = scale([*left, *right], half - room)
    parts = [
        text(half - 4, 15, fitted(str(one), half), "chart-strong", "end"),
        text(half + middle + 4, 15, fitted(str(other), half), "chart-strong"),
    ]
    for row, (label, west, east) in enumerate(zip(chart.labels, left, right, strict=True)):
        top = HEAD + row * ROW
        parts += [
            block(half - length(west), top + 4, length(west), BAR, "chart-1"),
            text(half - length(west) - 5, top + 18, number(west or 0), anchor="end"),
            text(WIDTH / 2, top + 18, fitted(str(label), middle), anchor="middle"),
            block(half + middle, top + 4, length(east), BAR, "chart-2"),
            text(half + middle + length(east) + 5, top + 18, number(east or 0)),
        ]
    return WIDTH, HEAD + len(chart.labels) * ROW + 4, joined(parts)


def columns(chart: Chart):
    [(_name, numbers)] = chart.series
    width, step = across(chart, numbers)
    length = scale(numbers, PLOT)
    parts = [block(0, HEAD + PLOT, width, 1, "chart-axis")]
    for place, (label, value) in enumerate(zip(chart.labels, numbers, strict=True)):
        x, high = place * step, length(value)
        parts += [
            block(x + step * 0.14, HEAD + PLOT - high, step * 0.72, high, "chart-1"),
            text(x + step / 2, HEAD + PLOT + 16, str(label), anchor="middle"),
        ]
        if value is not None:
            parts.append(text(x + step / 2, HEAD + PLOT - high - 5, number(value), anchor="middle"))
    return width, HEAD + PLOT + FOOT, joined(parts)


def across(chart: Chart, numbers) -> tuple[float, float]:
    """Width of the chart and of one place in it: every label and every number has its room."""
    longest = max(
        max(len(str(label)) for label in chart.labels), max(len(number(value or 0)) for value in numbers)
    )
    step = max(longest * LETTER + 6, WIDTH / max(len(chart.labels), 3))
    return max(round(step * len(chart.labels)), WIDTH), step


def line(chart: Chart):
    [(_name, numbers)] = chart.series
    width, step = across(chart, numbers)
    length = scale(numbers, PLOT)
    points = [
        (place * step + step / 2, HEAD + PLOT - length(value), value)
        for place, value in enumerate(numbers)
        if value is not None
    ]
    path = " ".join(f"{short(x)},{short(y)}" for x, y, _value in points)
    parts = [
        block(0, HEAD + PLOT, width, 1, "chart-axis"),
        format_html('<polyline points="{}" class="chart-line"/>', path),
        *(
            format_html('<circle cx="{}" cy="{}" r="3.5" class="chart-1"/>', short(x), short(y))
            for x, y, _v in points
        ),
        *(text(x, y - 9, number(value), anchor="middle") for x, y, value in points),
        *(
            text(place * step + step / 2, HEAD + PLOT + 16, str(label), anchor="middle")
            for place, label in enumerate(chart.labels)
        ),
    ]
    return width, HEAD + PLOT + FOOT, joined(parts)


DRAWN = {"bars": bars, "columns": columns, "stacked": stacked, "pyramid": pyramid, "line": line}
