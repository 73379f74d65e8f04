"""A table whose network goes away, in a real Chromium: with its service worker, its store, its files and a restart."""

import pytest
from playwright.sync_api import expect

from intake.models import Family, LateForm, Person
from tests import factories
from tests.browser.test_looks import check
from tests.browser.test_register import fill_a_family, open_register
from tests.live import CHROMIUM, FLAGS

pytestmark = pytest.mark.browser
OFFLINE = "/es/offline/"
RECORDS = "**/offline/records"
NAME, SURNAME = "Xiomaraqz", "Wzyqel"  # stands nowhere else on the disk
LISTEN = """document.addEventListener("securitypolicyviolation",
  event => console.error(`refused: ${event.violatedDirective} ${event.blockedURI}`));"""


@pytest.fixture
def profile(tmp_path):
    return tmp_path / "profile"


@pytest.fixture
def start(chromium, server, profile, sign_in):
    """`start(user)`: the browser of this device, with what it kept; a second time it was closed and opened again."""
    running, refused = [], []

    def started(user=None, *, phone=False):
        while running:
            running.pop().close()
        size = {"width": 360, "height": 740} if phone else {"width": 1366, "height": 768}
        context = chromium.browser_type.launch_persistent_context(
            str(profile),
            executable_path=CHROMIUM,
            args=FLAGS,
            viewport=size,
            has_touch=phone,
            is_mobile=phone,
            locale="es",
            base_url=server,
        )
        running.append(context)
        context.add_init_script(LISTEN)
        enter(context, server, sign_in, user)
        page = context.pages[0]
        page.on(
            "console", lambda message: refused.append(message.text) if "refused:" in message.text else None
        )
        return page

    yield started
    for context in running:
        context.close()
    assert refused == []


def enter(context, server, sign_in, user):
    context.clear_cookies()
    if user:
        cookie = sign_in(user).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": server}])


def make_ready(page):
    """Once with a network: then the device has the form."""
    open_register(page)
    expect(page.locator("#can-offline")).to_be_visible()


def cut(page, is_cut=True):
    page.context.set_offline(is_cut)


def waits(page, n):
    expect(page.locator("#waiting")).to_have_attribute("data-waiting", str(n))


def fill(page, name=NAME):
    page.fill("#id_m-0-given_names", name)
    page.fill("#id_m-0-surnames", SURNAME)
    page.fill("#id_m-0-age", "34")
    page.fill("#id_origin", "olancho")
    page.check("#id_notice_answer_0", force=True)


def keep_one(page, name=NAME):
    """On the form that was kept, with or without a network."""
    page.goto(OFFLINE)
    expect(page.locator("#id_arrived_on")).not_to_have_value("")
    fill(page, name)
    page.click("#save")
    expect(page.locator("#is-kept")).to_be_visible()


def names() -> list[str]:
    return sorted(Person.objects.values_list("given_names", flat=True))


def test_a_family_is_registered_without_a_network_and_sent_once_when_it_is_back(start, cast):
    page = start(cast.volunteer)
    make_ready(page)
    cut(page)
    page.goto(OFFLINE)
    page.wait_for_selector("#id_m-0-given_names:focus")
    page.keyboard.type(NAME)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.type("8m")
    expect(page.locator("#members .mem >> nth=0 >> div.read")).to_contain_text("8 meses")
    page.fill("#id_origin", "ola")
    expect(page.locator(".echo", has_text="Olancho")).to_be_visible()
    page.fill("#id_arrived_on", "ayer")
    page.check("#id_notice_answer_0", force=True)
    page.click("#save")
    expect(page.locator("#is-kept")).to_be_visible()
    expect(page.locator("#waiting")).to_contain_text("1 registro guardado en este aparato, aún sin enviar")
    assert page.locator("#id_m-0-given_names").input_value() == ""
    assert not Family.objects.exists()
    cut(page, False)
    waits(page, 0)
    expect(page.locator("#waiting")).to_contain_text("1 registro enviado")
    family = Family.objects.get()
    assert (family.registered_by, family.desk) == (cast.volunteer, "registration 2")
    assert (family.registered_on - family.arrived_on).days == 1
    assert family.id.version == 7
    assert names() == [NAME]


