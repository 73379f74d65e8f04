"""Registrations that waited on a device: sealed there, stored here once, in the name of who wrote them."""

import json
import re
import uuid
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from intake import actions, limits
from intake.device_forms import MOST_BYTES
from intake.models import Family, LateForm, LookAlike, Person, Region, SpecificNeed, Submission
from intake.views import offline
from shelters import audit
from shelters.models import AccessEvent, Shelter, User
from shelters.second_factor import MUST_SET_UP
from tests import factories
from tests.devices import RECORDS, bring, device_record, seal, states, token_of
from tests.intake.test_register import ALE, MOTHER, URL, posted

pytestmark = pytest.mark.django_db
REFUSED = [("refused", "to_correct")]


@pytest.fixture
def token(cast, palillo):
    return token_of(cast.volunteer, palillo)


@pytest.fixture
def carrier(cast, palillo, sign_in):
    """Another volunteer of the same table."""
    return sign_in(factories.make_user("volunteer", shelters=[palillo], username="carrier"))


def opened_form(client, late):
    return client.get(f"/es/offline/to-correct/{late.pk}/")


# --- stored -------------------------------------------------------------------------------------------------------


def test_a_record_of_a_device_is_stored_like_one_of_the_page(volunteer, token, cast, palillo):
    record = device_record(token, MOTHER, ALE)
    answer = bring(volunteer, record)
    assert answer.json() == {"answers": [{"id": record["id"], "state": "stored"}]}
    family = Family.objects.get()
    assert str(family.pk) == record["id"]
    assert (family.shelter, family.registered_by, family.desk) == (
        palillo,
        cast.volunteer,
        "registration 7",
    )
    assert [person.relationship for person in family.members.all()] == ["HEAD", "CHILD"]
    event = AccessEvent.objects.get(action="family_registered")
    assert (event.user, event.detail) == (cast.volunteer, {"people": 2, "waited": 0})


def test_it_keeps_its_author_in_the_session_of_another(carrier, coordinator, token, cast):
    assert states(bring(carrier, device_record(token, MOTHER))) == [("stored", None)]
    family, event = Family.objects.get(), AccessEvent.objects.get(action="family_registered")
    assert family.registered_by == event.user == cast.volunteer
    sender = User.objects.get(username="carrier")
    assert event.detail == {"people": 1, "waited": 0, "sent_by": sender.pk}
    assert "enviado en la sesión de carrier" in coordinator.get("/es/admin/shelters/accessevent/").text
    assert Submission.objects.get().by == cast.volunteer


def test_what_was_said_is_of_the_day_on_which_it_was_said(volunteer, cast, palillo):
    said = timezone.now() - timedelta(days=9)
    bring(volunteer, device_record(token_of(cast.volunteer, palillo), MOTHER, at=said))
    assert Person.objects.get().age_said_on == palillo.day_of(said)
    assert AccessEvent.objects.get(action="family_registered").detail["waited"] == 9 * 24 * 60


@pytest.mark.parametrize("clock", [timedelta(days=-20000), timedelta(days=30000)])
def test_a_wrong_clock_is_held_between_the_sign_in_and_now(volunteer, cast, palillo, clock):
    began = timezone.now() - timedelta(days=2)
    token = token_of(cast.volunteer, palillo, began=int(began.timestamp()))
    assert states(bring(volunteer, device_record(token, MOTHER, at=timezone.now() + clock))) == [
        ("stored", None)
    ]
    assert Person.objects.get().age_said_on in (palillo.day_of(began), palillo.today())


def test_whom_they_resemble_goes_to_the_review_list(volunteer, token):
    bring(volunteer, device_record(token, MOTHER), device_record(token, MOTHER))
    assert Family.objects.count() == 2
    assert LookAlike.objects.count() == 1


def test_refusing_the_notice_costs_nothing_here_either(volunteer, token):
    bring(volunteer, device_record(token, MOTHER, notice_answer="refused"))
    assert Person.objects.get().full_name == ""


def test_a_card_is_bound(volunteer, token, cast, palillo):
    card = factories.make_batch(palillo, by=cast.coordinator, cards=1).cards.get()
    bring(volunteer, device_record(token, MOTHER, card=card.code))
    card.refresh_from_db()
    assert card.family == Family.objects.get()


# --- sent again ---------------------------------------------------------------------------------------------------


