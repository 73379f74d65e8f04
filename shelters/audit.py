"""The trail of who did or read what: written here, guarded by the database."""

from ipaddress import ip_address

from django.conf import settings
from simple_history.models import HistoricalRecords

from shelters.chain import seal_when_due
from shelters.models import AccessEvent

Action = AccessEvent.Action


def record(action: AccessEvent.Action, *, by, shelter=None, subject=None, **detail) -> AccessEvent:
    """Append one event, in the transaction of what it tells of.

    `by` is the account or None for the command line; `subject` the record concerned; `detail` holds
    counts, codes and field names, never a value about a person.
    """
    event = unsaved(action, by=by, shelter=shelter, subject=subject, detail=detail)
    event.save(force_insert=True)
    seal_when_due()
    return event


def record_each(action: AccessEvent.Action, subjects, *, by, shelter, **detail) -> None:
    """The same for many records at once, in one query. `subjects`: (record, detail of its own) pairs."""
    record_all(
        [
            unsaved(action, by=by, shelter=shelter, subject=subject, detail={**detail, **own})
            for subject, own in subjects
        ]
    )


def record_all(events) -> None:
    """Events made by `unsaved`, of whatever kinds, in one query."""
    AccessEvent.objects.bulk_create(events)
    seal_when_due()


def unsaved(action, *, by, shelter, subject, detail) -> AccessEvent:
    request = getattr(HistoricalRecords.context, "request", None)
    shift = getattr(request, "shift", None)
    return AccessEvent(
        action=action,
        user=by,
        shelter=shelter,
        subject_type=subject._meta.label if subject else "",
        subject_id=str(subject.pk) if subject else "",
        address=address_of(request) if request else None,
        desk=shift.desk if shift else "",
        detail=detail,
    )


def address_of(request) -> str | None:
    """Where a request came from. Behind our own proxy (HTTPS) that is the last address it forwarded; else the peer.

    Whatever a visitor puts into that header stands before what our proxy adds.
    """
    forwarded = (
        request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() if settings.HTTPS else ""
    )
    try:
        return str(ip_address(forwarded or request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None


TABLES = {"shelters_accessevent": "access_event", "shelters_auditseal": "audit_seal"}


def guard(schema_editor, tables=TABLES) -> None:
    """Make the database refuse to change, delete or empty the trail and its seals, on either engine."""
    for table in tables:
        for statement in GUARDS[schema_editor.connection.vendor]:
            schema_editor.execute(statement.format(table=table, name=TABLES[table]))


def unguard(schema_editor, tables=TABLES) -> None:
    """For reversing the migration, and for tests that empty every table."""
    for table in tables:
        for statement in UNGUARDS[schema_editor.connection.vendor]:
            schema_editor.execute(statement.format(table=table, name=TABLES[table]))


GUARDS = {
    "sqlite": [
        f"""CREATE TRIGGER {{name}}_no_{verb.lower()} BEFORE {verb} ON {{table}}
            BEGIN SELECT RAISE(ABORT, 'The access trail is append-only'); END"""
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        """CREATE FUNCTION {name}_refuse() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE EXCEPTION 'The access trail is append-only'; END $$""",
        """CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
           FOR EACH STATEMENT EXECUTE FUNCTION {name}_refuse()""",
    ],
}
UNGUARDS = {
    "sqlite": ["DROP TRIGGER {name}_no_update", "DROP TRIGGER {name}_no_delete"],
    "postgresql": [
        "DROP TRIGGER {name}_append_only ON {table}",
        "DROP FUNCTION {name}_refuse()",
    ],
}
