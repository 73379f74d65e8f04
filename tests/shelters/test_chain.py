"""A changed, a removed and a cut-off line of the trail are each noticed, on both engines."""

from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from shelters import audit, chain
from shelters.marks import mark_of
from shelters.models import AccessEvent, AuditSeal

Action = audit.Action


@pytest.fixture(autouse=True)
def lines_settle_at_once(monkeypatch):
    monkeypatch.setitem(chain.SETTLES, "postgresql", timedelta(0))


@pytest.fixture
def trail(cast, palillo):
    """Twelve lines in three seals."""
    for start in range(3):
        for n in range(4):
            audit.record(
                Action.EXPORTED, by=cast.coordinator, shelter=palillo, subject=palillo, rows=start + n
            )
        chain.seal_all()
    return list(AccessEvent.objects.order_by("id"))


def by_force(*statements):
    """As somebody who owns the database and does not have the key."""
    with transaction.atomic(), connection.cursor() as cursor:
        editor = SimpleNamespace(connection=connection, execute=cursor.execute)
        audit.unguard(editor)
        for statement, *values in statements:
            cursor.execute(statement, values)
        if connection.vendor == "postgresql":  # else the triggers cannot be made again
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        audit.guard(editor)


def called(command, **options):
    """(exit code, what it said)."""
    said, code = StringIO(), 0
    try:
        call_command(command, stdout=said, **options)
    except SystemExit as end:
        code = end.code
    return code, said.getvalue()


def verify(**options):
    return called("audit_verify", **options)


def findings(**options):
    code, said = verify(**options)
    *found, _sum, _head = said.splitlines()
    assert code == bool(found)
    return found


def test_a_whole_trail_is_whole_and_tells_its_head(trail):
    code, said = verify()
    assert code == 0
    assert f"{len(trail)} lines, of which 0 are too young to be sealed; 0 findings." in said
    assert f"Head: {AuditSeal.objects.last()}" in said
    assert AuditSeal.objects.count() == 3


def test_an_empty_trail_is_whole(db):
    assert verify() == (
        0,
        "0 lines, of which 0 are too young to be sealed; 0 findings.\nHead: none yet\n",
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "signed_in"),
        ("user_id", None),
        ("shelter_id", None),
        ("subject_id", "somebody else"),
        ("subject_type", ""),
        ("address", "192.0.2.99"),
        ("detail", '{"rows": 99}'),
        ("desk", "gate 9"),
        ("at", "2018-11-06 15:00:00"),
        ("mark", "0" * 64),
    ],
)
def test_a_changed_line_is_named(trail, column, value):
    by_force((f"UPDATE shelters_accessevent SET {column} = %s WHERE id = %s", value, trail[5].pk))
    (said, *_rest) = findings()
    assert said.startswith(f"Line {trail[5].pk} was changed")


def test_a_line_that_loses_its_mark_is_named(trail):
    by_force(("UPDATE shelters_accessevent SET mark = NULL WHERE id = %s", trail[5].pk))
    assert findings()[0].startswith(f"Line {trail[5].pk} of ")


def test_a_changed_line_is_noticed_before_it_is_sealed(trail, cast):
    new = audit.record(Action.SIGNED_IN, by=cast.volunteer)
    by_force(("UPDATE shelters_accessevent SET user_id = NULL WHERE id = %s", new.pk))
    assert [said.split(":")[0] for said in findings()] == [f"Line {new.pk} was changed"]


def test_removed_lines_are_named(trail):
    gone = trail[2].pk, trail[5].pk, trail[6].pk
    by_force(("DELETE FROM shelters_accessevent WHERE id IN (%s, %s, %s)", *gone))
    assert [said.split(":")[0] for said in findings()] == [
        f"Line {gone[0]} is missing",
        f"Lines {gone[1]} to {gone[2]} are missing",
    ]


def test_the_last_lines_removed_are_noticed_while_their_seal_stands(trail):
    by_force(("DELETE FROM shelters_accessevent WHERE id > %s", trail[9].pk))
    assert [said.split(":")[0] for said in findings()] == [
        f"Lines {trail[10].pk} to {trail[11].pk} are missing"
    ]


def test_exchanged_lines_are_noticed(trail):
    one, other = trail[5].pk, trail[6].pk
    move = "UPDATE shelters_accessevent SET id = %s WHERE id = %s"
    by_force((move, 9_000_000, one), (move, one, other), (move, other, 9_000_000))
    (said,) = findings()
    assert said.startswith(f"Of lines {trail[4].pk} to {trail[7].pk}")


def copy_of(line, number):
    columns = "at, user_id, action, shelter_id, subject_type, subject_id, address, detail, desk, mark"
    sql = f"INSERT INTO shelters_accessevent (id, {columns}) SELECT %s, {columns} FROM shelters_accessevent"
    return f"{sql} WHERE id = %s", number, line.pk


