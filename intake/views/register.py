"""Screen 03: a family on one screen, in one submit."""

import logging
from functools import lru_cache, partial
from uuid import UUID

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from intake import actions
from intake.access import TooManyCodes, family_or_404, note_unknown, refuse_guessers, require
from intake.device_forms import said_on
from intake.forms.fields import known_places
from intake.forms.look_alikes import said_not_same, searched_name
from intake.forms.registration import BLANK_ROWS, FamilyForm, MemberForm, MemberFormSet, as_typed
from intake.limits import wait_before_registering
from intake.models import CardBatch, Family, LateForm, Person, PrivacyNotice, Submission
from intake.views.look_alikes import found_on_saving
from shelters.access import current_shelter
from shelters.forms import mistakes
from shelters.sealing import public_key

logger = logging.getLogger(__name__)
SAVED_ONCE = gettext_lazy(
    "This form was already saved once. To register these people as another family, save again."
)
SETTLED = gettext_lazy(
    "Meanwhile this form was saved or thrown away, or it is not yours to correct any more. Nothing was saved now. "
    "Search for these people; if nobody has registered them, save again: ages and days then count from today."
)
OF_ANOTHER_SHELTER = gettext_lazy(
    "This form is of %(shelter)s, and your shift is at another shelter. Nothing is lost: start a shift at "
    "%(shelter)s in another tab of this browser, then save here again."
)
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
    late, known = late_form_of(request), known_places()
    shelter, day = (late.shelter, said_on(late)) if late else (current_shelter(request), None)
    again = partial(draw, request, late=late, day=day)
    form = FamilyForm(request.POST, shelter=shelter, known=known, said_on=day)
    members = MemberFormSet(request.POST, known=known, said_on=day)
    if "late" in request.POST and not late and not (form.is_valid() and form.saved_before(request.user)):
        return once_more(request, form, members)
    if "more" in request.POST:
        family, people = as_typed(request.POST)
        return again(FamilyForm(shelter=shelter, initial=family), MemberFormSet(initial=people))
    if shelter.pk != request.shift.shelter_id:
        form.add_error(None, OF_ANOTHER_SHELTER % {"shelter": shelter})
    if not (form.is_valid() & members.is_valid()):
        return again(form, members, status=422)
    if wait := wait_before_registering(request.user):
        form.add_error(
            None, _("Many registrations in one minute. Nothing is lost: wait a moment, then save again.")
        )
        answer = again(form, members, status=429)
        answer.headers["Retry-After"] = str(wait)
        return answer
    try:
        store(form, members, desk=request.shift.desk, by=request.user, sender=request.user, late=late)
    except (actions.CannotBind, TooManyCodes) as refusal:
        form.add_error("card", str(refusal))
        return again(form, members, status=422)
    except actions.AlreadySaved as saved:
        if not saved.is_same or not saved.submission.family:
            return once_more(request, form, members)
    except actions.Overtaken:
        return once_more(request, form, members)
    return redirect(f"{reverse('intake:register')}?saved={form.cleaned_data['key']}")


def once_more(request, form, members):
    """Saved again it is another family. What of a device does not wait any more is an ordinary form from then on."""
    late = late_form_of(request)
    form.ask_again(SETTLED if "late" in request.POST and not late else SAVED_ONCE)
    return draw(request, form, members, status=422, late=late, day=late and said_on(late))


def store(form, members, *, desk, by, sender, late=None, **told):
    """The family of these valid forms, and whom they resemble. `sender`: whose session brings it; `told`: to the trail.

    Raises CannotBind and TooManyCodes because of the card, AlreadySaved, and Overtaken because of `late`.
    """
    family = form.family(desk=desk, by=by)
    people, needs = members.people(place=form.cleaned_data["origin"])
    card = form.cleaned_data["card"]
    try:
        if card:
            refuse_guessers(sender)
        actions.register_family(
            submission=form.submission(by),
            family=family,
            people=people,
            needs=needs,
            plan=form.cleaned_data["plan"],
            zone=form.cleaned_data["zone"],
            card=card,
            late=late,
            by=by,
            **told,
        )
    except (actions.CannotBind, TooManyCodes):
        note_unknown(sender, form.shelter, [card])
        raise
    check_again(family, people, members, by=by)


def check_again(family, people, members, *, by):
    """Whom they resemble goes to the review list. Nothing that breaks there may lose who was just saved."""
    in_row = dict(zip(members.rows, people, strict=True))
    not_same = {(in_row[row].pk, found) for row, found in said_not_same(members.data) if row in in_row}
    try:
        actions.remember_look_alikes(family, people=people, not_same=not_same, by=by)
    except Exception:
        logger.exception("A family was saved, but not compared with the others")


def late_form_of(request) -> LateForm | None:
    """Which form of a device is corrected here; None when it is none, does not wait or is not theirs to settle."""
    try:
        key = UUID(request.POST.get("late", ""))
    except ValueError:
        return None
    return LateForm.objects.visible_to(request.user).open().select_related("shelter").filter(pk=key).first()


def draw(
    request,
    form,
    members,
    *,
    status=200,
    saved=None,
    last=None,
    notice=None,
    is_guessed=False,
    late=None,
    day=None,
):
    """`late`, `day`: what of a device is corrected here, and on which day that was said."""
    found = [*mistakes_of_people(members), *mistakes(form)] if form.is_bound else []
    sent = members.data or request.POST  # of a device, it came sealed
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
        "not_same": sorted(f"{row}:{found}" for row, found in said_not_same(sent)),
        "late": late,
        "said_on": day,
        "is_guessed": is_guessed,
        "carried": last if not form.is_bound else None,
        "notice": notice or PrivacyNotice.objects.current(),
        "today_here": today_here(request),
        "seal": public_key(),
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
    age = timezone.now() - family.registered_at
    was_registered = Submission.objects.filter(
        pk=pk, family=family, by=request.user
    ).exists()  # and not split off
    if not was_registered or age > actions.UNDO_FOR:
        raise Http404
    try:
        waits_again = actions.undo_registration(family, by=request.user)
    except actions.Overtaken:
        messages.error(
            request, _("Something was recorded for this family already. Open it to correct what is wrong.")
        )
        return redirect("intake:family", pk)
    if waits_again:
        messages.success(request, _("The registration was undone. Its form waits to be corrected again."))
        return redirect("intake:late-forms")
    messages.success(request, _("The registration was undone."))
    return redirect("intake:register")
