"""Notes and their keys: what opens what, what the database refuses, and what happens when people are joined."""

import uuid

import pytest
from django.db import IntegrityError, transaction
from pyrage import x25519

from intake import actions
from intake.actions.corrections import reduce_to_counts
from intake.models import Merge, Note, NoteKey, Person
from intake.models.notes import bearers
from intake.seals import CannotOpen, NotesOff
from tests import factories
from tests.factories import make_note

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(cast, palillo):
    return factories.make_family(palillo, {"given_names": "Ana"}, by=cast.volunteer).members.get()


@pytest.fixture
def twin(cast, palillo):
    return factories.make_family(palillo, {"given_names": "Anita"}, by=cast.volunteer).members.get()


def words(person, kind="legal"):
    return [note.words for note in Note.objects.of(person, kind).opened()]


def another_key():
    return str(x25519.Identity.generate())


# --- what opens what ----------------------------------------------------------------------------------------


def test_what_was_written_is_read_and_stored_as_something_else(cast, ana):
    note = make_note(ana, "Pidió asilo.\nEspera cita.", by=cast.legal)
    assert words(ana) == ["Pidió asilo.\nEspera cita."]
    assert note.sealed.startswith("-----BEGIN AGE ENCRYPTED FILE-----")
    assert "AGE-SECRET-KEY" not in note.key.sealed


def test_each_side_and_each_person_has_a_key_of_its_own(cast, ana, twin):
    for person in (ana, twin):
        make_note(person, "uno", by=cast.legal)
        make_note(person, "dos", by=cast.legal)
        make_note(person, "tres", kind="health", by=cast.health)
    assert len({str(key.opened()) for key in NoteKey.objects.all()}) == NoteKey.objects.count() == 4
    assert (words(ana), words(ana, "health")) == (["dos", "uno"], ["tres"])


def test_the_key_of_one_side_does_not_open_the_notes_of_the_other(cast, ana, settings):
    make_note(ana, "uno", by=cast.legal)
    settings.NOTE_KEYS = {**settings.NOTE_KEYS, "legal": settings.NOTE_KEYS["health"]}
    with pytest.raises(CannotOpen):
        words(ana)


def test_without_a_key_nothing_is_written_or_read(cast, ana, settings):
    make_note(ana, "uno", by=cast.legal)
    settings.NOTE_KEYS = {"legal": [], "health": []}
    with pytest.raises(NotesOff):
        words(ana)
    with pytest.raises(NotesOff):
        make_note(ana, "dos", by=cast.legal)
    assert Note.objects.count() == 1


@pytest.mark.parametrize("with_key", [False, True], ids=["the note alone", "with the key it hangs on"])
def test_a_note_that_was_moved_to_another_row_is_not_shown(cast, ana, twin, with_key):
    """Whoever can write into the database cannot hang somebody's words on somebody else."""
    ours, theirs = make_note(ana, "de Ana", by=cast.legal), make_note(twin, "de Anita", by=cast.legal)
    Note.objects.filter(pk=theirs.pk).update(sealed=ours.sealed)
    if with_key:
        Note.objects.filter(pk=theirs.pk).update(key=ours.key)
        assert words(ana) == [None, "de Ana"]
    else:
        assert words(twin) == [None]


def test_a_key_that_was_hung_on_another_person_opens_nothing(cast, ana, twin):
    make_note(ana, "de Ana", by=cast.legal)
    NoteKey.objects.update(person=twin)
    with pytest.raises(CannotOpen):
        words(twin)


@pytest.mark.parametrize("damage", ["", "nothing", "-----BEGIN AGE ENCRYPTED FILE-----\nYQ==\n", "ñ"])
def test_a_damaged_note_does_not_hide_the_others(cast, ana, damage):
    make_note(ana, "uno", by=cast.legal)
    broken = make_note(ana, "dos", by=cast.legal)
    Note.objects.filter(pk=broken.pk).update(sealed=damage)
    assert words(ana) == [None, "uno"]


def test_reading_many_notes_takes_no_more_queries(cast, ana, django_assert_num_queries):
    for number in range(3):
        make_note(ana, str(number), by=cast.legal)
    with django_assert_num_queries(2):  # whoever was joined into her, and the notes
        assert len(words(ana)) == 3


# --- what the database refuses --------------------------------------------------------------------------------


def test_there_is_one_key_for_a_person_and_a_side(cast, ana):
    make_note(ana, "uno", by=cast.legal)
    with pytest.raises(IntegrityError), transaction.atomic():
        NoteKey.objects.create(person=ana, kind="legal", sealed="x")


@pytest.mark.parametrize("kind", ["", "other"])
def test_there_are_two_sides(ana, kind):
    with pytest.raises(IntegrityError), transaction.atomic():
        NoteKey.objects.create(person=ana, kind=kind, sealed="x")


