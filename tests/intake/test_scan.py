"""Scan mode on the screen: each answer, who may, what is typed wrong, and what a scan costs."""

import re
import uuid

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake.models import ServiceReceived, ServiceType, Tally
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
PAGE, START, ADJUST, NOTE = "/en/scan/", "/en/scan/start/", "/en/scan/adjust/", "/en/scan/note/"
PIECE = {"X-Requested-With": "fetch"}
MOTHER = {"given_names": "Neptalí María", "age": 34}
ALE, BABY = {"given_names": "Ale", "age": 11}, {"given_names": "Luz", "age": 0, "sex": "M"}


@pytest.fixture(autouse=True)
def that_noon():
    """12:30 in Mexico City."""
    with time_machine.travel(NOW.replace(hour=18, minute=30), tick=False) as clock:
        yield clock


@pytest.fixture
def family(palillo, cast):
    return factories.make_family(palillo, MOTHER, ALE, BABY, by=cast.volunteer)


@pytest.fixture
def card(family):
    return factories.make_card(family)


@pytest.fixture
def line(cast, sign_in):
    """A volunteer at a food desk."""
    return sign_in(cast.volunteer, desk="food 1")


def choose(client, service="FOOD-LUN", **fields):
    """Start a round; what its page sends with every card."""
    assert client.post(START, {"service_type": service, **fields}).url == PAGE
    return re.search(r'name="round" value="([^"]+)"', client.get(PAGE).content.decode())[1]


def scan(client, code, *, token=None, url=PAGE, **fields):
    token = token or choose(client)
    data = {"round": token, "key": str(uuid.uuid4()), "code": code, **fields}
    return client.post(url, data, headers=PIECE)


