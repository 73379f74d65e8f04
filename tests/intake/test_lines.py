"""Who has priority, as far as the account may know; how long a line takes."""

from datetime import timedelta

import pytest

from intake.lines import known_priority, minutes_each, minutes_to_wait, present_members
from intake.models import Ticket
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def priority_of(palillo, user, *members, needs=()):
    family = factories.make_family(palillo, *members, by=user)
    for code in needs:
        factories.make_need(family.members.first(), code)
    return known_priority(list(family.members.all()), user=user, day=palillo.day_of(NOW))


@pytest.mark.parametrize(
    ("ages", "needs", "priority"),
    [
        ([30, 8], (), ""),
        ([30, 1], (), "infant"),
        ([30, 0], (), "infant"),
        ([30, 2], (), ""),
        ([59], (), ""),
        ([60], (), "older"),
        ([None], (), ""),  # unknown is not zero
        ([30], ("X-PR",), "pregnant"),
        ([30], ("DS-PM",), "disability"),
        ([30, 1], ("X-PR", "DS"), "pregnant"),
        ([60, 1], ("DS",), "infant"),
        ([30], ("PG-LC", "FU-TR"), ""),
    ],
)
def test_what_is_known_gives_priority(palillo, cast, ages, needs, priority):
    members = [{"age": age} for age in ages]
    assert priority_of(palillo, cast.volunteer, *members, needs=needs) == priority


def test_a_need_that_was_ruled_out_gives_none(palillo, cast):
    family = factories.make_family(palillo, {}, by=cast.volunteer)
    factories.make_need(family.members.get(), "X-PR", state="ruled_out", ruled_out_at=NOW)
    assert known_priority(list(family.members.all()), user=cast.volunteer, day=palillo.day_of(NOW)) == ""


@pytest.mark.parametrize("code", ["PG-HR", "DS-MM"])
def test_what_not_everybody_may_know_moves_up_and_is_not_named(palillo, cast, code):
    """High-risk pregnancy, intellectual disability: for coordination. A volunteer knows nothing of it."""
    assert priority_of(palillo, cast.volunteer, {}, needs=[code]) == ""
    assert priority_of(palillo, cast.coordinator, {}, needs=[code]) == "other"
    assert priority_of(palillo, cast.health, {}, needs=[code, "DS" if code == "DS-MM" else "X-PR"]) in (
        "disability",
        "pregnant",
    )


def test_who_is_in_the_shelter_counts_and_all_when_nobody_is(palillo, cast):
    family = factories.make_family(palillo, {}, {"age": 8}, by=cast.volunteer, stay=False)
    assert len(present_members(family, palillo)) == 2
    factories.make_stay(family.members.first())
    assert len(present_members(family, palillo)) == 1


def test_how_long_one_takes_is_the_mean_of_the_last_ten(palillo, cast):
    def served(number, minutes):
        Ticket.objects.create(
            shelter=palillo,
            line="clothing",
            queued_on=palillo.day_of(NOW),
            number=number,
            turn=number,
            state="done",
            queued_at=NOW,
            called_at=NOW + timedelta(minutes=number),
            ended_at=NOW + timedelta(minutes=number + minutes),
            queued_by=cast.volunteer,
        )

    assert minutes_each(Ticket.objects.all()) is None
    served(1, 30)
    assert minutes_each(Ticket.objects.all()) == 30
    for number in range(100, 110):
        served(number, 4)
    assert minutes_each(Ticket.objects.all()) == 4


def test_how_long_somebody_waits():
    assert minutes_to_wait(None, before=3, desks=1) is None
    assert minutes_to_wait(4, before=9, desks=1) == 40
    assert minutes_to_wait(4, before=9, desks=2) == 20
    assert minutes_to_wait(4, before=0, desks=0) == 4
