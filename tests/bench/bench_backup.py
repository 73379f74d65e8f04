"""A backup while six desks write, restored on the other engine: each table is equal, and a flipped byte is refused.

python3 dev.py test tests/bench/bench_backup.py -s
"""

import subprocess
import sys
import time
from contextlib import nullcontext

import pytest
from django.db import connection
from django.utils import timezone

import dev
from shelters.backups import contents, sealed
from tests.bench.bench_crash import server, writers  # noqa: F401  (fixtures)
from tests.bench.under_fire import figures, wrong_in
from tests.live import ROOT

pytestmark = [pytest.mark.bench, pytest.mark.server]
GROWS = {"shelters.AccessEvent", "shelters.AuditSeal"}  # a restore and a backup leave their own lines there


@pytest.fixture(scope="session")
def cluster():
    """The kills are of another bench: here the database is the suite's."""


class Rows(contents.Reading):
    def __init__(self):
        super().__init__()
        self.found = {}

    def row(self, line):
        self.found.setdefault(self.table, []).append(line)


def rows_of(path, key) -> dict:
    rows = Rows()
    with path.open("rb") as file:
        sealed.unseal(file, sealed.read_private(key.read_text()), rows)
    rows.finish()
    return rows.found


def manage(environment, *arguments):
    command = [sys.executable, "manage.py", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def made(environment, folder):
    folder.mkdir()
    answer = manage(environment, "backup", folder)
    assert answer.returncode == 0, answer.stderr
    (path,) = folder.glob("*.age")
    return path


def test_a_backup_under_six_desks(server, writers, tmp_path, capsys):  # noqa: F811
    key, other_engine = tmp_path / "key", "sqlite" if connection.vendor == "postgresql" else "postgresql"
    here = {**server.environment, "BACKUP_PUBLIC_KEY": sealed.write_private(key, timezone.now())}
    before, begin = writers.told(), time.monotonic()
    path = made(here, tmp_path / "first")
    took, during = time.monotonic() - begin, len(writers.told()) - len(before)
    reports = writers.finish()
    wrong, first = wrong_in(writers, reports), rows_of(path, key)
    with (
        dev.postgresql("")
        if other_engine == "postgresql"
        else nullcontext(f"sqlite:///{tmp_path / 'x'}") as url
    ):
        there = {**here, "DATABASE_URL": url}
        assert manage(there, "migrate", "-v0").returncode == 0
        damaged = bytearray(path.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        (tmp_path / "damaged").write_bytes(damaged)
        refusal = manage(there, "restore", tmp_path / "damaged", "--key", key)
        answer = manage(there, "restore", path, "--key", key)  # which it refuses unless the database is empty
        verified = manage(there, "audit_verify")
        second = rows_of(made(there, tmp_path / "second"), key)
    unequal = [table for table in first.keys() | second.keys() if not is_same(table, first, second)]
    lines = [
        f"\na backup on {connection.vendor} under six desks took {took:.1f} s; {during} forms were saved meanwhile",
        *figures(reports, writers.told()),
        f"  {sum(map(len, first.values())):,} rows of {len(first)} tables restored on {other_engine}",
        f"  unequal: {unequal or 'nothing'}; wrong: {wrong or 'nothing'}",
        f"  a flipped byte: {refusal.stderr.strip()}",
    ]
    with capsys.disabled():
        print("\n".join(lines))
    assert (wrong, unequal, during > 0) == ({}, [], True)
    assert refusal.returncode == 1
    assert (answer.returncode, verified.returncode) == (0, 0), answer.stderr + verified.stdout
    families = b"".join(first["intake.Family"]).decode()
    assert [each["key"] for each in before if each["what"] == "family" and each["key"] not in families] == []


def is_same(table, first, second) -> bool:
    rows, later = first.get(table, []), second.get(table, [])
    return rows == (later[: len(rows)] if table in GROWS else later)
