"""Whom the box of the desk finds, and whom it never shows."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake import look_alikes
from intake.look_alikes import forget_vocabulary
from intake.models import Family, Person
from intake.search import search
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_vocabulary():
    forget_vocabulary()
    yield
    forget_vocabulary()


@pytest.fixture
def neptali(palillo, cast):
    people = [
        {"given_names": "Neptalí", "surnames": "Hernández López", "age": 34, "origin_region_id": "HN-OL"},
        {"given_names": "Xiomara", "surnames": "Zelaya", "known_as": "Mara", "age": 11},
    ]
    factories.make_family(palillo, {"given_names": "Wilmer", "surnames": "Pineda"}, by=cast.volunteer)
    return factories.make_family(palillo, *people, by=cast.volunteer)


@pytest.fixture
def find(cast, palillo):
    return lambda text, user=cast.volunteer, shelter=palillo: search(text, user=user, shelter=shelter)


def heads(answer):
    return [str(found.head) for found in answer.families]


@pytest.mark.parametrize(
    "text",
    [
        "Neptalí Hernández López",
        "neptali hernandez",
        "LOPEZ NEPTALI",
        "hernandez nep",
        "ernandes neftali",
        "Hernadez Neptali",
        "Neptlai Hernandez",
        "lopez, hernandez",
        "neptali",
        "hernan",
        "neptali maria hernandez",
        "xiomara",
        "siomara selaya",
        "mara zel",
    ],
)
def test_names_are_found_as_people_write_them(find, neptali, text):
    assert [found.family for found in find(text).families] == [neptali]


@pytest.mark.parametrize(
    ("text", "surnames"),
    [
        ("jose garica", "García"),
        ("jose garca", "García"),
        ("jose baahona", "Barahona"),
        ("jose esobar", "Escobar"),
    ],
)
def test_one_slip_as_written_may_be_two_by_sound(find, palillo, cast, text, surnames):
    factories.make_family(palillo, {"given_names": "José", "surnames": surnames}, by=cast.volunteer)
    forget_vocabulary()
    assert heads(find(text)) == [f"José {surnames}"]


@pytest.mark.parametrize("text", ["jorg", "Jorge", "jor", "horge", "chepe jorge", "jose jorg"])
def test_half_words_and_short_forms_are_found(find, palillo, text):
    family = factories.make_family(palillo, {"given_names": "José Jorge", "surnames": "Guzmán"})
    found = find(text).families
    assert [each.family for each in found] == [family]


@pytest.mark.parametrize("text", ["qwrtzx plokm", "neptali rodriguez", "wilmer hernandez", "xyz", "123456"])
def test_nonsense_finds_nobody_and_says_so(find, neptali, text):
    answer = find(text)
    assert answer.families == ()
    assert answer.words


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a",
        "ab",
        "a b c d",
        "%",
        "_",
        "%%%",
        "___",
        "';--",
        "\\",
        ".*",
        "[",
        "(",
        "$",
        "\x00",
        "👪👪👪",
    ],
)
def test_less_than_three_letters_is_no_question(find, neptali, text):
    answer = find(text)
    assert not answer.is_question
    assert answer.families == ()
    assert "tres letras" in answer.words or "three letters" in answer.words


@pytest.mark.parametrize(
    "text",
    [
        "x" * 300,
        "ab " * 100,
        "%hernandez%' OR 1=1;--",
        "hern[a-z]*ez",
        "nep\x00tali",
        "\u202eilatpen\u202c",
        "نفتالي هرنانديز",
        "👪 hernandez",
        "ßßßßßßßß",
        "1' UNION SELECT",
    ],
)
def test_whatever_is_typed_gets_an_answer(find, neptali, text):
    answer = find(text)
    assert answer.words
    assert len(answer.families) <= 1


def test_names_in_another_script_are_found(find, palillo):
    factories.make_family(palillo, {"given_names": "نفتالي", "surnames": "هرنانديز"})
    assert len(find("هرنانديز نفتالي").families) == 1


def test_nobody_is_shown_more_than_ten_families(find, palillo, cast):
    for _n in range(12):
        factories.make_family(palillo, {"given_names": "Juan", "surnames": "Pérez"}, by=cast.volunteer)
    answer = find("juan perez")
    assert (len(answer.first), len(answer.others), answer.is_more) == (5, 5, True)


def test_the_best_come_first_then_who_is_here_then_the_newest(find, palillo, cast):
    def family(given, **fields):
        return factories.make_family(
            palillo, {"given_names": given, "surnames": "Paz"}, by=cast.volunteer, **fields
        )

    alike, left, older, newer = (
        family("Marla"),
        family("Marta", stay=False),
        family("Marta"),
        family("Marta"),
    )
    assert [found.family for found in find("marta paz").families] == [newer, older, left, alike]
    assert [found.is_inside for found in find("marta paz").families] == [True, True, False, True]


def test_a_family_is_described_once_with_the_member_who_was_meant(find, neptali):
    found = find("zelaya xiomara").families[0]
    assert str(found.head) == "Neptalí Hernández López"
    assert str(found.other) == "Xiomara Zelaya"
    assert found.size == 2
    assert find("neptali hernandez").families[0].other is None


def test_joined_records_are_not_found(find, neptali, palillo):
    gone = factories.make_family(palillo, {"given_names": "Neptalí", "surnames": "Hernández"})
    gone.members.get().merged_into = neptali.members.first()
    person = gone.members.get()
    person.merged_into = neptali.members.first()
    person.save()
    gone.merged_into = neptali
    gone.save()
    answer = find("neptali hernandez")
    assert [(found.family, found.size) for found in answer.families] == [(neptali, 2)]


def test_another_shelter_is_never_found(find, neptali, cast, annex):
    assert find("neptali hernandez", user=cast.stranger, shelter=annex).families == ()
    assert find("neptali hernandez", user=cast.stranger).families == ()


def test_who_came_a_moment_ago_is_found_though_nobody_had_that_name(find, neptali, palillo, cast):
    find("neptali")  # counts the names
    zoraida = {"given_names": "Zoraida", "surnames": "Quiñónez"}
    factories.make_family(palillo, zoraida, by=cast.volunteer, at=timezone.now())
    assert heads(find("soraida quin")) == ["Zoraida Quiñónez"]


def test_without_statistics_sqlite_reads_no_whole_shelter(find, neptali, palillo):
    """No installation has any. By an index of the shelter, or of who was joined into another, it would read all."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps statistics by itself")
    typed = Person(family=Family(), given_names="Neftali", surnames="Hernandes")
    look_alikes.vocabulary()  # counting the names reads them all
    with CaptureQueriesContext(connection) as queries:
        find("neptali hernandez lopez")
        find("neftaly hernandes")
        look_alikes.families([typed], shelter=palillo)
    plans = [plan for query in queries for plan in explained(query["sql"])]
    assert any("person_sound_" in plan for plan in plans)
    assert [plan for plan in plans if re.search("SCAN intake_|family_shelter_id|merged_into", plan)] == []


