"""On the disk, too: what was deleted is overwritten, in the database file and beside it."""

from django.db import connection

PATIENCE = (
    500  # milliseconds for readers to finish: who waits for the log to be emptied keeps every writer out
)


def scrub(*, whole=False) -> bool:
    """Empty the log that SQLite keeps beside its file. Not in a transaction.

    `whole` is for the night: it writes the file of SQLite anew (for what was deleted before `secure_delete` was on) and
    has PostgreSQL reclaim dead rows, which is too long for a page. False when somebody was reading at that moment and
    the log still stands: the nightly command does it again.
    """
    with connection.cursor() as cursor:
        if whole:
            cursor.execute("VACUUM")
        return connection.vendor == "postgresql" or empty_log(cursor)


def empty_log(cursor) -> bool:
    before = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
    cursor.execute(f"PRAGMA busy_timeout = {PATIENCE}")
    try:
        is_busy, _pages, _written = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {before}")
    return not is_busy