def test_what_comes_again_is_there_already(volunteer, carrier, token):
    record = device_record(token, MOTHER)
    assert states(bring(volunteer, record, record)) == [("stored", None), ("already", None)]
    assert states(bring(carrier, record)) == [("already", None)]
    assert Family.objects.count() == 1


def test_the_form_of_the_page_and_the_sealed_one_are_the_same(volunteer, token):
    """The page was sent, its answer got lost, and the device kept what had arrived."""
    record = device_record(token, MOTHER, comments="una\r\ndos")
    volunteer.post(URL, posted(MOTHER, key=record["id"], arrived_on="6/11/2018", comments="una\r\ndos"))
    assert states(bring(volunteer, record)) == [("already", None)]
    assert not LateForm.objects.exists()


def test_a_record_that_was_undone_stays_undone(volunteer, token, cast):
    record = device_record(token, MOTHER)
    bring(volunteer, record)
    actions.undo_registration(Family.objects.get(), by=cast.volunteer)
    assert states(bring(volunteer, record)) == [("already", None)]
    assert not Family.objects.exists()


def test_somebody_who_was_erased_stays_out(volunteer, token, cast):
    record = device_record(token, MOTHER)
    other = device_record(token, {**MOTHER, "age": "200"}, key=record["id"])
    bring(volunteer, record)
    bring(volunteer, other)
    officer = factories.make_user("data_officer", shelters=[Family.objects.get().shelter])
    actions.erase(Person.objects.get(), reason="request", by=officer)
    assert LateForm.objects.get().sealed == ""
    assert states(bring(volunteer, record, other)) == [("refused", "erased")] * 2
    assert not Family.objects.exists()


def test_other_words_under_the_same_key_are_a_conflict_that_nobody_loses(volunteer, token):
    first = device_record(token, MOTHER)
    second = device_record(token, ALE, key=first["id"])
    assert states(bring(volunteer, first, second)) == [("stored", None), ("conflict", "to_correct")]
    page = opened_form(volunteer, LateForm.objects.get()).text
    assert "Ale" in page
    assert "ya se guardó una vez" in page
    assert first["id"] not in page.partition('name="key"')[2][:80]  # saved again it is another family


# --- to be corrected ----------------------------------------------------------------------------------------------


def test_half_a_batch_is_wrong_and_the_other_half_is_stored(volunteer, token):
    good = [device_record(token, MOTHER) for _each in range(3)]
    bad = [device_record(token, {**ALE, "age": "200"}) for _each in range(3)]
    mixed = [record for pair in zip(bad, good, strict=True) for record in pair]
    assert states(bring(volunteer, *mixed)) == [*REFUSED, ("stored", None)] * 3
    assert {str(family.pk) for family in Family.objects.all()} == {record["id"] for record in good}
    assert {str(late.key) for late in LateForm.objects.all()} == {record["id"] for record in bad}


def test_what_is_wrong_is_corrected_on_the_screen_of_registration(volunteer, token, cast):
    record = device_record(token, {**ALE, "known_as": "Zzyzxab", "age": "200"})
    assert states(bring(volunteer, record)) == REFUSED
    late = LateForm.objects.get()
    assert "Zzyzxab" not in late.sealed
    assert states(bring(volunteer, record)) == [("already", "to_correct")]
    assert "1 registro de un aparato debe corregirse" in volunteer.get("/es/").text
    assert str(late.pk) in volunteer.get("/es/offline/to-correct/").text
    page = opened_form(volunteer, late)
    assert "Hernández López" in page.text
    assert 'id="mistakes"' in page.text
    assert AccessEvent.objects.get(action="form_opened").subject_id == str(late.pk)
    saved = volunteer.post(URL, posted(ALE, key=record["id"], late=str(late.pk)))
    assert saved.url == f"{URL}?saved={record['id']}"
    late.refresh_from_db()
    assert (str(late.saved_as), late.settled_at is not None) == (record["id"], True)
    assert states(bring(volunteer, record)) == [("already", None)]
    assert LateForm.objects.count() == Family.objects.count() == 1


def test_a_form_that_is_still_wrong_stays(volunteer, token):
    bring(volunteer, device_record(token, {**ALE, "age": "200"}))
    late = LateForm.objects.get()
    answer = volunteer.post(URL, posted({**ALE, "age": "300"}, key=str(late.key), late=str(late.pk)))
    assert answer.status_code == 422
    assert f'name="late" value="{late.pk}"' in answer.text
    assert LateForm.objects.open().exists()


