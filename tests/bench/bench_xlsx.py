"""A workbook of a hundred thousand rows, and the reports of a hundred thousand people: seconds, and memory above idle.

    python3 dev.py test tests/bench/bench_xlsx.py -s

What was written is read again by openpyxl, cell by cell, and by LibreOffice where it is installed.
"""

import csv
import shutil
import subprocess
import time
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone
from openpyxl import load_workbook

from intake.ids import uuid7
from intake.models import Family, Person, ServiceReceived
from intake.reports import files
from intake.reports.base import REPORTS
from intake.reports.tables import DATE, NUMBER, Coded, Column, Table
from tests.bench.crowd import fill, insert

pytestmark = pytest.mark.bench
ROWS = 100_000
SECONDS, MEGABYTES = 2, 20
OFFICE = shutil.which("soffice")
UTF_8 = "csv:Text - txt - csv (StarCalc):44,34,76"  # commas, double quotes, and the number of that encoding
COLUMNS = [
    Column("day", "Day", DATE),
    Column("country", "Country"),
    Column("text", "Text"),
    Column("people", "People", NUMBER),
    Column("value", "Value", NUMBER),
]
COUNTRIES = [
    Coded(code, name) for code, name in (("HN", "Honduras"), ("SV", "El Salvador"), ("XU", "Sin dato"))
]
WORDS = ("=1+1", "Niñas y niños", "0012", 'dice "sí"', "http://example.org", "")


def invented(rows=ROWS):
    """The same at every call."""
    rng, first = Random("workbook"), date(2018, 11, 3)
    for _row in range(rows):
        day, value = first + timedelta(days=rng.randrange(400)), Decimal(rng.randrange(10_000)) / 10
        yield day, rng.choice(COUNTRIES), rng.choice(WORDS), rng.randrange(5000), value


