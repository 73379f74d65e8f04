"""Freezing and withdrawing: once, and on the trail."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from intake import actions
from intake.models import Cut
from intake.reports.census import census
from intake.reports.cuts import numbers_of
from shelters.models import AccessEvent
from tests.factories import NOW, make_family

AS_OF = NOW + timedelta(hours=6)


@pytest.fixture
def family(palillo):
    return make_family(palillo, {"age": 34}, {"age": 11, "origin_country": "GT"}, {"age": None, "sex": "U"})


def test_the_numbers_are_those_of_the_census(family, palillo, cast):
    cut = actions.freeze(palillo, AS_OF, note="bulletin", by=cast.coordinator)
    cut.refresh_from_db()
    assert cut.numbers == numbers_of(census(palillo, AS_OF))
    assert (
        cut.numbers["total"],
        cut.numbers["origin.GT"],
        cut.numbers["sex.U"],
        cut.numbers["families"],
    ) == (
        3,
        1,
        1,
        1,
    )
    assert (cut.shelter, cut.as_of, cut.frozen_by, cut.note) == (palillo, AS_OF, cast.coordinator, "bulletin")


def test_it_leaves_one_event_with_counts_alone(family, palillo, cast):
    cut = actions.freeze(palillo, AS_OF, by=cast.coordinator)
    event = AccessEvent.objects.get(action="census_frozen")
    assert (event.user, event.shelter, event.subject_id) == (cast.coordinator, palillo, str(cut.pk))
    assert event.detail == {"as_of": AS_OF.isoformat(), "people": 3}


def test_a_second_press_changes_nothing(family, palillo, cast):
    cut = actions.freeze(palillo, AS_OF, note="first", by=cast.coordinator)
    make_family(palillo, {"age": 20})
    assert actions.freeze(palillo, AS_OF, note="second", by=cast.data_officer) == cut
    assert list(Cut.objects.values_list("note", flat=True)) == ["first"]
    assert AccessEvent.objects.filter(action="census_frozen").count() == 1


def test_after_a_withdrawal_the_moment_can_be_frozen_anew(family, palillo, cast):
    cut = actions.freeze(palillo, AS_OF, by=cast.coordinator)
    actions.withdraw(cut, "a tent was missing", by=cast.data_officer)
    make_family(palillo, {"age": 20})
    anew = actions.freeze(palillo, AS_OF, by=cast.coordinator)
    assert anew != cut
    assert (cut.numbers["total"], anew.numbers["total"]) == (3, 4)
    assert list(Cut.objects.standing()) == [anew]


def test_a_second_withdrawal_changes_nothing(family, palillo, cast):
    cut = actions.freeze(palillo, AS_OF, by=cast.coordinator)
    for reason in ("first", "second"):
        actions.withdraw(cut, reason, by=cast.coordinator)
    cut.refresh_from_db()
    assert (cut.withdrawn_reason, cut.withdrawn_by) == ("first", cast.coordinator)
    assert AccessEvent.objects.filter(action="census_withdrawn").count() == 1


def test_a_moment_that_has_not_come_leaves_nothing(palillo, cast):
    with pytest.raises(IntegrityError), transaction.atomic():
        actions.freeze(palillo, timezone.now() + timedelta(hours=1), by=cast.coordinator)
    assert not Cut.objects.exists()
    assert not AccessEvent.objects.filter(action="census_frozen").exists()
