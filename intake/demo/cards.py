"""Cards, printed the day before anybody came and bound at the desk. Codes are invented; nothing here is stored."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from intake.cards import ALPHABET, LENGTH, check_character
from intake.demo.days import at, between
from intake.demo.guests import Guest
from intake.demo.site import Cast
from intake.models import Card, CardBatch

SEED_CARD = "7F3KM9QY"  # in the hands of Neptalí: README and handbook show it
PRINTED_AT = at(3, 17, 20)
BATCHES, IN_BATCH = 8, 400
SOAKED, VOIDED_AT = 6, at(5, 20, 15)  # this pile lay in the rain before it was used
WITHOUT_CARD = 0.015
Why = Card.Why
REVOKED = {Why.LOST: 14, Why.DAMAGED: 4, Why.WRONG: 2}


def cards(rng: Random, cast: Cast, families: list[list[Guest]]) -> tuple[list[CardBatch], list[Card]]:
    """All that were printed: in the hands of nearly every family, replaced, soaked, or still blank."""
    batches = [batch(cast, number) for number in range(1, BATCHES + 1)]
    codes = invented_codes(rng, BATCHES * IN_BATCH)
    printed = [Card(code=next(codes), batch=each) for each in batches for _ in range(IN_BATCH)]
    for card in printed:
        if card.batch.voided_at:
            revoke(card, Why.VOIDED, VOIDED_AT, cast.coordinator)
    pile = (card for card in printed if not card.revoked_at)
    holders = [bind_first(rng, family, pile) for family in by_arrival(families)]
    replace_some(rng, cast, [holder for holder in holders if holder], pile)
    return batches, printed


def batch(cast: Cast, number: int) -> CardBatch:
    made = CardBatch(shelter=cast.shelter, number=number, made_at=PRINTED_AT, made_by=cast.coordinator)
    if number == SOAKED:
        made.voided_at, made.voided_by = VOIDED_AT, cast.coordinator
    return made


def invented_codes(rng: Random, count: int) -> Iterator[str]:
    """So many different ones with a right check character, and never that of the seed family."""
    known = {SEED_CARD}
    while len(known) <= count:
        body = "".join(rng.choices(ALPHABET, k=LENGTH - 1))
        code = body + check_character(body)
        if code not in known:
            known.add(code)
            yield code


def by_arrival(families: list[list[Guest]]) -> list[list[Guest]]:
    return sorted(families, key=lambda family: (family[0].family.registered_at, family[0].family.pk))


def bind_first(rng, family, pile) -> tuple[Guest, Card] | None:
    """The next of the pile, whatever they answered to the notice: a card says nothing. A few went without."""
    head = family[0]
    if rng.random() < WITHOUT_CARD and not head.is_seed:
        return None
    card = next(pile)
    if head.is_seed:
        card.code = SEED_CARD
    bind(card, head.family, head.family.registered_at, head.family.registered_by)
    return head, card


def bind(card, family, moment, by) -> None:
    card.family, card.bound_at, card.bound_by = family, moment, by


def revoke(card, why, moment, by) -> None:
    card.revoked_as, card.revoked_at, card.revoked_by = why, moment, by


def replace_some(rng, cast, holders, pile) -> None:
    """Lost or soaked a day later, or handed to the wrong family and noticed at once; each got another."""
    steady = [(head, card) for head, card in holders if not head.is_seed and stays_a_day(head)]
    reasons = [why for why, count in REVOKED.items() for _ in range(count)]
    for why, (head, card) in zip(reasons, rng.sample(steady, len(reasons)), strict=True):
        came = head.family.registered_at
        hours = (0, 1) if why == Why.WRONG else (3, 24)
        moment = between(rng, *(came + timedelta(hours=hour, minutes=1) for hour in hours))
        colleague = rng.choice(cast.staff["volunteer"])
        revoke(card, why, moment, colleague)
        bind(next(pile), head.family, moment + timedelta(seconds=40), colleague)


def stays_a_day(head: Guest) -> bool:
    return head.is_present(head.family.registered_at + timedelta(hours=25))
