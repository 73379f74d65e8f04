"""What came from a device and has to be corrected: at its shelter, of its day, once, and never lost on the way."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.utils import timezone

from intake import actions
from intake.models import Family, LateForm, Submission, Tombstone
from shelters.models import AccessEvent
from tests import factories
from tests.devices import bring, device_record, states, token_of
from tests.factories import NOW
from tests.intake.test_actions_retention import run
from tests.intake.test_register import ALE, MOTHER, URL, posted

pytestmark = pytest.mark.django_db
WRONG = {**ALE, "age": "200"}


@pytest.fixture
def token(cast, palillo):
    return token_of(cast.volunteer, palillo)


def brought(client, token, *members, **fields) -> LateForm:
    """A form of a device that has to be corrected."""
    record = device_record(token, *(members or [WRONG]), **fields)
    bring(client, record)
    return LateForm.objects.get(key=record["id"])


def typed(late, *members, **fields) -> dict:
    return posted(*(members or [ALE]), **{"key": str(late.key), "late": str(late.pk), **fields})


# --- at its shelter -----------------------------------------------------------------------------------------------


def start_shift(client, shelter):
    return client.post("/es/shift/", {"shelter": shelter.pk, "desk": "registration", "number": "3"})


def test_a_shift_that_moved_meanwhile_stores_nobody_elsewhere(volunteer, cast, token, palillo, annex):
    """The form was open in one tab while the shift was started anew in another."""
    cast.volunteer.shelters.add(annex)
    zone = factories.make_zone(palillo, name="Zona Norte")
    late = brought(volunteer, token)
    assert start_shift(volunteer, annex).status_code == 302
    assert volunteer.post(URL, typed(late)).status_code == 422
    answer = volunteer.post(URL, typed(late, comments="Pide ver a su tía.", zone=zone.pk))
    assert answer.status_code == 422
    assert "Este formulario es de Estadio Palillo, y su turno es en otro albergue" in answer.text
    assert "Pide ver a su tía." in answer.text
    assert f'<option value="{zone.pk}" selected>' in answer.text
    assert LateForm.objects.open().exists() and not Family.objects.exists()
    start_shift(volunteer, palillo)
    assert volunteer.post(URL, typed(late, zone=zone.pk)).status_code == 302
    assert Family.objects.get().shelter == palillo


# --- of its day ---------------------------------------------------------------------------------------------------


def test_ages_and_days_mean_what_they_meant_when_they_were_said(volunteer, token, palillo):
    said = timezone.now() - timedelta(days=9)
    late = brought(volunteer, token, at=said)
    day = palillo.day_of(said)
    page = volunteer.get(f"/es/offline/to-correct/{late.pk}/").text
    assert f'data-today="{day:%Y-%m-%d}"' in page
    assert f"Se escribió el {day.day}/{day.month}/{day.year}" in page
    baby = {"given_names": "Bebé", "age": "3d"}
    wrong = volunteer.post(URL, typed(late, {**ALE, "age": "300"}, baby, arrived_on="ayer"))
    assert f'data-today="{day:%Y-%m-%d}"' in wrong.text
    assert volunteer.post(URL, typed(late, ALE, baby, arrived_on="ayer")).status_code == 302
    family = Family.objects.get()
    assert family.arrived_on == day - timedelta(days=1)
    assert set(family.members.values_list("age_said_on", flat=True)) == {day}
    assert family.members.get(given_names="Bebé").birth_date == day - timedelta(days=3)


def test_a_day_without_a_year_is_of_the_year_in_which_it_was_said(volunteer, token, palillo):
    """Also of a form that is stored at once."""
    said = timezone.now() - timedelta(days=40)
    day = palillo.day_of(said)
    after = (day.replace(day=1) + timedelta(days=32)).replace(day=1)  # the first of the next month
    bring(volunteer, device_record(token, ALE, at=said, arrived_on=f"{after.day}/{after.month}"))
    assert Family.objects.get().arrived_on < day


def test_the_day_of_a_form_that_cannot_be_opened_any_more_is_when_it_came(volunteer, token, settings):
    late = brought(volunteer, token, at=timezone.now() - timedelta(days=9))
    settings.AUDIT_KEY = "another key of at least thirty-two letters"
    assert volunteer.post(URL, typed(late)).status_code == 302
    assert Family.objects.get().members.get().age_said_on == late.shelter.day_of(late.came_at)


# --- once ---------------------------------------------------------------------------------------------------------


def key_on(page) -> str:
    return re.search(r'name="key" value="([^"]+)"', page.text)[1]


def conflict(client, token) -> LateForm:
    """Other words under the key of a form that was stored: each page of it has a key of its own."""
    first = device_record(token, MOTHER)
    bring(client, first, device_record(token, ALE, key=first["id"]))
    return LateForm.objects.get()


def opened_pages(late, *clients) -> list[dict]:
    """What each of them sends who has it open at the same time."""
    pages = [client.get(f"/es/offline/to-correct/{late.pk}/") for client in clients]
    return [typed(late, ALE, key=key_on(page)) for page in pages]


@pytest.mark.parametrize("sent", [{}, {"more": "1"}, {"m-0-age": "300"}])
def test_who_corrects_it_second_is_told_and_stores_nobody(volunteer, coordinator, token, sent):
    """Whatever is pressed first: the page that it gives must not be an ordinary one without a word."""
    late = conflict(volunteer, token)
    one, other = opened_pages(late, volunteer, coordinator)
    assert one["key"] != other["key"]
    assert volunteer.post(URL, one).status_code == 302
    told = coordinator.post(URL, {**other, **sent})
    assert told.status_code == 422
    assert "Mientras tanto este formulario se guardó o se descartó" in told.text
    assert 'value="Ale"' in told.text and 'name="late"' not in told.text
    assert Family.objects.count() == 2
    assert AccessEvent.objects.filter(action="form_settled").count() == 1
    again = {**other, "key": key_on(told)}
    del again["late"]
    assert coordinator.post(URL, again).status_code == 302  # other people after all, and said so
    assert Family.objects.count() == 3


def test_the_same_correction_sent_twice_has_the_first_answer(volunteer, token):
    late = conflict(volunteer, token)
    (sent,) = opened_pages(late, volunteer)
    answers = [volunteer.post(URL, sent) for _each in range(2)]
    assert answers[0].url == answers[1].url
    assert Family.objects.count() == 2


def test_what_was_thrown_away_meanwhile_is_not_stored_without_a_word(volunteer, coordinator, token):
    late = brought(volunteer, token)
    coordinator.post(f"/es/offline/to-correct/{late.pk}/")
    assert volunteer.post(URL, typed(late)).status_code == 422
    assert not Family.objects.exists()


def test_who_works_elsewhere_by_now_stores_nobody_there(volunteer, cast, token, annex):
    late = brought(volunteer, token)
    cast.volunteer.shelters.set([annex])
    start_shift(volunteer, annex)
    assert volunteer.post(URL, typed(late)).status_code == 422
    assert not Family.objects.exists() and LateForm.objects.open().exists()


# --- never lost ---------------------------------------------------------------------------------------------------


def undone(client):
    family = Family.objects.latest("registered_at")
    return client.post(f"/es/families/{family.pk}/undo/", follow=True)


@pytest.mark.parametrize("is_conflict", [True, False])
def test_after_an_undo_the_form_waits_to_be_corrected_again(volunteer, token, is_conflict):
    late = conflict(volunteer, token) if is_conflict else brought(volunteer, token)
    before = Family.objects.count()
    (sent,) = opened_pages(late, volunteer)
    volunteer.post(URL, sent)
    answer = undone(volunteer)
    assert "El registro se deshizo. Su formulario espera otra vez a que lo corrijan." in answer.text
    assert str(late.pk) in answer.text
    assert Family.objects.count() == before
    assert LateForm.objects.open().get().sealed == late.sealed
    told = AccessEvent.objects.filter(action="form_kept").latest("pk")
    assert (told.subject_id, told.detail) == (str(late.pk), {"undone": True})
    (sent,) = opened_pages(late, volunteer)
    assert volunteer.post(URL, sent).status_code == 302
    assert Family.objects.count() == before + 1
    assert not LateForm.objects.open().exists()


def test_an_ordinary_undo_opens_no_form(volunteer, token):
    late = brought(volunteer, token)
    volunteer.post(URL, typed(late))
    volunteer.post(URL, posted(MOTHER))
    assert "espera otra vez" not in undone(volunteer).text
    assert not LateForm.objects.open().exists()


def test_the_form_that_an_undo_gives_back_goes_at_night(volunteer, token):
    late = brought(volunteer, token)
    volunteer.post(URL, typed(late))
    assert actions.forget_late(90) == 0
    late.refresh_from_db()
    assert late.sealed  # it can still be undone
    LateForm.objects.update(settled_at=timezone.now() - actions.UNDO_FOR - timedelta(seconds=1))
    assert actions.forget_late(90) == 0
    late.refresh_from_db()
    assert late.sealed == ""


def test_of_a_family_that_refuses_the_notice_nothing_is_kept_for_an_undo(volunteer, token):
    late = brought(volunteer, token)
    volunteer.post(URL, typed(late, notice_answer="refused"))
    late.refresh_from_db()
    assert (late.sealed, late.saved_as) == ("", Family.objects.get().pk)
    assert "espera otra vez" not in undone(volunteer).text
    assert not Family.objects.exists()


def test_it_goes_with_whoever_is_erased(volunteer, cast, token):
    """Also under a key of its own."""
    late = conflict(volunteer, token)
    (sent,) = opened_pages(late, volunteer)
    volunteer.post(URL, sent)
    person = Family.objects.get(pk=sent["key"]).members.get()
    actions.erase(person, reason="request", by=cast.data_officer)
    late.refresh_from_db()
    assert late.sealed == ""


def test_after_an_undo_no_copy_under_its_first_key_brings_back_whoever_is_erased(volunteer, cast, token):
    """Corrected again it has another key; the first one stands in whatever else the device sealed of it."""
    late = brought(volunteer, token)
    volunteer.post(URL, typed(late))
    undone(volunteer)
    (sent,) = opened_pages(late, volunteer)
    assert sent["key"] != str(late.key)
    volunteer.post(URL, sent)
    copies = [device_record(token, WRONG, key=str(late.key)) for _each in range(2)]
    bring(volunteer, copies[0])
    assert LateForm.objects.open().exists()
    actions.erase(Family.objects.get().members.get(), reason="request", by=cast.data_officer)
    assert not LateForm.objects.exclude(sealed="").exists()
    assert not Submission.objects.exclude(digest="").exists()
    assert states(bring(volunteer, *copies)) == [("refused", "erased")] * 2


def test_the_key_of_a_family_of_others_stays_theirs(volunteer, cast, token):
    late = conflict(volunteer, token)
    (sent,) = opened_pages(late, volunteer)
    volunteer.post(URL, sent)
    actions.erase(Family.objects.get(pk=sent["key"]).members.get(), reason="request", by=cast.data_officer)
    assert Submission.objects.get(pk=late.key).family == Family.objects.get()
    assert not Tombstone.objects.holds(late.key)


# --- until when ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_dry_run_counts_what_the_real_run_would_empty(volunteer, token):
    late = brought(volunteer, token)
    brought(volunteer, token)
    LateForm.objects.filter(pk=late.pk).update(came_at=timezone.now() - timedelta(days=91))
    assert "1 forms of devices (not corrected for 90 days, or purged)" in run("--dry-run")
    assert LateForm.objects.open().count() == 2
    assert "1 forms of devices (not corrected for 90 days, or purged)" in run()
    assert LateForm.objects.open().count() == 1
    assert "0 forms of devices" in run("--dry-run")


@pytest.mark.parametrize("broken", [{"sealed": ""}, {"settled_at": NOW}, {"saved_as": uuid4()}])
def test_what_waits_has_its_text_and_what_became_nothing_has_none(volunteer, token, broken):
    brought(volunteer, token)
    with pytest.raises(IntegrityError):
        LateForm.objects.update(**broken)
