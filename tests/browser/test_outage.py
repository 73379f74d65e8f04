"""The database is away while somebody saves: what was typed stays, with and without JavaScript."""

from urllib.parse import parse_qsl

import pytest
from django.db import OperationalError
from playwright.sync_api import expect

from intake.models import Family
from tests.browser.test_register import URL, fill_a_family
from tests.shelters.test_outage import failing

pytestmark = pytest.mark.browser


def test_a_form_does_not_leave_while_the_database_is_away(open_browser, cast):
    page = open_browser(cast.volunteer, complains=False, keeps=False)
    fill_a_family(page)
    page.route("**/whoami", lambda route: route.fulfill(status=503, body="<p>Try again</p>"))
    page.click("#save")
    expect(page.locator("#kept")).to_contain_text("no se envió nada y todo lo que escribió sigue aquí")
    assert page.locator("#id_m-0-given_names").input_value() == "Neptalí"
    page.unroute("**/whoami")
    page.click("#save")
    page.wait_for_url("**saved=*")
    assert Family.objects.count() == 1


@pytest.mark.parametrize("javascript", [True, False])
def test_what_was_sent_in_vain_is_sent_again_from_the_answer(open_browser, cast, sign_in, javascript):
    page = open_browser(cast.volunteer, phone=True, javascript=javascript, complains=False)
    client = sign_in(cast.volunteer)
    client.raise_request_exception = False

    def without_database(route):
        if route.request.method != "POST":
            return route.continue_()
        with failing(OperationalError("the database system is starting up")):
            answer = client.post(URL, dict(parse_qsl(route.request.post_data, keep_blank_values=True)))
        return route.fulfill(status=answer.status_code, body=answer.content, content_type="text/html")

    page.route("**" + URL, without_database)
    page.goto(URL)
    page.fill("#id_m-0-given_names", "Neptalí")
    page.check("#id_notice_answer_0", force=True)
    page.click("#save")
    again = page.get_by_role("button", name="Enviar otra vez")
    expect(again).to_be_in_viewport()
    again.click()  # still away: the same page, with the same text
    expect(again).to_be_in_viewport()
    page.unroute("**" + URL)
    again.click()
    page.wait_for_url("**saved=*")
    assert Family.objects.get().members.get().given_names == "Neptalí"
