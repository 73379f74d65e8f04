"""Promises that run across the screens, each of which was once broken by a second path."""

import uuid
from datetime import timedelta

import pytest
import time_machine

from intake import actions
from intake.models import Family, Person, PersonNeed, SpecificNeed
from intake.reports.census import census
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def that_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def family(palillo, cast):
    members = [
        {"given_names": "Neptalí", "age": 34},
        {"given_names": "Ale", "age": 15},
        {"given_names": "José", "age": 9},
    ]
    return factories.make_family(palillo, *members, by=cast.volunteer, at=NOW - timedelta(days=1))


@pytest.fixture
def refused(palillo, cast):
    return factories.make_family(
        palillo, {"given_names": "", "surnames": ""}, by=cast.volunteer, notice_answer="refused"
    )


def key():
    return str(uuid.uuid4())


# --- who refused the notice is only counted, at every door -----------------------------------------------------


def test_a_correction_of_who_refused_keeps_counts_only(volunteer, refused):
    person = refused.members.get()
    data = {
        "version": f"{person.pk}:1",
        "before-age": "30",
        "age": "14/3/1991",
        "sex": "F",
        "relationship": "HEAD",
        "origin": "olancho",
    }
    assert volunteer.post(f"/es/people/{person.pk}/", data).status_code == 302
    person.refresh_from_db()
    assert (person.birth_precision, person.origin_region, person.full_name) == ("age", None, "")


@pytest.mark.parametrize("page", ["need", "plan"])
def test_who_refused_has_no_needs_and_no_plans(volunteer, refused, page):
    person = refused.members.get()
    answer = volunteer.post(
        f"/es/people/{person.pk}/{page}/", {"need": "DS", "state": "reported", "plan": "ONWARD"}
    )
    assert answer.status_code == 302
    assert (person.needs.count(), person.intentions.count()) == (0, 0)


def test_a_newborn_of_who_refused_is_no_year_too_young(volunteer, refused):
    data = {"key": key(), "age": "6/11/2018", "sex": "M"}
    assert volunteer.post(f"/es/families/{refused.pk}/add/", data).status_code == 302
    assert refused.members.get(sex="M").age_on(refused.shelter.today()) == 0


# --- a past count stands ---------------------------------------------------------------------------------------


def test_what_is_judged_later_changes_no_past_census(palillo, family, cast):
    moment = NOW
    ale, need = family.members.get(given_names="Ale"), SpecificNeed.objects.get(pk="SC-UC")
    actions.record_need(ale, need, state="confirmed", by=cast.legal)
    before = census(palillo, moment).unaccompanied_adolescents
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        actions.record_need(ale, need, state="ruled_out", reason="llegó su tía", by=cast.legal)
        assert census(palillo, moment).unaccompanied_adolescents == before == 1
        ruled_out_now = census(palillo, NOW + timedelta(days=2)).unaccompanied_adolescents
    with time_machine.travel(NOW + timedelta(days=3), tick=False):
        actions.record_need(ale, need, state="confirmed", reason="se fue su tía", by=cast.legal)
        now = census(palillo, NOW + timedelta(days=3)).unaccompanied_adolescents
        assert [
            census(palillo, NOW + timedelta(days=day)).unaccompanied_adolescents for day in (0, 2, 3)
        ] == [1, 0, 1]
    assert (ruled_out_now, now) == (0, 1)


def test_a_baby_that_is_less_than_a_year_is_counted_before_its_age_was_said(palillo, cast):
    factories.make_family(
        palillo,
        {},
        {"age": None, "birth_date": NOW.date(), "birth_precision": "age", "age_said_on": NOW.date()},
        by=cast.volunteer,
        at=NOW - timedelta(days=1),
    )
    counted = census(palillo, NOW - timedelta(hours=12))
    assert (counted.minors, counted.age_0_5) == (1, 1)


