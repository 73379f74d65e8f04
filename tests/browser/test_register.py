"""The registration screen in a real Chromium, by keyboard, by thumb, and without JavaScript."""

import pytest
from playwright.sync_api import expect

from intake.models import Family, Person, PersonNeed
from tests.intake.age_cases import CASES as AGES
from tests.intake.place_cases import CASES as PLACES

pytestmark = pytest.mark.browser
URL = "/es/families/register/"


class Keys:
    """A keyboard that counts: letters of names apart from everything else."""

    def __init__(self, page):
        self.page, self.letters, self.others = page, 0, 0

    def name(self, text):
        self.page.keyboard.type(text)
        self.letters += len(text)

    def type(self, text):
        self.page.keyboard.type(text)
        self.others += len(text)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.others += 1

    def person(self, given, surnames, age, sex):
        self.name(given)
        self.press("Enter")
        self.name(surnames)
        self.press("Enter")
        self.type(age)
        self.press("Enter", sex, "Enter")


def open_register(page, url=URL):
    page.goto(url)
    page.wait_for_selector("#id_m-0-given_names:focus")


def test_a_family_of_four_takes_at_most_forty_keys_beyond_the_names(open_browser, cast):
    page = open_browser(cast.volunteer)
    open_register(page)
    keys = Keys(page)
    keys.person("Neptalí", "Hernández López", "29", "1")
    keys.person("Ale", "Hernández López", "11", "1")
    keys.person("Carlos", "Mejía", "31", "2")
    keys.person("José", "Mejía Hernández", "8m", "2")
    keys.press("Enter")  # nobody else
    keys.type("ola")
    keys.press("Enter")
    keys.press("1", "Enter")  # they plan to stay
    keys.press("1", "Enter")  # they accept the notice: saved
    page.wait_for_url("**saved=*")
    assert keys.others <= 40
    print(f"\nkeys beyond the names for a family of four: {keys.others}")
    people = list(Person.objects.order_by("position"))
    assert [person.relationship for person in people] == ["HEAD", "CHILD", "PARTNER", "CHILD"]
    assert {person.origin_region_id for person in people} == {"HN-OL"}
    expect(page.locator("#id_m-0-given_names")).to_be_focused()


def test_the_next_family_carries_over_origin_and_arrival(open_browser, cast):
    page = open_browser(cast.volunteer)
    open_register(page)
    keys = Keys(page)
    keys.person("Ana", "Caal", "40", "1")
    keys.press("Enter")
    keys.type("alta v")
    keys.press("Enter", "4", "Enter", "2", "Enter")
    page.wait_for_url("**saved=*")
    assert page.locator("#id_origin").input_value() == "Alta Verapaz, Guatemala"
    assert page.locator("#carried").is_visible()
    expect(page.locator("#id_m-0-given_names")).to_be_focused()
    keys.person("Rosa", "Tzul", "22", "1")
    keys.press("Enter", "Enter", "1", "Enter", "1", "Enter")
    page.wait_for_selector("text=Rosa Tzul")
    assert Person.objects.filter(origin_region="GT-16").count() == 2


def test_a_family_is_registered_without_javascript(open_browser, cast):
    page = open_browser(cast.volunteer, javascript=False)
    page.goto(URL)
    page.fill("#id_m-0-given_names", "Neptalí")
    page.fill("#id_m-0-age", "34")
    page.click("button[name=more]")
    assert page.locator("#id_m-0-given_names").input_value() == "Neptalí"
    page.fill("#id_m-8-given_names", "Ale")
    page.fill("#id_m-8-age", "11")
    page.check("#id_m-8-sex_0")
    page.check("#id_m-8-needs_1")
    page.fill("#id_origin", "ola")
    page.check("#id_notice_answer_0")
    page.click("#save")
    page.wait_for_url("**saved=*")
    mother, ale = Person.objects.order_by("position")
    assert (mother.relationship, ale.relationship, ale.origin_region_id) == ("HEAD", "CHILD", "HN-OL")
    assert PersonNeed.objects.get().person == ale


def test_a_double_click_makes_one_family(open_browser, cast):
    page = open_browser(cast.volunteer)
    open_register(page)
    page.fill("#id_m-0-given_names", "Doble")
    page.check("#id_notice_answer_0")
    page.dblclick("#save")
    page.wait_for_url("**saved=*")
    assert Family.objects.count() == 1


