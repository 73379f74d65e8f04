"""What makes a changed line of the trail visible: made with a key that the database does not hold. See ADR 23."""

import hmac
import json
from datetime import UTC
from ipaddress import ip_address

from django.conf import settings

canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def key() -> bytes:
    """AUDIT_KEY; where none is set, which `check --deploy` warns of, one that follows from SECRET_KEY."""
    return (settings.AUDIT_KEY or f"access trail {settings.SECRET_KEY}").encode()


def sealed(purpose, *parts) -> str:
    """Nobody without the key can make it, and none of one purpose stands for one of another."""
    return hmac.digest(key(), canonical([purpose, *parts]).encode(), "sha256").hex()


def moment(at) -> str:
    return at.astimezone(UTC).isoformat()


def mark_of(event) -> str:
    """Of what a line says: the same before it is stored and after either database gave it back.

    Without its number, which the database gives it later; that is held by the seal.
    """
    address = ip_address(event.address).packed.hex() if event.address else None
    subject = (event.subject_type, event.subject_id)
    who = (event.user_id, event.shelter_id, event.desk, address)
    return sealed("line", moment(event.at), event.action, *who, *subject, event.detail)


def of_lines(numbered) -> str:
    """Of many lines in their order: (number, mark) pairs, taken one by one."""
    whole = hmac.new(key(), b"lines\n", "sha256")
    for number, mark in numbered:
        whole.update(f"{number} {mark}\n".encode())
    return whole.hexdigest()


def link_of(seal, before) -> str:
    """Of a seal and of the link before it."""
    told = (seal.number, moment(seal.made_at), seal.ids, seal.events, seal.reach, seal.lines)
    return sealed("link", before, *told)
