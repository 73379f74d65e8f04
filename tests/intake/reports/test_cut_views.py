"""The pages of frozen censuses: the happy path, then who may not, then bad input."""

import re
from datetime import timedelta

import html5lib
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from intake import actions
from intake.models import Cut
from shelters.models import AccessEvent
from tests.factories import NOW, PASSWORD, make_family, make_need, make_user
from tests.intake.pages import NOBODY, export
from tests.test_pages import Words

AS_OF = NOW + timedelta(hours=6)
OTHERS = ["volunteer", "legal", "health", "administrator", "stranger"]


def address(name, *args, language="es", **query):
    with translation.override(language):
        return reverse(f"reports:{name}", args=args, query=query or None)


@pytest.fixture
def family(palillo, cast):
    members = [{"age": 34, "given_names": "Neptalí"}, {"age": 11}, {"age": None, "origin_country": "XU"}]
    return make_family(palillo, *members, by=cast.volunteer)


@pytest.fixture
def cut(family, palillo, cast):
    return actions.freeze(palillo, AS_OF, note="boletín", by=cast.coordinator)


def frozen_by(client, **sent):
    sent = {"shelter": "palillo", "as_of": AS_OF.isoformat(), **sent}
    return client.post(
        address("cut-freeze"), {name: value for name, value in sent.items() if value is not None}
    )


def text_of(response):
    tree = html5lib.HTMLParser(strict=True).parse(response.text)
    return " ".join("".join(tree.itertext()).replace("\xa0", " ").split())


def test_the_button_of_the_census_freezes_what_the_page_shows(coordinator, family, cast):
    page = coordinator.get(address("page", "census", shelter="palillo", as_of="2018-11-06T15:00"))
    assert page.context["census"].total == 3
    [moment] = re.findall(r'name="as_of" value="([^"]+\+00:00|[^"]+-06:00)"', page.text)
    for _twice in range(2):
        answer = frozen_by(coordinator, as_of=moment, note="boletín")
        cut = Cut.objects.get()
        assert answer.status_code == 302
        assert answer.url == address("cut", cut.pk)
    assert (cut.as_of, cut.numbers["total"], cut.note) == (AS_OF, 3, "boletín")
    assert cut.frozen_by == cast.coordinator


def test_the_census_of_now_is_frozen_by_the_moment_it_was_counted(coordinator, family):
    page = coordinator.get(address("page", "census", shelter="palillo"))
    [moment] = re.findall(r'name="as_of" value="([^"]+)"', page.text)
    frozen_by(coordinator, as_of=moment)
    assert Cut.objects.get().as_of == page.context["as_of"]


def test_the_page_of_a_cut(coordinator, cut, palillo, cast):
    make_family(palillo, {"age": 20}, by=cast.volunteer)
    page = coordinator.get(address("cut", cut.pk))
    text = text_of(page)
    for expected in ("15:00", "3 personas: 1 adulto, 1 menor", "3 people: 1 adult, 1 minor", "boletín"):
        assert expected in text
    assert "1 persona registrada después" in text
    assert "Personas presentes +1" in text


def test_the_records_behind_a_reason_are_linked_without_names(coordinator, cut, palillo, cast):
    late = make_family(palillo, {"age": 20, "given_names": "Secundina"}, by=cast.volunteer).members.get()
    page = coordinator.get(address("cut", cut.pk))
    link = f"/es/admin/intake/person/{late.pk}/change/"
    assert link in page.text
    assert coordinator.get(link).status_code == 200
    assert "Secundina" not in page.text


@pytest.mark.parametrize("also_ruled_out", [False, True])
def test_whose_reserved_need_was_corrected_is_not_told(coordinator, cut, family, also_ruled_out):
    """Neither by a link nor by what the line does to that cell, also where one more and one fewer cancel out."""
    adult = family.members.get(given_names="Neptalí")
    make_need(adult, "X-LG")
    if also_ruled_out:
        make_need(adult, "DS")
    page = coordinator.get(address("cut", cut.pk))
    assert str(adult.pk) not in page.text
    assert "LGBTTTI +1" not in text_of(page)


