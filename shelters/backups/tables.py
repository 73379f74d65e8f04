"""What a backup holds: every table but a few, as lines that are the same bytes on both engines."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from uuid import UUID

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model
from django.db.models.functions import Collate

# Not saved, each with its reason.
LEFT = {
    "sessions.Session": "whoever finds a backup finds no open session in it; people sign in again",
    "usersessions.UserSession": "the list of those sessions",
    "account.EmailConfirmation": "links that have expired by then",
    "admin.LogEntry": "nothing is written there",
}
LEFT_WITHOUT_MODEL = {
    "django_migrations": "stands in the head of the file, and is compared",
    "shared_cache": "counts of the last minutes, such as wrong passwords",
}
# `migrate` fills these on an empty database; what other apps get from it they say in `filled_by_migrate`.
FILLED_BY_MIGRATE = {"auth.Permission", "auth.Group", "auth.Group_permissions", "contenttypes.ContentType"}
TEXT = {"CharField", "SlugField", "TextField"}
INTEGERS = {
    *("AutoField", "BigAutoField", "IntegerField", "BigIntegerField"),
    *("PositiveIntegerField", "PositiveSmallIntegerField", "PositiveBigIntegerField"),
}
# What JSON has no word for.
FROM_JSON = {
    "UUIDField": UUID,
    "DateTimeField": datetime.fromisoformat,
    "DateField": date.fromisoformat,
    "TimeField": time.fromisoformat,
    "JSONField": lambda value: value,
}


def saved() -> dict[str, type[Model]]:
    """The tables of a backup by label, those between two others included."""
    models = apps.get_models(include_auto_created=True)
    return {
        model._meta.label: model
        for model in models
        if model._meta.managed and not model._meta.proxy and model._meta.label not in LEFT
    }


def filled_by_migrate(model) -> bool:
    """Whether an empty database has rows here already."""
    named = getattr(model._meta.app_config, "filled_by_migrate", ())
    return model._meta.label in FILLED_BY_MIGRATE or model._meta.object_name in named


def columns(model) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


# --- one moment ------------------------------------------------------------------------------------------


@contextmanager
def snapshot():
    """Whatever is read inside is of one moment, and nobody waits for it. Not inside another transaction."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        usual, connection.transaction_mode = connection.transaction_mode, "DEFERRED"  # takes no write lock
        try:
            with transaction.atomic():
                yield
        finally:
            connection.transaction_mode = usual
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


# --- rows as lines ---------------------------------------------------------------------------------------


def lines(model) -> Iterator[bytes]:
    """The rows as JSON arrays in the order of `columns`, one a line, sorted by key."""
    key = model._meta.pk
    is_text = (
        key.target_field.get_internal_type() in TEXT if key.is_relation else key.get_internal_type() in TEXT
    )
    # Else the order of text would be that of the server's language.
    order = Collate("pk", "C") if is_text and connection.vendor == "postgresql" else "pk"
    rows = model._base_manager.order_by(order).values_list(*columns(model))
    for row in rows.iterator(chunk_size=2000):
        yield as_line(row)


def as_line(value) -> bytes:
    """JSON in UTF-8 with sorted keys: PostgreSQL keeps no order of them."""
    text = json.dumps(value, default=plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode() + b"\n"


def plain(value) -> str:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    raise TypeError(f"A backup cannot hold a {type(value).__name__} yet.")


def readers(model) -> list:
    """For each column what makes a value for the database of its JSON; None where the JSON is that value."""
    return [reader(field) for field in model._meta.concrete_fields]


def reader(field):
    kind = (field.target_field if field.is_relation else field).get_internal_type()
    if kind in INTEGERS:
        return int  # SQLite would keep any text
    if kind not in FROM_JSON:
        return None
    return lambda value: field.get_db_prep_save(FROM_JSON[kind](value), connection)


class Sum:
    """How many lines, and the SHA-256 of all of them."""

    def __init__(self, all_lines=()):
        self.rows, self.digest = 0, hashlib.sha256()
        for line in all_lines:
            self.add(line)

    def add(self, line: bytes) -> None:
        self.rows += 1
        self.digest.update(line)

    def told(self) -> dict:
        return {"rows": self.rows, "sha256": self.digest.hexdigest()}