def test_a_copy_of_a_line_is_noticed(trail):
    number = trail[-1].pk + 40
    by_force(copy_of(trail[1], number))
    assert findings() == [f"Line {number} is a copy of line {trail[1].pk}."]


def test_a_line_in_the_place_of_a_removed_one_is_noticed(trail):
    by_force(("DELETE FROM shelters_accessevent WHERE id = %s", trail[5].pk), copy_of(trail[1], trail[5].pk))
    assert len(findings()) == 2


def test_a_line_without_the_key_is_noticed(trail):
    sql = """INSERT INTO shelters_accessevent (at, action, subject_type, subject_id, detail)
             VALUES ('2018-11-06 15:00:00+00:00', 'signed_in', '', '', '{}')"""
    by_force((sql,))
    (said,) = findings()
    assert "has no mark" in said


@pytest.mark.parametrize("ids", ["1-9000000000000", "5-1", "1-2-3", ""])
def test_a_seal_cannot_be_made_to_fill_the_memory(trail, ids):
    by_force(("UPDATE shelters_auditseal SET ids = %s WHERE number = 2", ids))
    assert "Seal 2 is not readable: it was changed." in findings()


def test_a_line_below_all_others_is_looked_at(trail):
    by_force(("UPDATE shelters_accessevent SET id = -7 WHERE id = %s", trail[5].pk))
    assert findings()[0] == "Line -7 has a number that no database gives."


def test_a_line_put_between_lines_from_before_there_were_marks_is_noticed(cast, palillo):
    for _n in range(3):
        audit.record(Action.EXPORTED, by=cast.coordinator, shelter=palillo)
    first, second, _third = AccessEvent.objects.order_by("id")
    by_force(
        ("DELETE FROM shelters_accessevent WHERE id = %s", second.pk),  # rolled back, so to speak
        ("UPDATE shelters_accessevent SET mark = NULL, desk = NULL",),
    )
    assert findings() == []
    columns = "at, user_id, action, shelter_id, subject_type, subject_id, address, detail"
    put_in = (
        f"INSERT INTO shelters_accessevent (id, {columns}) SELECT %s, {columns} FROM shelters_accessevent"
    )
    by_force((f"{put_in} WHERE id = %s", second.pk, first.pk))
    (said,) = findings()
    assert said == f"Line {second.pk} was put in between lines of seal 1."


def test_a_line_that_nobody_can_read_is_a_finding_and_no_traceback(trail):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL holds no such address")
    by_force(("UPDATE shelters_accessevent SET address = 'x' WHERE id = %s", trail[5].pk))
    assert findings()[0].startswith(f"Line {trail[5].pk} was changed")


def test_a_cut_off_is_noticed_by_a_head_that_was_kept(trail):
    kept = str(AuditSeal.objects.last())
    assert findings(head=kept) == []
    by_force(
        ("DELETE FROM shelters_accessevent WHERE id >= %s", trail[8].pk),
        ("DELETE FROM shelters_auditseal WHERE number = 3",),
    )
    (said,) = findings(head=kept)
    assert said.startswith("The trail is cut off: the kept head is seal 3, and the trail ends with seal 2")
    assert findings() == []  # that is why a head is kept


def test_a_cut_off_is_noticed_after_the_trail_has_grown_again(trail, cast):
    kept = str(AuditSeal.objects.last())
    by_force(
        ("DELETE FROM shelters_accessevent WHERE id >= %s", trail[8].pk),
        ("DELETE FROM shelters_auditseal WHERE number = 3",),
    )
    audit.record(Action.SIGNED_IN, by=cast.volunteer)
    (said,) = findings(head=kept)
    assert said.startswith("Seal 3 is not the one that was kept")


def test_a_trail_that_begins_anew_is_no_whole_one(trail):
    kept = str(AuditSeal.objects.last())
    by_force(("DELETE FROM shelters_accessevent",), ("DELETE FROM shelters_auditseal",))
    (said,) = findings(head=kept)
    assert said.endswith("the trail has no seal at all.")


def test_a_removed_seal_is_noticed(trail):
    by_force(("DELETE FROM shelters_auditseal WHERE number = 2",))
    assert findings() == ["Seal 2 is missing."]
    by_force(("DELETE FROM shelters_auditseal WHERE number = 1",))
    assert findings() == ["Seals 1 to 2 are missing."]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("ids", "1-2"),
        ("ids", "drop"),
        ("events", 3),
        ("made_at", "2018-11-06 15:00:00+00:00"),
        ("link", "0" * 64),
    ],
)
def test_a_changed_seal_is_noticed(trail, column, value):
    by_force((f"UPDATE shelters_auditseal SET {column} = %s WHERE number = 2", value))
    assert findings()[0].startswith("Seal 2 of ")


