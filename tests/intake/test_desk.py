"""Home: the box, what it answers, and what the trail keeps of it."""

from datetime import timedelta

import html5lib
import pytest
from django.test import Client
from django.utils import timezone

from intake.look_alikes import forget_vocabulary
from shelters.audit import Action
from shelters.models import AccessEvent
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/es/search/"
PIECE = {"X-Requested-With": "fetch"}


@pytest.fixture(autouse=True)
def neptali(palillo, cast):
    forget_vocabulary()
    people = [
        {"given_names": "Neptalí", "surnames": "Hernández López", "origin_region_id": "HN-OL"},
        {"age": 8},
    ]
    yield factories.make_family(palillo, *people, by=cast.volunteer)
    forget_vocabulary()


def searches():
    return AccessEvent.objects.filter(action=Action.SEARCHED)


def test_home_asks_first_who_it_is(volunteer):
    page = volunteer.get("/es/").content.decode()
    assert 'name="q"' in page
    assert "autofocus" in page
    assert 'formaction="/es/families/register/"' in page
    assert "Neptalí" not in page  # nobody before somebody asks


def test_a_search_draws_the_page_with_what_was_typed(volunteer, neptali):
    answer = volunteer.post(URL, {"q": "hernandez nep"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'value="hernandez nep"' in page
    assert f"/es/families/{neptali.pk}/" in page
    assert "Neptalí Hernández López" in page
    assert "Olancho, Honduras" in page


def test_a_script_gets_the_piece_alone(volunteer, neptali):
    page = volunteer.post(URL, {"q": "hernandez"}, headers=PIECE).content.decode()
    assert "<html" not in page
    assert str(neptali.pk) in page


def test_the_trail_counts_and_never_quotes(volunteer, cast, palillo):
    volunteer.post(URL, {"q": "hernandez nep"})
    event = searches().get()
    assert (event.user, event.shelter, event.detail) == (cast.volunteer, palillo, {"found": 1, "card": False})


def test_a_card_opens_its_family(volunteer, neptali, cast):
    bind(neptali, cast.volunteer)
    answer = volunteer.post(URL, {"q": "2222-2222"})
    assert (answer.status_code, answer.url) == (302, f"/es/families/{neptali.pk}/")
    assert searches().get().detail == {"found": 1, "card": True}
    piece = volunteer.post(URL, {"q": "22222222"}, headers=PIECE)
    assert str(neptali.pk) in piece.content.decode()
    assert "2222-2222" in piece.content.decode()


def bind(family, user):
    return family.cards.create(code="22222222", bound_at=factories.NOW, bound_by=user)


def test_a_search_is_nobodys_address(volunteer):
    answer = volunteer.get(URL, {"q": "hernandez"})
    assert (answer.status_code, answer.url) == (302, "/es/")
    assert not searches().exists()


def test_more_than_thirty_searches_a_minute_are_too_many(volunteer, cast, palillo, neptali):
    long_ago = timezone.now() - timedelta(minutes=2)
    AccessEvent.objects.bulk_create(
        AccessEvent(user=cast.volunteer, action=Action.SEARCHED, shelter=palillo, at=at)
        for at in [long_ago] * 30 + [timezone.now()] * 29
    )
    assert volunteer.post(URL, {"q": "hernandez"}).status_code == 200
    for headers in ({}, PIECE):
        answer = volunteer.post(URL, {"q": "hernandez"}, headers=headers)
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert str(neptali.pk) not in answer.content.decode()
    page = volunteer.post(URL, {"q": "hernandez"}).content.decode()
    assert 'value="hernandez"' in page
    assert 'name="start"' in page
    assert searches().count() == 60


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "%", "_", "'", '"', ";--", "\\", ".*", "[", "($", "👪", "%%%%", "' OR 1=1 --"),
        *(
            "x" * 300,
            "hern👪andez",
            "a\x00b",
            "\u202eabc",
            "هرنانديز",
            "7F3K-M9Q2",
            "<script>alert(1)</script>",
        ),
    ],
)
def test_whatever_is_typed_gets_an_answer_in_words(volunteer, text):
    answer = volunteer.post(URL, {"q": text})
    page = answer.content.decode()
    assert answer.status_code in (200, 422)
    assert "data-said>" in page
    assert "Neptalí" not in page
    parser = html5lib.HTMLParser(strict=False)
    parser.parse(page)
    assert [error[1] for error in parser.errors] == []


def test_no_q_at_all_is_an_empty_search(volunteer):
    assert volunteer.post(URL).status_code == 422


def test_the_stranger_finds_nobody(stranger, neptali, cast):
    bind(neptali, cast.volunteer)
    for text in ("neptali hernandez", "22222222"):
        answer = stranger.post(URL, {"q": text})
        assert answer.status_code == 200
        assert str(neptali.pk) not in answer.content.decode()


def test_who_only_reviews_has_no_desk(cast, sign_in):
    assert sign_in(cast.data_officer).post(URL, {"q": "hernandez"}).status_code == 404
    assert sign_in(cast.data_officer).get("/es/").url == "/es/admin/"


def test_without_a_shift_there_is_none_either(cast, client):
    client.force_login(cast.volunteer)
    assert client.post(URL, {"q": "hernandez"}).url == "/es/shift/"
    assert Client().post(URL, {"q": "hernandez"}).url.startswith("/es/account/login/")


def test_a_search_without_its_token_is_refused(cast, sign_in):
    client = sign_in(cast.volunteer)
    client.handler.enforce_csrf_checks = True
    assert client.post(URL, {"q": "hernandez"}).status_code == 403


def test_the_page_costs_the_same_however_many_are_found(
    volunteer, palillo, cast, django_assert_max_num_queries
):
    for _n in range(15):
        person = {"given_names": "Neptalí", "surnames": "Hernández", "origin_region_id": "HN-OL"}
        factories.make_family(palillo, person, {"given_names": "Eva"}, by=cast.volunteer, at=timezone.now())
    volunteer.post(URL, {"q": "neptali"})
    with django_assert_max_num_queries(26):
        answer = volunteer.post(URL, {"q": "neptali hernandez"})
    assert answer.content.decode().count('class="tag ok"') == 10
