"""A crowd with every kind of difficulty in it, and SQL written apart from the code that is tested."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from intake.actions.merging import merge
from intake.models import Tally
from tests.factories import make_family, make_service, make_shelter, make_stay, make_user, make_zone

FIRST = datetime(2018, 11, 3).date()  # the clock of Tijuana is set back on the 4th
LAST = datetime(2018, 11, 6).date()


@pytest.fixture(params=["America/Mexico_City", "America/Tijuana"])
def place(request, db):
    """A shelter; in the second run it keeps another clock, and has a night of 25 hours."""
    return make_shelter(
        "lugar",
        timezone=request.param,
        capacity=20,
        toilets=1,
        showers=1,
        covered_area_m2=77,
        water_litres_a_day=165,
    )


@pytest.fixture
def reader(place):
    return make_user("coordinator", shelters=[place], username="lectora")


@pytest.fixture
def at(place):
    """A moment on the clock of the place: `at(6, 23, 30)` is the 6th of November at 23:30."""

    def moment(day, hour=0, minute=0, fold=0):
        return datetime(2018, 11, day, hour, minute, tzinfo=ZoneInfo(place.timezone), fold=fold)

    return moment


@pytest.fixture
def crowd(place, annex, reader, at):
    """Unknown ages, sexes, countries; a joined family; who came back, who is there twice; a day's last minutes."""
    zone, other_zone = make_zone(place, "A", capacity=3), make_zone(place, "B", capacity=None)
    make_zone(place, "C", capacity=5)

    def arrive(*members, when, **options):
        family = make_family(place, *members, by=reader, at=when, **options)
        return list(family.members.order_by("position"))

    mother, girl, boy, nobody = arrive(
        {"age": 34, "origin_region_id": "HN-AT"},
        {"age": 11, "origin_region_id": "HN-CH"},
        {"age": 5, "sex": "M"},
        {"age": None, "sex": "U", "origin_country": "XU"},
        when=at(4, 0, 30),
    )
    for person in (mother, girl, boy, nobody):
        stay = person.stays.get()
        stay.zone = zone
        stay.save()
    arrive({"age": 17, "sex": "M", "origin_country": "GT"}, when=at(6, 23, 30))
    arrive({"age": 60, "sex": "X", "origin_country": "XA"}, when=at(4, 1, 30, fold=1))
    arrive({"age": None, "sex": "M"}, when=at(3, 12))
    [back] = arrive({"age": 45, "sex": "M"}, when=at(3, 8), stay=False)
    make_stay(back, at=at(3, 8), out=at(5, 10))
    make_stay(back, at=at(5, 18), zone=other_zone)
    [twice] = arrive({"age": 46}, when=at(4, 9), stay=False)
    make_stay(twice, at=at(4, 9), out=at(6, 12))
    make_stay(twice, at=at(5, 9))
    [gone] = arrive({"age": 70, "origin_country": "GT"}, when=at(3, 9), stay=False)
    make_stay(gone, at=at(3, 9), out=at(4, 23, 59))
    served(mother, girl, boy, back, twice, gone, at)
    joined(arrive, reader, at)
    elsewhere = make_family(annex, {"age": 30}, by=reader, at=at(5, 9))
    make_service(elsewhere.members.get(), at=at(5, 10))
    for people, cancelled in ((30, None), (12, None), (99, at(5, 15))):
        Tally.objects.create(
            shelter=place,
            service_type_id="FOOD-LUN",
            counted_at=at(5, 14),
            counted_on=place.day_of(at(5, 14)),
            slot="lunch",
            people=people,
            recorded_by=reader,
            cancelled_at=cancelled,
        )
    Tally.objects.create(
        shelter=place,
        service_type_id="HYG-SHW",
        counted_at=at(6, 23, 50),
        counted_on=place.day_of(at(6, 23, 50)),
        slot="dinner",
        people=7,
        recorded_by=reader,
    )


def served(mother, girl, boy, back, twice, gone, at):
    for person in (mother, girl, boy):
        make_service(person, "FOOD-LUN", at=at(5, 13))
        make_service(person, "FOOD-DIN", at=at(5, 23, 40))
    make_service(mother, "NFI-BLK", at=at(5, 14), quantity=2)
    make_service(mother, "NFI-BLK", at=at(6, 14))
    make_service(gone, "NFI-BLK", at=at(4, 14), quantity=3)
    make_service(back, "FOOD-LUN", at=at(5, 9), cancelled_at=at(5, 9, 5))
    make_service(twice, "FOOD-LUN", at=at(6, 13), override_reason="hungry")
    make_service(twice, "FOOD-LUN", at=at(6, 14))
    for code in ("LEG-ASY", "LEG-HUM", "LEG-INF", "MED-CON", "MED-CUR", "PSS-IND"):
        make_service(mother, code, at=at(6, 11))
    make_service(girl, "LEG-ASY", at=at(6, 11))


def joined(arrive, reader, at):
    """One woman registered twice with a daughter; what both records had is hers."""
    kept, daughter = arrive({"age": 28}, {"age": 3}, when=at(4, 10))
    gone, same_daughter = arrive({"age": 29}, {"age": 3}, when=at(5, 10))
    make_service(kept, "FOOD-LUN", at=at(5, 13))
    make_service(gone, "FOOD-LUN", at=at(5, 13, 20))
    make_service(gone, "CLO-SET", at=at(5, 16))
    pairs = [(kept, gone), (daughter, same_daughter)]
    merge(kept.family, gone.family, pairs=pairs, whole=True, by=reader)


@pytest.fixture
def asked(place, reader):
    shared = {"shelter": place, "reader": reader, "codes": False}
    end = datetime(2018, 11, 6, 23, 59, tzinfo=ZoneInfo(place.timezone))
    return {**shared, "as_of": end, "since": FIRST, "until": LAST}


@pytest.fixture
def tables(asked):
    """The rows of a report's tables, by their code; words as codes."""

    def found(report, **more):
        choice = {**asked, **more}
        return {
            table.code: [tuple(row) for row in table.exported(codes=True)] for table in report.tables(choice)
        }

    return found


@pytest.fixture
def sql(place):
    """Plain SQL about the place; moments are put in as the database writes them."""

    def asked(query, **values):
        known = {
            name: connection.ops.adapt_datetimefield_value(value)
            if isinstance(value, datetime)
            else str(value)
            for name, value in values.items()
        }
        with connection.cursor() as cursor:
            cursor.execute(query, {**known, "place": place.pk})
            return [tuple(row) for row in cursor.fetchall()]

    return asked


def years_before(day, years):
    return day.replace(year=day.year - years)


def days_between(first, last):
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
