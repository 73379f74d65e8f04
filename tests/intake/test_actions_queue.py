"""The order of a line: nobody lost, nobody called twice, priority after the next one, never first."""

from datetime import UTC, datetime

import pytest
import time_machine
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from intake import actions
from intake.actions.queue import GAP
from intake.models import Ticket
from shelters.audit import Action
from shelters.models import AccessEvent
from tests import factories

pytestmark = pytest.mark.django_db
CLOTHING = Ticket.Line.CLOTHING
DESK = "clothing 1"


@pytest.fixture
def line(palillo, cast):
    """`line.give()`, `line.next()`, `line.waiting()`: the clothes line of the stadium."""
    return Line(palillo, cast.volunteer)


class Line:
    def __init__(self, shelter, by):
        self.shelter, self.by = shelter, by

    def give(self, priority="", *, line=CLOTHING, **fields):
        submission = factories.make_submission(self.by)
        fields = {"shelter": self.shelter, "line": line, "priority": priority, "by": self.by, **fields}
        return actions.give_ticket(submission=submission, **fields)

    def next(self, finished=None, *, desk=DESK):
        mark = finished.call_mark if finished else ""
        named = {"shelter": self.shelter, "line": CLOTHING, "desk": desk, "by": self.by}
        return actions.call_next(finished=finished, mark=mark, **named)

    def end(self, ticket, *, came):
        actions.end_turn(ticket, mark=ticket.call_mark, came=came, by=self.by)

    def waiting(self):
        return list(Ticket.objects.filter(line=CLOTHING).waiting().values_list("number", flat=True))


def test_numbers_begin_with_one_in_each_line(line):
    assert [str(line.give()) for _each in range(3)] == ["A 001", "A 002", "A 003"]
    assert str(line.give(line="health")) == "B 001"
    assert str(line.give(line="legal")) == "C 001"
    assert str(line.give(line="calls")) == "D 001"


def test_another_shelter_counts_for_itself(line, annex, cast):
    line.give()
    assert str(line.give(shelter=annex)) == "A 001"


def test_numbers_begin_anew_at_the_midnight_of_the_shelter(line):
    """Mexico City is six hours behind UTC: 18:00 there is midnight in UTC, and nothing begins."""
    given = []
    for hour, minute, day in ((23, 59, 6), (0, 1, 7), (5, 59, 7), (6, 1, 7)):
        with time_machine.travel(datetime(2018, 11, day, hour, minute, tzinfo=UTC), tick=False):
            given.append((line.give().number, str(Ticket.objects.latest("queued_at").queued_on)))
    assert given == [(1, "2018-11-06"), (2, "2018-11-06"), (3, "2018-11-06"), (1, "2018-11-07")]


def test_numbers_of_yesterday_are_not_called(line):
    with time_machine.travel(datetime(2018, 11, 7, 5, 59, tzinfo=UTC), tick=False):
        line.give()
    with time_machine.travel(datetime(2018, 11, 7, 6, 1, tzinfo=UTC), tick=False):
        assert line.next() is None


def test_a_form_sent_twice_gives_one_number(line, palillo, cast):
    submission = factories.make_submission(cast.volunteer)
    fields = {"shelter": palillo, "line": CLOTHING, "by": cast.volunteer}
    ticket = actions.give_ticket(submission=submission, **fields)
    with pytest.raises(actions.AlreadySaved) as saved:
        actions.give_ticket(submission=factories.make_submission(cast.volunteer, submission.key), **fields)
    assert saved.value.submission.pk == ticket.pk
    assert Ticket.objects.count() == 1


def test_each_is_called_in_turn(line):
    for _each in range(3):
        line.give()
    first = line.next()
    second = line.next(first)
    assert (first.number, second.number) == (1, 2)
    assert (first.state, second.state, second.desk) == ("done", "called", DESK)
    assert line.waiting() == [3]


def test_the_last_one_is_finished_and_nobody_called(line):
    line.give()
    assert line.next(line.next()) is None
    assert Ticket.objects.get().state == "done"


def test_a_second_press_skips_nobody(line):
    for _each in range(3):
        line.give()
    first = line.next()
    same = Ticket.objects.get(pk=first.pk)
    with pytest.raises(actions.Overtaken):
        line.next()  # this desk serves somebody
    line.next(first)
    with pytest.raises(actions.Overtaken):
        actions.call_next(
            shelter=line.shelter, line=CLOTHING, desk=DESK, finished=same, mark=same.call_mark, by=line.by
        )
    assert line.waiting() == [3]


