"""Whether the access trail is whole: every line as it was written, none missing, none put in, not cut off."""

import hashlib
import sys
from itertools import chain

from django.core.management.base import BaseCommand, CommandError

from shelters.audit import Action, record
from shelters.chain import seal_all, seal_late
from shelters.chain_check import Check, against, fits_key
from shelters.models import AuditSeal


class Command(BaseCommand):
    help = (
        "Tells which lines of the access trail were changed or are missing. Exit code 1 when there are any."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--head", default="", help="A head that was kept elsewhere. Only with one is a cut-off noticed."
        )
        parser.add_argument(
            "--known",
            action="store_true",
            help="Ends the alarm about what is found now: somebody has looked into it. Anything else raises it again.",
        )

    def handle(self, *, head, known, **_options):
        if not fits_key():
            raise CommandError("Nothing fits. Is AUDIT_KEY the key that the trail was written with?")
        seal_all()
        check, n, digest = Check(), 0, hashlib.sha256()
        for finding in chain(cut_off(head), check.findings()):
            n += 1
            digest.update(f"{finding}\n".encode())
            self.stdout.write(finding)
        if not n and check.late:
            seal_late(check.late)
        remember(check.lines, n, digest.hexdigest()[:16], known)
        self.stdout.write(
            f"{check.lines:,} lines, of which {check.young:,} are too young to be sealed; {n:,} findings."
        )
        self.stdout.write(f"Head: {AuditSeal.objects.last() or 'none yet'}")
        if n:
            sys.exit(1)


def remember(lines, n, digest, known) -> None:
    """For the alarm, which cannot look through the trail itself."""
    if not n:
        record(Action.TRAIL_VERIFIED, by=None, lines=lines)
        return
    found = {"findings": n, "digest": digest}
    record(Action.TRAIL_BROKEN, by=None, lines=lines, **found)
    if known:
        record(Action.FINDINGS_KNOWN, by=None, **found)


def cut_off(head):
    if not head:
        return
    try:
        finding = against(head)
    except ValueError:
        raise CommandError("Write the head as it was printed: 214-9f3c-1a7b-e02d-4c55-81aa.") from None
    if finding:
        yield finding
