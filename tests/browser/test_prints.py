"""Reports on paper and in the dark theme, in a real Chromium: one sheet, nothing cut off, black on white."""

import io

import pypdfium2
import pytest

from intake.models import Person
from tests import factories
from tests.browser.test_looks import check

pytestmark = pytest.mark.browser
CENSUS = "census/?as_of=2018-11-06T20:00"
AGES = "age_sex/?as_of=2018-11-06T20:00"
PERIOD = "?since=2018-11-05&until=2018-11-06"
# More countries than the caravan of 2018 came from.
COUNTRIES = "HN GT NI SV MX CU HT BZ EC VE CO DO PE XU".split()
RETENTION = "../intake/datarequest/retention/"


@pytest.fixture
def people(palillo, cast):
    zone = factories.make_zone(palillo)
    for number in range(28):
        country = COUNTRIES[number % len(COUNTRIES)]
        members = [{"age": number, "origin_country": country}, {"sex": "M", "age": 2 * number}]
        family = factories.make_family(palillo, *members, by=cast.volunteer)
        head = family.members.first()
        for code in ("FOOD-LUN", "NFI-BLK", "HYG-SHW"):
            factories.make_service(head, code, by=cast.volunteer)
        factories.make_intention(head)
        factories.make_need(head, "DS")
    for stay in Person.objects.first().stays.all():
        stay.zone = zone
        stay.save()


def printed(page, path, *, language="es", theme="light") -> pypdfium2.PdfDocument:
    """With backgrounds, as somebody may tick in the browser."""
    page.goto(f"/{language}/admin/reports/{path}")
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    paper = page.pdf(prefer_css_page_size=True, format="A4", print_background=True)
    return pypdfium2.PdfDocument(io.BytesIO(paper))


def words_of(paper) -> str:
    return " ".join(sheet.get_textpage().get_text_range() for sheet in paper)


@pytest.mark.parametrize("language,moment", [("es", "6 nov 2018, 20:00"), ("en", "6 Nov 2018, 20:00")])
def test_the_census_prints_on_one_sheet(open_browser, cast, people, language, moment):
    paper = printed(open_browser(cast.coordinator, language=language), CENSUS, language=language)
    assert len(paper) == 1
    words = words_of(paper)
    assert moment in words
    assert "Honduras" in words
    assert "LGBTTTI" in words.rpartition("Honduras")[2]  # what the last cell means


def test_the_charts_of_ages_print_as_drawings(open_browser, cast, people):
    """As paths and words, crisp at any size: a picture of them would be neither."""
    paper = printed(open_browser(cast.coordinator), AGES)
    assert len(paper) == 1
    kinds = {each.type for each in paper[0].get_objects()}
    assert pypdfium2.raw.FPDF_PAGEOBJ_PATH in kinds
    assert pypdfium2.raw.FPDF_PAGEOBJ_IMAGE not in kinds
    assert "Mujeres" in words_of(paper)


@pytest.mark.parametrize("path", [CENSUS, AGES, f"partners/{PERIOD}", f"situation/{PERIOD}", RETENTION])
def test_paper_is_white_and_words_are_black_whatever_the_theme(open_browser, cast, people, path):
    page = open_browser(cast.coordinator)
    light, dark = (
        printed(page, path, theme=theme)[0].render(scale=1).to_pil() for theme in ("light", "dark")
    )
    assert dark.convert("L").getpixel((2, 2)) == 255
    assert share_of_dark(dark) == pytest.approx(share_of_dark(light), rel=0.1)


def share_of_dark(picture) -> float:
    tones = picture.convert("L").histogram()
    return sum(tones[:100]) / sum(tones)


@pytest.mark.parametrize("path", [f"partners/{PERIOD}", f"next_steps/{PERIOD}", f"pace/{PERIOD}"])
def test_a_wide_table_stays_within_its_panel(open_browser, cast, people, path):
    page = open_browser(cast.coordinator)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 without its margins
    page.goto(f"/es/admin/reports/{path}")
    over = """() => [...document.querySelectorAll('.report-panel table')].map(table =>
        table.getBoundingClientRect().right - table.closest('.report-panel').getBoundingClientRect().right)"""
    assert max(page.evaluate(over)) <= 0


DARK = ["situation", "gaps", "needs", "next_steps", "pace", "partners", "records", "census", "age_sex"]


def test_the_dark_theme_can_be_read(open_browser, cast, people):
    """Contrast is among what is checked."""
    page = open_browser(cast.coordinator)
    page.emulate_media(color_scheme="dark")
    for path in (
        *(f"{name}/{PERIOD}&as_of=2018-11-06T20:00" for name in DARK),
        "cuts/",
        f"records.xlsx{PERIOD}",
    ):
        page.goto(f"/es/admin/reports/{path}")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 18, 18)"
        check(page, path)
