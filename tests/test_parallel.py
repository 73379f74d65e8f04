"""A hundred equal forms at once, against the real server, on whichever database the suite runs."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest

from intake.models import Card, CardBatch, Family, Person, ServiceReceived
from shelters.models import AccessEvent
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


def test_two_desks_and_one_card(server, cast, sign_in, palillo):
    """Twenty families scan the same card: one has it, the others are told, at the family's page and at registration."""
    card = factories.make_batch(palillo, by=cast.coordinator, cards=1).cards.get()
    families = [factories.make_family(palillo, {}, by=cast.volunteer) for _each in range(10)]
    client = sign_in(cast.volunteer)
    client.get("/es/families/register/")
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    token = {"card": card.code, "csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    asked = [(f"{server}/es/families/{family.pk}/card/", token) for family in families]
    for _each in range(10):
        registration = {**posted(MOTHER, key=str(uuid.uuid4())), **token}
        asked.append((f"{server}/es/families/register/", registration))
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda each: send(each[0], cookies, each[1])[0], asked))
    assert sorted(statuses) == [302] + [422] * 19
    assert Card.objects.get().family is not None
    assert AccessEvent.objects.filter(action="card_bound").count() == 1
    assert Family.objects.count() == 10 + (statuses.index(302) >= 10)  # who was told is not stored half


def test_batches_made_at_once_have_numbers_of_their_own(server, cast, sign_in, palillo):
    client = sign_in(cast.coordinator)
    client.get("/es/families/register/")
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())

    def make(_n):
        data = {"key": str(uuid.uuid4()), "shelter": palillo.pk, "size": "50"}
        data["csrfmiddlewaretoken"] = client.cookies["csrftoken"].value
        return send(f"{server}/es/admin/intake/cardbatch/add/", cookies, data)[0]

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(make, range(20))) == {302}
    assert sorted(CardBatch.objects.values_list("number", flat=True)) == list(range(1, 21))
    assert Card.objects.count() == 1000


def test_one_visit_to_the_clothes_table_sent_many_times(server, cast, sign_in, palillo):
    """The same form is one visit; other forms for the same jacket are told. The stock falls by what was given."""
    family = factories.make_family(palillo, {}, by=cast.volunteer)
    person, station = family.members.get(), factories.make_station(palillo)
    things = {"t-0-person": str(person.pk), "t-0-what": "JACKET|M", "t-0-quantity": "1"}
    address, client = f"{server}/es/families/{family.pk}/clothes/", sign_in(cast.volunteer)
    key = str(uuid.uuid4())
    answers = send_at_once(address, client, {"key": key, **things}, 20)
    assert set(answers) == {(302, f"/es/clothes/?saved={key}")}
    client.get("/es/clothes/")
    token = client.cookies["csrftoken"].value
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())

    def another(_n):
        data = {"key": str(uuid.uuid4()), **things, "t-0-what": "SHOES|22-24", "csrfmiddlewaretoken": token}
        return send(address, cookies, data)[0]

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(another, range(20)))
    assert sorted(statuses) == [302] + [422] * 19
    assert station.stock() == {("JACKET", "M"): -1, ("SHOES", "22-24"): -1}
    assert ServiceReceived.objects.count() == 2
