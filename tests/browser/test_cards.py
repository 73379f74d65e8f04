"""Cards in a real Chromium: printed and read back by the decoder of the scan page, and bound by a reader's keys."""

import http.server
import threading
from functools import partial
from pathlib import Path

import pypdfium2
import pytest
from django.conf import settings
from playwright.sync_api import expect

from intake.card_sheets import VARIANTS
from intake.cards import read_code
from intake.models import Card, Family
from tests import factories
from tests.browser.test_looks import check
from tests.browser.test_register import Keys, open_register

pytestmark = pytest.mark.browser
DECODER = Path(settings.BASE_DIR) / "shelters/static/shelters/vendor/zxing-wasm"
SIZES = {"letter": (215.9, 279.4), "a4": (210, 297), "wristband": (25.4, 279.4), "label": (62, 29)}
SQUARES = {"letter": 34, "a4": 34, "wristband": 22 * 21 / 25, "label": 28 * 21 / 25}  # without the quiet zone
DPI = 250
POINT = 25.4 / 72  # in millimetres
CARDS = 12


@pytest.fixture
def batch(palillo, cast):
    return factories.make_batch(palillo, by=cast.coordinator, cards=CARDS)


class Files(http.server.SimpleHTTPRequestHandler):
    """The decoder's two files and the pictures to read, from 127.0.0.1."""

    def log_message(self, *args):
        pass


@pytest.fixture
def read_codes(chromium, tmp_path):
    """`read_codes(image)`: (text, width in pixels) of every QR code in a picture, by the decoder that phones use."""
    for name in ("reader.js", "zxing_reader.wasm"):
        (tmp_path / name).symlink_to(DECODER / name)
    (tmp_path / "index.html").write_text("<!doctype html><script src=reader.js></script>")
    handler = partial(Files, directory=tmp_path)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
    script = """async most => {
      ZXingWASM.prepareZXingModule({overrides: {locateFile: () => "zxing_reader.wasm"}});
      const picture = await (await fetch("picture.png", {cache: "no-store"})).blob();
      const options = {formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: most};
      const found = await ZXingWASM.readBarcodes(picture, options);
      const width = ({topLeft, topRight}) => Math.hypot(topRight.x - topLeft.x, topRight.y - topLeft.y);
      return found.filter(each => each.isValid).map(each => [each.text, width(each.position)]);
    }"""

    def read(image, most=255):
        image.save(tmp_path / "picture.png")
        return page.evaluate(script, most)

    yield read
    context.close()
    server.shutdown()


