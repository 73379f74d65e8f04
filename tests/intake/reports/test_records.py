"""The records behind a number: first that they are those counted, then who may not, then bad input."""

import re
from datetime import timedelta
from html import unescape

import html5lib
import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from intake.models import Person, ServiceReceived, Tally, Ticket
from intake.reports.base import REPORTS
from shelters import roles
from shelters.models import AccessEvent
from tests.factories import (
    NOW,
    make_family,
    make_need,
    make_person,
    make_service,
    make_stay,
    make_ticket,
    make_user,
    make_zone,
)
from tests.intake.pages import export
from tests.intake.reports.conftest import FIRST, LAST
from tests.test_pages import Words

AS_OF = "2018-11-06T15:00"  # six hours after NOW on the shelter's clock


def address(slug="census", name="records", **asked):
    with translation.override("es"):
        return reverse(f"reports:{name}", args=[slug], query=asked)


def census(cell, **asked):
    return address(cell=cell, **{"shelter": "palillo", "as_of": AS_OF, **asked})


def links(answer):
    """(address, number) of every number of the page that opens."""
    found = re.findall(r'<a class="report-opens" href="([^"]+)">([^<]+)</a>', answer.text)
    return [(unescape(href), int(re.search(r"[\d,]+", words)[0].replace(",", ""))) for href, words in found]


def keys(answer):
    return {href.partition("&cell=")[2] for href, _number in links(answer)}


def people(answer):
    """The keys of the people, families or whatever is listed."""
    return re.findall(r'<th scope="row"><a href="/es/admin/intake/\w+/([\w-]+)/change/">', answer.text)


@pytest.fixture
def family(palillo, cast):
    members = [{"given_names": "Neptalí", "age": 34}, {"age": 11}, {"age": None, "origin_country": "XU"}]
    family = make_family(palillo, *members, by=cast.volunteer, at=NOW)
    zone = make_zone(palillo, "A", name="Zona Norte")
    stay = family.members.first().stays.get()
    stay.zone = zone
    stay.save()
    return family


# --- the records are those that were counted ---------------------------------------------------------------


@pytest.mark.parametrize("slug", [slug for slug, report in REPORTS.items() if report.numbers_open])
def test_every_number_that_opens_lists_as_many_records(slug, crowd, place, reader, sign_in, at):
    make_need(Person.objects.filter(birth_date__isnull=False).first(), "X-PR", at=at(4, 12))
    make_ticket(place, "health", at=at(5, 9))
    client = sign_in(reader)
    asked = {"shelter": place.code, "as_of": at(6, 23, 59).isoformat(), "since": FIRST, "until": LAST}
    page = client.get(address(slug, "page", **asked))
    found = dict(links(page))
    assert len(found) == len({href.partition("&cell=")[2] for href in found})
    assert found
    for href, number in found.items():
        answer = client.get(href)
        assert (answer.status_code, answer.context["number"]) == (200, number), href
        records = answer.context["page"].paginator.object_list
        listed = [record.pk for record in records]
        assert len(set(listed)) == len(listed)
        assert len(listed) == len(people(answer)) or records.model is Ticket  # which has no page of its own
        assert (
            sum(each.people for each in records) == number
            if records.model is Tally
            else len(listed) == number
        )


def test_the_people_behind_a_cell_of_the_census(coordinator, family):
    answer = coordinator.get(census("minors"))
    [child] = family.members.filter(birth_date__isnull=False).exclude(relationship="HEAD")
    assert people(answer) == [str(child.pk)]
    head = coordinator.get(census("adults"))
    for words in ("Neptalí López", "34 años", "Mujer", "Honduras", "Zona Norte", "Personas adultas"):
        assert words in head.text
    assert reverse("admin:intake_family_change", args=[family.pk]).partition("/admin/")[2] in head.text


def test_the_age_is_that_of_the_day_that_was_counted(coordinator, palillo, cast):
    make_family(palillo, {"birth_date": "2012-11-07", "birth_precision": "day"}, by=cast.volunteer)
    assert "5 años" in coordinator.get(census("age_0_5")).text


def test_the_families_the_services_and_the_tallies(coordinator, family, cast, palillo):
    make_service(family.members.first(), "FOOD-LUN", quantity=3, by=cast.volunteer)
    tally = {"shelter": palillo, "service_type_id": "FOOD-LUN", "counted_at": NOW, "counted_on": "2018-11-06"}
    Tally.objects.create(**tally, slot="lunch", people=42, recorded_by=cast.volunteer)
    Tally.objects.create(**tally, slot="lunch", people=8, recorded_by=cast.volunteer)
    asked = {"shelter": "palillo", "since": "2018-11-06", "until": "2018-11-06"}

    def behind(cell):
        return coordinator.get(address("services", cell=f"FOOD.FOOD-LUN.{cell}", **asked))

    assert people(behind("families")) == [str(family.pk)]
    assert people(behind("people")) == [str(family.members.first().pk)]
    assert people(behind("events")) == [str(ServiceReceived.objects.get().pk)]
    assert "13:00" in behind("events").text  # on the shelter's clock
    assert behind("tally").context["number"] == 50
    assert len(people(behind("tally"))) == 2


