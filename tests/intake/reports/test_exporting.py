"""What is asked before a file leaves; what its answer changes; and the row in the trail."""

import csv

import pytest
from django.urls import reverse
from django.utils import translation

from intake.reports.exporting import Purpose
from shelters.models import AccessEvent
from tests.factories import make_family, make_user
from tests.intake.pages import export

AS_OF = "2018-11-06T15:00"


def address(name="csv", slug="census", **query):
    with translation.override("es"):
        return reverse(f"reports:{name}", args=[slug], query={"shelter": "palillo", "as_of": AS_OF, **query})


@pytest.fixture
def people(palillo):
    desk = make_user(shelters=[palillo])
    for _family in range(18):
        make_family(palillo, {"age": 34}, by=desk)
    make_family(palillo, {"age": 4, "sex": "M", "origin_country": "GT"}, by=desk)


def exported():
    return AccessEvent.objects.filter(action="exported")


def cells_of(answer):
    lines = answer.getvalue().decode("utf-8-sig").splitlines()
    return {line[0]: line[1:] for line in csv.reader(lines)}


def test_the_link_leads_to_the_question_and_nothing_has_left(coordinator, people):
    answer = coordinator.get(address("xlsx"))
    assert answer.status_code == 200
    assert "text/html" in answer["Content-Type"]
    for words in ("¿Para qué es?", "¿Se compartirá fuera del albergue?", "Descargar Excel", "15:00"):
        assert words in answer.text
    assert 'value="es" selected' in answer.text
    assert not exported().exists()


def test_inside_the_numbers_are_exact(coordinator, people):
    cells = cells_of(export(coordinator, address()))
    assert (cells["total"][1], cells["minors"][1], cells["sex.M"][1]) == ("19", "1", "1")
    assert cells["origin.GT"][1] == "1"


def test_outside_small_numbers_are_empty_and_the_file_says_so(coordinator, people):
    answer = export(coordinator, address(), outside="yes", purpose="press")
    assert "census-outside_palillo" in answer["Content-Disposition"]
    cells = cells_of(answer)
    assert cells["code"] == ["label", "count", "hidden"]
    assert cells["total"][1:] == ["20", ""]  # of the adults alone
    assert cells["minors"][1:] == ["", "<15: Personas"]
    assert cells["sex.U"][1:] == ["", "<15: Personas"]
    assert "origin.GT" not in cells
    assert cells["origin.XU"][1] == ""


def test_the_language_and_the_codes_are_asked_for(coordinator, people):
    words = export(coordinator, address(), language="en").getvalue().decode()
    assert "Adults" in words
    assert "Adultas" not in words
    codes = cells_of(export(coordinator, address(slug="age_sex"), outside="yes", values="codes"))
    assert codes["18-59"] == ["20", "", "", "", "20", "men other unknown"]


def test_the_trail_says_what_for(coordinator, cast, people):
    export(coordinator, address("xlsx"), purpose="partners", outside="yes")
    event = exported().get()
    assert event.user == cast.coordinator
    assert event.detail == {
        "report": "census",
        "as_of": f"{AS_OF}:00-06:00",
        "format": "xlsx",
        "purpose": "partners",
        "outside": True,
    }


@pytest.mark.parametrize("purpose", Purpose.values)
def test_every_purpose_may_be_for_outside(purpose, coordinator, people):
    assert export(coordinator, address(), purpose=purpose, outside="yes").status_code == 200


# --- bad input -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answers,field",
    [
        ({"purpose": ""}, "purpose"),
        ({"purpose": "because"}, "purpose"),
        ({"outside": ""}, "outside"),
        ({"outside": "perhaps"}, "outside"),
        ({"purpose": "press"}, "outside"),
        ({"purpose": "donor"}, "outside"),
        ({"language": "fr"}, "language"),
        ({"values": "numbers"}, "values"),
        ({"purpose": "city\0"}, "purpose"),
    ],
)
def test_what_was_not_answered_is_asked_again_and_nothing_leaves(answers, field, coordinator, people):
    answer = export(coordinator, address(), **answers)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not exported().exists()


@pytest.mark.parametrize("table", ["period", "days"])
def test_a_table_that_stays_inside_says_so(table, coordinator, people):
    where = address(slug="services", table=table)
    assert export(coordinator, where).status_code == 200
    answer = export(coordinator, where, outside="yes")
    assert answer.status_code == 422
    assert "solo para el trabajo en el albergue" in answer.text
    assert exported().count() == 1


def test_a_report_that_declares_nothing_does_not_leave(coordinator, people, monkeypatch):
    monkeypatch.setattr("intake.reports.files.goes_outside", lambda _table: False)
    for name in ("csv", "xlsx"):
        assert export(coordinator, address(name), outside="yes").status_code == 422
    assert not exported().exists()


def test_without_the_token_of_the_form_nothing_leaves(coordinator, people):
    coordinator.handler.enforce_csrf_checks = True
    assert export(coordinator, address()).status_code == 403
    assert not exported().exists()
