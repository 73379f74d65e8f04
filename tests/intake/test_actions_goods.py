"""One visit to the clothes table: services within their limits, and so many fewer on the table."""

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from intake import actions
from intake.allowances import Thing
from intake.models import Goods, GoodsMovement, Person, ServiceReceived, ServiceType
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW, make_submission

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def that_morning():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def hand_out(family, station, cast):
    """`hand_out((person, code, size, quantity), …)`"""

    def handed(*things, submission=None, reason="", family=family, station=station):
        things = [Thing(who, goods(code), size, quantity) for who, code, size, quantity in things]
        return actions.hand_out(
            submission=submission or make_submission(cast.volunteer),
            family=family,
            station=station,
            things=things,
            override_reason=reason,
            desk="clothing 1",
            by=cast.volunteer,
        )

    return handed


def goods(code):
    return Goods.objects.select_related("service_type").get(pk=code)


def given(**which):
    return ServiceReceived.objects.given().filter(**which)


def test_ale_chooses_socks_and_a_jacket(hand_out, ale, family, station, cast, palillo):
    socks, jacket = hand_out((ale, "SOCKS", "7-12", 1), (ale, "JACKET", "10-12", 1))
    assert (socks.change, socks.size, socks.kind) == (-1, "7-12", "handed_out")
    service = given(service_type="CLO-JKT").get()
    assert jacket.service == service
    assert (service.person, service.shelter, service.given_at) == (ale, palillo, NOW)
    assert (service.desk, service.recorded_by) == ("clothing 1", cast.volunteer)
    assert service.limit_key.endswith("#1")
    assert station.stock() == {("SOCKS", "7-12"): -1, ("JACKET", "10-12"): -1}
    told = AccessEvent.objects.filter(action="service_recorded").values_list("detail", flat=True)
    assert sorted(each["service"] for each in told) == ["CLO-JKT", "CLO-UND"]
    moved = AccessEvent.objects.get(action="goods_moved")
    assert moved.detail == {"kind": "handed_out", "lines": 2, "change": -2}
    assert (moved.subject_id, moved.shelter) == (str(station.pk), palillo)


def test_several_people_in_one_visit(hand_out, ale, family):
    mother = family.members.first()
    hand_out((ale, "SHOES", "22-24", 1), (mother, "SHOES", "25-26", 1), (mother, "NAPPIES", "M", 3))
    assert given(service_type="CLO-SHO").count() == 2
    assert given(service_type="HYG-DIA").get().quantity == 3
    assert given(service_type="HYG-DIA").get().limit_key is None


# --- limits ---------------------------------------------------------------------------------------------------


def over(hand_out, *things, **how):
    before = (ServiceReceived.objects.count(), GoodsMovement.objects.count(), AccessEvent.objects.count())
    with pytest.raises(actions.OverLimit) as error:
        hand_out(*things, **how)
    after = (ServiceReceived.objects.count(), GoodsMovement.objects.count(), AccessEvent.objects.count())
    assert after == before
    return error.value.people


def test_who_has_had_it_is_told_when_and_where(hand_out, ale, that_morning):
    hand_out((ale, "JACKET", "10-12", 1))
    that_morning.shift(timedelta(hours=1))
    found = over(hand_out, (ale, "SOCKS", "7-12", 1), (ale, "JACKET", "10-12", 1))
    [(thing, last)] = found.items()
    assert thing.goods.pk == "JACKET"
    assert (last.at, last.where) == (NOW, "Mesa de ropa 1")


def test_with_a_reason_it_is_given_again(hand_out, ale, station):
    hand_out((ale, "JACKET", "10-12", 1))
    hand_out((ale, "SOCKS", "7-12", 1), (ale, "JACKET", "10-12", 1), reason="Se mojó")
    again = given(service_type="CLO-JKT", limit_key=None).get()
    assert again.override_reason == "Se mojó"
    assert given(service_type="CLO-UND").get().override_reason == ""
    assert station.stock()["JACKET", "10-12"] == -2
    assert AccessEvent.objects.filter(detail__over_limit=1).count() == 1