def words(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def kind_of(answer):
    return re.search(r'data-kind="(\w+)"', answer.content.decode())[1]


def key_in(answer):
    return re.search(r'data-scan="([\w-]+)"', answer.content.decode())[1]


# --- the answers ----------------------------------------------------------------------------------------------


def test_a_card_serves_everybody_at_once(line, card):
    answer = scan(line, card.code)
    assert kind_of(answer) == "served"
    assert "3 portions 1 adult · 1 girl · 1 baby" in words(answer)
    assert str(card) in words(answer)
    rows = ServiceReceived.objects.all()
    assert {(row.slot, row.desk, row.service_type_id) for row in rows} == {("lunch", "food 1", "FOOD-LUN")}
    assert "3 portions" not in words(line.get(PAGE))
    assert re.search(r'id="portions">3<.*', line.get(PAGE).content.decode())


@pytest.mark.parametrize("shape", ["{0}-{1}", "{0} {1}", "{0}'{1}", "{0}{1}\r"])
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_whatever_a_reader_makes_of_the_code(line, card, shape, case):
    """Lower case, spaces, dashes, and the apostrophe that a dash becomes under a Spanish layout."""
    assert kind_of(scan(line, case(shape.format(card.code[:4], card.code[4:])))) == "served"


def test_a_second_time_it_says_when_and_where(line, cast, sign_in, card, that_noon):
    scan(line, card.code)
    that_noon.shift(600)
    answer = scan(sign_in(cast.volunteer, desk="food 2"), card.code)
    assert kind_of(answer) == "already"
    assert "Already served today" in words(answer)
    assert "Midday meal at 12:30, desk Food 1" in words(answer)
    assert "Do not hand out" in words(answer)
    assert ServiceReceived.objects.count() == 3


def test_the_same_card_within_three_seconds_is_one_scan(line, card, that_noon):
    token = choose(line)
    first = scan(line, card.code, token=token)
    that_noon.shift(2)
    second = scan(line, card.code, token=token)
    assert (kind_of(second), key_in(second)) == ("served", key_in(first))
    that_noon.shift(2)
    assert kind_of(scan(line, card.code, token=token)) == "already"


def test_without_a_limit_every_scan_counts_but_not_within_three_seconds(line, card, that_noon):
    token = choose(line, "FOOD-WAT")
    for _time in range(2):
        scan(line, card.code, token=token)
        scan(line, card.code, token=token)
        that_noon.shift(4)
    assert ServiceReceived.objects.count() == 6


def test_who_had_it_is_left_out_and_named(line, family, card):
    factories.make_service(
        family.members.get(given_names="Ale"), limit_key="2018-11-06#1", desk="food 3", at=NOW
    )
    answer = scan(line, card.code)
    assert kind_of(answer) == "partly"
    assert "2 portions" in words(answer)
    assert "Ale: Midday meal at 09:00, desk Food 3" in words(answer)


def test_handed_out_anyway_with_a_reason(line, card, that_noon):
    scan(line, card.code)
    that_noon.shift(60)
    asked = scan(line, card.code, again="1")
    assert asked.status_code == 422
    assert "Choose why it is handed out again" in words(asked)
    answer = scan(line, card.code, again="1", reason="lost")
    assert kind_of(answer) == "served"
    again = ServiceReceived.objects.exclude(override_reason="")
    assert {(row.override_reason, row.limit_key) for row in again} == {("The food was lost or spoiled", None)}
    assert again.count() == 3


def test_nobody_in_the_shelter_is_asked_about_and_served_all_the_same(line, palillo, cast):
    family = factories.make_family(palillo, MOTHER, by=cast.volunteer, stay=False)
    factories.make_stay(family.members.get(), out=NOW)
    card = factories.make_card(family)
    answer = scan(line, card.code)
    assert kind_of(answer) == "left"
    assert "They left on Nov" in words(answer) or "They left on 6 Nov" in words(answer)
    assert kind_of(scan(line, card.code, here="1")) == "served"


def test_blankets_ask_first(line, card):
    token = choose(line, "NFI-BLK")
    answer = scan(line, card.code, token=token)
    assert kind_of(answer) == "asks"
    assert "Hand out 3 × Blanket" in words(answer)
    assert not ServiceReceived.objects.exists()
    assert kind_of(scan(line, card.code, token=token, confirmed="1")) == "served"


def test_a_service_to_the_family_is_one(line, card):
    token = choose(line, "NFI-CAR")
    assert "1 × " in words(scan(line, card.code, token=token))
    assert ServiceReceived.objects.get().person.relationship == "HEAD"


def test_an_unknown_card_is_handed_out_and_noted(line, card):
    code = factories.make_code()
    answer = scan(line, code)
    assert kind_of(answer) == "unknown"
    assert f'name="card" value="{code}"' in answer.content.decode()
    key = str(uuid.uuid4())
    for _time in range(2):
        noted = scan(line, code, url=NOTE, people="4", key=key)
    assert "4 portions" in words(noted)
    tally = Tally.objects.get()
    assert (tally.people, tally.who, tally.slot, tally.line) == (4, "unknown", "lunch", "food 1")
    assert not ServiceReceived.objects.exists()
    scan(line, code, url=ADJUST, key=key, to="0", noted="1")
    assert not Tally.objects.standing().exists()


@pytest.mark.parametrize("people", ["", "0", "-1", "many", "41"])
def test_a_note_needs_a_number(line, people):
    answer = scan(line, factories.make_code(), url=NOTE, people=people)
    assert answer.status_code == 422
    assert "from 1 to 40" in words(answer)


def test_a_lost_card_says_so_and_still_feeds(line, card, cast):
    card.revoked_at, card.revoked_as, card.revoked_by = NOW.replace(hour=18), "lost", cast.volunteer
    card.save()
    answer = scan(line, card.code)
    assert kind_of(answer) == "revoked"
    assert "Hand out and note" in words(answer)


@pytest.mark.parametrize("code", ["", "2222", "ABCDEFGH", "00000000", "x" * 500, "💥", "a\x00b", "\u202e"])
def test_what_is_no_code_says_so(line, code):
    answer = scan(line, code)
    assert answer.status_code == 422
    assert kind_of(answer) == "mistyped"


# --- correcting -----------------------------------------------------------------------------------------------


def test_undone_and_scanned_again(line, card):
    key = key_in(scan(line, card.code))
    undone = scan(line, card.code, url=ADJUST, key=key, to="0")
    assert kind_of(undone) == "undone"
    assert not ServiceReceived.objects.given().exists()
    assert ServiceReceived.history.count() == 6
    assert kind_of(scan(line, card.code)) == "served"


def test_one_fewer_one_more(line, card):
    key = key_in(scan(line, card.code))
    assert "2 portions" in words(scan(line, card.code, url=ADJUST, key=key, to="2"))
    assert "3 portions" in words(scan(line, card.code, url=ADJUST, key=key, to="3"))
    assert ServiceReceived.objects.count() == ServiceReceived.objects.given().count() == 3
    assert ServiceReceived.objects.filter(limit_key="2018-11-06#1").count() == 3


def test_ticked_off_by_name(line, family, card):
    key = key_in(scan(line, card.code))
    ale = family.members.get(given_names="Ale")
    answer = scan(line, card.code, url=ADJUST, key=key, people=[str(ale.pk)])
    assert "1 portion 1 girl" in words(answer)
    assert ServiceReceived.objects.given().get().person == ale


def test_only_ones_own_scan_and_only_for_ten_minutes(line, cast, sign_in, palillo, card, that_noon):
    key = key_in(scan(line, card.code))
    other = sign_in(factories.make_user("volunteer", shelters=[palillo]), desk="food 1")
    assert scan(other, card.code, url=ADJUST, key=key, to="0").status_code == 404
    that_noon.shift(601)
    late = scan(line, card.code, url=ADJUST, key=key, to="0")
    assert late.status_code == 422
    assert "More than ten minutes" in words(late)
    assert ServiceReceived.objects.given().count() == 3


# --- who may --------------------------------------------------------------------------------------------------


def test_another_shelters_card_is_as_good_as_unknown(annex, cast, sign_in, card):
    assert kind_of(scan(sign_in(cast.stranger, desk="food 1"), card.code)) == "unknown"
    assert kind_of(scan(sign_in(cast.stranger, desk="food 1"), factories.make_code())) == "unknown"


@pytest.mark.parametrize("role", ["administrator", "data_officer"])
def test_who_records_nothing_scans_nothing(cast, sign_in, role):
    client = sign_in(getattr(cast, role))
    for path in (PAGE, START):
        assert client.get(path).status_code == 404


def test_a_volunteer_scans_no_reserved_service(line, cast, sign_in):
    assert line.post(START, {"service_type": "MED-CON"}).status_code == 422
    health = sign_in(cast.health, desk="food 1")
    token = choose(health, "MED-CON")
    assert scan(line, factories.make_code(), token=token).status_code == 404


def test_the_trail_tells_of_a_reserved_service_not_even_which(cast, sign_in, card):
    client = sign_in(cast.health, desk="health 1")
    scan(client, card.code, token=choose(client, "MED-CON"))
    event = AccessEvent.objects.get(action="service_recorded")
    assert event.detail == {"service": "reserved", "people": 3, "over_limit": 0}


def test_a_round_of_another_desk_is_over(line, cast, sign_in, card):
    token = choose(sign_in(cast.volunteer, desk="food 9"))
    answer = scan(line, card.code, token=token)
    assert answer.status_code == 422
    assert "Nothing was recorded" in words(answer)
    assert scan(line, card.code, token="made up").status_code == 422
    assert line.post(PAGE, {"round": "made up"}).url == START


@pytest.mark.parametrize(
    "fields",
    [{"key": "x"}, {"people": "x", "again": "1", "reason": "lost"}, {"reason": "nonsense", "again": "1"}],
)
def test_made_up_parameters_break_nothing(line, card, fields):
    assert scan(line, card.code, **fields).status_code in (200, 422)


@pytest.mark.parametrize(
    "fields", [{"key": "x", "to": "1"}, {"to": "x"}, {"to": "1"}, {"to": "0", "noted": "1"}]
)
def test_made_up_corrections_are_not_found(line, card, fields):
    assert scan(line, card.code, url=ADJUST, **fields).status_code == 404


# --- the pages --------------------------------------------------------------------------------------------------


def test_without_a_script_the_whole_page_answers(line, card):
    token = choose(line)
    answer = line.post(PAGE, {"round": token, "key": str(uuid.uuid4()), "code": card.code})
    assert "<html" in answer.content.decode()
    assert "3 portions" in words(answer)
    assert "'wasm-unsafe-eval'" in answer.headers["Content-Security-Policy"]


def test_only_this_page_may_run_compiled_code(line):
    choose(line)
    assert "script-src 'self' 'wasm-unsafe-eval';" in line.get(PAGE).headers["Content-Security-Policy"] + ";"
    assert "unsafe" not in line.get(START).headers["Content-Security-Policy"]


def test_nothing_is_chosen_yet(line):
    assert line.get(PAGE).url == START
    assert line.post(START, {"service_type": "nonsense"}).status_code == 422
    assert 'value="FOOD-LUN" selected' in line.get(START).content.decode()


@pytest.mark.parametrize("size", [1, 7, 20])
@pytest.mark.parametrize("service", ["FOOD-LUN", "FOOD-WAT", "NFI-CAR", "CLO-SET"])
def test_a_scan_costs_eight_queries_whatever_the_size(line, palillo, cast, size, service):
    """Session, account and permissions included; BEGIN, COMMIT and SAVEPOINT are no queries of ours."""
    family = factories.make_family(palillo, *[{"age": 20 + each} for each in range(size)], by=cast.volunteer)
    card = factories.make_card(family)
    token = choose(line, service)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert kind_of(scan(line, card.code, token=token)) == "served"
    asked = [q["sql"] for q in queries if not re.match(r"BEGIN|COMMIT|SAVEPOINT|RELEASE", q["sql"])]
    assert len(asked) <= 8, asked
    with CaptureQueriesContext(connection) as queries:
        scan(line, card.code, token=token)
    assert len(queries) <= 11


def test_a_retired_service_does_not_stop_the_line(line, card, palillo):
    token = choose(line)
    ServiceType.objects.filter(pk="FOOD-LUN").update(retired_on=palillo.today())
    assert kind_of(scan(line, card.code, token=token)) == "served"
