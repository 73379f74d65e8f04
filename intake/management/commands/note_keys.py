"""The keys of the notes: made once, into a file beside the settings; and changed when one has become known."""

import os
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from pyrage import x25519

from intake.models import NoteKey, NoteKind
from intake.seals import NotesShut


class Command(BaseCommand):
    help = "Makes a key for the legal notes and one for the health notes; --renew seals what there is to new ones."

    def add_arguments(self, parser):
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "file", nargs="?", type=Path, help="A new file for both keys, outside the database."
        )
        what.add_argument(
            "--renew", action="store_true", help="Seals the key of each person to the first key that is set."
        )

    def handle(self, *, file, renew, verbosity, **_options):
        if renew:
            self.renew()
            return
        lines = [f'NOTE_KEY_{kind.upper()}="{x25519.Identity.generate()}"\n' for kind in NoteKind]
        try:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
                new.writelines(lines)
                new.flush()
                os.fsync(new.fileno())
        except FileExistsError:
            raise CommandError(f"{file} is there already, and stays as it is. Choose another name.") from None
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from None
        if not verbosity:  # on one laptop `dev.py run` lends them by itself
            return
        self.stdout.write(
            f"Both keys are in {file}. Set them for the server, and print each for its own side: without the key"
            " nobody can read the notes any more, and no backup holds it."
        )

    def renew(self):
        """All or nothing. The notes are not touched: only the keys of people are sealed anew."""
        try:
            with transaction.atomic():
                keys = NoteKey.objects.select_for_update().order_by("pk")
                for key in keys:
                    key.lock(key.opened())
                    key.save(update_fields=["sealed"])
        except NotesShut:
            raise CommandError(
                "A key that is not set has sealed some of them, so nothing was changed. Set the new key, a comma,"
                " and the earlier one: NOTE_KEY_LEGAL, NOTE_KEY_HEALTH."
            ) from None
        self.stdout.write(
            f"{len(keys):,} keys of people are sealed to the first key of their side. The earlier one can go."
        )
