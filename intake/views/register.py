"""Screen 03: a family on one screen, in one submit."""

import logging
from functools import lru_cache

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from intake import actions
from intake.access import TooManyCodes, family_or_404, note_unknown, refuse_guessers, require
from intake.forms.fields import known_places
from intake.forms.look_alikes import said_not_same, searched_name
from intake.forms.registration import BLANK_ROWS, FamilyForm, MemberForm, MemberFormSet, as_typed
from intake.limits import wait_before_registering
from intake.models import CardBatch, Family, Person, PrivacyNotice, Submission
from intake.views.look_alikes import found_on_saving
from shelters.access import current_shelter
from shelters.forms import mistakes

logger = logging.getLogger(__name__)
UNDO_SECONDS = 10 * 60
ROW = "intake/_member_row.html"


def register(request):
    require(request.user, "intake.add_family")
    if not request.shift:
        return redirect("shift")
    is_start = "start" in request.POST  # from the search, which did not find them
    if request.method == "POST" and not is_start:
        return save(request)
    last = last_family(request)
    notice = PrivacyNotice.objects.current()
    form = FamilyForm(
        shelter=current_shelter(request),
        initial={**carried_over(last), "notice": notice, "card": request.POST.get("card", "")[:20]},
    )
    saved = last if last and str(last.pk) == request.GET.get("saved") else None
    first = searched_name(request.POST.get("q", "")) if is_start else {}
    members = MemberFormSet(initial=[first]) if first else MemberFormSet()
    return draw(request, form, members, saved=saved, last=last, notice=notice, is_guessed=bool(first))


def save(request):
    shelter, known = current_shelter(request), known_places()
    if "more" in request.POST:
        family, people = as_typed(request.POST)
        return draw(request, FamilyForm(shelter=shelter, initial=family), MemberFormSet(initial=people))
    form, members = (
        FamilyForm(request.POST, shelter=shelter, known=known),
        MemberFormSet(request.POST, known=known),
    )
    if not (form.is_valid() & members.is_valid()):
        return draw(request, form, members, status=422)
    if wait := wait_before_registering(request.user):
        form.add_error(
            None, _("Many registrations in one minute. Nothing is lost: wait a moment, then save again.")
        )
        answer = draw(request, form, members, status=429)
        answer.headers["Retry-After"] = str(wait)
        return answer
    family = form.family(desk=request.shift.desk, by=request.user)
    people, needs = members.people(place=form.cleaned_data["origin"])
    card = form.cleaned_data["card"]
    try:
        if card:
            refuse_guessers(request.user)
        actions.register_family(
            submission=form.submission(request.user),
            family=family,
            people=people,
            needs=needs,
            plan=form.cleaned_data["plan"],
            zone=form.cleaned_data["zone"],
            card=card,
            by=request.user,
        )
    except (actions.CannotBind, TooManyCodes) as refusal:
        form.add_error("card", str(refusal))
        note_unknown(request.user, shelter, [card])
        return draw(request, form, members, status=422)
    except actions.AlreadySaved as saved:
        if not saved.is_same or not saved.submission.family:
            form.ask_again(
                _("This form was already saved once. To register these people as another family, save again.")
            )
            return draw(request, form, members, status=422)
    else:
        check_again(request, family, people, members)
    return redirect(f"{reverse('intake:register')}?saved={family.pk}")


def check_again(request, family, people, members):
    """Whom they resemble goes to the review list. Nothing that breaks there may lose who was just saved."""
    in_row = dict(zip(members.rows, people, strict=True))
    not_same = {(in_row[row].pk, found) for row, found in said_not_same(request.POST) if row in in_row}
    try:
        actions.remember_look_alikes(family, people=people, not_same=not_same, by=request.user)
    except Exception:
        logger.exception("A family was saved, but not compared with the others")


