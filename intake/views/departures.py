"""Many people leave together: by zone or by cards; looked at before it is done, and undone while it can be."""

import hashlib

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from intake import actions
from intake.access import departure_or_404, note_unknown, refuse_guessers, slows_guessers
from intake.forms.presence import TogetherForm
from intake.models import Alert, Card, Departure, Family, Person, Stay
from intake.partings import partings
from intake.reading import note_shown
from intake.views.family import look_again
from intake.views.presence import shelter_of_shift
from shelters.forms import mistakes

LATEST = 10


@slows_guessers
def together(request):
    """First the choice, then the same page asks whether it is so, then it is done."""
    shelter = shelter_of_shift(request, "intake.add_departure")
    form = TogetherForm(request.POST if request.method == "POST" else None, shelter=shelter)
    if not form.is_bound or not form.is_valid():
        return choice(request, shelter, form)
    refuse_guessers(request.user)
    people, unknown = selected(request.user, shelter, form.cleaned_data)
    left_out = set(request.POST.getlist("leave_out"))
    if done := Departure.objects.filter(pk=form.cleaned_data["key"], by=request.user).first():
        # Looked at anew: the other press may have been stored between the two questions.
        people, unknown = selected(request.user, shelter, form.cleaned_data)
        if all(str(person.family_id) in left_out for person in people):
            return redirect("intake:departure-done", done.pk)  # a double click
        form.ask_again()  # the page of before, with other people in it: they have not left
        return choice(request, shelter, form)
    digest = digest_of(people)
    if unknown:
        note_unknown(request.user, shelter, unknown)
        codes = ", ".join(f"{code[:4]}-{code[4:]}" for code in unknown[:5])
        form.add_error("cards", _("These cards belong to no family here: %(codes)s.") % {"codes": codes})
    elif not people:
        form.add_error(None, _("Nobody of these is in the shelter."))
    elif request.POST.get("sure") == digest:
        going = [person for person in people if str(person.family_id) not in left_out]
        if going:
            return store(request, shelter, form, going)
        form.add_error(None, _("Nobody is left who would leave."))
    if form.errors:
        return choice(request, shelter, form)
    return confirm(request, shelter, form, people, digest, left_out)


def choice(request, shelter, form):
    departures = Departure.objects.filter(shelter=shelter).select_related("by", "undone_by")
    context = {
        "form": form,
        "latest": with_sizes(list(departures[:LATEST])),
        "mistakes": mistakes(form) if form.is_bound else [],
    }
    return render(request, "intake/departures.html", context, status=422 if form.errors else 200)


def with_sizes(departures) -> list:
    """(departure, people still away by it) pairs, in one query."""
    sizes = Stay.objects.filter(departure__in=departures).order_by().values_list("departure")
    sizes = dict(sizes.annotate(n=Count("pk")))
    return [(departure, sizes.get(departure.pk, 0)) for departure in departures]


def selected(user, shelter, data) -> tuple[list[Person], list[str]]:
    """Who would leave, and the cards that are no family's here."""
    inside = Stay.objects.open().filter(shelter=shelter)
    if data["zone"]:
        where, unknown = {"pk__in": inside.filter(zone=data["zone"]).values("person")}, []
    else:
        cards = Card.objects.visible_to(user).usable().filter(pk__in=data["cards"], family__shelter=shelter)
        families = dict(cards.values_list("code", "family"))
        unknown = [code for code in data["cards"] if code not in families]
        where = {"family__in": set(families.values()), "pk__in": inside.values("person")}
    people = Person.objects.visible_to(user).filter(**where).select_related("family")
    return list(people.order_by("family", "position")), unknown


def digest_of(people) -> str:
    """Who was shown: when somebody comes or goes meanwhile, it is asked again."""
    return hashlib.sha256(" ".join(sorted(str(person.pk) for person in people)).encode()).hexdigest()


def confirm(request, shelter, form, people, digest, left_out):
    """Families that would be torn apart are named, each with a tick to leave it out."""
    staying = actions.staying_of(people)
    going = {person.pk for person in people}
    present = [*people, *(person for person in staying if person.pk not in going)]
    torn = partings(present, going, shelter.today())
    note_shown(request.user, dict.fromkeys(torn, shelter.pk))
    heads = {person.family_id: person for person in reversed(people)}
    is_again = bool(request.POST.get("sure"))
    context = {
        "form": form,
        "people": len(people),
        "families": len(heads),
        "torn": [
            (pk, heads[pk], warnings(found), not is_again or str(pk) in left_out)
            for pk, found in torn.items()
        ],
        "digest": digest,
        "is_again": is_again,
        "to": dict(Stay.OutTo.choices)[form.cleaned_data["to"]],
    }
    return render(request, "intake/departure_confirm.html", context)


def warnings(found) -> list:
    """(what would happen, to whom) of one family."""
    would = {
        Alert.Kind.LEFT_ALONE: _("would leave without an adult of the family"),
        Alert.Kind.LEFT_BEHIND: _("would stay behind without an adult"),
        Alert.Kind.SPLIT: _("would leave without the others"),
    }
    return [(person, would[kind]) for person, kind in found]


def store(request, shelter, form, people):
    data = form.cleaned_data
    try:
        departure = actions.depart_together(
            people, shelter=shelter, at=timezone.now(), to=data["to"], key=data["key"], by=request.user
        )
    except actions.Overtaken:
        form.ask_again(look_again())
        return choice(request, shelter, form)
    if departure is None:
        form.ask_again(_("Nobody of these is in the shelter."))
        return choice(request, shelter, form)
    return redirect("intake:departure-done", departure.pk)


def detail(request, pk):
    """What was done, with the button that takes it back."""
    departure = departure_or_404(request.user, pk)
    stays = departure.stays.values_list("person__family", flat=True)
    families = list(stays)
    context = {
        "departure": departure,
        "people": len(families),
        "families": len(set(families)),
        "alerts": Alert.objects.visible_to(request.user).open().filter(departure=departure).count(),
    }
    return render(request, "intake/departure_done.html", context)


@require_POST
def undo(request, pk):
    departure = departure_or_404(request.user, pk)
    try:
        left = actions.undo_departure(departure, by=request.user)
    except actions.Overtaken:
        messages.warning(request, _("This was undone already."))
    else:
        messages.success(request, _("The departure was undone."))
        if left:
            families = {stay.person.family_id for stay in left}
            note_shown(request.user, dict.fromkeys(families, departure.shelter_id))
            names = ", ".join(str(stay.person) for stay in left[:20])
            words = ngettext(
                "%(n)d person came back or was changed meanwhile, and stays as is: %(names)s.",
                "%(n)d people came back or were changed meanwhile, and stay as they are: %(names)s.",
                len(left),
            )
            messages.warning(request, words % {"n": len(left), "names": names})
    family = family_to_return_to(request)
    return redirect("intake:family", family) if family else redirect("intake:departure-done", pk)


def family_to_return_to(request):
    """When it was undone from the page of a family."""
    try:
        families = Family.objects.visible_to(request.user).filter(pk=request.POST.get("family") or None)
        return families.values_list("pk", flat=True).first()
    except (ValidationError, ValueError):
        return None
