"""The invented people before the database: totals that never move, names that do."""

from collections import Counter
from datetime import datetime
from hashlib import sha256
from random import Random

import pytest

from intake import ages
from intake.demo import days, names, plan
from intake.demo.people import birth_said, parties
from intake.models import Relationship as Kin

SEEDS = (2018, 7)


@pytest.fixture(scope="module")
def stadium():
    """Seed to everybody who came."""
    return {seed: parties(seed) for seed in SEEDS}


def present(everybody, moment):
    return [party for party in everybody if party.is_present(moment)]


def census(everybody):
    members = [member for party in present(everybody, plan.CENSUS_AT) for member in party.members]
    years = [ages.age_on(member.birth.born, plan.CENSUS_ON) for member in members]
    return {
        "people": len(members),
        "adults": sum(age >= 18 for age in years),
        "minors": sum(age < 18 for age in years),
        "0 to 5": sum(age <= 5 for age in years),
        "women": sum(age >= 18 and m.sex == "F" for age, m in zip(years, members, strict=True)),
        "origin": dict(Counter(member.origin.country for member in members)),
    }


def fingerprint(everybody):
    return sha256(repr([party.members for party in everybody][:200]).encode()).hexdigest()


@pytest.mark.parametrize("seed", [*SEEDS, 1, 99])
def test_every_seed_has_the_same_totals(seed):
    assert census(parties(seed)) == {
        "people": 4814,
        "adults": 3088,
        "minors": 1726,
        "0 to 5": 310,
        "women": 926,
        "origin": {"HN": 4092, "GT": 385, "NI": 241, "SV": 80, "MX": 5, "CU": 4, "HT": 3, "BZ": 2, "EC": 2},
    }


def test_one_seed_invents_the_same_people_twice(stadium):
    assert fingerprint(parties(2018)) == fingerprint(stadium[2018])
    assert repr(parties(2018)) == repr(stadium[2018])


def test_another_seed_invents_other_people(stadium):
    assert fingerprint(stadium[7]) != fingerprint(stadium[2018])
    assert [party.size for party in stadium[7]] != [party.size for party in stadium[2018]]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("moment", "people"),
    [
        (days.at(4, 20), 470),
        (days.at(4, 23), 940),
        (days.at(5, 15), 2900),
        (days.at(6, 20), 4300),
        (days.at(7, 23), 4814),
        (days.at(12, 12), 170),
    ],
)
def test_present_at_the_published_moments(stadium, seed, moment, people):
    assert sum(party.size for party in present(stadium[seed], moment)) == people


@pytest.mark.parametrize("seed", SEEDS)
def test_no_adolescent_is_unaccompanied_by_accident(stadium, seed):
    """31 by plan; every other minor, however small, has a grown-up relative in the family."""
    found = 0
    for party in present(stadium[seed], plan.CENSUS_AT):
        elders = [m for m in party.members if m.is_adult and m.relationship != Kin.COMPANION]
        for member in party.members:
            if not member.is_adult and (member.relationship == Kin.COMPANION or not elders):
                found += 1
                assert 12 <= member.age <= 17
    assert found == 31


@pytest.mark.parametrize("seed", SEEDS)
def test_mothers_are_old_enough_and_not_too_old(stadium, seed):
    for party in stadium[seed]:
        children = [m.age for m in party.members if m.relationship == Kin.CHILD]
        mothers = [
            m for m in party.members if m.relationship in (Kin.HEAD, Kin.PARTNER, Kin.SPOUSE) and m.sex == "F"
        ]
        for mother in mothers if children else []:
            assert all(15 <= mother.age - age <= 45 for age in children), party


@pytest.mark.parametrize("seed", SEEDS)
def test_each_family_has_one_head_and_brothers_and_sisters_have_names_of_their_own(stadium, seed):
    for party in stadium[seed]:
        assert [m.relationship for m in party.members].count(Kin.HEAD) == 1
        assert party.members[0].relationship == Kin.HEAD
        called = [m.given_names.split()[0] for m in party.members if m.given_names]
        assert len(set(called)) == len(called), party


