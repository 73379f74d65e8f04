"""What ages and relationships tell by themselves."""

from datetime import date, timedelta

import pytest

from intake import computed
from intake.ages import Birth
from intake.computed import computed_needs
from intake.models import Person, Relationship

DAY = date(2018, 11, 6)


def somebody(relationship, age=None, **fields):
    person = Person(relationship=relationship, **fields)
    if age is not None:
        person.birth = Birth.from_age(age, DAY)
    return person


def needs(*members):
    """The codes of each member, in order; members are (relationship, age in years or None)."""
    people = [somebody(*member) for member in members]
    found = computed_needs(people, DAY)
    return [found[person] for person in people]


# --- children alone ----------------------------------------------------------------------------------------


def test_a_child_alone_is_unaccompanied():
    assert needs(("HEAD", 16)) == [["SC-UC"]]


def test_children_among_themselves_are_unaccompanied_and_the_oldest_heads_them():
    assert needs(("HEAD", 17), ("SIBLING", 9), ("SIBLING", 4)) == [["SC-UC", "SC-CH"], ["SC-UC"], ["SC-UC"]]


def test_a_child_with_a_baby_heads_a_family():
    assert needs(("HEAD", 16), ("CHILD", 1)) == [["SC-UC", "SC-CH"], ["SC-UC"]]


def test_a_child_with_its_mother_needs_nothing():
    assert needs(("HEAD", 40), ("PARTNER", 41), ("CHILD", 10)) == [[], [], []]


@pytest.mark.parametrize(("age", "codes"), [(17, ["SC-UC"]), (18, []), (19, [])])
def test_somebody_is_a_child_until_eighteen(age, codes):
    assert needs(("HEAD", age)) == [codes]


def test_somebody_comes_of_age_on_the_birthday():
    person = Person(relationship="HEAD")
    person.birth = Birth(date(2000, 11, 6), "day")
    assert computed_needs([person], date(2018, 11, 5)) == {person: ["SC-UC"]}
    assert computed_needs([person], date(2018, 11, 6)) == {person: []}


# --- children with adults who are not their parents ----------------------------------------------------------


@pytest.mark.parametrize(
    ("adult", "child"),
    [
        ("SIBLING", "CHILD"),
        ("HEAD", "SIBLING"),
        ("HEAD", "NIECE-NEPHEW"),
        ("HEAD", "GRANDCHILD"),
        ("HEAD", "COUSIN"),
        ("HEAD", "GODCHILD"),
        ("HEAD", "FOSTER-CHILD"),
        ("HEAD", "HALF-SIBLING"),
        ("HEAD", "OTHER-RELATIVE"),
    ],
)
def test_a_child_without_its_parents_is_separated(adult, child):
    """With two adults, so that nobody is a single parent as well."""
    assert needs((adult, 30), ("COUSIN" if adult == "HEAD" else "PARENT", 50), (child, 9))[2] == ["SC-SC"]


@pytest.mark.parametrize(
    ("child", "carer"),
    [
        (child, carer)
        for child, carers in computed.CARERS.items()
        if child != "HEAD"
        for carer in sorted(carers)
    ],
)
def test_a_child_with_its_carer_is_not_separated(child, carer):
    others = [("HEAD", 60)] if carer != "HEAD" else []
    assert needs(*others, (carer, 40), (child, 9))[-1] == []


@pytest.mark.parametrize("carer", sorted(computed.CARERS[Relationship.HEAD]))
def test_a_child_may_head_a_family_with_its_parents(carer):
    assert needs(("HEAD", 16), (carer, 40))[0] == []


def test_a_child_who_heads_a_family_with_an_adult_brother_is_separated():
    assert needs(("HEAD", 16), ("SIBLING", 20))[0] == ["SC-SC"]


def test_a_partner_under_age_is_not_called_separated():
    assert needs(("HEAD", 20), ("PARTNER", 17))[1] == []


def test_a_child_whose_relationship_nobody_knows_is_not_called_separated():
    assert needs(("HEAD", 30), ("UNKNOWN", 9))[1] == []


# --- companions ----------------------------------------------------------------------------------------------


def test_a_child_who_only_travels_along_is_unaccompanied():
    assert needs(("HEAD", 30), ("PARTNER", 31), ("COMPANION", 15)) == [[], [], ["SC-UC"]]


def test_an_adult_companion_accompanies_nobody():
    assert needs(("HEAD", 16), ("COMPANION", 30)) == [["SC-UC"], []]


