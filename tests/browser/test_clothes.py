"""The clothes table in a real Chromium: a girl of eleven chooses socks and a jacket."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from intake.models import GoodsMovement, ServiceReceived
from tests import factories
from tests.browser.test_looks import check

pytestmark = pytest.mark.browser
GIVEN = [("Ale", "JACKET", "10-12", 1), ("Ale", "SOCKS", "7-12", 1)]


@pytest.fixture
def station(palillo, cast):
    station = factories.make_station(palillo)
    for code, size, number in [("SOCKS", "7-12", 40), ("SOCKS", "S", 3), ("JACKET", "10-12", 12)]:
        now = timezone.now()
        GoodsMovement.objects.create(
            station=station,
            goods_id=code,
            size=size,
            change=number,
            kind="donation",
            moved_at=now,
            moved_on=now.date(),
            by=cast.volunteer,
        )
    return station


@pytest.fixture
def family(palillo, cast):
    names = [("Neptalí", 34), ("Ale", 11), ("Olga", 9), ("Carlos", 6), ("Rosa", 4), ("Luis", 2), ("Eva", 1)]
    members = [{"given_names": name, "surnames": "Hernández", "age": age} for name, age in names]
    family = factories.make_family(palillo, *members, by=cast.volunteer, at=timezone.now())
    factories.make_card(family, code="22222222")
    return family


def given():
    rows = GoodsMovement.objects.filter(kind="handed_out").order_by("goods")
    columns = ("service__person__given_names", "goods", "size", "service__quantity")
    return list(rows.values_list(*columns))


def at_the_table(page, language="es"):
    page.goto(f"/{language}/clothes/")
    page.fill("#id_code", "22222222")
    page.keyboard.press("Enter")
    page.wait_for_url("**/families/*/clothes/")


def check_at_the_end(page, name):
    """Scrolled down: elsewhere the button, which stays in sight, may lie over half a tile: that is no small tile."""
    page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
    check(page, name)


def choose(page, code, size):
    page.locator(f"#what [data-code={code}]").tap()
    page.locator(f'#size [data-size="{size}"]').tap()


@pytest.mark.parametrize("language", ["es", "en"])
def test_ale_chooses_on_a_phone(open_browser, cast, station, family, language):
    page = open_browser(cast.volunteer, phone=True, language=language)
    at_the_table(page, language)
    check_at_the_end(page, "clothes table")
    page.locator("#who label", has_text="Ale").tap()
    choose(page, "SOCKS", "7-12")
    choose(page, "JACKET", "10-12")
    check_at_the_end(page, "clothes table with things chosen")
    page.locator("#give").tap()  # six taps in all
    page.wait_for_url("**/clothes/?saved=*")
    assert given() == GIVEN
    assert "Ale" in page.locator(".note.ok").inner_text()
    check(page, "handed out")
    assert station.stock()["SOCKS", "7-12"] == 39
    page.locator(".note.ok button").tap()
    page.wait_for_url(re.compile("/clothes/$"))
    assert not ServiceReceived.objects.given().exists()
    assert station.stock()["SOCKS", "7-12"] == 40


def test_ale_chooses_by_keyboard(open_browser, cast, station, family):
    page = open_browser(cast.volunteer)
    at_the_table(page)
    expect(page.locator("#who input").first).to_be_focused()
    for key in ("2", "1", "3", "6", "3", "Control+Enter"):  # Ale, socks 7-12, jacket 10-12
        page.keyboard.press(key)
    page.wait_for_url("**/clothes/?saved=*")
    assert given() == GIVEN
    expect(page.locator("#id_code")).to_be_focused()


def test_who_has_had_it_is_seen_before_it_is_sent(open_browser, cast, station, family):
    page = open_browser(cast.volunteer, phone=True)
    ale = family.members.get(given_names="Ale")
    factories.make_service(ale, "CLO-JKT", at=timezone.now(), limit_key=f"stay:{ale.stays.get().pk}#1")
    at_the_table(page)
    expect(page.locator("#reason")).to_be_hidden()
    page.locator("#who label", has_text="Ale").tap()
    expect(page.locator("#what [data-code=JACKET] .had")).to_contain_text("1 de 1")
    choose(page, "JACKET", "10-12")
    expect(page.locator("#reason")).to_be_visible()
    check_at_the_end(page, "had it already")
    page.locator("#give").tap()
    page.wait_for_selector("#mistakes")
    check_at_the_end(page, "told that she has had it")
    expect(page.locator("#basket li")).to_have_count(1)
    page.fill("#id_override_reason", "Se mojó")
    page.locator("#give").tap()
    page.wait_for_url("**/clothes/?saved=*")
    assert given() == GIVEN[:1]


def test_the_basket_is_changed_by_its_buttons(open_browser, cast, station, family):
    page = open_browser(cast.volunteer, phone=True)
    at_the_table(page)
    page.locator("#what [data-code=BLANKET]").tap()
    page.locator("#basket button", has_text="+").tap()
    choose(page, "SOCKS", "7-12")
    expect(page.locator("#give")).to_contain_text("(3)")
    page.locator("#basket li").nth(1).locator("button", has_text="−").tap()
    expect(page.locator("#basket li")).to_have_count(1)
    page.locator("#give").tap()
    page.wait_for_url("**/clothes/?saved=*")
    assert given() == [("Neptalí", "BLANKET", "", 2)]


def test_without_javascript_the_rows_are_filled(open_browser, cast, station, family):
    page = open_browser(cast.volunteer, phone=True, javascript=False)
    at_the_table(page)
    ale = str(family.members.get(given_names="Ale").pk)
    for row, what in enumerate(["JACKET|10-12", "SOCKS|7-12"]):
        page.select_option(f"[name=t-{row}-person]", ale)
        page.select_option(f"[name=t-{row}-what]", what)
        page.fill(f"[name=t-{row}-quantity]", "1")
    page.click("#give")
    page.wait_for_url("**/clothes/?saved=*")
    assert given() == GIVEN


def test_on_a_laptop_the_basket_stands_beside_the_tiles(open_browser, cast, station, family):
    page = open_browser(cast.volunteer)
    at_the_table(page)
    place = {each: page.locator(each).bounding_box() for each in ("#what", "#basket-panel", "#give-bar")}
    right_of_the_tiles = place["#what"]["x"] + place["#what"]["width"]
    assert place["#basket-panel"]["x"] > right_of_the_tiles
    assert place["#give-bar"]["x"] > right_of_the_tiles
    assert place["#give-bar"]["y"] < place["#basket-panel"]["y"] + place["#basket-panel"]["height"] + 40


def test_on_a_phone_the_button_lies_over_no_tile_before_there_is_anything(
    open_browser, cast, station, family
):
    page = open_browser(cast.volunteer, phone=True)
    at_the_table(page)
    bar = page.locator("#give-bar")
    tiles = page.locator("#what").bounding_box()
    assert bar.bounding_box()["y"] > tiles["y"] + tiles["height"]
    choose(page, "SOCKS", "7-12")
    expect(bar).to_be_in_viewport(ratio=1)


def test_choosing_moves_nothing_under_the_finger(open_browser, cast, station, family):
    page = open_browser(cast.volunteer, phone=True)
    at_the_table(page)
    tile = page.locator("#what [data-code=JACKET]")
    places = [tile.bounding_box()]
    choose(page, "SOCKS", "7-12")
    places.append(tile.bounding_box())
    top = page.evaluate("() => scrollY")
    assert places[0]["y"] == places[1]["y"] + top


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_the_stock_is_read_and_filled(open_browser, cast, station, phone, language):
    page = open_browser(cast.volunteer, phone=phone, language=language)
    page.goto(f"/{language}/stock/")
    check(page, "stock")
    page.goto(f"/{language}/stock/{station.pk}/came-in/")
    check(page, "came in")
    page.select_option("#id_t-0-what", "SOCKS|M")
    page.fill("#id_t-0-quantity", "25")
    page.locator("main form button").click()
    page.wait_for_url(f"**/stock/{station.pk}/")
    page.goto(f"/{language}/stock/{station.pk}/count/SOCKS/")
    check(page, "count anew")
    page.fill("#id_n-0", "7")
    page.locator("main form button").click()
    page.wait_for_url(f"**/stock/{station.pk}/")
    assert station.stock()["SOCKS", "M"] == 25
    assert station.stock()["SOCKS", "0-2"] == 7


def test_a_shelter_without_a_table(open_browser, cast, palillo):
    page = open_browser(cast.coordinator, phone=True)
    for path in ("clothes/", "stock/"):
        page.goto(f"/es/{path}")
        check(page, path)
        assert "Agregar una mesa" in page.locator("main").inner_text()
