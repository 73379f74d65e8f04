"""What stands in a backup, once it is open: a head, the tables row by row, and their sums at the end."""

import json
import tomllib
import zlib
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max

from shelters.backups import Refused
from shelters.backups.tables import Sum, as_line, columns, lines, saved
from shelters.models import AccessEvent, AuditSeal

FORMAT = 1
HEAD = ("format", "puente", "engine", "made_at", "last_event", "trail_head", "migrations")
GZIP = zlib.MAX_WBITS | 16  # as zlib wants to be told


def version() -> str:
    return tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def migrations() -> list[str]:
    """Those that made the tables of a backup, as the database knows them."""
    ours = {model._meta.app_label for model in saved().values()}
    return sorted(
        f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations() if app in ours
    )


class Contents:
    """A backup as it is read from the database. `chunks` gives the bytes; the sums are known afterwards."""

    def __init__(self, made_at: datetime):
        self.made_at, self.sums = made_at, {}

    def head(self) -> dict:
        last_event = AccessEvent.objects.aggregate(last=Max("pk"))["last"]
        made_at = self.made_at.isoformat()
        trail_head = str(AuditSeal.objects.last() or "")  # its newest seal
        told = (FORMAT, version(), connection.vendor, made_at, last_event, trail_head, migrations())
        return dict(zip(HEAD, told, strict=True))

    def all_lines(self) -> Iterator[bytes]:
        yield as_line(self.head())
        for label, model in saved().items():
            yield as_line({"table": label, "columns": columns(model)})
            total = Sum()
            for line in lines(model):
                total.add(line)
                yield line
            self.sums[label] = total.told()
        yield as_line({"sums": self.sums})

    def chunks(self) -> Iterator[bytes]:
        """Compressed with gzip, so that age and zcat are enough to read it."""
        gzip = zlib.compressobj(6, zlib.DEFLATED, GZIP)
        for line in self.all_lines():
            if chunk := gzip.compress(line):
                yield chunk
        yield gzip.flush()


class Reading:
    """Takes a backup in pieces and checks it. `head` and `sums` are there after `finish`; `row` sees each line."""

    def __init__(self):
        self.gunzip, self.rest = zlib.decompressobj(GZIP), b""
        self.head, self.sums, self.table, self.counted = None, None, None, {}

    def write(self, data: bytes) -> int:
        try:
            self.rest += self.gunzip.decompress(data)
        except zlib.error:
            raise Refused("What is in the file is no backup of Puente.") from None
        *whole, self.rest = self.rest.split(b"\n")
        for line in whole:
            self.take(line + b"\n")
        return len(data)

    def take(self, line: bytes) -> None:
        if self.sums is not None:
            raise Refused("Something stands after the end of the backup.")
        if line.startswith(b"[") and self.table:
            self.counted[self.table].add(line)
            self.row(line)
            return
        try:
            self.heading(json.loads(line))
        except (ValueError, TypeError, KeyError):
            raise Refused("What is in the file is no backup of Puente.") from None

    def heading(self, told: dict) -> None:
        if self.head is None:
            if told["format"] != FORMAT:
                raise Refused("The backup was made by a later version of Puente.")
            self.head = {name: told[name] for name in HEAD}
        elif "table" in told:
            if told["table"] in self.counted:
                raise Refused("A table stands in the backup twice.")
            self.counted[told["table"]] = Sum()
            self.begin(told["table"], told["columns"])
            self.table = told["table"]
        else:
            self.end()
            self.sums = told["sums"]

    def begin(self, table: str, named: list[str]) -> None:
        """A table begins, with the names of its columns."""

    def row(self, line: bytes) -> None:
        """A row of the table that began last."""

    def end(self) -> None:
        """All rows are there."""

    def finish(self) -> None:
        """Refuse a backup without its end, or with other rows than its sums say."""
        if self.sums is None or self.rest or not self.gunzip.eof or self.gunzip.unused_data:
            raise Refused("The backup has no end: it was cut short.")
        if {table: total.told() for table, total in self.counted.items()} != self.sums:
            raise Refused("The rows of the backup are not those that its sums say.")
