"""Figures as Mexico prints them, in both languages: 4,814. Django's Spanish would write 4.814."""

from datetime import date, datetime
from decimal import Decimal
from urllib.parse import quote

from django import template
from django.utils import formats, timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import mark_safe

from intake.reports.tables import DATE, NUMBER

register = template.Library()

CLASSES = {NUMBER: ' class="report-number"', DATE: ' class="report-date"'}
SHAPES = {"met": "●", "near": "▲", "missed": "✖", "none": "–"}


@register.filter
def figure(number: int) -> str:
    return f"{number:,}"


@register.filter
def signed(number: int | None) -> str:
    """A difference: +1,200, −3, 0; a dash where there is nothing to compare with."""
    if number is None:
        return "–"
    return f"{number:+,}".replace("-", "\u2212") if number else "0"


@register.filter
def record(pk) -> str:
    """The end of an id, to tell records apart where no name may stand."""
    return str(pk)[-6:]


@register.filter
def cell(value) -> str:
    """A cell of a report's table, as people read it; a state has its shape beside the word."""
    if value is None or value == "":
        return "–"
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, date):
        return formats.date_format(value, "DATE_FORMAT")
    if isinstance(value, int | float | Decimal):
        return figure(value)
    if href := getattr(value, "href", ""):
        return format_html('<a href="{}"><bdi>{}</bdi></a>', href, value)
    if mark := getattr(value, "mark", ""):
        shape = SHAPES[mark]
        return format_html(
            '<span class="report-mark report-{}"><span aria-hidden="true">{}</span> {}</span>',
            mark,
            shape,
            value,
        )
    return str(value)


@register.simple_tag(takes_context=True)
def opening(context, value, words="") -> str:
    """A cell of a report. A number that opens leads to its records, where the reader may see them; none is no link."""
    place, key = context.get("opens_at"), getattr(value, "key", "")
    if not (place and key and value):
        return words or cell(value)
    return format_html(
        '<a class="report-opens" href="{}{}">{}</a>', place, quote(key, safe=""), words or figure(value)
    )


@register.simple_tag(takes_context=True)
def cells(context, row, columns) -> str:
    """The cells of a row of a report; the first one names it. Not in the template: a page has many hundreds of them."""
    found = []
    for place, (column, value) in enumerate(zip(columns, row, strict=True)):
        begin, end = ("<td{}>", "</td>") if place else ('<th scope="row"{}>', "</th>")
        found.append(
            begin.format(CLASSES.get(column.kind, "")) + conditional_escape(opening(context, value)) + end
        )
    return mark_safe("".join(found))


@register.simple_tag
def chart(drawing) -> str:
    """A Chart of intake.reports.charts as SVG. The same numbers stand in a table beside it."""
    return drawing.svg()
