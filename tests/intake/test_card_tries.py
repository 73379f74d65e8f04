"""Codes of cards are not guessed: tries at all desks count together, and a busy line is never hindered."""

import ast
import uuid
from pathlib import Path

import pytest

import intake
from intake import access
from intake.access import MOST_UNKNOWN_A_MINUTE
from intake.cards import new_code
from intake.models import Tally
from tests import factories
from tests.intake.test_register import MOTHER, posted
from tests.intake.test_scan import NOTE, choose, kind_of, scan

pytestmark = pytest.mark.django_db


@pytest.fixture
def card(palillo, cast):
    return factories.make_card(factories.make_family(palillo, by=cast.volunteer))


def test_who_guesses_waits_at_every_desk(volunteer, card, palillo, cast):
    factories.make_station(palillo)
    token = choose(volunteer)
    for _each in range(10):
        assert volunteer.post("/en/presence/", {"card": new_code()}).status_code == 422
        assert volunteer.post("/en/clothes/", {"code": new_code()}).status_code == 422
        volunteer.post(f"/en/families/{card.family_id}/card/", {"card": new_code()})
    assert kind_of(scan(volunteer, new_code(), token=token)) == "unknown"
    assert scan(volunteer, card.code, token=token).status_code == 429
    answer = volunteer.post("/en/presence/", {"card": card.code})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 60
    assert volunteer.post("/en/search/", {"q": card.code}).status_code == 429


def test_cards_that_somebody_printed_hinder_nobody(volunteer, card, annex, cast):
    batch = factories.make_batch(annex, by=cast.coordinator, cards=MOST_UNKNOWN_A_MINUTE + 5)
    token = choose(volunteer)
    for blank in batch.cards.all():
        assert kind_of(scan(volunteer, blank.code, token=token)) == "unknown"
    assert kind_of(scan(volunteer, card.code, token=token)) == "served"


def test_a_note_under_the_key_of_somebody_else_tells_nothing(volunteer, stranger, annex, palillo, cast):
    key = str(uuid.uuid4())
    data = {"key": key, "code": new_code(), "people": 7}
    stranger.post(NOTE, {**data, "round": choose(stranger)})
    assert Tally.objects.get().shelter == annex
    assert volunteer.post(NOTE, {**data, "round": choose(volunteer)}).status_code == 404


def test_a_number_with_thousands_of_digits_is_no_table(volunteer):
    assert volunteer.post("/en/clothes/table/", {"station": "9" * 5000}).status_code == 404


# --- every place that takes a code ----------------------------------------------------------------------------


def key():
    return str(uuid.uuid4())


PLACES = {
    "search": lambda client, card, code: ("search/", {"q": code}),
    "register": lambda client, card, code: ("families/register/", posted(MOTHER, card=code)),
    "bind": lambda client, card, code: (f"families/{card.family_id}/card/", {"card": code}),
    "replace": lambda client, card, code: (
        f"families/{card.family_id}/card/replace/",
        {"key": key(), "old": card.code, "why": "lost", "card": code},
    ),
    "gate": lambda client, card, code: ("presence/", {"card": code}),
    "round": lambda client, card, code: ("presence/zones/A/", {"do": "scan", "card": code}),
    "departures": lambda client, card, code: (
        "departures/",
        {"key": key(), "to": "north", "zone": "", "cards": code},
    ),
    "queue": lambda client, card, code: (
        "queue/clothing/number/",
        {"key": key(), "line": "clothing", "card": code, "people": "1", "priority": "known"},
    ),
    "clothes": lambda client, card, code: ("clothes/", {"code": code}),
    "scan": lambda client, card, code: ("scan/", {"round": choose(client), "key": key(), "code": code}),
    "note": lambda client, card, code: (
        "scan/note/",
        {"round": choose(client), "key": key(), "code": code, "people": "none"},
    ),
}
TAKES_A_BLANK_ONE = {"register", "bind", "replace"}
# Whatever reads a code, and where it is tried above. A new line here belongs to a new place, or says why it is none.
READERS = {
    "access.family_of_card": ["gate", "round", "queue", "clothes"],
    "views.presence.overview": ["gate"],
    "views.rounds.scan": ["round"],
    "views.queue.give": ["queue"],
    "views.clothes.table": ["clothes"],
    "views.desk.find": ["search"],
    "search.by_card": ["search"],
    "forms.registration.FamilyForm": ["register"],
    "forms.cards.BindForm": ["bind"],
    "forms.cards.ReplaceForm": ["replace"],
    "forms.presence.TogetherForm": ["departures"],
    "forms.scan.CardForm": ["scan", "note"],
    "forms.look_alikes.searched_name": [],  # asks whether a text is a name, and looks nobody up
}


def readers() -> set:
    """The functions and classes of the source that read a code, or take one in a form."""
    root, marks = Path(intake.__file__).parent, {"read_code", "family_of_card", "CardField"}
    found = set()
    for file in root.rglob("*.py"):
        module = ".".join(file.relative_to(root).with_suffix("").parts)
        for thing in ast.parse(file.read_text()).body:
            names = {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(thing)}
            if names & marks:
                found.add(f"{module}.{getattr(thing, 'name', '')}")
    return found - {"cards.read_code", "forms.fields.CardField"}


def test_whatever_reads_a_code_is_tried_here():
    assert readers() == set(READERS)
    assert {place for places in READERS.values() for place in places} == set(PLACES)


@pytest.mark.parametrize("place", PLACES)
def test_who_guesses_at_this_place_waits_there(sign_in, station, card, palillo, cast, monkeypatch, place):
    monkeypatch.setattr(access, "MOST_UNKNOWN_A_MINUTE", 1)
    factories.make_zone(palillo)
    client = sign_in(cast.coordinator)

    def tried(code):
        path, data = PLACES[place](client, card, code)
        return client.post(f"/en/{path}", data, follow=True)

    for _twice in range(2):
        assert "Many codes in one minute" not in tried(new_code()).text
    good = factories.make_batch(palillo, by=cast.coordinator, cards=1).cards.get()
    answer = tried(good.code if place in TAKES_A_BLANK_ONE else card.code)
    assert answer.status_code in (
        422,
        429,
    )  # a form whose other fields must not be lost says it beside the card
    assert "Many codes in one minute" in answer.text
    good.refresh_from_db()
    assert good.family is None
