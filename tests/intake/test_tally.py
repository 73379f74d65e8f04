"""The tally pad: choose once, press, take back; with a script and without one."""

import re
import uuid
from datetime import UTC, datetime

import pytest
from django.test import Client

from intake.models import ServiceReceived, ServiceType, Tally
from tests import factories

pytestmark = pytest.mark.django_db
PAD, CHOOSE, PRESS, BACK = (f"/es/tally/{path}" for path in ("", "service/", "press/", "back/"))
SCRIPT = {"X-Requested-With": "fetch"}


@pytest.fixture
def counter(cast, sign_in):
    """A client at the first food line that has chosen the midday meal."""
    return at_food(sign_in, cast.volunteer)


def at_food(sign_in, user, desk="food 1"):
    client = sign_in(user, desk=desk)
    client.post(CHOOSE, {"service": "FOOD-LUN", "slot": "", "organization": ""})
    return client


def pressed(who="men", people=1, **fields):
    return {
        "key": str(uuid.uuid4()),
        "service": "FOOD-LUN",
        "slot": "",
        "who": who,
        "people": people,
        **fields,
    }


def test_the_service_is_chosen_once_and_shared_with_scan_mode(cast, sign_in):
    client = sign_in(cast.volunteer, desk="food 1")
    assert client.get(PAD).url == CHOOSE
    city = factories.make_organization()
    sent = {"service": "FOOD-DIN", "slot": "dinner", "organization": city.pk}
    assert client.post(CHOOSE, sent).url == PAD
    assert client.session["round"] == {"service": "FOOD-DIN", "slot": "dinner", "organization": city.pk}
    page = client.get(PAD).text
    assert "Cena" in page
    assert "nunca se suma a las personas" in page
    assert client.get(CHOOSE).context["form"].initial["service"] == "FOOD-DIN"


def test_what_scan_mode_chose_is_taken_over(cast, sign_in):
    client = sign_in(cast.volunteer)
    session = client.session
    session["round"] = {"service": "FOOD-BRK", "slot": "", "organization": None}
    session.save()
    assert "Desayuno" in client.get(PAD).text


@pytest.mark.parametrize("code", ["MED-CON", "LEG-ASY", "NONE", "", "FOOD-OLD"])
def test_only_open_services_are_counted(cast, sign_in, code):
    ServiceType.objects.create(
        code="FOOD-OLD", label_es="x", label_en="x", category_id="FOOD", position=1, retired_on="2018-01-01"
    )
    for user in (cast.volunteer, cast.health, cast.legal):
        client = sign_in(user)
        assert client.post(CHOOSE, {"service": code}).status_code == 422
        assert client.post(PRESS, pressed(service=code), headers=SCRIPT).status_code == 422
        session = client.session
        session["round"] = {"service": code, "slot": "", "organization": None}
        session.save()
        assert client.get(PAD).url == CHOOSE
    assert not Tally.objects.exists()


@pytest.mark.parametrize("slot", ["", "dinner"])
def test_a_press_says_where_and_when(counter, palillo, cast, time_machine, slot):
    moment = datetime(2018, 11, 7, 0, 30, tzinfo=UTC)  # 18:30 of the day before in Mexico City
    time_machine.move_to(moment, tick=False)
    assert counter.post(PRESS, pressed("girls", 5, slot=slot)).url == PAD
    tally = Tally.objects.get()
    assert (tally.shelter, tally.service_type_id, tally.line) == (palillo, "FOOD-LUN", "food 1")
    assert (tally.who, tally.people, tally.recorded_by) == ("girls", 5, cast.volunteer)
    assert (str(tally.counted_on), tally.slot) == ("2018-11-06", "dinner")


def test_a_script_gets_the_counts(counter, cast, sign_in):
    at_food(sign_in, cast.coordinator, "food 2").post(PRESS, pressed("men", 10))
    sent = pressed("men")
    for _each in range(2):  # sent twice: counted once
        answer = counter.post(PRESS, sent, headers=SCRIPT).json()
    assert answer["counts"] == {"men": 1, "women": 0, "boys": 0, "girls": 0, "unknown": 0}
    assert answer["all"] == 11
    assert answer["last"] == {"tally": sent["key"], "who": "men", "people": 1}


def test_a_press_that_waited_for_the_connection_counts_when_it_was_made(counter, time_machine):
    time_machine.move_to(datetime(2018, 11, 7, 6, 10, tzinfo=UTC), tick=False)  # 00:10 in Mexico City
    assert counter.post(PRESS, pressed(ago=1_200_000)).status_code == 302
    assert str(Tally.objects.get().counted_on) == "2018-11-06"


