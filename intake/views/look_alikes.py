"""The warning of screen 03: somebody like these people is registered already. It never stands in the way."""

from collections import defaultdict, deque
from datetime import timedelta
from typing import NamedTuple

from django.contrib import messages
from django.db.models import Count, Q
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from intake import actions
from intake.access import look_alike_or_404, require
from intake.forms.look_alikes import said_not_same, typed_people
from intake.look_alikes import WARN_WITHOUT_AGE_AT, LookAlikePair, families
from intake.models import Family, LookAlike, Person
from intake.reading import are_many, note_shown, shown_lately
from shelters.access import current_shelter
from shelters.audit import Action, unsaved
from shelters.pace import is_often

MOST_CHECKS_A_MINUTE = 120  # the page waits 400 ms between two
_asked: dict[int, deque] = defaultdict(deque)  # account to the moments of its checks
MOST_A_MINUTE = 60  # times that an account is shown somebody; nobody types that fast


class Candidate(NamedTuple):
    """A family that was found. `not_same`: how the form says that these are two; `judge`: where a button says it."""

    pairs: list[LookAlikePair]
    family: Family
    size: int
    is_inside: bool
    not_same: str = ""
    judge: str = ""


@require_POST
def look_alikes(request):
    """Whom the people typed so far resemble, as a piece of the page."""
    require(request.user, "intake.add_family")
    shelter = current_shelter(request)
    shown = shown_lately(request.user)
    if asks_often(request.user) or has_seen_many(shown):
        return answer(request, [], has_seen_many=True, status=429)
    rows = typed_people(request.POST)
    people = list(rows.values())
    but = {found for _row, found in said_not_same(request.POST)}
    row_of = {person.pk: row for row, person in rows.items()}
    found = candidates(families(people, shelter=shelter, but=but))
    found = [
        each._replace(not_same=" ".join(f"{row_of[pair.asked.pk]}:{pair.found.pk}" for pair in each.pairs))
        for each in found
    ]
    show(found, request.user, shelter, shown)
    return answer(request, found)


def answer(request, found, *, has_seen_many=False, status=200):
    context = {"candidates": found, "saved": None, "has_seen_many": has_seen_many}
    return render(request, "intake/_look_alikes.html", context, status=status)


def candidates(groups) -> list[Candidate]:
    """With what a volunteer can compare: how many they are, and whether they are here. One query."""
    if not groups:
        return []
    people = Person.objects.standing().filter(family__in=[group[0].found.family_id for group in groups])
    counted = people.order_by().values("family").annotate(size=Count("pk", distinct=True))
    inside = Count("stays", filter=Q(stays__out_at__isnull=True), distinct=True)
    of = {row["family"]: row for row in counted.annotate(inside=inside)}
    return [
        Candidate(group, group[0].found.family, of[pk]["size"], of[pk]["inside"] > 0)
        for group in groups
        if (pk := group[0].found.family_id) in of
    ]


def asks_often(user) -> bool:
    """In this process: a check that shows nobody leaves no trace, but it costs, and it answers."""
    return is_often(_asked, user, MOST_CHECKS_A_MINUTE)


def has_seen_many(shown) -> bool:
    """In this minute, or in this hour."""
    since = timezone.now() - timedelta(minutes=1)
    alike = sum(action == Action.LOOK_ALIKES_SHOWN and at > since for action, at, *_told in shown)
    return alike >= MOST_A_MINUTE or are_many(shown)


def show(found, user, shelter, shown) -> None:
    if not found:
        return
    detail = {"families": len(found), "people": sum(len(each.pairs) for each in found)}
    event = unsaved(Action.LOOK_ALIKES_SHOWN, by=user, shelter=shelter, subject=None, detail=detail)
    note_shown(user, {each.family.pk: shelter.pk for each in found}, shown=shown, beside=[event])


def found_on_saving(request, family) -> list[Candidate]:
    """Whom a family that was just saved resembles, as far as nobody has judged it: the warning without JavaScript."""
    members = list(family.members.all())
    theirs = Q(first__in=members) | Q(second__in=members)
    open_pairs = LookAlike.objects.open().filter(theirs, certainty__gte=WARN_WITHOUT_AGE_AT)
    judge = {frozenset((row.first_id, row.second_id)): row.pk for row in open_pairs}
    if not judge or has_seen_many(shown := shown_lately(request.user)):
        return []
    found = []
    for each in candidates(families(members, shelter=family.shelter)):
        pks = [judge.get(frozenset((pair.asked.pk, pair.found.pk))) for pair in each.pairs]
        if pk := next(filter(None, pks), None):
            found.append(each._replace(judge=reverse("intake:look-alike-dismiss", args=[pk])))
    show(found, request.user, family.shelter, shown)
    return found


@require_POST
def not_the_same(request, pk):
    """Said after saving, by who has just registered the family."""
    look_alike, family = look_alike_or_404(request.user, pk)
    if actions.not_the_same(look_alike, by=request.user):
        messages.success(request, _("Noted: not the same."))
    return redirect(f"{reverse('intake:register')}?saved={family.pk}")