def test_the_page_of_registration_keeps_what_nobody_answers(start, cast):
    page = start(cast.volunteer)
    make_ready(page)
    fill(page)
    cut(page)
    page.click("#save")
    expect(page.locator("#is-kept")).to_be_visible()
    waits(page, 1)
    cut(page, False)
    waits(page, 0)
    assert names() == [NAME]


def test_no_file_of_the_browser_holds_the_name_and_a_restart_loses_nothing(start, cast, profile):
    page = start(cast.volunteer)
    make_ready(page)
    cut(page)
    keep_one(page)
    keep_one(page)
    page = start()
    found = [path for path in profile.rglob("*") if path.is_file() and holds_name(path.read_bytes())]
    assert found == []
    cut(page)
    page.goto(OFFLINE)
    waits(page, 2)
    assert NAME not in page.content()
    page = start(cast.volunteer)
    page.goto("/es/")
    waits(page, 0)
    assert names() == [NAME, NAME]


def holds_name(data) -> bool:
    return any(
        word.encode(encoding) in data for word in (NAME, SURNAME) for encoding in ("utf-8", "utf-16-le")
    )


def test_the_scan_of_the_files_finds_what_is_there(start, cast, profile):
    """Else the test above would pass on anything."""
    page = start(cast.volunteer)
    page.goto("/es/handbook/")
    page.evaluate("name => localStorage.setItem('left', name)", NAME)
    start()
    assert any(holds_name(path.read_bytes()) for path in profile.rglob("*") if path.is_file())


def test_an_answer_that_got_lost_makes_no_second_family(start, cast):
    page = start(cast.volunteer)
    make_ready(page)
    cut(page)
    keep_one(page)
    arrived = []

    def lose(route):
        arrived.append(route.fetch().status)  # the server has stored it by then
        route.abort()

    page.route(RECORDS, lose, times=1)
    cut(page, False)
    waits(page, 0)
    assert arrived == [200]
    assert names() == [NAME]


def test_a_session_that_is_over_keeps_them_until_the_next_sign_in(start, cast, server, sign_in):
    page = start(cast.volunteer)
    make_ready(page)
    cut(page)
    keep_one(page)
    enter(page.context, server, sign_in, None)
    cut(page, False)
    page.reload()
    expect(page.locator("#waiting a[data-part=sign-in]")).to_be_visible()
    waits(page, 1)
    page.goto("/es/account/login/")
    waits(page, 1)
    assert not Family.objects.exists()
    enter(page.context, server, sign_in, cast.volunteer)
    page.goto("/es/")
    waits(page, 0)
    assert Family.objects.get().registered_by == cast.volunteer


def test_the_next_user_sees_the_count_alone_and_brings_them_in_the_first_ones_name(
    start, cast, palillo, server, sign_in
):
    other = factories.make_user("volunteer", shelters=[palillo], username="other")
    page = start(cast.volunteer)
    make_ready(page)
    cut(page)
    keep_one(page)
    page.route(RECORDS, lambda route: route.abort())
    cut(page, False)
    page.goto("/es/")
    page.click(".me summary")
    page.click(".me form[action*='change-user'] button")
    page.wait_for_url("**/account/login/**")
    waits(page, 1)
    enter(page.context, server, sign_in, other)
    page.goto("/es/")
    waits(page, 1)
    assert NAME not in page.content()
    assert cast.volunteer.username not in page.locator("#waiting").inner_text()
    page.unroute(RECORDS)
    page.reload()
    waits(page, 0)
    assert Family.objects.get().registered_by == cast.volunteer
    cut(page)
    keep_one(page, "Otra")
    cut(page, False)
    waits(page, 0)
    assert Family.objects.get(members__given_names="Otra").registered_by == other


def test_after_a_sign_out_nobody_registers_in_the_name_of_who_left(start, cast):
    page = start(cast.volunteer)
    make_ready(page)
    page.click(".me summary")
    page.click(".me form[action*='logout'] button")
    page.wait_for_url("**/account/login/**")
    cut(page)
    page.goto(OFFLINE)
    expect(page.locator("#no-shift")).to_be_visible()
    expect(page.locator("#save")).to_be_disabled()


