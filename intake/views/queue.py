"""Screen 07: lines with numbers. People are called by a number, never by name."""

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.db.models import Count, F, Prefetch, Window
from django.db.models.functions import RowNumber
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from intake import actions
from intake.access import family_of_card, may_call, require, slows_guessers
from intake.forms.queue import AS_KNOWN, StepForm, TicketForm
from intake.lines import known_priority, minutes_each, minutes_since, minutes_to_wait, present_members
from intake.models import Card, Ticket
from shelters.access import current_shelter
from shelters.forms import mistakes
from shelters.models import Shelter

SHOWN = 40  # of those who wait; nobody calls the hundredth
ON_SCREEN, NEXT_ON_SCREEN = 9, 3
A_WEEK = 7 * 24 * 3600
SCREEN = "queue-screen"


def queue(request, line=None):
    """One line: who is served at this desk, and who waits. Without a line: the one of this shift's desk."""
    require(request.user, "intake.view_ticket")
    if not request.shift:
        return redirect("shift")
    line = checked(line or own_line(request.shift))
    shelter = current_shelter(request)
    today = tickets_today(request.user, shelter)
    context = {
        "line": line,
        "may_call": may_call(request.user, line),
        "lines": line_counts(today),
        "screen": signing.dumps(shelter.pk, salt=SCREEN),
        **standing(today.filter(line=line), request.shift.desk),
    }
    return render(request, "intake/queue.html", context)


def own_line(shift) -> str:
    kind = shift.desk.partition(" ")[0]
    return kind if kind in Ticket.Line.values else Ticket.Line.CLOTHING


def checked(line) -> Ticket.Line:
    if line not in Ticket.Line.values:
        raise Http404
    return Ticket.Line(line)


def tickets_today(user, shelter):
    return Ticket.objects.visible_to(user).filter(shelter=shelter, queued_on=shelter.today())


def line_counts(today) -> list[tuple]:
    """(line, how many wait) for each line."""
    waiting = today.waiting().order_by().values_list("line").annotate(Count("pk"))
    found = dict(waiting)
    return [(line, found.get(line.value, 0)) for line in Ticket.Line]


def standing(tickets, desk) -> dict:
    """How a line stands, seen from a desk. A fixed number of queries, however long the line is."""
    cards = Prefetch("family__cards", Card.objects.usable().order_by("-bound_at"), "usable_cards")
    shown = tickets.select_related("family").prefetch_related(cards)
    called = list(shown.called())
    waiting = list(shown.waiting()[: SHOWN + 1])
    total = tickets.waiting().count() if len(waiting) > SHOWN else len(waiting)
    each, desks = minutes_each(tickets), len({ticket.desk for ticket in called})
    for ticket in waiting:
        ticket.minutes = minutes_since(ticket.queued_at)
    return {
        "serving": [ticket for ticket in called if ticket.desk == desk],
        "elsewhere": [ticket for ticket in called if ticket.desk != desk],
        "waiting": waiting[:SHOWN],
        "total": total,
        "ended": tickets.ended().filter(desk=desk).first(),
        "minutes_each": each,
        "minutes_last": minutes_to_wait(each, before=total - 1, desks=desks) if total else None,
    }


def step(request, line):
    """One press: done and next, call, recall, no-show, back. What comes late or twice changes nothing."""
    line = checked(line)
    if request.method != "POST":  # the page in the other language, or reloaded
        return redirect("intake:queue-line", line)
    if not may_call(request.user, line):
        raise Http404
    shelter, form = current_shelter(request), StepForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        take(form.cleaned_data, shelter, line, request)
    except actions.Overtaken:
        messages.info(request, _("That had been done already. This is how the line stands now."))
    return redirect("intake:queue-line", line)


def take(press, shelter, line, request) -> None:
    """Carry out one press. Raises Overtaken."""
    by, desk, mark = request.user, request.shift.desk, press["mark"]
    lined_up = Ticket.objects.visible_to(by).filter(shelter=shelter, line=line).select_related("shelter")
    ticket = get_object_or_404(lined_up, pk=press["ticket"]) if press["ticket"] else None
    if press["step"] == "next":
        called = actions.call_next(shelter=shelter, line=line, desk=desk, finished=ticket, mark=mark, by=by)
        if called is None:
            messages.info(request, _("Nobody is waiting in this line."))
        return
    if ticket is None:
        raise Http404
    match press["step"]:
        case "call":
            actions.call(ticket, desk=desk, by=by)
        case "recall":
            actions.recall(ticket, mark=mark, desk=desk, by=by)
        case "send_back":
            actions.send_back(ticket, mark=mark, by=by)
        case ending:
            actions.end_turn(ticket, mark=mark, came=ending == "done", by=by)


