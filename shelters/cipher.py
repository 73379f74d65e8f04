"""Short texts that the database keeps and cannot read, each purpose with a key of its own. See ADR 26."""

import base64
import hmac

from cryptography.fernet import Fernet

from shelters.marks import key


def cipher(purpose: str) -> Fernet:
    """From AUDIT_KEY, which no backup holds; where none is set, from SECRET_KEY."""
    return Fernet(base64.urlsafe_b64encode(hmac.digest(key(), f"cipher {purpose}".encode(), "sha256")))
