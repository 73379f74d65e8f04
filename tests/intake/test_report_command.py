"""Reports from the shell: the files of the page, byte by byte."""

import json
from io import BytesIO, StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from shelters.models import AccessEvent
from tests.factories import make_family, make_service
from tests.intake.pages import export

DAY = "2018-11-06"


def run(*arguments):
    out = StringIO()
    call_command("report", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def family(palillo):
    family = make_family(
        palillo, {"age": 34, "origin_region_id": "HN-AT"}, {"age": 4, "origin_country": "GT"}
    )
    make_service(family.members.first())
    return family


def asked(name, **query):
    with translation.override("es"):
        return reverse(f"reports:{name}", args=["arrivals"], query={"since": DAY, "until": DAY, **query})


@pytest.mark.parametrize("form,name", [("csv", "csv"), ("hxl", "hxl")])
def test_a_file_is_that_of_the_page(form, name, family, coordinator, tmp_path):
    file = tmp_path / "file"
    run("arrivals", "--shelter", "palillo", "--date", DAY, "--format", form, "-o", str(file))
    assert file.read_bytes() == export(coordinator, asked(name)).getvalue()


def test_a_workbook_is_that_of_the_page(family, coordinator, tmp_path):
    run("arrivals", "--shelter", "palillo", "--date", DAY, "--format", "xlsx", "-o", str(tmp_path))
    [file] = tmp_path.iterdir()
    assert file.name == f"puente_arrivals_palillo_{DAY}_{DAY}.xlsx"
    books = [load_workbook(file), load_workbook(BytesIO(export(coordinator, asked("xlsx")).getvalue()))]
    sheets = [{sheet.title: list(sheet.values) for sheet in book} for book in books]
    assert sheets[0] == sheets[1]


def test_json_names_every_cell(family):
    [day] = json.loads(run("arrivals", "--shelter", "palillo", "--date", DAY, "--format", "json"))
    assert day == {"day": DAY, "arrived": 2, "left": 0, "present": 2}


def test_another_table_in_codes(family):
    arguments = ("origin", "--shelter", "palillo", "--date", DAY, "--format", "json", "--values", "codes")
    rows = json.loads(run(*arguments, "--table", "regions"))
    assert [(row["region"], row["people"]) for row in rows] == [("", 1)]


def test_the_language_is_asked_for(family):
    for language, word in (("es", "Honduras,HND"), ("en", "Guatemala,GTM")):
        assert word in run("origin", "--shelter", "palillo", "--date", DAY, "--language", language)


def test_a_folder_gets_the_name_of_a_download(family, tmp_path):
    run("census", "--shelter", "palillo", "--date", f"{DAY}T15:00", "-o", str(tmp_path))
    assert [file.name for file in tmp_path.iterdir()] == [f"puente_census_palillo_{DAY}T1500.csv"]


def test_it_is_in_the_trail_without_an_account(family, palillo):
    run("services", "--shelter", "palillo", "--date", DAY)
    event = AccessEvent.objects.get(action="exported")
    assert (event.user, event.shelter) == (None, palillo)
    assert event.detail == {
        "report": "services",
        "since": DAY,
        "until": DAY,
        "format": "csv",
        "purpose": "own_work",
        "outside": False,
        "table": "services",
    }


def test_for_outside_small_numbers_are_hidden_and_the_trail_knows(family):
    arguments = ("arrivals", "--shelter", "palillo", "--date", DAY, "--format", "json", "--values", "codes")
    [day] = json.loads(run(*arguments, "--purpose", "press", "--outside"))
    assert day == {
        "day": DAY,
        "arrived": None,
        "left": None,
        "present": None,
        "hidden": "arrived left present",
    }
    detail = AccessEvent.objects.get(action="exported").detail
    assert (detail["purpose"], detail["outside"]) == ("press", True)


def test_a_period_by_its_name(family):
    assert run("arrivals", "--shelter", "palillo", "--period", "yesterday").count("\n") >= 1


@pytest.mark.parametrize(
    "arguments,words",
    [
        (("padron", "--shelter", "palillo"), "census"),
        (("census", "--shelter", "no-such"), "palillo"),
        (("census", "--shelter", "palillo", "--date", "soon"), "2018"),
        (("arrivals", "--shelter", "palillo", "--date", "soon"), "2018"),
        (("arrivals", "--shelter", "palillo", "--date", "2199-01-01"), "todavía"),
        (("census", "--shelter", "palillo", "--format", "xlsx"), "-o FILE"),
        (("census", "--shelter", "palillo", "--format", "hxl"), "table"),
        (("census", "--shelter", "palillo", "--table", "nothing"), "table"),
        (("census", "--shelter", "palillo", "--purpose", "press"), "prensa"),
        (("services", "--shelter", "palillo", "--table", "days", "--outside"), "leave"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(arguments, words, palillo):
    with pytest.raises(CommandError, match=words):
        run(*arguments)
    assert not AccessEvent.objects.filter(action="exported").exists()
