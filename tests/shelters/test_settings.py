"""What production promises, asked of a fresh process as production would start it."""

import os
import secrets
import subprocess
import sys

import pytest
from django.conf import settings
from pyrage import x25519

from shelters.checks import no_demo_account_is_open
from shelters.management.commands.first_steps import give_password
from shelters.models import User

PRIVATE = x25519.Identity.generate()
PUBLIC = str(PRIVATE.to_public())
PRODUCTION = {
    "HTTPS": "on",
    "SECRET_KEY": secrets.token_urlsafe(60),
    "AUDIT_KEY": secrets.token_urlsafe(60),
    "ALLOWED_HOSTS": "puente.example.org",
    "BACKUP_PUBLIC_KEY": PUBLIC,
    "NOTE_KEY_LEGAL": str(x25519.Identity.generate()),
    "NOTE_KEY_HEALTH": str(x25519.Identity.generate()),
}


def manage(*arguments, **environment):
    """A fresh process with nothing but a path and what the test sets."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def ask(expression, **environment):
    answer = manage(
        "shell", "-v", "0", "-c", f"from django.conf import settings; print({expression})", **environment
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


@pytest.fixture
def database(tmp_path):
    return {"DATABASE_URL": f"sqlite:///{tmp_path / 'puente.sqlite3'}"}


def test_the_deployment_check_is_clean_with_production_settings(database):
    answer = manage("check", "--deploy", "--database", "default", **PRODUCTION, **database)
    assert answer.returncode == 0, answer.stderr
    assert "no issues" in answer.stdout + answer.stderr


def test_without_https_the_deployment_check_objects(database):
    answer = manage("check", "--deploy", **database)
    assert "puente.E002" in answer.stderr


@pytest.mark.parametrize("key", ["", "short", PRODUCTION["SECRET_KEY"]])
def test_without_a_key_of_its_own_for_the_trail_the_deployment_check_warns(database, key):
    answer = manage(
        "check", "--deploy", "--database", "default", **{**PRODUCTION, "AUDIT_KEY": key}, **database
    )
    assert answer.returncode == 0
    assert "puente.W001" in answer.stderr


def test_without_a_key_for_backups_the_deployment_check_warns(database):
    answer = manage("check", "--deploy", **{**PRODUCTION, "BACKUP_PUBLIC_KEY": ""}, **database)
    assert "puente.W002" in answer.stderr
    assert answer.returncode == 0


@pytest.mark.parametrize(
    ("wrong", "warning"),
    [
        ({"NOTE_KEY_LEGAL": ""}, "puente.W003"),
        ({"NOTE_KEY_HEALTH": ""}, "puente.W003"),
        ({"NOTE_KEY_HEALTH": PRODUCTION["NOTE_KEY_LEGAL"]}, "puente.W004"),
    ],
)
def test_without_a_key_for_each_side_of_the_notes_the_deployment_check_warns(database, wrong, warning):
    answer = manage("check", "--deploy", **{**PRODUCTION, **wrong}, **database)
    assert warning in answer.stderr
    assert answer.returncode == 0


def test_the_notes_can_have_an_earlier_key_beside_the_new_one(database):
    both = f"{PRODUCTION['NOTE_KEY_LEGAL']}, {PRODUCTION['NOTE_KEY_HEALTH']}"
    assert ask("*settings.NOTE_KEYS['legal'], sep=', '", **database, NOTE_KEY_LEGAL=both) == both


@pytest.mark.parametrize("key", [PUBLIC, "AGE-SECRET-KEY-1", "nonsense"])
def test_what_is_no_key_of_notes_stops_the_start_and_is_not_repeated(database, key):
    answer = manage("check", **database, NOTE_KEY_HEALTH=key)
    assert answer.returncode != 0
    assert "NOTE_KEY_HEALTH holds what is no private key" in answer.stderr
    assert PUBLIC not in answer.stderr and "nonsense" not in answer.stderr


def test_backups_can_have_several_keys(database):
    both = f"{PUBLIC}, {x25519.Identity.generate().to_public()}"
    assert ask("*settings.BACKUP_PUBLIC_KEY, sep=', '", **database, BACKUP_PUBLIC_KEY=both) == both


def test_a_private_key_stops_the_start_and_is_not_repeated(database):
    answer = manage("check", **database, BACKUP_PUBLIC_KEY=str(PRIVATE))
    assert answer.returncode != 0
    assert "must not be on this machine" in answer.stderr
    assert str(PRIVATE) not in answer.stdout + answer.stderr


def test_sqlite_waits_for_the_disk(database):
    script = (
        "from django.db import connection as c; k = c.cursor();"
        "print(*(k.execute('PRAGMA ' + p).fetchone()[0] for p in ('journal_mode', 'synchronous', 'foreign_keys')))"
    )
    assert manage("shell", "-v", "0", "-c", script, **database).stdout.split() == ["wal", "2", "1"]


def test_cookies_are_bound_to_the_host_behind_https(database):
    names = ask(
        "settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.SESSION_COOKIE_SECURE",
        **PRODUCTION,
        **database,
    )
    assert names == "__Host-sessionid __Host-csrftoken True"


def test_nothing_is_open_by_default(database):
    assert (
        ask("settings.DEBUG, settings.ALLOWED_HOSTS", **database)
        == "False ['localhost', '127.0.0.1', '[::1]']"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"DEBUG": "perhaps"},
        {"HTTPS": "ture"},
        {"DATABASE_URL": "nonsense://x"},
        {"BACKUP_PUBLIC_KEY": PUBLIC[:-1]},
        {"BACKUP_PUBLIC_KEY": f"{PUBLIC} {PUBLIC}"},
    ],
)
def test_a_wrong_value_stops_the_start(wrong, database):
    assert manage("check", **{**database, **wrong}).returncode != 0


def test_accounts_of_the_demo_are_named_by_the_deployment_check(db, palillo):
    assert no_demo_account_is_open(None) == []
    give_password("carmen", "coordinator")
    assert [each.id for each in no_demo_account_is_open(None)] == ["puente.W005"]
    User.objects.update(is_active=False)
    assert no_demo_account_is_open(None) == []