def test_a_note_is_corrected_once_and_not_by_itself(cast, ana):
    first, second, third = (make_note(ana, each, by=cast.legal) for each in "abc")
    Note.objects.filter(pk=second.pk).update(replaces=first)
    for pk, replaced in ((third.pk, first), (third.pk, third)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Note.objects.filter(pk=pk).update(replaces=replaced)


# --- who sees them ----------------------------------------------------------------------------------------


def test_only_its_own_side_of_the_shelter_has_any(cast, ana, annex):
    make_note(ana, "uno", by=cast.legal)
    elsewhere = factories.make_user("legal", shelters=[annex])
    seen = {name: Note.objects.visible_to(user).count() for name, user in vars(cast).items()}
    assert {name for name, n in seen.items() if n} == {"legal"}
    assert not Note.objects.visible_to(elsewhere).exists()


# --- writing and correcting ------------------------------------------------------------------------------


def test_a_second_copy_of_a_form_finds_the_first_note(cast, ana):
    key = uuid.uuid4()
    one, two = (make_note(ana, "uno", key=key, by=cast.legal) for _copy in range(2))
    assert one == two
    assert Note.objects.count() == 1


def test_a_key_that_was_used_for_something_else_is_refused(cast, ana, twin):
    key = make_note(ana, "uno", by=cast.legal).pk
    colleague = factories.make_user("legal", shelters=[ana.family.shelter])
    for person, text, by in ((ana, "dos", cast.legal), (twin, "uno", cast.legal), (ana, "uno", colleague)):
        with pytest.raises(actions.OtherNote):
            make_note(person, text, key=key, by=by)
    assert words(ana) == ["uno"]


def test_a_correction_takes_the_place_of_a_note_that_stays(cast, ana):
    first = make_note(ana, "uno", by=cast.legal)
    make_note(ana, "uno y medio", replaces=first, by=cast.legal)
    assert words(ana) == ["uno y medio", "uno"]
    assert Note.objects.numbers([ana]) == {(ana.pk, "legal"): 1}
    with pytest.raises(actions.Overtaken):
        make_note(ana, "otra", replaces=first, by=cast.legal)


# --- joined, taken back, forgotten -------------------------------------------------------------------------


def joined(kept, gone, by) -> Merge:
    return actions.merge(kept.family, gone.family, pairs=[(kept, gone)], by=by)


def rows():
    return [list(model.objects.order_by("pk").values()) for model in (NoteKey, Note)]


def test_joining_people_moves_no_row_and_shows_all_notes_of_both(cast, ana, twin):
    make_note(ana, "de Ana", by=cast.legal)
    make_note(twin, "de Anita", by=cast.legal)
    before = rows()
    merge = joined(ana, twin, cast.coordinator)
    assert rows() == before
    assert sorted(words(ana)) == ["de Ana", "de Anita"]
    assert "note" not in str(merge.steps)
    assert Note.objects.numbers([ana])[ana.pk, "legal"] == 2
    actions.undo_merge(merge, by=cast.coordinator)
    assert rows() == before
    assert (words(ana), words(twin)) == (["de Ana"], ["de Anita"])


def test_what_was_written_while_they_were_joined_stays_where_it_was_written(cast, ana, twin):
    first = make_note(twin, "de Anita", by=cast.legal)
    merge = joined(ana, twin, cast.coordinator)
    make_note(ana, "de las dos", by=cast.legal)
    make_note(ana, "de Anita, corregido", replaces=first, by=cast.legal)
    left = actions.undo_merge(merge, by=cast.coordinator)
    assert left == []  # which a coordinator reads: no word of a note in it
    assert words(ana) == ["de las dos"]
    assert words(twin) == ["de Anita, corregido", "de Anita"]


def test_whoever_was_joined_by_way_of_others_is_found(cast, ana, twin, palillo):
    third = factories.make_family(palillo, {"given_names": "Anabel"}, by=cast.volunteer).members.get()
    make_note(third, "de Anabel", by=cast.legal)
    joined(twin, third, cast.coordinator)
    joined(ana, Person.objects.get(pk=twin.pk), cast.coordinator)
    assert bearers([ana]) == {ana.pk: ana.pk, twin.pk: ana.pk, third.pk: ana.pk}
    assert words(ana) == ["de Anabel"]


def test_deleting_the_keys_of_a_person_leaves_nothing_of_theirs_and_all_of_others(cast, ana, twin, palillo):
    other = factories.make_family(palillo, {"given_names": "Eva"}, by=cast.volunteer).members.get()
    for person in (ana, twin, other):
        first = make_note(person, "uno", by=cast.legal)
        make_note(person, "dos", replaces=first, by=cast.legal)
    joined(ana, twin, cast.coordinator)
    NoteKey.objects.of([ana]).delete()
    assert words(ana) == []
    assert words(other) == ["dos", "uno"]
    assert Note.objects.count() == 2


def test_who_refuses_the_notice_later_has_no_notes(cast, ana):
    make_note(ana, "uno", by=cast.legal)
    reduce_to_counts(ana.family, by=cast.coordinator)
    assert not Note.objects.exists()
    assert not NoteKey.objects.exists()


def test_a_registration_with_a_note_is_not_undone(cast, ana):
    """It would go with the family. The words of the refusal are those of any other work."""
    make_note(ana, "uno", by=cast.legal)
    with pytest.raises(actions.Overtaken):
        actions.undo_registration(ana.family, by=cast.volunteer)
    assert words(ana) == ["uno"]