def test_a_press_that_speaks_of_an_earlier_call_changes_nothing(line):
    line.give()
    ticket = line.next()
    old_mark = ticket.call_mark
    actions.send_back(ticket, mark=old_mark, by=line.by)
    line.next()
    for late in (actions.send_back, actions.end_turn):
        further = {"came": False} if late is actions.end_turn else {}
        with pytest.raises(actions.Overtaken):
            late(Ticket.objects.get(), mark=old_mark, by=line.by, **further)
    assert Ticket.objects.get().state == "called"


def test_two_desks_do_not_call_the_same(line):
    ticket = line.give()
    actions.call(ticket, desk=DESK, by=line.by)
    with pytest.raises(actions.Overtaken):
        actions.call(Ticket.objects.get(), desk="clothing 2", by=line.by)
    with pytest.raises(actions.Overtaken):
        actions.recall(Ticket.objects.get(), mark=ticket.call_mark, desk="clothing 2", by=line.by)
    assert Ticket.objects.get().desk == DESK
    assert line.next(desk="clothing 2") is None


def test_a_certain_one_is_called_before_the_others(line):
    tickets = [line.give() for _each in range(3)]
    actions.call(tickets[2], desk=DESK, by=line.by)
    assert line.waiting() == [1, 2]


def test_calling_again_tells_the_screen(line):
    line.give()
    ticket = line.next()
    before = ticket.call_mark
    actions.recall(ticket, mark=before, desk=DESK, by=line.by)
    assert ticket.call_mark > before


@pytest.mark.parametrize("came", [True, False])
def test_who_was_ended_by_mistake_is_brought_back(line, came):
    line.give()
    ticket = line.next()
    line.end(ticket, came=came)
    if not came:
        ticket = line.next()
        line.end(ticket, came=came)
    assert ticket.state == ("done" if came else "gone")
    actions.recall(ticket, mark=ticket.call_mark, desk="clothing 2", by=line.by)
    assert (ticket.state, ticket.desk, ticket.ended_at) == ("called", "clothing 2", None)


# --- priority, no-show, back -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "order"),
    [
        ("p", [1]),
        ("np", [1, 2]),
        ("nnp", [1, 3, 2]),
        ("nnpp", [1, 3, 4, 2]),
        ("pn", [1, 2]),
        ("pnp", [1, 3, 2]),
        ("nnnpnp", [1, 4, 6, 2, 3, 5]),
    ],
)
def test_priority_goes_after_the_next_one_and_the_priorities_there(line, given, order):
    for each in given:
        line.give("pregnant" if each == "p" else "")
    assert line.waiting() == order


def test_there_is_always_room_between_two(line):
    """So many priorities that the gap between two turns is used up: the turns are spread anew, the order stays."""
    line.give()
    line.give()
    priorities = [line.give("older").number for _each in range(14)]
    assert line.waiting() == [1, *priorities, 2]
    assert priorities == sorted(priorities)
    for _each in range(13):
        ticket = line.next()
        actions.send_back(ticket, mark=ticket.call_mark, by=line.by)
    assert line.waiting() == [1, *priorities, 2]
    assert Ticket.objects.order_by("turn").first().turn <= GAP


def test_who_does_not_come_goes_five_places_back_and_the_second_time_out(line):
    for _each in range(7):
        line.give()
    ticket = line.next()
    line.end(ticket, came=False)
    assert (ticket.state, ticket.no_shows, ticket.called_at) == ("waiting", 1, None)
    assert line.waiting() == [2, 3, 4, 5, 6, 1, 7]
    actions.call(ticket, desk=DESK, by=line.by)
    line.end(ticket, came=False)
    assert (ticket.state, ticket.no_shows) == ("gone", 2)
    assert line.waiting() == [2, 3, 4, 5, 6, 7]


def test_in_a_short_line_five_back_is_the_end(line):
    for _each in range(3):
        line.give()
    line.end(line.next(), came=False)
    assert line.waiting() == [2, 3, 1]


def test_a_priority_that_did_not_come_holds_nobody_up(line):
    for each in ("", "", "infant", "", "", ""):
        line.give(each)
    first = line.next()
    infant = line.next(first)
    assert infant.number == 3
    line.end(infant, came=False)
    assert line.waiting() == [2, 4, 5, 6, 3]
    assert line.give("pregnant").number == 7
    assert line.waiting() == [2, 7, 4, 5, 6, 3]


