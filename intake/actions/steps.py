"""What a merge writes, noted step by step in Merge.steps, so that every column can be put back."""

from datetime import UTC, date, datetime
from uuid import UUID

from intake.models import (
    Alert,
    Card,
    Family,
    Intention,
    LookAlike,
    Person,
    PersonNeed,
    Relationship,
    ServiceReceived,
    Sighting,
    Stay,
    Ticket,
)
from intake.models.tracked import Tracked, correct, keep_first_versions

TABLES = {
    model._meta.model_name: model
    for model in (
        Family,
        Person,
        Stay,
        ServiceReceived,
        PersonNeed,
        Intention,
        Card,
        LookAlike,
        Sighting,
        Alert,
        Ticket,
    )
}
KEYS = ("name_key", "given_key", "given_key_2", "surname_key", "surname_key_2")
BIRTH = ("birth_date", "birth_precision", "age_said_on")
REMOVED = "removed"


def field_of(model, column):
    return next(field for field in model._meta.concrete_fields if column in (field.name, field.attname))


def plain(row, column):
    """The value of a column as JSON holds it."""
    field = field_of(type(row), column)
    value = field.get_prep_value(getattr(row, field.attname))
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | str) else value


def put(row, column, value) -> None:
    """The way back from `plain`."""
    field = field_of(type(row), column)
    setattr(row, field.attname, field.to_python(value))


class Book:
    """Changes rows of many tables and notes what they held before and after."""

    def __init__(self, *, by):
        self.by, self.steps, self.noted = by, [], {}

    def alter(self, row, **values) -> None:
        before = self.noted.setdefault(row, {})
        for name, value in values.items():
            for column in BIRTH if name == "birth" else (field_of(type(row), name).attname,):
                before.setdefault(column, plain(row, column))
            setattr(row, name, value)

    def write(self, model) -> None:
        """Save what was altered in this table."""
        changed = {row: self.changed(row) for row in self.noted if type(row) is model}
        self.noted = {row: before for row, before in self.noted.items() if row not in changed}
        if model not in (
            Family,
            Person,
        ):  # their version says that they were looked at here, even if nothing else
            changed = {row: columns for row, columns in changed.items() if columns}
        self.steps += [
            [model._meta.model_name, str(row.pk), columns] for row, columns in changed.items() if columns
        ]
        save(model, list(changed), {name for columns in changed.values() for name in columns}, by=self.by)

    def changed(self, row) -> dict:
        """Column to what it held before and what it holds now, where that is something else."""
        before = self.noted[row].items()
        return {name: [value, plain(row, name)] for name, value in before if value != plain(row, name)}

    def remove(self, rows) -> None:
        """Take rows out that were folded into others."""
        for row in rows:
            columns = {field.attname: plain(row, field.attname) for field in row._meta.concrete_fields}
            self.steps.append([row._meta.model_name, str(row.pk), columns, REMOVED])
            if isinstance(row, Tracked):
                keep_first_versions(type(row), [row.pk])
            pk, row._history_user = row.pk, self.by
            row.delete()
            row.pk = pk  # which told the rows apart, and still does


def save(model, rows, columns, *, by) -> None:
    """Save columns of rows of one table; records that people correct get their next version."""
    columns = {field_of(model, column).name for column in columns}
    if model in (Family, Person):
        columns.add("version")
        for row in rows:
            row.version += 1
    if model is Person:
        columns |= set(KEYS)
        for row, key in ((row, key) for row in rows for key in KEYS):
            field_of(model, key).pre_save(row, False)  # a bulk update does not fold them anew
    if not rows or not columns:
        return
    if not issubclass(model, Tracked):
        model.objects.bulk_update(rows, columns)
        return
    # Whoever becomes head comes last: at no moment may a family have two.
    heads = [row for row in rows if getattr(row, "relationship", None) == Relationship.HEAD]
    correct([row for row in rows if row not in heads], columns, by=by)
    correct(heads, columns, by=by)
