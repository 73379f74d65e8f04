"""A backup into an empty database: all of it or nothing, and compared table by table."""

import json
from itertools import chain

from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import DatabaseError, IntegrityError, connection, transaction

from shelters import audit
from shelters.backups import Refused
from shelters.backups.contents import Reading, migrations
from shelters.backups.sealed import unseal
from shelters.backups.tables import Sum, columns, filled_by_migrate, lines, readers, saved

BATCH = 500  # rows


def restore(file, identity) -> Reading:
    """Fill an empty, migrated database from an open file. Raises Refused, OSError or DatabaseError, and keeps nothing.

    The file is read twice: no row is written before its last byte was checked.
    """
    with transaction.atomic():
        refuse_unless_empty()
        backup = read_through(file, identity, Reading())
        refuse_unless_fitting(backup)
        empty_lists()
        file.seek(0)
        read_through(file, identity, Loading())
        set_counters()
        check_references()
        compare(backup.sums)
        told = {key: backup.head[key] for key in ("made_at", "engine", "puente", "last_event")}
        audit.record(audit.Action.RESTORED, by=None, **told, rows=rows_of(backup))
    ContentType.objects.clear_cache()
    return backup


def rows_of(backup: Reading) -> int:
    return sum(each["rows"] for each in backup.sums.values())


def read_through(file, identity, reading: Reading) -> Reading:
    unseal(file, identity, reading)
    reading.finish()
    return reading


# --- before ----------------------------------------------------------------------------------------------


def refuse_unless_empty() -> None:
    present = set(connection.introspection.table_names())
    if not all(model._meta.db_table in present for model in saved().values()):
        raise Refused("This database has no tables yet. Run `manage.py migrate` first.")
    for label, model in saved().items():
        if not filled_by_migrate(model) and model._base_manager.exists():
            raise Refused(
                f"This database is in use: {label} has rows. A backup goes into a new one, fresh from `migrate`."
            )


def refuse_unless_fitting(backup: Reading) -> None:
    there, here = set(backup.head["migrations"]), set(migrations())
    made_by = f"The backup was made by Puente {backup.head['puente']}"
    if there - here:
        raise Refused(
            f"{made_by}, which is later than this one. Update this one and run `manage.py migrate` first."
        )
    if here - there:
        raise Refused(f"{made_by}, which is earlier than this one. Restore with that version, then update.")
    if set(backup.sums) != set(saved()):
        raise Refused(
            f"{made_by}, which has other tables than this one. Restore with that version, then update."
        )


def empty_lists() -> None:
    """What `migrate` has just put in gives way to the rows of the backup."""
    with connection.cursor() as cursor:
        for model in saved().values():
            if filled_by_migrate(model):
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")


# --- rows ------------------------------------------------------------------------------------------------


class Loading(Reading):
    """Writes the rows while they are read. As they are: no column is reckoned anew, and no history is written."""

    def __init__(self):
        super().__init__()
        self.models, self.batch = saved(), []

    def begin(self, table, named):
        self.pour()
        self.model = self.models.get(table)
        if self.model is None or named != columns(self.model):
            raise Refused(
                "The backup has other columns than this version of Puente. Restore with the one that made it."
            )
        self.readers = readers(self.model)

    def row(self, line):
        self.batch.append(line)
        if len(self.batch) == BATCH:
            self.pour()

    def end(self):
        self.pour()

    def pour(self):
        """Insert the rows that wait. Their words stay out of the message: they are somebody's."""
        if not self.batch:
            return
        try:
            insert(self.model, [self.values(line) for line in self.batch])
        except (DatabaseError, ValueError, TypeError) as error:
            raise Refused(
                f"A row of {self.model._meta.label} does not fit into this database ({type(error).__name__})."
            ) from None
        self.batch = []

    def values(self, line: bytes) -> list:
        """As the database takes them."""
        pairs = zip(self.readers, json.loads(line), strict=True)
        return [value if value is None or read is None else read(value) for read, value in pairs]


def insert(model, rows: list) -> None:
    """Several rows in a statement. Django's `bulk_create` would reckon columns anew, and takes three times as long."""
    fields, quoted = model._meta.concrete_fields, connection.ops.quote_name
    named = ", ".join(quoted(field.column) for field in fields)
    size, marks = max(connection.ops.bulk_batch_size(fields, rows), 1), ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        for batch in (rows[start : start + size] for start in range(0, len(rows), size)):
            places = ", ".join([f"({marks})"] * len(batch))
            cursor.execute(
                f"INSERT INTO {quoted(model._meta.db_table)} ({named}) VALUES {places}", list(chain(*batch))
            )


# --- after -----------------------------------------------------------------------------------------------


def set_counters() -> None:
    """PostgreSQL counts keys apart from the rows; the next one has to be greater than all that came in."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(saved().values())):
            cursor.execute(statement)


def check_references() -> None:
    try:
        connection.check_constraints()
    except IntegrityError:
        raise Refused("A row of the backup names another that is not in it.") from None


def compare(sums: dict) -> None:
    """Read every table again and refuse the smallest difference from what was saved."""
    for label, model in saved().items():
        if Sum(lines(model)).told() != sums[label]:
            raise Refused(f"{label} is not the same after loading.")
