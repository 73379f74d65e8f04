"""The clothes table: which table, whose card, who gets what."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake.models import Goods, GoodsMovement, ServiceReceived, Station
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW
from tests.intake.pages import NOBODY, stored, words_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def that_morning():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def address(family, language="es"):
    return f"/{language}/families/{family.pk}/clothes/"


def sent(*things, key=None, **more):
    """The form as a browser sends it: (person, what, quantity) each."""
    data = {"key": str(key or uuid.uuid4()), "override_reason": "", **more}
    for n, (person, what, quantity) in enumerate(things):
        data |= {f"t-{n}-person": str(person.pk), f"t-{n}-what": what, f"t-{n}-quantity": str(quantity)}
    return data


def hand_out(client, family, *things, **more):
    return client.post(address(family, "en"), sent(*things, **more))


# --- which table, whose card ---------------------------------------------------------------------------------


def test_a_shelter_without_a_table_says_so(volunteer, coordinator, family):
    page = volunteer.get("/en/clothes/")
    assert "Ask a coordinator to add one." in words_of(page)
    assert "/admin/intake/station/add/" not in page.text
    assert "/en/admin/intake/station/add/" in coordinator.get("/en/clothes/").text
    assert volunteer.get(address(family)).url == f"/es/clothes/?family={family.pk}"


def test_where_there_is_one_table_nobody_is_asked(volunteer, station):
    page = volunteer.get("/en/clothes/")
    assert "Mesa de ropa 1 Card of the family" in words_of(page)
    assert 'name="code"' in page.text


def test_a_table_is_chosen_once(volunteer, station, palillo, family):
    other = factories.make_station(palillo, "ropa-2", name="Mesa del túnel")
    assert "Which table?" in words_of(volunteer.get("/en/clothes/"))
    assert volunteer.get(address(family)).url == f"/es/clothes/?family={family.pk}"
    answer = volunteer.post("/en/clothes/table/", {"station": other.pk, "family": str(family.pk)})
    assert answer.url == f"/en/families/{family.pk}/clothes/"
    assert "Mesa del túnel" in words_of(volunteer.get(answer.url))
    assert "Which table?" in words_of(volunteer.get("/en/clothes/?change=1"))
    assert volunteer.post("/es/clothes/table/", {"station": station.pk}).url == "/es/clothes/"
    assert volunteer.post("/es/clothes/table/", {"station": station.pk, "stock": 1}).url == "/es/stock/"


@pytest.mark.parametrize("typed", ["", "x", "-1", "²", "9" * 40, "\x00"])
def test_no_other_table_can_be_chosen(volunteer, station, annex, typed):
    theirs = factories.make_station(annex)
    retired = factories.make_station(station.shelter, "vieja", retired_on=NOW.date())
    for pk in (typed, theirs.pk, retired.pk):
        assert volunteer.post("/es/clothes/table/", {"station": pk}).status_code == 404
    Station.objects.filter(pk=station.pk).update(retired_on=NOW.date())
    assert "Todavía no hay mesa" in words_of(volunteer.get("/es/clothes/"))


@pytest.mark.parametrize("shape", ["{}", "{:.4}-{:.4}", " {} "])
def test_a_card_opens_the_visit(volunteer, station, family, shape):
    card = factories.make_card(family)
    typed = shape.format(card.code, card.code[4:]).lower()
    assert volunteer.post("/es/clothes/", {"code": typed}).url == address(family)


def test_a_card_of_nobody_here_is_told_and_kept(volunteer, station, annex, cast):
    theirs = factories.make_card(factories.make_family(annex, {}))
    for code in (theirs.code, "22222223", "nada", "\x00", "x" * 41):
        answer = volunteer.post("/en/clothes/", {"code": code})
        assert answer.status_code == 422
        assert answer.context["mistakes"]
    answer = volunteer.post("/en/clothes/", {"code": "22222223"})
    assert 'value="22222223"' in answer.text
    assert "No family here holds this card." in words_of(answer)


# --- handing out ----------------------------------------------------------------------------------------------


def test_the_page_shows_who_and_what(volunteer, station, family):
    page = volunteer.get(address(family, "en"))
    words = words_of(page)
    for told in (
        "Neptalí",
        "Ale",
        "11 years",
        "Socks",
        "Jacket or sweater",
        "Nothing yet of what has a limit.",
    ):
        assert told in words
    assert 'value="SOCKS|7-12"' in page.text


def test_ale_chooses_socks_and_a_jacket(volunteer, station, family, ale, cast):
    answer = hand_out(volunteer, family, (ale, "SOCKS|7-12", 1), (ale, "JACKET|10-12", 1))
    movement = GoodsMovement.objects.first()
    assert (answer.status_code, answer.url) == (302, f"/en/clothes/?saved={movement.form}")
    assert {(row.person, row.desk) for row in ServiceReceived.objects.all()} == {(ale, "registration 2")}
    words = words_of(volunteer.get(answer.url))
    assert "✓ Handed out Ale : Socks 7-12 · Ale : Jacket or sweater 10-12" in words
    again = words_of(volunteer.get(address(family, "en")))
    assert "Ale · Jacket or sweater: 1 of 1" in again
    assert "Ale · Underwear and socks: 1 of 2" in again
    assert "Mesa de ropa 1" in again.partition("Had already")[2]


def test_two_rows_of_the_same_thing_are_two_of_it(volunteer, station, family, ale):
    hand_out(volunteer, family, (ale, "SOCKS|7-12", 1), (ale, "SOCKS|7-12", 1))
    assert ServiceReceived.objects.get().quantity == 2


def test_a_single_person_need_not_be_chosen(volunteer, station, palillo, cast):
    alone = factories.make_family(palillo, {"given_names": "Wilmer"}, by=cast.volunteer)
    data = sent((alone.members.get(), "SHOES|27-28", 1)) | {
        "t-1-person": str(alone.members.get().pk),
        "t-1-what": "",
        "t-1-quantity": "1",
    }
    assert volunteer.post(address(alone), data).status_code == 302
    assert GoodsMovement.objects.count() == 1


def test_who_has_had_it_is_told_and_it_can_be_given_again(volunteer, station, family, ale, that_morning):
    hand_out(volunteer, family, (ale, "JACKET|10-12", 1))
    that_morning.shift(timedelta(minutes=5))
    asked = hand_out(volunteer, family, (ale, "SOCKS|7-12", 1), (ale, "JACKET|6-8", 1))
    assert asked.status_code == 422
    assert "Ale, Jacket or sweater: has had it, " in words_of(asked)
    assert "Mesa de ropa 1" in words_of(asked).partition("has had it,")[2][:60]
    assert "write here why it is given again" in words_of(asked)
    assert '<option value="JACKET|6-8" selected>' in asked.text
    assert GoodsMovement.objects.count() == 1
    answer = hand_out(
        volunteer, family, (ale, "SOCKS|7-12", 1), (ale, "JACKET|6-8", 1), override_reason="Se mojó"
    )
    assert answer.status_code == 302
    assert ServiceReceived.objects.get(limit_key=None).override_reason == "Se mojó"


def test_a_double_click_hands_out_once(volunteer, station, family, ale):
    key = uuid.uuid4()
    first = hand_out(volunteer, family, (ale, "JACKET|10-12", 1), key=key)
    second = hand_out(volunteer, family, (ale, "JACKET|10-12", 1), key=key)
    assert (second.status_code, second.url) == (302, first.url)
    assert GoodsMovement.objects.count() == 1


def test_something_else_under_a_used_key_is_asked(volunteer, station, family, ale):
    key = uuid.uuid4()
    hand_out(volunteer, family, (ale, "JACKET|10-12", 1), key=key)
    answer = hand_out(volunteer, family, (ale, "SHOES|22-24", 1), key=key)
    assert answer.status_code == 422
    assert str(key) not in answer.text
    assert '<option value="SHOES|22-24" selected>' in answer.text


def test_undo_takes_the_visit_back(volunteer, station, family, ale):
    saved = hand_out(volunteer, family, (ale, "JACKET|10-12", 1), (ale, "SOCKS|7-12", 1)).url
    key = saved.partition("saved=")[2]
    answer = volunteer.post(f"/en/clothes/{key}/undo/", follow=True)
    assert "2 things were taken back." in words_of(answer)
    assert station.stock() == {}
    assert not ServiceReceived.objects.given().exists()
    assert "Handed out" not in words_of(volunteer.get(saved))
    assert volunteer.post(f"/en/clothes/{key}/undo/").status_code == 404


def test_undo_is_ones_own_and_of_these_minutes(
    volunteer, coordinator, stranger, station, family, ale, that_morning
):
    saved = hand_out(volunteer, family, (ale, "JACKET|10-12", 1)).url
    undo = f"/es/clothes/{saved.partition('saved=')[2]}/undo/"
    for client in (coordinator, stranger):
        assert client.post(undo).status_code == 404
        assert "Ale" not in words_of(client.get(saved))
    assert volunteer.get(undo).status_code == 405
    that_morning.shift(timedelta(minutes=11))
    assert volunteer.post(undo).status_code == 404
    assert ServiceReceived.objects.given().count() == 1


def test_what_is_retired_is_not_offered(volunteer, station, family, ale):
    Goods.objects.filter(pk="SHOES").update(retired_on=NOW.date())
    assert "SHOES" not in volunteer.get(address(family)).text
    answer = hand_out(volunteer, family, (ale, "SHOES|22-24", 1))
    assert "Choose the thing and its size." in words_of(answer)


def test_the_page_costs_the_same_for_every_size_of_family(volunteer, station, palillo, cast, family):
    large = factories.make_family(palillo, *({"age": age} for age in range(30, 10, -1)), by=cast.volunteer)
    for person in large.members.all():
        factories.make_service(person, "CLO-JKT", limit_key=f"stay:{person.stays.get().pk}#1")

    def queries(act):
        with CaptureQueriesContext(connection) as counted:
            assert act().status_code in (200, 302)
        return len(counted)

    for each in (family, large):  # the first time it is counted how many this account has opened
        volunteer.get(address(each))
    assert (
        queries(lambda: volunteer.get(address(family)))
        == queries(lambda: volunteer.get(address(large)))
        <= 16
    )
    one = queries(lambda: hand_out(volunteer, family, (family.members.first(), "SHOES|22-24", 1)))
    twenty = queries(
        lambda: hand_out(volunteer, large, *((each, "SHOES|22-24", 1) for each in large.members.all()))
    )
    assert twenty == one <= 26


# --- who may not -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["stranger", "administrator", "data_officer"])
def test_who_may_not_finds_no_such_page(who, cast, sign_in, station, family, ale, annex):
    factories.make_station(annex)
    client = sign_in(getattr(cast, who))
    before, events = stored(), AccessEvent.objects.count()
    assert client.get(address(family)).status_code == 404
    assert client.post(address(family), sent((ale, "SOCKS|7-12", 1))).status_code == 404
    assert (stored(), AccessEvent.objects.count()) == (before, events)
    if who != "stranger":
        assert client.get("/es/clothes/").status_code == 404
        assert client.post("/es/clothes/table/", {"station": station.pk}).status_code == 404


def test_another_shelters_family_is_not_served_at_this_table(cast, sign_in, station, annex, palillo):
    cast.volunteer.shelters.add(annex)
    client = sign_in(cast.volunteer)
    elsewhere = factories.make_family(annex, {}, by=cast.volunteer)
    session = client.session
    session["shift"] = session["shift"] | {"shelter_id": palillo.pk}
    session.save()
    assert client.get(f"/es/families/{elsewhere.pk}/").status_code == 200
    assert client.get(address(elsewhere)).status_code == 404


def test_without_a_shift_one_is_chosen_first(volunteer, station, family):
    session = volunteer.session
    del session["shift"]
    session.save()
    for page in ("/es/clothes/", address(family), "/es/stock/"):
        assert volunteer.get(page).url == "/es/shift/"


# --- bad input -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("t-0-person", "", "Choose for whom it is."),
        ("t-0-person", NOBODY, "Choose for whom it is."),
        ("t-0-person", "\x00", ""),
        ("t-0-what", "", "Choose the thing and its size."),
        ("t-0-what", "SOCKS|99", "Choose the thing and its size."),
        ("t-0-what", "\x00|", ""),
        ("t-0-quantity", "", "Write a whole number from 1 to 50."),
        ("t-0-quantity", "0", "Write a whole number from 1 to 50."),
        ("t-0-quantity", "x", "Write a whole number from 1 to 50."),
        ("t-0-quantity", "9" * 300, "Write a whole number from 1 to 50."),
        ("override_reason", "x" * 201, "at most 200 characters"),
        ("key", "nonsense", ""),
        ("key", str(uuid.UUID(int=0)), "This page is damaged"),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_what_cannot_be_is_said_and_kept(name, typed, says, volunteer, station, family, ale):
    answer = volunteer.post(address(family, "en"), sent((ale, "SOCKS|7-12", 1)) | {name: typed})
    assert answer.status_code == 422
    assert says in words_of(answer)
    assert not GoodsMovement.objects.exists()
    if name != "t-0-what":
        assert '<option value="SOCKS|7-12" selected>' in answer.text


@pytest.mark.parametrize(
    "data", [{}, {"t-0-person": "", "t-0-what": "", "t-0-quantity": "1"}, {"t-99-what": "x"}]
)
def test_an_empty_visit_is_none(volunteer, station, family, data):
    answer = volunteer.post(address(family, "en"), {"key": str(uuid.uuid4()), **data})
    assert answer.status_code == 422
    assert "Choose at least one thing." in words_of(answer)


def test_the_links_lead_here(volunteer, cast, sign_in, station, family):
    assert address(family) in volunteer.get(f"/es/families/{family.pk}/").text
    assert "/es/clothes/" not in volunteer.get("/es/").text
    assert "/es/clothes/" in sign_in(cast.volunteer, desk="clothing 1").get("/es/").text


@pytest.mark.parametrize("saved", ["x", "", NOBODY])
def test_a_strange_address_shows_the_card_box(volunteer, station, saved):
    assert volunteer.get(f"/es/clothes/?saved={saved}&family={saved}").status_code == 200
