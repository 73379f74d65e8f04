"""What speaks for two records being one person, what against, and that it is said in words."""

from collections import Counter
from datetime import date

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from intake.ages import Birth
from intake.matching.names import name_of
from intake.matching.score import Profile, align, at_best, compare, likeness
from intake.matching.vocabulary import Vocabulary

DAY = date(2018, 11, 6)
PEOPLE = Vocabulary.of(
    5000,
    Counter(maria=300, jose=300, neptali=3, suyapa=20, ana=200, fransisko=60),
    Counter(ernandes=400, lopes=350, mejia=150, kalix=2, krus=200),
)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def profile(given_names="Neptalí", surnames="Hernández López", age=34, *, sex="F", **more):
    birth = Birth.from_age(age, DAY) if isinstance(age, int) else age or Birth()
    fields = {"country": "HN", "region": "HN-OL", "place": "Olancho", **more}
    return Profile(name_of(given_names, surnames, fields.pop("known_as", "")), sex, birth, **fields)


def certainty(one, other):
    return compare(one, other, PEOPLE).certainty


STORED = profile()


@pytest.mark.parametrize(
    "typed",
    [
        profile(),
        profile("Neftali", "Hernandes"),
        profile("NEPTALI", "Ernandez Lopes", 35),
        profile("Neptalí", "López Hernández", 36),
        profile("Neptalí", "Hernández", None),
        profile("Neptali Hernandez Lopez", ""),
        profile("Neptlai", "Hernández López"),
        profile("Neptalí", "Hernández López", region="", place=""),
    ],
)
def test_who_is_written_down_otherwise_is_recognised(typed):
    assert certainty(typed, STORED) > 0.5


@pytest.mark.parametrize(
    "typed",
    [
        profile("Suyapa"),
        profile("Ale", age=11),
        profile("Neptalí", "Mejía Cruz"),
        profile(age=11),
        profile("Ana", "Cálix", 34),
        profile("", ""),
    ],
)
def test_who_is_somebody_else_is_not(typed):
    assert certainty(typed, STORED) < 0.2


def test_a_sister_is_nobody_twice():
    assert certainty(profile("Suyapa", age=33), STORED) < 0.01


def test_a_common_name_alone_is_no_reason():
    common = profile("María", "Hernández", None, region="", place="")
    assert certainty(common, common) < 0.2


def test_a_rare_surname_weighs_more():
    rare, common = (profile("María", surname, 34) for surname in ("Cálix", "Hernández"))
    assert certainty(rare, rare) > certainty(common, common)


def test_a_missing_surname_lowers_the_certainty_and_no_more():
    whole, part = certainty(STORED, STORED), certainty(profile(surnames="Hernández"), STORED)
    assert 0.4 < part < whole


def test_each_thing_that_differs_takes_away():
    same = certainty(STORED, STORED)
    for other in (
        profile(age=38),
        profile(sex="M"),
        profile(country="GT", region="", place=""),
        profile(region="HN-YO", place="Yoro"),
        profile(surnames="Hernández Cruz"),
    ):
        assert certainty(other, STORED) < same


def test_the_shape_of_the_family_is_evidence():
    others = (("F", Birth.from_age(11, DAY)), ("M", Birth.from_age(8, DAY)))
    weak = profile("Neptalí", "Hernández", None, region="", place="")
    alone = certainty(weak, STORED)
    together = certainty(weak._replace(others=others), STORED._replace(others=others))
    assert together > alone


@pytest.mark.parametrize("number", [0, 1, 2, 6])
@pytest.mark.parametrize(
    "typed", [profile(), profile("Neptalí", "Hernández", None), profile("Marta", "Cruz", 35)]
)
def test_the_families_add_no_more_than_was_reckoned_with(typed, number):
    """Else somebody would be left out who is worth a warning once the families are looked at."""
    others = (("F", Birth.from_age(11, DAY)),) * number
    together = certainty(typed._replace(others=others), STORED._replace(others=others))
    assert together == pytest.approx(at_best(certainty(typed, STORED), number))


def test_it_does_not_matter_who_is_asked_about():
    one, other = profile("Neftali", "Hernandes", 36), STORED
    assert certainty(one, other) == pytest.approx(certainty(other, one))


def test_every_score_has_its_reasons():
    verdict = compare(profile("Neptalí", "López Hernández", 35), STORED, PEOPLE)
    assert verdict.reasons == (
        "same given names",
        "same surnames in the other order",
        "age 34 and 35",
        "both from Olancho",
    )
    assert verdict.doubts == ()
    assert compare(profile(sex="M", age=20), STORED, PEOPLE).doubts == ("age 20 and 34", "another sex")


def test_reasons_are_in_the_language_of_the_reader():
    with translation.override("es"):
        assert "24" in compare(profile(age=24), profile(age=24), PEOPLE).reasons[2]


def test_two_exact_birth_dates_say_more_than_two_ages():
    born = Birth(date(1984, 3, 14), "day")
    assert certainty(profile(age=born), profile(age=born)) > certainty(STORED, STORED)


@pytest.mark.parametrize(
    ("one", "other", "at_least", "at_most"),
    [
        ("hernandez", "hernandez", 1, 1),
        ("hernandez", "ernandes", 0.95, 0.99),
        ("chepe", "jose", 0.85, 0.95),
        ("hernandez", "hernadez", 0.8, 0.9),
        ("ana", "eva", 0, 0),
        ("neptali", "suyapa", 0, 0),
    ],
)
def test_words_are_alike_by_degrees(one, other, at_least, at_most):
    assert at_least <= likeness(one, other) <= at_most


def test_words_are_paired_in_the_best_order():
    found = align(("lopez", "mejia"), ("mexia", "lopes", "cruz"))
    assert {(word, counterpart) for word, counterpart, *_rest in found.pairs} == {
        ("lopez", "lopes"),
        ("mejia", "mexia"),
    }
    assert found.left_other == ("cruz",)


@given(*[st.text(max_size=30)] * 4)
def test_any_two_names_can_be_compared(a, b, c, d):
    assert 0 <= compare(profile(a, b), profile(c, d), PEOPLE).certainty <= 1
