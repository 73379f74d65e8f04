"""What the database refuses of cards and batches, and who sees them."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from intake.models import Card, CardBatch
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(palillo, cast):
    return factories.make_family(palillo, by=cast.volunteer)


@pytest.fixture
def batch(palillo, cast):
    return factories.make_batch(palillo, by=cast.coordinator, cards=3)


def refuses(name, write):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        write()


def test_a_card_is_blank_or_somebody_has_bound_it(family, batch, cast):
    half = [
        {"family": family},
        {"family": family, "bound_at": NOW},
        {"bound_at": NOW, "bound_by": cast.volunteer},
    ]
    for fields in half:
        refuses(
            "card_is_blank_or_bound_by_somebody",
            lambda fields=fields: Card.objects.create(code=factories.make_code(), batch=batch, **fields),
        )


def test_no_card_is_revoked_before_it_was_bound(family):
    refuses(
        "card_revoked_after_it_was_bound",
        lambda: factories.make_card(family, revoked_at=NOW - timedelta(seconds=1)),
    )


def test_two_batches_of_a_shelter_have_two_numbers(batch, cast, annex):
    refuses(
        "card_batch_number_once_per_shelter|UNIQUE",
        lambda: CardBatch.objects.create(
            shelter=batch.shelter, number=batch.number, made_by=cast.coordinator
        ),
    )
    CardBatch.objects.create(shelter=annex, number=batch.number, made_by=cast.coordinator)


def test_a_batch_is_voided_by_somebody(batch, cast):
    for fields in ({"voided_at": NOW}, {"voided_by": cast.coordinator}):
        refuses(
            "card_batch_voided_by_somebody",
            lambda fields=fields: CardBatch.objects.filter(pk=batch.pk).update(**fields),
        )


def test_blank_bound_and_revoked_cards_are_told_apart(family, batch):
    held = factories.make_card(family)
    factories.make_card(family, revoked_at=NOW)
    assert set(Card.objects.usable()) == {held}
    assert set(Card.objects.blank()) == set(batch.cards.all())
    assert str(held) == f"{held.code[:4]}-{held.code[4:]}"


def test_a_batch_is_seen_by_the_coordinator_of_its_shelter(batch, cast, annex):
    elsewhere = factories.make_user("coordinator", shelters=[annex])
    assert set(CardBatch.objects.visible_to(cast.coordinator)) == {batch}
    for user in (elsewhere, cast.volunteer, cast.administrator, cast.data_officer):
        assert not CardBatch.objects.visible_to(user).exists()


def test_cards_of_an_erased_family_are_gone_with_it(family):
    """Their codes mean nothing any more: nobody can hand them to somebody else."""
    card = factories.make_card(family)
    family.delete()
    assert not Card.objects.filter(pk=card.pk).exists()
