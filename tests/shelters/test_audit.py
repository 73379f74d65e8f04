"""The trail can be added to and nothing else, on both engines."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from shelters import audit
from shelters.chain import seal_next
from shelters.models import AccessEvent


@pytest.fixture
def event(cast, palillo):
    return audit.record(audit.Action.EXPORTED, by=cast.coordinator, shelter=palillo, subject=palillo, rows=12)


def test_an_event_says_who_what_where_and_when(event, cast, palillo):
    stored = AccessEvent.objects.get(pk=event.pk)
    assert (stored.user, stored.shelter, stored.subject_type) == (
        cast.coordinator,
        palillo,
        "shelters.Shelter",
    )
    assert stored.subject_id == str(palillo.pk)
    assert stored.detail == {"rows": 12}


@pytest.mark.parametrize(
    ("https", "forwarded", "address"),
    [
        (False, "198.51.100.9", "192.0.2.7"),  # nobody's proxy: the header is only a claim
        (True, "198.51.100.9", "198.51.100.9"),
        (True, "203.0.113.1, 198.51.100.9", "198.51.100.9"),  # what a visitor wrote stands first
        (True, "", "192.0.2.7"),
        (True, "<script>", None),
    ],
)
def test_the_address_is_the_one_our_own_proxy_saw(rf, settings, https, forwarded, address):
    settings.HTTPS = https
    request = rf.get("/", REMOTE_ADDR="192.0.2.7", headers={"x-forwarded-for": forwarded})
    assert audit.address_of(request) == address


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE shelters_accessevent SET action = 'x'",
        "DELETE FROM shelters_accessevent",
        "UPDATE shelters_auditseal SET link = 'x'",
        "DELETE FROM shelters_auditseal",
    ],
)
def test_the_database_refuses_to_change_the_trail_and_its_seals(event, statement):
    seal_next(None, timezone.now())
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AccessEvent.objects.filter(action="exported").count() == 1


@pytest.mark.parametrize("table", ["shelters_accessevent", "shelters_auditseal"])
def test_postgresql_refuses_to_empty_the_trail(event, table):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite knows no TRUNCATE; DELETE is refused above")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else the pending foreign keys object first
        cursor.execute(f"TRUNCATE {table} CASCADE")
