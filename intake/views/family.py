"""Screen 04: a family, what it received, and what changes about it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Prefetch
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from intake import actions, computed
from intake.access import family_or_404, person_or_404, require, standing
from intake.forms.family import (
    DepartureForm,
    FamilyEditForm,
    NeedForm,
    NewMemberForm,
    PersonEditForm,
    PlanForm,
    ReturnForm,
    SplitForm,
)
from intake.forms.fields import known_places
from intake.models import Family, Intention, Note, Person, PersonNeed, Relationship, SpecificNeed, Stay
from intake.models.needs import highest_tier
from intake.models.notes import kinds_open_to
from intake.timeline import timeline
from shelters.forms import mistakes

LATEST = 20
KINDS = {"services": ("service",), "stays": ("came", "left"), "plans": ("plan",)}
KIND_NAMES = {
    "": gettext_lazy("Everything"),
    "services": gettext_lazy("Services"),
    "stays": gettext_lazy("Comings and goings"),
    "plans": gettext_lazy("Plans"),
}


def detail(request, pk):
    family = family_or_404(request.user, pk)
    if family.pk != pk:
        messages.info(
            request, _("These are two records of one family that were joined. This is the one that stays.")
        )
        return redirect("intake:family", family.pk)
    people = members_of(family)
    flagged = flags(people, request.user)
    context = {
        "family": family,
        "people": [
            {"person": each, "flags": flagged[each], "plan": (each.plans or [None])[0]} for each in people
        ],
        "head": people[0] if people else family,
        "origins": sorted({person.origin_text for person in people}),
        "zones": sorted({stay.zone.name for person in people for stay in person.open_stays if stay.zone}),
        "cards": family.cards.usable(),
        "notes": [] if family.is_count_only else numbers_of_notes(people, request.user),
        "is_inside": any(person.open_stays for person in people),
        "are_all_inside": all(person.open_stays for person in people),
        **shown(request, timeline(people, request.user)),
    }
    return render(request, "intake/family.html", context)


def shown(request, happenings) -> dict:
    """The newest of the timeline, or all of it; of every kind, or of one."""
    kind = request.GET.get("show", "")
    chosen = [each for each in happenings if each.kind in KINDS.get(kind, (each.kind,))]
    latest = chosen if "all" in request.GET else chosen[:LATEST]
    return {
        "timeline": latest,
        "show": kind,
        "kinds": KIND_NAMES.items(),
        "hidden": len(chosen) - len(latest),
    }


def members_of(family) -> list[Person]:
    """The members with `open_stays`, `known_needs` and `plans`, in four queries."""
    open_stays = Stay.objects.open().select_related("zone")
    needs = PersonNeed.objects.select_related("need")
    people = family.members.select_related("origin_region").prefetch_related(
        Prefetch("stays", open_stays, "open_stays"),
        Prefetch("needs", needs, "known_needs"),
        Prefetch("intentions", Intention.objects.select_related("plan"), "plans"),
    )
    for person in people:
        person.family = family
    return sorted(people, key=lambda person: person.relationship != Relationship.HEAD)


def flags(people, user) -> dict:
    """Person to the needs that hold for them: recorded ones the reader may see, and computed ones nobody ruled out."""
    tier = highest_tier(user)
    by_code = {need.pk: need for need in SpecificNeed.objects.filter(pk__in=computed.CODES)}
    here = [
        person for person in people if person.open_stays
    ] or people  # who has left looks after nobody here
    tells = computed.computed_needs(here, timezone.localdate())
    found = {}
    for person in people:
        said = {row.need_id for row in person.known_needs}
        standing = [
            row.need
            for row in person.known_needs
            if row.state != PersonNeed.State.RULED_OUT and row.need.tier <= tier
        ]
        found[person] = standing + [by_code[code] for code in tells.get(person, ()) if code not in said]
    return found


def numbers_of_notes(people, user) -> list:
    """For each side that this account reads: (kind, [(person, how many notes)]). To others there are none."""
    kinds = kinds_open_to(user)
    numbers = Note.objects.visible_to(user).numbers(people) if kinds else {}
    return [(kind, [(person, numbers[person.pk, kind]) for person in people]) for kind in kinds]


def edit(request, pk):
    """Correct what the family has in common. The row is locked before it is read, and while it is compared."""
    require(request.user, "intake.change_family")
    with transaction.atomic():
        Family.objects.select_for_update().filter(pk=standing(Family, pk)).first()
        family = family_or_404(request.user, pk)
        form = FamilyEditForm(request.POST if request.method == "POST" else None, instance=family)
        if request.method == "POST" and form.is_valid():
            changed = form.changed_names()
            if no_constraint_broken(form.apply(), form):
                if changed:
                    actions.change_family(family, changed, zone=form.cleaned_data["zone"], by=request.user)
                messages.success(request, _("Saved."))
                return redirect("intake:family", pk)
    return form_page(request, form, family=family, title=_("Correct the family"))


def person(request, pk):
    """Correct one person."""
    require(request.user, "intake.change_person")
    with transaction.atomic():
        Person.objects.select_for_update().filter(pk=standing(Person, pk)).first()
        someone = person_or_404(request.user, pk)
        form = PersonEditForm(request.POST if request.method == "POST" else None, instance=someone)
        form.fields["origin"].known = known_places()
        if request.method == "POST" and form.is_valid():
            changed = form.changed_names()
            if changed:
                actions.change_person(form.apply(), changed, by=request.user)
            messages.success(request, _("Saved."))
            return redirect("intake:family", someone.family_id)
    return form_page(request, form, family=someone.family, title=_("Correct %(name)s") % {"name": someone})


def no_constraint_broken(row, form) -> bool:
    """What the database would refuse is said in the form instead."""
    try:
        row.validate_constraints()
    except ValidationError as error:
        form.add_error(None, error)
    return not form.errors


def add(request, pk):
    require(request.user, "intake.add_person")
    family = family_or_404(request.user, pk)
    form = NewMemberForm(request.POST or None, family=family, known=known_places())
    if request.method == "POST" and form.is_valid():
        try:
            newcomer = actions.add_member(
                family,
                form.newcomer(family),
                submission=form.submission(request.user),
                needs=form.cleaned_data.get("needs", ()),
                zone=form.cleaned_data["zone"],
                by=request.user,
            )
        except actions.AlreadySaved as saved:
            if saved.is_same:
                return redirect("intake:family", pk)
            form.ask_again()
        except actions.Overtaken:
            form.add_error(None, look_again())
        else:
            messages.success(request, _("%(name)s was added.") % {"name": newcomer})
            return redirect("intake:family", pk)
    return form_page(request, form, family=family, title=_("Add a person"))


def split(request, pk):
    """Some members become a family of their own."""
    require(request.user, "intake.change_family")
    family = family_or_404(request.user, pk)
    form = SplitForm(request.POST or None, everybody=family.members.all(), ticked=())
    if request.method == "POST" and form.is_valid():
        people = list(form.cleaned_data["people"])
        try:
            new = actions.split_family(
                family, people, submission=form.submission(request.user), by=request.user
            )
        except actions.AlreadySaved:
            form.ask_again()
        except actions.Overtaken:
            form.add_error("people", look_again())
        else:
            messages.success(
                request, _("They are a family of their own now. Say what each is to the new head.")
            )
            return redirect("intake:family", new.pk)
    elif request.method == "POST" and (
        earlier := form.saved_before(request.user)
    ):  # a double click: they have gone
        return redirect("intake:family", earlier.family_id or pk)
    help_text = _("Tick who leaves this family. Their services, needs and plans go with them.")
    return form_page(request, form, family=family, title=_("Split the family"), help_text=help_text)


def departure(request, pk):
    require(request.user, "intake.change_stay")
    family = family_or_404(request.user, pk)
    inside = family.members.filter(stays__out_at__isnull=True, stays__isnull=False)
    form = DepartureForm(request.POST or None, everybody=inside)
    if request.method == "POST" and form.is_valid():
        people = list(form.cleaned_data["people"].select_related("family__shelter"))
        try:
            with actions.once(form.submission(request.user, family)):
                left = actions.depart(people, at=timezone.now(), to=form.cleaned_data["to"], by=request.user)
        except actions.AlreadySaved:
            form.ask_again()
        except actions.Overtaken:
            form.add_error("people", look_again())
        else:
            messages.success(
                request, ngettext("%(n)d person has left.", "%(n)d people have left.", left) % {"n": left}
            )
            return redirect("intake:family", pk)
    if form.saved_before(request.user):  # a double click: they have left
        return redirect("intake:family", pk)
    return form_page(
        request,
        form,
        family=family,
        title=_("Departure"),
        nobody=_("Nobody of this family is in the shelter."),
    )


def come_back(request, pk):
    require(request.user, "intake.add_stay")
    family = family_or_404(request.user, pk)
    outside = family.members.exclude(stays__in=Stay.objects.open())
    form = ReturnForm(request.POST or None, everybody=outside, shelter=family.shelter)
    if request.method == "POST" and form.is_valid():
        people, zone = list(form.cleaned_data["people"].select_related("family")), form.cleaned_data["zone"]
        try:
            with actions.once(form.submission(request.user, family)):
                back = actions.come_back(people, shelter=family.shelter, zone=zone, by=request.user)
        except actions.AlreadySaved:
            form.ask_again()
        except actions.Overtaken:
            form.add_error("people", look_again())
        else:
            messages.success(
                request, ngettext("%(n)d person is back.", "%(n)d people are back.", back) % {"n": back}
            )
            return redirect("intake:family", pk)
    if form.saved_before(request.user):  # a double click: they are back
        return redirect("intake:family", pk)
    return form_page(
        request,
        form,
        family=family,
        title=_("They are back"),
        nobody=_("Everybody of this family is in the shelter."),
    )


def plan(request, pk):
    require(request.user, "intake.add_intention")
    someone = person_or_404(request.user, pk)
    if someone.family.is_count_only:
        return only_counted(request, someone)
    form = PlanForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.record_intention(someone, form.cleaned_data["plan"], by=request.user)
        except actions.Overtaken:
            form.add_error(None, look_again())
        else:
            messages.success(request, _("Saved."))
            return redirect("intake:family", someone.family_id)
    return form_page(
        request, form, family=someone.family, title=_("What does %(name)s plan?") % {"name": someone}
    )


def need(request, pk):
    require(request.user, "intake.add_personneed")
    someone = person_or_404(request.user, pk)
    if someone.family.is_count_only:
        return only_counted(request, someone)
    states = (
        PersonNeed.State.choices
        if request.user.has_perm("intake.change_personneed")
        else PersonNeed.State.choices[:1]
    )
    form = NeedForm(request.POST or None, tier=highest_tier(request.user), states=states)
    if request.method == "POST" and form.is_valid():
        known = someone.needs.filter(need=form.cleaned_data["need"], ruled_out_at__isnull=True).first()
        is_same = known and {"state": known.state, "reason": known.reason} == form.judgement()
        if known and not is_same and len(states) == 1:  # whoever only reports does not overrule
            form.add_error("need", _("This need is already recorded for this person."))
            return need_page(request, form, someone)
        try:
            if not is_same:
                actions.record_need(someone, form.cleaned_data["need"], **form.judgement(), by=request.user)
        except actions.Overtaken:
            form.add_error(None, look_again())
        else:
            messages.success(request, _("Saved."))
            return redirect("intake:family", someone.family_id)
    return need_page(request, form, someone)


def need_page(request, form, someone):
    title = _("What does %(name)s need?") % {"name": someone}
    return form_page(request, form, family=someone.family, title=title)


def look_again() -> str:
    return _("Somebody else has changed this family meanwhile. Look at who is in it now.")


def only_counted(request, someone):
    messages.warning(request, _("This family refused the privacy notice: only counts are kept."))
    return redirect("intake:family", someone.family_id)


def form_page(request, form, *, family, title, help_text="", nobody=""):
    """One form about one family, with its mistakes on top."""
    context = {
        "form": form,
        "family": family,
        "title": title,
        "help_text": help_text,
        # Nobody to tick: say so, instead of a form that cannot be sent.
        "nobody": nobody if nobody and not form.fields["people"].queryset else "",
        "mistakes": mistakes(form) if form.is_bound else [],
    }
    return render(request, "intake/form.html", context, status=422 if form.errors else 200)
