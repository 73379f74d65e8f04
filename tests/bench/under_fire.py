"""Six desks that never give up, a server that is killed, and what must be true when the smoke has gone."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from io import StringIO
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from django.core.management import call_command
from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone

import dev
from intake.models import Family, Person, Relationship, ServiceReceived, Submission
from shelters.models import AccessEvent
from tests import factories
from tests.live import ROOT, database_url, free_port, prepared, started

WRITERS, CARDS = 6, 30
A_PAGE = "/es/families/register/"


class DurablePostgresql(dev.postgresql):
    """As it is installed: a commit waits for the disk. Its processes can be killed, and it can be started again."""

    settings = "-c max_connections=200"

    def kill(self) -> None:
        while family := self.processes():
            for pid in family:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        # Where nobody buries the dead at once (in a container, say), PostgreSQL takes its own corpse for a server.
        for lock in ("data/postmaster.pid", ".s.PGSQL.5432.lock"):
            with suppress(OSError):  # gone, or on a disk that nobody can write
                Path(self.folder, lock).unlink()

    def processes(self) -> list[int]:
        """Those that work in this cluster's folder, also one that was born a moment ago."""
        found = []
        for place in Path("/proc").glob("[0-9]*/cwd"):
            with suppress(OSError):
                if place.readlink() == Path(self.folder, "data"):
                    found.append(int(place.parent.name))
        return found


# --- the server ------------------------------------------------------------------------------------------


class Server:
    """The production server, whose whole process group can be killed."""

    def __init__(self, folder, log=None):
        self.environment, self.port = prepared(database_url(), folder), free_port()
        self.address, self.log = f"http://127.0.0.1:{self.port}", log or folder / "log"
        self.process = None

    def start(self):
        with self.log.open("a") as log:
            self.process = started(self.environment, self.port, log)
        return self

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def status(self, path, session="") -> tuple[int, float, str]:
        """Status (0 without an answer), seconds, page."""
        begin, page = time.monotonic(), ""
        request = Request(self.address + path, headers={"Cookie": f"sessionid={session}"})
        try:
            with urlopen(request, timeout=30) as answer:
                status, page = answer.status, answer.read().decode()
        except HTTPError as error:
            status, page = error.code, error.read().decode()
        except (URLError, OSError):
            status = 0
        return status, time.monotonic() - begin, page

    def mistakes(self) -> list[str]:
        """What the log says of answers of 500: places and kind, no words."""
        found = re.split(r"^(?=\d{4}-\d\d-\d\d )", self.log.read_text(), flags=re.MULTILINE)
        return [each for each in found if "Internal Server Error" in each]

    def back_after(self, begin, session, patience=60) -> float:
        """Seconds since `begin` until the health check and a page for a signed-in account answer."""
        while time.monotonic() - begin < patience:
            if self.status("/healthz")[0] == 200 and self.status(A_PAGE, session)[0] == 200:
                return time.monotonic() - begin
            time.sleep(0.05)
        raise AssertionError("It did not come back:\n" + self.log.read_text()[-3000:])


# --- the desks -------------------------------------------------------------------------------------------


