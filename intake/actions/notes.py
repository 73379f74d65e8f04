"""Notes of legal advisers and health workers. On the trail, in lines that only their own side reads."""

from django.db import IntegrityError, transaction

from intake.actions.corrections import record_need
from intake.actions.families import lock
from intake.actions.once import Overtaken
from intake.models import Note, NoteKey, NoteKind, PersonNeed
from intake.seals import class_keys
from shelters.audit import Action, record

OPENED = {NoteKind.LEGAL: Action.LEGAL_NOTES_OPENED, NoteKind.HEALTH: Action.HEALTH_NOTES_OPENED}
WRITTEN = {NoteKind.LEGAL: Action.LEGAL_NOTE_WRITTEN, NoteKind.HEALTH: Action.HEALTH_NOTE_WRITTEN}


class OtherNote(Exception):
    """Another note was saved under this key. No digest of a note is kept, which could be guessed at: see ADR 25."""


@transaction.atomic
def write_note(person, kind, words, *, key, replaces=None, flags=(), by) -> Note:
    """Seal a note, and report the needs that others are to see. `key`: of the form, which becomes the note's own.

    A second copy of the form finds the note of the first. Raises Overtaken, OtherNote, NotesOff and CannotOpen.
    """
    lock([person])
    if earlier := Note.objects.select_related("key").filter(pk=key).first():
        return same_or_refused(earlier, person, kind, words, by)
    if replaces and Note.objects.filter(replaces=replaces).exists():
        raise Overtaken
    # A correction stays with what it corrects, also when joining two people is undone.
    note_key = replaces.key if replaces else NoteKey.of_person(person, kind)
    note = Note(pk=key, key=note_key, replaces=replaces, written_by=by)
    note.lock(words)
    insert(note)
    for need in flags:
        if not person.needs.filter(need=need, ruled_out_at__isnull=True).exists():
            record_need(person, need, state=PersonNeed.State.REPORTED, by=by)
    record(WRITTEN[kind], by=by, shelter=person.family.shelter, subject=person)
    return note


def same_or_refused(earlier, person, kind, words, by) -> Note:
    is_ours = earlier.written_by_id == by.pk and Note.objects.of(person, kind).filter(pk=earlier.pk).exists()
    if is_ours:
        earlier.open(earlier.key.opened())
    if not is_ours or earlier.words != words:
        raise OtherNote
    return earlier


def insert(note) -> None:
    try:
        with transaction.atomic():
            note.save(force_insert=True)
    except IntegrityError:  # the same key, at the same moment, for somebody else
        raise OtherNote from None


@transaction.atomic
def read_notes(person, kind, *, by) -> list[Note]:
    """All of this kind, opened; that they were is on the trail. Raises NotesOff and CannotOpen."""
    class_keys(kind)
    record(OPENED[kind], by=by, shelter=person.family.shelter, subject=person)
    return Note.objects.of(person, kind).opened()
