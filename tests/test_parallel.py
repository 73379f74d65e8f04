"""A hundred equal forms at once, against the real server, on whichever database the suite runs."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest

from intake.models import Family, Person, ServiceReceived
from tests import factories
from tests.intake.test_register import ALE, MOTHER, posted

pytestmark = pytest.mark.server


def send(address, cookies, data):
    """POST a form as a browser would; the status and where it leads."""
    parts = urlsplit(address)
    connection = HTTPConnection(parts.netloc, timeout=60)
    headers = {"Cookie": cookies, "Referer": address, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", parts.path, urlencode(data, doseq=True), headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.headers.get("Location")


def send_at_once(address, client, data, times):
    client.get("/es/families/register/")  # brings the CSRF cookie
    token = client.cookies["csrftoken"].value
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    data = {**data, "csrfmiddlewaretoken": token}
    with ThreadPoolExecutor(20) as pool:
        return list(pool.map(lambda _n: send(address, cookies, data), range(times)))


def test_a_hundred_equal_registrations_make_one_family(server, cast, sign_in):
    data = posted(MOTHER, ALE, key=str(uuid.uuid4()))
    answers = send_at_once(f"{server}/es/families/register/", sign_in(cast.volunteer), data, 100)
    family = Family.objects.get()
    assert set(answers) == {(302, f"/es/families/register/?saved={family.pk}")}
    assert Person.objects.count() == 2


def test_two_counters_and_one_meal(server, cast, sign_in, palillo):
    """Different forms for the same meal: one is served, the others are told; nobody gets an error page."""
    family = factories.make_family(palillo, {}, by=cast.volunteer)
    person = family.members.get()
    address = f"{server}/es/families/{family.pk}/service/"
    client = sign_in(cast.volunteer)
    client.get("/es/families/register/")
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())

    def serve(_n):
        data = {
            "key": str(uuid.uuid4()),
            "service_type": "FOOD-LUN",
            "people": str(person.pk),
            "quantity": "1",
            "csrfmiddlewaretoken": client.cookies["csrftoken"].value,
        }
        return send(address, cookies, data)[0]

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(serve, range(40)))
    assert sorted(set(statuses)) == [302, 422]
    assert statuses.count(302) == ServiceReceived.objects.count() == 1
