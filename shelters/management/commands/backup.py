"""A sealed backup of everything, read back after writing. For a timer: silent about people, and it fails aloud."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from shelters.backups import Refused
from shelters.backups.beside import keep_beside
from shelters.backups.writing import back_up


class Command(BaseCommand):
    help = "Saves the database, sealed to BACKUP_PUBLIC_KEY, as a new file of a folder. People can go on working."

    def add_arguments(self, parser):
        parser.add_argument(
            "folder", type=Path, help="Where the file goes. It gets its name from the moment."
        )

    def handle(self, *, folder, **_options):
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        try:
            backup = back_up(folder)
        except Refused as refusal:
            raise CommandError(f"No backup was made. {refusal}") from None
        except OSError as error:
            raise CommandError(f"No backup was made: {error.strerror or type(error).__name__}.") from None
        except DatabaseError as error:
            raise CommandError(f"No backup was made: the database failed ({type(error).__name__}).") from None
        self.stdout.write(
            f"{backup.path}: {len(backup.sums)} tables, {backup.rows:,} rows, {backup.size:,} bytes, "
            f"read back from the disk.\nsha256 {backup.sha256}"
        )
        try:
            keep_beside(folder)
        except Refused as refusal:
            raise CommandError(
                f"The backup was made, but not the list of who was erased. {refusal}"
            ) from None
        except OSError as error:
            raise CommandError(
                f"The backup was made, but not the list of who was erased: {error.strerror or type(error).__name__}."
            ) from None
