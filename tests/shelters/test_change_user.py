"""A shared device: two taps, and the next person finds the desk chosen and nobody's name."""

from django.test import Client

from tests.factories import PASSWORD, make_family
from tests.shelters.test_second_factor import LOGIN
from tests.shelters.test_sessions import came_in, is_out

CHANGE = "/es/account/change-user/"


def test_the_next_one_finds_the_desk_chosen_and_no_name(cast, palillo):
    client = came_in(cast.volunteer)
    client.post("/es/shift/", {"shelter": palillo.pk, "desk": "clothing", "number": "3"})
    copied = Client()
    copied.cookies["sessionid"] = client.cookies["sessionid"].value
    make_family(palillo, {"given_names": "Neptalí"}, by=cast.volunteer)
    answer = client.post(CHANGE)
    assert answer.url == LOGIN
    assert answer.headers["Clear-Site-Data"] == '"cache"'  # never the storage: work may wait there
    assert is_out(copied)
    page = client.get(LOGIN).content.decode()
    assert "volunteer" not in page.replace('name="login"', "") and "Neptalí" not in page
    client.post(LOGIN, {"login": "legal", "password": PASSWORD})
    cast.legal.refresh_from_db()
    assert client.session["device"] == {
        "shelter_id": palillo.pk, "shelter_name": palillo.name, "timezone": palillo.timezone, "desk": "clothing 3"
    }  # fmt: skip


def test_the_devices_choice_comes_before_ones_own_last(cast, palillo):
    cast.volunteer.last_desk, cast.volunteer.last_shelter = "food 9", palillo
    cast.volunteer.save()
    other = came_in(cast.volunteer)
    other.post("/es/shift/", {"shelter": palillo.pk, "desk": "clothing", "number": "3"})
    cast.volunteer.last_desk = "food 9"
    cast.volunteer.save(update_fields=["last_desk"])
    other.post(CHANGE)
    other.post(LOGIN, {"login": "volunteer", "password": PASSWORD})
    page = other.get("/es/shift/").content.decode()
    assert 'value="3"' in page and 'value="9"' not in page


def test_a_shelter_of_the_device_is_no_key_to_it(cast, palillo):
    client = came_in(cast.volunteer)
    client.post("/es/shift/", {"shelter": palillo.pk, "desk": "food", "number": "1"})
    client.post(CHANGE)
    client.post(LOGIN, {"login": "stranger", "password": PASSWORD})
    assert "Palillo" not in client.get("/es/shift/").content.decode()
    assert client.get("/es/families/register/").status_code in (302, 404)


def test_a_link_or_a_stranger_signs_nobody_out(cast, volunteer, client):
    assert volunteer.get(CHANGE).url == LOGIN
    assert volunteer.get("/es/").status_code == 200
    assert client.post(CHANGE).url == LOGIN
