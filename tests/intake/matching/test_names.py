"""Names reduced to what can be compared, the same on every database."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.matching.names import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("NÚÑEZ  López", "nunez lopez"),
        ("Neptalí", "neptali"),
        ("neptali", "neptali"),
        ("  José\tFrancisco\n", "jose francisco"),
        ("Núñez", "nunez"),
        (unicodedata.normalize("NFD", "Núñez"), "nunez"),
        ("Pérez-Gómez", "perez gomez"),
        ("O'Higgins", "ohiggins"),
        ("D’Angelo", "dangelo"),
        ("Q'eqchi'", "qeqchi"),
        ("María de los Ángeles", "maria de los angeles"),
        ("Güicho", "guicho"),
        ("Strauß", "strauss"),
        ("Ｍａｒｉａ", "maria"),
        ("ﬁdel", "fidel"),
        ("Ana.", "ana"),
        ("Ana (la mayor)", "ana la mayor"),
        ("12", "12"),
        ("محمد", "محمد"),
        ("", ""),
        ("   ", ""),
        ("-.-", ""),
    ],
)
def test_a_name_is_folded(text, folded):
    assert fold(text) == folded


def test_several_columns_become_one():
    assert fold("Neptalí", "Hernández López", "") == "neptali hernandez lopez"
    assert fold("", "", "") == ""
    assert fold() == ""


@given(st.text())
def test_folding_again_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_only_letters_digits_and_single_spaces_are_left(text):
    folded = fold(text)
    assert all(c.isalnum() or c == " " for c in folded)
    assert folded == " ".join(folded.split())


@given(st.text())
def test_composed_and_decomposed_letters_are_the_same(text):
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert fold(composed) == fold(decomposed)


@given(st.text(alphabet=st.characters(max_codepoint=0x17F, exclude_characters="ı")))
def test_capitals_make_no_difference_in_european_names(text):
    assert fold(text.upper()) == fold(text.lower())


@given(st.text(), st.text())
def test_columns_are_folded_one_by_one_or_together_alike(given_names, surnames):
    assert fold(given_names, surnames) == " ".join(
        part for part in (fold(given_names), fold(surnames)) if part
    )
