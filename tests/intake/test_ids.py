"""One identity on every device, in order of time (RFC 9562)."""

import time
import uuid

from django.utils import timezone

from intake.ids import newest_of, uuid7


def test_an_identity_is_a_version_7_uuid():
    made = uuid7()
    assert isinstance(made, uuid.UUID)
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_it_begins_with_the_milliseconds_it_was_made_in():
    before = time.time_ns() // 1_000_000
    made = uuid7()
    after = time.time_ns() // 1_000_000
    assert before <= made.int >> 80 <= after


def test_later_ones_sort_after_earlier_ones():
    earlier = uuid7()
    time.sleep(0.002)
    later = uuid7()
    assert earlier < later
    assert str(earlier) < str(later)
    assert earlier.bytes < later.bytes


def test_no_two_are_the_same():
    """Many devices write in the same millisecond."""
    assert len({uuid7() for _ in range(20_000)}) == 20_000


def test_what_is_random_uses_all_of_its_bits():
    """74 bits: each is sometimes 0 and sometimes 1."""
    made = [uuid7().int for _ in range(200)]
    free = (1 << 80) - 1 & ~(0xF << 76) & ~(0b11 << 62)
    ever_set, always_set = 0, free
    for number in made:
        ever_set |= number & free
        always_set &= number
    assert (ever_set, always_set) == (free, 0)


def test_ids_of_a_moment_are_told_from_later_ones():
    before = uuid7()
    time.sleep(0.002)
    moment = timezone.now()
    time.sleep(0.002)
    assert before < newest_of(moment) < uuid7()
