"""Restoring: the same rows on the same engine and through the other one; or nothing at all."""

import hashlib
import io
import json
import zlib

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings, strategies

from intake.models import Family, Note, Person
from shelters import audit, marks
from shelters.backups import Refused, contents, loading, sealed, tables
from shelters.models import AccessEvent, Shelter
from tests.shelters.backups.conftest import SECRET, empty, everything, without_backups
from tests.shelters.test_settings import PRODUCTION, manage


@pytest.fixture
def there(full, key, folder):
    """What was there before the backup; then the database is as after `migrate`. `.path` is the file."""
    before = everything()
    call_command("backup", str(folder))
    empty()
    (before["path"],) = folder.glob("*.age")
    return before


def restored(path, key):
    call_command("restore", str(path), key=str(key))


def refused(path, key, match=""):
    """Refused with a sentence, and the database is as empty as before."""
    with pytest.raises(CommandError, match=match) as caught:
        restored(path, key)
    assert str(caught.value).startswith("Nothing was restored")
    loading.refuse_unless_empty()
    assert tables.saved()["intake.PrivacyNotice"].objects.exists()  # what migrate had put in is still there


# --- equal -----------------------------------------------------------------------------------------------


def test_every_table_comes_back_on_the_same_engine(there, key, capsys):
    path = there.pop("path")
    filled = {label for label, rows in there.items() if rows}
    assert {"intake.HistoricalPerson", "intake.Card", "intake.Cut", "shelters.User_groups"} <= filled
    assert "shelters.AuditSeal" in filled
    restored(path, key)
    assert without_backups(everything()) == there
    assert "each compared with the backup" in capsys.readouterr().out
    assert {note.words for note in Note.objects.opened()} == {SECRET, f"{SECRET}, corregido"}


def test_every_table_goes_through_the_other_engine_and_comes_back(there, key, tmp_path):
    """The move: another process with a database of its own, which is SQLite whatever this one is."""
    path, second = there.pop("path"), tmp_path / "second"
    second.mkdir()
    public = str(sealed.read_private(key.read_text()).to_public())
    other = {
        **PRODUCTION,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'other.sqlite3'}",
        "BACKUP_PUBLIC_KEY": public,
        "AUDIT_KEY": marks.key().decode(),
    }
    for arguments in (
        ("migrate", "-v0"),
        ("restore", str(path), "--key", str(key)),
        ("audit_verify",),  # each line still fits its mark
        ("backup", str(second)),
    ):
        answer = manage(*arguments, **other)
        assert answer.returncode == 0, answer.stdout + answer.stderr
    (file,) = second.glob("*.age")
    restored(file, key)
    assert without_backups(everything()) == there


