"""The tally pad under a thumb in a real Chromium: at once, without a connection, without JavaScript."""

import pytest
from django.db.models import Sum
from playwright.sync_api import expect

from intake.models import Tally
from tests.browser.test_looks import check

pytestmark = pytest.mark.browser


def pad(page, language="es"):
    page.goto(f"/{language}/tally/")
    page.select_option("#id_service", "FOOD-LUN")
    with page.expect_navigation(url="**/tally/"):
        page.locator("form .btn-primary").click()
    return page


def press(page, who):
    page.locator(f"[data-who={who}] .press").click()


def shown(page, who):
    return page.locator(f"[data-who={who}] [data-count]")


def settled(page):
    """Until the server has every press."""
    page.wait_for_function("() => Object.values(sessionStorage).every(each => each === '[]')")


def total():
    return Tally.objects.standing().aggregate(n=Sum("people"))["n"] or 0


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_it_is_accessible_and_fits(open_browser, cast, phone, language):
    page = open_browser(cast.volunteer, phone=phone, language=language)
    page.goto(f"/{language}/tally/service/")
    check(page, "which service")
    pad(page, language)
    check(page, "pad")
    boxes = [each.bounding_box() for each in page.locator(".press").all()]
    assert len(boxes) == 5
    assert all(box["height"] >= 80 and box["width"] >= 150 for box in boxes)


def test_fast_presses_all_count(open_browser, cast):
    page = pad(open_browser(cast.volunteer, phone=True))
    for _each in range(10):
        press(page, "men")
        press(page, "girls")
    page.locator("[data-who=unknown] .more .btn").first.click()
    expect(shown(page, "men")).to_have_text("10")  # at once
    expect(shown(page, "girls")).to_have_text("10")
    expect(page.locator("#here")).to_have_text("25")
    settled(page)
    page.reload()
    expect(page.locator("#all")).to_have_text("25")
    assert total() == 25


def test_the_last_are_taken_back_one_by_one(open_browser, cast):
    page = pad(open_browser(cast.volunteer))
    press(page, "men")
    press(page, "women")
    back = page.locator("#back button")
    back.click()
    expect(shown(page, "women")).to_have_text("0")
    expect(back).to_be_enabled()
    back.click()
    expect(shown(page, "men")).to_have_text("0")
    expect(back).to_be_disabled()
    settled(page)
    page.reload()
    expect(page.locator("#all")).to_have_text("0")
    assert total() == 0


def test_without_a_connection_one_goes_on_counting(open_browser, cast):
    page = pad(open_browser(cast.volunteer, phone=True, complains=False))
    page.context.set_offline(True)
    for _each in range(3):
        press(page, "boys")
    expect(shown(page, "boys")).to_have_text("3")
    expect(page.locator("#kept-here")).to_be_visible()
    assert total() == 0
    page.context.set_offline(False)
    expect(page.locator("#kept-here")).to_be_hidden(timeout=10000)
    settled(page)
    expect(shown(page, "boys")).to_have_text("3")
    assert total() == 3


def test_an_answer_that_is_lost_counts_once(open_browser, cast):
    """The server stores the press, the answer never arrives: sent again under the same key, it counts once."""
    page = pad(open_browser(cast.volunteer, complains=False))
    lost = []

    def lose(route):
        if lost:
            return route.continue_()
        lost.append(route.fetch())
        return route.abort()

    page.route("**/tally/press/", lose)
    press(page, "women")
    expect(page.locator("#kept-here")).to_be_visible()
    expect(page.locator("#kept-here")).to_be_hidden(timeout=10000)
    expect(shown(page, "women")).to_have_text("1")
    assert Tally.objects.count() == 1


def test_after_the_session_nothing_pressed_is_lost(open_browser, cast, sign_in, server):
    page = pad(open_browser(cast.volunteer, complains=False))
    page.context.clear_cookies()
    press(page, "men")
    expect(page.locator("#signed-out")).to_be_visible()
    cookie = sign_in(cast.volunteer).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": server}])
    expect(page.locator("#signed-out")).to_be_hidden(timeout=10000)
    settled(page)
    assert total() == 1


def test_nothing_pressed_is_sent_in_the_name_of_who_signed_in_next(open_browser, cast, sign_in, server):
    page = pad(open_browser(cast.volunteer, complains=False))
    page.context.clear_cookies()
    press(page, "men")
    for user, is_theirs in ((cast.health, False), (cast.volunteer, True)):
        cookie = sign_in(user).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": server}])
        with page.expect_response(lambda answer: "whoami?as=" in answer.url) as asked:
            pass
        assert asked.value.ok == is_theirs
        assert is_theirs or total() == 0
    settled(page)
    assert Tally.objects.get().recorded_by == cast.volunteer


def test_without_javascript(open_browser, cast):
    page = pad(open_browser(cast.volunteer, javascript=False))
    for who in ("men", "men", "unknown"):
        with page.expect_navigation():
            press(page, who)
    expect(shown(page, "men")).to_have_text("2")
    with page.expect_navigation():
        page.locator("#back button").click()
    expect(shown(page, "unknown")).to_have_text("0")
    expect(page.locator("#all")).to_have_text("2")
