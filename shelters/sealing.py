"""What a device keeps without a network, it can only seal: the server alone opens it. And who was on shift there.

Each text has a key pair of its own, made by the browser for it and thrown away: ECDH on P-256 with the server's key,
HKDF and AES-GCM, all of them the browser's and the library's own. See ADR 32.
"""

import base64
import binascii
import hmac
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.core.signing import BadSignature, Signer

from shelters import marks
from shelters.locking import BEGAN

POINT, NONCE, TAG = 65, 12, 16  # bytes: the device's public key, then the nonce, then what is sealed
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
INFO = b"puente form 1"
SHIFT = "shift of a device"


class CannotUnseal(Exception):
    """It was sealed to another key, for another record, or changed since."""


def private_key() -> ec.EllipticCurvePrivateKey:
    """It follows from AUDIT_KEY, which is in no database and in no backup."""
    number = int.from_bytes(hmac.digest(marks.key(), b"forms of devices", "sha512"))
    return ec.derive_private_key(number % (ORDER - 1) + 1, ec.SECP256R1())


def raw(public_key) -> bytes:
    return public_key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def public_key() -> str:
    """For the page that seals."""
    return base64.b64encode(raw(private_key().public_key())).decode()


def shared_key(secret: bytes, point: bytes, server_point: bytes) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), 32, salt=point + server_point, info=INFO).derive(secret))


def unseal(sealed: str, about: str) -> str:
    """`about`: the id under which it was sealed. Raises CannotUnseal."""
    own = private_key()
    try:
        inside = base64.b64decode(sealed, validate=True)
        point, nonce, rest = inside[:POINT], inside[POINT : POINT + NONCE], inside[POINT + NONCE :]
        if len(rest) < TAG:
            raise CannotUnseal
        device = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        opener = shared_key(own.exchange(ec.ECDH(), device), point, raw(own.public_key()))
        return opener.decrypt(nonce, rest, about.encode()).decode()
    except (InvalidTag, ValueError, binascii.Error):
        raise CannotUnseal from None


# --- who was on shift --------------------------------------------------------------------------------------------


class DeviceShift(NamedTuple):
    """Whose shift it was, by keys; and when that account had signed in."""

    user: int
    shelter: int
    desk: str
    began: int

    @property
    def began_at(self) -> datetime:
        return datetime.fromtimestamp(self.began, UTC)


def signer() -> Signer:
    """By AUDIT_KEY, like what opens a form: a form waits for days, and SECRET_KEY may be made anew meanwhile."""
    return Signer(key=marks.sealed(SHIFT), fallback_keys=(), salt=SHIFT)


def shift_token(request) -> str:
    """For whoever is on shift: sealed into each form of this device, it says who registered it. Opens nothing."""
    shift = request.shift
    told = DeviceShift(request.user.pk, shift.shelter_id, shift.desk, request.session.get(BEGAN, 0))
    return signer().sign_object(list(told))


def shift_of(token: str) -> DeviceShift:
    """Raises CannotUnseal."""
    try:
        return DeviceShift(*signer().unsign_object(token))
    except BadSignature:
        raise CannotUnseal from None
