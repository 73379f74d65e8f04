"""Who reached whom, against SQL written apart from the code; and the census, of the same people."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from intake.demo.plan import CENSUS_AT
from intake.models import ServiceReceived, Tally
from intake.reports import files
from intake.reports.census import census
from intake.reports.partners import PartnersReport, counted
from intake.reports.tables import Counted
from shelters.models import Shelter
from tests.factories import make_family, make_organization, make_service, make_user
from tests.intake.reports.conftest import FIRST, LAST, years_before

REPORT = PartnersReport()
GIVEN = """FROM intake_servicereceived v JOIN intake_person p ON p.id = v.person_id JOIN intake_servicetype t
    ON t.code = v.service_type_id LEFT JOIN shelters_organization o ON o.id = v.organization_id
    WHERE v.shelter_id = %(place)s AND v.cancelled_at IS NULL AND v.given_on BETWEEN %(first)s AND %(last)s"""
ONCE = "COUNT(DISTINCT CASE WHEN {} THEN p.id END)"
SEXES = [ONCE.format(f"p.sex = '{sex}'") for sex in "FMXU"]
MINORS_TO_UNKNOWN = [ONCE.format(f"p.birth_date {which}") for which in ("> %(y18)s", "<= %(y18)s", "IS NULL")]
BRACKETS = [
    ONCE.format(which)
    for which in (
        "p.birth_date > %(y5)s",
        "p.birth_date <= %(y5)s AND p.birth_date > %(y12)s",
        "p.birth_date <= %(y12)s AND p.birth_date > %(y18)s",
        "p.birth_date <= %(y18)s AND p.birth_date > %(y60)s",
        "p.birth_date <= %(y60)s",
    )
]
WHOLE = ["COUNT(*)", "COUNT(DISTINCT p.id)", "COUNT(DISTINCT p.family_id)"]
ON_PAGE = ", ".join([*WHOLE, *SEXES, *MINORS_TO_UNKNOWN])
YEARS = {f"y{years}": years_before(LAST, years) for years in (5, 12, 18, 60)}


@pytest.fixture
def partners(crowd, place, annex, at):
    """The crowd's services go to three, and to nobody that was written down."""
    cross = make_organization()
    clinic = make_organization("clinica", name="Clínica", kind="ngo")
    ngo = make_organization("acnur", name="ACNUR", kind="un")
    services = ServiceReceived.objects.all()
    services.filter(service_type__category__in=["MED", "NFI"]).update(organization=cross)
    services.filter(service_type__in=["LEG-ASY", "LEG-INF"]).update(organization=clinic)
    services.filter(service_type="LEG-HUM").update(organization=ngo)
    services.filter(service_type="FOOD-DIN").update(organization=ngo)
    place.region = "MX-CMX"
    place.save()
    return services


@pytest.fixture
def plain(sql):
    return lambda query: sql(query, first=FIRST, last=LAST, **YEARS)


def test_every_line_is_that_of_plain_sql(partners, asked, plain):
    [overview, *_rest] = REPORT.tables(asked)
    found = [tuple(row) for row in overview.exported(codes=True)]
    query = f"SELECT COALESCE(o.code, ''), t.category_id, {ON_PAGE} {GIVEN} GROUP BY 1, 2"
    assert sorted(row[:-1] for row in found if row[2]) == sorted(plain(query))
    assert {row[0] for row in found} == {"", "acnur", "clinica", "cruz-roja"}


def test_every_line_of_the_sheet_is_that_of_plain_sql(partners, tables, plain):
    rows = tables(REPORT)["partners"]
    numbers = ", ".join(
        ["COUNT(*)", "SUM(v.quantity)", *WHOLE[1:], *SEXES, *MINORS_TO_UNKNOWN[:2], *BRACKETS]
    )
    query = f"""SELECT COALESCE(o.code, ''), t.category_id, {numbers}, {MINORS_TO_UNKNOWN[2]} {GIVEN}
        GROUP BY 1, 2"""
    found = sorted((row[1], row[5], *row[14:-1]) for row in rows if row[14])
    assert found == sorted(plain(query))


