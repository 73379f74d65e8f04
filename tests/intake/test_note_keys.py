"""`manage.py note_keys`: made once, into a file for the owner's eyes; and changed without touching a note."""

import pytest
from django.core.management import CommandError, call_command
from pyrage import x25519

from intake.models import Note, NoteKey
from tests import factories
from tests.factories import make_note


def keys_in(file) -> dict:
    lines = (line.partition("=") for line in file.read_text().splitlines())
    return {name: value.strip('"') for name, _equals, value in lines}


def test_the_keys_go_into_a_new_file_that_its_owner_alone_can_read(tmp_path, capsys):
    file = tmp_path / "note_keys"
    call_command("note_keys", str(file))
    keys = keys_in(file)
    assert list(keys) == ["NOTE_KEY_LEGAL", "NOTE_KEY_HEALTH"]
    assert len({str(x25519.Identity.from_str(key)) for key in keys.values()}) == 2
    assert file.stat().st_mode & 0o777 == 0o600
    assert not any(key in capsys.readouterr().out for key in keys.values())


def test_where_it_is_done_for_somebody_it_says_nothing(tmp_path, capsys):
    call_command("note_keys", str(tmp_path / "note_keys"), verbosity=0)
    assert (tmp_path / "note_keys").exists()
    assert capsys.readouterr().out == ""


def test_a_file_that_is_there_stays_as_it_is(tmp_path):
    file = tmp_path / "note_keys"
    file.write_text("ours")
    with pytest.raises(CommandError, match="stays as it is"):
        call_command("note_keys", str(file))
    assert file.read_text() == "ours"


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("note_keys", str(tmp_path / "none" / "note_keys"))


@pytest.mark.parametrize("arguments", [[], ["file", "--renew"]])
def test_one_thing_at_a_time(arguments, tmp_path):
    with pytest.raises(CommandError):
        call_command("note_keys", *[str(tmp_path / each) if each == "file" else each for each in arguments])


@pytest.fixture
def ale(cast, palillo):
    ale = factories.make_family(palillo, {}, by=cast.volunteer).members.get()
    make_note(ale, "Algo legal", by=cast.legal)
    make_note(ale, "Algo de salud", kind="health", by=cast.health)
    return ale


def words(person, kind):
    return [note.words for note in Note.objects.of(person, kind).opened()]


def test_a_new_key_beside_the_earlier_one_takes_its_place(ale, settings):
    before, sealed = dict(settings.NOTE_KEYS), list(Note.objects.order_by("pk").values())
    new = str(x25519.Identity.generate())
    settings.NOTE_KEYS = {**before, "legal": [new, *before["legal"]]}
    call_command("note_keys", "--renew")
    settings.NOTE_KEYS = {**before, "legal": [new]}
    assert (words(ale, "legal"), words(ale, "health")) == (["Algo legal"], ["Algo de salud"])
    assert list(Note.objects.order_by("pk").values()) == sealed


def test_without_the_earlier_key_nothing_is_changed(ale, settings):
    before = list(NoteKey.objects.order_by("pk").values())
    settings.NOTE_KEYS = {**settings.NOTE_KEYS, "health": [str(x25519.Identity.generate())]}
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("note_keys", "--renew")
    assert list(NoteKey.objects.order_by("pk").values()) == before
