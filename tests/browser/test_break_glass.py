"""Emergency access as an administrator and a coordinator meet it, on a phone and on a laptop."""

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.test_looks import check

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
def test_asked_granted_read_and_given_back(open_browser, cast, palillo, phone):
    factories.make_family(palillo, {"given_names": "Neptalí"}, by=cast.volunteer)
    page = open_browser(cast.administrator, phone=phone, javascript=not phone)
    other = open_browser(cast.coordinator, phone=phone)
    page.goto("/es/break-glass/")
    page.select_option("[name=shelter]", label="Estadio Palillo")
    page.fill("[name=reason]", "Nadie de la coordinación puede venir.")
    page.click("main form .btn-primary")
    page.wait_for_url("**/break-glass/*/")
    other.goto("/es/admin/")
    other.click("#alarms a")
    other.wait_for_url("**/break-glass/*/")
    check(other, "break-glass to grant")
    other.click("button[value=grant]")
    expect(other.locator(".tag.bad")).to_be_visible()
    page.goto("/es/admin/intake/person/")
    expect(page.locator("form.glass")).to_be_visible()
    page.click("text=Neptalí")
    expect(page.locator("form.glass")).to_be_visible()
    page.click("form.glass button")
    page.wait_for_url("**/break-glass/*/")
    expect(page.locator("form.glass")).to_have_count(0)
    if not phone:
        check(page, "break-glass that is over")
    other.reload()
    expect(other.locator("main")).to_contain_text("Familia consultada")