def test_mistakes_take_the_focus_and_lead_to_the_field(open_browser, cast):
    page = open_browser(cast.volunteer)
    open_register(page)
    page.fill("#id_m-0-given_names", "Ana")
    page.fill("#id_m-0-age", "200")
    page.click("#save")
    page.wait_for_selector("#mistakes:focus")
    assert page.title().startswith("Error:")
    page.click("#mistakes a >> nth=0")
    expect(page.locator("#id_m-0-age")).to_be_focused()
    assert page.locator("#id_m-0-given_names").input_value() == "Ana"


def test_a_registration_can_be_undone(open_browser, cast):
    page = open_browser(cast.volunteer)
    open_register(page)
    page.fill("#id_m-0-given_names", "Equivocada")
    page.check("#id_notice_answer_0")
    page.click("#save")
    page.wait_for_url("**saved=*")
    page.click(".note.ok button")
    page.wait_for_selector(".note.ok:not(:has(button))")
    assert not Family.objects.exists()


def test_a_phone_registers_with_thumbs(open_browser, cast):
    page = open_browser(cast.volunteer, phone=True)
    open_register(page)
    page.fill("#id_m-0-given_names", "Bebé")
    page.fill("#id_m-0-age", "8")
    page.tap("#members .mem >> nth=0 >> .unit")
    assert page.locator("#id_m-0-age").input_value() == "8m"
    page.tap("#members .mem >> nth=0 >> .sex label >> nth=1")
    page.locator("label:has(#id_notice_answer_0)").tap()
    page.tap("#save")
    page.wait_for_url("**saved=*")
    assert Person.objects.get().birth_precision == "age"
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360


def test_the_browser_reads_ages_like_the_server(open_browser, cast):
    page = open_browser(cast.volunteer)
    open_register(page)
    script = """([text, today]) => { const birth = ages.parse(text, new Date(today + "T00:00:00Z"));
                return birth && [birth.born.toISOString().slice(0, 10), birth.precision]; }"""
    for text, expected in AGES.items():
        if text.strip():
            read = page.evaluate(script, [text, "2018-11-05"])
            assert (read and tuple(read)) == expected, text


def test_the_browser_finds_places_like_the_server(open_browser, cast):
    page = open_browser(cast.volunteer)
    open_register(page)
    script = "async text => places.find(text, await places.load('/es/places.json'))"
    for text, labels in PLACES.items():
        assert page.evaluate(script, text) == labels, text


def fill_a_family(page):
    open_register(page)
    page.fill("#id_m-0-given_names", "Neptalí")
    page.check("#id_notice_answer_0")


def test_without_a_connection_nothing_typed_is_lost(open_browser, cast):
    page = open_browser(cast.volunteer, complains=False, keeps=False)
    fill_a_family(page)
    page.context.set_offline(True)
    page.click("#save")
    page.wait_for_selector("#kept")
    assert page.locator("#id_m-0-given_names").input_value() == "Neptalí"
    page.context.set_offline(False)
    page.click("#save")
    page.wait_for_url("**saved=*")
    assert Family.objects.count() == 1


def test_after_a_session_ended_the_form_waits_for_the_next_sign_in(open_browser, cast, sign_in, server):
    page = open_browser(cast.volunteer, complains=False)
    fill_a_family(page)
    page.context.clear_cookies()
    page.click("#save")
    page.wait_for_selector("#kept a[target=_blank]")
    assert page.locator("#id_m-0-given_names").input_value() == "Neptalí"
    again = sign_in(cast.volunteer).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": again, "url": server}])
    page.click("#save")
    page.wait_for_url("**saved=*")
    assert Family.objects.count() == 1


def test_a_mistake_elsewhere_leaves_the_chosen_relationships_alone(open_browser, cast):
    page = open_browser(cast.volunteer)
    open_register(page)
    keys = Keys(page)
    keys.person("Neptalí", "Hernández", "40", "1")
    keys.person("Ale", "Mejía", "10", "1")
    keys.name("Rosa")
    page.select_option("#members .mem:nth-child(2) select", "NIECE-NEPHEW")
    page.select_option("#members .mem:nth-child(3) select", "SIBLING")
    page.fill("#id_days", "xx")
    page.check("#id_notice_answer_0")
    page.click("#save")
    page.wait_for_selector("#mistakes")
    for place, chosen in ((2, "NIECE-NEPHEW"), (3, "SIBLING")):
        expect(page.locator(f"#members .mem:nth-child({place}) select")).to_have_value(chosen)
    assert page.locator("#members .mem:nth-child(2) .no").inner_text() == "2"
