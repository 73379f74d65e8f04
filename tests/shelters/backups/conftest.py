"""A shelter with something in most tables, a pair of keys, and a way to an empty database."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from intake import actions
from intake.models import cuts
from shelters import audit, chain
from shelters.backups import sealed, tables, writing
from shelters.models import AccessEvent, AuditSeal
from tests import factories

SECRET = "ornitorrinco"
NAMES = ("Zoraida Ñusta", 'O\'Higgins "Chepe" \\ 😀 李\u200b', 'line\nbreak\tand ["a"], {}')


@pytest.fixture
def key(settings, tmp_path):
    """The file of the private key; the public one is set."""
    path = tmp_path / "key.txt"
    settings.BACKUP_PUBLIC_KEY = [sealed.write_private(path, timezone.now())]
    return path


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups"


@pytest.fixture
def full(transactional_db, cast, palillo, annex):
    """Committed rows, with names that no file may show and characters that each engine writes its own way."""
    by, family = cast.volunteer, None
    factories.make_zone(palillo)
    factories.make_organization()
    for name in NAMES:
        family = factories.make_family(
            palillo, {"given_names": name, "age": None}, {"age": 4}, by=by, comments=name
        )
    head, child = family.members.order_by("position")
    head.known_as = "Chepa"
    head.save()  # the first correction begins the history
    factories.make_need(head, "DS", by=by)
    factories.make_service(child, by=by)
    factories.make_intention(head, by=by)
    first = factories.make_note(head, SECRET, by=cast.legal)
    factories.make_note(head, f"{SECRET}, corregido", replaces=first, by=cast.legal)
    factories.make_batch(palillo, by=cast.coordinator, cards=3)
    factories.make_card(family)
    factories.make_ticket(palillo, by=by)
    factories.make_submission(by).save()
    actions.freeze(palillo, timezone.now() - timedelta(minutes=1), note="", by=cast.coordinator)
    audit.record(
        audit.Action.EXPORTED, by=by, shelter=palillo, subject=family, b=1, a={"z": [1.5, None], "ñ": True}
    )
    chain.seal_all(until=timezone.now())


@pytest.fixture
def backup(full, key, folder):
    return writing.back_up(folder)


def everything() -> dict:
    """Table → key → row, as Django reads them."""
    return {
        label: {row[0]: row[1:] for row in model._base_manager.values_list("pk", *tables.columns(model))}
        for label, model in tables.saved().items()
    }


def without_backups(found: dict) -> dict:
    """Leave out the events that backups, restores and looks at the trail left themselves, and the seals over them."""
    own = set(
        AccessEvent.objects.filter(action__in=["backed_up", "restored", "trail_verified"]).values_list(
            "pk", flat=True
        )
    )
    before = set(AuditSeal.objects.filter(reach__lt=min(own)).values_list("pk", flat=True))
    return {
        **found,
        "shelters.AccessEvent": {
            pk: row for pk, row in found["shelters.AccessEvent"].items() if pk not in own
        },
        "shelters.AuditSeal": {pk: row for pk, row in found["shelters.AuditSeal"].items() if pk in before},
    }


def empty() -> None:
    """As after `migrate` on a new database."""
    with connection.schema_editor() as editor:
        audit.unguard(editor)
        cuts.unguard(editor)
    call_command("flush", interactive=False, verbosity=0)
    with connection.schema_editor() as editor:
        audit.guard(editor)
        cuts.guard(editor)
