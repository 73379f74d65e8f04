"""Scan mode in a real Chromium: a reader, a camera that films three cards, thumbs, and no JavaScript at all."""

import os
import re
import time
from io import BytesIO
from pathlib import Path

import pytest
import segno
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from intake.models import ServiceReceived, Tally
from tests import factories
from tests.browser.test_looks import check
from tests.live import CHROMIUM, FLAGS

pytestmark = pytest.mark.browser
ANSWER = "#result .result"
SHOTS = os.environ.get("SHOTS")  # a folder: keep a picture of every state
MEMBERS = [
    {"given_names": "Neptalí María", "surnames": "Hernández López", "age": 34},
    {"given_names": "Wilmer", "age": 36, "sex": "M"},
    {"given_names": "Ale", "age": 11},
    {"given_names": "Luz", "age": 0},
]


def a_card(palillo, cast, *members, **fields):
    family = factories.make_family(
        palillo, *(members or MEMBERS), by=cast.volunteer, at=timezone.now(), **fields
    )
    return factories.make_card(family, at=timezone.now())


@pytest.fixture
def card(palillo, cast):
    return a_card(palillo, cast)


def begin(page, language="es", service="FOOD-LUN"):
    page.goto(f"/{language}/scan/start/")
    page.select_option("#id_service_type", service)
    page.locator("main form button").click()
    page.wait_for_selector("#code")
    page.wait_for_load_state()  # the script too: without a line, the form alone would lead to no page


def answered(page, kind):
    expect(page.locator(f"{ANSWER}[data-kind={kind}]")).to_have_count(1)


def reads(page, code):
    """As a card reader types: a key every few milliseconds, then Enter."""
    page.keyboard.type(code, delay=4)
    page.keyboard.press("Enter")


def picture(page, name, language):
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}-{language}.png"), full_page=True)


def test_a_reader_scans_card_after_card(open_browser, cast, palillo):
    """Also under a Spanish layout, where a hyphen comes out as an apostrophe, and with the focus elsewhere."""
    cards = [a_card(palillo, cast) for _each in range(4)]
    page = open_browser(cast.volunteer)
    begin(page)
    expect(page.locator("#code")).to_be_focused()
    codes = [each.code for each in cards]
    typed = [codes[0], codes[1].lower(), f"{codes[2][:4]}'{codes[2][4:]}", f"{codes[3][:4]}-{codes[3][4:]}"]
    for number, code in enumerate(typed, start=1):
        if number == 3:
            page.locator(".undo").focus()  # the reader's Enter must not press it
        reads(page, code)
        expect(page.locator("#portions")).to_have_text(str(4 * number))
    answered(page, "served")
    assert ServiceReceived.objects.given().count() == 16
    assert page.locator("#families").inner_text() == "4"
    page.reload()
    assert (page.locator("#families").inner_text(), page.locator("#portions").inner_text()) == ("4", "16")


def test_three_cards_without_waiting_for_the_answers(open_browser, cast, palillo):
    cards = [a_card(palillo, cast) for _each in range(3)]
    page = open_browser(cast.volunteer)
    begin(page)
    for each in cards:
        reads(page, each.code)
    expect(page.locator("#portions")).to_have_text("12")
    assert ServiceReceived.objects.count() == 12


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_state_on_the_phone(open_browser, cast, palillo, card, language):
    """Each answer: its word, no WCAG violation, nothing wider than the screen."""
    page = open_browser(cast.volunteer, phone=True, language=language)
    page.goto(f"/{language}/scan/start/")
    check(page, "start")
    picture(page, "start", language)
    begin(page, language)
    check(page, "ready")
    picture(page, "ready", language)
    for kind, code in states(palillo, cast, card):
        page.fill("#code", code)
        page.locator("#by-code button").click()
        answered(page, kind)
        check(page, kind)
        picture(page, kind, language)
    page.locator(".again summary, .note-it button").first.click()
    begin(page, language, "NFI-BLK")
    page.fill("#code", card.code)
    page.locator("#by-code button").click()
    answered(page, "asks")
    check(page, "asks")
    picture(page, "asks", language)


