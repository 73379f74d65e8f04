"""Cards are made before anybody comes, bound by scanning, revoked when lost. Nobody is given another family's card."""

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.actions.once import Overtaken
from intake.cards import new_code
from intake.models import Card, CardBatch, Family
from shelters.audit import Action, record
from shelters.models import Shelter

MOST_AT_ONCE = 2000


class CannotBind(Exception):
    """This card cannot be this family's; the message says why, and what to do. Nothing was stored."""


@transaction.atomic
def make_batch(*, shelter, size, by) -> CardBatch:
    """A numbered batch of `size` blank cards. Printing them is another matter."""
    if not 1 <= size <= MOST_AT_ONCE:
        raise ValueError(size)
    Shelter.objects.select_for_update(no_key=True).get(pk=shelter.pk)  # two batches at once take two numbers
    last = CardBatch.objects.filter(shelter=shelter).aggregate(last=Max("number"))["last"] or 0
    batch = CardBatch.objects.create(shelter=shelter, number=last + 1, made_by=by)
    while missing := size - batch.cards.count():  # a code that exists already, anywhere, is drawn again
        drawn = [Card(code=new_code(), batch=batch) for _each in range(missing)]
        Card.objects.bulk_create(drawn, batch_size=500, ignore_conflicts=True)
    record(Action.CARDS_MADE, by=by, shelter=shelter, subject=batch, cards=size)
    return batch


@transaction.atomic
def void_batch(batch, *, by) -> int:
    """Let no blank card of this batch be bound any more; those in the hands of families stay good.

    Returns how many were blank. A second time changes nothing.
    """
    batch = CardBatch.objects.select_for_update().get(pk=batch.pk)
    if batch.voided_at:
        return 0
    batch.voided_at, batch.voided_by = timezone.now(), by
    batch.save(update_fields=["voided_at", "voided_by"])
    voided = revoke_blank(batch)
    record(Action.CARD_REVOKED, by=by, shelter=batch.shelter, subject=batch, cards=voided, why="voided")
    return voided


def revoke_blank(batch) -> int:
    return batch.cards.blank().update(
        revoked_at=batch.voided_at, revoked_as=Card.Why.VOIDED, revoked_by=batch.voided_by
    )


@transaction.atomic
def bind_card(*, code, family, by) -> Card:
    """This card is this family's from now on. Raises CannotBind, and Overtaken when the family was joined elsewhere."""
    hold(family)
    return give(code, family, by=by)


def hold(family) -> None:
    """Before any of its cards, as whoever joins families does: nobody waits for each other crosswise."""
    if Family.objects.select_for_update().get(pk=family.pk).merged_into_id:
        raise Overtaken


def give(code, family, *, by, **detail) -> Card:
    """Bind a card to a family that the caller's transaction holds, or has just made. Raises CannotBind.

    One statement decides: of two desks with one card the second finds it no longer blank.
    """
    batches = CardBatch.objects.filter(shelter=family.shelter_id)
    bound = {"family": family, "bound_at": timezone.now(), "bound_by": by}
    if Card.objects.blank().filter(pk=code, batch__in=batches).update(**bound):
        record(Action.CARD_BOUND, by=by, shelter=family.shelter, subject=family, **detail)
        return Card(code=code, **bound)
    card = Card.objects.select_related("batch").filter(pk=code).first()
    if card and card.family_id == family.pk and not card.revoked_at:
        return card
    raise CannotBind(why_not(card, family))


def why_not(card, family) -> str:
    """In words for the desk. A card of another shelter is as unknown here as one that was never printed."""
    if not card or not card.batch or card.batch.shelter_id != family.shelter_id:
        return _("This card was not printed for this shelter. Take another card.")
    if card.revoked_at:
        return _(
            "This card is not valid any more: it was reported lost, or its batch was voided. Take another."
        )
    return _("This card belongs to another family already. Take another card.")


@transaction.atomic
def revoke_card(card, *, why, by) -> None:
    """This card opens nothing any more, and is never given out again. Raises Overtaken when that is so already."""
    hold(card.family)
    in_hand = Card.objects.usable().filter(pk=card.pk, family=card.family_id)
    if not in_hand.update(revoked_at=timezone.now(), revoked_as=why, revoked_by=by):
        raise Overtaken
    record(Action.CARD_REVOKED, by=by, shelter=card.family.shelter, subject=card.family, why=why)


@transaction.atomic
def replace_card(card, *, why, code, by) -> Card:
    """Another card for a lost one: both or neither. Raises CannotBind and Overtaken."""
    revoke_card(card, why=why, by=by)
    return bind_card(code=code, family=card.family, by=by)


def free_cards(family) -> None:
    """Make the cards of a family that is taken back blank again; the caller holds the transaction.

    If their batch was voided meanwhile, they share its fate.
    """
    batches = [card.batch_id for card in Card.objects.filter(family=family)]
    batches = list(CardBatch.objects.select_for_update().filter(pk__in=batches))
    Card.objects.filter(family=family).update(family=None, bound_at=None, bound_by=None)
    for batch in batches:
        if batch.voided_at:
            revoke_blank(batch)