def test_things_of_one_service_share_its_limit(hand_out, ale):
    """Socks and underwear are one service, which may be had twice."""
    hand_out((ale, "SOCKS", "7-12", 1), (ale, "UNDERWEAR", "10-12", 1))
    keys = given(service_type="CLO-UND").values_list("limit_key", flat=True)
    assert sorted(key[-2:] for key in keys) == ["#1", "#2"]
    assert [thing.goods.pk for thing in over(hand_out, (ale, "SOCKS", "7-12", 1))] == ["SOCKS"]


def test_more_at_once_than_the_limit_is_not_called_a_second_time(hand_out, ale):
    [(thing, last)] = over(hand_out, (ale, "JACKET", "10-12", 2)).items()
    assert (thing.quantity, last) == (2, None)
    found = over(hand_out, (ale, "SOCKS", "7-12", 2), (ale, "UNDERWEAR", "10-12", 1))
    assert [(thing.goods.pk, last) for thing, last in found.items()] == [("UNDERWEAR", None)]


def test_the_desk_and_the_table_count_together(hand_out, ale, cast, palillo):
    service = ServiceReceived(
        service_type=ServiceType.objects.get(pk="CLO-JKT"),
        shelter=palillo,
        given_at=NOW - timedelta(hours=1),
        recorded_by=cast.volunteer,
        desk="food 2",
    )
    people = [Person.objects.select_related("family__shelter").get(pk=ale.pk)]
    actions.record_service(
        submission=make_submission(cast.volunteer), service=service, people=people, by=cast.volunteer
    )
    [(_thing, last)] = over(hand_out, (ale, "JACKET", "10-12", 1)).items()
    assert last.where in ("Food 2", "Comida 2", "Alimentos 2")


def test_what_is_given_to_a_family_counts_for_all_of_it(hand_out, ale, family):
    ServiceType.objects.filter(pk="NFI-BLK").update(per="family", limit_count=1)
    hand_out((ale, "BLANKET", "", 1))
    assert list(over(hand_out, (family.members.first(), "BLANKET", "", 1)))


def test_a_daily_limit_is_of_the_shelters_day(hand_out, ale, that_morning):
    """18:01 in Mexico City is past midnight in UTC, and still the same day; 00:01 is the next."""
    ServiceType.objects.filter(pk="CLO-JKT").update(limit_per="day")
    that_morning.move_to(datetime(2018, 11, 6, 23, 59, tzinfo=UTC))  # 17:59
    hand_out((ale, "JACKET", "10-12", 1))
    that_morning.move_to(datetime(2018, 11, 7, 5, 59, tzinfo=UTC))  # 23:59
    over(hand_out, (ale, "JACKET", "10-12", 1))
    that_morning.move_to(datetime(2018, 11, 7, 6, 1, tzinfo=UTC))  # 00:01
    [movement] = hand_out((ale, "JACKET", "10-12", 1))
    assert str(movement.moved_on) == str(movement.service.given_on) == "2018-11-07"


# --- once ------------------------------------------------------------------------------------------------------


def test_a_form_sent_twice_hands_out_once(hand_out, ale, cast):
    key = uuid.uuid4()
    hand_out((ale, "SOCKS", "7-12", 1), submission=make_submission(cast.volunteer, key))
    with pytest.raises(actions.AlreadySaved) as saved:
        hand_out((ale, "SOCKS", "7-12", 1), submission=make_submission(cast.volunteer, key))
    assert saved.value.is_same
    assert GoodsMovement.objects.count() == ServiceReceived.objects.count() == 1


def test_nobody_is_served_who_is_of_another_family_now(hand_out, palillo, cast):
    elsewhere = factories.make_family(palillo, {}, by=cast.volunteer)
    with pytest.raises(actions.Overtaken):
        hand_out((elsewhere.members.get(), "SOCKS", "S", 1))
    assert not ServiceReceived.objects.exists()


# --- stock -----------------------------------------------------------------------------------------------------


@pytest.fixture
def take_in(station, cast):
    def taken(*lines, **more):
        lines = [(goods(code), size, number) for code, size, number in lines]
        submission = more.pop("submission", None) or make_submission(cast.volunteer)
        return actions.take_in(submission=submission, station=station, lines=lines, by=cast.volunteer, **more)

    return taken


