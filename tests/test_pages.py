"""Every page, in both languages: strict HTML, all in the reader's language, private, under the policy."""

import re
from html.parser import HTMLParser

import html5lib
import pytest

from intake.device_forms import opened
from tests import factories
from tests.devices import device_record, token_of

# The same in both languages, or written in both on purpose.
SHARED_WORDS = set(
    "Puente Error Legal LGBTTTI Total Plan Enter Tab Alt Ctrl Español English Idioma Language".split()
)


@pytest.fixture
def family(palillo, cast):
    members = [{"given_names": "Neptalí", "age": 34}, {"given_names": "Ale", "age": 11}]
    family = factories.make_family(palillo, *members, by=cast.volunteer)
    head = family.members.first()
    factories.make_service(head, "FOOD-LUN")
    factories.make_service(head, "LEG-ASY", outcome_id="ASY-WISH")
    factories.make_intention(head)
    factories.make_need(head, "X-PR")
    factories.make_card(family)
    factories.make_batch(palillo, by=cast.coordinator, cards=1)
    factories.make_station(palillo, name="Mesa Uno")
    return family


@pytest.fixture
def late_form(palillo, cast):
    """What a device sent, with an age that cannot be."""
    record = device_record(token_of(cast.volunteer, palillo), {"age": "200"})
    late = opened(record["id"], record["sealed"]).late()
    late.save()
    return late


@pytest.fixture
def pages(family, palillo, late_form):
    person, service = (
        family.members.first(),
        family.members.first().services.filter(service_type="FOOD-LUN").get(),
    )
    paths = ["", "shift/", "handbook/", "families/register/", "account/password/", f"families/{family.pk}/"]
    paths += ["scan/start/", "offline/", "offline/to-correct/", f"offline/to-correct/{late_form.pk}/"]
    paths += [
        f"families/{family.pk}/{name}/" for name in ("edit", "add", "split", "departure", "return", "service")
    ]
    paths += [f"families/{family.pk}/card/{name}" for name in ("", "replace/")]
    paths += [f"people/{person.pk}/", f"people/{person.pk}/plan/", f"people/{person.pk}/need/"]
    paths += ["queue/clothing/", "queue/health/", "queue/clothing/number/", "tally/service/"]
    station = palillo.stations.get()
    paths += ["clothes/", "clothes/?change=1", f"families/{family.pk}/clothes/", f"stock/{station.pk}/"]
    paths += [f"stock/{station.pk}/came-in/", f"stock/{station.pk}/count/SOCKS/"]
    zone = factories.make_zone(family.shelter, "A", name="Zona Norte", capacity=1)
    for stay in family.members.last().stays.all():
        stay.zone = zone
        stay.save()
    paths += ["presence/", "presence/count/", "presence/zones/A/", f"families/{family.pk}/gate/"]
    return [*paths, f"services/{service.pk}/cancel/"]


class Words(HTMLParser):
    """The texts a reader sees, without scripts and without data in <bdi>."""

    def __init__(self, html):
        super().__init__()
        self.texts, self.inside = set(), []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "style", "template", "bdi", "option", "time"):
            self.inside.append(tag)
        self.texts |= {
            value for name, value in attrs if name in ("placeholder", "title", "aria-label") and value
        }

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside and re.search(r"[^\W\d_]{4}", data):
            self.texts.add(" ".join(data.split()))


def test_every_page_is_strict_html(volunteer, pages):
    for language in ("es", "en"):
        for path in pages:
            answer = volunteer.get(f"/{language}/{path}")
            assert answer.status_code == 200, path
            parser = html5lib.HTMLParser(strict=False)
            parser.parse(answer.content.decode())
            errors = [error[1] for error in parser.errors]
            assert errors == [], f"{language}/{path}"


def test_nothing_stays_in_the_other_language(volunteer, pages, palillo):
    data = set("volunteer Honduras Neptalí Ale Ana López Estadio Palillo Mesa Uno".split())
    data = set("volunteer Honduras Neptalí Ale Ana López Estadio Palillo Zona Norte".split())
    for path in pages:
        spanish, english = (
            Words(volunteer.get(f"/{each}/{path}").content.decode()).texts for each in ("es", "en")
        )
        same = {
            text for text in spanish & english if set(re.findall(r"[^\W\d_]{3,}", text)) - SHARED_WORDS - data
        }
        assert same == set(), path


def test_every_page_is_private_and_under_the_policy(volunteer, pages):
    for path in pages:
        headers = volunteer.get(f"/es/{path}").headers
        assert "no-store" in headers["Cache-Control"], path
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_every_page_sends_a_visitor_to_sign_in(client, pages):
    for path in pages:
        answer = client.get(f"/es/{path}")
        assert answer.status_code == 302, path
        assert answer.url.startswith("/es/account/login/"), path


def test_a_page_that_does_not_exist_says_so(client, volunteer):
    for visitor in (client, volunteer):
        answer = visitor.get("/es/no/such/page/")
        assert answer.status_code == 404
        assert "Content-Security-Policy" in answer.headers


def test_a_form_without_its_token_is_refused(cast, sign_in):
    client = sign_in(cast.volunteer)
    client.handler.enforce_csrf_checks = True
    answer = client.post("/es/families/register/", {"notice_answer": "accepted"})
    assert answer.status_code == 403
    assert "text/html" in answer.headers["Content-Type"]