@slows_guessers
def give(request, line):
    """A number for whoever stands here, with a card or without."""
    require(request.user, "intake.add_ticket")
    if not request.shift:
        return redirect("shift")
    shelter = current_shelter(request)
    form = TicketForm(
        request.POST or None,
        find=partial(family_of_card, request.user, shelter),
        initial={"line": checked(line)},
    )
    if request.method == "POST" and form.is_valid():
        before = number_of_before(form, shelter, request.user)
        if before:
            messages.info(request, _("This family waits already. It keeps its number."))
        if key := before or given(form, shelter, request.user):
            return redirect("intake:ticket", key)
    context = {"form": form, "line": line, "mistakes": mistakes(form)}
    return render(request, "intake/queue_give.html", context, status=422 if form.errors else 200)


def number_of_before(form, shelter, user):
    """The ticket that this family holds already: scanned twice, it keeps its place.

    Only where the account may see whose number is whose; in the other lines nothing is told by it.
    """
    line, family = form.cleaned_data["line"], form.cleaned_data["card"]
    if family is None or not may_call(user, line):
        return None
    held = tickets_today(user, shelter).filter(line=line, family=family)
    return (
        held.filter(state__in=[Ticket.State.WAITING, Ticket.State.CALLED])
        .values_list("pk", flat=True)
        .first()
    )


def given(form, shelter, user):
    """The key of the ticket, made now or by an earlier copy of the same form; None when the form asks again."""
    data, family = form.cleaned_data, form.cleaned_data["card"]
    people, priority = data["people"] or 1, data["priority"]
    if family:
        members = present_members(family, shelter)
        people = len(members) or 1
    if priority == AS_KNOWN:
        priority = known_priority(members, user=user, day=shelter.today()) if family else ""
    try:
        ticket = actions.give_ticket(
            submission=form.submission(user),
            shelter=shelter,
            line=data["line"],
            family=family,
            people=people,
            priority=priority,
            by=user,
        )
        return ticket.pk
    except actions.AlreadySaved as saved:
        if saved.is_same:
            return saved.submission.pk
        form.ask_again()
    return None


def ticket(request, pk):
    """The number, large, to tell or to print."""
    require(request.user, "intake.view_ticket")
    shelter = current_shelter(request)
    found = get_object_or_404(tickets_today(request.user, shelter), pk=pk)
    line = tickets_today(request.user, shelter).filter(line=found.line)
    ahead = list(line.waiting().values_list("pk", flat=True))
    before = ahead.index(found.pk) if found.pk in ahead else None
    desks = line.called().order_by().values("desk").distinct().count()
    wait = None if before is None else minutes_to_wait(minutes_each(line), before=before, desks=desks)
    context = {"ticket": found, "before": before, "wait": wait, "shelter": shelter}
    return render(request, "intake/queue_ticket.html", context)


@login_not_required
def screen(request, token):
    """For a television on the wall: numbers and desks, nothing else. Opened by a signed link, for a week."""
    try:
        shelter = get_object_or_404(Shelter, pk=signing.loads(token, salt=SCREEN, max_age=A_WEEK))
    except signing.BadSignature as error:
        raise Http404 from error
    today = Ticket.objects.filter(shelter=shelter, queued_on=shelter.today())
    place = Window(RowNumber(), partition_by=F("line"), order_by=[F("turn").asc(), F("number").asc()])
    waiting = today.waiting().annotate(place=place).filter(place__lte=NEXT_ON_SCREEN)
    lined_up = sorted(waiting.order_by("turn", "number"), key=lambda ticket: Ticket.LETTERS[ticket.line])
    context = {"called": today.called()[:ON_SCREEN], "waiting": lined_up, "shelter": shelter}
    is_piece = request.headers.get("X-Requested-With") == "fetch"
    return render(request, "intake/_queue_screen.html" if is_piece else "intake/queue_screen.html", context)
