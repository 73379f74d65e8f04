"""The log beside the database: emptied, or left for the night when somebody reads; in either case at once."""

import sqlite3
import time
from contextlib import closing

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shelters.scrub import scrub
from tests import factories

BUSY_TIMEOUT = 15_000  # of the settings

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="the log beside the file is SQLite's")


def waits() -> int:
    with connection.cursor() as cursor:
        return cursor.execute("PRAGMA busy_timeout").fetchone()[0]


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_the_log_is_emptied():
    factories.make_shelter("palillo")
    assert scrub()
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
        assert not scrub()
        assert time.monotonic() - begin < BUSY_TIMEOUT / 1000 / 2
    assert waits() == BUSY_TIMEOUT
    assert scrub()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("whole", [False, True])
def test_only_the_night_goes_through_everything(whole):
    with CaptureQueriesContext(connection) as asked:
        assert scrub(whole=whole)
    assert any(each["sql"] == "VACUUM" for each in asked) == whole
