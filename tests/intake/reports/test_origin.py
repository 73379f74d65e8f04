"""Countries and departments, against SQL written apart from the code."""

from intake.models import Region
from intake.reports.origin import OriginFilters, OriginReport

REPORT = OriginReport()
PRESENT = """FROM intake_person p JOIN intake_stay s ON s.person_id = p.id
    WHERE s.shelter_id = %(place)s AND s.in_at <= %(at)s AND (s.out_at IS NULL OR s.out_at > %(at)s)"""
NUMBERS = "COUNT(DISTINCT p.id), COUNT(DISTINCT p.family_id)"


def test_every_country_is_that_of_plain_sql(crowd, tables, sql, asked):
    found = tables(REPORT)["origin"]
    wanted = sql(f"SELECT p.origin_country, {NUMBERS} {PRESENT} GROUP BY 1", at=asked["as_of"])
    assert sorted((row[0], *row[2:4]) for row in found) == sorted(wanted)
    assert sum(row[2] for row in found) == 11
    assert sum(row[4] for row in found) == 100


def test_most_people_come_first_and_whom_nobody_asked_last(crowd, tables):
    found = tables(REPORT)["origin"]
    assert found[0][:3] == ("HN", "HND", 8)
    assert found[-1][:3] == ("XU", None, 1)
    assert [row[1] for row in found if row[0] == "XA"] == ["XXA"]


def test_every_department_is_that_of_plain_sql(crowd, tables, sql, asked):
    for chosen in ("", "HN", "GT", "SV"):
        found = tables(REPORT, country=chosen)["regions"]
        query = f"SELECT COALESCE(p.origin_region_id, ''), {NUMBERS} {PRESENT} AND p.origin_country = %(c)s GROUP BY 1"
        wanted = sql(query, at=asked["as_of"], c=chosen or "HN")
        assert sorted((row[0], *row[2:4]) for row in found) == sorted(wanted or [("", 0, 0)])


def test_departments_have_their_p_code(crowd, tables):
    assert {row[0]: row[1] for row in tables(REPORT)["regions"]} == {
        "HN-AT": "HN01",
        "HN-CH": "HN06",
        "": None,
    }


def test_nobody_is_no_error(place, tables, asked):
    found = tables(REPORT)
    assert [row[2] for row in (*found["origin"], *found["regions"])] == [0, 0]
    assert [table.footer[-1] for table in REPORT.tables(asked)] == [None, None]


def test_the_countries_offered_are_those_whose_departments_are_known(place):
    """The whole world would be a long list of which all but five had nothing to show."""
    offered = [code for code, _name in OriginFilters(shelters=[place]).fields["country"].choices]
    assert offered[0] == ""
    assert sorted(offered[1:]) == sorted(set(Region.objects.values_list("country", flat=True)))
    assert not OriginFilters({"shelter": place.code, "country": "FR"}, shelters=[place]).is_valid()
