"""Getting in with a phone, and a page that hides itself, as somebody meets them."""

import time

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from shelters.locking import SEEN
from shelters.models import User
from tests.browser.test_looks import check
from tests.factories import PASSWORD
from tests.shelters.codes import code_of, phone_of

pytestmark = pytest.mark.browser


@pytest.fixture
def strong(cast):
    """The server knows only the strong hashers of production."""
    User.objects.update(password=make_password(PASSWORD, hasher="argon2"))
    for user in vars(cast).values():
        user.refresh_from_db()
    return cast


def enter(page, user):
    page.goto("/es/account/login/")
    page.fill("#id_login", user.username)
    page.fill("#id_password", PASSWORD)
    page.click("main form .btn-primary")


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
def test_a_coordinator_sets_it_up_and_comes_back_with_it(open_browser, strong, phone):
    page = open_browser(phone=phone, javascript=False)
    checked = open_browser(phone=phone)
    enter(page, strong.coordinator)
    page.wait_for_url("**/second-factor/set-up/")
    enter(checked, strong.health)
    checked.wait_for_url("**/second-factor/set-up/")
    check(checked, "set-up")
    page.click("details summary")
    secret = page.locator(".secret").inner_text()
    page.fill("[name=code]", code_of(secret))
    page.click("main form .btn-primary")
    expect(page.locator(".codes li")).to_have_count(10)
    page.click("main a.btn-primary")
    page.wait_for_url("**/es/shift/")
    page.click(".me summary")
    page.click(".me form[action*='change-user'] button")
    page.wait_for_url("**/account/login/")
    enter(page, strong.coordinator)
    page.wait_for_url("**/account/code/")
    page.fill("[name=code]", code_of(secret, steps=1))
    page.click("main form .btn-primary")
    page.wait_for_url("**/es/shift/")


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
@pytest.mark.parametrize("path", ["account/sessions/", "account/second-factor/", "admin/reports/requests/"])
def test_the_pages_are_accessible_and_fit(open_browser, cast, phone, path):
    phone_of(cast.coordinator)
    page = open_browser(cast.coordinator, phone=phone)
    page.goto(f"/es/{path}")
    check(page, path)


def test_an_idle_page_hides_names_and_keeps_what_was_typed(open_browser, strong, palillo):
    page = open_browser(complains=False)  # the answer to a session that is over is an error of the network
    page.clock.install()
    enter(page, strong.volunteer)
    page.wait_for_url("**/es/shift/")
    page.click("main form .btn-primary")
    page.wait_for_url("**/es/")
    page.goto("/es/families/register/")
    page.wait_for_selector("#id_m-0-given_names:focus")
    page.fill("#id_m-0-given_names", "Neptalí")
    (session,) = Session.objects.all()
    store = SessionStore(session.session_key)
    store[SEEN] = int(time.time()) - 16 * 60
    store.save()
    page.clock.fast_forward(16 * 60 * 1000)
    page.wait_for_selector(".locked")
    assert not page.locator("#id_m-0-given_names").is_visible()
    check(page, "locked")
    other = page.context.new_page()
    enter(other, strong.stranger)
    other.wait_for_url("**/es/shift/")
    page.click(".locked button")  # somebody else signed in: it stays hidden
    page.wait_for_timeout(500)
    assert page.locator(".locked").is_visible()
    other.click(".me summary")
    other.click(".me form[action*='change-user'] button")
    other.wait_for_url("**/account/login/")
    enter(other, strong.volunteer)
    other.wait_for_url("**/es/shift/")
    page.click(".locked button")
    page.wait_for_selector(".locked", state="detached")
    assert page.locator("#id_m-0-given_names").input_value() == "Neptalí"
