"""Guesses at many accounts from one device, or from one address, wait; whoever sits beside it gets in."""

import pytest

from shelters import devices
from tests.factories import PASSWORD
from tests.shelters.test_views import is_in, try_to_sign_in

HERE = {"REMOTE_ADDR": "192.0.2.7"}


def guess(times, client=None, **more):
    """Each time the name of somebody else, so that no account is locked."""
    for n in range(times):
        try_to_sign_in(f"nadie{n}", "otra cosa", client, **more)


@pytest.fixture
def known(cast):
    """A browser in which the volunteer has signed in, and out again."""
    _answer, client = try_to_sign_in("volunteer", PASSWORD, **HERE)
    client.post("/es/account/logout/", **HERE)
    return client


def test_a_device_waits_after_thirty_wrong_tries_and_the_one_beside_it_does_not(cast, known):
    guess(29, known, **HERE)
    assert is_in(try_to_sign_in("coordinator", PASSWORD, known, **HERE)[0])  # and is remembered now
    _answer, again = try_to_sign_in("volunteer", PASSWORD, **HERE)
    again.post("/es/account/logout/", **HERE)
    guess(1, again, **HERE)
    assert not is_in(try_to_sign_in("coordinator", PASSWORD, again, **HERE)[0])
    assert is_in(try_to_sign_in("coordinator", PASSWORD, **HERE)[0])


def test_after_ten_minutes_it_goes_on(cast, known, time_machine):
    time_machine.move_to("2026-11-29T05:00:00+00:00")
    guess(30, known, **HERE)
    assert not is_in(try_to_sign_in("volunteer", PASSWORD, known, **HERE)[0])
    time_machine.move_to("2026-11-29T05:10:01+00:00")
    assert is_in(try_to_sign_in("volunteer", PASSWORD, known, **HERE)[0])


def test_unknown_browsers_of_an_address_wait_after_a_hundred_and_known_ones_do_not(cast, known, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "failed_from_address": "4/10m/key"}
    guess(4, **HERE)
    assert not is_in(try_to_sign_in("coordinator", PASSWORD, **HERE)[0])
    forged = {**HERE, "headers": {"x-forwarded-for": "198.51.100.9"}}
    assert not is_in(try_to_sign_in("coordinator", PASSWORD, **forged)[0])
    assert is_in(try_to_sign_in("volunteer", PASSWORD, known, **HERE)[0])
    assert is_in(try_to_sign_in("coordinator", PASSWORD, REMOTE_ADDR="192.0.2.8")[0])


@pytest.mark.parametrize("value", ["", "1", "1:aaaaaa:bbbbbb", "nadie"])
def test_a_cookie_that_is_not_ours_is_an_unknown_browser(cast, rf, value):
    request = rf.post("/")
    request.COOKIES[devices.COOKIE] = value
    assert devices.limit_of(request)["action"] == "failed_from_address"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
    ],
)
def test_many_addresses_of_one_network_are_one(address, network):
    assert devices.network_of(address) == network


def test_another_address_of_the_same_network_gives_no_new_tries(cast, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "failed_from_address": "4/10m/key"}
    guess(4, REMOTE_ADDR="2001:db8::1")
    assert not is_in(try_to_sign_in("coordinator", PASSWORD, REMOTE_ADDR="2001:db8::2")[0])
    assert is_in(try_to_sign_in("coordinator", PASSWORD, REMOTE_ADDR="2001:db8:0:1::2")[0])


def test_right_passwords_are_not_counted(cast, known):
    for _day in range(35):
        assert is_in(try_to_sign_in("volunteer", PASSWORD, known, **HERE)[0])
        known.post("/es/account/logout/", **HERE)


def test_the_cookie_is_for_the_server_alone(cast, known):
    cookie = known.cookies[devices.COOKIE]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert "volunteer" not in cookie.value
