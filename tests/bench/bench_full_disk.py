"""A disk that is full, and one that turned read-only, under six desks: nothing is called saved that is not there.

    sudo python3 dev.py test tests/bench/bench_full_disk.py -s        root, because it mounts a small disk of its own

The database lies on a small ext4 in a file, and with it the log of the web server: that disk is full as well. It turns
read-only as a broken one does: the kernel is told of an error on it. Then it takes a check (fsck) and a new start.
"""

import os
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import connection

from tests.bench.under_fire import DurablePostgresql, Server, Writers, figures, spread, wrong_in

pytestmark = [
    pytest.mark.bench,
    pytest.mark.server,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts a disk, which takes root"),
]
ROUNDS, FULL_FOR, READ_ONLY_FOR = 3, 6, 6  # seconds
MEGABYTES = {"sqlite": 48, "postgresql": 220}


class SmallDisk:
    def __init__(self, folder):
        self.image, self.place = folder / "disk", folder / "small"
        self.ballast = self.place / "ballast"
        self.place.mkdir()
        with self.image.open("wb") as file:
            file.truncate(MEGABYTES[connection.vendor] * 1024 * 1024)
        self.call("mkfs.ext4", "-q", "-m", "0", self.image)
        self.mount()
        self.place.chmod(0o755)

    def call(self, *command):
        subprocess.run([str(each) for each in command], check=True, stdout=subprocess.DEVNULL)

    def mount(self):
        self.call("mount", "-o", "loop,errors=remount-ro", self.image, self.place)

    def unmount(self):
        """As soon as those that were killed have let go of it."""
        for _attempt in range(100):
            if subprocess.run(["umount", "-q", self.place], check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError("Somebody is still at work on the small disk")

    def fill(self):
        with suppress(OSError), self.ballast.open("ab", buffering=0) as file:
            for size in (1024 * 1024, 4096, 1):
                with suppress(OSError):
                    while file.write(bytes(size)):
                        pass

    def turn_read_only(self):
        mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
        device = next(Path(device).name for device, place, *_rest in mounts if place == str(self.place))
        Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("tried on purpose")

    def repair(self):
        self.unmount()
        subprocess.run(["e2fsck", "-p", str(self.image)], check=False, stdout=subprocess.DEVNULL)
        self.mount()


class SmallPostgresql(DurablePostgresql):
    settings = DurablePostgresql.settings + " -c max_wal_size=48MB -c min_wal_size=32MB"

    def rise(self):
        """As whoever watches over it does: PostgreSQL gives up when it cannot recover for want of room."""
        if not self.processes():
            self.kill()  # the locks it left
            self.start()


@pytest.fixture(scope="session")
def disk():
    with tempfile.TemporaryDirectory(prefix="puente-disk-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL works under an account of its own
        disk = SmallDisk(Path(folder))
        yield disk
        disk.unmount()


@pytest.fixture(scope="session")
def cluster(disk):
    if connection.vendor != "postgresql":
        yield None
        return
    small = SmallPostgresql("")
    small.place = disk.place
    with small:
        yield small
        small.rise()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(disk, cluster):
    """The test database is made on the small disk."""
    if cluster:
        connection.settings_dict["OPTIONS"]["host"] = cluster.folder
    else:
        connection.settings_dict["TEST"]["NAME"] = str(disk.place / "puente.sqlite3")


@pytest.fixture
def server(transactional_db, disk, tmp_path):
    server = Server(tmp_path, log=disk.place / "web.log").start()
    yield server
    server.kill()


@pytest.fixture
def writers(server, palillo, cast, sign_in, tmp_path):
    server.back_after(time.monotonic(), "")
    writers = Writers(server, palillo, sign_in, tmp_path)
    connection.close()
    writers.start()
    time.sleep(4)
    yield writers
    writers.end()


def report(what, times, server, writers, capsys):
    reports = writers.finish()
    wrong = wrong_in(writers, reports)
    with capsys.disabled():
        print(f"\n{what}, {connection.vendor}", *figures(reports, writers.told()), sep="\n")
        print(f"  pages back after: {spread(times)}", f"  wrong: {wrong or 'nothing'}", sep="\n")
        print(*server.mistakes(), sep="\n")
    assert any("503" in each["answers"] for each in reports), "nobody noticed"
    assert wrong == {}


def test_the_disk_is_full(disk, cluster, server, writers, capsys):
    times = []
    for _round in range(ROUNDS):
        disk.fill()
        time.sleep(FULL_FOR)
        disk.fill()  # also what was given back meanwhile
        time.sleep(FULL_FOR)
        room = time.monotonic()
        disk.ballast.unlink()
        if cluster:
            cluster.rise()
        times.append(server.back_after(room, writers.session))
        time.sleep(2)
    report(f"{ROUNDS} × a full disk for {2 * FULL_FOR} s", times, server, writers, capsys)


def test_the_disk_turns_read_only(disk, cluster, server, writers, capsys):
    disk.turn_read_only()
    time.sleep(READ_ONLY_FOR)
    server.kill()
    if cluster:
        cluster.kill()
    disk.repair()
    repaired = time.monotonic()
    if cluster:
        cluster.rise()
    server.start()
    times = [server.back_after(repaired, writers.session)]
    time.sleep(2)
    report(
        f"1 × a disk read-only for {READ_ONLY_FOR} s, repaired and started anew",
        times,
        server,
        writers,
        capsys,
    )
