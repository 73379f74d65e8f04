"""Every address that shows a page, in a real browser: the Content-Security-Policy has nothing to refuse."""

import pytest

from tests.addresses import addresses
from tests.world import accounts, one_of_each

pytestmark = pytest.mark.browser
# The event says more than the console, and also what a report-only policy would.
LISTEN = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`refused: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


@pytest.mark.parametrize(("role", "most"), [("volunteer", 40), ("coordinator", 170)])
def test_no_page_holds_anything_that_the_policy_refuses(open_browser, palillo, annex, sign_in, role, most):
    """The browser itself complains of refusals, missing files and script errors: see `open_browser`."""
    people = accounts(palillo, annex)
    world = one_of_each(palillo, by=people["volunteer", "own"], coordinator=people["coordinator", "own"])
    user = people[role, "own"]
    client, page = sign_in(user), open_browser(user)
    page.add_init_script(LISTEN)
    seen = 0
    for address in addresses(world):
        if address.page.is_open_to(user) and shows_a_page(client.get(address.full)):
            assert page.goto(address.full).status == 200, address.full
            seen += 1
    assert seen > most


def shows_a_page(answer) -> bool:
    return answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")


def test_what_would_be_refused_is_heard(open_browser, cast):
    """Else the test above would pass on anything."""
    page, heard = open_browser(cast.volunteer, complains=False), []
    page.on("console", lambda message: heard.append(message.text))
    page.add_init_script(LISTEN)
    page.goto("/es/handbook/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<b onclick=\"zz()\">x</b>')")
    page.wait_for_timeout(200)
    assert any("refused: script-src" in text for text in heard)
