"""The stock of a table, roughly; what came in; what was counted anew."""

import uuid

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake.models import Goods, GoodsMovement
from tests import factories
from tests.factories import NOW
from tests.intake.pages import words_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def that_morning():
    with time_machine.travel(NOW, tick=False):
        yield


def moved(station, by, code="SOCKS", size="7-12", change=10, kind="donation", **fields):
    return GoodsMovement.objects.create(
        station=station,
        goods_id=code,
        size=size,
        change=change,
        kind=kind,
        moved_at=NOW,
        moved_on=NOW.date(),
        by=by,
        **fields,
    )


def address(station, page="", language="en"):
    return f"/{language}/stock/{station.pk}/{page}"


def cells(client, station):
    rows = client.get(address(station)).context["rows"]
    return {(row["goods"].pk, cell["size"]): cell for row in rows for cell in row["cells"]}


def test_the_way_to_the_stock(volunteer, palillo):
    assert "Todavía no hay mesa" in words_of(volunteer.get("/es/stock/"))
    station = factories.make_station(palillo)
    assert volunteer.get("/en/stock/").url == address(station)
    factories.make_station(palillo, "bodega", name="Bodega")
    page = volunteer.get("/es/stock/")
    assert "¿Qué mesa?" in words_of(page)
    assert 'name="stock"' in page.text


def test_thing_by_size_with_few_and_impossible_marked(volunteer, station, cast):
    moved(station, cast.volunteer, change=40)
    moved(station, cast.volunteer, size="S", change=5)
    moved(station, cast.volunteer, "JACKET", "M", change=-2, kind="count")
    shown = cells(volunteer, station)
    assert shown["SOCKS", "7-12"] == {"size": "7-12", "left": 40, "is_low": False, "is_wrong": False}
    assert shown["SOCKS", "S"]["is_low"]
    assert shown["JACKET", "M"]["is_wrong"]
    assert shown["SHOES", "22-24"]["left"] is None
    words = words_of(volunteer.get(address(station)))
    assert "M ? count anew" in words
    assert "M -2" not in words
    assert "S 5 few" in words


def test_what_is_no_longer_offered_is_shown_while_there_is_any(volunteer, station, cast):
    moved(station, cast.volunteer, "RAINCOAT", "S")
    Goods.objects.filter(pk__in=["RAINCOAT", "SHOES"]).update(retired_on=NOW.date())
    words = words_of(volunteer.get(address(station)))
    assert "Raincoat No longer offered" in words
    assert "Shoes" not in words


def test_other_sizes_are_shown_too(volunteer, station, cast):
    moved(station, cast.volunteer, size="XXL")
    moved(station, cast.volunteer, size="")
    assert {("SOCKS", "XXL"), ("SOCKS", "")} <= set(cells(volunteer, station))


def test_the_page_costs_the_same_for_any_stock(volunteer, station, cast):
    def queries():
        with CaptureQueriesContext(connection) as counted:
            assert volunteer.get(address(station)).status_code == 200
        return len(counted)

    moved(station, cast.volunteer)
    queries()
    before = queries()
    for goods in Goods.objects.all():
        for size in goods.size_list:
            moved(station, cast.volunteer, goods.pk, size)
    assert queries() == before <= 12


# --- came in ------------------------------------------------------------------------------------------------------


def came_in(client, station, *lines, key=None, organization=""):
    data = {"key": str(key or uuid.uuid4()), "organization": organization}
    for n, (what, quantity) in enumerate(lines):
        data |= {f"t-{n}-what": what, f"t-{n}-quantity": str(quantity)}
    return client.post(address(station, "came-in/"), data)


def test_a_donation_is_written_down(volunteer, station, cast):
    cross = factories.make_organization()
    assert volunteer.get(address(station, "came-in/")).status_code == 200
    answer = came_in(volunteer, station, ("SOCKS|7-12", 120), ("BLANKET|", 30), organization=cross.pk)
    assert (answer.status_code, answer.url) == (302, address(station))
    assert station.stock() == {("SOCKS", "7-12"): 120, ("BLANKET", ""): 30}
    assert set(GoodsMovement.objects.values_list("organization", "by")) == {(cross.pk, cast.volunteer.pk)}


def test_a_donation_sent_twice_came_in_once(volunteer, station):
    key = uuid.uuid4()
    for _time in range(2):
        assert came_in(volunteer, station, ("SOCKS|7-12", 120), key=key).status_code == 302
    assert station.stock() == {("SOCKS", "7-12"): 120}
    assert came_in(volunteer, station, ("SOCKS|7-12", 121), key=key).status_code == 422


@pytest.mark.parametrize(
    ("what", "quantity", "says"),
    [
        ("", "", "Choose at least one thing."),
        ("SOCKS|7-12", "", "Write a whole number from 1 to 10000."),
        ("SOCKS|7-12", "-4", "Write a whole number from 1 to 10000."),
        ("SOCKS|7-12", "1000000000000", "Write a whole number from 1 to 10000."),
        ("NADA|", "1", "Choose the thing and its size."),
        ("\x00", "1", ""),
    ],
)
def test_no_senseless_donation(volunteer, station, what, quantity, says):
    answer = came_in(volunteer, station, (what, quantity))
    assert answer.status_code == 422
    assert says in words_of(answer)
    assert came_in(volunteer, station, ("SOCKS|", 1), organization="\x00").status_code == 422
    assert station.stock() == {}


# --- counted anew -------------------------------------------------------------------------------------------------


def count(client, station, code="SOCKS", key=None, **numbers):
    data = {"key": str(key or uuid.uuid4())} | {f"n-{n[1:]}": value for n, value in numbers.items()}
    return client.post(address(station, f"count/{code}/"), data)


def test_what_is_counted_is_the_stock(volunteer, station, cast):
    moved(station, cast.volunteer, size="0-2", change=40)
    moved(station, cast.volunteer, size="3-6", change=7)
    page = volunteer.get(address(station, "count/SOCKS/"))
    assert "until now about 40" in words_of(page)
    assert count(volunteer, station, n0="33", n1="", n2="0").status_code == 302
    assert station.stock() == {("SOCKS", "0-2"): 33, ("SOCKS", "3-6"): 7}
    assert GoodsMovement.objects.get(kind="count").change == -7


def test_a_count_sent_twice_counts_once(volunteer, station, cast):
    key = uuid.uuid4()
    count(volunteer, station, n0="33", key=key)
    moved(station, cast.volunteer, size="0-2", change=2)
    assert count(volunteer, station, n0="33", key=key).status_code == 302
    assert station.stock() == {("SOCKS", "0-2"): 35}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "at least one size"),
        ("-1", "Write a whole number from 0 to 100000."),
        ("x", "Write a whole number from 0 to 100000."),
        ("9" * 30, "Write a whole number from 0 to 100000."),
    ],
)
def test_no_senseless_count(volunteer, station, typed, says):
    answer = count(volunteer, station, n0=typed)
    assert answer.status_code == 422
    assert says in words_of(answer)
    assert f'value="{typed}"' in answer.text


def test_there_is_no_such_thing(volunteer, station):
    assert volunteer.get(address(station, "count/NADA/")).status_code == 404
    assert volunteer.get(f"/es/stock/{'9' * 30}/").status_code == 404


# --- who may not --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["stranger", "administrator", "data_officer"])
def test_who_may_not_finds_no_such_page(who, cast, sign_in, station):
    client = sign_in(getattr(cast, who))
    for page in ("", "came-in/", "count/SOCKS/"):
        assert client.get(address(station, page)).status_code == 404
        assert client.post(address(station, page), {}).status_code == 404
    assert station.stock() == {}
