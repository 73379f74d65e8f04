"""Signing in, starting a shift and signing out, as somebody does it."""

import pytest
from django.contrib.auth.hashers import make_password

from tests.factories import PASSWORD

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_a_volunteer_comes_and_goes(open_browser, cast, javascript):
    # The server knows only the strong hashers of production.
    cast.volunteer.password = make_password(PASSWORD, hasher="argon2")
    cast.volunteer.save()
    page = open_browser(javascript=javascript, phone=True)
    page.goto("/")
    page.fill("#id_login", "volunteer")
    page.fill("#id_password", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/es/shift/")
    page.fill("#id_number", "4")
    page.click("main button")
    page.wait_for_url("**/es/")
    assert "Registro 4" in page.locator(".where").inner_text()
    page.click(".me summary")
    page.click(".me form button")
    page.wait_for_url("**/account/login/**")


def test_a_wrong_password_is_answered_and_the_name_kept(open_browser, cast):
    page = open_browser()
    page.goto("/es/account/login/")
    page.fill("#id_login", "volunteer")
    page.fill("#id_password", "otra cosa")
    page.click("main button")
    page.wait_for_selector(".alert, .invalid-feedback")
    assert page.locator("#id_login").input_value() == "volunteer"
