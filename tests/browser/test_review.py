"""A coordinator joins two families by keyboard alone and takes it back; the pages fit and are accessible."""

import pytest

from intake.models import Merge
from tests import factories
from tests.browser.test_looks import check
from tests.browser.test_main_job import tab_to
from tests.intake.admin.test_look_alikes import AGAIN, FIRST, alike, page_of

pytestmark = pytest.mark.browser


@pytest.fixture
def pair(cast, palillo):
    later = factories.NOW.replace(hour=20)
    one = factories.make_family(palillo, *FIRST, by=cast.volunteer, desk="registration 2")
    other = factories.make_family(palillo, *AGAIN, by=cast.volunteer, at=later, comments="Llegó sola")
    factories.make_service(one.members.first())
    return alike(one, other)[0]


def press(page, selector):
    tab_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_two_families_are_joined_and_parted_by_keyboard(open_browser, cast, pair):
    page = open_browser(cast.coordinator)
    page.goto("/es/admin/intake/lookalike/")
    press(page, "#result_list tbody th a")
    assert "Neftali Hernandes" in page.locator("table.beside").inner_text()
    press(page, "button[value=same]")
    press(page, ".joining button")
    merge = Merge.objects.get()
    assert merge.kept.members.standing().count() == 3
    press(page, ".messagelist a")
    press(page, ".verdicts button")
    merge.refresh_from_db()
    assert merge.undone_by == cast.coordinator
    assert merge.kept.members.standing().count() == 2


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
def test_the_pages_are_accessible_and_fit(open_browser, cast, pair, phone):
    page = open_browser(cast.coordinator, phone=phone)
    for path in (
        "/es/admin/intake/lookalike/",
        page_of(pair),
        page_of(pair, "join"),
        page_of(pair, "join-person"),
    ):
        page.goto(path)
        check(page, path)
    people = page.locator(".joining select")
    for n in range(people.count()):
        people.nth(n).select_option(index=1)
    page.click(".joining button")
    page.wait_for_selector("#mistakes")
    check(page, "join with mistakes")


def test_joined_records_are_accessible_and_fit(open_browser, cast, pair):
    page = open_browser(cast.coordinator, phone=True)
    page.goto(page_of(pair, "join"))
    with page.expect_navigation():
        page.click(".joining button")
    for path in ("/es/admin/intake/merge/", f"/es/admin/intake/merge/{Merge.objects.get().pk}/change/"):
        page.goto(path)
        check(page, path)
