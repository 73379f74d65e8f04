"""Screen 07: who sees which line, giving a number, moving a line on, the screen on the wall."""

import uuid
from datetime import timedelta

import html5lib
import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from intake import actions
from intake.models import Ticket
from intake.views.queue import A_WEEK, SCREEN
from tests import factories

pytestmark = pytest.mark.django_db
QUEUE, GIVE = "/es/queue/clothing/", "/es/queue/clothing/number/"


@pytest.fixture
def family(palillo, cast):
    people = [{"given_names": "Neptalí", "surnames": "Núñez", "age": 34}, {"age": 11}, {"age": 1}]
    return factories.make_family(palillo, *people, by=cast.volunteer, at=timezone.now())


@pytest.fixture
def card(family):
    return factories.make_card(family, code="22222222")


@pytest.fixture
def clothes(cast, sign_in):
    return sign_in(cast.volunteer, desk="clothing 2")


def give(shelter, by, line="clothing", **fields):
    submission = factories.make_submission(by)
    return actions.give_ticket(submission=submission, shelter=shelter, line=line, by=by, **fields)


def called(ticket, by, desk="clothing 2"):
    actions.call(ticket, desk=desk, by=by)
    return ticket


def asked(line="clothing", **fields):
    return {"key": str(uuid.uuid4()), "line": line, "card": "", "people": "1", "priority": "known", **fields}


def press(client, step, ticket=None, line="clothing", **fields):
    named = {"ticket": ticket.pk, "mark": ticket.call_mark} if ticket else {}
    return client.post(f"/es/queue/{line}/step/", {"step": step, **named, **fields}, follow=True)


# --- giving a number -------------------------------------------------------------------------------------------


def test_a_card_gets_the_next_number_of_the_line(clothes, family, card):
    answer = clothes.post(GIVE, asked(card="2222-2222"), follow=True)
    ticket = Ticket.objects.get()
    assert answer.redirect_chain == [(f"/es/queue/ticket/{ticket.pk}/", 302)]
    assert (str(ticket), ticket.family, ticket.people) == ("A 001", family, 3)
    assert ticket.priority == "infant"  # a child of one year
    assert "A 001" in answer.text
    assert "Neptalí" not in answer.text


def test_without_a_card_one_says_how_many(clothes):
    clothes.post(GIVE, asked(people="4", priority="older"))
    ticket = Ticket.objects.get()
    assert (ticket.family, ticket.people, ticket.priority) == (None, 4, "older")


def test_only_who_is_here_is_counted(clothes, family, card, cast):
    actions.depart([family.members.last()], at=timezone.now(), to="north", by=cast.volunteer)
    clothes.post(GIVE, asked(card=card.pk))
    ticket = Ticket.objects.get()
    assert (ticket.people, ticket.priority) == (2, "")


def test_priority_can_be_taken_away_by_hand(clothes, card):
    clothes.post(GIVE, asked(card=card.pk, priority=""))
    assert Ticket.objects.get().priority == ""


def test_the_same_form_twice_is_one_number(clothes, card):
    sent = asked(people="2")
    places = {clothes.post(GIVE, sent).url for _each in range(2)}
    assert places == {f"/es/queue/ticket/{Ticket.objects.get().pk}/"}
    again = clothes.post(GIVE, {**sent, "people": "3"})
    assert again.status_code == 422
    assert Ticket.objects.count() == 1


def test_a_card_that_waits_already_keeps_its_number(clothes, card):
    for _each in range(2):
        page = clothes.post(GIVE, asked(card=card.pk), follow=True).text
    assert Ticket.objects.count() == 1
    assert "Conserva su número" in page


def test_in_a_reserved_line_nothing_tells_that_a_card_waits_there(clothes, card, cast, palillo, family):
    give(palillo, cast.health, "health", family=family)
    answer = clothes.post(GIVE, asked("health", card=card.pk), follow=True)
    assert "B 002" in answer.text
    assert "2222" not in answer.text


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"card": "99999999"}, "Ninguna familia"),
        ({"card": "22222223"}, "Ninguna familia"),
        ({"card": "¿?" * 10}, "Ninguna familia"),
        ({"people": ""}, "Escriba cuántas personas"),
        ({"people": "0"}, "mayor o igual a 1"),
        ({"people": "x"}, "número entero"),
        ({"people": "9" * 30}, "menor o igual a"),
        ({"line": "kitchen"}, "kitchen"),
        ({"line": ""}, "Elija la fila"),
        ({"priority": "vip"}, "vip"),
        ({"key": ""}, ""),
    ],
)
def test_bad_input_is_said_and_kept(clothes, sent, words):
    answer = clothes.post(GIVE, asked(**{"people": "7", **sent}))
    assert answer.status_code == 422
    assert words.lower() in answer.text.lower()
    assert not Ticket.objects.exists()