def test_every_organization_is_that_of_plain_sql(partners, tables, plain):
    query = f"SELECT COALESCE(o.code, ''), {', '.join(WHOLE)} {GIVEN} GROUP BY 1"
    found = tables(REPORT)["organizations"]
    assert sorted((row[0], *row[2:-1]) for row in found) == sorted(plain(query))
    assert found[-1][0] == ""  # nobody wrote down who: the last line


def test_the_foot_counts_everybody_once(partners, asked, plain):
    [overview, *_rest] = REPORT.tables(asked)
    [wanted] = plain(f"SELECT {ON_PAGE} {GIVEN}")
    assert overview.footer[2:] == (*wanted, 49)


def test_sexes_and_ages_add_to_the_people_of_each_line(partners, asked):
    lines = counted(asked, "organization", "category").values()
    assert all(line.people == sum(line.sexes) == sum(line.ages) + line.unknown_age for line in lines)
    assert all(line.minors + line.adults + line.unknown_age == line.people for line in lines)


def test_tallies_belong_to_no_organization_and_are_never_added(partners, tables, asked):
    rows = {(row[1], row[5]): row for row in tables(REPORT)["partners"]}
    assert rows["", "FOOD"][-1] == 42
    assert rows["", "HYG"][14:] == (*(0,) * 16, 7)
    assert {row[-1] for (who, _category), row in rows.items() if who} == {0}
    before = counted(asked)[()]
    Tally.objects.all().delete()
    assert counted(asked)[()] == before._replace(tally=0)


def test_the_sheet_says_who_what_where_and_when(partners, tables, place):
    row = next(row for row in tables(REPORT)["partners"] if row[1] == "cruz-roja" and row[5] == "NFI")
    assert row[2:7] == ("red_cross", "SHL", "SHL", "NFI", "NFI-BLK")
    assert row[7:12] == ("MEX", "MX-CMX", "MX09", place.name, "lugar")
    assert row[12:14] == (FIRST, LAST)


def test_a_shelter_without_a_state(crowd, tables):
    assert {row[7:10] for row in tables(REPORT)["partners"]} == {("", "", "")}


def test_the_columns_are_those_of_humanitarian_exchange(asked):
    """What a 3W asks at least; and a tag stands once, but for those of our own."""
    tags = REPORT.tables(asked)[1].tags
    needed = "#org+impl+name #sector+name #activity+name #adm1+name #date+start #date+end #reached+ind+total"
    assert set(needed.split()) <= set(tags)
    assert all(tags)
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize(
    "role,legal,health",
    [
        ("coordinator", "LEG-INF; LEG-reserved", "MED-reserved"),
        ("legal", "LEG-INF; LEG-ASY", "MED-reserved"),
        ("health", "LEG-INF; LEG-reserved", "MED-CON; MED-CUR"),
        (None, "LEG-INF; LEG-reserved", "MED-reserved"),
    ],
)
def test_which_service_is_told_to_whoever_may_know(partners, tables, place, role, legal, health):
    """The numbers of the category are the same for all."""
    account = role and make_user(role, shelters=[place])
    rows = {(row[1], row[5]): row for row in tables(REPORT, reader=account)["partners"]}
    assert (rows["clinica", "LEG"][6], rows["cruz-roja", "MED"][6]) == (legal, health)
    assert rows["clinica", "LEG"][14:18] == (3, 3, 2, 1)


def test_a_person_reached_by_two_is_one(partners, asked, tables):
    events, people = (sum(row[place] for row in tables(REPORT)["organizations"]) for place in (2, 3))
    whole = counted(asked)[()]
    assert events == whole.events
    assert people > whole.people


def test_a_line_with_a_service_that_may_not_be_known_opens_nothing(partners, asked, place):
    def opens(reader):
        lines = counted({**asked, "reader": reader}, "organization", "category")
        return {key[1] for key, line in lines.items() if isinstance(line.people, Counted)}

    assert opens(asked["reader"]) == {"FOOD", "NFI", "CLO"}
    assert opens(make_user("legal", shelters=[place])) == {"FOOD", "NFI", "CLO", "LEG"}
    assert not isinstance(counted(asked)[()].people, Counted)


