"""Every page on a phone and on a laptop, in both languages: no WCAG violation, nothing wider than the screen."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from intake.reports.base import REPORTS
from tests import factories

pytestmark = pytest.mark.browser
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}

# The size of the smallest print that is seen, in pixels.
SMALLEST = """() => Math.min(...[...document.querySelectorAll("main *, #container *")]
  .filter((each) => each.checkVisibility()
    && [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
  .map((each) => parseFloat(getComputedStyle(each).fontSize)))"""


@pytest.fixture
def family(palillo, cast):
    members = [
        {"given_names": "Neptalí", "surnames": "Hernández López", "age": 34},
        {"given_names": "Ale", "age": 11},
    ]
    family = factories.make_family(palillo, *members, by=cast.volunteer)
    head = family.members.first()
    factories.make_service(head, "FOOD-LUN")
    factories.make_intention(head)
    factories.make_need(head, "X-PR")
    return family


def paths_of(family):
    person, service = family.members.first(), family.members.first().services.get()
    yield from (
        "",
        "shift/",
        "handbook/",
        "families/register/",
        "account/password/",
        f"families/{family.pk}/",
    )
    yield from (f"families/{family.pk}/{name}/" for name in ("edit", "add", "split", "departure", "service"))
    yield from (f"people/{person.pk}/", f"people/{person.pk}/plan/", f"people/{person.pk}/need/")
    yield f"services/{service.pk}/cancel/"
    yield "admin/reports/"
    for name in REPORTS:  # each takes of these what it asks for
        yield f"admin/reports/{name}/?as_of=2018-11-06T20:00&since=2018-11-05&until=2018-11-06"
    yield f"admin/intake/family/{family.pk}/looked/"
    yield f"admin/shelters/accessevent/account/{family.registered_by_id}/"
    yield "admin/reports/census/records/?as_of=2018-11-06T20:00&cell=total"


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_every_page_is_accessible_and_fits(open_browser, cast, family, phone, language):
    page = open_browser(cast.coordinator, phone=phone, language=language)
    for path in paths_of(family):
        page.goto(f"/{language}/{path}")
        check(page, path)
    visitor = open_browser(phone=phone, language=language)
    visitor.goto(f"/{language}/account/login/")
    check(visitor, "login")


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_the_notes_of_an_adviser_are_accessible_and_fit(open_browser, cast, family, phone, language):
    head = family.members.first()
    first = factories.make_note(head, "Quiere pedir asilo.", by=cast.legal)
    second = factories.make_note(head, "sin-espacios-" * 30, replaces=first, by=cast.legal)
    page = open_browser(cast.legal, phone=phone, language=language)
    for path in (
        f"families/{family.pk}/",
        f"notes/{second.pk}/correct/",
        f"people/{head.pk}/notes/legal/",
    ):
        page.goto(f"/{language}/{path}")
        check(page, path)
    page.locator("form.panel button").click()  # with nothing written
    page.wait_for_selector("#mistakes")
    check(page, "notes with mistakes")


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
def test_the_registration_screen_is_accessible_with_mistakes_in_it(open_browser, cast, phone, palillo):
    page = open_browser(cast.volunteer, phone=phone)
    page.goto("/es/families/register/")
    page.fill("#id_m-0-age", "200")
    page.locator(".open-more").first.click()
    page.fill("#id_origin", "la paz")
    page.click("#save")
    page.wait_for_selector("#mistakes")
    check(page, "register with mistakes")


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
def test_the_admin_is_accessible_in_the_dark(open_browser, cast, family, phone):
    page = open_browser(cast.coordinator, phone=phone, complains=False)  # axe itself does, of forms
    page.emulate_media(color_scheme="dark")
    stay, person = family.members.first().stays.get(), family.members.first()
    for path in (
        "",
        "intake/servicetype/",
        f"intake/stay/{stay.pk}/change/",
        f"intake/person/{person.pk}/history/",
        "reports/arrivals/?shelter=palillo",
        "reports/census/records/?shelter=palillo&cell=total",
    ):
        page.goto(f"/es/admin/{path}")
        check(page, path)
        assert page.evaluate(SMALLEST) >= 12, path


@pytest.mark.parametrize("path", ["", "admin/reports/census/?shelter=palillo"])
def test_empty_pages_say_so(open_browser, cast, palillo, path):
    page = open_browser(cast.coordinator, phone=True)
    page.goto(f"/es/{path}")
    check(page, path)
    assert "0" in page.locator("body").inner_text() or "Nadie" in page.locator("body").inner_text()


def check(page, name):
    violations = Axe().run(page, options=RULES).response["violations"]
    found = [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in violations]
    assert found == [], name
    width, screen = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert width <= screen, f"{name} is {width} wide on a screen of {screen}"
