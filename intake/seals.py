"""Notes are sealed to a key of their person; that key to one of its class, which is not in the database. See ADR 25.

In the format and with the library of the backups: nothing here that others have not looked at.
"""

import pyrage
from django.conf import settings
from pyrage import x25519


class NotesShut(Exception):
    """Nothing can be read or written for now; what is stored stays as it is."""


class NotesOff(NotesShut):
    """This server has no key for this class of notes."""


class CannotOpen(NotesShut):
    """No key of this class opens it, or it is not what was written here."""


def class_keys(kind) -> list:
    """The first seals; the others open what an earlier one sealed. Raises NotesOff."""
    if not settings.NOTE_KEYS[kind]:
        raise NotesOff
    return [x25519.Identity.from_str(key) for key in settings.NOTE_KEYS[kind]]


def seal(words: str, key, about: tuple) -> str:
    """Only the private half of `key` opens it. `about` goes inside, so that it fits no other row."""
    inside = f"{heading(about)}{words}".encode()
    return pyrage.encrypt(inside, [key.to_public()], armored=True).decode()


def unseal(sealed: str, keys: list, about: tuple) -> str:
    """Raises CannotOpen."""
    try:
        inside = pyrage.decrypt(sealed.encode(), keys).decode()
    except (pyrage.DecryptError, UnicodeDecodeError):
        raise CannotOpen from None
    if not inside.startswith(heading(about)):  # it was moved here from another row
        raise CannotOpen
    return inside.removeprefix(heading(about))


def heading(about: tuple) -> str:
    return " ".join(map(str, about)) + "\n"
