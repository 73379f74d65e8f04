"""How fast a food line goes when much was served already: the real server, two processes, eight lines.

    python3 dev.py test tests/bench/bench_scan.py -s                   300,000 services of 100,000 people
    SERVICES=30000 PEOPLE=10000 SCANS=40 python3 dev.py test tests/bench/bench_scan.py -s

First at the pace of the stadium at its peak, forty scans a minute, with an empty page for a signed-in account
between two scans as the floor; then eight lines without a pause, for the highest rate.
"""

import os
import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

import pytest
from django.db import connection
from django.utils import timezone

from intake.ids import uuid7
from intake.models import Card, Family, Person, ServiceReceived
from tests import factories
from tests.bench.bench_check import EMPTY, PIECE, Desk, line, percentile, seconds
from tests.bench.crowd import fill, insert

pytestmark = [pytest.mark.bench, pytest.mark.server]
SERVICES, PEOPLE = int(os.environ.get("SERVICES", 300_000)), int(os.environ.get("PEOPLE", 100_000))
SCANS, PACE = int(os.environ.get("SCANS", 120)), 60 / 40
LINES, WITHOUT_PAUSE, WARM_UP = 8, int(os.environ.get("SECONDS", 20)), 8
MOST_BESIDE_AN_EMPTY_PAGE = 2


class Line(Desk):
    """A desk that has chosen lunch, and the cards of those who stand in its line."""

    def __init__(self, address, client, cards):
        super().__init__(address, client)
        self.cards = cards
        client.post("/es/scan/start/", {"service_type": "FOOD-LUN"})
        page = client.get("/es/scan/").content.decode()
        self.round = re.search(r'name="round" value="([^"]+)"', page)[1]

    def scan(self) -> tuple[float, str]:
        data = {"round": self.round, "key": str(uuid.uuid4()), "code": next(self.cards)}
        took, status, body = self.timed("POST", "/es/scan/", data)
        assert status == 200, body[:500]
        return took, re.search(r'data-kind="(\w+)"', body)[1]

    def timed(self, method, path, data=None, headers=PIECE):
        """As the script of the page does: it asks for the answer alone."""
        return super().timed(method, path, data, headers)


def serve_before(shelter, by):
    """So many meals on the days before today, in the order in which they were given."""
    people = list(Person.objects.values_list("pk", flat=True))
    now, left = timezone.now(), SERVICES
    for days_ago in count(1):
        if left <= 0:
            return
        day, moment = shelter.day_of(now - timedelta(days=days_ago)), now - timedelta(days=days_ago)
        served = people[:left]
        left -= len(served)
        pattern = ServiceReceived(
            service_type_id="FOOD-LUN", shelter=shelter, recorded_by=by, slot="lunch", desk="food 1"
        )
        rows = ((uuid7(), person, moment, day, f"{day}#1") for person in served)
        insert(pattern, "id person given_at given_on limit_key", rows)


def give_cards(by, number) -> list[str]:
    families = list(Family.objects.order_by("?").values_list("pk", flat=True)[:number])
    codes = [factories.make_code() for _each in families]
    pattern = Card(bound_at=timezone.now(), bound_by=by)
    insert(pattern, "code family", zip(codes, families, strict=True))
    return codes


@pytest.fixture
def lines(palillo, cast, server, sign_in, capsys):
    begin = time.perf_counter()
    fill(palillo, cast.volunteer, PEOPLE)
    serve_before(palillo, cast.volunteer)
    codes = iter(give_cards(cast.volunteer, min(PEOPLE // 3, 20_000)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    stored = ServiceReceived.objects.count()
    with capsys.disabled():
        print(f"\n{stored:,} services on {connection.vendor}; filled in {seconds(begin)}")
    accounts = [factories.make_user("volunteer", shelters=[palillo]) for _each in range(LINES)]
    return [Line(server, sign_in(each, desk=f"food {n}"), codes) for n, each in enumerate(accounts, start=1)]


def test_a_food_line_does_not_wait(lines, capsys):
    floor, scans, kinds = at_the_pace_of_the_peak(lines)
    rate, without_pause = as_fast_as_it_goes(lines)
    times = percentile(scans, 95) / percentile(floor, 95)
    with capsys.disabled():
        print(line("an empty page, the floor", floor))
        print(line("a scan, 40 a minute", scans), f"  {times:.2f} × the floor at p95")
        print(
            line("a scan, 8 without pause", without_pause),
            f"  {rate:.0f} a second, {rate * 60:,.0f} a minute",
        )
    assert kinds == {"served"}
    assert times <= MOST_BESIDE_AN_EMPTY_PAGE


def at_the_pace_of_the_peak(lines):
    floor, scans, kinds = [], [], set()
    begin = time.perf_counter()
    for number in range(SCANS + WARM_UP):
        each = lines[number % len(lines)]
        wait_until(begin + number * PACE)
        took, kind = each.scan()
        wait_until(begin + (number + 0.5) * PACE)
        empty, status, _body = each.timed("GET", EMPTY)
        assert status == 200
        if number >= WARM_UP:
            floor.append(empty)
            scans.append(took)
            kinds.add(kind)
    return floor, scans, kinds


def wait_until(moment):
    time.sleep(max(0, moment - time.perf_counter()))


def as_fast_as_it_goes(lines) -> tuple[float, list[float]]:
    """Scans a second that were served, and how long each took."""
    end = time.perf_counter() + WITHOUT_PAUSE

    def keep_scanning(each):
        times = []
        while time.perf_counter() < end:
            took, kind = each.scan()
            assert kind == "served"
            times.append(took)
        return times

    with ThreadPoolExecutor(len(lines)) as pool:
        times = [took for each in pool.map(keep_scanning, lines) for took in each]
    return len(times) / WITHOUT_PAUSE, times