# --- outside the shelter -------------------------------------------------------------------


@pytest.fixture
def handed_out(place, at, reader, asked):
    """The only line of the file for outside, by column: a clinic saw 17 women, 16 men, 4 of another sex, 2 boys."""
    clinic = make_organization("clinica", name="Clínica", kind="ngo")
    for sex, age, people in (("F", 30, 17), ("M", 30, 16), ("X", 20, 4), ("M", 4, 2)):
        for _person in range(people):
            patient = make_family(place, {"age": age, "sex": sex}, by=reader, at=at(4)).members.get()
            make_service(patient, "MED-CUR", at=at(5), organization=clinic)
    make_service(patient, "MED-CON", at=at(5), organization=clinic)
    make_service(patient, "HYG-SHW", at=at(5), organization=clinic)

    def lines(**more):
        [table] = files.tables_of(REPORT, {**asked, "outside": True, **more})
        codes = [column.code for column in table.columns]
        return [dict(zip(codes, row, strict=True)) for row in table.exported(codes=True)]

    return lines


def test_outside_people_add_the_sexes_that_are_told_and_ages_stay(handed_out):
    [line] = handed_out()
    assert (line["people"], line["women"], line["men"]) == (35, 15, 20)
    assert line["other_sex"] is line["unknown_sex"] is None
    assert (line["events"], line["families"]) == (40, 40)
    assert not {code for code in line if "age" in code} | {"minors", "adults"} & set(line)
    assert line["hidden"] == "other_sex unknown_sex tally"


def test_outside_a_service_that_few_received_is_not_named(handed_out, place):
    reader = make_user("health", shelters=[place])
    assert [line["activity"] for line in handed_out(reader=reader)] == ["MED-CUR"]


def test_nobody_was_reached(place, tables):
    assert all(rows == [] for rows in tables(REPORT).values())


def test_in_the_demo_the_people_are_those_of_the_census(db, cast):
    """Everybody reached until that evening, without those who had left, with those who received nothing."""
    call_command("demo_data", "palillo", stderr=StringIO(), stdout=StringIO())
    shelter, day = Shelter.objects.get(code="palillo"), CENSUS_AT.date()
    asked = {"shelter": shelter, "reader": cast.coordinator, "codes": True}
    whole = counted({**asked, "since": shelter.opened_on, "until": day})[()]
    published = census(shelter, CENSUS_AT)
    here = """p.id {} IN (SELECT s.person_id FROM intake_stay s WHERE s.shelter_id = %(place)s
        AND s.in_at <= %(at)s AND (s.out_at IS NULL OR s.out_at > %(at)s))"""
    reached = """p.id {} IN (SELECT v.person_id FROM intake_servicereceived v WHERE v.shelter_id = %(place)s
        AND v.cancelled_at IS NULL AND v.given_on <= %(day)s)"""
    numbers = ", ".join(["COUNT(*)", *SEXES, *MINORS_TO_UNKNOWN])
    values = {
        "place": shelter.pk,
        "at": connection.ops.adapt_datetimefield_value(CENSUS_AT),
        "day": str(day),
        "y18": str(years_before(day, 18)),
    }

    def people(*conditions):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {numbers} FROM intake_person p WHERE {' AND '.join(conditions)}", values)
            return cursor.fetchone()

    gone = people(reached.format(""), here.format("NOT"))
    unserved = people(reached.format("NOT"), here.format(""))
    told = (whole.people, *whole.sexes, whole.minors, whole.adults, whole.unknown_age)
    sexes = [published.sex.get(sex, 0) for sex in "FMXU"]
    assert [a - b + c for a, b, c in zip(told, gone, unserved, strict=True)] == [
        published.total,
        *sexes,
        published.minors,
        published.adults,
        published.unknown_age,
    ]
    assert published.total == 4814
