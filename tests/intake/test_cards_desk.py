"""Cards at the desk: scanned with a registration, handed out later, lost and replaced."""

import uuid

import pytest

from intake.models import Card, Family
from shelters.models import AccessEvent
from tests import factories
from tests.intake.test_register import ALE, MOTHER, URL, posted


@pytest.fixture
def family(palillo, cast):
    return factories.make_family(palillo, {"given_names": "Neptalí"}, by=cast.volunteer)


@pytest.fixture
def batch(palillo, cast):
    return factories.make_batch(palillo, by=cast.coordinator, cards=4)


@pytest.fixture
def code(batch):
    return batch.cards.first().code


def page_of(family, name="card/"):
    return f"/es/families/{family.pk}/{name}"


# --- with the registration -----------------------------------------------------------------------------------


def test_the_card_is_scanned_with_the_registration(volunteer, cast, code):
    answer = volunteer.post(URL, posted(MOTHER, ALE, card=f"{code[:4]}-{code[4:]}".lower()))
    assert answer.status_code == 302
    card = Card.objects.get(pk=code)
    assert (card.family, card.bound_by) == (Family.objects.get(), cast.volunteer)


def test_no_card_costs_nothing_and_a_card_two_queries(volunteer, code, batch, django_assert_num_queries):
    volunteer.post(URL, posted(MOTHER))  # whatever is read once
    with django_assert_num_queries(20):
        volunteer.post(URL, posted({"given_names": "Wilmer", "age": "19", "sex": "M", "needs": "DS"}))
    with django_assert_num_queries(22):
        volunteer.post(
            URL, posted({"given_names": "Óscar", "age": "51", "sex": "M", "needs": "DS"}, card=code)
        )


def test_the_field_is_there_when_the_shelter_uses_cards_and_never_filled(volunteer, code, batch, cast):
    page = volunteer.get(URL).text
    assert 'name="card"' in page
    saved = volunteer.post(URL, posted(MOTHER, card=code))
    assert code not in saved.url
    assert code not in volunteer.get(saved.url).text
    assert code not in volunteer.get(URL).text


def test_a_shelter_without_cards_is_not_asked_for_one(volunteer, cast, palillo):
    assert 'name="card"' not in volunteer.get(URL).text
    factories.make_batch(palillo, by=cast.coordinator, voided_at=factories.NOW, voided_by=cast.coordinator)
    assert 'name="card"' not in volunteer.get(URL).text


@pytest.mark.parametrize("card", ["7F3KM9QQ", "123", "no tengo", "x" * 31, "¿?", "7F3K M9QX Z"])
def test_a_code_that_is_none_keeps_everything(volunteer, batch, card):
    answer = volunteer.post(URL, posted(MOTHER, ALE, card=card, comments="Viene de noche."))
    assert answer.status_code == 422
    for kept in ('value="Neptalí"', 'value="Ale"', f'value="{card}"', "Viene de noche."):
        assert kept in answer.text
    assert 'href="#id_card"' in answer.text
    assert not Family.objects.exists()


def test_a_card_of_somebody_else_keeps_everything_and_the_form_can_be_sent_again(
    volunteer, family, batch, code
):
    volunteer.post(page_of(family), {"card": code})
    sent = posted(MOTHER, card=code)
    answer = volunteer.post(URL, sent)
    assert answer.status_code == 422
    assert "Esta tarjeta ya es de otra familia" in answer.text
    assert f'value="{code}"' in answer.text
    assert 'value="Neptalí"' in answer.text
    assert Card.objects.get(pk=code).family == family
    other = batch.cards.blank().first().code
    assert volunteer.post(URL, {**sent, "card": other}).status_code == 302
    assert Card.objects.get(pk=other).family_id == uuid.UUID(sent["key"])


def test_a_resent_registration_with_a_card_is_one(volunteer, code):
    sent = posted(MOTHER, card=code)
    assert volunteer.post(URL, sent).url == volunteer.post(URL, sent).url
    assert AccessEvent.objects.filter(action="card_bound").count() == 1


def test_more_rows_keep_the_card(volunteer, code):
    assert f'value="{code}"' in volunteer.post(URL, posted(MOTHER, card=code, more="1")).text


def test_who_refused_the_notice_has_a_card_too(volunteer, code):
    assert volunteer.post(URL, posted(MOTHER, card=code, notice_answer="refused")).status_code == 302
    assert Card.objects.get(pk=code).family == Family.objects.get()


def test_undo_makes_the_card_blank_again(volunteer, code):
    volunteer.post(URL, posted(MOTHER, card=code))
    volunteer.post(page_of(Family.objects.get(), "undo/"))
    assert not Family.objects.exists()
    assert Card.objects.blank().filter(pk=code).exists()
    assert volunteer.post(URL, posted(ALE, card=code)).status_code == 302


def test_the_card_leads_to_the_family_at_the_desk(volunteer, code):
    volunteer.post(URL, posted(MOTHER, card=code))
    assert volunteer.post("/es/search/", {"q": code}).url == page_of(Family.objects.get(), "")