def test_children_of_a_couple_carry_the_fathers_then_the_mothers_first_surname(stadium):
    couples = [p for p in stadium[2018] if p.shape == "couple" and p.members[2].relationship == Kin.CHILD]
    assert len(couples) > 150
    for party in couples:
        woman, man = sorted(party.members[:2], key=lambda member: member.sex)
        for child in party.members[2:] if woman.surnames else []:
            assert child.surnames == (man.surnames[0], woman.surnames[0])


def test_about_one_single_mother_in_three_gives_both_her_surnames(stadium):
    families = [p for p in stadium[2018] if p.shape == "mother" and len(p.members[0].surnames) == 2]
    both = sum(party.members[1].surnames == party.members[0].surnames for party in families)
    assert 0.23 < both / len(families) < 0.45


def test_the_seed_family_comes_first(stadium):
    for everybody in stadium.values():
        head, *children = everybody[0].members
        assert (head.given_names, head.surnames, head.sex) == ("Neptalí", ("Hernández", "López"), "F")
        assert len(children) == 6
        assert [child.age for child in children if child.known_as == "Ale"] == [11]
        assert everybody[0].days_on_the_road == 22


def test_some_refuse_some_have_no_name_and_some_one_surname(stadium):
    everybody = stadium[2018]
    assert sum(party.is_refused for party in everybody) == 24
    assert sum(not party.members[0].given_names for party in everybody) == 24
    assert any(len(party.members[0].surnames) == 1 for party in everybody)
    assert all(m.birth.precision == "age" for p in everybody if p.is_refused for m in p.members)


def test_mixed_couples_and_languages_exist(stadium):
    mixed = [p for p in stadium[2018] if len({m.origin.country for m in p.members}) > 1]
    assert len(mixed) == 48
    assert {"spa", "cab", "miq", "kek", "quc", "mam"} <= {party.language for party in stadium[2018]}


def test_regions_lie_in_their_country(stadium):
    for party in stadium[2018]:
        for member in party.members:
            assert not member.origin.region or member.origin.region[:2] == member.origin.country


@pytest.mark.parametrize("age", [0, 1, 5, 6, 12, 17, 18, 80])
def test_a_birth_as_said_keeps_its_age_on_census_day(age):
    rng = Random("births")
    for day in (4, 5, 6, 7):
        for season in range(10, 361, 7):
            said_on = datetime(2018, 11, day).date()
            birth = birth_said(rng, age, season, said_on, age_only=False)
            assert ages.age_on(birth.born, plan.CENSUS_ON) == age, birth
            assert (birth.precision == "age") == (birth.said_on is not None)


def test_an_unknown_age_stays_unknown():
    assert birth_said(Random(1), None, 100, plan.CENSUS_ON, age_only=False) == ages.Birth()


def test_common_surnames_are_common_and_accents_are_kept():
    rng = Random("names")
    drawn = Counter(names.draw(rng, "HN", "surname") for _ in range(5000))
    assert drawn["Hernández"] > 10 * drawn["Cálix"] > 0
    assert {"Suyapa", "Keylin", "Maynor", "Nahún", "Selvin"} <= {
        name for kind in ("female", "female-young", "male") for name in names.pool("HN", kind)[0]
    }


def test_no_pool_names_anybody_twice():
    pools = {(row["pool"], row["kind"]) for row in names.rows("names.csv")}
    twice = {
        key: [name for name, count in Counter(names.pool(*key)[0]).items() if count > 1] for key in pools
    }
    assert not any(twice.values()), twice


def test_pet_names_are_of_the_first_given_name():
    assert names.pet_name("José Francisco") == "Chepe"
    assert names.pet_name("Suyapa") == ""
