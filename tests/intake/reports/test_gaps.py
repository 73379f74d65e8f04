"""Who lacks what, against SQL written apart from the code; and what is not told by zone."""

from datetime import timedelta

import pytest

from intake.models import Person, Sighting
from intake.presence import quiet_families
from intake.reports import files
from intake.reports.gaps import GapsReport
from intake.reports.tables import Counted
from tests.factories import make_card, make_family, make_need, make_service, make_stay, make_user

REPORT = GapsReport()
HERE = """FROM intake_stay s JOIN intake_person p ON p.id = s.person_id WHERE s.shelter_id = %(place)s
    AND s.in_at <= %(at)s AND (s.out_at IS NULL OR s.out_at > %(at)s)"""
COUNTED = "SELECT COUNT(DISTINCT p.id), COUNT(DISTINCT p.family_id)"
GIVEN = """FROM intake_servicereceived v JOIN intake_person q ON q.id = v.person_id JOIN intake_servicetype t
    ON t.code = v.service_type_id WHERE v.shelter_id = %(place)s AND v.cancelled_at IS NULL
    AND v.given_at <= %(at)s"""
LACKING = {
    "legal": f"""p.family_id IN (SELECT p.family_id {HERE} AND s.in_at <= %(two_days)s)
        AND p.family_id NOT IN (SELECT q.family_id {GIVEN} AND t.category_id = 'LEG'
            AND t.sensitivity = 'legal')""",
    "blanket": f"p.id NOT IN (SELECT q.id {GIVEN} AND t.code = 'NFI-BLK')",
    "card": """NOT EXISTS (SELECT 1 FROM intake_card c WHERE c.family_id = p.family_id AND c.bound_at <= %(at)s
        AND (c.revoked_at IS NULL OR c.revoked_at > %(at)s))""",
    "unseen": f"""p.family_id NOT IN (SELECT p.family_id {HERE} AND (s.in_at > %(cutoff)s
        OR EXISTS (SELECT 1 FROM intake_servicereceived v WHERE v.person_id = p.id AND v.cancelled_at IS NULL
            AND v.given_at > %(cutoff)s AND v.given_at <= %(at)s)
        OR EXISTS (SELECT 1 FROM intake_sighting g WHERE g.person_id = p.id AND g.seen_at > %(cutoff)s
            AND g.seen_at <= %(at)s)))""",
    "needs": """EXISTS (SELECT 1 FROM intake_personneed n WHERE n.person_id = p.id AND n.reported_at <= %(at)s
        AND (n.ruled_out_at IS NULL OR n.ruled_out_at > %(at)s)
        AND (n.confirmed_at IS NULL OR n.confirmed_at > %(at)s))""",
}


@pytest.fixture
def lacking(crowd, place, at, reader):
    """On top of the crowd: cards, a lost one too, sightings, needs of every state and tier."""

    def come(*members):
        return list(make_family(place, *members, by=reader, at=at(3, 7)).members.order_by("position"))

    quiet, _child = come({"age": 40}, {"age": 6})
    seen, companion = come({"age": 41}, {"age": 20})
    carded, loser = come({"age": 42})[0], come({"age": 43})[0]
    make_card(carded.family, at=at(3, 8))
    make_card(loser.family, at=at(3, 8), revoked_at=at(4, 8), revoked_as="lost", revoked_by=reader)
    make_card(quiet.family, at=at(3, 8), revoked_at=at(6, 23, 59) + timedelta(hours=1), revoked_by=reader)
    Sighting.objects.create(person=seen, seen_at=at(6, 2), by=reader)
    Sighting.objects.create(person=carded, seen_at=at(5, 2), by=reader)
    make_service(loser, "NFI-BLK", at=at(6, 9))
    make_service(companion, "LEG-ASY", at=at(6, 9), cancelled_at=at(6, 10))
    make_need(quiet, "DS", at=at(4), state="confirmed")
    make_need(quiet, "LP-ND", at=at(5))
    make_need(seen, "DS", at=at(4), state="confirmed", confirmed_at=at(7))
    make_need(companion, "SV-VO", at=at(4))
    make_need(carded, "ER", at=at(4), state="ruled_out", ruled_out_at=at(5))
    return quiet


@pytest.fixture
def moments(asked):
    end = asked["as_of"]
    return {"at": end, "two_days": end - timedelta(days=2), "cutoff": end - timedelta(hours=36)}


@pytest.mark.parametrize("gap", LACKING)
def test_every_gap_is_that_of_plain_sql(gap, lacking, tables, sql, moments):
    found = {row[0]: row[1:3] for row in tables(REPORT)["gaps"]}
    assert [found[gap]] == sql(f"{COUNTED} {HERE} AND {LACKING[gap]}", **moments)
    assert found[gap][0]