def test_a_card_of_another_shelter_is_no_card_here(clothes, annex):
    other = factories.make_card(factories.make_family(annex, {}))
    assert clothes.post(GIVE, asked(card=other.pk)).status_code == 422


# --- a line, and moving it on ----------------------------------------------------------------------------------


def test_a_line_shows_numbers_cards_and_sizes_and_no_names(clothes, palillo, cast, family, card):
    give(palillo, cast.volunteer, family=family, people=3, priority="pregnant")
    page = clothes.get(QUEUE).text
    for each in ("A 001", "2222-2222", "Embarazo", "Llamar siguiente"):
        assert each in page
    assert "Neptalí" not in page
    press(clothes, "next")
    page = clothes.get(QUEUE).text
    assert f"/es/families/{family.pk}/" in page
    assert "Listo" in page


def test_done_and_next_is_one_press(clothes, palillo, cast):
    first, second = (give(palillo, cast.volunteer) for _each in range(2))
    assert "A 001" in press(clothes, "next").text
    first.refresh_from_db()
    assert first.desk == "clothing 2"
    press(clothes, "next", first)
    assert list(Ticket.objects.order_by("number").values_list("state", flat=True)) == ["done", "called"]
    late = press(clothes, "next", first)
    assert "Eso ya estaba hecho" in late.text
    second.refresh_from_db()
    assert second.state == "called"


def test_every_step_of_a_call(clothes, palillo, cast):
    ticket = called(give(palillo, cast.volunteer), cast.volunteer)
    for step, state in (
        ("recall", "called"),
        ("send_back", "waiting"),
        ("call", "called"),
        ("no_show", "waiting"),
        ("call", "called"),
        ("no_show", "gone"),
        ("recall", "called"),
        ("done", "done"),
    ):
        press(clothes, step, ticket)
        ticket.refresh_from_db()
        assert ticket.state == state, step


def test_an_empty_line_says_so(clothes):
    assert "Nadie espera en esta fila" in clothes.get(QUEUE).text
    assert "Nadie espera en esta fila" in press(clothes, "next").text


def test_the_wait_is_reckoned_from_the_last_served(palillo, cast, sign_in, time_machine):
    start = timezone.now().replace(hour=18, minute=0)  # noon in Mexico City
    time_machine.move_to(start, tick=False)
    clothes = sign_in(cast.volunteer, desk="clothing 2")  # now: a shift ends after hours
    for _each in range(5):
        give(palillo, cast.volunteer)
    for served in range(1, 3):
        ticket = called(Ticket.objects.get(number=served), cast.volunteer)
        time_machine.move_to(start + timedelta(minutes=4 * served), tick=False)
        actions.end_turn(ticket, mark=ticket.call_mark, came=True, by=cast.volunteer)
    page = clothes.get(QUEUE).text
    assert "Unos 4 min por número" in page
    assert "espera unos 12 min" in page
    last = Ticket.objects.get(number=5)
    page = clothes.get(f"/es/queue/ticket/{last.pk}/").text
    assert "2 antes de este" in page
    assert "Unos 12 min" in page


@pytest.mark.parametrize("desk", ["clothing 1", "health 3", "legal 1"])
def test_the_line_of_the_desk_opens_first(cast, sign_in, desk):
    answer = sign_in(cast.volunteer, desk=desk).get("/es/queue/")
    assert answer.context["line"] == desk.partition(" ")[0]


def test_another_desk_opens_the_clothes(volunteer):
    assert volunteer.get("/es/queue/").context["line"] == "clothing"


def test_a_long_line_costs_no_more(clothes, palillo, cast, family, card, django_assert_num_queries):
    def fill(n):
        for number in range(n):
            ticket = give(palillo, cast.volunteer, family=family, people=3)
            if number < 2:
                called(ticket, cast.volunteer, f"clothing {number + 2}")

    fill(4)
    clothes.get(QUEUE)
    with django_assert_num_queries(11):
        clothes.get(QUEUE)
    fill(60)
    with django_assert_num_queries(12):  # and how many wait beyond those shown
        page = clothes.get(QUEUE).text
    assert "60 en espera" in page


# --- who may ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["health", "legal"])
def test_reserved_lines_show_everybody_numbers_alone(cast, sign_in, palillo, family, card, line):
    first = give(palillo, cast.volunteer, line, family=family, priority="pregnant")
    give(palillo, cast.volunteer, line, family=family)
    own, other = {"health": (cast.health, cast.legal), "legal": (cast.legal, cast.health)}[line]
    called(first, own, f"{line} 1")
    for user in (cast.volunteer, other, cast.coordinator):
        client = sign_in(user, desk=f"{line} 1")
        page = client.get(f"/es/queue/{line}/").text
        assert "002" in page
        for hidden in ("2222", "Embarazo", str(family.pk), "Llamar siguiente"):
            assert hidden not in page
        for step in ("next", "call", "done", "recall", "send_back", "no_show"):
            first.refresh_from_db()
            assert press(client, step, first, line).status_code == 404
    mine = sign_in(own, desk=f"{line} 1")
    assert "2222-2222" in mine.get(f"/es/queue/{line}/").text
    first.refresh_from_db()
    assert press(mine, "done", first, line).status_code == 200


