"""The situation page in a real Chromium: it renews itself and nothing moves; on a phone, on paper, without scripts."""

from datetime import timedelta

import pypdfium2
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from intake.models import Alert
from shelters.models import AccessEvent
from tests import factories
from tests.browser.test_looks import check

pytestmark = pytest.mark.browser
PRESENT = ".report-figure >> nth=0"
FAILED = "p[role=status]"
URL = "/es/admin/reports/situation/"


@pytest.fixture
def family(palillo, cast):
    family = factories.make_family(palillo, {}, {"age": 4}, {"age": 0}, by=cast.volunteer, at=timezone.now())
    factories.make_service(family.members.first(), at=timezone.now())
    Alert.objects.create(
        shelter=palillo, kind="unaccompanied", person=family.members.last(), raised_at=timezone.now()
    )
    return family


def arrives(palillo, cast):
    return factories.make_family(palillo, {}, {}, by=cast.volunteer, at=timezone.now())


def opened(open_browser, cast, **options):
    """With a clock that the test moves on."""
    page = open_browser(cast.coordinator, **options)
    page.clock.install()
    page.goto(URL)
    return page


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_it_is_accessible_and_fits(open_browser, cast, family, phone, language):
    page = open_browser(cast.coordinator, phone=phone, language=language)
    page.goto(f"/{language}/admin/reports/situation/")
    for details in page.locator("details").all():
        details.locator("summary").click()
    check(page, "situation")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    page.goto(f"/{language}/admin/")
    check(page, "the first page of the admin")


def test_a_refresh_renews_the_numbers_and_keeps_scroll_and_focus(open_browser, cast, palillo, family):
    page = opened(open_browser, cast, phone=True)
    expect(page.locator(PRESENT)).to_have_text("3")
    page.locator("details summary").last.click()
    link = page.locator("#decisions a").first
    link.focus()
    page.evaluate("scrollTo(0, 700)")
    before = page.evaluate("[scrollY, document.activeElement.getBoundingClientRect().top]")
    assert before[0] == 700
    arrives(palillo, cast)
    page.clock.run_for(59_000)
    expect(page.locator(PRESENT)).to_have_text("3")
    page.clock.run_for(2_000)
    expect(page.locator(PRESENT)).to_have_text("5")
    after = page.evaluate("[scrollY, document.activeElement.getBoundingClientRect().top]")
    assert after == before
    expect(link).to_be_focused()
    assert page.locator("details").last.get_attribute("open") is not None
    assert AccessEvent.objects.filter(action="report_opened").count() == 1


def test_the_focus_stays_on_a_line_whose_number_changes(open_browser, cast, palillo, family):
    page = opened(open_browser, cast)
    line = page.locator("#decisions li").first
    expect(line).to_contain_text("1")
    line.locator("a").focus()
    Alert.objects.update(settled_at=timezone.now(), settled_by=cast.coordinator)
    page.clock.run_for(61_000)
    expect(line.locator(".situation-number")).to_have_text("0")
    expect(line.locator("a")).to_be_focused()


def test_without_an_answer_it_says_so_until_there_is_one(open_browser, cast, palillo, family):
    page = opened(open_browser, cast, complains=False)
    expect(page.locator(FAILED)).to_be_empty()
    page.route("**/situation/", lambda route: route.abort())
    page.clock.run_for(61_000)
    expect(page.locator(FAILED)).to_contain_text("No se pudo actualizar a las")
    expect(page.locator(PRESENT)).to_have_text("3")
    page.unroute("**/situation/")
    page.clock.run_for(61_000)
    expect(page.locator(FAILED)).to_be_empty()


def test_when_the_session_has_ended_no_form_to_sign_in_is_drawn_into_it(open_browser, cast, palillo, family):
    page = opened(open_browser, cast, complains=False)
    page.context.clear_cookies()
    page.clock.run_for(61_000)
    expect(page.locator(FAILED)).to_contain_text("No se pudo actualizar a las")
    assert page.locator("input[type=password]").count() == 0


def test_the_tick_stops_it(open_browser, cast, palillo, family):
    page = opened(open_browser, cast)
    page.locator("#every input").uncheck()
    arrives(palillo, cast)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(300_000)
    assert asked == []
    page.locator("#every input").check()
    page.clock.run_for(2_000)
    expect(page.locator(PRESENT)).to_have_text("5")


def test_without_javascript_a_link_does_it(open_browser, cast, palillo, family):
    page = open_browser(cast.coordinator, javascript=False)
    page.goto(URL)
    assert not page.locator("#every").is_visible()
    arrives(palillo, cast)
    page.get_by_role("link", name="Actualizar ahora").click()
    expect(page.locator(PRESENT)).to_have_text("5")


@pytest.mark.parametrize("language", ["es", "en"])
def test_it_prints_on_one_sheet(open_browser, cast, palillo, family, language):
    early = timezone.now() - timedelta(days=1)
    factories.make_family(palillo, *[{}] * 5, by=cast.volunteer, at=early)
    page = open_browser(cast.coordinator, language=language)
    page.goto(f"/{language}/admin/reports/situation/?period=yesterday")
    assert len(pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True, format="A4"))) == 1
