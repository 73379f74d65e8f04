"""A backup is whole or it is not there; it is of one moment; nobody's name is in its bytes."""

import hashlib
import io
import os
import re
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from intake.models import Family, Person
from shelters.backups import contents, sealed, writing
from shelters.models import AccessEvent, AuditSeal
from tests import factories
from tests.shelters.backups.conftest import NAMES, SECRET


def read(backup, key, reading=None):
    reading = reading or contents.Reading()
    with backup.path.open("rb") as file:
        sealed.unseal(file, sealed.read_private(key.read_text()), reading)
    reading.finish()
    return reading


class Rows(contents.Reading):
    """Keeps the lines of each table."""

    def __init__(self):
        super().__init__()
        self.found = {}

    def row(self, line):
        self.found.setdefault(self.table, []).append(line)


def test_a_backup_has_a_name_of_its_moment_and_an_event(backup, folder):
    assert [path.name for path in folder.iterdir()] == [backup.path.name]
    assert re.fullmatch(r"puente-\d{4}-\d\d-\d\dT\d{6}Z\.jsonl\.gz\.age", backup.path.name)
    event = AccessEvent.objects.get(action="backed_up")
    data = backup.path.read_bytes()
    assert event.detail["sha256"] == hashlib.sha256(data).hexdigest()
    assert (event.detail["bytes"], event.detail["rows"]) == (len(data), backup.rows)
    assert (event.user, event.shelter) == (None, None)


def test_the_head_tells_where_it_comes_from(backup, key):
    head = read(backup, key).head
    assert head["engine"] == connection.vendor
    assert head["last_event"] == AccessEvent.objects.exclude(action="backed_up").latest("pk").pk
    assert head["trail_head"] in map(str, AuditSeal.objects.all())
    assert "intake.0001_initial" in head["migrations"]
    assert head["puente"] == contents.version()


def test_whoever_opens_a_backup_still_reads_no_note(backup, key):
    found = read(backup, key, Rows()).found
    assert len(found["intake.Note"]) == 2
    assert not [table for table, lines in found.items() if SECRET.encode() in b"".join(lines)]


def test_nothing_of_anybody_stands_in_the_file(backup):
    data = backup.path.read_bytes()
    for word in (
        *NAMES,
        "Ñusta",
        "López",
        "palillo",
        "volunteer",
        "intake",
        "given_names",
        "puente",
        "argon2",
    ):
        assert word.encode() not in data


def test_age_and_gunzip_are_enough_to_read_it(backup, key):
    """Without Puente: the format is age's, and inside it gzip and JSON."""
    import gzip
    import json

    plain = io.BytesIO()
    with backup.path.open("rb") as file:
        sealed.unseal(file, sealed.read_private(key.read_text()), plain)
    lines = [json.loads(line) for line in gzip.decompress(plain.getvalue()).decode().splitlines()]
    assert lines[0]["format"] == 1
    assert {"table": "intake.Person", "columns": contents.columns(Person)} in lines


def test_several_people_can_each_have_a_key(full, key, folder, settings, tmp_path):
    other = tmp_path / "other.txt"
    settings.BACKUP_PUBLIC_KEY = [*settings.BACKUP_PUBLIC_KEY, sealed.write_private(other, timezone.now())]
    backup = writing.back_up(folder)
    assert read(backup, key).sums == read(backup, other).sums == backup.sums


def test_the_command_says_what_it_did(full, key, folder, capsys):
    call_command("backup", str(folder))
    said = capsys.readouterr().out
    (path,) = folder.glob("*.age")
    assert f"{path}: " in said
    assert hashlib.sha256(path.read_bytes()).hexdigest() in said
    assert "read back" in said


# --- one moment ------------------------------------------------------------------------------------------


def in_a_thread(work):
    def closing():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=closing)
    thread.start()
    return thread


def test_whoever_registers_meanwhile_does_not_wait_and_is_not_in_it(
    full, key, folder, palillo, cast, monkeypatch
):
    """Between any two tables a family is registered and stored. None of them is in the backup, not even half of one."""
    before, genuine = Family.objects.count(), contents.lines

    def lines(model):
        thread = in_a_thread(lambda: factories.make_family(palillo, {}, {"age": 3}, by=cast.volunteer))
        thread.join(10)
        assert not thread.is_alive()
        return genuine(model)

    monkeypatch.setattr(contents, "lines", lines)
    found = read(writing.back_up(folder), key, Rows()).found
    assert Family.objects.count() == before + len(contents.saved())
    # The first of them was stored before the first row was read, which on both engines begins the moment.
    assert before <= len(found["intake.Family"]) <= before + 1
    assert len(found["intake.Person"]) == 2 * len(found["intake.Family"])
    assert len(found["intake.Stay"]) == len(found["intake.Person"])


