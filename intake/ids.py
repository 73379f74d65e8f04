"""UUID version 7 (RFC 9562): one identity on every device, in order of time. Python has its own from 3.14 on."""

import os
import time
import uuid


def uuid7() -> uuid.UUID:
    """48 bits of milliseconds, then version, variant and 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    bits = milliseconds << 80 | int.from_bytes(os.urandom(10), "big")
    bits = bits & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=bits & ~(0b11 << 62) | 0b10 << 62)
