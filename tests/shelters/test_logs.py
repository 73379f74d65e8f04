"""What is written down when something breaks says where, never who."""

import logging
import sys

from django.db import IntegrityError, transaction

from intake.models import Person
from shelters.logs import PlacesOnly
from tests import factories


def test_a_refused_row_is_not_quoted_in_the_log(palillo):
    family = factories.make_family(palillo, {"given_names": "Neptalí"})
    name = "".join(["Can", "ario"])  # the line of source is in the log; its values are not
    try:
        with transaction.atomic():
            Person.objects.create(family=family, given_names=name, relationship="HEAD")
    except IntegrityError:
        error = sys.exc_info()
    record = logging.LogRecord(
        "django.request", logging.ERROR, __file__, 1, "Internal Server Error: /es/", (), error
    )
    text = PlacesOnly("{message}", style="{").format(record)
    assert name not in text
    assert "test_logs.py" in text
    assert text.endswith("IntegrityError")
