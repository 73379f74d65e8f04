"""What every test of a constraint needs."""

from contextlib import contextmanager

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction


@contextmanager
def refused_by_the_database(constraint):
    """What is written inside breaks this constraint, and nothing of it stays."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        yield
    told = str(error.value)
    # SQLite names the columns of a unique constraint, not the constraint.
    assert constraint in told or (
        connection.vendor == "sqlite" and told.startswith("UNIQUE constraint failed")
    )


def words_about(row) -> list[str]:
    """What a form would say of this row's broken constraints."""
    with pytest.raises(ValidationError) as error:
        row.validate_constraints()
    return error.value.messages
