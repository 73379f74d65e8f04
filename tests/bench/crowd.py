"""A hundred thousand or a million people in a database, quickly: COPY on PostgreSQL, one prepared INSERT on SQLite.

Names are drawn as in re_registrations.py, so Hernández and María are as common at any size; every twentieth surname
is an invented one, because a large crowd has many that nobody else bears.
"""

import io
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from itertools import islice
from random import Random

from django.db import connection, transaction
from django.utils import timezone

from intake.ages import Birth
from intake.ids import uuid7
from intake.matching.names import fold, sound_keys
from intake.models import Family, Person, PrivacyNotice, Stay
from tests.bench.re_registrations import families_of

INVENTED = 0.05
BATCH = 20_000
SYLLABLES = (
    "ba be bo ca ce chi co da di do fa gua gue ja lo ma mi mo na no pa pe ra re ro sa so ta to va".split()
)
ENDS = "rro ndo nes les mar tes rán lán món jón zar ces ta da llo".split()
folded, keys_of = lru_cache(100_000)(fold), lru_cache(100_000)(sound_keys)


def fill(shelter, by, people: int, *, seed=1, zones=(), days=30) -> list[list]:
    """So many people who came in these days, in these zones; some of their families come back, to be typed again."""
    rng, now = Random(f"{seed} crowd"), timezone.now()
    sample, left = [], people
    with transaction.atomic():
        while left:
            crowd = families_of(rng, min(left, BATCH))
            left -= min(left, BATCH)
            crowd = [[with_invented_surname(rng, each) for each in family] for family in crowd]
            store(shelter, by, crowd, rng, now, zones or [None], days)
            sample += crowd[:200]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return sample


def with_invented_surname(rng, somebody):
    if rng.random() > INVENTED:
        return somebody
    stem = "".join(rng.choices(SYLLABLES, k=rng.choice((1, 2, 2, 3))))
    return replace(somebody, surnames=((stem + rng.choice(ENDS)).capitalize(), *somebody.surnames[1:]))


def store(shelter, by, crowd, rng, now, zones, days):
    notice = PrivacyNotice.objects.latest()
    families, people, stays = [], [], []
    for family in crowd:
        # All day long: people of one moment are read together by whoever asks for the newest.
        moment = now - timedelta(days=rng.randint(0, days), seconds=rng.randint(600, 80_000))
        day, key, zone = shelter.day_of(moment), uuid7(), zones[len(families) % len(zones)]
        families.append((key, moment, day, day))
        for position, somebody in enumerate(family):
            person = uuid7()
            people.append((person, key, position, *columns_of(somebody, day)))
            stays.append((uuid7(), person, zone, moment, day))
    common = {"shelter": shelter, "registered_by": by, "notice": notice, "notice_answer": "accepted"}
    insert(Family(**common), "id registered_at registered_on arrived_on", families)
    insert(Person(), PERSON, people)
    insert(Stay(shelter=shelter), "id person zone in_at in_on", stays)


PERSON = (
    "id family position given_names surnames sex origin_country origin_region relationship"
    " birth_date birth_precision age_said_on name_key given_key given_key_2 surname_key surname_key_2"
)


def columns_of(somebody, day):
    given, surnames = " ".join(somebody.given), " ".join(somebody.surnames)
    keys = keys_of(given, surnames, "")
    return (
        *(given, surnames, somebody.sex, somebody.country, somebody.region or None, somebody.relationship),
        *Birth.from_age(somebody.age, day),
        f"{folded(given)} {folded(surnames)}",
        *(key[:24] for key in (keys.given, keys.given_2, keys.surname, keys.surname_2)),
    )


# --- one table -------------------------------------------------------------------------------------------


def insert(pattern, varying: str, rows) -> None:
    """Rows of the columns named; every other column as in the pattern, an unsaved row of the model."""
    fields, names = pattern._meta.concrete_fields, varying.split()
    constant = [
        field
        for field in fields
        if field.name not in names and not (field.primary_key and field.get_internal_type() == "BigAutoField")
    ]
    same = [field.get_db_prep_save(field.pre_save(pattern, True), connection) for field in constant]
    columns = [pattern._meta.get_field(name).column for name in names] + [each.column for each in constant]
    prepared = ((*map(plain, row), *same) for row in rows)
    copy = copy_in if connection.vendor == "postgresql" else execute_many
    copy(pattern._meta.db_table, columns, prepared)


def plain(value):
    """As both databases take it: SQLite keeps a UUID as 32 digits, and moments without their zone."""
    if hasattr(value, "hex") and not isinstance(value, (bytes, float)):
        return value.hex
    if getattr(value, "tzinfo", None) is not None:
        return connection.ops.adapt_datetimefield_value(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def execute_many(table, columns, rows):
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        while batch := list(islice(rows, 5000)):
            cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", batch)


def copy_in(table, columns, rows):
    with connection.cursor() as cursor:
        while batch := list(islice(rows, 20_000)):
            lines = ("\t".join("\\N" if value is None else str(value) for value in row) for row in batch)
            cursor.cursor.copy_expert(
                f"COPY {table} ({', '.join(columns)}) FROM STDIN", io.StringIO("\n".join(lines) + "\n")
            )
