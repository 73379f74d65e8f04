"""The census from the shell: the numbers of the page, as JSON or text."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from intake.models import Cut
from shelters.models import AccessEvent
from tests.factories import make_family, make_shelter

ARRIVAL_AND_AFTER = "2018-11-06T09:00"


def run(*arguments):
    out = StringIO()
    call_command("census", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def family(palillo):
    return make_family(
        palillo, {"age": 34}, {"age": 4, "origin_country": "GT"}, {"age": None, "origin_country": "HN"}
    )


def test_json_has_exactly_the_keys_in_order(family):
    printed = run("--shelter", "palillo", "--as-of", ARRIVAL_AND_AFTER, "--format", "json")
    found = json.loads(printed)
    assert list(found.items()) == [
        ("total", 3),
        ("adults", 1),
        ("minors", 1),
        ("age_0_5", 1),
        ("pregnant", 0),
        ("unaccompanied_adolescents", 0),
        ("adults_with_disability", 0),
        ("adults_lgbtttiq", 0),
        ("unknown_age", 1),
        ("origin", {"HN": 2, "GT": 1}),
    ]
    assert list(found["origin"]) == ["HN", "GT"]


def test_text_has_a_line_for_every_cell(family):
    lines = run("--shelter", "palillo", "--as-of", ARRIVAL_AND_AFTER).splitlines()
    assert lines[0] == "Estadio Palillo · 2018-11-06T09:00-06:00"
    assert len(lines) == 1 + 9 + 2
    assert lines[-2:] == ["Honduras (HN): 2", "Guatemala (GT): 1"]


@pytest.mark.parametrize(
    ("as_of", "total"),
    [
        ("2018-11-06T09:00", 3),
        ("2018-11-06T08:59", 0),
        ("2018-11-06T15:00Z", 3),
        ("2018-11-06T14:59:59+00:00", 0),
    ],
)
def test_without_an_offset_the_clock_is_the_shelters(family, as_of, total):
    assert json.loads(run("--shelter=palillo", f"--as-of={as_of}", "--format=json"))["total"] == total


def test_now_when_no_moment_is_given(family):
    assert json.loads(run("--shelter", "palillo", "--format", "json"))["total"] == 3


def test_it_leaves_an_event_without_an_account(family, palillo):
    run("--shelter", "palillo", "--as-of", ARRIVAL_AND_AFTER)
    event = AccessEvent.objects.get(action="report_opened")
    assert (event.user, event.shelter, event.detail["report"]) == (None, palillo, "census")


@pytest.mark.parametrize("code", ["no-such", "", "palillo\0"])
def test_an_unknown_shelter_is_answered_with_the_codes_there_are(palillo, code):
    make_shelter("tijuana")
    with pytest.raises(CommandError, match="palillo, tijuana"):
        run("--shelter", code)


@pytest.mark.parametrize(
    "as_of", ["garbage", "99999-01-01T00:00", "2018-13-01T00:00", "7/11/2018", "0001-01-01"]
)
def test_a_bad_moment_is_answered_with_a_sentence(palillo, as_of):
    with pytest.raises(CommandError, match="2018-11-07T23:00"):
        run("--shelter", "palillo", "--as-of", as_of)


# --- freezing -----------------------------------------------------------------------------------------------


def test_freezing_keeps_what_it_prints(family, palillo):
    printed = run(
        "--shelter=palillo", f"--as-of={ARRIVAL_AND_AFTER}", "--freeze", "--note=noche", "--format=json"
    )
    cut = Cut.objects.get()
    assert json.loads(printed)["total"] == cut.numbers["total"] == 3
    assert (cut.shelter, cut.frozen_by, cut.note) == (palillo, None, "noche")
    event = AccessEvent.objects.get(action="census_frozen")
    assert (event.user, event.shelter) == (None, palillo)


def test_frozen_again_the_first_numbers_are_printed(family, palillo):
    asked = ("--shelter=palillo", f"--as-of={ARRIVAL_AND_AFTER}", "--freeze", "--format=json")
    printed = run(*asked)
    make_family(palillo, {"age": 20})
    assert run(*asked) == printed
    assert Cut.objects.count() == 1
    assert json.loads(run(*asked[:2], "--format=json"))["total"] == 4


def test_without_a_moment_it_freezes_now(family):
    run("--shelter=palillo", "--freeze")
    assert timezone.now() - Cut.objects.get().as_of < timedelta(minutes=1)


@pytest.mark.parametrize("wrong", ["--as-of=2099-01-01T00:00", f"--note={'x' * 201}"])
def test_what_cannot_be_frozen(family, wrong):
    with pytest.raises(CommandError, match=r"\.$"):
        run("--shelter=palillo", "--freeze", wrong)
    assert not Cut.objects.exists()
