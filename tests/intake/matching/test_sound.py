"""How names sound, and what is read out of two fields."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.matching.names import fold, name_of, short_forms, sound, sound_keys, words


@pytest.mark.parametrize(
    "spellings",
    [
        "hernandez ernandes hernandes ernandez",
        "velasquez belasques velasques belazquez",
        "jimenez gimenez ximenez gimenes",
        "caceres caseres cazerez",
        "zuniga suniga",
        "yeny jenny lleni yenni",
        "henry enri henrry",
        "kevin quevin kebin",
        "martha marta",
        "wilmer vilmer bilmer",
        "estefany stefany estefani",
        "mejia mexia megia",
        "chavez chaves",
        "guevara guebara",
        "yolanda llolanda iolanda",
        "emma enma",
        "sofia zofia sophia",
    ],
)
def test_spellings_of_one_sound_are_one_key(spellings):
    assert len({sound(word) for word in spellings.split()}) == 1


@pytest.mark.parametrize(
    "pair",
    [
        "xol jol",
        "xo so",
        "caal cal x",
        "ixcoy ijcoy",
        "lopez gomez",
        "juan joan",
        "ana ena",
        "chub cub",
        "perez peres x",
    ],
)
def test_what_sounds_otherwise_is_another_key(pair):
    one, other, *same = pair.split()
    assert (sound(one) == sound(other)) is bool(same)


@given(st.text(max_size=60))
def test_any_text_has_a_sound_and_a_key_that_fits(text):
    for word in fold(text).split():
        assert isinstance(sound(word), str)
    sound_keys(text, text, text)


@given(st.from_regex(r"[a-z]{1,12}", fullmatch=True))
def test_a_sound_is_plain_letters(word):
    assert sound(word).isascii() and len(sound(word)) <= len(word)


@pytest.mark.parametrize(
    ("given_names", "surnames", "name"),
    [
        ("Neptalí", "Hernández López", (("neptali",), ("hernandez", "lopez"))),
        ("María de los Ángeles", "de la Cruz", (("maria", "angeles"), ("cruz",))),
        ("Neptalí Hernández", "", (("neptali",), ("hernandez",))),
        ("Neptalí Hernández López", "", (("neptali",), ("hernandez", "lopez"))),
        ("", "José Luis Mejía Cruz", (("jose", "luis"), ("mejia", "cruz"))),
        ("Ana", "", (("ana",), ())),
        ("", "", ((), ())),
        ("De", "", (("de",), ())),
    ],
)
def test_a_name_is_read_for_comparison(given_names, surnames, name):
    assert name_of(given_names, surnames)[:2] == name


def test_keys_are_two_given_names_and_two_surnames():
    assert sound_keys("José Francisco Antonio", "Mejía Hernández") == (
        "jose",
        "fransisko",
        "mejia",
        "ernandes",
    )
    assert sound_keys("Neptalí", "Xol", "Chepa") == ("neptali", "qepa", "xol", "")
    assert sound_keys("", "") == ("", "", "", "")


def test_short_forms_lead_both_ways():
    assert sound("jose") in short_forms()[sound("chepe")]
    assert sound("chepe") in short_forms()[sound("jose")]
    assert {sound("alberto"), sound("roberto")} <= short_forms()[sound("beto")]


def test_words_leave_out_particles():
    assert words("Juana de la O y Paz") == ("juana", "o", "paz")