def test_a_corrected_day_of_arrival_moves_the_stay(volunteer, palillo, family):
    data = {
        "version": 1,
        "arrived_on": "3/11/2018",
        "language": "spa",
        "notice_answer": "accepted",
        "days": "",
    }
    data |= {"before-arrived_on": "5/11/2018", "before-language": "spa", "before-notice_answer": "accepted"}
    assert volunteer.post(f"/es/families/{family.pk}/edit/", data).status_code == 302
    assert census(palillo, NOW - timedelta(days=2)).total == 3


def test_a_zone_is_given_later(volunteer, palillo, family):
    zone = factories.make_zone(palillo)
    data = {
        "version": 1,
        "arrived_on": "5/11/2018",
        "language": "spa",
        "notice_answer": "accepted",
        "zone": zone.pk,
    }
    data |= {"before-arrived_on": "5/11/2018", "before-language": "spa", "before-notice_answer": "accepted"}
    volunteer.post(f"/es/families/{family.pk}/edit/", data)
    assert zone.stays.count() == 3


# --- once means once, and nothing is a 500 ---------------------------------------------------------------------


@pytest.mark.parametrize("page", ["departure", "return"])
def test_one_key_for_two_different_departures_asks_again(volunteer, family, page):
    mother, ale, _jose = people = list(family.members.all())
    if page == "return":
        actions.depart(people, at=NOW, to="north", by=family.registered_by)
    data = {"key": key(), "to": "north"}
    address = f"/es/families/{family.pk}/{page}/"
    assert volunteer.post(address, {**data, "people": [str(mother.pk)]}).status_code == 302
    assert volunteer.post(address, {**data, "people": [str(ale.pk)]}).status_code == 422
    assert volunteer.post(address, {**data, "people": [str(mother.pk)]}).status_code == 302


def test_a_split_that_was_overtaken_leaves_no_empty_family(volunteer, family):
    mother, ale, jose = family.members.all()
    by = family.registered_by
    stale = [mother, ale]
    actions.split_family(family, [jose], submission=factories.make_submission(by), by=by)
    with pytest.raises(actions.Overtaken):
        actions.split_family(family, stale, submission=factories.make_submission(by), by=by)
    assert Family.objects.filter(members=None).count() == 0
    assert Person.objects.filter(relationship="HEAD").count() == 2


# --- what stays reserved ---------------------------------------------------------------------------------------


def test_a_reserved_service_tells_nothing_but_that_it_was(volunteer, family, cast):
    commission = factories.make_organization("cndh", name="Comisión Nacional")
    factories.make_service(family.members.first(), "PRT-GBV", by=cast.legal, organization=commission)
    page = volunteer.get(f"/es/families/{family.pk}/").content.decode()
    assert "Reservado" in page
    for told in ("Canalización", "Comisión Nacional", str(cast.legal), "violencia"):
        assert told not in page


def test_a_reserved_kind_of_service_cannot_be_opened(coordinator, cast):
    page = coordinator.get("/es/admin/intake/servicetype/PRT-GBV/change/")
    assert 'name="sensitivity"' not in page.content.decode()


@pytest.mark.parametrize("page", ["", "edit/", "add/", "service/"])
def test_names_stay_out_of_titles(volunteer, family, page):
    html = volunteer.get(f"/es/families/{family.pk}/{page}").content.decode()
    assert "Neptalí" not in html.partition("<title>")[2].partition("</title>")[0]


def test_the_first_version_tells_who_wrote_it(family, cast):
    Person.history.all().delete()  # as after a registration, which writes none
    person = family.members.first()
    person.surnames = "Otro"
    actions.change_person(person, ["surnames"], by=cast.coordinator)
    first = person.history.order_by("history_date").first()
    assert (first.history_user, first.history_date) == (family.registered_by, family.registered_at)


def test_needs_of_nobody_are_preselected(volunteer, family):
    form = volunteer.get(f"/es/people/{family.members.first().pk}/need/").context["form"]
    assert form["need"].value() in (None, "")
    assert not PersonNeed.objects.exists()
