"""The queue in a real Chromium: by keyboard, on a phone, without JavaScript, and on the wall."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from intake import actions
from intake.models import Ticket
from tests import factories
from tests.browser.test_looks import check
from tests.intake.test_queue import give

pytestmark = pytest.mark.browser
TURN = ".serving .turn"


@pytest.fixture
def line(palillo, cast):
    family = factories.make_family(palillo, {}, {"age": 1}, by=cast.volunteer, at=timezone.now())
    factories.make_card(family, code="22222222", at=timezone.now())
    for priority in ("", "", "pregnant"):
        give(palillo, cast.volunteer, family=family, people=2, priority=priority)
    give(palillo, cast.volunteer, "health", family=family)


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_every_page_is_accessible_and_fits(open_browser, cast, line, palillo, phone, language):
    page = open_browser(cast.volunteer, phone=phone, language=language)
    ticket = Ticket.objects.filter(line="clothing").first()
    paths = ("clothing/", "health/", "legal/", "clothing/number/", f"ticket/{ticket.pk}/")
    for path in paths:
        page.goto(f"/{language}/queue/{path}")
        check(page, path)
    actions.call(ticket, desk="registration 2", by=cast.volunteer)
    actions.call(Ticket.objects.get(number=2), desk="clothing 5", by=cast.volunteer)
    page.goto(f"/{language}/queue/clothing/")
    check(page, "serving")
    page.goto(page.locator("a[target=_blank]").get_attribute("href"))
    check(page, "screen")


@pytest.mark.parametrize("javascript", [True, False])
def test_enter_moves_the_line_on(open_browser, cast, line, javascript):
    page = open_browser(cast.volunteer, javascript=javascript)
    page.goto("/es/queue/clothing/")
    for number in ("A 001", "A 003", "A 002", "—"):
        expect(page.locator("[data-enter]")).to_be_focused()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.locator(TURN)).to_have_text(number)
    assert list(Ticket.objects.filter(line="clothing").values_list("state", flat=True)) == ["done"] * 3


def test_a_double_click_skips_nobody(open_browser, cast, line):
    page = open_browser(cast.volunteer, javascript=False)
    page.goto("/es/queue/clothing/")
    page.locator("[data-enter]").dblclick()
    page.wait_for_load_state("networkidle")
    page.goto("/es/queue/clothing/")
    expect(page.locator(TURN)).to_have_text("A 001")
    page.locator("[data-enter]").dblclick()
    page.wait_for_load_state("networkidle")
    assert Ticket.objects.filter(state="called").count() == 1
    assert Ticket.objects.filter(state="done").count() == 1


def test_a_card_reader_gives_one_number_after_the_other(open_browser, cast, line):
    page = open_browser(cast.volunteer)
    page.goto("/es/queue/calls/number/")
    expect(page.locator("#id_card")).to_be_focused()
    with page.expect_navigation(url="**/queue/ticket/**"):
        page.keyboard.type("22222222\n")
    expect(page.locator("h1")).to_have_text("D 001")
    with page.expect_navigation(url="**/queue/calls/number/"):
        page.keyboard.press("Enter")
    expect(page.locator("#id_card")).to_be_focused()


def test_the_number_fits_on_a_label(open_browser, cast, line):
    page = open_browser(cast.volunteer)
    page.goto(f"/es/queue/ticket/{Ticket.objects.first().pk}/")
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.count(b"/Type /Page\n") == 1
    assert b"/MediaBox [0 0 175" in printed  # 62 mm
    page.emulate_media(media="print")
    text = page.locator("body").inner_text()
    assert "A 001" in text
    assert "Otro número" not in text


def test_the_wall_shows_a_new_call_by_itself(open_browser, cast, line, palillo):
    page = open_browser(cast.volunteer)
    page.goto("/es/queue/clothing/")
    href = page.locator("a[target=_blank]").get_attribute("href")
    wall = open_browser(language="en")
    wall.goto(href)
    expect(wall.locator(".called b")).to_have_text("—")
    wall.locator("#sound").click()
    wall.wait_for_timeout(500)
    node = wall.evaluate("() => { window.kept = document.querySelector('.called'); return 1 }")
    wall.wait_for_timeout(4500)
    assert node and wall.evaluate("() => window.kept.isConnected")  # nothing new: nothing is drawn
    ticket = Ticket.objects.get(line="clothing", number=1)
    actions.call(ticket, desk="clothing 4", by=cast.volunteer)
    expect(wall.locator(".fresh b")).to_have_text("A 001", timeout=9000)
    assert "Ropa 4" in wall.locator(".where").inner_text()
    assert "Clothing 4" in wall.locator(".where").inner_text()
    actions.recall(ticket, mark=ticket.call_mark, desk="clothing 4", by=cast.volunteer)
    wall.evaluate("() => document.querySelector('.fresh').classList.remove('fresh')")
    expect(wall.locator(".fresh b")).to_have_text("A 001", timeout=9000)


def test_a_wall_without_a_connection_says_so(open_browser, cast, line, palillo):
    page = open_browser(cast.volunteer)
    page.goto("/es/queue/")
    href = page.locator("a[target=_blank]").get_attribute("href")
    wall = open_browser(complains=False)
    wall.goto(href)
    wall.context.set_offline(True)
    expect(wall.locator("#lost")).to_be_visible(timeout=20000)
    wall.context.set_offline(False)
    expect(wall.locator("#lost")).to_be_hidden(timeout=10000)


def test_a_wall_without_a_script_loads_itself_anew(open_browser, cast, line):
    page = open_browser(cast.volunteer, javascript=False)
    page.goto("/es/queue/clothing/")
    page.goto(page.locator("a[target=_blank]").get_attribute("href"))
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "10"
    expect(page.locator(".soon li").first).to_have_text("A 001")


def test_who_joins_the_line_appears_by_itself(open_browser, cast, line, palillo):
    page = open_browser(cast.volunteer)
    page.clock.install()
    page.goto("/es/queue/clothing/")
    expect(page.locator(".line tbody tr")).to_have_count(3)
    give(palillo, cast.volunteer)
    page.clock.fast_forward(16000)
    expect(page.locator(".line tbody tr")).to_have_count(4)
    expect(page.locator("[aria-current=page] b")).to_have_text("4")