def test_the_trail_goes_on_where_it_was(there, key):
    last = max(there["shelters.AccessEvent"])
    restored(there["path"], key)
    event = AccessEvent.objects.get(action="restored")
    assert event.pk > last
    assert (event.detail["last_event"], event.detail["engine"]) == (last, connection.vendor)
    for statement in ("UPDATE shelters_accessevent SET action = 'x'", "DELETE FROM intake_cut"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_new_rows_find_new_keys(there, key):
    restored(there["path"], key)
    before = set(Shelter.objects.values_list("pk", flat=True))
    assert Shelter.objects.create(code="new", name="New", opened_on="2026-11-01").pk not in before


def test_the_key_can_come_from_standard_input(there, key, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(key.read_text()))
    restored(there["path"], "-")
    assert Family.objects.exists()


def test_accounts_sign_in_again_after_it(there, key, client):
    restored(there["path"], key)
    sent = {"login": "volunteer", "password": "puente de papel"}
    assert client.post(reverse("account_login"), sent).status_code == 302


# --- refused ---------------------------------------------------------------------------------------------


def test_a_flipped_byte_changes_nothing(there, key):
    path, data = there["path"], there["path"].read_bytes()
    for place in (0, 40, 150, len(data) // 2, len(data) - 20, len(data) - 1):
        changed = bytearray(data)
        changed[place] ^= 0x10
        path.write_bytes(changed)
        refused(path, key, "damaged|no backup")


@given(data=strategies.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_flipped_byte_is_noticed_before_a_row_is_written(backup, key, data):
    whole = bytearray(backup.path.read_bytes())
    place = data.draw(strategies.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(strategies.integers(1, 255))
    with pytest.raises(Refused):
        loading.read_through(io.BytesIO(whole), sealed.read_private(key.read_text()), contents.Reading())


@pytest.mark.parametrize("left", [0, 10, 300, 0.5, -1])
def test_a_file_that_was_cut_short_changes_nothing(there, key, left):
    path, data = there["path"], there["path"].read_bytes()
    path.write_bytes(data[: int(len(data) * left) if left == 0.5 else left])
    refused(path, key, "damaged")


def test_another_key_changes_nothing(there, tmp_path):
    other = tmp_path / "other.txt"
    call_command("backup_keys", str(other))
    refused(there["path"], other, "This key does not open")


def test_a_database_in_use_is_left_alone(backup, key):
    before = everything()
    with pytest.raises(CommandError, match="This database is in use"):
        restored(backup.path, key)
    assert everything() == before


def test_a_database_without_tables_is_told_to_migrate(there, key, tmp_path):
    url = {"DATABASE_URL": f"sqlite:///{tmp_path / 'new.sqlite3'}", **PRODUCTION}
    answer = manage("restore", str(there["path"]), "--key", str(key), **url)
    assert answer.returncode == 1
    assert "manage.py migrate" in answer.stderr


@pytest.mark.parametrize(("more", "match"), [("here", "is earlier than"), ("there", "is later than")])
def test_another_state_of_the_tables_is_told(there, key, monkeypatch, more, match):
    known = contents.migrations()
    monkeypatch.setattr(
        loading, "migrations", lambda: [*known, "intake.9999"] if more == "here" else known[:-1]
    )
    refused(there["path"], key, match)


def test_files_that_are_not_there_are_told(there, key, tmp_path):
    refused(tmp_path / "no-such", key, "No such file")
    refused(there["path"], tmp_path / "no-such", "No such file")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\0")
    refused(there["path"], tmp_path / "bytes", "is no text")


def test_a_row_lost_on_the_way_in_is_noticed(there, key, monkeypatch):
    genuine = loading.insert
    monkeypatch.setattr(
        loading,
        "insert",
        lambda model, rows: genuine(model, rows[: None if model is not AccessEvent else -1]),
    )
    refused(there["path"], key, "shelters.AccessEvent is not the same")


# --- written by somebody who knows the public key ---------------------------------------------------------


def lines_of(path, key) -> list:
    sink = io.BytesIO()
    with path.open("rb") as file:
        sealed.unseal(file, sealed.read_private(key.read_text()), sink)
    return [json.loads(line) for line in zlib.decompress(sink.getvalue(), contents.GZIP).splitlines()]


def write(path, key, lines, *, with_sums=True, gzip=True) -> None:
    """Seal these lines as a backup would be, with sums that fit."""
    if with_sums:
        lines = [*lines[:-1], {"sums": sums_of(lines)}]
    text = b"".join(map(tables.as_line, lines))
    packer = zlib.compressobj(6, zlib.DEFLATED, contents.GZIP)
    identity = sealed.read_private(key.read_text())
    with path.open("wb") as file:
        packed = packer.compress(text) + packer.flush() if gzip else text
        sealed.seal([packed], sealed.Hashed(file, hashlib.sha256()), [identity.to_public()])


def sums_of(lines) -> dict:
    sums, table = {}, None
    for line in lines[1:]:
        if isinstance(line, list):
            sums[table].add(tables.as_line(line))
        elif "table" in line:
            table = line["table"]
            sums[table] = tables.Sum()
    return {table: total.told() for table, total in sums.items()}


def place_of(lines, table) -> int:
    return next(i for i, line in enumerate(lines) if isinstance(line, dict) and line.get("table") == table)


def row_of(lines, model, **changed) -> None:
    """Change columns of the first row of a table."""
    row = lines[place_of(lines, model._meta.label) + 1]
    for name, value in changed.items():
        row[tables.columns(model).index(name)] = value


def test_what_we_seal_here_restores_when_nothing_is_changed(there, key):
    write(there["path"], key, lines_of(there["path"], key))
    restored(there["path"], key)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda lines: lines.pop(), "has no end"),
        (lambda lines: lines.append([1]), "after the end"),
        (lambda lines: lines.insert(1, [1]), "no backup of Puente"),
        (lambda lines: lines[0].update(format=2), "later version"),
        (lambda lines: lines[0].pop("migrations"), "no backup of Puente"),
        (lambda lines: lines.pop(0), "no backup of Puente"),
        (lambda lines: lines.insert(2, 7), "no backup of Puente"),
        (lambda lines: lines.insert(2, {}), "no backup of Puente"),
        (lambda lines: lines.pop(place_of(lines, "intake.Person") + 1), "not those that its sums say"),
        (lambda lines: lines.insert(-1, lines[place_of(lines, "intake.Person")]), "twice"),
    ],
)
def test_what_is_no_backup_inside_is_refused(there, key, change, match):
    lines = lines_of(there["path"], key)
    change(lines)
    write(there["path"], key, lines, with_sums=False)
    refused(there["path"], key, match)


def test_what_is_not_packed_is_refused(there, key):
    write(there["path"], key, lines_of(there["path"], key), gzip=False)
    refused(there["path"], key, "no backup of Puente")


@pytest.mark.parametrize("table", ["../../etc/passwd", "sessions.Session", "auth_user; DROP TABLE x"])
def test_a_table_that_is_not_ours_is_refused(there, key, table):
    lines = lines_of(there["path"], key)
    lines.insert(-1, {"table": table, "columns": ["id"]})
    write(there["path"], key, lines)
    refused(there["path"], key, "other tables")


def test_a_column_that_is_not_ours_is_refused(there, key):
    lines = lines_of(there["path"], key)
    lines[place_of(lines, "intake.Person")]["columns"][0] = "id) SELECT 1 --"
    write(there["path"], key, lines)
    refused(there["path"], key, "other columns")


@pytest.mark.parametrize(
    "changed",
    [
        {"family_id": "no-key"},
        {"sex": None},
        {"birth_date": "2018-02-30"},
        {"sex": {"a": 1}},
        {"position": "x" * 9},
    ],
)
def test_a_row_that_does_not_fit_is_refused_without_its_words(there, key, changed):
    lines = lines_of(there["path"], key)
    row_of(lines, Person, **changed)
    write(there["path"], key, lines)
    refused(there["path"], key, r"intake\.Person (does not fit|is not the same)|A row of intake\.Person")


def test_a_child_without_its_family_is_refused(there, key):
    lines = lines_of(there["path"], key)
    row_of(lines, Person, family_id="00000000-0000-7000-8000-000000000000")
    write(there["path"], key, lines)
    refused(there["path"], key, "names another that is not in it")


def test_a_rule_of_the_tables_holds_here_too(there, key):
    lines = lines_of(there["path"], key)
    row_of(lines, Shelter, opened_on="2026-01-02", closed_on="2026-01-01")
    write(there["path"], key, lines)
    refused(there["path"], key, r"shelters\.Shelter does not fit into this database \(IntegrityError\)")


def test_the_trail_is_only_added_to(there, key):
    audit.record(audit.Action.SIGN_IN_REFUSED, by=None)
    with pytest.raises(CommandError, match=r"shelters\.AccessEvent has rows"):
        restored(there["path"], key)
