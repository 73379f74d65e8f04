"""Cards made, bound, lost, replaced, voided, freed."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake import actions
from intake.actions import cards as card_actions
from intake.cards import read_code
from intake.models import Card, CardBatch
from shelters.models import AccessEvent
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(palillo, cast):
    return factories.make_family(palillo, {}, {"age": 8}, by=cast.volunteer)


@pytest.fixture
def batch(palillo, cast):
    return factories.make_batch(palillo, by=cast.coordinator, cards=5)


@pytest.fixture
def code(batch):
    return batch.cards.blank().first().code


def trail(action):
    events = AccessEvent.objects.filter(action=action)
    return [(event.user.username, event.subject_id, event.detail) for event in events]


# --- making ------------------------------------------------------------------------------------------------


def test_a_batch_is_numbered_and_full_of_codes(palillo, annex, cast):
    batch = actions.make_batch(shelter=palillo, size=300, by=cast.coordinator)
    assert (batch.number, batch.made_by, batch.cards.blank().count()) == (1, cast.coordinator, 300)
    assert all(read_code(card.code) == card.code for card in batch.cards.all())
    assert actions.make_batch(shelter=palillo, size=1, by=cast.coordinator).number == 2
    assert actions.make_batch(shelter=annex, size=1, by=cast.coordinator).number == 1
    assert trail("cards_made")[-1] == ("coordinator", str(batch.pk), {"cards": 300})


def test_a_code_that_exists_is_drawn_again(palillo, cast, batch, monkeypatch):
    taken = [card.code for card in batch.cards.all()]
    fresh = [factories.make_code() for _each in range(5)]
    drawn = iter([*taken[:3], fresh[0], fresh[0], *fresh[1:]])  # taken ones, and one of them twice
    monkeypatch.setattr(card_actions, "new_code", lambda: next(drawn))
    made = actions.make_batch(shelter=palillo, size=5, by=cast.coordinator)
    assert {card.code for card in made.cards.all()} == set(fresh)
    assert batch.cards.count() == 5


@pytest.mark.parametrize("size", [0, -1, 2001])
def test_a_batch_has_its_bounds(palillo, cast, size):
    with pytest.raises(ValueError, match=str(size)):
        actions.make_batch(shelter=palillo, size=size, by=cast.coordinator)
    assert not CardBatch.objects.exists()


def test_a_batch_costs_few_queries(palillo, cast, django_assert_max_num_queries):
    with django_assert_max_num_queries(25):
        actions.make_batch(shelter=palillo, size=2000, by=cast.coordinator)


def test_voiding_spares_the_cards_that_families_hold(batch, code, family, cast):
    actions.bind_card(code=code, family=family, by=cast.volunteer)
    assert actions.void_batch(batch, by=cast.coordinator) == 4
    assert set(family.cards.usable().values_list("code", flat=True)) == {code}
    assert set(batch.cards.exclude(code=code).values_list("revoked_as", "revoked_by")) == {
        ("voided", cast.coordinator.pk)
    }
    assert trail("card_revoked") == [("coordinator", str(batch.pk), {"cards": 4, "why": "voided"})]
    assert actions.void_batch(batch, by=cast.coordinator) == 0
    assert len(trail("card_revoked")) == 1


# --- binding -----------------------------------------------------------------------------------------------


def test_a_blank_card_becomes_the_familys(family, code, cast):
    actions.bind_card(code=code, family=family, by=cast.volunteer)
    card = Card.objects.get(pk=code)
    assert (card.family, card.bound_by) == (family, cast.volunteer)
    assert trail("card_bound") == [("volunteer", str(family.pk), {})]
    assert code not in str(list(AccessEvent.objects.values()))


def test_the_same_card_again_is_no_mistake(family, code, cast):
    actions.bind_card(code=code, family=family, by=cast.volunteer)
    before = Card.objects.filter(pk=code).values().get()
    actions.bind_card(code=code, family=family, by=cast.coordinator)
    assert Card.objects.filter(pk=code).values().get() == before
    assert len(trail("card_bound")) == 1


def test_a_family_may_hold_several(family, batch, cast):
    for card in batch.cards.all()[:2]:
        actions.bind_card(code=card.code, family=family, by=cast.volunteer)
    assert family.cards.usable().count() == 2


def refused(code, family, by):
    before = list(Card.objects.order_by("pk").values())
    with pytest.raises(actions.CannotBind) as refusal:
        actions.bind_card(code=code, family=family, by=by)
    assert list(Card.objects.order_by("pk").values()) == before
    return str(refusal.value)


def test_a_card_of_another_family_is_not_taken_from_it(family, code, palillo, cast):
    other = factories.make_family(palillo, by=cast.volunteer)
    actions.bind_card(code=code, family=other, by=cast.volunteer)
    assert "otra familia" in refused(code, family, cast.volunteer)


def test_a_card_that_was_never_printed_here_is_refused(family, annex, cast):
    elsewhere = factories.make_batch(annex, by=cast.stranger, cards=2)
    strangers = factories.make_family(annex, by=cast.stranger)
    blank, held = elsewhere.cards.all()
    actions.bind_card(code=held.code, family=strangers, by=cast.stranger)
    words = {refused(code, family, cast.volunteer) for code in (factories.make_code(), blank.code, held.code)}
    assert len(words) == 1
    assert "no se imprimió para este albergue" in words.pop()


def test_a_revoked_card_is_never_bound_again(family, batch, code, palillo, cast):
    actions.revoke_card(
        actions.bind_card(code=code, family=family, by=cast.volunteer), why=Card.Why.LOST, by=cast.volunteer
    )
    other = factories.make_family(palillo, by=cast.volunteer)
    blank = batch.cards.blank().first().code
    actions.void_batch(batch, by=cast.coordinator)
    for each, whose in ((code, other), (code, family), (blank, family)):
        assert "ya no vale" in refused(each, whose, cast.volunteer)


def test_a_family_that_was_joined_gets_no_card(family, code, palillo, cast):
    family.merged_into = factories.make_family(palillo, by=cast.volunteer)
    family.save()
    with pytest.raises(actions.Overtaken):
        actions.bind_card(code=code, family=family, by=cast.volunteer)
    assert Card.objects.get(pk=code).family is None


# --- lost and replaced -------------------------------------------------------------------------------------


@pytest.fixture
def held(family, code, cast):
    return actions.bind_card(code=code, family=family, by=cast.volunteer)


def test_a_lost_card_opens_nothing_any_more(held, family, cast):
    actions.revoke_card(held, why=Card.Why.LOST, by=cast.volunteer)
    card = Card.objects.get(pk=held.pk)
    assert (card.family, card.revoked_as, card.revoked_by) == (family, "lost", cast.volunteer)
    assert trail("card_revoked") == [("volunteer", str(family.pk), {"why": "lost"})]


def test_a_card_is_revoked_once(held, cast):
    actions.revoke_card(held, why=Card.Why.LOST, by=cast.volunteer)
    with pytest.raises(actions.Overtaken):
        actions.revoke_card(held, why=Card.Why.DAMAGED, by=cast.coordinator)
    assert Card.objects.get(pk=held.pk).revoked_as == "lost"


def test_a_lost_card_is_replaced_in_one_step(held, family, batch, cast):
    new = batch.cards.blank().first()
    actions.replace_card(held, why=Card.Why.DAMAGED, code=new.code, by=cast.volunteer)
    assert set(family.cards.usable()) == {new}
    assert Card.objects.get(pk=held.pk).revoked_as == "damaged"


def test_without_a_good_new_card_the_old_one_stays(held, family, cast):
    for code in (factories.make_code(), held.code):
        with pytest.raises(actions.CannotBind):
            actions.replace_card(held, why=Card.Why.LOST, code=code, by=cast.volunteer)
        assert set(family.cards.usable()) == {held}
    assert trail("card_revoked") == []


# --- with a registration -----------------------------------------------------------------------------------


def registered(family, code, cast):
    """The family of the fixture, stored by the action as the desk does it."""
    from intake.models import Family, Person

    people = [Person(given_names="Neptalí", sex="F", relationship="HEAD", origin_country="HN")]
    submission = factories.make_submission(cast.volunteer)
    new = Family(
        id=submission.key,
        shelter=family.shelter,
        registered_on=family.registered_on,
        registered_by=cast.volunteer,
        arrived_on=family.arrived_on,
        notice=family.notice,
        notice_answer="accepted",
    )
    return actions.register_family(
        submission=submission, family=new, people=people, card=code, by=cast.volunteer
    )


def test_a_card_at_registration_costs_two_queries(family, batch, cast):
    costs = []
    for code in (None, None, batch.cards.first().code):
        with CaptureQueriesContext(connection) as queries:
            registered(family, code, cast)
        costs.append(len(queries))
    assert costs[2] - costs[1] == 2


def test_a_bad_card_stores_nothing(family, cast):
    with pytest.raises(actions.CannotBind):
        registered(family, factories.make_code(), cast)
    assert type(family).objects.count() == 1


def test_undoing_the_registration_makes_the_card_blank_again(family, code, cast):
    new = registered(family, code, cast)
    actions.undo_registration(new, by=cast.volunteer)
    assert Card.objects.blank().filter(pk=code).exists()
    actions.bind_card(code=code, family=family, by=cast.volunteer)


def test_a_card_handed_out_later_is_work_that_is_not_undone(family, code, batch, cast):
    new = registered(family, code, cast)
    actions.bind_card(code=batch.cards.blank().first().code, family=new, by=cast.coordinator)
    with pytest.raises(actions.Overtaken):
        actions.undo_registration(new, by=cast.volunteer)
    assert new.cards.usable().count() == 2


def test_a_card_of_a_batch_that_was_voided_meanwhile_shares_its_fate(family, batch, code, cast):
    new = registered(family, code, cast)
    actions.void_batch(batch, by=cast.coordinator)
    actions.undo_registration(new, by=cast.volunteer)
    card = Card.objects.get(pk=code)
    assert (card.family, card.revoked_as) == (None, "voided")


# --- joining families --------------------------------------------------------------------------------------


def test_joining_and_undoing_leaves_every_card_as_it_was(family, batch, palillo, cast):
    gone = factories.make_family(palillo, by=cast.volunteer)
    one, two, three = batch.cards.all()[:3]
    actions.bind_card(code=one.code, family=family, by=cast.volunteer)
    actions.bind_card(code=two.code, family=gone, by=cast.volunteer)
    lost = actions.bind_card(code=three.code, family=gone, by=cast.volunteer)
    actions.revoke_card(lost, why=Card.Why.LOST, by=cast.volunteer)
    before = list(Card.objects.order_by("pk").values())
    merge = actions.merge(family, gone, pairs=[], picks={}, whole=True, by=cast.coordinator)
    assert family.cards.count() == 3
    assert family.cards.usable().count() == 2
    assert actions.undo_merge(merge, by=cast.coordinator) == []
    assert list(Card.objects.order_by("pk").values()) == before


def test_a_card_lost_after_the_joining_stays_lost(family, code, palillo, cast):
    gone = factories.make_family(palillo, by=cast.volunteer)
    actions.bind_card(code=code, family=gone, by=cast.volunteer)
    merge = actions.merge(family, gone, pairs=[], picks={}, whole=True, by=cast.coordinator)
    actions.revoke_card(Card.objects.get(pk=code), why=Card.Why.LOST, by=cast.volunteer)
    actions.undo_merge(merge, by=cast.coordinator)
    card = Card.objects.get(pk=code)
    assert (card.family, card.revoked_as) == (gone, "lost")
