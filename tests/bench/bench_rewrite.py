"""How long the night's rewriting takes, and how long it keeps others waiting, with a hundred thousand people.

python3 dev.py test tests/bench/bench_rewrite.py -s
"""

import os
import threading
import time

import pytest
from django.db import connection

from intake.models import Person, ServiceReceived
from intake.retention import losing
from shelters import scrub
from tests import factories
from tests.bench import crowd
from tests.bench.bench_crash import server, writers  # noqa: F401  (fixtures)
from tests.bench.bench_trail import timed
from tests.bench.under_fire import figures, wrong_in

pytestmark = [
    pytest.mark.bench,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one file, and writes it anew"),
]
PEOPLE, SERVICES = int(os.environ.get("PEOPLE", 100_000)), 10  # services for each of them
NIGHTS = 5  # one after the other, while desks write
MOST_WAIT = 30  # seconds: a browser and the server have not given up by then


@pytest.fixture(scope="session")
def cluster():
    """The kills are of another bench: here the database is the suite's."""


class Reader(threading.Thread):
    """Asks for somebody, again and again, as a page does; `worst` is how long it waited once."""

    def __init__(self, table):
        super().__init__()
        self.table, self.worst, self.over = table, 0.0, threading.Event()

    def run(self):
        with connection.cursor() as cursor:
            while not self.over.wait(0.02):
                ask = f"SELECT * FROM {self.table} LIMIT 1"
                self.worst = max(self.worst, timed(cursor.execute, ask))
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_the_night_writes_the_tables_anew(palillo, cast):
    crowd.fill(palillo, cast.volunteer, PEOPLE)
    serve(palillo, cast.volunteer)
    sizes, steps = {table: size_of(table) for table in losing()}, {}

    def measured(run, sql, *rest):
        began = time.perf_counter()
        try:
            return run(sql, *rest)
        finally:
            steps[sql] = steps.get(sql, 0) + time.perf_counter() - began

    readers = [Reader(model._meta.db_table) for model in (Person, ServiceReceived)]
    for reader in readers:
        reader.start()
    with connection.execute_wrapper(measured):
        writing = timed(scrub.rewrite, losing())
        log = timed(scrub.renew_log)
    for reader in readers:
        reader.over.set()
        reader.join()
    print(
        f"\n{PEOPLE:,} people, {PEOPLE * SERVICES:,} services, {sum(sizes.values()) / 1e6:,.0f} MB of tables"
    )
    print(f"  written anew in {writing:.1f} s, the log in {log:.1f} s")
    for sql, seconds in sorted(steps.items(), key=lambda step: -step[1])[:5]:
        print(f"  {seconds:6.2f} s  {sql[:70]}")
    for reader in readers:
        print(f"  a reader of {reader.table} waited {reader.worst:.2f} s at most")
    assert max(reader.worst for reader in readers) < MOST_WAIT


@pytest.mark.server
def test_the_night_comes_while_six_desks_write(server, writers, capsys):  # noqa: F811
    """Nobody is refused, nothing is lost, and no table is left."""
    took, left = [], []
    for _night in range(NIGHTS):
        began = time.perf_counter()
        left += scrub.rewrite(losing())
        left += scrub.renew_log()
        took.append(time.perf_counter() - began)
    reports = writers.finish()
    wrong = wrong_in(writers, reports)
    with capsys.disabled():
        print(
            f"\n{NIGHTS} nights under six desks, {min(took):.1f} to {max(took):.1f} s; left: {left or 'nothing'}"
        )
        print("\n".join(figures(reports, writers.told())))
    assert (wrong, left) == ({}, [])


def serve(shelter, by):
    """Meals for everybody, written by the database itself."""
    one = factories.make_service(Person.objects.first(), by=by)
    columns = [field.column for field in one._meta.concrete_fields]
    new = {
        "id": "gen_random_uuid()",
        "person_id": "p.id",
        "given_on": "s.given_on - n",
        "limit_key": "left(gen_random_uuid()::text, 30)",
    }
    chosen = ", ".join(new.get(column, f"s.{column}") for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO intake_servicereceived ({', '.join(columns)}) SELECT {chosen} FROM intake_servicereceived s,"
            f" intake_person p, generate_series(1, {SERVICES}) n WHERE s.id = %s",
            [one.pk],
        )
        cursor.execute("ANALYZE")


def size_of(table) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s)", [table])
        return cursor.fetchone()[0]
