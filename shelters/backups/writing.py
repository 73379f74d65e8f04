"""A backup: written beside its place, read back from the disk, and only then given its name."""

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from pyrage import x25519

from shelters import audit
from shelters.backups import Refused
from shelters.backups.contents import Contents, Reading
from shelters.backups.sealed import Hashed, recipients, seal, unseal
from shelters.backups.tables import snapshot


@dataclass
class Backup:
    """A file that was written and read back. `sums`: table → rows and SHA-256; `size` in bytes."""

    path: Path
    size: int
    sha256: str
    sums: dict

    @property
    def rows(self) -> int:
        return sum(each["rows"] for each in self.sums.values())


def back_up(folder: Path) -> Backup:
    """Save the database into a new file of the folder, and say so on the trail.

    Raises Refused, OSError or DatabaseError; then there is no file of that name.
    """
    keys, moment = recipients(settings.BACKUP_PUBLIC_KEY), timezone.now()
    path = folder / file_name(moment)
    part = path.with_name(path.name + ".part")
    if path.exists():
        raise Refused(f"{path.name} is there already.")
    with part.open("xb") as file:
        try:
            backup = written(file, keys, Contents(moment))
            backup.path = path
            give_name(part, backup)
        except BaseException:
            for half in (part, path):
                half.unlink(missing_ok=True)
            raise
    return backup


def file_name(moment: datetime) -> str:
    """Of the moment alone, in UTC. Its ending says how to open it: age, then gunzip; lines of JSON."""
    return f"puente-{moment:%Y-%m-%dT%H%M%SZ}.jsonl.gz.age"


def written(file, keys: list, contents: Contents) -> Backup:
    # Nobody here has the private key. This one lives as long as the command, and can read back what it wrote.
    witness = x25519.Identity.generate()
    target = Hashed(file, hashlib.sha256())
    with snapshot():
        seal(contents.chunks(), target, [*keys, witness.to_public()])
    file.flush()
    os.fsync(file.fileno())
    backup = Backup(Path(file.name), target.size, target.digest.hexdigest(), contents.sums)
    read_back(backup, witness)
    return backup


def read_back(backup: Backup, witness) -> None:
    """Refuse a file that is not, on the disk, what was written; and one in which not all rows are."""
    with backup.path.open("rb") as file:
        if hasattr(os, "posix_fadvise"):  # from the disk, not from the memory that the disk was written from
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        source, reading = Hashed(file, hashlib.sha256()), Reading()
        unseal(source, witness, reading)
    reading.finish()
    found = source.size, source.digest.hexdigest(), reading.sums
    if found != (backup.size, backup.sha256, backup.sums):
        raise Refused("What the disk gives back is not what was written.")


def give_name(part: Path, backup: Backup) -> None:
    """The name and the event come together: no backup without its row on the trail."""
    with transaction.atomic():
        audit.record(
            audit.Action.BACKED_UP,
            by=None,
            file=backup.path.name,
            sha256=backup.sha256,
            bytes=backup.size,
            rows=backup.rows,
        )
        part.rename(backup.path)
        sync(backup.path.parent)


def sync(folder: Path) -> None:
    """The name of a new file is on the disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
