"""Tickets: one number once a day in a line, and no call without its moment."""

from datetime import date

import pytest

from intake.models import Ticket
from tests.factories import NOW
from tests.intake.models import refused_by_the_database

pytestmark = pytest.mark.django_db


def ticket(shelter, by, **fields):
    usual = {"line": "clothing", "queued_on": date(2018, 11, 6), "number": 7, "turn": 7}
    return Ticket(**{"shelter": shelter, "queued_at": NOW, "queued_by": by, **usual, **fields})


def test_it_is_told_as_letter_and_three_digits(palillo, cast):
    assert str(ticket(palillo, cast.volunteer)) == "A 007"
    assert str(ticket(palillo, cast.volunteer, line="calls", number=1234)) == "D 1234"
    assert set(Ticket.LETTERS) == set(Ticket.Line)


def test_a_number_is_given_once_a_day(palillo, annex, cast):
    ticket(palillo, cast.volunteer).save()
    with refused_by_the_database("ticket_number_once_a_day"):
        ticket(palillo, cast.volunteer).save()
    for other in ({"line": "health"}, {"queued_on": date(2018, 11, 7)}, {"shelter": annex}):
        ticket(other.pop("shelter", palillo), cast.volunteer, **other).save()


@pytest.mark.parametrize("wrong", [{"called_at": NOW}, {"state": "called"}, {"state": "done"}])
def test_a_call_has_its_moment(palillo, cast, wrong):
    with refused_by_the_database("ticket_called_at_some_moment"):
        ticket(palillo, cast.volunteer, **wrong).save()


def test_a_call_is_told_from_another(palillo, cast):
    row = ticket(palillo, cast.volunteer)
    assert row.call_mark == ""
    row.called_at, row.state = NOW, "called"
    row.save()
    assert row.call_mark == Ticket.objects.get().call_mark != ""


def test_they_stand_in_the_order_of_their_turn(palillo, cast):
    for number, turn in ((1, 20), (2, 10), (3, 10)):
        ticket(palillo, cast.volunteer, number=number, turn=turn).save()
    assert [row.number for row in Ticket.objects.waiting()] == [2, 3, 1]


def test_seen_by_who_works_there(palillo, cast):
    ticket(palillo, cast.volunteer).save()
    for user, seen in ((cast.volunteer, 1), (cast.stranger, 0), (cast.administrator, 0)):
        assert Ticket.objects.visible_to(user).count() == seen
