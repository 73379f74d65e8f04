"""Who was erased stays erased when an older backup is restored: their fingerprints lie beside the backups."""

import os
import re
from datetime import datetime
from itertools import chain
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from intake.actions import erase
from intake.actions.late_forms import empty_late
from intake.models import LateForm, Person, Tombstone
from shelters.backups import Refused
from shelters.backups.writing import sync

LIST = "puente-erased.txt"
AGAIN = ("again", _("Erased before, and came back with a backup"))
LINE = re.compile(r"([0-9a-f]{64}) (\d{4}-\d\d-\d\dT[\d:.]+\+00:00)")


def keep(folder: Path) -> None:
    """Every fingerprint in the database, and those that the file has already: a restored database knows fewer."""
    path, part = folder / LIST, folder / f"{LIST}.part"
    stones = [*(read(path) if path.exists() else ()), *Tombstone.objects.all()]
    lines = {f"{stone.digest} {stone.erased_at.isoformat()}" for stone in stones}
    part.unlink(missing_ok=True)  # of a run that was cut off; or a link that somebody laid there
    with part.open("x", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in sorted(lines))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync(folder)


def erase_again(folder: Path) -> str:
    """After a restore, in its transaction. Returns what was done, in words."""
    path = folder / LIST
    if not path.exists():
        return f"No {LIST} lies beside the backup: whoever was erased after it was made is back. Erase them again."
    stones = read(path)
    # Their forms that come late stay out as well, and those that wait to be corrected.
    Tombstone.objects.bulk_create(stones, ignore_conflicts=True)
    erased = {stone.digest for stone in stones}
    kept = LateForm.objects.exclude(sealed="").values_list("pk", "key")
    empty_late(LateForm.objects.with_keys(buried(chain.from_iterable(kept), erased)))
    found = buried(Person._base_manager.values_list("pk", flat=True), erased)
    for pk in found:
        # With a joined record of theirs it went already.
        if person := Person._base_manager.filter(pk=pk).first():
            erase(person, reason=AGAIN[0], by=None)
    return f"{len(found)} people who were erased after this backup was made were erased again."


def buried(keys, digests: set[str]) -> list:
    return [key for key in keys if Tombstone.digest_of(key) in digests]


def read(path: Path) -> list[Tombstone]:
    """Nothing but lines of ours: a link that somebody laid there must not copy another file beside the backups."""
    lines = path.read_text("utf-8", errors="replace").splitlines()
    return [stone_of(number, line) for number, line in enumerate(lines, 1)]


def stone_of(number, line) -> Tombstone:
    told = LINE.fullmatch(line)
    try:
        return Tombstone(digest=told[1], erased_at=datetime.fromisoformat(told[2]))
    except (TypeError, ValueError):
        raise Refused(f"Line {number} of {LIST} is not what a backup writes there.") from None
