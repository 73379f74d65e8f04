"""Which tables are in a backup, and that one line stands for one row on either engine."""

from django.db import connection

from shelters import audit
from shelters.backups import tables
from shelters.models import AccessEvent, Shelter

# Kinds of columns that were thought about: `plain` writes them, `readers` reads them.
KNOWN = {
    *("CharField", "SlugField", "TextField", "GenericIPAddressField", "BooleanField", "JSONField"),
    *("AutoField", "BigAutoField", "IntegerField", "BigIntegerField"),
    *("PositiveIntegerField", "PositiveSmallIntegerField", "PositiveBigIntegerField"),
    *("UUIDField", "DateTimeField", "DateField", "TimeField"),
}


def test_every_table_is_saved_or_left_with_a_reason(db):
    saved = {model._meta.db_table for model in tables.saved().values()}
    left = {"django_session", "usersessions_usersession", "account_emailconfirmation", "django_admin_log"}
    left |= set(tables.LEFT_WITHOUT_MODEL)
    assert set(connection.introspection.table_names()) == saved | left
    assert len(left) == len(tables.LEFT) + len(tables.LEFT_WITHOUT_MODEL)


def test_every_kind_of_column_was_thought_about():
    """A column with fractions, bytes or spans of time needs a word in `plain` and in FROM_JSON first."""
    fields = [field for model in tables.saved().values() for field in model._meta.concrete_fields]
    kinds = {(field.target_field if field.is_relation else field).get_internal_type() for field in fields}
    assert kinds <= KNOWN


def test_what_migrate_leaves_is_known(db):
    """Else a fresh database would count as one in use."""
    filled = {label for label, model in tables.saved().items() if model._base_manager.exists()}
    assert filled == {label for label, model in tables.saved().items() if tables.filled_by_migrate(model)}


def test_a_line_does_not_depend_on_how_the_engine_keeps_an_object(cast):
    audit.record(audit.Action.EXPORTED, by=cast.volunteer, b=1, a={"z": None, "c": "ñ"})
    (line,) = tables.lines(AccessEvent)
    assert '{"a":{"c":"ñ","z":null},"b":1}'.encode() in line
    assert b"+00:00" in line  # moments with their offset


def test_text_keys_are_in_the_order_of_their_letters(db):
    """Whatever language the server speaks: else the sums of two engines would differ."""
    keys = [line.split(b'"')[1] for line in tables.lines(tables.saved()["intake.SpecificNeed"])]
    assert keys == sorted(keys)
    assert len(keys) > 100


def test_a_sum_knows_rows_and_their_order(palillo, annex):
    lines = list(tables.lines(Shelter))
    assert tables.Sum(lines).told()["rows"] == 2
    assert tables.Sum(lines).told() != tables.Sum(reversed(lines)).told()
