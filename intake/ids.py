"""UUID version 7 (RFC 9562): one identity on every device, in order of time. Python has its own from 3.14 on."""

import os
import time
import uuid
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7() -> uuid.UUID:
    """48 bits of milliseconds, then version, variant and 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    bits = milliseconds << 80 | int.from_bytes(os.urandom(10), "big")
    bits = bits & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=bits & ~(0b11 << 62) | 0b10 << 62)


def newest_of(moment: datetime) -> uuid.UUID:
    """Whatever got its id after that moment has a greater one."""
    milliseconds = (moment - EPOCH) // timedelta(milliseconds=1)
    return uuid.UUID(int=milliseconds << 80 | (1 << 80) - 1)
