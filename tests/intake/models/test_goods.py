"""Stations, goods, and the stock as a sum."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from intake.models import Goods, GoodsMovement, ServiceType, Station
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def moved(station, by, change=10, kind="donation", code="SOCKS", size="S", **fields):
    rest = {"moved_at": NOW, "moved_on": NOW.date(), "by": by, **fields}
    return GoodsMovement.objects.create(
        station=station, goods_id=code, size=size, change=change, kind=kind, **rest
    )


@pytest.mark.parametrize(
    ("kind", "change"), [("donation", 0), ("donation", -1), ("handed_out", 1), ("count", 0)]
)
def test_a_movement_has_its_sign(station, cast, kind, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        moved(station, cast.volunteer, change, kind)


def test_a_code_is_used_once_in_a_shelter(station, annex):
    factories.make_station(annex, station.code)
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.make_station(station.shelter, station.code)


def test_the_stock_equals_a_count_by_hand(station, cast, palillo, django_assert_num_queries):
    person = factories.make_family(palillo, {}, by=cast.volunteer).members.get()
    given = factories.make_service(person, "CLO-UND")
    cancelled = factories.make_service(person, "CLO-UND", cancelled_at=NOW, cancel_reason="No")
    moved(station, cast.volunteer, 40)
    moved(station, cast.volunteer, 10, size="M")
    moved(station, cast.volunteer, -2, "handed_out", service=given)
    moved(station, cast.volunteer, -5, "handed_out", service=cancelled)
    moved(station, cast.volunteer, -3, "count")
    moved(station, cast.volunteer, 3, "donation", "BLANKET", "")
    moved(factories.make_station(palillo, "otra"), cast.volunteer, 1000)
    with django_assert_num_queries(1):
        assert station.stock() == {("SOCKS", "S"): 40 - 2 - 3, ("SOCKS", "M"): 10, ("BLANKET", ""): 3}


def test_who_sees_tables_and_movements(station, cast, annex):
    moved(station, cast.volunteer)
    moved(factories.make_station(annex), cast.stranger)
    for user, number in [
        (cast.volunteer, 1),
        (cast.coordinator, 1),
        (cast.stranger, 1),
        (cast.data_officer, 0),
    ]:
        assert GoodsMovement.objects.visible_to(user).count() == number
    assert list(Station.objects.visible_to(cast.volunteer)) == [station]


def test_what_lies_on_the_table_is_offered_with_its_service():
    def offered(sensitivities=("open",)):
        return set(Goods.objects.on_the_table(sensitivities).values_list("pk", flat=True))

    assert {"SOCKS", "BLANKET", "NAPPIES"} <= offered()
    today = timezone.localdate()
    Goods.objects.filter(pk="SOCKS").update(retired_on=today)
    ServiceType.objects.filter(pk="NFI-BLK").update(retired_on=today)
    ServiceType.objects.filter(pk="HYG-DIA").update(sensitivity="health")
    assert not {"SOCKS", "BLANKET", "NAPPIES"} & offered()
    assert "NAPPIES" in offered(("open", "health"))


def test_sizes_are_words(db):
    assert Goods(sizes=" S  M L ").size_list == ["S", "M", "L"]
    assert Goods(sizes="").size_list == []
