"""Sealed files: what opens them, what does not, and the file of the private key."""

import hashlib
import io
import stat

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pyrage import x25519

from shelters.backups import Refused, sealed

CHUNK = 65536 + 16  # of the age format, with its tag


@pytest.fixture(scope="module")
def pair():
    identity = x25519.Identity.generate()
    return identity, identity.to_public()


def sealed_bytes(pair, *chunks) -> bytes:
    file = io.BytesIO()
    sealed.seal(chunks, sealed.Hashed(file, hashlib.sha256()), [pair[1]])
    return file.getvalue()


def opened(data, identity) -> bytes:
    sink = io.BytesIO()
    sealed.unseal(io.BytesIO(data), identity, sink)
    return sink.getvalue()


def test_what_was_sealed_comes_back(pair):
    assert (
        opened(sealed_bytes(pair, b"one ", b"", b"x" * 200_000, b" end"), pair[0])
        == b"one " + b"x" * 200_000 + b" end"
    )


def test_another_key_opens_nothing(pair):
    with pytest.raises(Refused, match="This key does not open"):
        opened(sealed_bytes(pair, b"text"), x25519.Identity.generate())


def test_a_flipped_byte_anywhere_is_refused(pair):
    data = sealed_bytes(pair, b"x" * 1000)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(Refused):
            opened(bytes(changed), pair[0])


def test_chunks_in_another_order_or_missing_or_added_are_refused(pair):
    data = sealed_bytes(pair, b"x" * 250_000)
    start = data.index(b"\n", data.index(b"\n--- ") + 1) + 1 + 16  # the head, then a nonce
    head, body = data[:start], data[start:]
    chunks = [body[place : place + CHUNK] for place in range(0, len(body), CHUNK)]
    assert opened(head + b"".join(chunks), pair[0]) == b"x" * 250_000
    first, second, *others = chunks
    for order in (
        [second, first, *others],
        chunks[:-1],
        chunks[1:],
        [*chunks, chunks[-1]],
        [*chunks, b"x"],
        [],
    ):
        with pytest.raises(Refused):
            opened(head + b"".join(order), pair[0])


def test_what_the_reader_or_the_writer_raises_comes_through(pair):
    def chunks():
        yield b"x"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sealed.seal(chunks(), sealed.Hashed(io.BytesIO(), hashlib.sha256()), [pair[1]])

    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        sealed.seal([b"x"], sealed.Hashed(Full(), hashlib.sha256()), [pair[1]])


# --- keys ------------------------------------------------------------------------------------------------


def test_a_pair_is_made_once_and_the_private_half_stays_in_its_file(tmp_path, capsys):
    path = tmp_path / "key.txt"
    call_command("backup_keys", str(path))
    said, kept = capsys.readouterr().out, path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "Take it away" in said
    assert sealed.PRIVATE in kept
    assert sealed.PRIVATE not in said
    public = str(sealed.read_private(kept).to_public())
    assert f'BACKUP_PUBLIC_KEY="{public}"' in said


def test_a_key_that_is_there_is_never_overwritten(tmp_path):
    path = tmp_path / "key.txt"
    sealed.write_private(path, timezone.now())
    before = path.read_bytes()
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup_keys", str(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["key.txt", "var/key.txt", "docs/../key.txt"])
def test_a_key_does_not_stay_in_the_program(settings, monkeypatch, name):
    monkeypatch.chdir(settings.BASE_DIR)
    with pytest.raises(CommandError, match="Not into Puente's own folder"):
        call_command("backup_keys", name)
    assert not (settings.BASE_DIR / name).exists()


def test_a_key_goes_into_a_folder_that_is_there(tmp_path):
    with pytest.raises(CommandError, match="cannot be written: No such file"):
        call_command("backup_keys", str(tmp_path / "no-such" / "key.txt"))


@pytest.mark.parametrize("text", ["", "# only a comment", "age1qqqq", "AGE-SECRET-KEY-1ABC", "a\nb", "\0"])
def test_what_is_no_private_key_is_refused(text):
    with pytest.raises(Refused, match="no private key"):
        sealed.read_private(text)
