"""Four hundred people leave by one press and are back by another; who was not seen among 5,000 with 60,000 services.

python3 dev.py test tests/bench/bench_departure.py -s
"""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from intake import actions
from intake.models import Family, Person, PrivacyNotice, ServiceReceived, ServiceType, Stay
from intake.presence import presence_of, quiet_families

pytestmark = [pytest.mark.bench, pytest.mark.django_db]
DEPARTURE_S = UNDO_S = 2.0
SWEEP_S = 1.0


def fill(shelter, by, people, *, each=4, at):
    """Families of four, present since `at`."""
    day, notice = shelter.day_of(at), PrivacyNotice.objects.latest()
    families = [
        Family(
            shelter=shelter,
            registered_at=at,
            registered_on=day,
            arrived_on=day,
            registered_by=by,
            notice=notice,
            notice_answer="accepted",
        )
        for _n in range(people // each)
    ]
    Family.objects.bulk_create(families)
    rows = [
        Person(
            family=family,
            position=n,
            given_names="Ana",
            surnames="López",
            sex="F",
            origin_country="HN",
            relationship="CHILD" if n else "HEAD",
        )
        for family in families
        for n in range(each)
    ]
    Person.objects.bulk_create(rows, batch_size=500)
    stays = [Stay(person=person, shelter=shelter, in_at=at, in_on=day) for person in rows]
    Stay.objects.bulk_create(stays, batch_size=500)
    return rows


def timed(words, work, most):
    start = time.perf_counter()
    result = work()
    took = time.perf_counter() - start
    print(f"\n{connection.vendor}: {words}: {took:.3f} s (at most {most} s)")
    assert took <= most
    return result


def test_four_hundred_leave_and_are_back(palillo, cast):
    people, by = (
        fill(palillo, cast.coordinator, 400, at=timezone.now() - timedelta(hours=2)),
        cast.coordinator,
    )
    departure = timed(
        "400 people leave",
        lambda: actions.depart_together(people, shelter=palillo, at=timezone.now(), to="north", by=by),
        DEPARTURE_S,
    )
    assert not Stay.objects.open().exists()
    assert timed("undone", lambda: actions.undo_departure(departure, by=by), UNDO_S) == []
    assert Stay.objects.open().count() == 400


def test_the_sweep_of_five_thousand(palillo, cast):
    now = timezone.now()
    people = fill(palillo, cast.coordinator, 5_000, at=now - timedelta(days=6))
    meal = ServiceType.objects.get(pk="FOOD-LUN")
    served = [
        ServiceReceived(
            person=person,
            service_type=meal,
            shelter=palillo,
            given_at=now - timedelta(hours=40 if quiet else 1, days=day),
            given_on=palillo.day_of(now),
            recorded_by=cast.coordinator,
        )
        for number, person in enumerate(people)
        for quiet in [number < 600]
        for day in range(12)
    ]
    ServiceReceived.objects.bulk_create(served, batch_size=500)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    found, total = timed("not seen, of 5,000 with 60,000 services", lambda: quiet_families(palillo), SWEEP_S)
    assert (len(found), total) == (100, 150)
    timed("presence of 5,000", lambda: presence_of(palillo), SWEEP_S)
