"""Screen 08: who is in the shelter, zone by zone; a card at the gate; a number counted; who was not seen for long."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake import actions, presence
from intake.access import family_of_card, family_or_404, may_undo, require, slows_guessers
from intake.forms.presence import CardForm, GateForm, HeadcountForm
from intake.models import Alert, Departure, Person, Stay
from intake.views.family import look_again
from shelters.access import current_shelter
from shelters.forms import mistakes

DOINGS = ("move", "out", "back")


def shelter_of_shift(request, permission="intake.change_stay"):
    """The shelter of this shift, with its clock, for whoever may move people in and out."""
    require(request.user, permission)
    shelter = current_shelter(request)
    timezone.activate(shelter.tz)
    return shelter


@slows_guessers
def overview(request):
    """Zones with who is in; a card that is scanned here leads to its family."""
    require(request.user, "intake.change_stay")
    if not request.shift:
        return redirect("shift")
    shelter = shelter_of_shift(request)
    form = CardForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        if family := family_of_card(request.user, shelter, form.cleaned_data["card"]):
            return redirect("intake:gate", family.pk)
        form.add_error("card", unknown_card())
    context = {
        "form": form,
        "presence": presence.presence_of(shelter),
        "alerts": open_alerts(request.user, shelter),
        "mistakes": mistakes(form) if form.is_bound else [],
    }
    return render(request, "intake/presence.html", context, status=422 if form.errors else 200)


def unknown_card() -> str:
    return _("This card belongs to no family here. Look at it again, or search the family at the desk.")


def open_alerts(user, shelter) -> dict | None:
    """How many wait for a coordinator, and the newest; None for whoever does not deal with them. One query."""
    if not user.has_perm("intake.view_alert"):
        return None
    rows = Alert.objects.visible_to(user).open().filter(shelter=shelter).select_related("person")
    newest = list(rows[:101])
    return {"count": len(newest), "newest": newest[:3]}


def gate(request, pk):
    """A family at the gate: move, out, back; whoever has a tick."""
    shelter = shelter_of_shift(request)
    family = family_or_404(request.user, pk)
    if family.pk != pk:
        return redirect("intake:gate", family.pk)
    if family.shelter_id != shelter.pk:
        return redirect("intake:family", family.pk)
    do = request.POST.get("do") if request.POST.get("do") in DOINGS else ""
    places = presence.places_of(shelter)
    people = Person.objects.filter(pk__in=family.members.all()).select_related("family__shelter")
    form = GateForm(request.POST if do else None, everybody=people, places=places, do=do)
    if do and form.is_valid() and done(request, family, form, do):
        return redirect("intake:gate", family.pk)
    if do and form.saved_before(request.user):  # a double click
        return redirect("intake:gate", family.pk)
    return render(
        request,
        "intake/gate.html",
        standing_at_gate(request, family, form),
        status=422 if form.errors else 200,
    )


def standing_at_gate(request, family, form) -> dict:
    members = list(family.members.all())
    stays = Stay.objects.open().filter(person__in=members).select_related("zone")
    inside = {stay.person_id: stay for stay in stays}
    chosen = {str(pk) for pk in form["people"].value() or ()}
    left = Departure.objects.filter(stays__person__in=members, undone_at__isnull=True).select_related(
        "shelter"
    )
    left = left.order_by("-left_at").first() if len(inside) < len(members) else None
    return {
        "family": family,
        "form": form,
        "card_form": CardForm(),
        "people": [(person, inside.get(person.pk), str(person.pk) in chosen) for person in members],
        "inside": len(inside),
        "outside": len(members) - len(inside),
        "undoable": left if left and is_of(left, members) and may_undo(request.user, left) else None,
        "mistakes": mistakes(form) if form.is_bound else [],
    }


def is_of(departure, members) -> bool:
    """Nobody of another family left with them."""
    return not departure.stays.exclude(person__in=members).exists()


def done(request, family, form, do) -> bool:
    """True when it is stored."""
    people, zone, by = list(form.cleaned_data["people"]), form.cleaned_data["zone"], request.user
    try:
        with actions.once(form.submission(by, family)):
            if do == "move":
                n = actions.move(people, zone=zone, by=by)
            elif do == "out":
                n = actions.depart(people, at=timezone.now(), to=form.cleaned_data["to"], by=by)
            else:
                n = actions.come_back(people, shelter=family.shelter, zone=zone, by=by)
    except actions.AlreadySaved as saved:
        if not saved.is_same:
            form.ask_again()
        return saved.is_same
    except actions.Overtaken:
        form.add_error("people", look_again())
        return False
    if not n:
        messages.warning(request, _("Nothing to change: they are there already."))
    else:
        messages.success(request, words_of(do, n, zone))
    return True


def words_of(do, n, zone) -> str:
    if do == "out":
        return ngettext("%(n)d person has left.", "%(n)d people have left.", n) % {"n": n}
    if do == "back":
        return ngettext("%(n)d person is back.", "%(n)d people are back.", n) % {"n": n}
    words = ngettext("%(n)d person sleeps in %(zone)s now.", "%(n)d people sleep in %(zone)s now.", n)
    return words % {"n": n, "zone": zone}


def count(request):
    """A number counted by walking through, beside the number the register has."""
    shelter = shelter_of_shift(request, "intake.add_headcount")
    form = HeadcountForm(request.POST if request.method == "POST" else None, shelter=shelter)
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            counted = actions.count(
                shelter, zone=data["zone"], people=data["people"], key=data["key"], by=request.user
            )
        except actions.Overtaken:
            form.ask_again()
        else:
            messages.success(request, difference_words(counted))
            return redirect("intake:presence")
    context = {"form": form, "mistakes": mistakes(form) if form.is_bound else []}
    return render(request, "intake/headcount.html", context, status=422 if form.errors else 200)


def difference_words(counted) -> str:
    where = counted.zone or counted.shelter
    words = {"where": where, "people": counted.people, "registered": counted.registered}
    said = _("%(where)s: %(people)d counted, %(registered)d in the register.") % words
    return f"{said} {gap_words(counted.difference)}"


def gap_words(difference) -> str:
    if difference > 0:
        words = ngettext("%(n)d more than in the register.", "%(n)d more than in the register.", difference)
        return words % {"n": difference}
    if difference < 0:
        words = ngettext(
            "%(n)d fewer than in the register.", "%(n)d fewer than in the register.", -difference
        )
        return words % {"n": -difference}
    return _("No difference.")


def quiet(request):
    """Families nobody has seen for 36 hours: they are here, or they have left."""
    shelter = shelter_of_shift(request, "intake.add_departure")
    if request.method == "POST":
        swept(request, shelter)
        return redirect("intake:quiet")
    families, total = presence.quiet_families(shelter)
    context = {"families": families, "total": total, "more": total - len(families)}
    return render(request, "intake/quiet.html", context)


def swept(request, shelter) -> None:
    people = inside_of(request.user, shelter, request.POST.getlist("family"))
    try:
        if not people:
            messages.warning(request, _("Tick at least one family."))
        elif request.POST.get("do") == "left":
            n = actions.depart(people, at=timezone.now(), to=Stay.OutTo.UNKNOWN, by=request.user)
            messages.success(request, words_of("out", n, None))
        else:
            n = actions.see(people, shelter=shelter, by=request.user)
            messages.success(request, seen_words(n))
    except actions.Overtaken:
        messages.warning(request, look_again())


def seen_words(n) -> str:
    return ngettext("%(n)d person seen.", "%(n)d people seen.", n) % {"n": n}


def inside_of(user, shelter, families, **where) -> list[Person]:
    """Who of these families is in the shelter; ids that are none, or of elsewhere, bring nobody."""
    stays = Stay.objects.open().filter(shelter=shelter, **where)
    try:
        people = Person.objects.visible_to(user).filter(family__in=families, pk__in=stays.values("person"))
        return list(people.select_related("family__shelter").order_by("family", "position"))
    except (ValidationError, ValueError):
        return []
