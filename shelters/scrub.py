"""On the disk, too: what was deleted is overwritten, in the database file and beside it."""

from django.db import connection


def scrub(*, whole=False) -> bool:
    """Empty the log that SQLite keeps beside its file, and have PostgreSQL reclaim dead rows. Not in a transaction.

    `whole` writes the file of SQLite anew: for what was deleted before `secure_delete` was on. False when somebody was
    reading at that moment and the log still stands: the nightly command does it again.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM")
            return True
        if whole:
            cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        is_busy, _pages, _written = cursor.fetchone()
    return not is_busy