@pytest.mark.parametrize("left", ["account", "last day", "shelter", "role"])
def test_whoever_does_not_work_there_any_more_registers_nobody_alone(
    cast, carrier, coordinator, token, annex, left
):
    """The word of a shift does not end; a coordinator looks at what comes with it."""
    author = cast.volunteer
    if left == "shelter":
        author.shelters.set([annex])
    if left == "role":
        author.groups.clear()
    author.is_active = left != "account"
    author.access_until = timezone.localdate() - timedelta(days=1) if left == "last day" else None
    author.save()
    record = device_record(token, MOTHER)
    assert states(bring(carrier, record)) == REFUSED
    assert not Family.objects.exists()
    late = LateForm.objects.get()
    page = opened_form(coordinator, late).text
    assert "ya no trabaja en este albergue" in page
    assert MOTHER["given_names"] in page
    saved = coordinator.post(URL, posted(MOTHER, key=record["id"], late=str(late.pk)))
    assert saved.status_code == 302
    assert Family.objects.get().registered_by == cast.coordinator


def test_a_flood_of_them_is_a_page_of_fifty(volunteer, cast, palillo):
    LateForm.objects.bulk_create(
        LateForm(id=uuid.uuid4(), key=uuid.uuid4(), shelter=palillo, by=cast.volunteer, sealed="x")
        for _n in range(60)
    )
    assert len(volunteer.get("/es/offline/to-correct/").context["late_forms"]) == 50


def test_a_form_can_be_thrown_away(volunteer, token):
    bring(volunteer, device_record(token, {**ALE, "age": "200"}))
    late = LateForm.objects.get()
    assert volunteer.post(f"/es/offline/to-correct/{late.pk}/").status_code == 302
    assert opened_form(volunteer, late).status_code == 404
    assert AccessEvent.objects.get(action="form_settled").detail == {"thrown_away": True}


def test_a_form_that_nobody_can_open_any_more_can_be_thrown_away(volunteer, token, settings):
    """After a restore on another machine, say, with another key."""
    bring(volunteer, device_record(token, {**ALE, "age": "200"}))
    late = LateForm.objects.get()
    settings.AUDIT_KEY = "another key of at least thirty-two letters"
    page = opened_form(volunteer, late).text
    assert "Este formulario no se puede abrir" in page
    assert f'action="/es/offline/to-correct/{late.pk}/"' in page
    assert "Descartarlo" in page
    assert volunteer.post(f"/es/offline/to-correct/{late.pk}/").status_code == 302
    assert not LateForm.objects.open().exists()


def test_a_card_of_somebody_else_is_to_be_corrected(volunteer, token, cast, palillo):
    taken = factories.make_card(factories.make_family(palillo, {}, by=cast.volunteer))
    assert states(bring(volunteer, device_record(token, MOTHER, card=taken.code))) == REFUSED
    assert Family.objects.count() == 1


def test_codes_are_not_tried_by_this_way(volunteer, token):
    codes = [factories.make_code() for _each in range(35)]
    for code in codes:
        bring(volunteer, device_record(token, MOTHER, card=code))
    assert volunteer.post("/es/search/", {"q": codes[0]}).status_code == 429


def test_a_coordinator_sees_those_of_the_shelter_and_nobody_else_does(
    volunteer, carrier, coordinator, stranger, token
):
    bring(volunteer, device_record(token, {**ALE, "age": "200"}))
    late = LateForm.objects.get()
    assert opened_form(coordinator, late).status_code == 200
    for client in (carrier, stranger):
        assert opened_form(client, late).status_code == 404
        assert client.post(f"/es/offline/to-correct/{late.pk}/").status_code == 404
        client.post(URL, posted(MOTHER, late=str(late.pk)))
    assert LateForm.objects.open().get() == late


def test_what_nobody_corrects_goes_with_time(volunteer, token):
    bring(volunteer, device_record(token, {**ALE, "age": "200"}))
    assert actions.forget_late(90) == 0
    LateForm.objects.update(came_at=timezone.now() - timedelta(days=91))
    assert actions.forget_late(90) == 1
    assert not LateForm.objects.open().exists()


