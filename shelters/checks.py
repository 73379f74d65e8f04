"""What a server must not be started with."""

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.db import connection

from shelters.scrub import missing_rights

# So that what is erased does not stay in the log of changes or in the log of mistakes: setting to value.
FORGETFUL = {
    "wal_recycle": "off",  # else old segments are renamed and stand there with all their bytes
    "log_min_error_statement": "panic",  # else a statement that fails is written down with its values
    "log_error_verbosity": "terse",  # else so is the key that was there already
    "log_statement": "none",
    "log_min_duration_statement": "-1",
}


@register(Tags.database, deploy=True)
def sqlite_waits_for_the_disk(app_configs, databases=None, **_kwargs):
    """ "Saved" means on disk: WAL with synchronous FULL, or we do not start."""
    if connection.vendor != "sqlite":
        return []
    with connection.cursor() as cursor:
        synchronous = cursor.execute("PRAGMA synchronous").fetchone()[0]
    if synchronous == 2:
        return []
    return [Error("SQLite does not wait for the disk (synchronous is not FULL).", id="puente.E001")]


@register(Tags.database, deploy=True)
def postgresql_forgets(app_configs, databases=None, **_kwargs):
    """What a server keeps beside its tables of whoever was erased."""
    if connection.vendor != "postgresql":
        return []
    found = []
    with connection.cursor() as cursor:
        for name, value in FORGETFUL.items():
            cursor.execute(f"SHOW {name}")
            if cursor.fetchone()[0] != value:
                words = f"PostgreSQL keeps bytes of whoever was erased: {name} is not {value}."
                hint = (
                    f"Write {name} = {value} into its configuration and reload it, before people are entered."
                )
                found.append(Warning(words, hint=hint, id="puente.W006"))
        for statement, remedy in missing_rights(cursor).items():
            words = f"The log of PostgreSQL keeps what was erased: this account may not run {statement}."
            found.append(Warning(words, hint=remedy, id="puente.W007"))
    return found


@register(Tags.security, deploy=True)
def served_over_https(app_configs, **_kwargs):
    if settings.HTTPS:
        return []
    return [Error("HTTPS is not set: cookies and names would cross the Wi-Fi in clear.", id="puente.E002")]


@register(Tags.security, deploy=True)
def trail_has_its_own_key(app_configs, **_kwargs):
    if len(settings.AUDIT_KEY) >= 32 and settings.AUDIT_KEY != settings.SECRET_KEY:
        return []
    words = "AUDIT_KEY is not set to a long key of its own: whoever knows SECRET_KEY could rewrite the access trail."
    return [Warning(words, id="puente.W001")]


@register(Tags.database, deploy=True)
def no_demo_account_is_open(app_configs, databases=None, **_kwargs):
    from shelters.models import User

    is_there = (
        User._meta.db_table in connection.introspection.table_names()
    )  # before the first `migrate` it is not
    if not is_there or not User.objects.filter(is_demo=True, is_active=True).exists():
        return []
    hint = "Begin with an empty database, or switch these accounts off."
    return [
        Warning(
            "The accounts of the demo are open: their passwords were printed.", hint=hint, id="puente.W005"
        )
    ]


@register(Tags.security, deploy=True)
def backups_have_a_key(app_configs, **_kwargs):
    if settings.BACKUP_PUBLIC_KEY:
        return []
    hint = "Make a pair with `manage.py backup_keys`, away from this machine, and set BACKUP_PUBLIC_KEY."
    return [Warning("There can be no backup: no public key is set.", hint=hint, id="puente.W002")]


@register(Tags.security, deploy=True)
def notes_have_their_keys(app_configs, **_kwargs):
    legal, health = (set(settings.NOTE_KEYS[kind]) for kind in ("legal", "health"))
    hint = "Make them with `manage.py note_keys`, and set NOTE_KEY_LEGAL and NOTE_KEY_HEALTH."
    if not (legal and health):
        words = "Legal or health notes are switched off: no key is set for them."
        return [Warning(words, hint=hint, id="puente.W003")]
    if legal & health:
        words = "Legal and health notes have the same key: one side's key must not open the other's notes."
        return [Warning(words, hint=hint, id="puente.W004")]
    return []
