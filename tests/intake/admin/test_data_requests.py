"""Requests about one's own data: their days, who may, the file, erasing, and the policy as a page."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from intake import actions, retention, working_days
from intake.admin.data_requests import due_words
from intake.models import DataRequest, Person
from shelters.models import AccessEvent
from tests import factories
from tests.intake.admin.pages import INLINE_CODE, address, change, errors

LIST = address("datarequest")
POLICY = "/es/admin/intake/datarequest/retention/"
NOT_DATA_OFFICERS = ("volunteer", "legal", "health", "coordinator", "administrator")


@pytest.fixture
def officer(cast, sign_in):
    return sign_in(cast.data_officer)


def make_request(person, by, *, kind="access", received_on=None, **fields):
    asked = DataRequest(shelter=person.family.shelter, person=person, kind=kind, received_by=by, **fields)
    asked.received_on = received_on or timezone.localdate()
    asked.set_the_clock()
    if asked.identity:
        asked.note_identity(by=by)
    asked.save()
    return asked


def person_page(person, page):
    return reverse(f"admin:intake_person_{page}", args=[person.pk])


def test_a_request_is_written_down_and_has_its_days(officer, neptali, palillo, cast):
    day = timezone.localdate() - timedelta(days=1)
    sent = {"person": neptali.pk, "kind": "access", "received_on": day, "identity": "card", "state": "open"}
    assert officer.post(f"{LIST}add/", {**sent, "note": ""}).status_code == 302
    asked = DataRequest.objects.get()
    assert (asked.shelter, asked.received_by, asked.identity_by) == (
        palillo,
        cast.data_officer,
        cast.data_officer,
    )
    assert asked.due_on == working_days.after(day, 20)
    assert asked.carry_out_by == working_days.after(asked.due_on, 15)
    event = AccessEvent.objects.get(action="admin_added")
    assert (event.shelter, event.subject_id, event.detail) == (palillo, str(asked.pk), {})


def test_the_answer_sets_the_days_for_carrying_it_out(officer, neptali, cast):
    asked = make_request(neptali, cast.data_officer, identity="card")
    today = timezone.localdate()
    assert change(officer, asked, state="granted", answered_on=today).status_code == 302
    asked.refresh_from_db()
    assert asked.carry_out_by == working_days.after(today, 15)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "granted", "answered_on": "", "identity": "card"}, "Escriba qué día se contestó."),
        ({"state": "granted", "answered_on": "2026-11-01", "identity": ""}, "Primero escriba cómo sabemos"),
        (
            {"state": "refused", "answered_on": "2018-11-01", "identity": ""},
            "No puede haberse contestado antes",
        ),
    ],
)
def test_an_answer_needs_its_day_and_somebody_known(officer, neptali, cast, fields, words):
    asked = make_request(neptali, cast.data_officer, received_on=date(2026, 10, 30))
    answer = change(officer, asked, **fields)
    assert answer.status_code == 200
    assert words in answer.text
    asked.refresh_from_db()
    assert asked.state == "open"


def test_a_day_that_has_not_come_is_refused(officer, neptali):
    tomorrow = timezone.localdate() + timedelta(days=1)
    sent = {"person": neptali.pk, "kind": "access", "received_on": tomorrow, "identity": "", "state": "open"}
    answer = officer.post(f"{LIST}add/", sent)
    assert errors(answer) == ["received_on"]
    assert not DataRequest.objects.exists()


def test_a_request_is_somebodys_of_ones_own_shelter(officer, theirs):
    for person in ("", theirs["person"].pk, "x"):
        sent = {
            "person": person,
            "kind": "access",
            "received_on": "2026-11-02",
            "identity": "",
            "state": "open",
        }
        assert errors(officer.post(f"{LIST}add/", sent)) == ["person"]
    assert not DataRequest.objects.exists()


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_pages_open_also_when_the_person_is_gone(officer, neptali, cast, language):
    asked = make_request(neptali, cast.data_officer)
    make_request(neptali, cast.data_officer, kind="cancellation", state="withdrawn")
    for gone in (False, True):
        if gone:
            DataRequest.objects.update(person=None)
        for page in ("", "add/", f"{asked.pk}/change/", f"{asked.pk}/history/"):
            answer = officer.get(f"/{language}/admin/intake/datarequest/{page}")
            assert answer.status_code == 200, page
            assert not INLINE_CODE.search(answer.text)


def test_the_list_asks_the_same_number_of_queries(officer, family, cast, django_assert_max_num_queries):
    for person in family.members.all():
        for kind in DataRequest.Kind.values:
            make_request(person, cast.data_officer, kind=kind)
    with django_assert_max_num_queries(20):
        assert officer.get(LIST).status_code == 200


@pytest.mark.parametrize("role", NOT_DATA_OFFICERS)
def test_only_a_data_officer_of_the_shelter_may(cast, sign_in, neptali, theirs, role, officer):
    asked = make_request(neptali, cast.data_officer, identity="card")
    client = sign_in(getattr(cast, role))
    pages = [LIST, f"{LIST}{asked.pk}/change/"]
    pages += [person_page(neptali, name) for name in ("own_data", "own_data_file", "erase")]
    for page in pages:
        assert client.get(page).status_code == 404, page
    sent = {"why": "mistake", "sure": "on"}
    assert client.post(person_page(neptali, "erase"), sent).status_code == 404
    elsewhere = theirs["person"]
    make_request(elsewhere, cast.data_officer, identity="card")
    for name in ("own_data", "own_data_file", "erase"):
        assert officer.get(person_page(elsewhere, name)).status_code == 404
    assert officer.post(person_page(elsewhere, "erase"), sent).status_code == 404
    assert Person.objects.filter(pk__in=[neptali.pk, elsewhere.pk]).count() == 2


# --- the days in words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "words", "is_urgent"),
    [
        (date(2026, 11, 3), "19 días hábiles más", False),
        (date(2026, 11, 30), "1 día hábil más", True),
        (date(2026, 12, 1), "hoy es el último día", True),
        (date(2026, 12, 3), "2 días hábiles de retraso", True),
    ],
)
def test_the_days_are_told_in_words(neptali, cast, today, words, is_urgent):
    asked = make_request(neptali, cast.data_officer, received_on=date(2026, 11, 2))
    assert asked.due_on == date(2026, 12, 1)
    told, urgent = due_words(asked, today)
    assert words in told and told.startswith("Contestar")
    assert urgent is is_urgent


# --- own data -------------------------------------------------------------------------------------------------


def test_nothing_is_handed_over_before_it_is_known_who_asks(officer, neptali, cast):
    for asked in (None, make_request(neptali, cast.data_officer), make_request(neptali, cast.data_officer)):
        page = officer.get(person_page(neptali, "own_data"))
        assert page.status_code == 200 and not page.context["is_known"]
        assert officer.get(person_page(neptali, "own_data_file")).status_code == 302
        assert asked is None or asked.identity == ""
    assert not AccessEvent.objects.filter(action="own_data_given").exists()


def test_then_it_is_read_printed_or_taken_as_a_file(officer, neptali, cast):
    make_request(neptali, cast.data_officer, identity="card")
    page = officer.get(person_page(neptali, "own_data"))
    assert "Núñez" in page.text and "Olga" not in page.text
    assert not INLINE_CODE.search(page.text)
    answer = officer.get(person_page(neptali, "own_data_file"))
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="puente_own_data_palillo_')
    assert "Núñez" in b"".join(answer.streaming_content).decode()
    events = AccessEvent.objects.filter(action="own_data_given", subject_id=str(neptali.pk))
    assert [event.user for event in events] == [cast.data_officer] * 2


def test_whoever_hands_it_over_proves_who_they_are(cast, sign_in, neptali):
    make_request(neptali, cast.data_officer, identity="card")
    officer = sign_in(cast.data_officer, proven=False)
    address = person_page(neptali, "own_data")
    assert officer.get(person_page(neptali, "own_data_file")).url == address
    assert "Núñez</bdi></dd>" not in officer.get(address).text
    wrong = officer.post(address, {"proof": "not it"})
    assert wrong.status_code == 422 and "Esta no es su contraseña" in wrong.text
    assert not AccessEvent.objects.filter(action="own_data_given").exists()
    assert "Núñez" in officer.post(address, {"proof": factories.PASSWORD}).text
    assert officer.get(person_page(neptali, "own_data_file")).status_code == 200
    assert AccessEvent.objects.filter(action="own_data_given").count() == 2


def test_what_was_asked_under_a_record_that_was_joined_is_theirs(officer, neptali, palillo, cast):
    other = factories.make_family(palillo, {"given_names": "Neptalí"}, by=cast.volunteer)
    twin = other.members.get()
    asked = [
        make_request(twin, cast.data_officer, kind=kind, identity="card")
        for kind in ("access", "cancellation")
    ]
    pairs = [(neptali, twin)]
    actions.merge(neptali.family, other, pairs=pairs, picks={}, whole=True, by=cast.coordinator)
    page = officer.get(f"{LIST}{asked[0].pk}/change/").text
    for name in ("own_data", "erase"):
        assert person_page(neptali, name) in page and person_page(twin, name) not in page
    assert officer.get(person_page(neptali, "own_data")).context["is_known"]
    sent = {"why": "request", "sure": "on"}
    assert officer.post(person_page(neptali, "erase"), sent).status_code == 302
    assert not Person.objects.filter(pk__in=[neptali.pk, twin.pk]).exists()


# --- erasing --------------------------------------------------------------------------------------------------


def test_the_page_says_what_goes_and_what_stays(officer, neptali):
    page = officer.get(person_page(neptali, "erase"))
    assert page.status_code == 200
    assert "1 persona más de la familia" in page.text
    assert "Está en el albergue ahora." in page.text
    assert not INLINE_CODE.search(page.text)


@pytest.mark.parametrize("sent", [{}, {"why": "mistake"}, {"sure": "on"}, {"why": "x", "sure": "on"}])
def test_without_a_reason_and_a_tick_nobody_goes(officer, neptali, sent):
    answer = officer.post(person_page(neptali, "erase"), sent)
    assert answer.status_code == 422
    assert answer.context["mistakes"]
    assert {f'id="{id}_error"' in answer.text for id, _message in answer.context["mistakes"]} == {True}
    assert Person.objects.filter(pk=neptali.pk).exists()


def test_whose_registration_is_undone_at_that_moment_is_gone(officer, neptali, monkeypatch):
    erase = actions.erase

    def a_moment_late(person, **told):
        actions.undo_registration(person.family, by=person.family.registered_by)
        erase(person, **told)

    monkeypatch.setattr(actions, "erase", a_moment_late)
    sent = {"why": "mistake", "sure": "on"}
    assert officer.post(person_page(neptali, "erase"), sent).status_code == 404
    assert not AccessEvent.objects.filter(action="person_erased").exists()


def test_what_they_asked_for_needs_their_request(officer, neptali, cast):
    sent = {"why": "request", "sure": "on"}
    assert officer.post(person_page(neptali, "erase"), sent).status_code == 422
    today = timezone.localdate()
    asked = make_request(
        neptali, cast.data_officer, kind="cancellation", identity="card", state="granted", answered_on=today
    )
    assert officer.post(person_page(neptali, "erase"), sent).status_code == 302
    asked.refresh_from_db()
    assert (asked.state, asked.person) == ("done", None)
    assert not Person.objects.filter(pk=neptali.pk).exists()
    assert officer.get(person_page(neptali, "erase")).status_code == 404
    assert officer.get(LIST).status_code == 200


def test_the_ways_to_it_stand_on_the_page_of_the_person(officer, coordinator, neptali):
    page = address("person", f"{neptali.pk}/change/")
    for client, is_there in ((officer, True), (coordinator, False)):
        assert (person_page(neptali, "erase") in client.get(page).text) is is_there


# --- the policy ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["coordinator", "data_officer"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_the_policy_is_a_page(cast, sign_in, role, language):
    client = sign_in(getattr(cast, role))
    page = client.get(f"/{language}/admin/intake/datarequest/retention/")
    assert page.status_code == 200
    assert not INLINE_CODE.search(page.text)
    assert len(page.context["tables"]) == len(retention.TABLES)
    assert f"{retention.KEPT_DAYS} " in page.text
    assert "retention/" in client.get(f"/{language}/admin/").text


@pytest.mark.parametrize("role", ["volunteer", "administrator"])
def test_the_policy_is_for_whoever_reads_families_in_the_admin(cast, sign_in, role):
    assert sign_in(getattr(cast, role)).get(POLICY).status_code == 404


def test_somebody_without_a_name_has_the_pages_too(officer, palillo, cast):
    person = factories.make_family(
        palillo, {"given_names": "", "surnames": ""}, by=cast.volunteer
    ).members.get()
    for name in ("own_data", "erase"):
        assert officer.get(person_page(person, name)).status_code == 200
