"""What an account may ask only so often, counted in this process: no trace is left, and no page pays a query."""

import time
from collections import deque

A_MINUTE = 60  # seconds


def is_often(moments: dict[int, deque], user, most) -> bool:
    """Whether this is more than `most` times in a minute. `moments`: account to those of the last minute."""
    mine, now = moments[user.pk], time.monotonic()
    while mine and mine[0] < now - A_MINUTE:
        mine.popleft()
    mine.append(now)
    return len(mine) > most
