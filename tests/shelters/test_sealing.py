"""Sealed by a browser, opened by the server alone; and the word of who was on shift."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.signing import Signer
from hypothesis import given
from hypothesis import strategies as st

from shelters import sealing
from shelters.sealing import CannotUnseal, public_key, shift_of, unseal
from tests.devices import seal

ID = "01890a5d-ac96-774b-bcce-b302099a8057"


def test_what_was_sealed_is_opened():
    sealed = seal("Neptalí 🌉", ID)
    assert unseal(sealed, ID) == "Neptalí 🌉"
    assert b"Neptal" not in base64.b64decode(sealed)
    assert seal("Neptalí 🌉", ID) != sealed  # a key pair of its own each time


def test_it_fits_no_other_record():
    with pytest.raises(CannotUnseal):
        unseal(seal("x", ID), ID.replace("0", "1"))


def test_another_server_opens_nothing(settings):
    sealed, ours = seal("x", ID), public_key()
    settings.AUDIT_KEY = "another key of at least thirty-two letters"
    assert public_key() != ours
    with pytest.raises(CannotUnseal):
        unseal(sealed, ID)


def test_the_key_stays_while_the_setting_stays(settings):
    settings.AUDIT_KEY = "a key of at least thirty-two letters, kept"
    assert public_key() == public_key()
    point = base64.b64decode(public_key())
    assert ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_one_changed_bit_is_noticed(at, change):
    inside = bytearray(base64.b64decode(seal("Neptalí", ID)))
    inside[at % len(inside)] ^= change
    with pytest.raises(CannotUnseal):
        unseal(base64.b64encode(bytes(inside)).decode(), ID)


@given(st.text() | st.binary().map(lambda raw: base64.b64encode(raw).decode()))
def test_nothing_else_is_opened(words):
    with pytest.raises(CannotUnseal):
        unseal(words, ID)


@pytest.mark.parametrize("about", ["", "x", "\ud800"])
def test_a_strange_id_is_no_error(about):
    with pytest.raises(CannotUnseal):
        unseal(seal("x", ID), about)


def test_a_shift_is_signed_for_this_purpose():
    told = [3, 1, "registration 2", 1541500000]
    shift = shift_of(sealing.signer().sign_object(told))
    assert (shift.user, shift.shelter, shift.desk, shift.began_at.year) == (3, 1, "registration 2", 2018)
    forged = (Signer(salt=sealing.SHIFT).sign_object(told), Signer(salt="another").sign_object(told))
    for token in (*forged, "", "x:y", "WzEsMSwieCIsMF0"):
        with pytest.raises(CannotUnseal):
            shift_of(token)


def test_a_shift_outlives_the_key_of_the_sessions(settings):
    settings.AUDIT_KEY = "a key of at least thirty-two letters, kept"
    token = sealing.signer().sign_object([3, 1, "registration 2", 0])
    settings.SECRET_KEY = "made anew, because the first one was lost"
    assert shift_of(token).user == 3
    settings.AUDIT_KEY = "another key of at least thirty-two letters"
    with pytest.raises(CannotUnseal):
        shift_of(token)