def test_a_number_that_was_never_given_away_is_nothing_missing(trail, cast):
    """On PostgreSQL what is rolled back leaves a gap."""
    new = audit.unsaved(Action.SIGNED_IN, by=cast.volunteer, shelter=None, subject=None, detail={})
    new.pk = trail[-1].pk + 7
    new.save(force_insert=True)
    assert findings() == []


def test_a_line_that_comes_to_light_late_is_sealed_at_the_next_look(trail, cast):
    gap = trail[-1].pk + 3
    for number in (gap + 1, gap):
        new = audit.unsaved(Action.SIGNED_IN, by=cast.volunteer, shelter=None, subject=None, detail={})
        new.pk = number
        new.save(force_insert=True)
        chain.seal_all()
    assert findings() == []
    assert AuditSeal.objects.last().ids == f"{gap}-{gap}"
    assert findings() == []
    by_force(("DELETE FROM shelters_accessevent WHERE id = %s", gap))
    assert len(findings()) == 1


def test_lines_from_before_there_were_marks_are_held_by_their_seal(cast, palillo):
    for _n in range(3):
        audit.record(Action.EXPORTED, by=cast.coordinator, shelter=palillo)
    by_force(("UPDATE shelters_accessevent SET mark = NULL, desk = NULL",))
    audit.record(Action.EXPORTED, by=cast.coordinator, shelter=palillo)
    assert findings() == []
    first = AccessEvent.objects.order_by("id").first()
    by_force(("UPDATE shelters_accessevent SET action = 'signed_in' WHERE id = %s", first.pk))
    (said,) = findings()
    assert said.startswith("Of lines ")


def test_another_key_is_said_once_and_plainly(trail, settings):
    settings.AUDIT_KEY = "another key than the one of this trail"
    with pytest.raises(CommandError, match="AUDIT_KEY"):
        verify()


@pytest.mark.parametrize("head", ["3", "3-12", "x-" + "a" * 20, "drei"])
def test_a_head_has_to_be_written_whole(trail, head):
    with pytest.raises(CommandError, match="as it was printed"):
        verify(head=head)


def test_the_head_may_be_typed_in_capitals_and_without_hyphens(trail):
    seal = AuditSeal.objects.last()
    assert findings(head=f" {seal.number}-{seal.link[:20].upper()} ") == []


def test_a_mark_is_the_same_after_the_database_gave_the_line_back(cast, palillo, rf):
    detail = {"b": [1, 2], "a": {"z": None, "y": True}, "ñ": "«é»", "n": 3}
    event = audit.unsaved(
        Action.EXPORTED, by=cast.coordinator, shelter=palillo, subject=palillo, detail=detail
    )
    for address in (None, "192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"):
        event.pk, event.address = None, address
        event.save(force_insert=True)
        assert mark_of(AccessEvent.objects.get(pk=event.pk)) == event.mark


def test_two_keys_make_two_marks(cast, palillo, settings):
    event = audit.record(Action.EXPORTED, by=cast.coordinator, shelter=palillo)
    settings.AUDIT_KEY = "a key"
    assert mark_of(event) != event.mark


def test_whoever_writes_seals_once_a_minute(cast, monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(chain, "_due", 0.0)
    with django_capture_on_commit_callbacks(execute=True):
        for _n in range(3):
            audit.record(Action.SIGNED_IN, by=cast.volunteer)
    assert AuditSeal.objects.count() == 1
    monkeypatch.setattr(chain, "_due", 0.0)  # another process
    with django_capture_on_commit_callbacks(execute=True):
        audit.record(Action.SIGNED_IN, by=cast.volunteer)
    assert AuditSeal.objects.count() == 1


def test_of_two_who_seal_the_same_one_does(trail, cast):
    head = AuditSeal.objects.last()
    audit.record(Action.SIGNED_IN, by=cast.volunteer)
    assert chain.seal_next(head).number == 4
    assert chain.seal_next(head) is None
    assert findings() == []


def test_what_is_in_a_busy_transaction_is_waited_for(cast, monkeypatch):
    monkeypatch.setitem(chain.SETTLES, connection.vendor, timedelta(minutes=1))
    audit.record(Action.SIGNED_IN, by=cast.volunteer)
    assert chain.seal_all() == 0
    assert "1 lines, of which 1 are too young" in verify()[1]
    assert chain.seal_all(until=timezone.now()) == 2  # with the line that says it was looked through


def test_sealing_tells_the_head(trail, cast):
    audit.record(Action.SIGNED_IN, by=cast.volunteer)
    said = StringIO()
    call_command("audit_seal", stdout=said)
    assert said.getvalue() == f"1 lines sealed. Head: {AuditSeal.objects.last()}\n"


def test_numbers_are_told_as_runs():
    assert list(chain.runs([1, 2, 3, 5, 8, 9])) == [(1, 3), (5, 5), (8, 9)]
    assert list(chain.runs([])) == []
