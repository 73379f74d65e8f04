"""Files in the age format: sealed to public keys in chunks that cannot be changed, cut or put in another order."""

import os
from collections.abc import Iterable
from pathlib import Path

import pyrage
from pyrage import x25519

from shelters.backups import Refused

PRIVATE = "AGE-SECRET-KEY-"


class Source:
    """Chunks as a file to read from."""

    def __init__(self, chunks: Iterable[bytes]):
        self.chunks, self.rest = iter(chunks), b""

    def read(self, size: int) -> bytes:
        while not self.rest and (chunk := next(self.chunks, None)) is not None:
            self.rest = chunk
        part, self.rest = self.rest[:size], self.rest[size:]
        return part


class Hashed:
    """A file whose bytes are counted and hashed on their way in or out."""

    def __init__(self, file, digest):
        self.file, self.digest, self.size = file, digest, 0

    def read(self, size: int) -> bytes:
        return self.seen(self.file.read(size))

    def write(self, data: bytes) -> int:
        self.file.write(data)
        return len(self.seen(data))

    def seen(self, data: bytes) -> bytes:
        self.digest.update(data)
        self.size += len(data)
        return data


class Guarded:
    """A file whose first error is kept, and which does nothing more after it.

    The library hands on the words of an error alone, and drops one that the last bytes of its buffer meet.
    """

    def __init__(self, file):
        self.file, self.error = file, None

    def read(self, size: int) -> bytes:
        return self.tried(self.file.read, size)

    def write(self, data: bytes) -> int:
        return self.tried(self.file.write, data)

    def flush(self) -> None:
        """Whoever opened the file flushes it."""

    def tried(self, act, argument):
        if self.error:
            raise self.error
        try:
            return act(argument)
        except BaseException as error:
            self.error = error
            raise


def seal(chunks: Iterable[bytes], file, recipients: list) -> None:
    """Write the chunks so that each of the recipients can open them. Raises what reading or writing raised."""
    source, target = Guarded(Source(chunks)), Guarded(file)
    try:
        pyrage.encrypt_io(source, target, recipients)
    except pyrage.EncryptError as error:
        raise (source.error or target.error or error) from None
    if target.error:
        raise target.error


def unseal(file, identity, sink) -> None:
    """Give `sink.write` what is in the file, chunk by chunk, each checked. Only the end tells that all was there.

    Raises Refused for a wrong key or a file that is not what was written; what file and sink raise passes through.
    """
    source, target = Guarded(file), Guarded(sink)
    try:
        pyrage.decrypt_io(source, target, [identity])
    except Exception as error:
        raise (source.error or target.error or refusal(error)) from None
    if target.error:
        raise target.error


def refusal(error) -> Exception:
    """What the library means, for whoever gave the command."""
    if "No matching keys" in str(error):
        return Refused("This key does not open the file: it is another one, or the file is damaged.")
    if isinstance(error, pyrage.DecryptError):
        return Refused("The file is damaged, or it is no backup: its head cannot be read.")
    if isinstance(error, OSError):
        return Refused("The file is damaged or was cut short.")
    return error


# --- keys ------------------------------------------------------------------------------------------------


def recipients(public_keys: list[str]) -> list:
    """The setting BACKUP_PUBLIC_KEY, which has looked at each of them."""
    if not public_keys:
        raise Refused(
            "There is no public key to seal the backup to. Make a pair with `manage.py backup_keys`, "
            "and set BACKUP_PUBLIC_KEY."
        )
    return [x25519.Recipient.from_str(key) for key in public_keys]


def read_private(text: str):
    """The private key in a file as `backup_keys` and age-keygen write it: one key, and comments."""
    found = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        (key,) = found
        return x25519.Identity.from_str(key)
    except (ValueError, pyrage.IdentityError):
        raise Refused(f"This is no private key: one line has to begin with {PRIVATE}1.") from None


def write_private(path: Path, moment) -> str:
    """A new pair: the private key into a new file that its owner alone can read; the public key comes back."""
    key = x25519.Identity.generate()
    public = str(key.to_public())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"# Opens the backups of Puente. Made {moment:%Y-%m-%d}.\n# public key: {public}\n{key}\n")
        file.flush()
        os.fsync(file.fileno())
    return public
