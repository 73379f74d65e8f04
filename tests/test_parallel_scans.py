"""Two hundred counters hold out one card for one meal: against the real server, on either database."""

import re
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest
from django.utils import timezone

from intake.models import ServiceReceived, ServiceType
from tests import factories

pytestmark = pytest.mark.server
SCANS, AT_ONCE = 200, 20
KINDS = {"FOOD-LUN": 3, "NFI-CAR": 1}  # to each person, and to the family as a whole


def counter(server, client):
    """`(host, headers, fields)` of a desk that has chosen what it hands out."""
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    headers = {
        "Cookie": cookies,
        "Referer": server,
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Requested-With": "fetch",
    }
    return urlsplit(server).netloc, headers


def ask(host, headers, data):
    link = HTTPConnection(host, timeout=60)
    link.request("POST", "/en/scan/", urlencode(data), headers)
    answer = link.getresponse()
    body = answer.read().decode()
    link.close()
    kind = re.search(r'data-kind="(\w+)"', body)
    return answer.status, kind and kind[1], " ".join(re.sub(r"<[^>]+>", " ", body).split())


def desks(server, cast, sign_in, palillo, service, number=8):
    for line in range(1, number + 1):
        user = factories.make_user("volunteer", shelters=[palillo])
        client = sign_in(user, desk=f"food {line}")
        client.post("/en/scan/start/", {"service_type": service})
        page = client.get("/en/scan/").content.decode()
        token = re.search(r'name="round" value="([^"]+)"', page)[1]
        yield (
            *counter(server, client),
            {"round": token, "csrfmiddlewaretoken": client.cookies["csrftoken"].value},
        )


@pytest.mark.parametrize("service", KINDS)
def test_one_card_at_two_hundred_counters(server, cast, sign_in, palillo, service):
    family = factories.make_family(palillo, {}, {}, {"age": 4}, by=cast.volunteer, at=timezone.now())
    card = factories.make_card(family, at=timezone.now())
    lines = list(desks(server, cast, sign_in, palillo, service))

    def scan(number):
        host, headers, fields = lines[number % len(lines)]
        return ask(host, headers, {**fields, "key": str(uuid.uuid4()), "code": card.code})

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(scan, range(SCANS)))
    assert {status for status, _kind, _words in answers} == {200}
    served = {words for _status, kind, words in answers if kind == "served"}
    assert ServiceReceived.objects.count() == KINDS[service]
    assert ServiceReceived.objects.values("scan").distinct().count() == 1
    # The desk that served may have scanned it again within three seconds: the same answer, nothing recorded.
    assert len(served) == 1 or len({re.sub(r"\S+$", "", words) for words in served}) == 1
    where = ServiceReceived.objects.first().desk.title()
    label = ServiceType.objects.get(pk=service).label_en
    told = [words for _status, kind, words in answers if kind == "already"]
    assert len(told) >= SCANS - SCANS // len(lines)
    assert all(re.search(rf"{re.escape(label)} at \d\d:\d\d, desk {where}", words) for words in told), told[0]
    assert set(Counter(kind for _status, kind, _words in answers)) == {"served", "already"}


def test_one_scan_sent_two_hundred_times(server, cast, sign_in, palillo):
    """The same key: every answer is the first one's."""
    family = factories.make_family(palillo, {}, {}, by=cast.volunteer, at=timezone.now())
    card, key = factories.make_card(family, at=timezone.now()), str(uuid.uuid4())
    host, headers, fields = next(desks(server, cast, sign_in, palillo, "FOOD-WAT", 1))
    data = {**fields, "key": key, "code": card.code}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _n: ask(host, headers, data), range(SCANS)))
    assert Counter((status, kind) for status, kind, _words in answers) == {(200, "served"): SCANS}
    assert ServiceReceived.objects.count() == 2


def test_scans_undone_and_scanned_again_at_once(server, cast, sign_in, palillo):
    """Counters that serve and take back the same card in turns: no error page, and never two meals standing."""
    family = factories.make_family(palillo, {}, {}, by=cast.volunteer, at=timezone.now())
    card = factories.make_card(family, at=timezone.now())
    lines = list(desks(server, cast, sign_in, palillo, "FOOD-LUN"))

    def to_and_fro(number):
        host, headers, fields = lines[number % len(lines)]
        data = {**fields, "key": str(uuid.uuid4()), "code": card.code}
        first = ask(host, headers, data)
        link = HTTPConnection(host, timeout=60)
        link.request("POST", "/en/scan/adjust/", urlencode({**data, "to": "0"}), headers)
        answer = link.getresponse()
        answer.read()
        link.close()
        return first[0], answer.status

    with ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = list(pool.map(to_and_fro, range(80)))
    assert {first for first, _second in statuses} == {200}
    assert {second for _first, second in statuses} <= {200, 404}  # 404: the card was not served by this scan
    for person in family.members.all():
        assert person.services.given().count() <= 1