class Writers:
    """Six processes, and the ledger of what they were told."""

    def __init__(self, server, shelter, sign_in, folder):
        self.folder, self.stop, self.running = folder, folder / "stop", []
        self.orders, self.at_first = [], 0
        for number in range(WRITERS):
            user = factories.make_user("volunteer", shelters=[shelter])
            self.orders.append(
                {
                    "host": server.address.removeprefix("http://"),
                    "session": sign_in(user, desk=f"food {number + 1}").cookies["sessionid"].value,
                    "name": f"Mesa {chr(65 + number)}",
                    "codes": [self.card(shelter, user) for _each in range(CARDS)],
                    "ledger": str(folder / f"ledger-{number}"),
                    "stop": str(self.stop),
                }
            )
        # Of an account of its own: two browsers that share a session overwrite what the other one keeps there.
        looker = factories.make_user("volunteer", shelters=[shelter])
        self.session = sign_in(looker).cookies["sessionid"].value

    def card(self, shelter, user) -> str:
        self.at_first += 1
        now = timezone.now()
        return factories.make_card(
            factories.make_family(shelter, {}, {"age": 4}, by=user, at=now), at=now
        ).code

    def start(self):
        for orders in self.orders:
            command = [sys.executable, "-m", "tests.bench.stubborn"]
            process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            process.stdin.write(json.dumps(orders))
            process.stdin.close()
            self.running.append(process)
        return self

    def finish(self) -> list[dict]:
        """Each ends what it has begun, until it is told; then its report."""
        self.stop.touch()
        reports = [json.loads(process.stdout.read()) for process in self.running]
        for process in self.running:
            process.wait()
        return reports

    def end(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()

    def told(self) -> list[dict]:
        lines = "".join(path.read_text() for path in sorted(self.folder.glob("ledger-*")))
        return [json.loads(line) for line in lines.splitlines()]


def figures(reports, told) -> list[str]:
    answers = sum((Counter(report["answers"]) for report in reports), Counter())
    kinds = Counter(each["what"] for each in told)
    return [
        f"  acknowledged: {kinds['family']:,} families, {kinds['service']:,} services, {kinds['scan']:,} scans",
        f"  forms sent again: {sum(report['resent'] for report in reports):,}",
        "  answers: " + ", ".join(f"{kind} {n:,}" for kind, n in sorted(answers.items())),
        f"  slowest answer: {max(report['slowest'] for report in reports):.1f} s",
    ]


def spread(times) -> str:
    times = sorted(times)
    return f"median {times[len(times) // 2]:.1f} s, worst {times[-1]:.1f} s"


# --- what must be true -----------------------------------------------------------------------------------


def wrong_in(writers, reports) -> dict:
    """Everything that is not as it must be, in words; empty when all is well."""
    told = writers.told()
    found = {
        "a desk was refused": [report["refused"] for report in reports if report["refused"]],
        "an answer that does not say what it must": [
            each for report in reports for each in report["surprises"]
        ],
        **families_wrong(told, writers.at_first),
        **services_wrong(told),
        **invariants_broken(),
        "damage": damage(),
        "trail": trail_broken(),
    }
    return {what: each for what, each in found.items() if each}


def families_wrong(told, at_first) -> dict:
    sizes = {each["key"]: each["people"] for each in told if each["what"] == "family"}
    stored = {str(key): n for key, n in Family.objects.annotate(n=Count("members")).values_list("pk", "n")}
    tales = AccessEvent.objects.filter(action="family_registered").values_list("subject_id", flat=True)
    twins = Person.objects.filter(surnames__startswith="Mesa").values("given_names", "surnames")
    return {
        "families lost": sorted(sizes.keys() - stored.keys()),
        "families of another size": [key for key, n in sizes.items() if stored.get(key, n) != n],
        # Every form was sent until it was told: whatever is there besides came twice.
        "families more or fewer than were told": len(stored) - len(sizes) - at_first,
        "people doubled": list(twins.annotate(n=Count("pk")).filter(n__gt=1)),
        "registrations not once on the trail": sorted((Counter(tales) - Counter(sizes)).keys())
        + sorted((Counter(sizes.keys()) - Counter(tales)).keys()),
        "forms without their family": Submission.objects.filter(family__isnull=True).count(),
    }


def services_wrong(told) -> dict:
    forms = {each["key"]: each["people"] for each in told if each["what"] == "service"}
    scans = {each["key"]: each["people"] for each in told if each["what"] == "scan"}
    by_form = ServiceReceived.objects.filter(scan__isnull=True).values_list("person__family")
    by_scan = ServiceReceived.objects.filter(scan__isnull=False).values_list("scan")
    return {
        "services by form not as told": differing(by_form, forms),
        "scans not as told": differing(by_scan, scans),
    }


def differing(rows, told) -> list:
    stored = {str(key): n for key, n in rows.order_by().annotate(n=Count("pk"))}
    return sorted(key for key in stored.keys() | told.keys() if stored.get(key) != told.get(key))


def invariants_broken() -> dict:
    heads = Count("members", filter=Q(members__relationship=Relationship.HEAD))
    stays = Count("stays", filter=Q(stays__out_at__isnull=True))
    return {
        "families without one head": Family.objects.annotate(n=heads).exclude(n=1).count(),
        "people without one open stay": Person.objects.annotate(n=stays).exclude(n=1).count(),
    }


def damage() -> list[str]:
    """What the engine itself finds in its files."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA integrity_check")
            found = [row[0] for row in cursor.fetchall() if row[0] != "ok"]
            cursor.execute("PRAGMA foreign_key_check")
            return found + [str(row) for row in cursor.fetchall()]
        cursor.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
        cursor.execute(
            "SELECT bt_index_check(index => c.oid, heapallindexed => true) FROM pg_index i"
            " JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam"
            " WHERE a.amname = 'btree' AND c.relpersistence = 'p'"
        )
    return []


def trail_broken() -> list[str]:
    said = StringIO()
    try:
        call_command("audit_verify", stdout=said)
    except SystemExit:
        return said.getvalue().splitlines()
    return []