def test_a_companion_makes_no_single_parent_a_couple():
    assert needs(("HEAD", 30), ("CHILD", 5), ("COMPANION", 31)) == [["SP-PT"], [], []]


def test_an_older_person_with_a_companion_has_no_family():
    assert needs(("HEAD", 70), ("COMPANION", 30)) == [["ER-NF"], []]


# --- adults alone --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("child", ["CHILD", "STEPCHILD", "FOSTER-CHILD"])
def test_one_adult_with_children_is_a_single_parent(child):
    assert needs(("HEAD", 30), (child, 5))[0] == ["SP-PT"]


def test_two_adults_are_no_single_parent():
    assert needs(("HEAD", 30), ("SIBLING", 20), ("CHILD", 5)) == [[], [], []]


def test_a_mother_of_grown_children_is_no_single_parent():
    assert needs(("HEAD", 50), ("CHILD", 20)) == [[], []]


def test_a_grandmother_with_grandchildren_is_a_single_grandparent():
    assert needs(("HEAD", 55), ("GRANDCHILD", 5)) == [["SP-GP"], ["SC-SC"]]


def test_an_older_person_with_children_has_them_in_care():
    assert needs(("HEAD", 60), ("GRANDCHILD", 5))[0] == ["SP-GP", "ER-MC"]
    assert needs(("HEAD", 61), ("NIECE-NEPHEW", 5))[0] == ["ER-MC"]


@pytest.mark.parametrize(("age", "codes"), [(59, []), (60, ["ER-NF"])])
def test_an_older_person_alone_is_without_family(age, codes):
    assert needs(("HEAD", age)) == [codes]


def test_an_older_couple_is_not_alone():
    assert needs(("HEAD", 70), ("SPOUSE", 72)) == [[], []]


# --- unknown ages --------------------------------------------------------------------------------------------


def test_nothing_is_said_of_somebody_whose_age_nobody_knows():
    assert needs(("HEAD", None)) == [[]]
    assert needs(("HEAD", None), ("CHILD", None)) == [[], []]


def test_a_child_whose_elders_have_no_age_is_looked_at():
    """A false alarm is looked at, a missed child is not."""
    assert needs(("HEAD", None), ("CHILD", 9)) == [[], ["SC-UC"]]


def test_a_family_with_one_known_adult_counts_only_that_one():
    assert needs(("HEAD", 30), ("PARTNER", None), ("CHILD", 5))[0] == ["SP-PT"]


# --- the newborn ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "codes"), [(1, ["X-NB"]), (28, ["X-NB"]), (29, []), (300, [])])
@pytest.mark.parametrize("precision", ["day", "age"])
def test_a_baby_is_newborn_for_twenty_eight_days(days, codes, precision):
    mother, baby = somebody("HEAD", 30), Person(relationship="CHILD")
    baby.birth = Birth(DAY - timedelta(days=days), precision, DAY if precision == "age" else None)
    assert computed_needs([mother, baby], DAY)[baby] == codes


def test_nought_years_does_not_say_newborn_but_a_birthday_today_does():
    mother, baby = somebody("HEAD", 30), somebody("CHILD", 0)
    assert computed_needs([mother, baby], DAY)[baby] == []
    baby.birth = Birth(DAY, "day")
    assert computed_needs([mother, baby], DAY)[baby] == ["X-NB"]


@pytest.mark.parametrize("precision", ["month", "year"])
def test_a_month_or_a_year_is_not_exact_enough_for_a_newborn(precision):
    mother, baby = somebody("HEAD", 30), Person(relationship="CHILD")
    baby.birth = Birth(DAY, precision)
    assert computed_needs([mother, baby], DAY)[baby] == []


def test_somebody_born_after_that_day_is_no_newborn_yet():
    mother, baby = somebody("HEAD", 30), Person(relationship="CHILD")
    baby.birth = Birth(DAY + timedelta(days=1), "day")
    assert "X-NB" not in computed_needs([mother, baby], DAY)[baby]


# --- together ------------------------------------------------------------------------------------------------


def test_nobody_is_nothing():
    assert computed_needs([], DAY) == {}


def test_every_code_can_come_about():
    families = [
        [("HEAD", 16), ("SIBLING", 9)],
        [("HEAD", 30), ("NIECE-NEPHEW", 9)],
        [("HEAD", 30), ("CHILD", 1)],
        [("HEAD", 70)],
        [("HEAD", 70), ("GRANDCHILD", 3)],
    ]
    found = {code for family in families for codes in needs(*family) for code in codes}
    assert found | {computed.NEWBORN} == set(computed.CODES)
