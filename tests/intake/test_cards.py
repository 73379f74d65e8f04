"""Codes of cards: what is drawn, what is read, and that a slip of the finger is noticed."""

from hypothesis import given
from hypothesis import strategies as st

from intake.cards import ALPHABET, LENGTH, check_character, new_code, read_code

bodies = st.text(ALPHABET, min_size=LENGTH - 1, max_size=LENGTH - 1)


def coded(body):
    return body + check_character(body)


@given(bodies)
def test_a_code_is_read_however_it_is_written(body):
    code = coded(body)
    for written in (code, code.lower(), f"{code[:4]}-{code[4:]}", f" {code[:4]} {code[4:]}\n"):
        assert read_code(written) == code


@given(bodies, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(body, at, wrong):
    code = coded(body)
    typed = code[:at] + wrong + code[at + 1 :]
    assert read_code(typed) == (code if typed == code else None)


@given(bodies, st.integers(0, LENGTH - 1), st.integers(0, LENGTH - 1))
def test_two_characters_that_changed_places_are_noticed(body, one, other):
    code = coded(body)
    typed = list(code)
    typed[one], typed[other] = typed[other], typed[one]
    typed = "".join(typed)
    assert read_code(typed) == (code if typed == code else None)


@given(st.text())
def test_whatever_is_typed_is_a_code_or_none(text):
    code = read_code(text)
    assert code is None or (len(code) == LENGTH and set(code) <= set(ALPHABET))


def test_a_new_code_holds_together_and_is_no_other():
    codes = {new_code() for _each in range(5000)}
    assert len(codes) == 5000
    assert all(read_code(code) == code for code in codes)
    assert {character for code in codes for character in code} == set(ALPHABET)


def test_no_character_is_taken_for_another():
    assert not set("01ILO") & set(ALPHABET)
