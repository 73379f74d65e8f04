"""The trail of who did or read what: written here, guarded by the database."""

from ipaddress import ip_address

from django.conf import settings
from simple_history.models import HistoricalRecords

from shelters.models import AccessEvent

Action = AccessEvent.Action


def record(action: AccessEvent.Action, *, by, shelter=None, subject=None, **detail) -> AccessEvent:
    """Append one event, in the transaction of what it tells of.

    `by` is the account or None for the command line; `subject` the record concerned; `detail` holds
    counts, codes and field names, never a value about a person.
    """
    request = getattr(HistoricalRecords.context, "request", None)
    return AccessEvent.objects.create(
        action=action,
        user=by,
        shelter=shelter,
        subject_type=subject._meta.label if subject else "",
        subject_id=str(subject.pk) if subject else "",
        address=address_of(request) if request else None,
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


def guard(schema_editor) -> None:
    """Make the database refuse to change, delete or empty the trail, on either engine."""
    for statement in GUARDS[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def unguard(schema_editor) -> None:
    """For reversing the migration, and for tests that empty every table."""
    for statement in UNGUARDS[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


GUARDS = {
    "sqlite": [
        f"""CREATE TRIGGER access_event_no_{verb.lower()} BEFORE {verb} ON shelters_accessevent
            BEGIN SELECT RAISE(ABORT, 'The access trail is append-only'); END"""
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        """CREATE FUNCTION access_event_refuse() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE EXCEPTION 'The access trail is append-only'; END $$""",
        """CREATE TRIGGER access_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON shelters_accessevent
           FOR EACH STATEMENT EXECUTE FUNCTION access_event_refuse()""",
    ],
}
UNGUARDS = {
    "sqlite": ["DROP TRIGGER access_event_no_update", "DROP TRIGGER access_event_no_delete"],
    "postgresql": [
        "DROP TRIGGER access_event_append_only ON shelters_accessevent",
        "DROP FUNCTION access_event_refuse()",
    ],
}