def test_the_buttons_work_without_a_script(counter):
    page = counter.get(PAD).text
    forms = re.findall(r'name="key" value="([^"]+)".*?name="who" value="(\w+)"', page, re.DOTALL)
    assert [who for _key, who in forms] == ["men", "women", "boys", "girls", "unknown"]
    assert len({key for key, _who in forms}) == 5
    counter.post(PRESS, pressed("women", key=forms[1][0]))
    page = counter.get(PAD).text
    assert "<b data-count>1</b>" in page
    counter.post(BACK, {"tally": forms[1][0]})
    assert "<b data-count>1</b>" not in counter.get(PAD).text


def test_one_takes_back_ones_own_last_press(counter, cast, sign_in):
    keys = []
    for who in ("men", "women"):
        sent = pressed(who)
        keys.append(sent["key"])
        counter.post(PRESS, sent)
    answer = counter.post(BACK, {"tally": keys[1]}, headers=SCRIPT).json()
    assert (answer["counts"]["women"], answer["last"]["tally"]) == (0, keys[0])
    assert counter.post(BACK, {"tally": keys[1]}, headers=SCRIPT).json()["all"] == 1  # sent twice
    assert at_food(sign_in, cast.coordinator).post(BACK, {"tally": keys[0]}).status_code == 404


def test_of_yesterday_nothing_is_taken_back(counter, time_machine):
    time_machine.move_to(datetime(2018, 11, 6, 18, tzinfo=UTC))
    sent = pressed()
    counter.post(PRESS, sent)
    time_machine.move_to(datetime(2018, 11, 7, 6, 1, tzinfo=UTC))
    assert counter.post(BACK, {"tally": sent["key"]}).status_code == 404


def test_nobody_received_anything_by_it(counter):
    counter.post(PRESS, pressed("men", 10))
    assert not ServiceReceived.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": ""},
        {"key": "x"},
        {"key": str(uuid.uuid1())},
        {"who": "dogs"},
        {"people": 0},
        {"people": 3},
        {"people": "x"},
        {"slot": "supper"},
        {"ago": -1},
        {"ago": 10**9},
        {"ago": "x"},
    ],
)
def test_a_press_that_makes_no_sense_is_refused(counter, wrong):
    answer = counter.post(PRESS, pressed(**wrong), headers=SCRIPT)
    assert answer.status_code == 422
    assert "no se contó" in answer.json()["words"]
    assert counter.post(PRESS, pressed(**wrong), follow=True).status_code == 200
    assert not Tally.objects.exists()


def test_the_key_of_somebody_else_is_refused(counter, cast, sign_in):
    sent = pressed()
    counter.post(PRESS, sent)
    assert at_food(sign_in, cast.coordinator).post(PRESS, sent, headers=SCRIPT).status_code == 422


@pytest.mark.parametrize("sent", [{}, {"tally": "x"}, {"tally": str(uuid.uuid4())}])
def test_taking_back_what_is_not_there(counter, sent):
    assert counter.post(BACK, sent).status_code == 404


def test_who_may_not_count(cast, sign_in):
    for user in (cast.administrator, cast.data_officer):
        client = sign_in(user)
        for path in (PAD, CHOOSE, PRESS, BACK):
            assert client.get(path).status_code == client.post(path, pressed()).status_code == 404


def test_another_shelter_counts_for_itself(counter, cast, sign_in):
    sent = pressed("men", 10)
    counter.post(PRESS, sent)
    stranger = at_food(sign_in, cast.stranger)
    assert stranger.post(PRESS, pressed("men"), headers=SCRIPT).json()["all"] == 1
    assert stranger.post(BACK, {"tally": sent["key"]}).status_code == 404


def test_pages_ask_for_a_shift_first_and_posts_reloaded_lead_back(cast, counter):
    client = Client()
    client.force_login(cast.volunteer)
    for path in (PAD, CHOOSE):
        assert client.get(path).url == "/es/shift/"
    for path in (PRESS, BACK):  # a 404 would say that the press is worth nothing: the script lets it go
        assert client.post(path, pressed(), headers=SCRIPT).url == "/es/shift/"
    for path in (PRESS, BACK):
        assert counter.get(path).url == PAD


def test_the_pad_costs_the_same_however_much_was_counted(counter, django_assert_num_queries):
    def presses(n):
        for _each in range(n):
            counter.post(PRESS, pressed())

    presses(1)
    counter.get(PAD)
    with django_assert_num_queries(7):
        counter.get(PAD)
    presses(30)
    with django_assert_num_queries(7):
        counter.get(PAD)
