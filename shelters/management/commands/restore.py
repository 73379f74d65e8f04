"""A backup into an empty database, on the engine it came from or on the other."""

import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction

from shelters.backups import Refused
from shelters.backups.beside import after_restore
from shelters.backups.loading import restore, rows_of
from shelters.backups.sealed import read_private


class Command(BaseCommand):
    help = "Fills an empty, migrated database from a backup. A damaged file, or another key, changes nothing."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--key", required=True, help="The file with the private key; - reads it from standard input."
        )

    def handle(self, *, file, key, **_options):
        try:
            identity = read_private(sys.stdin.read() if key == "-" else Path(key).read_text("utf-8"))
            with file.open("rb") as opened, transaction.atomic():
                backup = restore(opened, identity)
                done = after_restore(file.parent)
        except Refused as refusal:
            raise CommandError(f"Nothing was restored. {refusal}") from None
        except UnicodeDecodeError:
            raise CommandError("Nothing was restored. The file of the key is no text.") from None
        except OSError as error:
            name = error.filename or file
            raise CommandError(f"Nothing was restored: {name}: {error.strerror}.") from None
        except DatabaseError as error:
            raise CommandError(
                f"Nothing was restored: the database failed ({type(error).__name__})."
            ) from None
        self.stdout.write(
            f"Restored {len(backup.sums)} tables with {rows_of(backup):,} rows, each compared with the backup.\n"
            f"Made {backup.head['made_at']} by Puente {backup.head['puente']} on {backup.head['engine']}; "
            f"the access trail ends with line {backup.head['last_event']}, its head is "
            f"{backup.head['trail_head'] or 'none yet'}."
        )
        for words in done:
            self.stdout.write(words)
