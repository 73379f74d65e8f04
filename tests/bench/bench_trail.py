"""How long the trail takes: to mark a line, to seal a thousand, to go through a hundred thousand.

python3 dev.py test tests/bench/bench_trail.py -s
"""

import os
import time
import tracemalloc
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from shelters import audit, chain
from shelters.marks import mark_of
from shelters.models import AccessEvent, AuditSeal

pytestmark = pytest.mark.bench
EVENTS = int(os.environ.get("EVENTS", 100_000))
MOST_FOR_A_MARK = 0.0002  # seconds: what a scan has left
MOST_MEMORY = 20_000_000


def timed(what, *arguments, **options):
    began = time.perf_counter()
    what(*arguments, **options)
    return time.perf_counter() - began


def test_the_trail_is_marked_sealed_and_verified_fast(cast, palillo):
    detail = {"people": 4, "service": "FOOD-LUN"}
    more = {"by": cast.volunteer, "shelter": palillo, "subject": palillo, "detail": detail}
    one = audit.unsaved(audit.Action.SERVICE_RECORDED, **more)
    marking = timed(lambda: [mark_of(one) for _n in range(10_000)]) / 10_000
    for _n in range(EVENTS // 1000):
        AccessEvent.objects.bulk_create(
            audit.unsaved(audit.Action.SERVICE_RECORDED, **more) for _n in range(1000)
        )
    until = timezone.now() + timedelta(minutes=1)
    first = timed(chain.seal_next, None, until)
    rest = timed(chain.seal_all, until)
    said = StringIO()
    verifying = timed(call_command, "audit_verify", head=str(AuditSeal.objects.last()), stdout=said)
    tracemalloc.start()
    call_command("audit_verify", stdout=StringIO())
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"\na mark: {marking * 1e6:.0f} µs · a seal of 1,000 lines: {first * 1000:.0f} ms")
    print(f"{EVENTS:,} lines: sealed in {first + rest:.1f} s, verified in {verifying:.1f} s")
    print(f"memory at most {memory / 1e6:.1f} MB · {said.getvalue().splitlines()[0]}")
    assert marking < MOST_FOR_A_MARK
    assert memory < MOST_MEMORY
