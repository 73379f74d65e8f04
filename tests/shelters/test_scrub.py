"""What was deleted is overwritten: the log of SQLite at once or at night, the tables of PostgreSQL at night."""

import sqlite3
import time
from contextlib import closing

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shelters import checks, scrub
from tests import factories

BUSY_TIMEOUT = 15_000  # of the settings

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="the log beside the file is SQLite's")
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one file")


def waits() -> int:
    with connection.cursor() as cursor:
        return cursor.execute("PRAGMA busy_timeout").fetchone()[0]


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_the_log_is_emptied():
    factories.make_shelter("palillo")
    assert scrub.scrub()
    assert waits() == BUSY_TIMEOUT


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_who_reads_does_not_hold_it_up():
    """Everybody who saves would wait with it."""
    factories.make_shelter("palillo")
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM shelters_shelter").fetchone()
        begin = time.monotonic()
        assert not scrub.scrub()
        assert time.monotonic() - begin < BUSY_TIMEOUT / 1000 / 2
    assert waits() == BUSY_TIMEOUT
    assert scrub.scrub()


@pytest.mark.django_db(transaction=True)
def test_only_the_night_goes_through_everything():
    with CaptureQueriesContext(connection) as by_day:
        assert scrub.scrub()
    with CaptureQueriesContext(connection) as by_night:
        assert scrub.rewrite(["intake_person"]) == []
    is_there = [any("VACUUM" in each["sql"] for each in asked) for asked in (by_day, by_night)]
    assert is_there == [False, True]


# --- PostgreSQL: whole tables ------------------------------------------------------------------------------------


@pytest.fixture
def somebody_else(transactional_db, monkeypatch):
    """Another connection; nobody waits for it for long, or twice."""
    monkeypatch.setattr(scrub, "LOCK_WAIT", 1)
    monkeypatch.setattr(scrub, "ATTEMPTS", 1)
    monkeypatch.setattr(scrub, "PAUSE", 0)
    with closing(connection.copy()) as other, other.cursor() as cursor:
        yield cursor


@on_postgresql
def test_a_table_in_use_is_named_and_the_next_run_does_it(somebody_else):
    somebody_else.execute("BEGIN")
    somebody_else.execute("LOCK TABLE intake_person IN ACCESS SHARE MODE")
    assert scrub.rewrite(["intake_family", "intake_person"]) == ["intake_person"]
    somebody_else.execute("COMMIT")
    assert scrub.rewrite(["intake_family", "intake_person"]) == []


@on_postgresql
def test_who_reads_since_before_makes_postgresql_keep_dead_rows_which_is_said(somebody_else):
    """They use none of these tables, and nobody waits for them: a backup of another program, say."""
    somebody_else.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    somebody_else.execute("SELECT count(*) FROM shelters_zone")
    factories.make_shelter("palillo").delete()
    assert scrub.rewrite(["shelters_shelter"]) == ["pg_statistic", "shelters_shelter"]
    somebody_else.execute("COMMIT")
    assert scrub.rewrite(["shelters_shelter"]) == []


@on_postgresql
def test_a_form_on_its_way_is_waited_for(somebody_else, monkeypatch):
    somebody_else.execute("BEGIN")
    somebody_else.execute("SELECT pg_current_xact_id()")
    monkeypatch.setattr(scrub.time, "sleep", lambda _pause: somebody_else.execute("COMMIT"))
    assert scrub.rewrite(["intake_person"]) == []


@on_postgresql
def test_it_is_tried_again_the_same_night(somebody_else, monkeypatch):
    somebody_else.execute("BEGIN")
    somebody_else.execute("LOCK TABLE intake_person IN ACCESS SHARE MODE")
    pauses = iter(["SELECT 1", "COMMIT"])
    monkeypatch.setattr(scrub, "ATTEMPTS", 3)
    monkeypatch.setattr(scrub, "PAUSE", 20)
    monkeypatch.setattr(
        scrub.time, "sleep", lambda pause: pause == 20 and somebody_else.execute(next(pauses))
    )
    assert scrub.rewrite(["intake_family", "intake_person"]) == []


@on_postgresql
def test_an_empty_table_has_no_statistics_of_who_was_there(transactional_db):
    """ANALYZE leaves those of an empty table as they were."""
    factories.make_shelter("palillo", name="Estadio Qqz")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE shelters_shelter")
        cursor.execute("DELETE FROM shelters_shelter")
        known = "SELECT count(*) FROM pg_stats WHERE tablename = 'shelters_shelter' AND attname = 'name'"
        cursor.execute(known)
        assert cursor.fetchone() == (1,)
        before = described(cursor, "shelters_shelter")
        assert scrub.rewrite(["shelters_shelter"]) == []
        cursor.execute(known)
        assert cursor.fetchone() == (0,)
        assert described(cursor, "shelters_shelter") == before


def described(cursor, table):
    """Columns, constraints and indexes."""
    cursor.execute(
        "SELECT attname, format_type(atttypid, atttypmod), attnotnull, attcollation FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
        [table],
    )
    found = cursor.fetchall()
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass ORDER BY 1",
        [table],
    )
    found += cursor.fetchall()
    cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s ORDER BY 1", [table])
    return found + cursor.fetchall()


@pytest.fixture
def small_account(transactional_db):
    """One that may do nothing but what it is given."""
    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS puente_small")
        cursor.execute("CREATE ROLE puente_small")
        cursor.execute("SET ROLE puente_small")
        yield cursor
        cursor.execute("RESET ROLE")
        cursor.execute("DROP OWNED BY puente_small")
        cursor.execute("DROP ROLE puente_small")


@on_postgresql
def test_an_account_without_the_rights_is_told_what_to_say(small_account):
    told = scrub.renew_log()
    assert len(told) == 2
    assert "GRANT EXECUTE ON FUNCTION pg_switch_wal() TO puente_small;" in told[0]
    assert "GRANT pg_checkpoint TO puente_small;" in told[1]


@on_postgresql
def test_what_it_is_told_to_say_is_enough(small_account):
    grants = [remedy.rpartition(": ")[2] for remedy in scrub.missing_rights(small_account).values()]
    small_account.execute("RESET ROLE")
    for grant in grants:
        small_account.execute(grant)
    small_account.execute("SET ROLE puente_small")
    assert scrub.renew_log() == []


@on_postgresql
def test_a_table_of_another_account_is_named(small_account, monkeypatch):
    """PostgreSQL skips it with no more than a notice."""
    monkeypatch.setattr(scrub, "PAUSE", 0)
    assert "shelters_shelter" in scrub.rewrite(["shelters_shelter"])


@on_postgresql
def test_the_deployment_check_tells_what_the_server_keeps(small_account, monkeypatch):
    monkeypatch.setattr(checks, "FORGETFUL", {"wal_recycle": "off", "wal_level": "none"})
    found = checks.postgresql_forgets(None)
    assert [each.id for each in found] == ["puente.W006", "puente.W007", "puente.W007"]
    assert "wal_level is not none" in found[0].msg and "GRANT" in found[1].hint
