"""A device without a network, as the server meets it: seals like seal.js does."""

import base64
import json
import os
import uuid

from cryptography.hazmat.primitives.asymmetric import ec
from django.http import QueryDict
from django.utils import timezone

from shelters import sealing
from tests.intake.test_register import posted

RECORDS = "/offline/records"


def seal(words, about, to=None) -> str:
    """`to`: another server's public key than ours."""
    own = ec.generate_private_key(ec.SECP256R1())
    server = to or sealing.private_key().public_key()
    point, nonce = sealing.raw(own.public_key()), os.urandom(sealing.NONCE)
    key = sealing.shared_key(own.exchange(ec.ECDH(), server), point, sealing.raw(server))
    return base64.b64encode(point + nonce + key.encrypt(nonce, words.encode(), about.encode())).decode()


def token_of(user, shelter, desk="registration 7", began=0) -> str:
    return sealing.signer().sign_object([user.pk, shelter.pk, desk, began])


def device_record(token, *members, at=None, key=None, to=None, **fields) -> dict:
    """One registration that waits: what was typed, by whom, and when by the clock of the device."""
    key = key or str(uuid.uuid4())
    typed = QueryDict(mutable=True)
    typed.update(posted(*members, key=key, **{"arrived_on": "6/11/2018", **fields}))
    at = (at or timezone.now()).timestamp() * 1000
    inside = json.dumps({"form": typed.urlencode(), "shift": token, "at": at})
    return {"id": key, "sealed": seal(inside, key, to)}


def bring(client, *records):
    return client.post(RECORDS, json.dumps({"records": records}), content_type="application/json")


def states(answer) -> list[tuple]:
    return [(each["state"], each.get("reason")) for each in answer.json()["answers"]]
