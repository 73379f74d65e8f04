"""The look through everybody again."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from intake.models import LookAlike
from tests.factories import make_family

NEPTALI = {"given_names": "Neptalí", "surnames": "Hernández Cálix", "age": 34, "origin_region_id": "HN-OL"}


def looked_through(shelter="palillo"):
    out = StringIO()
    call_command("look_alikes", shelter=shelter, stdout=out)
    return out.getvalue()


def test_who_became_alike_is_listed_once(palillo):
    one = make_family(palillo, NEPTALI)
    other = make_family(palillo, {**NEPTALI, "given_names": "Neftali", "surnames": "Hernandes Calis"})
    make_family(palillo, {"given_names": "Suyapa", "surnames": "Banegas Euceda"})
    assert looked_through() == "3 families checked, 1 possible duplicates added to the review list\n"
    pair = LookAlike.objects.get()
    assert {pair.first.family, pair.second.family} == {one, other}
    assert pair.verdict == LookAlike.Verdict.OPEN
    assert "0 possible duplicates added" in looked_through()


def test_another_shelter_is_not_looked_through(palillo, annex):
    make_family(palillo, NEPTALI)
    make_family(annex, NEPTALI)
    assert "0 possible duplicates added" in looked_through()


def test_what_was_judged_is_not_asked_again(palillo, cast):
    make_family(palillo, NEPTALI)
    make_family(palillo, NEPTALI)
    looked_through()
    pair = LookAlike.objects.get()
    pair.judge(LookAlike.Verdict.NOT_SAME, by=cast.coordinator)
    pair.save()
    looked_through()
    assert LookAlike.objects.get().verdict == LookAlike.Verdict.NOT_SAME


def test_a_shelter_that_is_none_is_said(db):
    with pytest.raises(CommandError, match="no shelter"):
        looked_through("nowhere")