def test_other_pages_say_what_works_without_a_network(start, cast):
    page = start(cast.volunteer)
    make_ready(page)
    cut(page)
    page.goto("/en/queue/")
    expect(page.locator("#elsewhere")).to_contain_text("Puente does not answer")
    page.goto("/es/presence/")
    expect(page.locator("#elsewhere")).to_contain_text("Puente no responde")
    cut(page, False)
    page.click("#elsewhere a")
    expect(page.locator("h1")).to_contain_text("Presencia")


def test_what_is_seen_to_be_wrong_is_said_before_it_is_sealed(start, cast):
    page = start(cast.volunteer)
    make_ready(page)
    cut(page)
    page.goto(OFFLINE)
    page.fill("#id_m-0-age", "200")
    page.fill("#id_origin", "san")
    page.fill("#id_days", "xx")
    page.click("#save")
    page.wait_for_selector("#mistakes:focus")
    expect(page.locator("#mistakes li")).to_have_count(4)
    page.click("#mistakes a >> nth=0")
    expect(page.locator("#id_m-0-age")).to_be_focused()
    waits(page, 0)


@pytest.mark.parametrize("address", [OFFLINE, "/es/families/register/"])
def test_a_device_that_keeps_nothing_says_so(start, cast, address):
    page = start(cast.volunteer, phone=True)
    make_ready(page)
    if address == OFFLINE:
        page.goto(OFFLINE)
    page.evaluate("() => { IDBObjectStore.prototype.put = () => { throw new DOMException(); }; }")
    cut(page)
    fill(page)
    page.click("#save")
    expect(page.locator("#cannot-keep")).to_be_focused()
    expect(page.locator("#cannot-keep")).to_be_in_viewport()
    expect(page.locator("#cannot-keep")).to_contain_text("este aparato no tiene espacio")
    assert page.locator("#id_m-0-given_names").input_value() == NAME
    waits(page, 0)


def test_what_the_server_finds_wrong_is_corrected_there(start, cast):
    page = start(cast.volunteer)
    make_ready(page)
    cut(page)
    page.goto(OFFLINE)
    expect(page.locator("#id_arrived_on")).not_to_have_value("")
    fill(page)
    page.fill("#id_arrived_on", "31/2")  # which only the server knows to be no day
    page.click("#save")
    expect(page.locator("#is-kept")).to_be_visible()
    cut(page, False)
    page.click("#waiting a[data-part=to-correct]")
    page.click("main .rowlink")
    page.wait_for_selector("#mistakes")
    assert page.locator("#id_m-0-given_names").input_value() == NAME
    page.fill("#id_arrived_on", "hoy")
    page.click("#save")
    page.wait_for_url("**saved=*")
    assert names() == [NAME]
    assert not LateForm.objects.open().exists()


def test_only_the_form_is_kept_and_no_page_about_anybody(start, cast, palillo):
    family = factories.make_family(palillo, {"given_names": NAME}, by=cast.volunteer)
    page = start(cast.volunteer)
    make_ready(page)
    page.goto(f"/es/families/{family.pk}/")
    page.goto("/es/")
    kept = page.evaluate("""async () => {
      const found = [];
      for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) {
        const text = await (await caches.match(request)).text();
        found.push([new URL(request.url).pathname, text]);
      }
      return found;
    }""")
    paths = {path for path, _text in kept}
    assert {path for path in paths if not path.startswith("/static/")} == {
        *("/es/offline/", "/en/offline/", "/es/places.json", "/en/places.json")
    }
    assert not any(NAME in text or cast.volunteer.username in text for _path, text in kept)


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
def test_the_pages_are_accessible_and_fit(start, cast, phone):
    page = start(cast.volunteer, phone=phone)
    make_ready(page)
    cut(page)
    keep_one(page)
    check(page, "offline")
    page.click("#save")
    page.wait_for_selector("#mistakes")
    check(page, "offline with mistakes")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= (360 if phone else 1366)


def test_an_address_that_cannot_says_so(open_browser, cast):
    """As on plain http in a network: no service worker, no crypto."""
    page = open_browser(cast.volunteer)
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', {value: false})")
    open_register(page)
    expect(page.locator("#cannot-offline")).to_be_visible()
    fill_a_family(page)
    page.click("#save")
    page.wait_for_url("**saved=*")
    assert Family.objects.count() == 1