def states(palillo, cast, card):
    yield "served", card.code
    had = a_card(palillo, cast)
    for person in had.family.members.all():
        now = timezone.now()
        factories.make_service(person, at=now, desk="food 3", limit_key=f"{palillo.day_of(now)}#1")
    yield "already", had.code
    some = a_card(palillo, cast)
    factories.make_service(
        some.family.members.first(), at=now, desk="food 3", limit_key=f"{palillo.day_of(now)}#1"
    )
    yield "partly", some.code
    gone = a_card(palillo, cast, {"age": 30}, stay=False)
    factories.make_stay(gone.family.members.get(), at=now, out=now)
    yield "left", gone.code
    lost = a_card(palillo, cast)
    lost.revoked_at, lost.revoked_as, lost.revoked_by = timezone.now(), "lost", cast.volunteer
    lost.save()
    yield "revoked", lost.code
    yield "mistyped", card.code[:-1] + ("2" if card.code[-1] != "2" else "3")
    yield "unknown", factories.make_code()


def test_amber_waits_for_a_decision(open_browser, cast, card):
    page = open_browser(cast.volunteer, phone=True)
    begin(page)
    for _time in range(2):
        page.wait_for_timeout(3100)
        page.fill("#code", card.code)
        page.locator("#by-code button").click()
        page.wait_for_timeout(300)
    answered(page, "already")
    page.locator(".again summary").click()
    picture(page, "again", "es")
    check(page, "again")
    page.locator(".again .chip").first.click()
    page.locator(".again button").click()
    answered(page, "served")
    assert ServiceReceived.objects.exclude(override_reason="").count() == 4
    assert page.locator("#portions").inner_text() == "8"


def test_do_not_hand_out_is_one_tap(open_browser, cast, palillo, card):
    page = open_browser(cast.volunteer)
    begin(page)
    for person in card.family.members.all():
        now = timezone.now()
        factories.make_service(person, at=now, limit_key=f"{palillo.day_of(now)}#1")
    reads(page, card.code)
    answered(page, "already")
    page.locator("[data-dismiss]").click()
    expect(page.locator(ANSWER)).to_have_count(0)
    expect(page.locator("#code")).to_be_focused()
    assert ServiceReceived.objects.count() == 4


def test_fewer_more_ticks_and_undo(open_browser, cast, card):
    page = open_browser(cast.volunteer, phone=True)
    begin(page)
    page.fill("#code", card.code)
    page.locator("#by-code button").click()
    answered(page, "served")
    page.locator(".step button").first.click()
    expect(page.locator("#portions")).to_have_text("3")
    page.locator(".step button").last.click()
    expect(page.locator("#portions")).to_have_text("4")
    page.locator(".ticks summary").click()
    picture(page, "ticks", "es")
    check(page, "ticks")
    page.locator(".tick input").nth(1).uncheck()
    page.locator(".ticks button").click()
    expect(page.locator("#portions")).to_have_text("3")
    assert not ServiceReceived.objects.given().filter(person__given_names="Wilmer").exists()
    page.locator(".undo").click()
    answered(page, "undone")
    picture(page, "undone", "es")
    assert (page.locator("#families").inner_text(), page.locator("#portions").inner_text()) == ("0", "0")
    assert not ServiceReceived.objects.given().exists()


def test_the_undo_button_goes_after_eight_seconds(open_browser, cast, card):
    page = open_browser(cast.volunteer)
    begin(page)
    reads(page, card.code)
    answered(page, "served")
    expect(page.locator(".undo")).to_be_visible()
    page.wait_for_timeout(8200)
    expect(page.locator(".undo")).to_be_hidden()


def test_an_unknown_card_is_noted_or_registered(open_browser, cast, palillo):
    page = open_browser(cast.volunteer, phone=True)
    begin(page)
    page.fill("#code", factories.make_code())
    page.locator("#by-code button").click()
    answered(page, "unknown")
    page.fill(".note-it [name=people]", "3")
    page.locator(".note-it button").click()
    answered(page, "served")
    assert Tally.objects.get().people == 3
    page.fill("#code", factories.make_code())
    page.locator("#by-code button").click()
    answered(page, "unknown")
    page.locator("#result form[action$='/register/'] button").click()
    page.wait_for_url("**/families/register/")


