"""Zones and what the board is made of, against SQL written apart from the code."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from intake.reports.occupancy_sphere import OccupancySphereReport, facts
from tests.intake.reports.conftest import LAST

REPORT = OccupancySphereReport()
HERE = "s.shelter_id = %(place)s AND s.in_at <= %(at)s AND (s.out_at IS NULL OR s.out_at > %(at)s)"


def test_every_zone_is_that_of_plain_sql(crowd, tables, sql, asked):
    found = {row[0]: row[3] for row in tables(REPORT)["zones"]}
    query = f"""SELECT COALESCE(z.code, ''), COUNT(DISTINCT s.person_id) FROM intake_stay s
        LEFT JOIN shelters_zone z ON z.id = s.zone_id WHERE {HERE} GROUP BY 1"""
    assert found == {"C": 0, **dict(sql(query, at=asked["as_of"]))}
    assert found["A"] == 4


def test_a_full_zone_has_less_than_no_place(crowd, tables):
    rows = {row[0]: row[2:] for row in tables(REPORT)["zones"]}
    assert rows["A"] == (3, 4, -1, 133)
    assert rows["B"] == (None, 1, None, None)
    assert rows["C"] == (5, 0, 5, 0)


def test_the_foot_counts_everybody_once(crowd, asked):
    [zones, _sphere] = REPORT.tables(asked)
    assert zones.footer[2:] == (20, 11, 9, 55)


def test_a_retired_zone_stays_while_somebody_is_in_it(crowd, tables, place):
    place.zones.update(retired_on=LAST - timedelta(days=1))
    assert {row[0] for row in tables(REPORT)["zones"]} == {"A", "B", ""}


def test_the_facts_are_those_of_plain_sql(crowd, sql, place, asked):
    found = facts(place, asked["as_of"])
    count = "SELECT COUNT(DISTINCT s.person_id) FROM intake_stay s WHERE"
    yesterday = LAST - timedelta(days=1)
    today = datetime(LAST.year, LAST.month, LAST.day, tzinfo=ZoneInfo(place.timezone)).astimezone(UTC)
    items = """SELECT COALESCE(SUM(v.quantity), 0) FROM intake_servicereceived v WHERE v.cancelled_at IS NULL
        AND v.shelter_id = %(place)s AND"""
    here = f"v.person_id IN (SELECT s.person_id FROM intake_stay s WHERE {HERE})"
    wanted = {
        "present": sql(f"{count} {HERE}", at=asked["as_of"]),
        "present_yesterday": sql(
            f"{count} s.shelter_id = %(place)s AND s.in_at < %(at)s AND (s.out_at IS NULL OR s.out_at >= %(at)s)",
            at=today,
        ),
        "blankets": sql(f"{items} v.service_type_id = 'NFI-BLK' AND {here}", at=asked["as_of"]),
        "clothes": sql(f"{items} v.service_type_id = 'CLO-SET' AND {here}", at=asked["as_of"]),
        "meals": sql(
            f"{items} v.given_on = %(day)s AND v.service_type_id IN ('FOOD-BRK', 'FOOD-LUN', 'FOOD-DIN')",
            day=yesterday,
        ),
    }
    assert {name: found[name] for name in wanted} == {name: rows[0][0] for name, rows in wanted.items()}
    assert found["blankets"] == 3  # what somebody took along is no blanket here
    assert found["meals_tallied"] == 42
    assert (found["toilets"], found["showers"], found["area"], found["water"]) == (1, 1, 77, 165)


def test_the_board_divides_by_the_people_present(crowd, tables):
    rows = {row[0]: row for row in tables(REPORT)["sphere"]}
    assert rows["SHL-AREA"][1:3] == ("met", 7)
    assert rows["WSH-TOI"][1:3] == ("met", 11)
    assert rows["WSH-WAT"][1:3] == ("met", 15)
    assert str(rows["SHL-BLK"][2]) == "0.3"
