"""The pair of keys for backups: the private half into a file that is taken away."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shelters.backups import sealed


class Command(BaseCommand):
    help = "Makes a pair of keys for backups. Best on another computer, into a file on a USB stick."

    def add_arguments(self, parser):
        parser.add_argument(
            "file", type=Path, help="A new file for the private key, outside Puente's own folder."
        )

    def handle(self, *, file, **_options):
        if file.resolve().is_relative_to(settings.BASE_DIR):
            raise CommandError(
                "Not into Puente's own folder: the private key has to leave. Name a file elsewhere."
            )
        try:
            public = sealed.write_private(file, timezone.now())
        except FileExistsError:
            raise CommandError(f"{file} is there already, and stays as it is. Choose another name.") from None
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from None
        self.stdout.write(
            f"The private key is in {file}. Take it away from the server: two USB sticks, or paper, in two places.\n"
            "Whoever has it can read every backup; without it nobody can, and no backup can be restored.\n\n"
            f'On the server set the public key:\n\n  BACKUP_PUBLIC_KEY="{public}"'
        )