# --- on the page of a family -----------------------------------------------------------------------------------


def test_a_card_is_handed_out_later(volunteer, family, code):
    assert "no tiene tarjeta" in volunteer.get(page_of(family, "")).text
    answer = volunteer.post(page_of(family), {"card": code})
    assert answer.url == page_of(family, "")
    assert f"{code[:4]}-{code[4:]}" in volunteer.get(answer.url).text


@pytest.mark.parametrize("card", ["", "7F3KM9QQ", "nada"])
def test_what_is_no_card_is_said_beside_the_field(volunteer, family, card):
    answer = volunteer.post(page_of(family), {"card": card})
    assert answer.status_code == 422
    assert 'href="#id_card"' in answer.text
    assert f'value="{card}"' in answer.text or not card


def test_a_card_that_is_anothers_is_refused_in_words(volunteer, family, palillo, cast, code):
    other = factories.make_family(palillo, by=cast.volunteer)
    volunteer.post(page_of(other), {"card": code})
    answer = volunteer.post(page_of(family), {"card": code})
    assert answer.status_code == 422
    assert "ya es de otra familia" in answer.text


def replacing(family, old, **fields):
    return {"key": str(uuid.uuid4()), "old": old, "why": "lost", **fields}


def test_a_lost_card_is_replaced(volunteer, family, batch, code):
    volunteer.post(page_of(family), {"card": code})
    new = batch.cards.blank().first().code
    page = page_of(family, "card/replace/")
    assert f"{code[:4]}-{code[4:]}" in volunteer.get(page).text
    assert volunteer.post(page, replacing(family, code, card=new)).status_code == 302
    assert [card.code for card in family.cards.usable()] == [new]
    text = volunteer.get(page_of(family, "")).text
    assert f"{new[:4]}-{new[4:]}" in text
    assert f"{code[:4]}-{code[4:]}" not in text


def test_a_lost_card_just_ends_when_no_new_one_is_at_hand(volunteer, family, code):
    volunteer.post(page_of(family), {"card": code})
    volunteer.post(page_of(family, "card/replace/"), replacing(family, code, why="damaged"))
    assert Card.objects.get(pk=code).revoked_as == "damaged"


def test_a_double_click_replaces_once(volunteer, family, batch, code):
    volunteer.post(page_of(family), {"card": code})
    sent = replacing(family, code, card=batch.cards.blank().first().code)
    for _each in range(2):
        assert volunteer.post(page_of(family, "card/replace/"), sent).url == page_of(family, "")
    assert AccessEvent.objects.filter(action="card_revoked").count() == 1


def test_a_bad_new_card_changes_nothing(volunteer, family, code):
    volunteer.post(page_of(family), {"card": code})
    for new in (factories.make_code(), "nada", code):
        answer = volunteer.post(page_of(family, "card/replace/"), replacing(family, code, card=new))
        assert answer.status_code == 422
        assert f'value="{new}"' in answer.text
    assert family.cards.usable().count() == 1


@pytest.mark.parametrize(
    "wrong", [{"old": "ABC"}, {"old": ""}, {"why": "voided"}, {"why": "x"}, {"key": "x"}, {"old": "\0"}]
)
def test_hostile_fields_are_errors_of_the_form(volunteer, family, code, wrong):
    volunteer.post(page_of(family), {"card": code})
    sent = {**replacing(family, code), **wrong}
    assert volunteer.post(page_of(family, "card/replace/"), sent).status_code == 422
    assert family.cards.usable().count() == 1


def test_a_card_of_another_family_is_no_choice(volunteer, family, palillo, cast, code):
    other = factories.make_family(palillo, by=cast.volunteer)
    volunteer.post(page_of(other), {"card": code})
    answer = volunteer.post(page_of(family, "card/replace/"), replacing(family, code))
    assert answer.status_code == 422
    assert other.cards.usable().exists()


# --- who may not -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["card/", "card/replace/"])
def test_another_shelters_family_is_not_there(stranger, family, code, name):
    page = page_of(family, name)
    assert stranger.get(page).status_code == 404
    assert stranger.post(page, {"card": code}).status_code == 404
    assert Card.objects.get(pk=code).family is None


@pytest.mark.parametrize("role", ["administrator", "data_officer"])
@pytest.mark.parametrize("name", ["card/", "card/replace/"])
def test_who_does_not_register_hands_out_no_cards(cast, sign_in, family, code, role, name):
    client = sign_in(getattr(cast, role))
    assert client.get(page_of(family, name)).status_code == 404
    assert client.post(page_of(family, name), {"card": code}).status_code == 404
    assert Card.objects.get(pk=code).family is None


def test_no_code_stands_on_the_trail(volunteer, family, batch, code):
    volunteer.post(URL, posted(MOTHER, card=code))
    volunteer.post(page_of(family), {"card": batch.cards.blank().first().code})
    trail = str(list(AccessEvent.objects.values()))
    assert not any(card.code in trail for card in batch.cards.all())