def test_sent_back_stands_first_again(line):
    for _each in range(3):
        line.give()
    ticket = line.next()
    actions.send_back(ticket, mark=ticket.call_mark, by=line.by)
    assert line.waiting() == [1, 2, 3]
    assert (ticket.state, ticket.desk, ticket.no_shows) == ("waiting", "", 0)


def test_the_trail_names_the_number_and_not_the_family(line, palillo):
    family = factories.make_family(palillo, {})
    line.give(line="health", family=family)
    line.give(family=family)
    line.end(line.next(), came=False)
    events = list(AccessEvent.objects.filter(action=Action.QUEUED).order_by("pk"))
    assert [event.detail["step"] for event in events] == ["given", "given", "called", "no_show"]
    assert events[0].detail == {"line": "health", "number": 1, "step": "given"}
    assert {event.subject_type for event in events} == {"intake.Ticket"}
    assert str(family.pk) not in str([(event.subject_id, event.detail) for event in events])


# --- any sequence at all ---------------------------------------------------------------------------------------


class AnyDay(RuleBasedStateMachine):
    """A line beside a plain list that says what it should be."""

    def __init__(self):
        super().__init__()
        Ticket.objects.all().delete()
        self.line = self.made
        self.list, self.at, self.done, self.gone = [], {}, [], []
        self.vain, self.first, self.given = {}, {}, 0

    @rule(is_first=st.booleans())
    def give(self, is_first):
        self.given += 1
        ticket = self.line.give("infant" if is_first else "")
        assert ticket.number == self.given
        self.first[self.given], self.vain[self.given] = is_first, 0
        place = len(self.list)
        if is_first:
            earlier = [n for n, each in enumerate(self.list) if self.first[each] and not self.vain[each]]
            place = min(place, max([0, *earlier]) + 1)
        self.list.insert(place, self.given)

    @rule(desk=st.sampled_from(["clothing 1", "clothing 2"]))
    def call_next(self, desk):
        before = self.at.pop(desk, None)
        finished = Ticket.objects.get(number=before) if before else None
        called = self.line.next(finished, desk=desk)
        self.done += [before] if before else []
        if self.list:
            self.at[desk] = self.list.pop(0)
        assert (called.number if called else None) == self.at.get(desk)

    @precondition(lambda self: self.at)
    @rule(data=st.data(), how=st.sampled_from(["done", "no_show", "back"]))
    def end(self, data, how):
        desk = data.draw(st.sampled_from(sorted(self.at)))
        number = self.at.pop(desk)
        ticket = Ticket.objects.get(number=number)
        if how == "back":
            actions.send_back(ticket, mark=ticket.call_mark, by=self.line.by)
            self.list.insert(0, number)
            return
        self.line.end(ticket, came=how == "done")
        self.vain[number] += how == "no_show"
        if how == "done":
            self.done.append(number)
        elif self.vain[number] >= 2:
            self.gone.append(number)
        else:
            self.list.insert(5, number)

    @precondition(lambda self: self.done + self.gone)
    @rule(data=st.data())
    def bring_back(self, data):
        number = data.draw(st.sampled_from(self.done + self.gone))
        desk = next((each for each in ("clothing 1", "clothing 2") if each not in self.at), None)
        if desk is None:
            return
        ticket = Ticket.objects.get(number=number)
        actions.recall(ticket, mark=ticket.call_mark, desk=desk, by=self.line.by)
        (self.done if number in self.done else self.gone).remove(number)
        self.at[desk] = number

    @invariant()
    def nobody_is_lost_or_called_twice(self):
        assert self.line.waiting() == self.list
        states = dict(Ticket.objects.values_list("number", "state"))
        expected = dict.fromkeys(self.list, "waiting") | dict.fromkeys(self.at.values(), "called")
        expected |= dict.fromkeys(self.done, "done") | dict.fromkeys(self.gone, "gone")
        assert states == expected
        assert len(states) == self.given


def test_any_sequence_of_presses_keeps_the_line(line):
    AnyDay.made = line
    run_state_machine_as_test(
        AnyDay, settings=settings(max_examples=20, stateful_step_count=25, deadline=None)
    )
