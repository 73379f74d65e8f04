"""Batches of cards in the admin: made, listed, printed, voided, by the coordinator of the shelter."""

import uuid
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake.card_sheets import VARIANTS, sheets
from intake.models import Card, CardBatch
from shelters.models import AccessEvent
from tests import factories
from tests.intake.admin.pages import INLINE_CODE, address

LATER = datetime(2018, 11, 9, tzinfo=UTC)


@pytest.fixture
def batch(palillo, cast):
    return factories.make_batch(palillo, by=cast.coordinator, cards=12)


@pytest.fixture
def family(palillo, cast):
    return factories.make_family(palillo, {"given_names": "Zzyzx"}, by=cast.volunteer)


@pytest.fixture
def theirs(annex, cast):
    return factories.make_batch(annex, by=cast.stranger, cards=2)


def bind(card, family, **fields):
    Card.objects.filter(pk=card.pk).update(
        family=family, bound_at=factories.NOW, bound_by=family.registered_by, **fields
    )


def page_of(batch, page="change/", **query):
    return address("cardbatch", f"{batch.pk}/{page}") + "?" + "&".join(f"{k}={v}" for k, v in query.items())


def printed(client, batch, on="letter", first=1, last=12):
    return client.get(page_of(batch, "print/", on=on, first=first, last=last))


def cards_on(response):
    return [each["card"] for sheet in response.context["sheets"] for each in sheet]


# --- making ------------------------------------------------------------------------------------------------


def test_a_batch_is_made(coordinator, cast, palillo):
    page = address("cardbatch", "add/")
    assert coordinator.get(page).status_code == 200
    sent = {"key": str(uuid.uuid4()), "shelter": palillo.pk, "size": "30"}
    answer = coordinator.post(page, sent)
    batch = CardBatch.objects.get()
    assert answer.url == page_of(batch).rstrip("?")
    assert batch.cards.blank().count() == 30
    assert coordinator.post(page, sent).status_code == 302  # a double click
    assert CardBatch.objects.count() == 1
    event = AccessEvent.objects.get(action="cards_made")
    assert (event.user, event.shelter, event.detail) == (cast.coordinator, palillo, {"cards": 30})


@pytest.mark.parametrize("size", ["", "0", "2001", "-1", "mil", "9" * 30, "1.5"])
def test_a_number_that_is_none_is_an_error_of_the_form(coordinator, palillo, size):
    sent = {"key": str(uuid.uuid4()), "shelter": palillo.pk, "size": size}
    answer = coordinator.post(address("cardbatch", "add/"), sent)
    assert answer.status_code == 422
    assert "del 1 al 2000" in answer.text
    assert not CardBatch.objects.exists()


@pytest.mark.parametrize("shelter", ["", "x", "theirs"])
def test_cards_are_made_for_the_own_shelter(coordinator, annex, shelter):
    shelter = annex.pk if shelter == "theirs" else shelter
    sent = {"key": str(uuid.uuid4()), "shelter": shelter, "size": "3"}
    assert coordinator.post(address("cardbatch", "add/"), sent).status_code == 422
    assert not CardBatch.objects.exists()


def test_who_works_at_two_shelters_chooses(cast, sign_in, palillo, annex):
    cast.coordinator.shelters.add(annex)
    client = sign_in(cast.coordinator)
    assert "Anexo Gimnasio" in client.get(address("cardbatch", "add/")).text
    sent = {"key": str(uuid.uuid4()), "shelter": annex.pk, "size": "3"}
    client.post(address("cardbatch", "add/"), sent)
    assert CardBatch.objects.get().shelter == annex


# --- the list and the page -------------------------------------------------------------------------------------


def test_the_list_counts_the_cards(coordinator, batch, family):
    one, two, three = batch.cards.all()[:3]
    bind(one, family)
    bind(two, family, revoked_at=LATER, revoked_as="lost")
    Card.objects.filter(pk=three.pk).update(revoked_at=LATER, revoked_as="voided")
    (row,) = coordinator.get(address("cardbatch")).context["cl"].result_list
    assert {name: row.counts[name] for name in ("size", "bound", "blank", "revoked")} == {
        "size": 12,
        "bound": 1,
        "blank": 9,
        "revoked": 2,
    }


def test_the_list_costs_the_same_however_many_batches(coordinator, palillo, cast):
    costs = []
    for _each in range(3):
        factories.make_batch(palillo, by=factories.make_user("coordinator"), cards=5)
        with CaptureQueriesContext(connection) as queries:
            coordinator.get(address("cardbatch"))
        costs.append(len(queries))
    assert costs[1] == costs[2]


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_pages_open(coordinator, batch, language):
    for page in ("", "add/", f"{batch.pk}/change/", f"{batch.pk}/history/"):
        response = coordinator.get(f"/{language}/admin/intake/cardbatch/{page}")
        assert response.status_code == 200, page
        assert not INLINE_CODE.search(response.text), page


