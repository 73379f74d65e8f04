"""Devices that send at the same moment, against the real server, on whichever database the suite runs."""

import json
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest

from intake.models import Family, LateForm
from shelters.models import AccessEvent
from tests.devices import RECORDS, bring, device_record, token_of
from tests.intake.test_register import ALE, MOTHER, URL, posted

pytestmark = pytest.mark.server


def send_at_once(server, client, batches):
    """Each batch in a request of its own; the states of all of them."""
    client.get("/es/families/register/")  # brings the CSRF cookie
    headers = {
        "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items()),
        "Content-Type": "application/json",
        "X-CSRFToken": client.cookies["csrftoken"].value,
    }

    def send(records):
        connection = HTTPConnection(urlsplit(server).netloc, timeout=60)
        connection.request("POST", RECORDS, json.dumps({"records": records}), headers)
        answer = connection.getresponse()
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
    client.get(URL)  # brings the CSRF cookie
    headers = {
        "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items()),
        "Content-Type": "application/x-www-form-urlencoded",
        "X-CSRFToken": client.cookies["csrftoken"].value,
    }

    def correct(_n):
        connection = HTTPConnection(urlsplit(server).netloc, timeout=60)
        connection.request("POST", URL, urlencode(posted(ALE, late=str(late.pk))), headers)
        return connection.getresponse().status

    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(correct, range(10)))
    assert (found.count(302), found.count(422)) == (1, 9)
    assert Family.objects.count() == 2
    assert AccessEvent.objects.filter(action="form_settled").count() == 1
