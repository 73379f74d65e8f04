"""Codes of cards: eight capitals and digits that nobody confuses, the last one a check. They say nothing of anybody."""

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # 31, a prime: no 0 O, 1 I L
LENGTH = 8


def check_character(body: str) -> str:
    """For seven characters. Any one wrong character, and any two that changed places, give another one."""
    weighted = sum(weight * ALPHABET.index(c) for weight, c in enumerate(body, start=2))
    return ALPHABET[weighted % len(ALPHABET)]


def read_code(text: str) -> str | None:
    """The code in what was typed or scanned ("7f3k-m9qx" too); None when it is none, or mistyped."""
    code = "".join(text.upper().replace("-", " ").split())
    if len(code) != LENGTH or any(c not in ALPHABET for c in code):
        return None
    return code if check_character(code[:-1]) == code[-1] else None


def new_code() -> str:
    """One that nobody can guess: of 27,000 million, drawn by the system's own lot."""
    body = "".join(secrets.choice(ALPHABET) for _each in range(LENGTH - 1))
    return body + check_character(body)