def draw(request, form, members, *, status=200, saved=None, last=None, notice=None, is_guessed=False):
    found = [*mistakes_of_people(members), *mistakes(form)] if form.is_bound else []
    context = {
        "form": form,
        # Not by way of the formset: a template asks it for an item first, which makes all its forms.
        "management_form": members.management_form,
        "rows": drawn_rows(members),
        "blank_row": blank_row(get_language(), members.needs),
        "mistakes": found,
        "saved": saved,
        "candidates": found_on_saving(request, saved) if saved else [],
        "has_seen_many": False,
        "not_same": sorted(f"{row}:{found}" for row, found in said_not_same(request.POST)),
        "is_guessed": is_guessed,
        "carried": last if not form.is_bound else None,
        "notice": notice or PrivacyNotice.objects.current(),
        "today_here": today_here(request),
        "has_cards": bool(form["card"].value())
        or CardBatch.objects.in_use().filter(shelter=form.shelter).exists(),
    }
    return render(request, "intake/register.html", context, status=status)


def mistakes_of_people(members) -> list[tuple[str, str]]:
    """Each with the number of its row as the page shows it, so that nobody has to guess whose age is meant."""
    found = [("id_m-0-given_names", error) for error in members.non_form_errors()]
    for number, row in enumerate((row for row in members.forms if row.has_changed()), start=1):
        found += [
            (target, _("Person %(n)d: %(words)s") % {"n": number, "words": words})
            for target, words in mistakes(row)
        ]
    return found


def drawn_rows(members) -> list[str]:
    """The rows of the grid. Blank ones, which are most, are copies of one that was drawn before."""
    if not members.is_bound and not members.initial:
        return [copied_row(index, members.needs) for index in range(BLANK_ROWS)]
    return [
        render_to_string(ROW, {"row": row, "number": index + 1, "index": index})
        if row.has_changed()
        else copied_row(index, members.needs)
        for index, row in enumerate(members)
    ]


def copied_row(index, needs) -> str:
    blank = blank_row(get_language(), needs, is_head=index == 0)
    return mark_safe(blank.replace("__prefix__", str(index)).replace("__number__", str(index + 1)))


@lru_cache(maxsize=16)
def blank_row(language, needs, is_head=False) -> str:
    """Drawn once for each language and list of needs: drawing eight of them took most of the page's time."""
    row = MemberForm(prefix="m-__prefix__", need_choices=needs)
    return render_to_string(
        ROW, {"row": row, "number": "__number__", "index": 0 if is_head else "__prefix__"}
    )


def last_family(request) -> Family | None:
    """The one this account registered last today, whose origin and arrival the next family probably shares."""
    families = Family.objects.visible_to(request.user).filter(
        registered_by=request.user, registered_on=timezone.localdate(), shelter=request.shift.shelter_id
    )
    return families.select_related("shelter").prefetch_related("members__origin_region").first()


def carried_over(last) -> dict:
    if not last:
        return {"arrived_on": timezone.localdate(), "language": "spa"}
    head = last.members.all()[0] if last.members.all() else None
    origin = head.origin_text if head and head.origin_country != "XU" else ""
    return {"origin": origin, "arrived_on": last.arrived_on, "language": "spa"}


def today_here(request) -> int:
    """People registered at this desk today."""
    return (
        Person.objects.standing()
        .filter(
            family__shelter=request.shift.shelter_id,
            family__registered_on=timezone.localdate(),
            family__desk=request.shift.desk,
        )
        .count()
    )


@require_POST
def undo(request, pk):
    """Take back what one has just registered; only one's own, only at once, only while nobody did anything more."""
    family = family_or_404(request.user, pk)
    age = (timezone.now() - family.registered_at).total_seconds()
    was_registered = Submission.objects.filter(
        pk=pk, family=family, by=request.user
    ).exists()  # and not split off
    if not was_registered or age > UNDO_SECONDS:
        raise Http404
    try:
        actions.undo_registration(family, by=request.user)
    except actions.Overtaken:
        messages.error(
            request, _("Something was recorded for this family already. Open it to correct what is wrong.")
        )
        return redirect("intake:family", pk)
    messages.success(request, _("The registration was undone."))
    return redirect("intake:register")