def test_a_lost_answer_is_asked_for_again_and_counts_once(open_browser, cast, card):
    page = open_browser(cast.volunteer, complains=False)
    begin(page)
    cut = []

    def lose_the_answer(route):
        cut.append(1)
        if len(cut) > 1:
            return route.continue_()
        route.fetch()  # it arrives, and its answer does not
        return route.abort()

    page.route(re.compile(r"/scan/$"), lose_the_answer)
    reads(page, card.code)
    answered(page, "served")
    assert (len(cut), ServiceReceived.objects.count()) == (2, 4)


def test_no_answer_at_all_keeps_the_card(open_browser, cast, card):
    page = open_browser(cast.volunteer, complains=False)
    begin(page)
    page.context.set_offline(True)
    reads(page, card.code)
    expect(page.locator("[data-retry]")).to_be_visible(timeout=15_000)
    assert card.code in page.locator(ANSWER).inner_text()
    picture(page, "no-answer", "es")
    page.context.set_offline(False)
    page.locator("[data-retry]").click()
    answered(page, "served")
    assert ServiceReceived.objects.count() == 4


def test_without_javascript_forms_do_it_all(open_browser, cast, card):
    page = open_browser(cast.volunteer, javascript=False)
    begin(page)
    page.fill("#code", card.code)
    page.locator("#by-code button").click()
    answered(page, "served")
    page.locator(".step button").first.click()
    assert page.locator(".step b").inner_text() == "3"
    page.locator(".undo").click()
    answered(page, "undone")
    page.fill("#code", card.code)
    page.keyboard.press("Enter")
    answered(page, "served")
    assert ServiceReceived.objects.given().count() == 4


# --- the camera -------------------------------------------------------------------------------------------------


def film(path, codes):
    """Three seconds of each card, held a little askew, before a counter; as MJPEG."""
    with path.open("wb") as video:
        for number, code in enumerate(codes):
            png = BytesIO()
            segno.make(code, error="m", micro=False).save(png, "png", scale=9, border=4)
            drawn = Image.open(png).convert("RGB")
            frame = Image.new("RGB", (640, 480), (96, 104, 110))
            turned = drawn.rotate(8 * (number - 1), expand=True, fillcolor=(96, 104, 110))
            frame.paste(turned, ((640 - turned.width) // 2, (480 - turned.height) // 2))
            blank = Image.new("RGB", (640, 480), (96, 104, 110))
            for picture in [frame] * 60 + [blank] * 10:
                picture.save(video, "JPEG", quality=80)


@pytest.fixture
def filming(chromium, tmp_path, palillo, cast):
    """A second Chromium whose camera films three cards, over and over."""
    cards = [a_card(palillo, cast) for _each in range(3)]
    film(tmp_path / "cards.mjpeg", [each.code for each in cards])
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    flags.append(f"--use-file-for-fake-video-capture={tmp_path / 'cards.mjpeg'}")
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
    yield browser, cards
    browser.close()


def test_the_camera_reads_three_cards_and_each_is_recorded_once(filming, server, sign_in, cast):
    browser, cards = filming
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, base_url=server, locale="es"
    )
    cookie = sign_in(cast.volunteer).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": server}])
    page, complaints, hosts = context.new_page(), [], set()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    begin(page)
    page.locator("#camera").click()
    wait_for_services(12)
    picture(page, "camera", "es")
    check(page, "camera")
    # The film goes round: the same cards come again, and get the amber answer.
    answered(page, "already")
    assert ServiceReceived.objects.count() == 12
    assert {row.person.family_id for row in ServiceReceived.objects.all()} == {
        card.family_id for card in cards
    }
    assert complaints == []
    assert hosts == {server.split("/")[2]}
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#camera")).to_be_visible()
    assert page.evaluate("document.getElementById('video').srcObject.active") is False
    context.close()


def wait_for_services(number, seconds=40):
    for _attempt in range(seconds * 10):
        if ServiceReceived.objects.count() >= number:
            return
        time.sleep(0.1)
    pytest.fail(f"{ServiceReceived.objects.count()} services after {seconds} seconds")
