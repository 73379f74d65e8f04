"""The box of the desk in a real Chromium: while typing, by keyboard, by a card reader, and without JavaScript."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests import factories
from tests.browser.test_looks import check

pytestmark = pytest.mark.browser
ROWS = "#found .rowlink"


@pytest.fixture
def family(palillo, cast):
    person = {"given_names": "Neptalí", "surnames": "Hernández López", "origin_region_id": "HN-OL"}
    factories.make_family(palillo, {"given_names": "Wilmer", "surnames": "Zelaya"}, by=cast.volunteer)
    family = factories.make_family(palillo, person, {"age": 8}, by=cast.volunteer, at=timezone.now())
    family.cards.create(code="22222222", bound_at=timezone.now(), bound_by=cast.volunteer)
    return family


def typed(page, text, language="es"):
    page.goto(f"/{language}/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type(text)


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("text", ["hernandez nep", "Hernadez Neptlai"])
def test_typing_finds_without_losing_the_box(open_browser, cast, family, phone, language, text):
    page = open_browser(cast.volunteer, phone=phone, language=language)
    typed(page, text, language)
    expect(page.locator(ROWS)).to_have_count(1)
    assert "Neptalí Hernández López" in page.locator(ROWS).inner_text()
    expect(page.locator("#q")).to_be_focused()
    assert page.locator("#said").inner_text() == page.locator("#found [data-said]").inner_text()
    check(page, "desk with a family found")


def test_by_keyboard_alone(open_browser, cast, family):
    page = open_browser(cast.volunteer)
    typed(page, "hernandez")
    expect(page.locator(ROWS)).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(ROWS)).to_be_focused()
    with page.expect_navigation(url=f"**/families/{family.pk}/"):
        page.keyboard.press("Enter")


def test_enter_draws_the_page_and_keeps_the_text(open_browser, cast, family):
    page = open_browser(cast.volunteer)
    typed(page, "neptali")
    with page.expect_navigation(url="**/search/"):
        page.keyboard.press("Enter")
    expect(page.locator("#q")).to_have_value("neptali")
    expect(page.locator(ROWS)).to_have_count(1)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_card_reader_opens_the_family(open_browser, cast, family, javascript):
    page = open_browser(cast.volunteer, javascript=javascript)
    typed(page, "22222222")
    with page.expect_navigation(url=f"**/families/{family.pk}/"):
        page.keyboard.press("Enter")


def test_without_javascript(open_browser, cast, family):
    page = open_browser(cast.volunteer, javascript=False)
    typed(page, "lopez neptali")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/")
    expect(page.locator(ROWS)).to_have_count(1)
    page.locator("[name=start]").click()
    page.wait_for_url("**/families/register/")


@pytest.mark.parametrize("way", ["click", "keys"])
def test_not_here_carries_the_name_over(open_browser, cast, family, way):
    page = open_browser(cast.volunteer)
    typed(page, "Zoraida Mejía")
    with page.expect_navigation(url="**/families/register/"):
        page.locator("[name=start]").click() if way == "click" else page.keyboard.press("Alt+n")
    expect(page.locator("#id_m-0-given_names")).to_have_value("Zoraida")


def test_without_a_connection_the_page_says_so(open_browser, cast, family):
    page = open_browser(cast.volunteer, complains=False)
    page.goto("/es/")
    expect(page.locator("#q")).to_be_focused()
    page.context.set_offline(True)
    page.keyboard.type("hernandez")
    expect(page.locator("#no-answer")).to_be_visible()
    expect(page.locator("#q")).to_have_value("hernandez")
    page.context.set_offline(False)
    page.keyboard.type(" nep")
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator("#no-answer")).to_be_hidden()


def test_a_late_answer_is_dropped(open_browser, cast, family):
    page = open_browser(cast.volunteer)
    typed(page, "hernandez")
    page.wait_for_timeout(360)  # asked
    page.keyboard.type("xyz")
    expect(page.locator("#found [data-said]")).to_be_visible()
    expect(page.locator(ROWS)).to_have_count(0)
    page.fill("#q", "he")
    expect(page.locator("#found")).to_have_text("")
