"""Services by day, against SQL written apart from the code; and who sees which."""

import pytest

from intake.reports.services import ServicesReport
from tests.factories import make_user
from tests.intake.reports.conftest import FIRST, LAST

REPORT = ServicesReport()
GIVEN = """FROM intake_servicereceived v JOIN intake_person p ON p.id = v.person_id
    JOIN intake_servicetype t ON t.code = v.service_type_id
    WHERE v.shelter_id = %(place)s AND v.cancelled_at IS NULL AND v.given_on BETWEEN %(first)s AND %(last)s"""
NUMBERS = "COUNT(*), SUM(v.quantity), COUNT(DISTINCT p.id), COUNT(DISTINCT p.family_id)"
SHOWN = "CASE WHEN t.sensitivity = 'open' THEN t.code ELSE t.category_id || '-reserved' END"
TALLIED = """SELECT SUM(people) FROM intake_tally WHERE shelter_id = %(place)s AND cancelled_at IS NULL
    AND counted_on BETWEEN %(first)s AND %(last)s"""


def named(rows):
    """Without the lines that were only tallied, and without the tallies."""
    return sorted((*(str(cell) for cell in row[:-5]), *row[-5:-1]) for row in rows if row[-5])


def test_every_service_and_day_is_that_of_plain_sql(crowd, tables, sql):
    found = tables(REPORT)["services"]
    query = f"SELECT v.given_on, t.category_id, {SHOWN}, {NUMBERS} {GIVEN} GROUP BY 1, 2, 3"
    wanted = [(str(day), *rest) for day, *rest in sql(query, first=FIRST, last=LAST)]
    assert named(found) == sorted(wanted)


def test_every_service_over_the_period_is_that_of_plain_sql(crowd, tables, sql):
    query = f"SELECT t.category_id, {SHOWN}, {NUMBERS} {GIVEN} GROUP BY 1, 2"
    assert named(tables(REPORT)["period"]) == sorted(sql(query, first=FIRST, last=LAST))


def test_every_day_is_that_of_plain_sql(crowd, tables, sql):
    query = f"SELECT v.given_on, {NUMBERS} {GIVEN} GROUP BY 1"
    wanted = [(str(day), *rest) for day, *rest in sql(query, first=FIRST, last=LAST)]
    assert named(tables(REPORT)["days"]) == sorted(wanted)


def test_the_foot_counts_everybody_once(crowd, asked, sql):
    [overview, *_rest] = REPORT.tables(asked)
    [wanted] = sql(f"SELECT {NUMBERS} {GIVEN}", first=FIRST, last=LAST)
    [[tallied]] = sql(TALLIED, first=FIRST, last=LAST)
    assert overview.footer[2:] == (*wanted, tallied)
    assert tallied == 49


def test_tallies_have_their_own_column_and_are_never_added(crowd, tables):
    found = {row[1]: row[2:] for row in tables(REPORT)["period"]}
    assert found["FOOD-LUN"] == (7, 7, 5, 3, 42)
    assert found["HYG-SHW"] == (0, 0, 0, 0, 7)


def test_a_person_registered_twice_is_one_person(crowd, tables):
    """Both records had a midday meal; the joined person has two, and is counted once."""
    found = {(str(row[0]), row[2]): row[3:] for row in tables(REPORT)["services"]}
    assert found["2018-11-05", "FOOD-LUN"][2:4] == (4, 2)
    assert found["2018-11-05", "CLO-SET"][2:4] == (1, 1)


def test_the_day_is_that_of_the_shelter(crowd, tables):
    days = {str(row[0]) for row in tables(REPORT)["services"] if row[2] == "FOOD-DIN"}
    assert days == {"2018-11-05"}


def test_who_may_not_know_which_sees_the_total_of_the_category(crowd, tables):
    found = {row[1]: row[2:] for row in tables(REPORT)["period"]}
    assert found["LEG-reserved"][:4] == (3, 3, 2, 1)
    assert found["MED-reserved"][:4] == (2, 2, 1, 1)
    assert found["LEG-INF"][:4] == (1, 1, 1, 1)
    assert not {"LEG-ASY", "LEG-HUM", "MED-CON", "MED-CUR", "PSS-IND"} & set(found)


@pytest.mark.parametrize(
    "role,seen",
    [("legal", {"LEG-ASY", "LEG-HUM"}), ("health", {"MED-CON", "MED-CUR", "PSS-IND"})],
)
def test_who_may_know_sees_which(crowd, tables, place, role, seen):
    account = make_user(role, shelters=[place])
    found = {row[1] for row in tables(REPORT, reader=account)["period"]}
    hidden = {"LEG-ASY", "LEG-HUM", "MED-CON", "MED-CUR", "PSS-IND"} - seen
    assert seen <= found
    assert not hidden & found


def test_without_an_account_only_what_is_open_is_told_apart(crowd, tables):
    found = {row[1] for row in tables(REPORT, reader=None)["period"]}
    assert {"LEG-reserved", "MED-reserved", "PSS-reserved"} <= found


def test_services_down_and_days_across(crowd, asked, sql):
    across = next(table for table in REPORT.tables(asked) if table.code == "across")
    cells = {str(row[0].code): row[1:] for row in across.rows}
    assert [column.code for column in across.columns[1:]] == [f"2018-11-0{day}" for day in (3, 4, 5, 6)]
    assert cells["FOOD-LUN"] == (0, 0, 4, 1)
    assert not across.in_files


def test_a_single_day_needs_no_table_of_days(crowd, asked):
    shown = [table.code for table in REPORT.tables({**asked, "since": LAST}) if table.on_page]
    assert shown == ["overview"]
