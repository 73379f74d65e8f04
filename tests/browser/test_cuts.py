"""A census frozen in a real Chromium: pressed, read on a phone, copied, printed, withdrawn; without scripts too."""

from datetime import timedelta

import pypdfium2
import pytest
from playwright.sync_api import expect

from intake import actions
from intake.models import Cut
from tests import factories
from tests.browser.test_looks import check
from tests.factories import NOW

pytestmark = pytest.mark.browser
CENSUS = "/es/admin/reports/census/?shelter=palillo&as_of=2018-11-06T15:00"
SENTENCE = "3 personas: 1 adulto, 1 menor (0 de 0 a 5 años), 1 de edad sin registrar"


@pytest.fixture
def family(palillo, cast):
    members = [{"age": 34}, {"age": 11, "origin_country": "GT"}, {"age": None, "sex": "U"}]
    return factories.make_family(palillo, *members, by=cast.volunteer)


@pytest.fixture
def cut(family, palillo, cast):
    """Frozen; since then two were written down late and one was corrected."""
    cut = actions.freeze(palillo, NOW + timedelta(hours=6), note="boletín", by=cast.coordinator)
    factories.make_family(palillo, {"age": 40, "origin_country": "SV"}, {"age": 2}, by=cast.volunteer)
    girl = family.members.get(origin_country="GT")
    girl.sex = "M"
    actions.change_person(girl, ["sex"], by=cast.volunteer)
    return cut


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_a_census_is_frozen_by_one_press(open_browser, cast, family, phone, javascript):
    page = open_browser(cast.coordinator, phone=phone, javascript=javascript)
    page.goto(CENSUS)
    page.get_by_label("Nota").fill("boletín de las 15:00")
    page.get_by_role("button", name="Congelar este censo").click()
    expect(page.get_by_label("Español")).to_have_value(f"{SENTENCE}, 0 embarazadas, 0 adolescentes no "
        "acompañados, 0 adultos con discapacidad, 0 LGBTTTI; 67 % Honduras, 33 % Guatemala")  # fmt: skip
    expect(page.get_by_label("English")).to_have_attribute("readonly", "")
    assert Cut.objects.get().note == "boletín de las 15:00"
    expect(page.get_by_role("button", name="Copiar")).to_have_count(2 if javascript else 0)


def test_the_sentence_is_copied(open_browser, cast, cut):
    page = open_browser(cast.coordinator)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/es/admin/reports/cuts/{cut.pk}/")
    page.get_by_role("button", name="Copiar").first.click()
    expect(page.get_by_role("status").first).to_have_text("Copiado")
    assert page.evaluate("navigator.clipboard.readText()").startswith(SENTENCE)


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_the_pages_are_accessible_and_fit(open_browser, cast, cut, palillo, phone, language):
    gone = actions.freeze(palillo, NOW + timedelta(hours=3), by=None)
    actions.withdraw(gone, "a tent was missing", by=cast.coordinator)
    page = open_browser(cast.coordinator, phone=phone, language=language)
    for path in ("", f"{cut.pk}/", f"{gone.pk}/"):
        page.goto(f"/{language}/admin/reports/cuts/{path}")
        for details in page.locator("main details, #content details").all():
            details.locator("summary").click()
        check(page, path)
    page.goto(f"/{language}/admin/reports/census/?shelter=palillo")
    check(page, "census")


def test_on_a_phone_the_whole_sentence_and_every_column_are_in_view(open_browser, cast, cut):
    page = open_browser(cast.coordinator, phone=True)
    page.goto(f"/es/admin/reports/cuts/{cut.pk}/")
    hidden = "e => [...e.querySelectorAll('textarea, .report-wide')].filter(x => x.scrollHeight > x.clientHeight + 2"
    hidden += " || x.scrollWidth > x.clientWidth).length"
    assert page.locator("#content").evaluate(hidden) == 0


@pytest.mark.parametrize("paper", ["Letter", "A4"])
def test_it_prints_on_one_page(open_browser, cast, cut, paper):
    page = open_browser(cast.coordinator)
    page.goto(f"/es/admin/reports/cuts/{cut.pk}/")
    printed = pypdfium2.PdfDocument(page.pdf(format=paper))
    assert len(printed) == 1
    text = printed[0].get_textpage().get_text_bounded()
    assert "3 personas: 1 adulto" in text
    assert "2 personas registradas después" in text
    assert "Copiar" not in text


def test_it_is_withdrawn_with_a_reason(open_browser, cast, cut):
    page = open_browser(cast.data_officer)
    page.goto(f"/es/admin/reports/cuts/{cut.pk}/")
    page.get_by_text("Retirar este corte").click()
    page.get_by_label("Por qué se retira").fill("faltaba una carpa")
    page.get_by_role("button", name="Retirar").click()
    expect(page.locator(".report-withdrawn")).to_contain_text("faltaba una carpa")
    expect(page.get_by_text("Retirar este corte")).to_have_count(0)