def test_what_waits_goes_with_the_names_of_a_closed_shelter(volunteer, token, palillo):
    bring(volunteer, device_record(token, {**ALE, "age": "200"}))
    today = palillo.today()
    for closed, purged in ((None, today), (today - timedelta(days=9), today + timedelta(days=1))):
        Shelter.objects.update(closed_on=closed, purge_on=purged)
        assert actions.forget_late(90) == 0
    Shelter.objects.update(closed_on=today - timedelta(days=9), purge_on=today)
    assert actions.forget_late(90) == 1
    assert LateForm.objects.get().sealed == ""


# --- refused ------------------------------------------------------------------------------------------------------


def test_what_cannot_be_opened_stays_on_the_device(volunteer, token):
    """Sealed for another server or another record, changed on the way, or with a shift that nobody signed."""
    good, other = device_record(token, MOTHER), device_record(token, ALE)
    elsewhere = device_record(token, MOTHER, to=ec.generate_private_key(ec.SECP256R1()).public_key())
    moved = {"id": good["id"], "sealed": other["sealed"]}
    changed = {**good, "sealed": good["sealed"][:-8] + "AAAAAAA="}
    forged = device_record("WzEsMSwieCIsMF0:nobody", MOTHER)
    key = str(uuid.uuid4())
    strange = [{"id": key, "sealed": seal(words, key)} for words in ("", "[]", "{}", "[" * 9000, "null")]
    shouted = device_record(token, MOTHER, key=key.upper())  # which the database would not give back
    halves = json.dumps({"form": f"key={key}&comments=\ud800", "shift": token, "at": 0})
    strange += [shouted, {"id": key, "sealed": seal(halves, key)}]
    shapes = [{"id": value, "sealed": value} for value in (None, 7, "", "x", [], {}, "\ud800")]
    records = [elsewhere, moved, changed, forged, *strange, *shapes]
    assert states(bring(volunteer, *records)) == [("refused", "unreadable")] * len(records)
    assert states(bring(volunteer, good)) == [("stored", None)]
    assert not LateForm.objects.exists()


def test_a_fault_in_one_stops_none_behind_it_and_an_outage_all(volunteer, token, monkeypatch):
    bad, good, store = device_record(token, ALE), device_record(token, MOTHER), offline.register.store
    broken = RuntimeError("a fault")

    def faulty(form, *args, **options):
        if str(form.cleaned_data["key"]) == bad["id"]:
            raise broken
        store(form, *args, **options)

    monkeypatch.setattr(offline.register, "store", faulty)
    assert states(bring(volunteer, bad, good)) == [("refused", "failed"), ("stored", None)]
    broken = OperationalError("the database system is shutting down")
    volunteer.raise_request_exception = False
    assert bring(volunteer, bad, good).status_code == 503


def test_who_is_not_signed_in_is_told_so_and_led_nowhere(token):
    answer = bring(Client(), device_record(token, MOTHER))
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/json"
    assert not Family.objects.exists()


def test_who_has_yet_to_set_up_a_second_factor_is_told_so_too(coordinator, token):
    session = coordinator.session
    session[MUST_SET_UP] = True
    session.save()
    assert bring(coordinator, device_record(token, MOTHER)).status_code == 401


def test_who_may_not_register_may_not_send(cast, sign_in, token):
    for role in ("administrator", "data_officer"):
        assert bring(sign_in(getattr(cast, role)), device_record(token, MOTHER)).status_code == 404
    assert not Family.objects.exists()


def test_a_request_needs_its_token(volunteer, token):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = volunteer.cookies
    assert bring(strict, device_record(token, MOTHER)).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        *("", "x", "[]", "{}", "7", '{"records": 7}', '{"records": [7]}', '{"records": [{}]}', "\xff\x00"),
        "[" * 100_000,
        '{"records": ' + "[" * 50_000 + "]" * 50_000 + "}",
    ],
)
def test_a_body_that_means_nothing_is_no_error_of_the_server(volunteer, body):
    assert volunteer.post(RECORDS, body, content_type="application/json").status_code == 400


@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded"]
)
def test_a_body_of_another_kind_is_refused(volunteer, token, kind):
    """With the token in a header, as the page sends it: the check of a form's own reads its body first."""
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = volunteer.cookies
    word = json.loads(strict.get("/whoami").content)["token"]
    body = json.dumps({"records": [device_record(token, MOTHER)]})
    answer = strict.post(RECORDS, body, content_type=kind, headers={"x-csrftoken": word})
    assert answer.status_code == 400
    assert not Family.objects.exists()


