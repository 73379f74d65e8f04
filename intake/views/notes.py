"""Legal and health notes about a person: each side reads and writes its own. To everybody else: no such page."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from intake import actions
from intake.access import note_or_404, person_of_notes_or_404
from intake.forms.notes import NoteForm
from intake.models import NoteKind
from intake.seals import NotesOff, NotesShut
from intake.trail import readers_of_notes
from intake.views.family import only_counted
from shelters.forms import mistakes


def notes(request, pk, kind):
    """What was written about a person, newest first, and the form for one more."""
    person = person_of_notes_or_404(request.user, pk, kind)
    return page(request, person, kind, NoteForm(request.POST or None))


def correct(request, pk):
    """A note that takes the place of an earlier one, which stays to be read."""
    note = note_or_404(request.user, pk)
    person = person_of_notes_or_404(request.user, note.key.person_id, note.key.kind)
    return page(request, person, note.key.kind, NoteForm(request.POST or None), replaces=note)


def page(request, person, kind, form, replaces=None):
    if person.family.is_count_only:
        return only_counted(request, person)
    if request.method == "POST" and form.is_valid() and is_saved(request.user, person, kind, form, replaces):
        messages.success(request, _("Saved."))
        return redirect("intake:notes", person.pk, kind)
    found, shut = [], ""
    try:
        found = actions.read_notes(person, kind, by=request.user)
    except NotesShut as reason:
        shut = why(reason)
    if replaces and not form.is_bound:
        form.initial["words"] = next((note.words for note in found if note.pk == replaces.pk), "")
    context = {
        "person": person,
        "family": person.family,
        "kind": NoteKind(kind),
        "form": form,
        "notes": found,
        "shut": shut,
        "replaces": replaces,
        "readers": readers_of_notes(person, kind, request.user),
        "mistakes": mistakes(form) if form.is_bound else [],
    }
    return render(request, "intake/notes.html", context, status=503 if shut else 422 if form.errors else 200)


def is_saved(user, person, kind, form, replaces) -> bool:
    """Else the form says why not, and keeps what was typed."""
    said = form.cleaned_data
    try:
        actions.write_note(
            person, kind, said["words"], key=said["key"], replaces=replaces, flags=said["flags"], by=user
        )
    except actions.OtherNote:
        form.ask_again()
    except actions.Overtaken:
        form.add_error(None, _("Somebody else has corrected this meanwhile. Read it again before you save."))
    except NotesShut as reason:
        form.add_error(None, why(reason))
    return not form.errors


def why(reason: NotesShut) -> str:
    if isinstance(reason, NotesOff):
        return _(
            "Notes are switched off: this server has no key for them. Ask the administrator. Nothing is lost."
        )
    return _(
        "These notes cannot be opened: this server has another key than the one they were written with."
        " Ask the administrator. Nothing is lost."
    )
