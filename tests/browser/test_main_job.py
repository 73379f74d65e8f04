"""The whole job, by keyboard alone: the seed family arrives, is served, and is in the census."""

import pytest

from intake.models import Family, ServiceReceived
from tests.browser.test_register import Keys, open_register

pytestmark = pytest.mark.browser
CHILDREN = [
    ("Ale", "11"),
    ("José Nahún", "14"),
    ("Keylin", "9"),
    ("Maynor", "7"),
    ("Suyapa", "4"),
    ("Selvin", "8m"),
]


def tab_to(page, selector):
    """Move with Tab alone, as somebody without a mouse does."""
    for _step in range(120):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard never reaches {selector}")


def choose(page, code):
    """Walk the focused select down to an option, with the arrow key."""
    for _step in range(120):
        if page.evaluate("() => document.activeElement.value") == code:
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{code} is not on offer")


def test_the_seed_family_is_registered_served_and_counted(open_browser, cast, palillo):
    page = open_browser(cast.volunteer)
    open_register(page)
    register_mother_and_six(page)
    family = Family.objects.get()
    assert family.members.count() == 7
    assert family.days_on_the_road == 22
    assert {member.origin_region_id for member in family.members.all()} == {"HN-OL"}
    record_by_keyboard(page, family, "CLO-UND")
    assert ServiceReceived.objects.filter(service_type="CLO-UND").count() == 7
    adviser = open_browser(cast.legal)
    record_by_keyboard(adviser, family, "LEG-ASY", outcome="ASY-WISH")
    assert ServiceReceived.objects.filter(service_type="LEG-ASY", outcome="ASY-WISH").count() == 7
    coordinator = open_browser(cast.coordinator)
    coordinator.goto("/es/admin/intake/family/?q=neptali")
    assert "Neptalí Hernández López" in coordinator.locator("#result_list").inner_text()
    coordinator.goto("/es/admin/reports/census/?shelter=palillo")
    assert "7" in coordinator.locator("main, #content").first.inner_text()


def register_mother_and_six(page):
    keys = Keys(page)
    keys.person("Neptalí", "Hernández López", "34", "1")
    for given, age in CHILDREN:
        keys.person(given, "Hernández López", age, "1")
    keys.press("Enter")
    keys.type("ola")
    page.keyboard.press("Tab")
    tab_to(page, "#id_days")
    keys.type("22")
    tab_to(page, "[name=plan]")
    keys.press("1", "Enter", "1", "Enter")
    page.wait_for_url("**saved=*")


def record_by_keyboard(page, family, code, outcome=None):
    page.goto(f"/es/families/{family.pk}/")
    tab_to(page, "a[href$='/service/']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#id_service_type")
    tab_to(page, "#id_service_type")
    choose(page, code)
    if outcome:
        tab_to(page, "#id_outcome")
        choose(page, outcome)
    tab_to(page, "main form button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".note.ok")
