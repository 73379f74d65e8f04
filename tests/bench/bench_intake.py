"""What registering a family costs, as ratios to floors measured in the same run.

    python3 dev.py test tests/bench/bench_intake.py -s

CPU time of this process, in-process client: an empty page for a signed-in account is the floor of a GET,
the bare SQL of one family of four the floor of the work itself.
"""

import time
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.intake.test_register import posted

pytestmark = pytest.mark.bench
FAMILY = [
    {"given_names": name, "surnames": "Hernández López", "age": age, "sex": "F"}
    for name, age in [("Neptalí", "34"), ("Ale", "11"), ("Keylin", "9"), ("Bebé", "8m")]
]
ROUNDS = 60


def cpu(work, rounds=ROUNDS) -> float:
    """Median milliseconds of CPU, after a warm-up."""
    for _warm in range(5):
        work()
    times = []
    for _round in range(rounds):
        begin = time.process_time()
        work()
        times.append((time.process_time() - begin) * 1000)
    return sorted(times)[len(times) // 2]


def test_the_cost_of_an_intake(volunteer, client, capsys, monkeypatch):
    monkeypatch.setattr("intake.limits.MOST_REGISTERED", 1_000)
    url = "/es/families/register/"
    empty = cpu(lambda: volunteer.get("/es/account/logout/"))
    page = cpu(lambda: volunteer.get(url))
    save = cpu(lambda: volunteer.post(url, posted(*FAMILY)))
    with CaptureQueriesContext(connection) as queries:
        volunteer.post(url, posted(*FAMILY, key=str(uuid.uuid4())))
        # Without the savepoint that stands in a test for the transaction itself.
        said = [each["sql"] for each in queries if not each["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    writes = [sql for sql in said if sql.startswith("INSERT")]
    answer = volunteer.get(url, headers={"accept-encoding": "gzip"})
    with capsys.disabled():
        print(f"\nintake on {connection.vendor}")
        print(f"  an empty page for a signed-in account   {empty:6.2f} ms   1.0")
        print(f"  the registration page                   {page:6.2f} ms   {page / empty:.1f}")
        print(f"  saving a family of four                 {save:6.2f} ms   {save / empty:.1f}")
        print(
            f"  queries to save: {len(said)} ({len(writes)} writes); page received: {len(answer.content):,} bytes"
        )
    assert len(said) <= 20
    assert len(answer.content) <= 12_000