def test_a_backup_under_writers_has_no_child_without_its_family(full, key, folder, palillo, cast):
    stop, written = threading.Event(), []

    def register():
        while not stop.is_set():
            with writing.transaction.atomic():
                written.append(factories.make_family(palillo, {}, {"age": 3}, by=cast.volunteer).pk)

    writer = in_a_thread(register)
    try:
        backups = []
        for _each in range(3):
            while len(written) < 5 * (len(backups) + 1) and writer.is_alive():
                pass
            backups.append(read(writing.back_up(folder), key, Rows()).found)
            for path in folder.iterdir():  # the names are of whole seconds
                path.unlink()
    finally:
        stop.set()
        writer.join(30)
    counts = [len(found["intake.Family"]) for found in backups]
    assert counts == sorted(counts)
    for found in backups:
        families = {line.split(b'"')[1] for line in found["intake.Family"]}
        place = contents.columns(Person).index("family_id")
        assert len(found["intake.Person"]) == 2 * len(families)
        assert {contents.json.loads(line)[place].encode() for line in found["intake.Person"]} == families


# --- refusals --------------------------------------------------------------------------------------------


def refused(folder, match):
    with pytest.raises(CommandError, match=match) as caught:
        call_command("backup", str(folder))
    assert caught.value.returncode == 1
    assert not AccessEvent.objects.filter(action="backed_up").exists()
    if folder.is_dir():
        assert list(folder.iterdir()) == []


def test_without_a_public_key_there_is_no_backup(full, folder):
    refused(folder, "There is no public key")


def test_the_folder_has_to_be_there(full, key, folder):
    refused(folder / "no-such", "is not a folder")


def test_a_full_disk_leaves_nothing(full, key, folder, monkeypatch):
    def write(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sealed.Hashed, "write", write)
    refused(folder, "No space left on device")


def test_a_full_disk_in_mid_file_leaves_nothing(full, key, folder, monkeypatch):
    genuine = sealed.Hashed.write

    def write(self, data):
        if self.size > 100:
            raise OSError(28, "No space left on device")
        return genuine(self, data)

    monkeypatch.setattr(sealed.Hashed, "write", write)
    refused(folder, "No space left on device")


@pytest.mark.parametrize("place", [10, 150, -1000, -1])
def test_a_disk_that_gives_back_something_else_is_noticed(full, key, folder, monkeypatch, place):
    def fsync(_handle):
        (part,) = folder.iterdir()
        data = bytearray(part.read_bytes())
        data[place] ^= 1
        part.write_bytes(data)

    monkeypatch.setattr(os, "fsync", fsync)
    refused(folder, "No backup was made")


def test_a_disk_that_loses_the_end_is_noticed(full, key, folder, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda handle: os.truncate(handle, 5000))
    refused(folder, "damaged or was cut short")


def test_rows_that_are_not_in_the_file_are_noticed(full, key, folder, monkeypatch):
    """The sums are of what was read, so a line lost on its way shows."""
    genuine = contents.as_line
    monkeypatch.setattr(
        contents, "as_line", lambda told: genuine({**told, "sums": {}} if "sums" in told else told)
    )
    refused(folder, "not those that its sums say")


def test_without_a_row_on_the_trail_there_is_no_backup(full, key, folder, monkeypatch):
    def record(*_args, **_detail):
        raise DatabaseError

    monkeypatch.setattr(writing.audit, "record", record)
    refused(folder, "the database failed")


def test_a_name_that_is_taken_is_not_overwritten(full, key, folder, monkeypatch):
    backup = writing.back_up(folder)
    before = backup.path.read_bytes()
    monkeypatch.setattr(writing, "file_name", lambda _moment: backup.path.name)
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", str(folder))
    assert backup.path.read_bytes() == before
    assert [path.name for path in folder.iterdir()] == [backup.path.name]
