"""What a server must not be started with."""

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import connection


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


@register(Tags.security, deploy=True)
def served_over_https(app_configs, **_kwargs):
    if settings.HTTPS:
        return []
    return [Error("HTTPS is not set: cookies and names would cross the Wi-Fi in clear.", id="puente.E002")]
