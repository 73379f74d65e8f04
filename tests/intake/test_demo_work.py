"""Other people than those of the handbook, made five minutes after midnight: what must hold for every seed."""

from collections import Counter, defaultdict
from datetime import datetime
from random import Random

import pytest
from django.db import transaction

from intake.cards import read_code
from intake.demo import palillo, plan, site
from intake.demo.cards import SEED_CARD, invented_codes
from intake.demo.goods import shelf_of, size_for
from intake.demo.notes import MOST, WORDS, notes
from intake.demo.party import Member
from intake.models import (
    Card,
    CardBatch,
    Goods,
    GoodsMovement,
    Note,
    NoteKey,
    Person,
    ServiceReceived,
    Tally,
    Ticket,
)
from tests import factories

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 8, 2, 0, 5, tzinfo=plan.TZ)


@pytest.fixture(scope="module")
def rows(django_db_setup, django_db_blocker):
    """By kind, not stored; the site they stand on is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield palillo.everything(7, palillo.open_site(), NOW)
        transaction.set_rollback(True)


def test_nobody_waits_since_yesterday_soon_after_midnight(rows):
    midnight = NOW.replace(minute=0)
    today = [row for row in rows[Ticket] if row.queued_on == NOW.date()]
    assert Counter(row.state for row in today)["called"] == len(Ticket.Line)
    assert sum(row.state == "waiting" for row in today) >= 12
    for row in today:
        assert midnight <= row.queued_at <= (row.called_at or NOW) <= (row.ended_at or NOW) <= NOW


def test_every_ticket_has_a_number_and_a_turn_of_its_own(rows):
    for column in ("number", "turn"):
        places = [(row.queued_on, row.line, getattr(row, column)) for row in rows[Ticket]]
        assert len(set(places)) == len(places)


def test_every_scan_is_one_family(rows):
    families = defaultdict(set)
    for row in rows[ServiceReceived]:
        if row.scan:
            families[row.scan].add(row.person.family_id)
    assert {len(each) for each in families.values()} == {1}
    served = [(row.scan, row.person_id) for row in rows[ServiceReceived] if row.scan]
    assert len(set(served)) == len(served)


def test_no_shelf_is_below_zero(rows):
    stock = Counter()
    for row in rows[GoodsMovement]:
        stock[shelf_of(row)] += row.change
        assert stock[shelf_of(row)] >= 0


def test_who_is_in_the_tally_is_missing_by_name_and_nobody_else(rows):
    """Together they are those who ate."""
    dinner = [row for row in rows[Tally] if row.service_type_id == "FOOD-DIN" and not row.cancelled_at]
    lines = {row.line for row in dinner}
    eaten = [
        row for row in rows[ServiceReceived] if row.service_type_id == "FOOD-DIN" and row.given_on.day == 7
    ]
    missing = min(row.counted_at for row in dinner), max(row.counted_at for row in dinner)
    assert not [row for row in eaten if row.desk in lines and missing[0] <= row.given_at <= missing[1]]
    assert 3000 < len(eaten) + sum(row.people for row in dinner) < len(rows[Person])


def test_each_card_once_and_the_one_of_the_seed_family_too(rows):
    codes = [card.code for card in rows[Card]]
    assert len(set(codes)) == len(codes) and codes.count(SEED_CARD) == 1


def test_invented_codes_read_and_leave_out_the_one_of_the_seed_family():
    codes = list(invented_codes(Random("codes"), 500))
    assert len(set(codes)) == 500 and SEED_CARD not in codes
    assert all(read_code(code) == code for code in codes)


@pytest.mark.parametrize("age", [None, 0, 1, 2, 4, 7, 12, 13, 17, 18, 80])
@pytest.mark.parametrize("sex", ["F", "M", "U"])
def test_a_size_is_one_of_those_of_the_goods(age, sex):
    rng, member = Random("sizes"), Member(sex, age, "CHILD", None)
    for goods in Goods.objects.exclude(pk__in=("BACKPACK", "RAINCOAT")):
        if goods.pk in ("BABY-SET", "NAPPIES") and (age is None or age > 1 + (goods.pk == "NAPPIES")):
            continue  # for babies only
        assert size_for(rng, goods.pk, member) in (goods.size_list or [""])


def test_a_stadium_that_has_printed_cards_is_left_alone():
    shelter = site.shelter()
    CardBatch.objects.create(shelter=shelter, number=1, made_by=factories.make_user())
    with pytest.raises(palillo.AlreadyThere):
        palillo.open_site()


def test_stations_that_are_there_stay_as_they_are():
    cast = site.cast()
    bodega = cast.stations["bodega"]
    bodega.name = "Bodega grande"
    bodega.save()
    assert site.cast().stations["bodega"].name == "Bodega grande"


def test_a_few_notes_are_written_by_whoever_gave_the_advice_and_sealed_like_real_ones(rows):
    made = notes(Random(7), rows[ServiceReceived])
    assert Counter(note.key.kind for note in made[Note]) == {"legal": MOST, "health": MOST}
    for note in made[Note]:
        assert note.written_by.groups.get().name == note.key.kind
        assert not note.key.person.family.is_count_only
        note.open(note.key.opened())
        assert note.words in WORDS[note.key.kind]
    assert len({(key.person_id, key.kind) for key in made[NoteKey]}) == len(made[NoteKey])


def test_without_their_keys_there_are_none(rows, settings):
    settings.NOTE_KEYS = {"legal": [], "health": settings.NOTE_KEYS["health"]}
    assert {key.kind for key in notes(Random(7), rows[ServiceReceived])[NoteKey]} == {"health"}
