"""On the disk, too: what was deleted is overwritten, in the files of the database and beside them. See ADR 27."""

import time

from django.db import OperationalError, connection

# Milliseconds for readers to finish: who waits for the log to be emptied keeps every writer out.
PATIENCE = 500
LOCK_WAIT = 5  # seconds for a table that somebody uses: whoever comes to it meanwhile waits as well
ATTEMPTS, PAUSE = 3, 20  # seconds: the server's own ANALYZE, or a download, is over by then
NO_LOCK = "55P03"  # as PostgreSQL numbers it
# Statistics hold values of columns: the most common ones, and a hundred from the first to the last.
STATISTICS = "pg_statistic"
# What lets go of the log: whether this account may, and what its superuser says to allow it. On PostgreSQL 14 only
# superusers ask for a checkpoint; there the log goes with the next one that the server makes by itself.
OF_LOG = {
    "SELECT pg_switch_wal()": (
        "has_function_privilege('pg_switch_wal()', 'EXECUTE')",
        "GRANT EXECUTE ON FUNCTION pg_switch_wal() TO {account};",
    ),
    "CHECKPOINT": (
        "EXISTS (SELECT FROM pg_roles WHERE rolname = 'pg_checkpoint' AND pg_has_role(oid, 'USAGE')"
        " OR rolname = current_user AND rolsuper)",
        "GRANT pg_checkpoint TO {account};",
    ),
}
# ANALYZE leaves the statistics of an empty table as they were. To give a column the type it has drops its own.
# Columns that others point at, or that point elsewhere, hold codes and keys.
DROP_STATISTICS = """
SELECT relname, format('ALTER TABLE %%s ALTER COLUMN %%I TYPE %%s',
    c.oid::regclass, attname, format_type(atttypid, atttypmod))
FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid
JOIN pg_stats USING (attname) WHERE tablename = relname AND schemaname = relnamespace::regnamespace::text
AND c.oid = ANY(%s::regclass[]) AND reltuples = 0 AND atttypid = ANY('{text,varchar,jsonb,bytea}'::regtype[])
AND NOT EXISTS (SELECT FROM pg_constraint k WHERE contype = 'f'
    AND (conrelid = c.oid AND attnum = ANY(conkey) OR confrelid = c.oid AND attnum = ANY(confkey)))
"""


def scrub() -> bool:
    """Empty the log that SQLite keeps beside its file, after an erasure. Not in a transaction.

    False when somebody was reading at that moment and the log still stands: the nightly command does it again.
    PostgreSQL is left to the night, because it has to write whole tables anew.
    """
    if connection.vendor == "postgresql":
        return True
    with connection.cursor() as cursor:
        return empty_log(cursor)


def empty_log(cursor) -> bool:
    before = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
    cursor.execute(f"PRAGMA busy_timeout = {PATIENCE}")
    try:
        is_busy, _pages, _written = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {before}")
    return not is_busy


# --- at night ----------------------------------------------------------------------------------------------------


def rewrite(tables) -> list[str]:
    """Write anew whatever was deleted from, so that only what is there is there. Not in a transaction.

    Returns those of `tables` that may still hold old rows: the next run does them again.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")  # the whole file, for what was deleted before `secure_delete` was on
            return []
        cursor.execute(f"SET lock_timeout = '{LOCK_WAIT}s'")
        try:
            for attempt in range(ATTEMPTS):
                if attempt:
                    time.sleep(PAUSE)
                if not (tables := rewrite_once(cursor, tables)):
                    break
        finally:
            cursor.execute("RESET lock_timeout")
    return tables


def rewrite_once(cursor, tables) -> list[str]:
    """Rows, indexes, long texts and statistics. A plain VACUUM frees dead rows and leaves their bytes."""
    cursor.execute("SELECT pg_current_xact_id()::text")
    (begin,) = cursor.fetchone()
    wait_for_older(cursor, begin)
    quoted = {table: connection.ops.quote_name(table) for table in tables if table != STATISTICS}
    locked = [table for table in quoted if not is_done(cursor, f"VACUUM (FULL, ANALYZE) {quoted[table]}")]
    cursor.execute(DROP_STATISTICS, [list(quoted.values())])
    locked += [table for table, statement in cursor.fetchall() if not is_done(cursor, statement)]
    # Last, because the statistics of before are dead rows in it.
    locked += [] if is_done(cursor, f"VACUUM (FULL) {STATISTICS}") else [STATISTICS]
    return sorted({*locked, *still_old(cursor, [*quoted.values(), STATISTICS], begin)})


def wait_for_older(cursor, begin) -> None:
    """A moment, for forms and pages that were on their way; whoever takes longer is found by `still_old`."""
    for _tenth in range(10 * LOCK_WAIT):
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND greatest(age(backend_xid), age(backend_xmin)) > age(%s::xid)",
            [begin],
        )
        if cursor.fetchone() == (0,):
            return
        time.sleep(0.1)


def is_done(cursor, statement) -> bool:
    """False when somebody kept the table for too long."""
    try:
        cursor.execute(statement)
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) != NO_LOCK:
            raise
        return False
    return True


def still_old(cursor, tables, begin) -> list[str]:
    """Tables that somebody who began before us could still see rows of: a backup, a replica, a forgotten psql.

    PostgreSQL carries dead rows over for them, and writes down the oldest transaction it did so for. What is not ours
    to write anew it skips with a notice, and then that number is an old one, too.
    """
    cursor.execute(
        "SELECT relname FROM pg_class WHERE oid = ANY(%s::regclass[]) AND age(relfrozenxid) > age(%s::xid)",
        [tables, begin],
    )
    return [table for (table,) in cursor.fetchall()]


def renew_log() -> list[str]:
    """Let go of the log from before, after `rewrite`. Returns what is in the way, in words."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            busy = "Somebody was reading: the log beside the database is emptied next time."
            return [] if empty_log(cursor) else [busy]
        missing = missing_rights(cursor)
        for statement in OF_LOG:
            if statement not in missing:
                cursor.execute(statement)
    return [
        f"The log of PostgreSQL keeps what went for longer: this account may not run {statement}. {remedy}"
        for statement, remedy in missing.items()
    ]


def missing_rights(cursor) -> dict[str, str]:
    """Statement to what has to be said, by a superuser and in this database, so that we may run it."""
    cursor.execute("SELECT quote_ident(current_user)")
    (account,) = cursor.fetchone()
    missing = {}
    for statement, (may, grant) in OF_LOG.items():
        cursor.execute(f"SELECT {may}")
        if not cursor.fetchone()[0]:
            missing[statement] = "As its superuser, in this database: " + grant.format(account=account)
    return missing
