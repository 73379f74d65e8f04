"""Devices that send at the same moment, against the real server, on whichever database the suite runs."""

import json
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from threading import Event
from time import sleep
from urllib.parse import urlencode, urlsplit

import pytest
from django.db import connection, transaction

from intake import actions
from intake.models import Family, LateForm
from shelters.models import AccessEvent
from tests.devices import RECORDS, bring, device_record, token_of
from tests.intake.test_register import ALE, MOTHER, URL, posted

pytestmark = pytest.mark.server


def sender(server, client, kind="application/x-www-form-urlencoded"):
    """A function of an address and a body: the answer to it, on a connection of its own."""
    client.get(URL)  # brings the CSRF cookie
    headers = {
        "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items()),
        "Content-Type": kind,
        "X-CSRFToken": client.cookies["csrftoken"].value,
    }

    def send(address, body=""):
        line = HTTPConnection(urlsplit(server).netloc, timeout=60)
        line.request("POST", address, body, headers)
        return line.getresponse()

    return send


def send_at_once(server, client, batches):
    """Each batch in a request of its own; the states of all of them."""
    bring_to = sender(server, client, "application/json")

    def send(records):
        answer = bring_to(RECORDS, json.dumps({"records": records}))
        assert answer.status == 200
        return [each["state"] for each in json.loads(answer.read())["answers"]]

    with ThreadPoolExecutor(10) as pool:
        return [state for states in pool.map(send, batches) for state in states]


def test_one_queue_sent_by_many_at_once_is_stored_once(server, cast, palillo, sign_in):
    """Copied to other devices, sent from two tabs, shuffled: whatever comes together."""
    token = token_of(cast.volunteer, palillo)
    good = [device_record(token, MOTHER) for _each in range(3)]
    bad = device_record(token, {**ALE, "age": "200"})
    batches = [[*good, bad], [bad, *reversed(good)]] * 10
    found = send_at_once(server, sign_in(cast.volunteer), batches)
    assert sorted(set(found)) == ["already", "refused", "stored"]
    assert found.count("stored") == 3
    assert {str(family.pk) for family in Family.objects.all()} == {record["id"] for record in good}
    assert LateForm.objects.count() == 1
    assert AccessEvent.objects.filter(action="family_registered").count() == 3
    assert AccessEvent.objects.filter(action="form_kept").count() == 1


def test_two_forms_under_one_key_at_once_are_one_family_and_one_to_correct(server, cast, palillo, sign_in):
    token = token_of(cast.volunteer, palillo)
    one = device_record(token, MOTHER)
    other = device_record(token, ALE, key=one["id"])
    found = send_at_once(server, sign_in(cast.volunteer), [[one], [other]] * 10)
    assert (found.count("stored"), Family.objects.count(), LateForm.objects.count()) == (1, 1, 1)
    assert set(found) <= {"stored", "already", "conflict"}


def test_one_form_corrected_by_many_at_once_is_one_family(server, cast, palillo, sign_in):
    """Each page of a conflict has a key of its own: only the form itself says that they are the same."""
    token = token_of(cast.volunteer, palillo)
    first = device_record(token, MOTHER)
    client = sign_in(cast.volunteer)
    bring(client, first, device_record(token, ALE, key=first["id"]))
    late = LateForm.objects.get()
    send = sender(server, client)

    def correct(_n):
        return send(URL, urlencode(posted(ALE, late=str(late.pk)))).status

    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(correct, range(10)))
    assert (found.count(302), found.count(422)) == (1, 9)
    assert Family.objects.count() == 2
    assert AccessEvent.objects.filter(action="form_settled").count() == 1


def corrected(client, token) -> tuple[LateForm, Family]:
    """A form of a device, and the family that it became."""
    record = device_record(token, {**ALE, "age": "200"})
    bring(client, record)
    late = LateForm.objects.get(key=record["id"])
    client.post(URL, posted(ALE, key=record["id"], late=str(late.pk)))
    return late, Family.objects.get()


def test_one_registration_undone_by_many_clicks_at_once_waits_again_once(server, cast, palillo, sign_in):
    """Whoever waits for another click finds no family any more: that is no fault of ours."""
    client = sign_in(cast.volunteer)
    _late, family = corrected(client, token_of(cast.volunteer, palillo))
    send = sender(server, client)
    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda _n: send(f"/es/families/{family.pk}/undo/").status, range(20)))
    assert (found.count(302), found.count(404)) == (1, 19)
    assert LateForm.objects.open().count() == 1
    assert AccessEvent.objects.filter(action="form_kept", detail={"undone": True}).count() == 1


def test_an_undo_while_the_night_empties_the_form_is_an_ordinary_one(
    transactional_db, cast, palillo, sign_in
):
    """It waits for the night, and then there is nothing to give back."""
    _late, family = corrected(sign_in(cast.volunteer), token_of(cast.volunteer, palillo))
    began = Event()

    def night():
        with transaction.atomic():
            LateForm.objects.update(sealed="")
            began.set()
            sleep(0.5)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(night)
        assert began.wait(10)
        assert not actions.undo_registration(family, by=cast.volunteer)
        done.result()
    assert not Family.objects.exists() and not LateForm.objects.open().exists()
