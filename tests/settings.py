"""The real settings, with what would only make tests slow taken out."""

import os
import tempfile
from pathlib import Path

from pyrage import x25519

# Before the settings are read, and for the servers that tests start.
for side in ("LEGAL", "HEALTH"):
    os.environ[f"NOTE_KEY_{side}"] = str(x25519.Identity.generate())

from shelters.settings import *  # noqa: E402, F403
from shelters.settings import DATABASES, PASSWORD_HASHERS, STATIC_ROOT, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
# A real file also for SQLite, so that a real server can be started on the test database.
DATABASES["default"]["TEST"] = {
    "NAME": str(Path(tempfile.gettempdir()) / f"puente-test-{os.getpid()}.sqlite3")
    if DATABASES["default"]["ENGINE"].endswith("sqlite3")
    else f"test_puente_{os.getpid()}"
}
Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)
