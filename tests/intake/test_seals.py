"""What is sealed opens with its key and at its place alone."""

import pytest
from pyrage import x25519

from intake.seals import CannotOpen, NotesOff, class_keys, seal, unseal

KEY, OTHER = x25519.Identity.generate(), x25519.Identity.generate()
ABOUT = ("a row", "a person", "legal")


@pytest.mark.parametrize(
    "words", ["", "Sí", "dos\nlíneas\n", "a row a person legal\nde nuevo", "💊" * 10_000]
)
def test_words_come_back_as_they_were(words):
    assert unseal(seal(words, KEY, ABOUT), [KEY], ABOUT) == words


def test_the_same_words_never_look_the_same():
    assert seal("Sí", KEY, ABOUT) != seal("Sí", KEY, ABOUT)


def test_another_key_does_not_open_it_and_an_earlier_one_does():
    sealed = seal("Sí", KEY, ABOUT)
    with pytest.raises(CannotOpen):
        unseal(sealed, [OTHER], ABOUT)
    assert unseal(sealed, [OTHER, KEY], ABOUT) == "Sí"


@pytest.mark.parametrize("place", range(3))
def test_it_fits_no_other_place(place):
    elsewhere = [*ABOUT]
    elsewhere[place] += "2"
    with pytest.raises(CannotOpen):
        unseal(seal("Sí", KEY, ABOUT), [KEY], tuple(elsewhere))


def test_a_letter_that_was_changed_is_noticed():
    sealed = seal("Sí", KEY, ABOUT)
    body = sealed.index("\n", 60) - 1
    with pytest.raises(CannotOpen):
        unseal(sealed[:body] + ("A" if sealed[body] != "A" else "B") + sealed[body + 1 :], [KEY], ABOUT)


def test_a_side_without_a_key_is_off(settings):
    settings.NOTE_KEYS = {"legal": [], "health": [str(KEY)]}
    with pytest.raises(NotesOff):
        class_keys("legal")
    assert [str(key) for key in class_keys("health")] == [str(KEY)]