def test_of_how_many(lacking, tables, sql, moments):
    found = {row[0]: row[3] for row in tables(REPORT)["gaps"]}
    [[present, _families]] = sql(f"{COUNTED} {HERE}", **moments)
    assert found["blanket"] == found["card"] == found["unseen"] == present
    assert found["needs"] == 3
    assert 0 < found["legal"] < present


@pytest.mark.parametrize("gap", ["blanket", "card", "unseen"])
def test_every_zone_is_that_of_plain_sql(gap, lacking, tables, asked, sql, moments):
    zones = REPORT.tables(asked)[1]
    place = [column.code for column in zones.columns].index(gap)
    found = {row[0]: row[place] for row in tables(REPORT)["zones"] if row[place]}
    query = f"""SELECT COALESCE((SELECT z.code FROM shelters_zone z WHERE z.id = s.zone_id), ''),
        COUNT(DISTINCT p.id) {HERE} AND {LACKING[gap]} GROUP BY 1"""
    assert found == dict(sql(query, **moments))


def test_one_member_seen_is_the_family_seen(lacking, tables):
    """Of the family of two, only one was seen: it is no quiet family; whoever had advice, likewise."""
    found = {row[0]: row[1:3] for row in tables(REPORT)["gaps"]}
    quiet = Person.objects.get(pk=lacking.pk).family
    Sighting.objects.create(person=quiet.members.last(), seen_at=quiet.registered_at, by=quiet.registered_by)
    assert {row[0]: row[1:3] for row in tables(REPORT)["gaps"]} == found
    Sighting.objects.create(
        person=quiet.members.last(),
        seen_at=quiet.registered_at + timedelta(days=3),
        by=quiet.registered_by,
    )
    people, families = {row[0]: row[1:3] for row in tables(REPORT)["gaps"]}["unseen"]
    assert (people + 2, families + 1) == found["unseen"]


def test_unseen_are_those_of_the_sweep(place, reader, tables, at):
    """Now is the moment of both."""
    make_family(place, {}, {"age": 3}, by=reader, at=at(3))
    back = make_family(place, {}, by=reader, at=at(3), stay=False).members.get()
    make_stay(back, at=at(3), out=at(4))
    found = {row[0]: row for row in tables(REPORT, as_of=at(20))["gaps"]}
    _shown, families = quiet_families(place)
    assert found["unseen"][1:3] == (2, families) == (2, 1)


def test_legal_advice_by_zone_only_for_whoever_may_see_it(lacking, asked, place):
    def columns(**more):
        return [column.code for column in REPORT.tables({**asked, **more})[1].columns[2:]]

    assert columns() == columns(reader=None) == ["blanket", "card", "unseen", "needs"]
    assert columns(reader=make_user("legal", shelters=[place]))[0] == "legal"


def test_needs_by_zone_only_as_far_as_the_reader_may_see(lacking, tables, place):
    """Three people have an open need; one of them violence in her country."""
    total = {row[0]: row[1] for row in tables(REPORT)["gaps"]}
    assert total["needs"] == 3
    assert sum(row[-1] for row in tables(REPORT)["zones"]) == 2
    protection = make_user("legal", shelters=[place])
    assert sum(row[-1] for row in tables(REPORT, reader=protection)["zones"]) == 3


def test_what_opens_is_what_the_reader_may_know(lacking, asked, place):
    """Who is without legal advice tells who had it; a need may be of a tier that is not for the reader."""

    def opens(reader):
        whole = REPORT.tables({**asked, "reader": reader})[0]
        return {row[0].code for row in whole.rows if isinstance(row[1], Counted)}

    assert opens(asked["reader"]) == opens(None) == {"blanket", "card", "unseen"}
    assert opens(make_user("health", shelters=[place])) == {"blanket", "card", "unseen", "needs"}
    assert opens(make_user("legal", shelters=[place])) == set(LACKING)


def test_every_number_has_as_many_records(lacking, asked, place):
    for table in REPORT.tables({**asked, "reader": make_user("legal", shelters=[place])}):
        for number, _row, _column in table.counted():
            assert number.records().count() == number, number.key


def test_outside_there_are_people_and_families_and_no_whole(place, reader, asked, at):
    """17 without a blanket are told as 15; who lacks legal advice are too few."""
    for _family in range(17):
        make_family(place, {}, by=reader, at=at(6))
    [table] = files.tables_of(REPORT, {**asked, "outside": True})
    assert [column.code for column in table.columns] == ["gap", "people", "families", "hidden"]
    rows = {row[0].code: row[1:] for row in table.compute()}
    assert rows["blanket"] == (15, 15, None)
    assert rows["legal"][:2] == (None, None)


def test_nobody_is_there(place, tables, asked):
    assert REPORT.tables(asked)[0].chart is None
    assert [row[1:] for row in tables(REPORT)["gaps"]] == [(0, 0, 0, None)] * 5
    assert tables(REPORT)["zones"] == [("", 0, 0, 0, 0, 0)]