def explained(sql):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [row[-1] for row in cursor.fetchall()]


# --- cards ---------------------------------------------------------------------------------------------------


@pytest.fixture
def card(neptali, cast):
    code = valid_code("7F3KM9Q")
    return neptali.cards.create(code=code, bound_at=factories.NOW, bound_by=cast.volunteer)


def valid_code(body):
    from intake.cards import check_character

    return body + check_character(body)


@pytest.mark.parametrize("write", [str, str.lower, lambda code: f" {code[:4]}-{code[4:]} "])
def test_a_card_leads_to_its_family(find, card, write):
    answer = find(write(card.code))
    assert answer.card == card.family
    assert [found.card for found in answer.families] == [card]


def test_a_card_that_is_not_valid_leads_nowhere(find, card, cast, annex):
    assert find(valid_code("2222222")).card is None
    assert find("7F3KM9Q" + ("2" if card.code[-1] != "2" else "3")).words
    assert find(card.code, user=cast.stranger, shelter=annex).card is None
    card.revoked_at = timezone.now()
    card.save()
    answer = find(card.code)
    assert (answer.card, answer.families) == (None, ())
    assert answer.words


# --- cost ----------------------------------------------------------------------------------------------------


def test_a_search_costs_the_same_however_many_are_found(
    find, neptali, palillo, cast, django_assert_max_num_queries
):
    find("neptali")  # counts the names
    for _n in range(15):
        person = {"given_names": "Neptalí", "surnames": "Hernández", "origin_region_id": "HN-OL"}
        factories.make_family(palillo, person, {"given_names": "Eva"}, by=cast.volunteer)
    for text in ("neptali hernandez", "hernadez neptlai", "neptali", "maria neptali hernandez lopez"):
        with django_assert_max_num_queries(13):
            assert find(text).families
