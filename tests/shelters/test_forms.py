"""Text that people type."""

import pytest
from django.core.exceptions import ValidationError

from shelters.forms import LineField

FIELD = LineField(max_length=20)


def test_text_is_kept_as_typed_in_one_normal_form():
    assert FIELD.clean("  Nuñez  ") == "Nuñez"
    assert FIELD.clean("Ana 🌻") == "Ana 🌻"
    assert FIELD.clean("dos\nlíneas") == "dos líneas"


@pytest.mark.parametrize("text", ["a\x00b", "a\x07b", "a\u202eb", "a\u2066b", "x" * 21])
def test_what_would_mislead_or_not_fit_is_refused(text):
    with pytest.raises(ValidationError):
        FIELD.clean(text)