def test_the_numbers_of_a_line_without_a_name(coordinator, family, cast, palillo):
    make_ticket(palillo, "health", at=NOW, family=family, people=3, state="done", called_at=NOW)
    make_ticket(palillo, "health", at=NOW)
    asked = {"shelter": "palillo", "since": "2018-11-06", "until": "2018-11-06"}
    answer = coordinator.get(address("pace", cell="line.health.taken", **asked))
    assert (answer.context["number"], len(answer.context["table"].rows)) == (2, 2)
    assert {str(ticket) for ticket in Ticket.objects.all()} == {
        row[0] for row in answer.context["table"].rows
    }
    assert "Neptalí" not in answer.text
    served = coordinator.get(address("pace", cell="2018-11-06.09.health.served", **asked))
    assert (served.context["number"], len(served.context["table"].rows)) == (1, 1)


def test_a_page_holds_a_hundred_and_the_order_is_lasting(coordinator, palillo, cast):
    family = make_family(palillo, {}, by=cast.volunteer)
    for position in range(1, 205):
        make_stay(make_person(family, position=position))
    pages = [people(coordinator.get(census("total", page=page))) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [100, 100, 5]
    assert len({key for page in pages for key in page}) == 205
    assert "101 a 200 de 205" in coordinator.get(census("total", page=2)).text
    for page in ("0", "99", "-1", "x", "9" * 400, "\0", "²"):
        assert coordinator.get(census("total", page=page)).status_code == 200


def test_the_page_is_strict_html_and_all_in_the_readers_language(coordinator, family):
    texts = []
    for language in ("es", "en"):
        answer = coordinator.get(census("adults").replace("/es/", f"/{language}/"))
        html5lib.HTMLParser(strict=True).parse(answer.text)
        texts.append(Words(answer.text.partition('<div class="report">')[2]).texts)
    assert {
        text for text in texts[0] & texts[1] if not re.search("Honduras|Zona|Mexico|Puente", text)
    } == set()


def test_opening_is_on_the_trail_with_the_cell_and_the_number(coordinator, cast, palillo, family):
    coordinator.get(census("adults"))
    event = AccessEvent.objects.get(action="records_opened")
    assert (event.user, event.shelter) == (cast.coordinator, palillo)
    as_of = "2018-11-06T15:00:00-06:00"
    assert event.detail == {"report": "census", "as_of": as_of, "cell": "adults", "number": 1, "page": 1}


def test_none_is_no_link_and_files_hold_plain_numbers(coordinator, family):
    page = coordinator.get(address(name="page", as_of=AS_OF))
    assert {"total", "adults", "minors", "families", "sex.F", "origin.HN", "origin.XU"} <= keys(page)
    assert not {"pregnant", "sex.M"} & keys(page)
    assert coordinator.get(census("pregnant")).context["number"] == 0
    file = export(coordinator, address(name="csv", as_of=AS_OF)).getvalue().decode()
    assert "\r\nadults,Personas adultas,1,3,34" in file


def test_its_queries_do_not_grow(coordinator, palillo):
    desk, counted = make_user(shelters=[palillo]), []
    for families in (1, 29):
        for _family in range(families):
            family = make_family(palillo, {"origin_region_id": "HN-AT"}, {"age": 14}, by=desk)
            make_service(family.members.first())
        for cell in (census("total"), census("families")):
            with CaptureQueriesContext(connection) as queries:
                coordinator.get(cell)
            counted.append(len(queries))
    assert counted[:2] == counted[2:]


# --- who may not -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["volunteer", "legal", "health", "administrator", "stranger"])
def test_to_others_there_are_no_records(role, cast, sign_in, family):
    assert sign_in(getattr(cast, role)).get(census("adults")).status_code == 404
    assert not AccessEvent.objects.filter(action="records_opened").exists()


def test_nobody_signed_out(palillo):
    assert Client().get(census("adults")).status_code == 302


def test_who_may_read_reports_and_nobodys_file_sees_plain_numbers(cast, coordinator, family):
    group = cast.coordinator.groups.get()
    group.permissions.remove(Permission.objects.get(codename="view_person"))
    assert links(coordinator.get(address(name="page", as_of=AS_OF))) == []
    assert coordinator.get(census("adults")).status_code == 404


def test_who_sees_every_shelter_opens_only_their_own(cast, coordinator, annex):
    roles.grant(cast.coordinator, roles.BY_CODE["administrator"])
    make_family(annex, {})
    assert links(coordinator.get(address(name="page", shelter="anexo"))) == []
    assert coordinator.get(census("adults", shelter="anexo")).status_code == 404


def test_another_shelters_person_who_sleeps_here_is_counted_and_not_listed(
    coordinator, palillo, annex, family
):
    guest = make_family(annex, {"given_names": "Ajena"}, stay=False).members.get()
    make_stay(guest, shelter=palillo)
    answer = coordinator.get(census("adults"))
    assert answer.context["number"] == 2
    assert people(answer) == [str(family.members.first().pk)]
    assert "Ajena" not in answer.text
    assert "1 más es de una familia de otro albergue." in answer.text


def test_a_need_the_reader_may_not_see_is_a_plain_number(coordinator, cast, family):
    person = family.members.first()
    make_need(person, "X-LG")
    make_need(person, "X-PR")
    page = coordinator.get(address(name="page", as_of=AS_OF))
    assert "pregnant" in keys(page)
    assert "adults_lgbtttiq" not in keys(page)
    assert coordinator.get(census("adults_lgbtttiq")).status_code == 404
    roles.grant(cast.coordinator, roles.BY_CODE["health"])
    assert people(coordinator.get(census("adults_lgbtttiq"))) == [str(person.pk)]


def test_a_reserved_service_opens_nothing_nor_does_what_contains_it(coordinator, cast, family):
    person = family.members.first()
    make_service(person, "FOOD-LUN")
    make_service(person, "FOOD-LUN", at=NOW - timedelta(days=1))
    make_service(person, "LEG-ASY")
    asked = {"shelter": "palillo", "since": "2018-11-05", "until": "2018-11-06"}
    found = keys(coordinator.get(address("services", "page", **asked)))
    assert {"FOOD.FOOD-LUN.people", "2018-11-05.people"} <= found
    assert not {key for key in found if "LEG" in key or key.startswith(("2018-11-06.p", "people", "events"))}
    for cell in ("people", "2018-11-06.events", "LEG..events", "LEG.LEG-ASY.events"):
        assert coordinator.get(address("services", cell=cell, **asked)).status_code == 404
    roles.grant(cast.coordinator, roles.BY_CODE["legal"])
    assert "LEG.LEG-ASY.events" in keys(coordinator.get(address("services", "page", **asked)))


def test_counts_without_names_only_for_whoever_may_see_them(sign_in, cast, family, palillo):
    tally = {"shelter": palillo, "service_type_id": "FOOD-LUN", "counted_at": NOW, "counted_on": "2018-11-06"}
    Tally.objects.create(**tally, slot="lunch", people=42, recorded_by=cast.volunteer)
    asked = {"shelter": "palillo", "since": "2018-11-06", "until": "2018-11-06"}
    officer = sign_in(cast.data_officer)
    assert links(officer.get(address("services", "page", **asked))) == []
    assert officer.get(address("services", cell="FOOD.FOOD-LUN.tally", **asked)).status_code == 404


def test_the_numbers_of_a_line_only_for_whoever_may_see_them(sign_in, cast, family, palillo):
    make_ticket(palillo, "health", at=NOW)
    asked = {"shelter": "palillo", "since": "2018-11-06", "until": "2018-11-06"}
    officer = sign_in(cast.data_officer)
    assert not any("health" in key for key in keys(officer.get(address("pace", "page", **asked))))
    assert officer.get(address("pace", cell="line.health.taken", **asked)).status_code == 404


def test_without_an_account_nothing_opens_and_nothing_breaks(palillo):
    asked = {"shelter": palillo, "reader": None, "codes": False, "as_of": NOW, "since": FIRST, "until": LAST}
    for report in REPORTS.values():
        assert [len(table.rows) for table in report.tables(asked)]


# --- bad input ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["", "x", "adults.x", "origin.ZZ", "sex.Q", "\0", "x" * 5000, "__class__", "families__pk", "<b>"]
)
@pytest.mark.parametrize("slug", REPORTS)
def test_a_cell_that_nobody_counted_is_not_there(slug, cell, coordinator, family):
    asked = {"shelter": "palillo", "as_of": AS_OF, "since": "2018-11-06"}
    assert coordinator.get(address(slug, cell=cell, **asked)).status_code == 404


def test_a_choice_that_cannot_be_is_not_there(coordinator, cast, annex, family):
    assert coordinator.get(census("adults", as_of="garbage")).status_code == 404
    assert coordinator.get(census("adults", shelter="anexo")).status_code == 404
    assert coordinator.get(address("no_such", cell="adults")).status_code == 404
    cast.coordinator.shelters.add(annex)
    assert coordinator.get(address(cell="adults")).status_code == 404


def test_records_are_only_read(coordinator, palillo):
    assert coordinator.post(census("adults")).status_code == 405