# --- printing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.slug)
def test_every_kind_of_paper_holds_every_blank_card(coordinator, cast, batch, variant):
    answer = printed(coordinator, batch, on=variant.slug)
    assert answer.status_code == 200
    assert not INLINE_CODE.search(answer.text)
    assert {card.code for card in cards_on(answer)} == {card.code for card in batch.cards.all()}
    assert len(answer.context["sheets"]) == (2 if variant.is_sheet else 12)
    assert ("Lote 1 · desde la tarjeta 11" in answer.text) == variant.is_sheet
    event = AccessEvent.objects.get(action="cards_made")
    assert (event.user, event.subject_id) == (cast.coordinator, str(batch.pk))
    assert event.detail == {"printed": 12, "on": variant.slug}


def test_a_card_says_nothing_of_anybody(coordinator, batch, palillo, family):
    palillo.place = "Ciudad Deportiva 11, Iztacalco"
    palillo.save()
    answer = printed(coordinator, batch)
    for word in ("Iztacalco", "Honduras", "Zzyzx"):
        assert word not in answer.text
    for word in ("Tarjeta de familia", "Family card", "Estadio Palillo", "No contiene sus datos"):
        assert word in answer.text


def test_only_blank_cards_are_printed(coordinator, batch, family):
    held, lost = batch.cards.all()[:2]
    bind(held, family)
    Card.objects.filter(pk=lost.pk).update(revoked_at=LATER, revoked_as="voided")
    codes = {card.code for card in cards_on(printed(coordinator, batch))}
    assert len(codes) == 10
    assert not {held.code, lost.code} & codes


def test_a_range_is_printed_whatever_became_of_the_others(coordinator, batch, family):
    numbered = list(batch.cards.order_by("code"))
    bind(numbered[0], family)
    assert cards_on(printed(coordinator, batch, first=3, last=5)) == numbered[2:5]


def test_nothing_blank_is_said(coordinator, batch, family):
    bind(batch.cards.order_by("code").first(), family)
    answer = printed(coordinator, batch, first=1, last=1)
    assert answer.status_code == 422
    assert "no hay nada que imprimir" in answer.text
    assert not AccessEvent.objects.filter(action="cards_made").exists()


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"on": "letter"},
        {"on": "a5", "first": 1, "last": 2},
        {"on": "../a4", "first": 1, "last": 2},
        {"on": "a4", "first": "x", "last": 2},
        {"on": "a4", "first": 5, "last": 2},
        {"on": "a4", "first": 0, "last": 2},
        {"on": "a4", "first": 1, "last": "9" * 40},
        {"on": "a4", "first": 1, "last": 501},
    ],
)
def test_a_wrong_question_prints_nothing(coordinator, batch, query):
    assert coordinator.get(page_of(batch, "print/", **query)).status_code == 422
    assert not AccessEvent.objects.filter(action="cards_made").exists()


def test_printing_costs_the_same_however_many(coordinator, palillo, cast):
    costs = []
    for cards in (1, 30, 60):
        batch = factories.make_batch(palillo, by=cast.coordinator, cards=cards)
        with CaptureQueriesContext(connection) as queries:
            printed(coordinator, batch, last=cards)
        costs.append(len(queries))
    assert costs[0] == costs[1] == costs[2]


def test_sheets_are_filled_one_after_the_other():
    assert [len(sheet) for sheet in sheets(list(range(25)), VARIANTS[0])] == [10, 10, 5]


# --- voiding -----------------------------------------------------------------------------------------------


def test_a_batch_is_voided_and_says_what_stays_good(coordinator, batch, family):
    bind(batch.cards.first(), family)
    answer = coordinator.post(page_of(batch, "void/"), follow=True)
    assert "11 tarjetas en blanco ya no valen" in answer.text
    assert "1 tarjeta en manos de una familia sigue siendo válida" in answer.text
    assert "Anular este lote" not in answer.text
    assert (batch.cards.blank().count(), batch.cards.usable().count()) == (0, 1)
    assert printed(coordinator, batch).status_code == 422


def test_nothing_is_voided_by_looking(coordinator, batch):
    assert coordinator.get(page_of(batch, "void/")).status_code == 405
    assert coordinator.post(page_of(batch)).status_code == 405
    assert batch.cards.blank().count() == 12


# --- who may not -----------------------------------------------------------------------------------------------


def test_another_shelters_batch_is_not_there(coordinator, theirs):
    assert coordinator.get(address("cardbatch")).context["cl"].result_count == 0
    for page in ("change/", "history/", "print/", "void/", "delete/"):
        assert coordinator.get(page_of(theirs, page)).status_code == 404, page
        assert coordinator.post(page_of(theirs, page)).status_code == 404, page
    assert printed(coordinator, theirs, last=2).status_code == 404
    assert theirs.cards.blank().count() == 2


@pytest.mark.parametrize("role", ["volunteer", "administrator", "data_officer", "legal"])
def test_cards_are_the_coordinators(cast, sign_in, batch, role):
    client = sign_in(getattr(cast, role))
    for page in ("", "add/", f"{batch.pk}/change/", f"{batch.pk}/print/", f"{batch.pk}/void/"):
        assert client.get(address("cardbatch", page)).status_code == 404, page
        assert client.post(address("cardbatch", page)).status_code == 404, page
    assert batch.cards.blank().count() == 12


@pytest.mark.parametrize("key", ["x", "0", "9" * 30, "%00"])
def test_an_address_that_is_none_is_answered(coordinator, batch, key):
    for page in ("change/", "print/", "void/"):
        assert coordinator.get(address("cardbatch", f"{key}/{page}")).status_code in (400, 404)