def test_too_much_at_once_says_how_much_may_come(volunteer, token):
    record = device_record(token, MOTHER)
    for answer in (
        bring(volunteer, *[record] * 21),
        bring(volunteer, {**record, "sealed": "A" * MOST_BYTES}),
    ):
        assert answer.status_code == 413
        assert answer.json()["most"] == 20
    assert not Family.objects.exists()


def test_too_often_waits(volunteer):
    answers = [bring(volunteer) for _each in range(offline.MOST_A_MINUTE + 1)]
    assert [answer.status_code for answer in answers[-2:]] == [200, 429]
    assert answers[-1].headers["Retry-After"] == "60"


def registered(account, shelter, n, **told):
    for _n in range(n):
        audit.record(audit.Action.FAMILY_REGISTERED, by=account, shelter=shelter, **told)


def test_more_families_than_any_outage_explains_wait_on_the_device(volunteer, token, cast, palillo):
    registered(cast.volunteer, palillo, limits.MOST_BROUGHT, waited=5)
    answer = bring(volunteer, device_record(token, MOTHER))
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert not Family.objects.exists()


def test_what_waited_and_what_is_typed_do_not_hold_up_each_other(volunteer, token, cast, palillo):
    registered(cast.volunteer, palillo, limits.MOST_BROUGHT - 1, waited=5)
    assert volunteer.post(URL, posted(MOTHER)).status_code == 302
    registered(cast.volunteer, palillo, limits.MOST_REGISTERED)
    assert states(bring(volunteer, device_record(token, MOTHER))) == [("stored", None)]


# --- what a browser keeps -----------------------------------------------------------------------------------------


def test_the_kept_form_is_the_same_for_everybody(volunteer, coordinator, stranger, palillo, cast):
    factories.make_family(palillo, {"given_names": "Zzyzx"}, by=cast.volunteer)
    factories.make_zone(palillo, name="Zona Norte")
    drawn = {client.get("/es/offline/").content for client in (volunteer, coordinator, stranger)}
    assert len(drawn) == 1
    page = drawn.pop().decode()
    for word in ("Zzyzx", "Zona Norte", "csrf", cast.volunteer.username, "data-shift", palillo.name):
        assert word not in page
    assert volunteer.get("/en/offline/").text != page


def test_the_kept_form_opens_for_whoever_may_register(cast, sign_in):
    assert Client().get("/es/offline/").status_code == 302  # which the worker refuses to keep
    assert sign_in(cast.administrator).get("/es/offline/").status_code == 404


def test_the_worker_keeps_the_form_and_its_files_and_nothing_else(volunteer):
    answer = Client().get("/worker.js")
    told = json.loads(re.search(r"const told = (.+);", answer.text)[1])
    assert told["pages"] == ["/es/offline/", "/en/offline/"]
    assert {"/es/places.json", "/en/places.json"} < set(told["files"])
    assert {file.split("/")[1] for file in told["files"]} == {"static", "es", "en"}
    assert (
        len([file for file in told["files"] if file.endswith(("register.js", "seal.js", "offline.js"))]) == 3
    )
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("change", ["key", "place", "need"])
def test_another_list_or_key_makes_another_worker(settings, change):
    def version():
        return re.search(r'"version": "(\w+)"', Client().get("/worker.js").text)[1]

    first = version()
    assert version() == first
    if change == "key":
        settings.AUDIT_KEY = "another key of at least thirty-two letters"
    elif change == "place":
        Region.objects.filter(code="HN-OL").update(label_es="Olancho de la Sierra")
    else:
        SpecificNeed.objects.filter(at_registration=True).update(label_es="Otra palabra")
    assert version() != first


def test_every_page_says_whose_shift_it_is_and_nothing_more(volunteer, cast):
    page = volunteer.get("/es/handbook/").text
    token = re.search(r'data-shift="([^"]+)"', page)[1]
    assert states(bring(volunteer, device_record(token, MOTHER))) == [("stored", None)]
    assert Family.objects.get().desk == "registration 2"
    assert "data-shift" not in Client().get("/es/account/login/").text
    assert "storage" not in volunteer.post("/es/account/change-user/").headers["Clear-Site-Data"]