def test_who_may_not_read_families_has_no_queue(cast, sign_in, palillo):
    ticket = give(palillo, cast.volunteer)
    for user in (cast.administrator, cast.data_officer):
        client = sign_in(user)
        for path in ("", "clothing/", "clothing/number/", f"ticket/{ticket.pk}/"):
            assert client.get(f"/es/queue/{path}").status_code == 404
        assert press(client, "call", ticket).status_code == 404


def test_another_shelter_is_not_there(cast, sign_in, palillo):
    ticket = give(palillo, cast.volunteer)
    client = sign_in(cast.stranger)
    assert "A 001" not in client.get(QUEUE).text
    assert client.get(f"/es/queue/ticket/{ticket.pk}/").status_code == 404
    assert press(client, "call", ticket).status_code == 404
    ticket.refresh_from_db()
    assert ticket.state == "waiting"


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"step": "dance"},
        {"step": "call"},
        {"step": "call", "ticket": "x"},
        {"step": "done", "ticket": uuid.uuid4()},
    ],
)
def test_a_press_that_means_nothing_is_not_found(clothes, sent):
    assert clothes.post("/es/queue/clothing/step/", sent).status_code == 404


def test_a_ticket_of_another_line_is_not_moved_here(clothes, cast, palillo):
    ticket = give(palillo, cast.health, "health")
    assert press(clothes, "call", ticket).status_code == 404


def test_no_line_no_page(clothes):
    for path in ("kitchen/", "kitchen/number/", "kitchen/step/"):
        assert clothes.get(f"/es/queue/{path}").status_code == 404
    assert clothes.get("/es/queue/clothing/step/").url == QUEUE


def test_the_page_asks_for_a_shift_first(cast):
    client = Client()
    client.force_login(cast.volunteer)
    for path in (QUEUE, GIVE):
        assert client.get(path).url == "/es/shift/"


# --- the screen on the wall ------------------------------------------------------------------------------------


def link(shelter):
    return f"/es/queue/screen/{signing.dumps(shelter.pk, salt=SCREEN)}/"


def test_the_screen_opens_from_the_queue_without_an_account(clothes, client, palillo, cast, family, card):
    for line in ("clothing", "health"):
        give(palillo, cast.volunteer, line, family=family, priority="pregnant")
        give(palillo, cast.volunteer, line)
    called(Ticket.objects.get(line="clothing", number=1), cast.volunteer)
    href = clothes.get(QUEUE).text.partition('href="/es/queue/screen/')[2].partition('"')[0]
    for language in ("es", "en"):
        answer = client.get(f"/{language}/queue/screen/{href}")
        assert answer.status_code == 200
        for each in ("A 001", "A 002", "B 001", "Pase ahora", "Now calling", "Ropa 2", "Clothing 2"):
            assert each in answer.text
        for hidden in ("2222", "Embarazo", "volunteer", str(family.pk), "csrf"):
            assert hidden not in answer.text
        assert "no-store" in answer.headers["Cache-Control"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        parser = html5lib.HTMLParser()
        parser.parse(answer.content.decode())
        assert parser.errors == []


def test_a_script_gets_the_numbers_alone_and_cheaply(client, palillo, cast, django_assert_num_queries):
    for _each in range(30):
        give(palillo, cast.volunteer)
    for number in range(1, 12):
        called(Ticket.objects.get(number=number), cast.volunteer, f"clothing {number}")
    with django_assert_num_queries(3):
        answer = client.get(link(palillo), headers={"X-Requested-With": "fetch"})
    assert "<html" not in answer.text
    assert answer.text.count("data-call") == 9
    assert "A 012" in answer.text
    assert "A 015" not in answer.text


def test_a_wrong_or_old_link_opens_nothing(client, palillo, time_machine):
    good = link(palillo)
    for bad in (good[:-2] + "/", "/es/queue/screen/x/", f"/es/queue/screen/{signing.dumps(palillo.pk)}/"):
        assert client.get(bad).status_code == 404
    assert client.get(f"/es/queue/screen/{signing.dumps(0, salt=SCREEN)}/").status_code == 404
    time_machine.move_to(timezone.now() + timedelta(seconds=A_WEEK + 60))
    assert client.get(good).status_code == 404


def test_the_screen_of_one_shelter_shows_no_other(client, palillo, annex, cast):
    give(palillo, cast.volunteer)
    assert "A 001" not in client.get(link(annex)).text
