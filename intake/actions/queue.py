"""Numbers are given and called. Everything about the lines of one shelter happens one after the other.

A page names the ticket it speaks of and which call of it (`mark`, see `Ticket.call_mark`): what comes late, or
twice, finds that this is over and raises Overtaken, so that nobody is skipped and nobody called by two desks.
"""

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from intake.actions.once import Overtaken, once
from intake.models import Ticket
from shelters.audit import Action, record
from shelters.models import Shelter

GAP = 1024  # between two turns, so that somebody fits between them
PLACES_BACK = 5  # for who does not come the first time
MOST_NO_SHOWS = 2
MOVING = ["state", "desk", "turn", "called_at", "ended_at", "no_shows"]
State = Ticket.State


def hold(shelter) -> None:
    """Who gives or calls a number here waits for this transaction; who registers a family does not."""
    Shelter.objects.select_for_update(no_key=True).get(pk=shelter.pk)


def give_ticket(*, submission, shelter, line, family=None, people=1, priority="", by) -> Ticket:
    """The next number of this line today. The ticket takes the form's key as its own. Raises AlreadySaved."""
    with once(submission):
        hold(shelter)
        now = timezone.now()
        today = Ticket.objects.filter(shelter=shelter, line=line, queued_on=shelter.day_of(now))
        ticket = Ticket(
            pk=submission.key,
            shelter=shelter,
            line=line,
            queued_on=shelter.day_of(now),
            number=(today.aggregate(last=Max("number"))["last"] or 0) + 1,
            family=family,
            people=people,
            priority=priority,
            queued_at=now,
            queued_by=by,
        )
        waiting = list(today.waiting())
        ticket.turn = turn_at(waiting, place_of_priority(waiting) if priority else len(waiting))
        ticket.save(force_insert=True)
        tell(ticket, "given", by=by)
    return ticket


def place_of_priority(waiting) -> int:
    """After the next one, and after the priorities that are there already; who did not come has lost theirs."""
    earlier = [place for place, other in enumerate(waiting) if other.priority and not other.no_shows]
    return min(len(waiting), max([0, *earlier]) + 1)


def turn_at(waiting, place) -> int:
    """The turn of who stands at this place of a line, between their neighbours."""
    before = waiting[place - 1].turn if place else 0
    after = waiting[place].turn if place < len(waiting) else before + 2 * GAP
    if after - before > 1:
        return (before + after) // 2
    for number, ticket in enumerate(waiting, start=1):  # no room left between them
        ticket.turn = number * GAP
    Ticket.objects.bulk_update(waiting, ["turn"])
    return turn_at(waiting, place)


def line_of(ticket):
    """The others who wait with this ticket, in order."""
    same = {"shelter": ticket.shelter_id, "line": ticket.line, "queued_on": ticket.queued_on}
    return Ticket.objects.filter(**same).exclude(pk=ticket.pk).waiting()


@transaction.atomic
def call_next(*, shelter, line, desk, finished=None, mark="", by) -> Ticket | None:
    """Call whoever is next to this desk; `finished` has been served. None when nobody waits.

    Raises Overtaken when that ticket is finished already, or when none is named and the desk serves somebody.
    """
    hold(shelter)
    today = Ticket.objects.filter(shelter=shelter, line=line, queued_on=shelter.today())
    if finished:
        look_again(finished, mark, desk=desk)
        close(finished, State.DONE)
        tell(finished, "done", by=by)
    elif today.called().filter(desk=desk).exists():
        raise Overtaken
    ticket = today.waiting().first()
    if ticket:
        put_through(ticket, desk, by=by)
    return ticket


@transaction.atomic
def call(ticket, *, desk, by) -> None:
    """Call this one, whoever else waits. Raises Overtaken when another desk was faster."""
    hold(ticket.shelter)
    look_again(ticket, "", state=State.WAITING)
    put_through(ticket, desk, by=by)


@transaction.atomic
def recall(ticket, *, mark, desk, by) -> None:
    """Once more: whoever was called to this desk, or was ended by mistake. Raises Overtaken."""
    hold(ticket.shelter)
    ticket.refresh_from_db(fields=MOVING)
    is_elsewhere = ticket.state == State.CALLED and ticket.desk != desk
    if ticket.state == State.WAITING or is_elsewhere or ticket.call_mark != mark:
        raise Overtaken
    put_through(ticket, desk, by=by, step="recalled")


@transaction.atomic
def end_turn(ticket, *, mark, came, by) -> None:
    """Served, or did not come: then five places back, and out the second time. Raises Overtaken."""
    hold(ticket.shelter)
    look_again(ticket, mark)
    if came:
        close(ticket, State.DONE)
    else:
        ticket.no_shows += 1
        if ticket.no_shows < MOST_NO_SHOWS:
            waiting = list(line_of(ticket))
            queue_again(ticket, turn_at(waiting, min(PLACES_BACK, len(waiting))))
        else:
            close(ticket, State.GONE)
    tell(ticket, "done" if came else "no_show", by=by)


@transaction.atomic
def send_back(ticket, *, mark, by) -> None:
    """To the front of the line: called too early, or by mistake. Raises Overtaken."""
    hold(ticket.shelter)
    look_again(ticket, mark)
    queue_again(ticket, turn_at(list(line_of(ticket)), 0))
    tell(ticket, "sent_back", by=by)


def look_again(ticket, mark, *, state=State.CALLED, desk=None) -> None:
    """Under the lock: is the ticket still where the page saw it?"""
    ticket.refresh_from_db(fields=MOVING)
    if ticket.state != state or ticket.call_mark != mark or (desk is not None and ticket.desk != desk):
        raise Overtaken


def put_through(ticket, desk, *, by, step="called") -> None:
    ticket.state, ticket.desk, ticket.called_at, ticket.ended_at = State.CALLED, desk, timezone.now(), None
    ticket.save(update_fields=["state", "desk", "called_at", "ended_at"])
    tell(ticket, step, by=by)


def queue_again(ticket, turn) -> None:
    ticket.state, ticket.desk, ticket.called_at, ticket.turn = State.WAITING, "", None, turn
    ticket.save(update_fields=["state", "desk", "called_at", "turn", "no_shows"])


def close(ticket, state) -> None:
    ticket.state, ticket.ended_at = state, timezone.now()
    ticket.save(update_fields=["state", "ended_at", "no_shows"])


def tell(ticket, step, *, by) -> None:
    """The trail names the number and not the family: nobody reads there who stood in the health line."""
    detail = {"line": ticket.line, "number": ticket.number, "step": step}
    record(Action.QUEUED, by=by, shelter=ticket.shelter, subject=ticket, **detail)
