#!/usr/bin/env python3
"""The two commands of a newcomer, and the two of a developer. Standard library only.

    python3 dev.py run [--port N] [--empty]     a working Puente on 127.0.0.1, with invented people
    python3 dev.py test [pytest arguments]      the whole suite on SQLite and PostgreSQL
    python3 dev.py lint                         format check, lint, missing migrations, catalogue
    python3 dev.py lock                         resolve pyproject.toml anew into the hashed requirements

Needs Python 3.11 and pip (or uv). Everything made here lives in .venv/ and var/, both ignored by git.
"""

import argparse
import hashlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
# What docs/deploying.md tells to set, so that nobody's name stays in a log of PostgreSQL.
FORGETFUL = "-c wal_recycle=off -c log_min_error_statement=panic -c log_error_verbosity=terse"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="serve Puente on this machine")
    run.add_argument("--port", type=int, default=8000)
    run.add_argument(
        "--empty", action="store_true", help="no invented people; a link makes the first administrator"
    )
    commands.add_parser("test", help="run the suite on both databases")
    commands.add_parser("lint", help="check format, rules, migrations and translations")
    commands.add_parser("lock", help="renew the hashed requirements")
    options, rest = parser.parse_known_args()
    os.chdir(HERE)
    if options.command == "run":
        if rest:
            parser.error("unknown: " + " ".join(rest))
        return serve(options)
    return {"test": test, "lint": lint, "lock": lock}[options.command](rest)


# --- the environment -------------------------------------------------------------------------------------


def make_environment(requirements: str) -> None:
    """A virtual environment with exactly the locked packages; a second call finds its mark and does nothing."""
    if sys.version_info < (3, 11):  # noqa: UP036  (this is what tells an older Python)
        sys.exit("Puente needs Python 3.11 or later; this is " + sys.version.split()[0])
    lock_file = HERE / requirements
    mark = VENV / (requirements + ".installed")
    digest = hashlib.sha256(lock_file.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return
    if not PYTHON.exists():
        # Without pip, because Debian's python3 may come without ensurepip.
        call(sys.executable, "-m", "venv", "--without-pip", str(VENV))
    say(f"Installing {requirements} into .venv")
    # The lock names every package. Left to resolve again, pip takes a newer `coverage` for `coverage[toml]`.
    call(*installer(), "--quiet", "--no-deps", "--require-hashes", "-r", str(lock_file))
    mark.write_text(digest)


def installer() -> list[str]:
    if shutil.which("uv"):
        return ["uv", "pip", "install", "--python", str(PYTHON)]
    probe = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False)
    if probe.returncode:
        sys.exit("Neither pip nor uv was found. On Debian and Ubuntu: apt install python3-pip")
    return [sys.executable, "-m", "pip", "--python", str(PYTHON), "--disable-pip-version-check", "install"]


def call(*command: str, **more) -> None:
    result = subprocess.run(command, check=False, **more)
    if result.returncode:
        sys.exit(f"Stopped: {' '.join(command[:6])} … ended with {result.returncode}")


def manage(*arguments: str) -> None:
    call(str(PYTHON), "manage.py", *arguments)


def say(words: str) -> None:
    print(f"\n== {words}", flush=True)


# --- run -------------------------------------------------------------------------------------------------


def serve(options) -> NoReturn:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", options.port)) == 0:
            sys.exit(
                f"Something answers on port {options.port} already. Choose another: --port {options.port + 1}"
            )
    make_environment("requirements.txt")
    say("Preparing database, catalogues and assets")
    manage("catalogue", "--compile")
    lend_note_keys()
    manage("migrate", "--verbosity", "0")
    manage("collectstatic", "--noinput", "--verbosity", "0")
    address = f"http://127.0.0.1:{options.port}"
    manage("first_steps", "--address", address, *(["--empty"] if options.empty else []))
    on_postgresql = os.environ.get("DATABASE_URL", "").startswith("postgres")
    say(f"Puente answers on {address}  (Ctrl+C stops it)")
    # On SQLite two processes of one thread each: more writers starve each other at the write lock.
    command = [str(VENV / "bin" / "gunicorn"), "shelters.wsgi", "--bind", f"127.0.0.1:{options.port}"]
    command += ["--workers", "2", "--threads", "4" if on_postgresql else "1"]
    command += ["--log-level", "warning", "--no-control-socket"]
    if not on_postgresql:
        command += [
            "--worker-class",
            "sync",
            "--timeout",
            "120",
        ]  # a large workbook takes longer than 30 seconds
    # In place of this process, so that whatever stops it stops the server.
    os.execv(command[0], command)


def lend_note_keys() -> None:
    """On one laptop the keys of the notes lie in var/; a server has them where docs/deploying.md says."""
    file = HERE / "var" / "note_keys"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        manage("note_keys", str(file), "--verbosity", "0")
    for line in file.read_text().splitlines():
        name, _equals, value = line.partition("=")
        os.environ.setdefault(name, value.strip('"'))


# --- test ------------------------------------------------------------------------------------------------


