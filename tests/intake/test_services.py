"""Recording what a family received, and taking a record back."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake.models import LegalOutcome, ServiceReceived, ServiceType
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW
from tests.intake.pages import NOBODY, sent_from, stored, words_of

pytestmark = pytest.mark.django_db
LUNCH_TIME = NOW + timedelta(hours=4)  # 13:00 in Mexico City


@pytest.fixture(autouse=True)
def at_lunch_time():
    with time_machine.travel(LUNCH_TIME, tick=False):
        yield


@pytest.fixture
def family(cast, palillo):
    members = [
        {"given_names": name, "surnames": "Núñez", "age": age}
        for name, age in [("Neptalí", 34), ("Ale", 11), ("Olga", 5)]
    ]
    return factories.make_family(palillo, *members, by=cast.volunteer)


@pytest.fixture
def mother(family):
    return family.members.first()


@pytest.fixture
def lunch(mother):
    return factories.make_service(mother, "FOOD-LUN", limit_key="2018-11-06#1")


def address(family, language="es"):
    return f"/{language}/families/{family.pk}/service/"


def cancelling(service, language="es"):
    return f"/{language}/services/{service.pk}/cancel/"


def record(client, family, code="FOOD-LUN", shown=None, **fields):
    """Choose a service on the page and send it; everybody is ticked."""
    shown = shown or sent_from(client.get(address(family)))
    return client.post(address(family, "en"), shown | {"service_type": code, **fields})


def pks(*people):
    return [str(person.pk) for person in people]


def refused(answer, name):
    """422, and what is said beside that field; nothing was stored."""
    assert answer.status_code == 422
    assert not ServiceReceived.objects.exists()
    return answer.context["form"].errors[name][0]


# --- recording -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_page_opens_with_everybody_ticked(language, volunteer, family):
    page = volunteer.get(address(family, language))
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.content.decode()
    assert sent_from(page)["people"] == pks(*family.members.all())


def test_a_link_may_name_the_service(volunteer, family):
    assert sent_from(volunteer.get(address(family) + "?type=FOOD-LUN"))["service_type"] == ["FOOD-LUN"]
    assert volunteer.get(address(family) + "?type=%00").status_code == 200


def test_everybody_is_served_at_once(volunteer, cast, family, palillo):
    cross = factories.make_organization()
    answer = record(volunteer, family, organization=str(cross.pk))
    assert (answer.status_code, answer.url) == (302, f"/en/families/{family.pk}/")
    rows = ServiceReceived.objects.order_by("person__position")
    assert [row.person.given_names for row in rows] == ["Neptalí", "Ale", "Olga"]
    row = rows[0]
    assert (row.organization, row.quantity, row.recorded_by, row.desk) == (
        cross,
        1,
        cast.volunteer,
        "registration 2",
    )
    assert (row.shelter, row.given_at, row.slot) == (palillo, LUNCH_TIME, "lunch")
    assert "Midday meal recorded for 3 people." in words_of(volunteer.get(answer.url))
    assert AccessEvent.objects.get(action="service_recorded").detail["people"] == 3


def test_who_is_ticked_off_receives_nothing(volunteer, family):
    mother, _ale, olga = family.members.all()
    record(volunteer, family, people=pks(mother, olga))
    assert set(ServiceReceived.objects.values_list("person", flat=True)) == {mother.pk, olga.pk}


def test_several_of_a_thing_are_one_row(volunteer, mother, family):
    record(volunteer, family, "HYG-DIA", people=pks(mother), quantity="3")
    assert ServiceReceived.objects.get().quantity == 3


def test_a_service_can_be_recorded_before_a_shift_is_chosen(volunteer, family):
    session = volunteer.session
    del session["shift"]
    session.save()
    assert record(volunteer, family).status_code == 302
    assert set(ServiceReceived.objects.values_list("desk", flat=True)) == {""}


# --- limits --------------------------------------------------------------------------------------------------


def test_who_had_it_is_named_and_nobody_is_served_yet(volunteer, family, lunch):
    answer = record(volunteer, family)
    assert answer.status_code == 422
    assert list(ServiceReceived.objects.all()) == [lunch]
    errors = answer.context["form"].errors
    assert len(errors["people"]) == 1
    assert errors["people"][0].startswith("Neptalí Núñez has had it:")
    assert "13:00" in errors["people"][0]
    assert "write here why it is given again" in errors["override_reason"][0]
    assert 'name="override_reason"' in answer.content.decode()
    assert 'type="hidden" name="override_reason"' not in answer.content.decode()


def test_with_a_reason_it_is_given_again(volunteer, family, lunch):
    asked = record(volunteer, family)
    answer = volunteer.post(address(family, "en"), sent_from(asked) | {"override_reason": "Se le cayó"})
    assert answer.status_code == 302
    given = {
        row.person.given_names: row.override_reason for row in ServiceReceived.objects.exclude(pk=lunch.pk)
    }
    assert given == {"Neptalí": "Se le cayó", "Ale": "", "Olga": ""}
    assert "Given again Se le cayó" in words_of(volunteer.get(answer.url))


def test_without_whom_had_it_the_others_are_served(volunteer, family, lunch):
    _mother, ale, olga = family.members.all()
    shown = sent_from(record(volunteer, family))
    assert volunteer.post(address(family), shown | {"people": pks(ale, olga)}).status_code == 302
    assert ServiceReceived.objects.count() == 3


def test_a_blank_reason_is_none(volunteer, family, lunch):
    assert record(volunteer, family, override_reason="   ").status_code == 422
    assert ServiceReceived.objects.count() == 1


def test_more_than_the_limit_at_once_is_not_called_a_second_time(volunteer, family):
    answer = record(volunteer, family, quantity="2")
    assert refused(answer, "people") == "Neptalí Núñez: that is more than the limit."
    assert record(volunteer, family, quantity="2", override_reason="Para el camino").status_code == 302


def test_a_double_click_serves_once(volunteer, family):
    shown = sent_from(volunteer.get(address(family)))
    first = record(volunteer, family, shown=shown)
    second = record(volunteer, family, shown=shown)
    assert (first.url, second.status_code, second.url) == (second.url, 302, first.url)
    assert ServiceReceived.objects.count() == 3
    assert AccessEvent.objects.filter(action="service_recorded").count() == 1


def test_another_service_under_a_used_key_is_not_dropped(volunteer, family):
    """The Back button, then something else: it is asked, with all that was typed."""
    shown = sent_from(volunteer.get(address(family)))
    record(volunteer, family, shown=shown)
    asked = record(volunteer, family, "FOOD-WAT", shown=shown, quantity="2")
    assert (asked.status_code, ServiceReceived.objects.count()) == (422, 3)
    again = sent_from(asked)
    assert (again["service_type"], again["quantity"]) == (["FOOD-WAT"], ["2"])
    assert volunteer.post(address(family), again).status_code == 302
    assert ServiceReceived.objects.filter(service_type="FOOD-WAT", quantity=2).count() == 3


# --- legal and health ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "code", "is_offered"),
    [
        ("volunteer", "LEG-ASY", False),
        ("volunteer", "MED-CON", False),
        ("coordinator", "LEG-ASY", False),
        ("coordinator", "MED-CON", False),
        ("legal", "LEG-ASY", True),
        ("legal", "MED-CON", False),
        ("health", "LEG-ASY", False),
        ("health", "MED-CON", True),
    ],
)
def test_a_role_records_services_of_its_own_kind(role, code, is_offered, cast, sign_in, family):
    client = sign_in(getattr(cast, role))
    assert (f'value="{code}"' in client.get(address(family)).content.decode()) == is_offered
    answer = record(client, family, code)
    assert answer.status_code == (302 if is_offered else 422)
    assert ServiceReceived.objects.exists() == is_offered


def test_legal_advice_has_an_outcome(cast, sign_in, mother, family):
    record(sign_in(cast.legal), family, "LEG-ASY", people=pks(mother), outcome="ASY-WISH")
    assert ServiceReceived.objects.get().outcome == LegalOutcome.objects.get(pk="ASY-WISH")


def test_nothing_else_has_an_outcome(cast, sign_in, volunteer, family):
    answer = record(sign_in(cast.legal), family, "FOOD-LUN", outcome="ASY-WISH")
    assert refused(answer, "outcome") == "Only legal advice has an outcome. Leave it at “Not yet”."
    assert "outcome" not in volunteer.get(address(family)).context["form"].fields
    record(volunteer, family, outcome="ASY-WISH")
    assert set(ServiceReceived.objects.values_list("outcome", flat=True)) == {None}


# --- who may not ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["stranger", "administrator", "data_officer"])
def test_who_may_not_finds_no_such_page(who, cast, sign_in, volunteer, family, lunch):
    client, shown = sign_in(getattr(cast, who)), sent_from(volunteer.get(address(family)))
    before, events = stored(), AccessEvent.objects.count()
    for page, data in [
        (address(family), shown | {"service_type": "FOOD-WAT"}),
        (cancelling(lunch), {"reason": "x"}),
    ]:
        assert client.get(page).status_code == 404
        assert client.post(page, data).status_code == 404
    assert (stored(), AccessEvent.objects.count()) == (before, events)


def test_nobody_comes_in_without_an_account(client, family, lunch):
    before = stored()
    for page in (address(family), cancelling(lunch)):
        for answer in (client.get(page), client.post(page, {"reason": "x"})):
            assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/es/account/login/")
    assert stored() == before


# --- bad input -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("service_type", "", "Choose what was given."),
        ("service_type", "FOOD-XXX", "Select a valid choice"),
        ("service_type", "\x00", ""),
        ("quantity", "0", "greater than or equal to 1"),
        ("quantity", "-1", "greater than or equal to 1"),
        ("quantity", "abc", "Enter a whole number"),
        ("quantity", "1.5", "Enter a whole number"),
        ("quantity", "", "This field is required"),
        ("quantity", "501", "less than or equal to 500"),
        ("quantity", "9999", "less than or equal to 500"),
        ("quantity", "9" * 300, "less than or equal to 500"),
        ("people", [], "Tick at least one person."),
        ("people", ["nonsense"], ""),
        ("people", ["\x00"], ""),
        ("people", [NOBODY], "Select a valid choice"),
        ("organization", "99999", "Select a valid choice"),
        ("organization", "\x00", ""),
        ("override_reason", "x" * 201, "at most 200 characters"),
        ("override_reason", "Se\u202e", "invisible characters"),
        ("key", "nonsense", ""),
        ("key", str(uuid.UUID(int=0)), "This page is damaged"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_what_cannot_be_is_said_and_kept(name, typed, says, volunteer, family):
    answer = record(volunteer, family, **{"code": typed} if name == "service_type" else {name: typed})
    assert says in refused(answer, name)
    if name != "people":
        assert answer.context["form"][name].value() == typed
    if name not in ("quantity", "service_type"):
        assert sent_from(answer)["service_type"] == ["FOOD-LUN"]


def test_what_is_retired_is_not_offered(volunteer, family):
    cross = factories.make_organization(retired_on=NOW.date())
    ServiceType.objects.filter(pk="FOOD-LUN").update(retired_on=NOW.date())
    assert "Select a valid choice" in refused(record(volunteer, family), "service_type")
    assert "Select a valid choice" in refused(
        record(volunteer, family, "FOOD-WAT", organization=str(cross.pk)), "organization"
    )


# --- taking back ---------------------------------------------------------------------------------------------


def test_a_service_is_taken_back_with_a_reason(volunteer, cast, family, lunch):
    page = words_of(volunteer.get(cancelling(lunch, "en")))
    assert "Cancel “Midday meal” for Neptalí Núñez" in page
    answer = volunteer.post(cancelling(lunch, "en"), {"reason": "Otra familia"})
    assert (answer.status_code, answer.url) == (302, f"/en/families/{family.pk}/")
    lunch.refresh_from_db()
    assert (lunch.cancelled_at, lunch.cancel_reason, lunch.limit_key) == (LUNCH_TIME, "Otra familia", None)
    assert AccessEvent.objects.get(action="service_cancelled").user == cast.volunteer
    page = volunteer.get(answer.url)
    assert "Cancelled Otra familia" in words_of(page)
    assert "<del>" in page.content.decode()
    assert record(volunteer, family).status_code == 302


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "mal\x00", "mal\u202e"], ids=ascii)
def test_taking_back_needs_a_reason(reason, volunteer, lunch):
    answer = volunteer.post(cancelling(lunch, "en"), {"reason": reason})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["reason"])
    lunch.refresh_from_db()
    assert lunch.cancelled_at is None
    assert (
        "Write why: “wrong family”, “not given”…" in answer.context["form"].errors["reason"] or reason.strip()
    )


def test_what_was_taken_back_stays_as_it_was_taken_back(volunteer, coordinator, lunch):
    volunteer.post(cancelling(lunch), {"reason": "Otra familia"})
    assert coordinator.post(cancelling(lunch), {"reason": "Otra razón"}).status_code == 302
    lunch.refresh_from_db()
    assert lunch.cancel_reason == "Otra familia"
    assert AccessEvent.objects.filter(action="service_cancelled").count() == 1


@pytest.mark.parametrize("code", ["LEG-ASY", "MED-CON"])
@pytest.mark.parametrize("role", ["volunteer", "coordinator", "legal", "health"])
def test_a_reserved_service_is_taken_back_only_by_its_own_side(role, code, cast, sign_in, mother):
    service, client = factories.make_service(mother, code), sign_in(getattr(cast, role))
    is_own = (role, code) in [("legal", "LEG-ASY"), ("health", "MED-CON")]
    assert client.get(cancelling(service)).status_code == (200 if is_own else 404)
    assert client.post(cancelling(service), {"reason": "Error"}).status_code == (302 if is_own else 404)
    service.refresh_from_db()
    assert (service.cancelled_at is not None) == is_own


def test_a_service_that_does_not_exist_is_not_found(volunteer):
    assert volunteer.get(f"/es/services/{NOBODY}/cancel/").status_code == 404


# --- flat costs ----------------------------------------------------------------------------------------------


def cost_of_recording(client, family):
    shown = sent_from(client.get(address(family)))
    with CaptureQueriesContext(connection) as queries:
        assert record(client, family, shown=shown).status_code == 302
    return len(queries)


def test_recording_costs_the_same_for_one_and_for_twenty(volunteer, cast, palillo):
    small = factories.make_family(palillo, {}, by=cast.volunteer)
    big = factories.make_family(palillo, *({"age": age} for age in range(20, 40)), by=cast.volunteer)
    cost_of_recording(volunteer, factories.make_family(palillo, {}, by=cast.volunteer))
    assert cost_of_recording(volunteer, small) == cost_of_recording(volunteer, big)
