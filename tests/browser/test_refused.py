"""Every page in a real browser, and whatever can be pressed on it: the policy of the pages has nothing to refuse."""

import re
import time

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from playwright.sync_api import expect

from shelters import roles
from shelters.locking import BEGAN, IDLE, SEEN
from tests.addresses import addresses
from tests.browser.presses import LISTEN, Presser
from tests.world import accounts, one_of_each

pytestmark = pytest.mark.browser
CONTROLS = re.compile(r"<(?:button|summary|select|input|textarea|details)\b[^>]*>")
OF_A_ROW = re.compile(r'[0-9a-f]{8}-[0-9a-f-]{27}|\d+|value="[^"]*"')
SAID_APART = {"kind", "line", "slug"}  # of an address: another kind of notes, another line, another report
# What must be among what was pressed, or else the search for it has broken: a part of its key.
PRESSED = {
    *("calendarbox", "select#-selection", "|Copiar", "|Imprimir", "related-widget", "theme-toggle"),
    *("/es/families/register/|", "/es/scan/|", "/es/search/|", "/es/tally/press/|", "/queue/", "camera"),
}


@pytest.fixture
def presser(chromium, server):
    presser = Presser(chromium, server)
    yield presser
    presser.browser.close()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a browser refuses the same, whatever the database")
def test_nothing_that_can_be_pressed_is_refused_or_breaks(presser, palillo, annex, sign_in):
    """Nor is a file missing, a script wrong, another host asked, or an answer an error of the server."""
    people = accounts(palillo, annex)
    world = one_of_each(palillo, by=people["volunteer", "own"], coordinator=people["coordinator", "own"])
    shapes = set()
    for role in roles.BY_CODE:
        click_through(presser, people[role, "own"], world, sign_in, shapes)
    assert presser.complaints == [], f"{presser.pages} pages, {presser.presses} presses"
    assert presser.pages > 220
    assert presser.presses > 320
    assert not {words for words in PRESSED if not any(words in key for key in presser.known)}


def click_through(presser, user, world, sign_in, shapes):
    """Each page of this role, but for those with the same controls that an earlier role had."""
    client = sign_in(user)
    presser.sit(lambda: sign_in(user).cookies["sessionid"].value)
    for address in addresses(world):
        answer = client.get(address.full) if address.page.is_open_to(user) else None
        if answer and shows_a_page(answer):
            controls = {OF_A_ROW.sub("#", each) for each in CONTROLS.findall(answer.content.decode())}
            apart = [value for name, value in address.args.items() if name in SAID_APART]
            shape = (address.name, *apart, *sorted(controls))
            if shape not in shapes:
                shapes.add(shape)
                presser.press_all(address.full, world.card.code)


def shows_a_page(answer) -> bool:
    return answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(("role", "path"), [("volunteer", "/es/"), ("coordinator", "/es/admin/")])
def test_a_page_that_hides_itself_does_nothing_that_is_refused(open_browser, cast, role, path):
    page, heard = open_browser(getattr(cast, role), complains=False), []  # a session that is over complains
    page.on("console", lambda message: heard.append(message.text))
    page.add_init_script(LISTEN)
    page.clock.install()
    (session,) = Session.objects.all()
    store = SessionStore(session.session_key)
    store[IDLE], store[SEEN], store[BEGAN] = 600, int(time.time()), int(time.time())
    store.save()
    page.goto(path)
    session.delete()
    page.clock.fast_forward(16 * 60 * 1000)
    page.click(".locked button")
    expect(page.locator(".locked")).to_be_visible()
    assert not [text for text in heard if "refused" in text]


def test_what_would_be_refused_is_heard(open_browser, cast):
    """Else the tests above would pass on anything."""
    page, heard = open_browser(cast.volunteer, complains=False), []
    page.on("console", lambda message: heard.append(message.text))
    page.add_init_script(LISTEN)
    page.goto("/es/handbook/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<b onclick=\"zz()\">x</b>')")
    page.wait_for_timeout(200)
    assert any("refused: script-src" in text for text in heard)