def test_the_list_tells_the_difference_to_the_standing_cut_before(coordinator, cut, palillo, cast):
    make_family(palillo, {"age": 20}, by=cast.volunteer, at=AS_OF + timedelta(hours=1))
    later = actions.freeze(palillo, AS_OF + timedelta(hours=2), by=None)
    actions.withdraw(cut, "otra carpa", by=cast.coordinator)
    last = actions.freeze(palillo, AS_OF + timedelta(hours=3), by=None)
    page = coordinator.get(address("cuts"))
    assert page.context["rows"] == [(last, 0), (later, None), (cut, None)]
    assert "otra carpa" in text_of(page)
    assert "comando nocturno" in text_of(page)


def test_an_empty_list_says_what_to_do(coordinator, palillo):
    assert "Congelar este censo" in text_of(coordinator.get(address("cuts")))


def test_whoever_has_several_shelters_chooses(coordinator, cut, cast, annex):
    cast.coordinator.shelters.add(annex)
    assert "rows" not in coordinator.get(address("cuts")).context
    assert coordinator.get(address("cuts", shelter="palillo")).context["rows"] == [(cut, None)]
    assert coordinator.get(address("cuts", shelter="anexo")).context["rows"] == []


def test_the_file_is_that_of_the_census_at_the_moment_of_freezing(coordinator, cut, palillo, cast):
    asked = address("csv", "census", shelter="palillo", as_of="2018-11-06T15:00")
    census = export(coordinator, asked).getvalue()
    make_family(palillo, {"age": 20}, by=cast.volunteer)
    answer = coordinator.get(address("cut-csv", cut.pk))
    assert answer.getvalue() == census
    assert 'filename="puente_cut_palillo_2018-11-06T1500.csv"' in answer["Content-Disposition"]
    event = AccessEvent.objects.get(action="exported", detail__report="cut")
    assert (event.user, event.subject_id) == (cast.coordinator, str(cut.pk))


def test_who_takes_it_proves_who_is_there(cast, sign_in, cut):
    client, file = sign_in(cast.coordinator, proven=False), address("cut-csv", cut.pk)
    assert 'name="proof"' in client.get(file).text
    for proof in ({}, {"proof": "otra cosa"}):
        assert client.post(file, proof).status_code == 422
    assert not AccessEvent.objects.filter(action="exported").exists()
    answer = client.post(file, {"proof": PASSWORD})
    assert answer["Content-Type"].startswith("text/csv")
    assert client.get(file)["Content-Type"].startswith("text/csv")  # good for five minutes
    assert AccessEvent.objects.filter(action="exported").count() == 2


def test_withdrawing_keeps_the_numbers_and_the_reason(coordinator, cut, cast):
    answer = coordinator.post(address("cut-withdraw", cut.pk), {"reason": "otra carpa"}, follow=True)
    text = text_of(answer)
    assert "otra carpa" in text
    assert "3 personas: 1 adulto" in text
    assert "Retirar este corte" not in text
    cut.refresh_from_db()
    assert (cut.withdrawn_by, cut.withdrawn_reason) == (cast.coordinator, "otra carpa")


def test_opening_is_on_the_trail(coordinator, cut, cast, palillo):
    coordinator.get(address("cut", cut.pk))
    coordinator.get(address("cuts"))
    found = AccessEvent.objects.filter(action="report_opened", user=cast.coordinator, shelter=palillo)
    assert {event.detail["report"] for event in found} == {"cut", "cuts"}


def test_all_in_the_readers_language_but_the_other_sentence(coordinator, cut, palillo, cast):
    make_family(palillo, {"age": 20, "sex": "M"}, by=cast.volunteer)
    for path in (("cut", cut.pk), ("cuts",)):
        texts = []
        for language in ("es", "en"):
            page = coordinator.get(address(*path, language=language)).text
            html5lib.HTMLParser(strict=True).parse(page)
            page = re.sub(r"<(textarea|label)[^>]*lang=.*?</\1>", "", page, flags=re.DOTALL)
            texts.append(
                Words(
                    page.partition(
                        '<div class="report report-frozen">' if path[0] == "cut" else '<div class="report">'
                    )[2]
                ).texts
            )
        data = set("Honduras America Mexico_City Estadio Palillo LGBTTTI".split())
        same = {text for text in texts[0] & texts[1] if set(re.findall(r"[^\W\d_]\w{3,}", text)) - data}
        assert same == set()


