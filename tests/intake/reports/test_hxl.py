"""The HXL files as a reader of that standard takes them, against the list of hashtags and attributes we know.

libhxl itself would bring fourteen packages, and failed to start from those it names; docs/reports.md says what it said.
"""

import csv
import re
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import translation

from intake.reports import files
from intake.reports.base import REPORTS
from tests.factories import NOW, make_family, make_service
from tests.intake.pages import export

DAY = "2018-11-06"
TAG = re.compile(r"#[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)*")
with (Path(__file__).parent / "hxl_tags.csv").open(newline="", encoding="utf-8") as known:
    TAGS = [row["code"] for row in csv.DictReader(known)]
HASHTAGS = {tag.split("+")[0] for tag in TAGS}
ATTRIBUTES = {attribute for tag in TAGS for attribute in tag.split("+")[1:]}
# Free attributes, as the standard allows.
OURS = {"age", "present", "sex", "status", "target", "unit", "zone"}


def read(lines) -> tuple[list[str], list[list[str]]]:
    """The tags and the rows below them: HXL looks for the first row in which every filled cell is a tag."""
    rows = list(csv.reader(lines))
    for place, row in enumerate(rows[:25]):
        filled = [cell for cell in row if cell]
        if filled and all(cell.startswith("#") for cell in filled):
            return row, rows[place + 1 :]
    raise AssertionError("no row of tags")


def problems(tags) -> list[str]:
    """What a validator would say; a column without a tag is nobody's business."""
    found = [tag for tag in tags if tag and not TAG.fullmatch(tag)]
    for tag in filter(None, tags):
        hashtag, *attributes = tag.split("+")
        if not hashtag.startswith("#x_"):
            found += [hashtag] if hashtag not in HASHTAGS else []
            found += [each for each in attributes if each not in ATTRIBUTES | OURS]
    filled = [tag for tag in tags if tag]
    return found + [tag for tag in set(filled) if filled.count(tag) > 1]


@pytest.mark.parametrize("outside", ["no", "yes"])
@pytest.mark.parametrize("slug", REPORTS)
def test_every_hxl_file_has_valid_tags_and_rows_below_them(slug, outside, coordinator, cast, palillo):
    make_service(make_family(palillo, {}, {"age": 4}).members.first())
    report = REPORTS[slug]
    with translation.override("es"):
        query = {"shelter": "palillo", "as_of": f"{DAY}T17:00", "since": DAY, "until": DAY}
        address = reverse("reports:hxl", args=[slug], query=query)
    if coordinator.get(address).status_code == 404:
        pytest.skip("has no tags")
    shared = {"shelter": palillo, "reader": cast.coordinator, "codes": False, "outside": outside == "yes"}
    day = palillo.day_of(NOW)
    asked = {**shared, "as_of": NOW, "since": day, "until": day}
    for table in (each for each in files.tables_of(report, asked) if each.tags):
        answer = export(coordinator, f"{address}&table={table.code}", outside=outside)
        tags, rows = read(answer.getvalue().decode("utf-8-sig").splitlines())
        assert problems(tags) == []
        assert {len(row) for row in rows} <= {len(tags)}


@pytest.mark.parametrize(
    "tags,wrong",
    [
        (["#affected+f", "#affected+m"], []),
        (["#x_tally+num", ""], []),
        (["#afected+f"], ["#afected"]),
        (["#affected+females"], ["females"]),
        (["#affected +f"], ["#affected +f", "#affected "]),
        (["#loc+name", "#loc+name"], ["#loc+name"]),
    ],
)
def test_the_reader_finds_what_is_wrong(tags, wrong):
    assert problems(tags) == wrong
