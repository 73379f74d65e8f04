"""Tallies in the admin: looked at and cancelled, never written anew."""

import pytest

from intake import actions
from intake.models import Tally
from shelters.audit import Action
from shelters.models import AccessEvent
from tests import factories
from tests.intake.admin.pages import address
from tests.intake.test_actions_tallies import press

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours(palillo, cast):
    tally = press(palillo, cast.volunteer, people=10)
    tally.save()
    return tally


@pytest.fixture
def theirs(annex, cast):
    tally = press(annex, cast.stranger)
    tally.save()
    return tally


def cancelled(client, *tallies):
    sent = {"action": "cancel", "_selected_action": [str(tally.pk) for tally in tallies]}
    return client.post(address("tally"), sent)


def test_a_coordinator_looks_and_cancels(coordinator, cast, ours):
    page = coordinator.get(address("tally")).text
    assert "Comida 1" in page
    assert cancelled(coordinator, ours).status_code == 302
    ours.refresh_from_db()
    assert ours.cancelled_at
    assert "Cancelado" in coordinator.get(address("tally")).text
    assert AccessEvent.objects.get(action=Action.TALLIED).user == cast.coordinator


def test_one_tally_is_read_only(coordinator, ours):
    page = address("tally", f"{ours.pk}/change/")
    assert coordinator.get(page).status_code == 200
    assert coordinator.post(page, {"people": 1}).status_code == 404
    assert coordinator.get(address("tally", "add/")).status_code == 404
    ours.refresh_from_db()
    assert ours.people == 10


def test_of_a_reserved_service_it_says_that_it_is_reserved(coordinator, ours):
    Tally.objects.filter(pk=ours.pk).update(service_type="PRT-GBV", line="legal 7")
    for page in ("", f"{ours.pk}/change/"):
        shown = coordinator.get(address("tally", page)).text.partition('id="changelist-filter"')[0]
        assert "Reservado" in shown
        for word in ("PRT-GBV", "violencia", "Legal 7"):
            assert word not in shown, page
    assert coordinator.get(address("tally"), {"service_type__code__exact": "PRT-GBV"}).status_code == 302


def test_another_shelters_are_not_there(coordinator, ours, theirs):
    assert coordinator.get(address("tally")).context["cl"].result_count == 1
    assert coordinator.get(address("tally", f"{theirs.pk}/change/")).status_code == 404
    cancelled(coordinator, theirs)
    assert Tally.objects.standing().count() == 2


def test_others_have_no_list(cast, sign_in, ours):
    for user in (cast.administrator, cast.data_officer):
        assert sign_in(user).get(address("tally")).status_code in (403, 404)


def test_a_long_list_costs_no_more(coordinator, palillo, cast, ours, django_assert_max_num_queries):
    for _each in range(30):
        press(palillo, cast.volunteer).save()
    coordinator.get(address("tally"))
    with django_assert_max_num_queries(12):
        coordinator.get(address("tally"))


def test_what_was_noted_for_a_card_is_found_and_named(coordinator, palillo, cast, ours, theirs):
    batch = factories.make_batch(palillo, by=cast.coordinator, cards=1)
    card = batch.cards.get()
    Tally.objects.filter(pk=ours.pk).update(card=card.pk, people=1)
    page = coordinator.get(address("tally") + "?noted=yes")
    assert page.context["cl"].result_count == 1
    assert str(card) in page.text

    def named():
        sent = {"action": "name", "_selected_action": [str(ours.pk), str(theirs.pk)]}
        return coordinator.post(address("tally"), sent, follow=True).text

    assert "1 tarjeta todavía no es de nadie" in named()
    family = factories.make_family(palillo, {}, by=cast.volunteer)
    actions.bind_card(code=card.pk, family=family, by=cast.coordinator)
    assert "Se cambió 1 renglón" in named()
    assert family.members.get().services.get().service_type == ours.service_type
    assert Tally.objects.standing().get() == theirs
