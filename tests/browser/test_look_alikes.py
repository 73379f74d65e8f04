"""The warning of the registration screen in a real Chromium: while typing, and without JavaScript after saving."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from intake.models import Family, LookAlike, Person
from tests import factories
from tests.browser.test_looks import check
from tests.browser.test_register import Keys, open_register

pytestmark = pytest.mark.browser
WARNING = "#look-alikes .look-alikes"


@pytest.fixture
def neptali(palillo, cast):
    people = [
        {"given_names": "Neptalí", "surnames": "Hernández López", "age": 34, "origin_region_id": "HN-OL"},
        {"given_names": "Ale", "surnames": "Hernández López", "age": 11, "origin_region_id": "HN-OL"},
    ]
    factories.make_family(palillo, {"given_names": "Wilmer", "surnames": "Zelaya"}, by=cast.health)
    return factories.make_family(palillo, *people, by=cast.health, at=timezone.now()).members.first()


def type_neftali(page, language="es"):
    open_register(page, f"/{language}/families/register/")
    keys = Keys(page)
    keys.name("Neftali")
    keys.press("Enter")
    keys.name("Hernandes")
    keys.press("Enter")
    keys.type("34")
    return keys


def type_into_first_row(page):
    page.fill("#id_m-0-given_names", "Neftali")
    page.fill("#id_m-0-surnames", "Hernandes")
    page.fill("#id_m-0-age", "34")


def top_of_focus(page):
    return page.evaluate(
        "() => [document.activeElement.id, document.activeElement.getBoundingClientRect().top]"
    )


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_typing_warns_before_saving(open_browser, cast, neptali, phone, language):
    page = open_browser(cast.volunteer, phone=phone, language=language)
    type_neftali(page, language)
    before = top_of_focus(page)
    page.wait_for_selector(WARNING)
    assert top_of_focus(page) == before
    assert before[0] == "id_m-0-age"
    words = page.locator(WARNING).inner_text()
    assert "Neptalí Hernández López" in words
    assert "Olancho" in words
    assert "34" in words  # the reason
    check(page, "register with a warning")
    assert Family.objects.filter(registered_by=cast.volunteer).count() == 0


def test_keys_alone_open_the_first_and_save_all_the_same(open_browser, cast, neptali):
    page = open_browser(cast.volunteer)
    keys = type_neftali(page)
    page.wait_for_selector(WARNING)
    with page.context.expect_page() as opened:
        page.keyboard.press("F2")
    opened.value.wait_for_url(f"**/families/{neptali.family_id}/")
    assert opened.value.evaluate("() => window.opener") is None
    assert page.locator("#id_m-0-given_names").input_value() == "Neftali"
    assert top_of_focus(page)[0] == "id_m-0-age"
    keys.press("Enter", "1", "Enter", "Enter")  # a woman, nobody else
    keys.type("ola")
    keys.press("Enter", "1", "Enter", "1", "Enter")
    page.wait_for_url("**saved=*")
    pair = LookAlike.objects.get()
    assert pair.verdict == "open"
    assert neptali in (pair.first, pair.second)


def test_not_the_same_is_remembered(open_browser, cast, neptali):
    page = open_browser(cast.volunteer)
    type_neftali(page)
    page.click(f"{WARNING} [data-not-same]")
    page.wait_for_selector(WARNING, state="detached")
    expect(page.locator("#look-alikes-said")).not_to_be_empty()
    assert top_of_focus(page)[0] == "id_m-0-age"
    with page.expect_response("**/look-alikes/"):
        page.fill("#id_origin", "olancho")  # more certain than ever, and yet not shown again
    assert page.locator(WARNING).count() == 0
    page.check("#id_notice_answer_0")
    page.click("#save")
    page.wait_for_url("**saved=*")
    assert page.locator(".look-alikes").count() == 0
    pair = LookAlike.objects.get()
    assert (pair.verdict, pair.judged_by) == ("not_same", cast.volunteer)


def test_the_second_row_is_told_apart_though_a_row_before_it_went(open_browser, cast, neptali):
    page = open_browser(cast.volunteer)
    open_register(page)
    keys = Keys(page)
    keys.person("", "", "70", "1")
    keys.person("Nadie", "", "5", "1")
    keys.person("Neftali", "Hernandes", "34", "1")
    page.click(f"{WARNING} [data-not-same]")
    page.click("#members .mem:nth-child(2) .rm")
    page.check("#id_notice_answer_0")
    page.click("#save")
    page.wait_for_url("**saved=*")
    assert LookAlike.objects.get().verdict == "not_same"
    assert Person.objects.filter(family__registered_by=cast.volunteer).count() == 2


def test_who_goes_from_the_grid_takes_the_warning_along(open_browser, cast, neptali):
    page = open_browser(cast.volunteer)
    type_neftali(page)
    page.wait_for_selector(WARNING)
    page.fill("#id_m-0-given_names", "")
    page.fill("#id_m-0-surnames", "")
    page.wait_for_selector(WARNING, state="detached")


def test_without_a_connection_there_is_no_warning_and_no_word(open_browser, cast, neptali):
    page = open_browser(cast.volunteer, complains=False)
    open_register(page)
    page.context.set_offline(True)
    page.fill("#id_m-0-given_names", "Neftali")
    page.fill("#id_m-0-surnames", "Hernandes")
    with page.expect_event("requestfailed"):
        page.fill("#id_m-0-age", "34")
    assert page.locator("#look-alikes").inner_text() == ""
    page.context.set_offline(False)
    page.fill("#id_m-0-age", "35")
    page.wait_for_selector(WARNING)


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
def test_without_javascript_the_warning_comes_on_saving(open_browser, cast, neptali, phone):
    page = open_browser(cast.volunteer, phone=phone, javascript=False)
    page.goto("/es/families/register/")
    type_into_first_row(page)
    page.check("#id_notice_answer_0")
    page.click("#save")
    page.wait_for_url("**saved=*")
    words = page.locator(".look-alikes").inner_text()
    assert "Neptalí Hernández López" in words
    assert "Olancho" in words
    assert "(F2)" not in words
    page.click(".look-alikes li form button")
    page.wait_for_selector(".look-alikes", state="detached")
    assert LookAlike.objects.get().verdict == "not_same"
    assert Family.objects.filter(registered_by=cast.volunteer).count() == 1


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
def test_the_warning_after_saving_is_accessible_and_undoes(open_browser, cast, neptali, phone):
    page = open_browser(cast.volunteer, phone=phone)
    type_neftali(page)
    page.check("#id_notice_answer_0")
    page.click("#save")
    page.wait_for_url("**saved=*")
    check(page, "saved with a warning")
    page.click(".look-alikes > form button")
    page.wait_for_url(re.compile(r"/register/$"))
    assert not Family.objects.filter(registered_by=cast.volunteer).exists()


@pytest.mark.parametrize("scrolled", [0, 150])
def test_the_warning_does_not_move_the_field_below_it(open_browser, cast, neptali, scrolled):
    page, waiting = open_browser(cast.volunteer, phone=True), []
    page.route(
        "**/look-alikes/", lambda route: waiting.append(route)
    )  # answered when the page has come to rest
    open_register(page)
    with page.expect_request("**/look-alikes/"):
        type_into_first_row(page)
    page.focus("#id_origin")
    page.wait_for_timeout(500)
    page.evaluate("y => scrollTo({top: y, behavior: 'instant'})", scrolled)
    before = top_of_focus(page)
    waiting[-1].continue_()
    page.wait_for_selector(WARNING)
    page.wait_for_timeout(200)
    name, top = top_of_focus(page)
    assert name == before[0] == "id_origin"
    assert abs(top - before[1]) < 2


def test_the_name_that_was_searched_is_carried_over(open_browser, cast, neptali):
    page = open_browser(cast.volunteer)
    open_register(page)
    page.evaluate(
        """() => { const form = document.getElementById("reg").cloneNode(false);
           form.id = ""; form.innerHTML = '<input name="start" value="1"><input name="q" value="Neftali Hernandes">';
           form.append(document.querySelector("[name=csrfmiddlewaretoken]").cloneNode());
           document.body.append(form); form.submit(); }"""
    )
    page.wait_for_selector("#id_m-0-given_names[value=Neftali]:focus")
    assert page.locator("#id_m-0-surnames").input_value() == "Hernandes"
    assert page.locator(".mem:visible").count() == 3  # the headings, the one from the search, an empty one
    check(page, "register with a name from the search")
    page.fill("#id_m-0-age", "34")
    page.wait_for_selector(WARNING)