def test_the_queries_of_the_list_do_not_grow(coordinator, cut, palillo):
    counted = []
    for number in range(3):
        with CaptureQueriesContext(connection) as queries:
            coordinator.get(address("cuts"))
        counted.append(len(queries))
        for hour in range(5):
            actions.freeze(palillo, AS_OF + timedelta(days=number, hours=hour + 1), by=None)
    assert len(set(counted)) == 1


# --- who may not --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", OTHERS)
def test_to_others_nothing_is_there(role, cast, sign_in, cut):
    client = sign_in(getattr(cast, role))
    for path in (("cuts",), ("cut", cut.pk), ("cut-csv", cut.pk)):
        assert client.get(address(*path)).status_code == 404
    assert frozen_by(client, as_of=(AS_OF + timedelta(hours=1)).isoformat()).status_code == 404
    assert client.post(address("cut-withdraw", cut.pk), {"reason": "x"}).status_code == 404
    cut.refresh_from_db()
    assert cut.withdrawn_at is None
    assert Cut.objects.count() == 1


def test_another_shelters_cut_is_not_there(sign_in, cut, annex):
    client = sign_in(make_user("coordinator", shelters=[annex]))
    for path in (("cut", cut.pk), ("cut-csv", cut.pk)):
        assert client.get(address(*path)).status_code == 404
    assert client.get(address("cuts", shelter="palillo")).status_code == 404
    assert frozen_by(client).status_code == 404
    assert client.post(address("cut-withdraw", cut.pk), {"reason": "x"}).status_code == 404


def test_the_admin_has_no_page_that_changes_or_deletes_one(coordinator, sign_in, cast, cut):
    for client in (coordinator, sign_in(cast.administrator)):
        for page in ("", "add/", f"{cut.pk}/change/", f"{cut.pk}/delete/", f"{cut.pk}/history/"):
            assert client.get(f"/es/admin/intake/cut/{page}").status_code == 404
            assert client.post(f"/es/admin/intake/cut/{page}", {"numbers": "{}"}).status_code == 404


def test_looking_does_not_freeze(coordinator, cut):
    assert coordinator.get(address("cut-freeze")).status_code == 405
    assert coordinator.get(address("cut-withdraw", cut.pk)).status_code == 405
    assert coordinator.post(address("cut", cut.pk)).status_code == 405


# --- bad input ----------------------------------------------------------------------------------------------


def test_a_moment_that_has_not_come_has_no_button_and_is_refused(coordinator, family):
    page = coordinator.get(address("page", "census", shelter="palillo", as_of="2099-01-01T00:00"))
    assert address("cut-freeze") not in page.text
    answer = frozen_by(coordinator, as_of=(timezone.now() + timedelta(hours=1)).isoformat())
    assert answer.status_code == 422
    assert "Ese momento todavía no llega." in answer.text
    assert not Cut.objects.exists()


@pytest.mark.parametrize("sent", [{"as_of": "garbage"}, {"note": "x" * 201}, {"note": "x\0"}])
def test_what_cannot_be_read_is_refused_with_a_sentence(coordinator, family, sent):
    assert frozen_by(coordinator, **sent).status_code == 422
    assert not Cut.objects.exists()


@pytest.mark.parametrize("code", ["no-such", "palillo\0"])
def test_a_shelter_that_is_not_there(coordinator, family, code):
    assert frozen_by(coordinator, shelter=code).status_code == 404


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, None])
def test_a_withdrawal_needs_a_reason(coordinator, cut, reason):
    answer = coordinator.post(
        address("cut-withdraw", cut.pk), {"reason": reason} if reason is not None else {}
    )
    assert answer.status_code == 422
    assert " open>" in answer.text
    cut.refresh_from_db()
    assert cut.withdrawn_at is None


def test_a_cut_that_is_not_there(coordinator, palillo):
    for name in ("cut", "cut-csv"):
        assert coordinator.get(address(name, NOBODY)).status_code == 404