def memory(name) -> float:
    """Megabytes of this process, as Linux counts them."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise LookupError(name)


def measured(work) -> tuple[float, float, float]:
    """Seconds on the clock, seconds of CPU, the most memory above what was there before."""
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    idle, begin, spent = memory("VmRSS"), time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begin, time.process_time() - spent, memory("VmHWM") - idle


def write(path, report, asked):
    with path.open("wb") as file:
        files.write_workbook(file, report, asked)


def test_a_hundred_thousand_rows(palillo, tmp_path, capsys):
    report = SimpleNamespace(title="Rows", tables=lambda _asked: [Table("rows", "Rows", COLUMNS, invented)])
    asked, path = {"shelter": palillo, "codes": False}, tmp_path / "rows.xlsx"
    seconds, spent, grown = measured(lambda: write(path, report, asked))
    with capsys.disabled():
        print(
            f"\n{ROWS:,} rows of {len(COLUMNS)} cells: {seconds:.2f} s ({spent:.2f} s of CPU; budget {SECONDS}),"
            f" {grown:.1f} MB above idle (budget {MEGABYTES}), {path.stat().st_size / 1e6:.1f} MB on disk"
        )
    assert grown <= MEGABYTES
    assert differences(path) == []
    if OFFICE:
        assert office_differences(path, tmp_path) == []


def differences(path) -> list:
    """Cell by cell against what was invented; nothing is sampled."""
    book = load_workbook(path, read_only=True)
    rows = book["rows"].iter_rows(values_only=True)
    assert next(rows) == tuple(column.label for column in COLUMNS)
    found = [
        (wanted, read)
        for wanted, read in zip(invented(), rows, strict=True)
        if (read[0].date(), *read[1:]) != tuple(map(plain, wanted))
    ]
    book.close()
    return found


def plain(cell):
    if isinstance(cell, Decimal):
        return float(cell)
    return cell if cell is None or isinstance(cell, date | int) else str(cell) or None


def office_differences(path, folder) -> list:
    """What LibreOffice reads, without being asked to repair anything."""
    profile = f"-env:UserInstallation=file://{folder}/office"
    command = [OFFICE, profile, "--headless", "--convert-to", UTF_8, "--outdir", str(folder), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    assert "repair" not in (done.stdout + done.stderr).lower()
    with path.with_suffix(".csv").open(newline="", encoding="utf-8") as file:
        read = list(csv.reader(file))
    wanted = [[column.label for column in COLUMNS]]
    wanted += [
        [str(day), str(country), text, str(people), f"{value.normalize():f}"]
        for day, country, text, people, value in invented()
    ]
    return [pair for pair in zip(wanted, read, strict=True) if pair[0] != pair[1]][:5]


@pytest.fixture
def hundred_thousand(palillo, cast):
    fill(palillo, cast.volunteer, ROWS)


def test_the_reports_of_a_hundred_thousand_people(hundred_thousand, palillo, cast, tmp_path, capsys):
    day = palillo.today()
    asked = {"shelter": palillo, "reader": cast.coordinator, "codes": False, "outside": False}
    asked |= {"as_of": timezone.now(), "since": day - timedelta(days=30), "until": day}
    with capsys.disabled():
        print(f"\nworkbooks of {ROWS:,} people on {connection.vendor}")
    for slug, report in REPORTS.items():
        if report.needs_reader:  # the records themselves: below
            continue
        for outside in (False, True):
            path, choice = tmp_path / f"{slug}{outside}.xlsx", {**asked, "outside": outside}
            seconds, _spent, grown = measured(lambda p=path, r=report, c=choice: write(p, r, c))
            with capsys.disabled():
                print(f"  {slug:18} {'outside' if outside else 'inside':8} {seconds:6.2f} s {grown:6.1f} MB")
            assert grown <= MEGABYTES
            assert cells_of(path) == told(report, choice)


def test_the_records_of_a_hundred_thousand_people(hundred_thousand, palillo, cast, tmp_path, capsys):
    """With a meal for each: three sheets, nothing kept in memory. Every sheet has a row for every record."""
    day, report = palillo.today(), REPORTS["records"]
    asked = {"shelter": palillo, "reader": cast.coordinator, "codes": False, "outside": False}
    asked |= {"since": day - timedelta(days=31), "until": day}
    meals(palillo, cast.volunteer)
    path = tmp_path / "records.xlsx"
    seconds, spent, grown = measured(lambda: write(path, report, asked))
    lines = files.csv_lines(files.table_of(report, asked, "csv", "people"), codes=False)
    streamed, _spent, more = measured(lambda: sum(map(len, lines)))
    with capsys.disabled():
        print(
            f"\nrecords of {ROWS:,} people on {connection.vendor}: workbook {seconds:.1f} s ({spent:.1f} s of CPU),"
            f" {grown:.1f} MB above idle (budget {MEGABYTES}), {path.stat().st_size / 1e6:.1f} MB on disk;"
            f" people as CSV {streamed:.1f} s, {more:.1f} MB"
        )
    assert max(grown, more) <= MEGABYTES
    rows = {name: len(lines) for name, lines in cells_of(path).items()}
    assert rows == {"families": Family.objects.count(), "people": ROWS, "services": ROWS}


def meals(shelter, by):
    rows = Person.objects.values_list("pk", "family__registered_at", "family__registered_on").iterator()
    pattern = ServiceReceived(shelter=shelter, service_type_id="FOOD-LUN", slot="lunch", recorded_by=by)
    insert(pattern, "id person given_at given_on", ((uuid7(), *row) for row in rows))


def cells_of(path) -> dict:
    """The rows of every sheet; empty cells at the end of a row are not written."""
    book = load_workbook(path, read_only=True)
    rows = {sheet.title: list(sheet.iter_rows(min_row=2, values_only=True)) for sheet in book}
    book.close()
    del rows["codebook"]
    return {name: [tuple(map(read, row)) for row in lines] for name, lines in rows.items()}


def read(cell):
    return cell.date() if hasattr(cell, "date") else cell


def told(report, asked) -> dict:
    tables = files.tables_of(report, asked)
    return {table.code: [tuple(map(plain, row)) for row in table.compute()] for table in tables}