def print_batch(page, batch, variant):
    page.goto(f"/es/admin/intake/cardbatch/{batch.pk}/print/?on={variant}&first=1&last={CARDS}")
    return pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True, print_background=True))


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.slug)
def test_every_printed_code_is_read_back(open_browser, cast, batch, read_codes, variant):
    page = open_browser(cast.coordinator)
    document = print_batch(page, batch, variant.slug)
    assert len(document) == -(-CARDS // variant.per_sheet)
    read = []
    for sheet in document:
        assert [side * POINT for side in sheet.get_size()] == pytest.approx(SIZES[variant.slug], abs=0.2)
        read += read_codes(sheet.render(scale=DPI / 72).to_pil())
    assert {text for text, _width in read} == {card.code for card in batch.cards.all()}
    copies = 2 if variant.slug == "wristband" else 1  # one at each end
    assert len(read) == CARDS * copies
    widths = [width / DPI * 25.4 for _text, width in read]
    assert widths == pytest.approx([SQUARES[variant.slug]] * len(read), abs=0.6)


def test_a_long_name_of_the_site_pushes_nothing_away(open_browser, cast, batch, palillo, read_codes):
    palillo.name = "Albergue Temporal del Centro Deportivo Jesús Martínez «Palillo», puerta 6 " * 2
    palillo.name = palillo.name[:120]
    palillo.save()
    page = open_browser(cast.coordinator)
    for variant in VARIANTS:
        document = print_batch(page, batch, variant.slug)
        assert len(document) == -(-CARDS // variant.per_sheet)
        read = read_codes(document[0].render(scale=DPI / 72).to_pil())
        assert len({text for text, _width in read}) == variant.per_sheet


def test_the_print_page_has_a_button_and_can_be_read_on_a_screen(open_browser, cast, batch):
    for phone in (True, False):
        page = open_browser(cast.coordinator, phone=phone)
        page.goto(f"/es/admin/intake/cardbatch/{batch.pk}/print/?on=letter&first=1&last={CARDS}")
        page.evaluate("() => { window.print = () => document.body.dataset.printed = 1; }")
        page.click("#print")
        assert page.locator("body[data-printed]").count() == 1
        check(page, "print")


# --- at the desk -------------------------------------------------------------------------------------------


def code_of(batch):
    return batch.cards.blank().first().code


def test_a_reader_binds_a_card_on_the_way_through_the_registration(open_browser, cast, batch):
    page, code = open_browser(cast.volunteer), code_of(batch)
    open_register(page)
    keys = Keys(page)
    keys.person("Neptalí", "Hernández López", "29", "1")
    keys.person("Ale", "Hernández López", "11", "1")
    keys.person("Carlos", "Mejía", "31", "2")
    keys.person("José", "Mejía Hernández", "8m", "2")
    keys.press("Enter")  # nobody else: the card is next
    expect(page.locator("#id_card")).to_be_focused()
    page.keyboard.type(code + "\n")  # the reader
    expect(page.locator("#id_origin")).to_be_focused()
    assert "✓" in page.locator(".card-echo").inner_text()
    keys.type("ola")
    keys.press("Enter", "1", "Enter", "1", "Enter")
    page.wait_for_url("**saved=*")
    assert Card.objects.get(pk=code).family == Family.objects.get()
    print(f"\nkeys beyond the names: {keys.others} and a scan, {keys.others + 9} with the code typed")
    assert keys.others <= 40
    assert page.locator("#id_card").input_value() == ""


def test_a_reader_does_not_send_a_form_that_is_not_done(open_browser, cast, batch):
    page, code = open_browser(cast.volunteer), code_of(batch)
    open_register(page)
    page.click("#id_card")
    page.keyboard.type(code + "\n")
    expect(page.locator("#id_origin")).to_be_focused()
    assert page.locator("#mistakes").count() == 0
    assert not Family.objects.exists()


def test_a_wrong_code_is_heard_at_once_and_the_next_scan_replaces_it(open_browser, cast, batch):
    page, code = open_browser(cast.volunteer), code_of(batch)
    open_register(page)
    page.fill("#id_m-0-given_names", "Ana")
    page.click("#id_card")
    page.keyboard.type("7F3KM9QQ\n")
    expect(page.locator("#id_card")).to_be_focused()
    assert "Ninguna tarjeta" in page.locator(".card-echo").inner_text()
    page.keyboard.type(code.lower() + "\n")
    expect(page.locator("#id_origin")).to_be_focused()
    page.check("#id_notice_answer_0")
    page.click("#save")
    page.wait_for_url("**saved=*")
    assert Card.objects.get(pk=code).family == Family.objects.get()


def test_a_card_scanned_into_the_field_of_a_name_is_a_card(open_browser, cast, batch):
    page, code = open_browser(cast.volunteer), code_of(batch)
    open_register(page)
    page.keyboard.type(code + "\n")
    assert page.locator("#id_card").input_value() == code
    assert page.locator("#id_m-0-given_names").input_value() == ""
    expect(page.locator("#id_m-0-given_names")).to_be_focused()
    assert page.locator("#total").inner_text() == "0"


def test_an_answer_about_the_card_is_said_once(open_browser, cast, batch, palillo):
    page, code = open_browser(cast.volunteer), code_of(batch)
    other = factories.make_family(palillo, by=cast.volunteer)
    Card.objects.filter(pk=code).update(family=other, bound_at=factories.NOW, bound_by=cast.volunteer)
    open_register(page)
    page.fill("#id_m-0-given_names", "Ana")
    page.fill("#id_card", code)
    page.check("#id_notice_answer_0")
    page.click("#save")
    page.wait_for_selector("#mistakes:focus")
    page.wait_for_load_state()  # the script wipes the answer away when another card is typed
    assert page.locator(".card-field .wrong:visible").all_inner_texts() == [
        "Esta tarjeta ya es de otra familia. Tome otra tarjeta."
    ]
    assert page.locator("#id_m-0-given_names").input_value() == "Ana"
    page.fill("#id_card", code_of(batch))
    expect(page.locator(".card-field .wrong:visible")).to_have_count(0)
    check(page, "register with a refused card")


def test_without_javascript_the_readers_enter_loses_nothing(open_browser, cast, batch):
    page, code = open_browser(cast.volunteer, javascript=False), code_of(batch)
    page.goto("/es/families/register/")
    page.fill("#id_m-0-given_names", "Ana")
    page.click("#id_card")
    page.keyboard.type(code + "\n")  # a browser presses the first button of the form: more rows
    page.wait_for_selector("#id_m-8-given_names")
    assert page.locator("#id_card").input_value() == code
    page.check("#id_notice_answer_0")
    page.click("#save")
    page.wait_for_url("**saved=*")
    assert Card.objects.get(pk=code).family == Family.objects.get()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_a_card_is_handed_out_and_replaced_by_a_reader(open_browser, cast, batch, palillo, javascript):
    family = factories.make_family(palillo, {"given_names": "Neptalí"}, by=cast.volunteer)
    page = open_browser(cast.volunteer, javascript=javascript)
    page.goto(f"/es/families/{family.pk}/")
    page.click("text=Entregar una tarjeta")
    first = code_of(batch)
    expect(page.locator("#id_card")).to_be_focused()  # a reader types wherever the focus is
    # The field shows the code before it is sent.
    with page.expect_navigation(url=f"**/families/{family.pk}/**"):
        page.keyboard.type(first + "\n")
    page.wait_for_selector(f"text={first[:4]}-{first[4:]}")
    page.click("text=Tarjeta perdida")
    page.check("#id_why_1")
    page.click("#id_card")
    second = code_of(batch)
    expect(page.locator("#id_card")).to_be_focused()
    with page.expect_navigation(url=f"**/families/{family.pk}/**"):
        page.keyboard.type(second + "\n")
    page.wait_for_selector(f"text={second[:4]}-{second[4:]}")
    assert Card.objects.get(pk=first).revoked_as == "damaged"
    assert set(family.cards.usable().values_list("code", flat=True)) == {second}


def test_the_browser_reads_codes_like_the_server(open_browser, cast, batch):
    page = open_browser(cast.volunteer)
    open_register(page)
    texts = ["", "7F3K-M9QX", "0OIL1111", "2222 2222", "22222223", "ñ", "😀😀😀😀", "2" * 9]
    for code in (factories.make_code(number) for number in range(0, 31**7, 10**9 + 7)):
        texts += [code, code.lower(), f" {code[:4]} - {code[4:]}", code[1:] + code[0]]
    assert page.evaluate("texts => texts.map(cards.read)", texts) == [read_code(text) for text in texts]


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
def test_the_pages_are_accessible_and_fit(open_browser, cast, batch, palillo, phone, language):
    family = factories.make_family(palillo, {"given_names": "Neptalí"}, by=cast.volunteer)
    factories.make_card(family)
    page = open_browser(cast.coordinator, phone=phone, language=language)
    family_pages = [f"families/{family.pk}/{name}" for name in ("", "card/", "card/replace/")]
    admin_pages = [f"admin/intake/cardbatch/{name}" for name in ("add/", f"{batch.pk}/change/")]
    for path in ("families/register/", *family_pages, *admin_pages):
        page.goto(f"/{language}/{path}")
        check(page, path)
