"""Corrections of people, families and stays that keep the model right."""

from datetime import date

import pytest
from django.contrib.admin.models import LogEntry

from intake.models import Person, Stay
from shelters.models import AccessEvent
from tests import factories
from tests.intake.admin.pages import address, change, errors, sent_from

# --- people ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "born", "precision"),
    [("1984", date(1984, 7, 2), "year"), ("14/3/1984", date(1984, 3, 14), "day"), ("", None, "unknown")],
)
def test_an_age_or_birth_date_is_one_field(coordinator, neptali, typed, born, precision):
    assert change(coordinator, neptali, age_or_birth=typed).status_code == 302
    neptali.refresh_from_db()
    assert (neptali.birth_date, neptali.birth_precision, neptali.version) == (born, precision, 2)


def test_an_age_that_was_not_touched_keeps_the_day_it_was_said(coordinator, neptali):
    before = neptali.birth
    assert change(coordinator, neptali, known_as="Nepo").status_code == 302
    neptali.refresh_from_db()
    assert (neptali.birth, neptali.known_as, neptali.version) == (before, "Nepo", 2)


def test_a_bad_age_is_said_beside_the_field(coordinator, neptali):
    response = change(coordinator, neptali, age_or_birth="hace mucho")
    assert errors(response) == ["age_or_birth"]
    assert 'value="hace mucho"' in response.text


def test_a_correction_leaves_the_names_of_fields_and_no_name(coordinator, cast, neptali):
    change(coordinator, neptali, given_names="Secretísimo")
    event = AccessEvent.objects.get(action="admin_changed")
    assert (event.user, event.shelter, event.subject_id) == (
        cast.coordinator,
        neptali.family.shelter,
        str(neptali.pk),
    )
    assert event.detail == {"fields": ["given_names"]}
    assert not LogEntry.objects.exists()
    assert "Secretísimo" not in coordinator.get("/es/admin/").text.partition("messagelist")[0]


def test_the_versions_show_what_was_corrected(coordinator, neptali):
    change(coordinator, neptali, sex="M", age_or_birth="1984")
    page = coordinator.get(address("person", f"{neptali.pk}/history/")).text
    for words in ("34", "1984"):
        assert words in page
    first = neptali.history.earliest()
    assert "Neptalí" in coordinator.get(address("person", f"{neptali.pk}/history/{first.pk}/")).text


def test_a_page_opened_before_somebody_elses_change_does_not_write_over_it(coordinator, neptali):
    page = address("person", f"{neptali.pk}/change/")
    stale = sent_from(coordinator, page) | {"known_as": "Viejo"}
    change(coordinator, neptali, known_as="Nuevo")
    response = coordinator.post(page, stale)
    assert response.status_code == 200
    neptali.refresh_from_db()
    assert neptali.known_as == "Nuevo"
    again = stale | {"seen": response.context["adminform"].form["seen"].value()}
    assert coordinator.post(page, again).status_code == 302


@pytest.mark.parametrize(("country", "region"), [("GT", "HN-OL"), ("XU", "HN-OL")])
def test_a_department_lies_in_its_country(coordinator, neptali, country, region):
    assert errors(change(coordinator, neptali, origin_country=country, origin_region=region)) == [
        "origin_region"
    ]


def test_a_family_has_one_head(coordinator, family):
    olga = family.members.get(given_names="Olga")
    response = change(coordinator, olga, relationship="HEAD")
    assert response.status_code == 200
    olga.refresh_from_db()
    assert olga.relationship == "CHILD"


def test_opening_a_file_is_on_the_trail(coordinator, cast, family, neptali):
    coordinator.get(address("family", f"{family.pk}/change/"))
    coordinator.get(address("person", f"{neptali.pk}/change/"))
    assert (
        AccessEvent.objects.filter(
            action="family_opened", user=cast.coordinator, subject_id=str(family.pk)
        ).count()
        == 2
    )


# --- families -----------------------------------------------------------------------------------------------


def test_members_are_corrected_on_the_page_of_the_family(coordinator, family):
    assert (
        change(
            coordinator, family, **{"members-1-given_names": "Olga María", "comments": "Llegan de noche"}
        ).status_code
        == 302
    )
    family.refresh_from_db()
    assert family.version == 2
    assert family.members.filter(given_names="Olga María", version=2).exists()
    assert family.members.get(given_names="Neptalí").version == 1
    assert {"members-1-given_names", "given_names"} & {
        f for e in AccessEvent.objects.filter(action="admin_changed") for f in e.detail["fields"]
    }


def test_the_head_changes_places_with_another_member(coordinator, family):
    sent = {"members-0-relationship": "PARENT", "members-1-relationship": "HEAD"}
    assert change(coordinator, family, **sent).status_code == 302
    assert family.members.get(relationship="HEAD").given_names == "Olga"


def test_two_heads_are_refused_in_words(coordinator, family):
    response = change(coordinator, family, **{"members-1-relationship": "HEAD"})
    assert errors(response) == ["relationship"]


def test_a_new_member_goes_last(coordinator, family):
    new = {
        "members-TOTAL_FORMS": 3,
        "members-2-given_names": "Tito",
        "members-2-sex": "M",
        "members-2-relationship": "CHILD",
    }
    assert change(coordinator, family, **new, **{"members-2-age_or_birth": "8m"}).status_code == 302
    tito = family.members.get(given_names="Tito")
    assert (tito.position, tito.birth_precision) == (2, "age")


def test_who_refused_the_notice_gets_no_name(coordinator, palillo):
    family = factories.make_family(palillo, {"given_names": "", "surnames": ""}, notice_answer="refused")
    person = family.members.get()
    assert errors(change(coordinator, family, **{"members-0-given_names": "Ana"})) == ["given_names"]
    assert errors(change(coordinator, person, known_as="Ana", origin_region="HN-OL")) == [
        "known_as",
        "origin_region",
    ]
    assert change(coordinator, person, age_or_birth="14/3/1984").status_code == 302
    person.refresh_from_db()
    assert (person.full_name, person.birth_precision) == ("", "age")


def test_taking_back_the_agreement_takes_the_names_away(coordinator, family):
    assert change(coordinator, family, notice_answer="refused").status_code == 302
    assert {person.full_name for person in family.members.all()} == {""}
    assert "Neptalí" not in str([*Person.history.values()])


# --- stays ---


def test_the_days_of_a_stay_are_the_shelters(coordinator, ours):
    moments = {"in_at_0": "2018-11-06", "in_at_1": "23:30", "out_at_0": "2018-11-07", "out_at_1": "18:30"}
    assert change(coordinator, ours["stay"], **moments, out_to="north").status_code == 302
    stay = Stay.objects.get(pk=ours["stay"].pk)
    assert (stay.in_on, stay.out_on) == (date(2018, 11, 6), date(2018, 11, 7))
    assert stay.in_at.isoformat() == "2018-11-07T05:30:00+00:00"


def test_nobody_is_in_two_places(coordinator, ours):
    past = factories.make_stay(
        ours["person"], at=factories.NOW.replace(day=1), out=factories.NOW.replace(day=2)
    )
    response = change(coordinator, past, out_at_0="", out_at_1="")
    assert response.status_code == 200
    assert response.context["adminform"].form.non_field_errors()


def test_a_zone_belongs_to_the_shelter(coordinator, cast, ours, annex):
    cast.coordinator.shelters.add(annex)
    zone = factories.make_zone(annex, "Z")
    assert errors(change(coordinator, ours["stay"], zone=zone.pk)) == ["zone"]
