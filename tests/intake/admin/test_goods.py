"""Coordinators own the tables and the list of goods; movements are there to read."""

import pytest
from django.utils import timezone

from intake.models import Goods, GoodsMovement, Station
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW
from tests.intake.admin.pages import INLINE_CODE, address, change, sent_from

pytestmark = pytest.mark.django_db


@pytest.fixture
def movement(station, cast):
    return GoodsMovement.objects.create(
        station=station,
        goods_id="SOCKS",
        size="S",
        change=4,
        kind="donation",
        moved_at=NOW,
        moved_on=NOW.date(),
        by=cast.volunteer,
    )


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_pages_open(coordinator, movement, station, language):
    for page in (
        "station/",
        "station/add/",
        f"station/{station.pk}/change/",
        f"station/{station.pk}/history/",
        "goods/",
        "goods/add/",
        "goods/SOCKS/change/",
        "goodsmovement/",
        f"goodsmovement/{movement.pk}/change/",
    ):
        answer = coordinator.get(f"/{language}/admin/intake/{page}")
        assert answer.status_code == 200, page
        assert not INLINE_CODE.search(answer.text), page


def test_a_coordinator_adds_a_table_and_retires_it(coordinator, palillo):
    page = address("station", "add/")
    sent = sent_from(coordinator, page) | {"shelter": palillo.pk, "code": "ropa-1", "name": "Mesa de ropa 1"}
    assert coordinator.post(page, sent).status_code == 302
    station = Station.objects.get()
    assert AccessEvent.objects.get(action="admin_added").shelter == palillo
    coordinator.post(address("station"), {"action": "retire", "_selected_action": station.pk, "index": 0})
    station.refresh_from_db()
    assert station.retired_on == timezone.localdate()
    assert coordinator.get(address("station", f"{station.pk}/delete/")).status_code == 404


def test_another_shelters_table_is_not_there(coordinator, annex):
    theirs = factories.make_station(annex, name="Ajena")
    assert coordinator.get(address("station", f"{theirs.pk}/change/")).status_code == 404
    assert "Ajena" not in coordinator.get(address("station")).text
    page = address("station", "add/")
    sent = sent_from(coordinator, page) | {"shelter": annex.pk, "code": "x", "name": "x"}
    assert coordinator.post(page, sent).status_code == 200
    assert Station.objects.count() == 1


def new_goods(client, **fields):
    page = address("goods", "add/")
    sent = sent_from(client, page) | {
        "code": "GORRA",
        "label_es": "Gorra",
        "label_en": "Cap",
        "service_type": "CLO-SET",
        "sizes": " S  M M ",
        **fields,
    }
    return client.post(page, sent)


def test_a_coordinator_adds_a_thing_with_its_sizes(coordinator):
    assert new_goods(coordinator).status_code == 302
    goods = Goods.objects.get(pk="GORRA")
    assert (goods.sizes, goods.service_type_id) == ("S M", "CLO-SET")


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "GORRA/1"},
        {"code": "a|b"},
        {"sizes": "S,M,L,XL,XXL,3XL,4XL,5XL"},
        {"service_type": "MED-CON"},
    ],
)
def test_what_would_break_a_page_is_not_taken(coordinator, wrong):
    assert new_goods(coordinator, **wrong).status_code == 200
    assert not Goods.objects.filter(label_en="Cap").exists()


def test_a_thing_is_corrected_but_keeps_its_code(coordinator):
    assert change(coordinator, Goods.objects.get(pk="SOCKS"), sizes="S M", code="X").status_code == 302
    assert Goods.objects.get(pk="SOCKS").sizes == "S M"


def test_movements_are_read_and_nothing_else(coordinator, movement, annex, cast):
    assert coordinator.get(address("goodsmovement", "add/")).status_code == 404
    page = address("goodsmovement", f"{movement.pk}/change/")
    assert coordinator.post(page, {"change": 400}).status_code == 404
    movement.refresh_from_db()
    assert movement.change == 4
    theirs = GoodsMovement.objects.create(
        station=factories.make_station(annex),
        goods_id="SHOES",
        change=77,
        kind="donation",
        moved_at=NOW,
        moved_on=NOW.date(),
        by=cast.stranger,
    )
    assert coordinator.get(address("goodsmovement", f"{theirs.pk}/change/")).status_code == 404
    assert coordinator.get(address("goodsmovement")).context["cl"].result_count == 1


@pytest.mark.parametrize("who", ["data_officer", "administrator"])
def test_who_may_not_finds_none(who, cast, sign_in, movement):
    client = sign_in(getattr(cast, who))
    for model in ("station", "goods", "goodsmovement"):
        assert client.get(address(model)).status_code == 404