@pytest.fixture
def count_anew(station, cast):
    def counted(counts, submission=None):
        counts = {(goods(code), size): number for (code, size), number in counts.items()}
        submission = submission or make_submission(cast.volunteer)
        return actions.count_anew(submission=submission, station=station, counted=counts, by=cast.volunteer)

    return counted


def test_the_stock_is_what_came_in_less_what_went_out(take_in, count_anew, hand_out, ale, station):
    cross = factories.make_organization()
    take_in(("SOCKS", "7-12", 40), ("JACKET", "10-12", 10), organization=cross)
    take_in(("SOCKS", "7-12", 5))
    hand_out((ale, "SOCKS", "7-12", 2), (ale, "JACKET", "10-12", 1))
    assert station.stock() == {("SOCKS", "7-12"): 40 + 5 - 2, ("JACKET", "10-12"): 10 - 1}
    [counted] = count_anew({("SOCKS", "7-12"): 30, ("JACKET", "10-12"): 9})
    assert (counted.kind, counted.change) == ("count", 30 - 43)
    assert station.stock() == {("SOCKS", "7-12"): 30, ("JACKET", "10-12"): 9}
    assert GoodsMovement.objects.filter(organization=cross).count() == 2


def test_a_count_that_agrees_leaves_no_row(count_anew, take_in):
    take_in(("SOCKS", "S", 4))
    assert count_anew({("SOCKS", "S"): 4, ("SOCKS", "M"): 0}) == []
    assert not GoodsMovement.objects.filter(kind="count").exists()
    assert AccessEvent.objects.filter(action="goods_moved").count() == 2


def test_a_donation_sent_twice_came_in_once(take_in, cast, station):
    key = uuid.uuid4()
    take_in(("SOCKS", "S", 4), submission=make_submission(cast.volunteer, key))
    with pytest.raises(actions.AlreadySaved):
        take_in(("SOCKS", "S", 4), submission=make_submission(cast.volunteer, key))
    assert station.stock() == {("SOCKS", "S"): 4}


def test_each_table_has_a_stock_of_its_own(take_in, palillo, station):
    other = factories.make_station(palillo, "bodega", name="Bodega")
    take_in(("SOCKS", "S", 4))
    assert other.stock() == {}


# --- taken back --------------------------------------------------------------------------------------------------


def test_what_is_taken_back_lies_on_the_table_again(hand_out, take_in, ale, station, cast):
    take_in(("SOCKS", "7-12", 10), ("JACKET", "10-12", 3))
    movements = hand_out((ale, "SOCKS", "7-12", 1), (ale, "JACKET", "10-12", 1))
    assert actions.take_back(movements, reason="Equivocado", by=cast.volunteer) == 2
    assert station.stock() == {("SOCKS", "7-12"): 10, ("JACKET", "10-12"): 3}
    assert not given().exists()
    hand_out((ale, "JACKET", "10-12", 1))  # its limit is free again


def test_a_service_cancelled_at_the_desk_puts_it_back_too(hand_out, ale, station, cast):
    [_socks, jacket] = hand_out((ale, "SOCKS", "7-12", 1), (ale, "JACKET", "10-12", 1))
    actions.cancel_service(jacket.service, reason="No se entregó", by=cast.volunteer)
    assert station.stock() == {("SOCKS", "7-12"): -1}


def test_joining_families_and_undoing_it_leave_the_stock_equal(hand_out, palillo, cast, family, ale, station):
    twin = factories.make_family(palillo, {"given_names": "Ale", "age": 11}, by=cast.volunteer)
    hand_out((ale, "JACKET", "10-12", 1))
    hand_out((twin.members.get(), "JACKET", "8-10", 1), (twin.members.get(), "SOCKS", "7-12", 1), family=twin)
    before = station.stock()
    assert before == {("JACKET", "10-12"): -1, ("JACKET", "8-10"): -1, ("SOCKS", "7-12"): -1}
    merge = actions.merge(family, twin, pairs=[(ale, twin.members.get())], by=cast.coordinator)
    assert station.stock() == before
    assert set(GoodsMovement.objects.values_list("service__person", flat=True)) == {ale.pk}
    actions.undo_merge(merge, by=cast.coordinator)
    assert station.stock() == before
    whose = GoodsMovement.objects.values_list("service__person__family", flat=True)
    assert Counter(whose) == {family.pk: 1, twin.pk: 2}