def test(arguments: list[str]) -> int:
    make_environment("requirements-test.txt")
    manage("catalogue", "--compile")
    skipped = []
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), "")
    if not chromium:
        skipped.append("BROWSER TESTS: no Chromium found (apt install chromium, or set CHROMIUM to its path)")
    with postgresql(os.environ.get("DATABASE_URL", "")) as url:
        suites = {"SQLite": "", "PostgreSQL": url}
        if not url:
            del suites["PostgreSQL"]
            skipped.append("POSTGRESQL: no DATABASE_URL, and no initdb found to start a private server from")
        failed = in_turn(suites, arguments, chromium) if arguments else side_by_side(suites, chromium)
    for line in skipped:
        print(f"\n!!! SKIPPED  {line}", flush=True)
    if skipped and os.environ.get("CI"):
        failed.append("something was skipped, which CI does not accept")
    print("\nFAILED: " + ", ".join(failed) if failed else "\nEverything that ran has passed.", flush=True)
    return 1 if failed else 0


def in_turn(suites: dict[str, str], arguments: list[str], chromium: str) -> list[str]:
    """What was asked for, on one engine after the other: a measurement has the machine to itself."""
    failed = []
    for engine, url in suites.items():
        say(f"The tests on {engine}")
        if pytest(arguments, engine, chromium=chromium, database_url=url).wait():
            failed.append(engine)
    return failed


def side_by_side(suites: dict[str, str], chromium: str) -> list[str]:
    """The whole suite on all engines at once, which takes half the time. The first is shown while it runs."""
    say("The suite on " + " and, at the same time, on ".join(suites))
    running = {}
    for engine, url in suites.items():
        log = tempfile.TemporaryFile() if running else None  # noqa: SIM115  (read when its suite is over)
        running[engine] = pytest([], engine, chromium=chromium, database_url=url, log=log), log
    failed = []
    for engine, (suite, log) in running.items():
        if suite.wait():
            failed.append(engine)
        if log:
            say(f"What the suite on {engine} said")
            log.seek(0)
            shutil.copyfileobj(log, sys.stdout.buffer)
    return failed


def pytest(arguments: list[str], engine: str, *, chromium: str, database_url: str, log=None):
    """Started; with `log`, what it says goes there."""
    environment = {**os.environ, "CHROMIUM": chromium, "COVERAGE_FILE": f"var/coverage.{engine.lower()}"}
    environment.pop("DATABASE_URL", None)
    if database_url:
        environment["DATABASE_URL"] = database_url
    (HERE / "var").mkdir(exist_ok=True)
    command = [str(PYTHON), "-m", "pytest", "-o", f"cache_dir=var/pytest.{engine.lower()}", *arguments]
    return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT if log else None)


class postgresql:
    """A PostgreSQL to test on: the one DATABASE_URL names, else a private throw-away cluster, else none."""

    place = None  # where its folder is made: where the system keeps temporary ones
    # Nothing in a test needs to survive a crash; speed does matter. (tests/bench/under_fire.py has one that must.)
    settings = "-c fsync=off -c full_page_writes=off -c max_connections=200 " + FORGETFUL

    def __init__(self, outside: str):
        self.url = outside if outside.startswith("postgres") else ""
        self.folder = self.start = self.stop = None

    def __enter__(self) -> str:
        programs = sorted([*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")])
        on_path = shutil.which("initdb")
        folder = programs[-1] if programs else on_path and str(Path(on_path).resolve().parent)
        if self.url or not folder:
            return self.url
        say("Starting a private PostgreSQL")
        self.folder = tempfile.mkdtemp(prefix="puente-pg-", dir=self.place)
        # PostgreSQL refuses to run as root, so root lends the work to the account its package made.
        as_user = {}
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
            as_user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        as_user |= {"cwd": self.folder, "stdout": subprocess.DEVNULL}
        data = self.folder + "/data"
        call(
            f"{folder}/initdb",
            "-D",
            data,
            "-U",
            "puente",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
            **as_user,
        )
        flags = f"-k {self.folder} -c listen_addresses='' {self.settings}"
        start = [f"{folder}/pg_ctl", "-D", data, "-w", "-l", data + "/log", "-o", flags, "start"]
        self.start = lambda: call(*start, **as_user)
        self.start()
        self.stop = lambda: call(f"{folder}/pg_ctl", "-D", data, "-m", "immediate", "stop", **as_user)
        return f"postgres://puente@/postgres?host={self.folder}"

    def __exit__(self, *_):
        if self.stop:
            self.stop()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


# --- lint and lock -----------------------------------------------------------------------------------------


def lint(_: list[str]) -> int:
    make_environment("requirements-dev.txt")
    ruff = str(VENV / "bin" / "ruff")
    call(ruff, "format", "--check", ".")
    call(ruff, "check", ".")
    manage("makemigrations", "--check", "--dry-run")
    manage("catalogue", "--check")
    return 0


def lock(_: list[str]) -> int:
    """Hashed for every platform, with no registry's address in them: uv is told to write no header and no index."""
    uv = shutil.which("uv") or str(VENV / "bin" / "uv")
    for name, groups in (
        ("requirements.txt", ()),
        ("requirements-test.txt", ("test",)),
        ("requirements-dev.txt", ("test", "lint")),
    ):
        chosen = [part for group in groups for part in ("--group", group)]
        flags = ["--universal", "--generate-hashes", "--no-header", "--upgrade", "--quiet"]
        call(uv, "pip", "compile", "pyproject.toml", *chosen, *flags, "--output-file", name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
