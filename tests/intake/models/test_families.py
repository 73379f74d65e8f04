"""Families, people and stays: what must never be false, and how they are found."""

from datetime import date, timedelta

import pytest
from django.utils import translation

from intake.ages import Birth
from intake.models import Family, Person, Stay
from tests import factories
from tests.factories import NOW
from tests.intake.models import refused_by_the_database, words_about

pytestmark = pytest.mark.django_db
DAY = date(2018, 11, 6)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def family(palillo):
    return factories.make_family(
        palillo, {"given_names": "Neptalí", "surnames": "Núñez"}, {"given_names": "Ale", "age": 11}
    )


@pytest.fixture
def person(family):
    return family.members.first()


def same_again(row, **fields):
    """An unsaved copy under another identity."""
    values = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }
    return type(row)(**{**values, **fields})


# --- families ------------------------------------------------------------------------------------------------


def test_the_days_on_the_road_are_counted(family):
    assert family.days_on_the_road is None
    family.left_home_on = date(2018, 10, 15)
    assert family.days_on_the_road == 22
    family.left_home_on = family.arrived_on
    assert family.days_on_the_road == 0


def test_a_list_names_the_head_and_counts_the_members(family, django_assert_num_queries):
    with django_assert_num_queries(1):
        listed = Family.objects.with_head().get()
        assert (listed.head_name, listed.size) == ("Neptalí Núñez", 2)


def test_a_head_without_surname_is_listed_without_a_space(palillo):
    factories.make_family(palillo, {"given_names": "Ana", "surnames": ""})
    assert Family.objects.with_head().get().head_name == "Ana"


def test_nobody_leaves_home_after_arriving(family):
    with refused_by_the_database("family_left_home_before_arriving"):
        Family.objects.update(left_home_on=family.arrived_on + timedelta(days=1))
    with refused_by_the_database("family_left_home_before_arriving"):
        Family.objects.bulk_create([same_again(family, left_home_on=DAY + timedelta(days=1))])
    family.left_home_on = DAY + timedelta(days=1)
    assert words_about(family) == ["They cannot have left home after they arrived."]


@pytest.mark.parametrize("kept", [{"comments": "Viajan con un perro"}, {"left_home_on": date(2018, 10, 15)}])
def test_a_family_that_refused_keeps_no_text(family, kept):
    with refused_by_the_database("family_refused_keeps_no_text"):
        Family.objects.update(notice_answer="refused", **kept)
    family.notice_answer = "refused"
    for name, value in kept.items():
        setattr(family, name, value)
    assert words_about(family) == ["This family refused the privacy notice: only counts are kept."]


def test_a_family_that_refused_keeps_its_counts(family):
    Family.objects.update(notice_answer="refused")
    family.refresh_from_db()
    family.validate_constraints()
    assert family.is_count_only


# --- people --------------------------------------------------------------------------------------------------


def test_a_family_has_one_head(family, person):
    with refused_by_the_database("one_head_per_family"):
        family.members.update(relationship="HEAD")
    with refused_by_the_database("one_head_per_family"):
        Person.objects.bulk_create([same_again(person)])
    assert words_about(same_again(person)) == ["This family already has a head."]


def test_two_families_have_a_head_each(palillo, family):
    factories.make_family(palillo)
    assert Person.objects.filter(relationship="HEAD").count() == 2


@pytest.mark.parametrize(
    ("birth", "constraint"),
    [
        (Birth(None, "day"), "person_birth_date_has_precision"),
        (Birth(None, "year"), "person_birth_date_has_precision"),
        (Birth(date(1991, 7, 2), "unknown"), "person_birth_date_has_precision"),
        (Birth(date(1991, 7, 2), "age"), "person_said_age_has_its_day"),
        (Birth(date(1991, 7, 2), "year", DAY), "person_said_age_has_its_day"),
        (Birth(date(1991, 7, 2), "day", DAY), "person_said_age_has_its_day"),
        (Birth(None, "unknown", DAY), "person_said_age_has_its_day"),
    ],
)
def test_a_birth_date_says_how_exact_it_is(person, birth, constraint):
    columns = dict(zip(("birth_date", "birth_precision", "age_said_on"), birth, strict=True))
    with refused_by_the_database(constraint):
        Person.objects.filter(pk=person.pk).update(**columns)
    with refused_by_the_database(constraint):
        Person.objects.bulk_create([same_again(person, relationship="UNKNOWN", **columns)])


@pytest.mark.parametrize(
    "birth",
    [Birth(), Birth(DAY, "day"), Birth(DAY, "month"), Birth(DAY, "year"), Birth.from_age(3, DAY)],
)
def test_every_precision_can_be_kept(person, birth):
    person.birth = birth
    person.save()
    assert Person.objects.get(pk=person.pk).birth == birth


def test_a_department_lies_in_its_country(person):
    with refused_by_the_database("person_region_lies_in_country"):
        Person.objects.filter(pk=person.pk).update(origin_country="GT", origin_region="HN-OL")
    with refused_by_the_database("person_region_lies_in_country"):
        Person.objects.filter(pk=person.pk).update(origin_country="XU", origin_region="HN-OL")


def test_a_department_in_another_country_is_said_in_words(person):
    person.origin_country, person.origin_region_id = "GT", "HN-OL"
    assert words_about(person) == ["That department is not in that country."]


def test_an_origin_is_said_in_words(person):
    person.origin_region_id = "HN-OL"
    assert person.origin_text == "Olancho, Honduras"
    person.origin_region = None
    assert person.origin_text == "Honduras"


def test_somebody_without_a_name_is_still_somebody(palillo):
    person = factories.make_family(palillo, {"given_names": "", "surnames": ""}).members.get()
    assert (str(person), person.full_name, person.name_key) == ("Person without name", "", "")


# --- the searchable copy of the names --------------------------------------------------------------------------


def test_the_folded_name_is_right_after_saving(person):
    assert person.name_key == Person.objects.get(pk=person.pk).name_key == "neptali nunez"
    person.given_names, person.known_as = "José", "Chepe"
    person.save()
    assert person.name_key == Person.objects.get(pk=person.pk).name_key == "jose nunez chepe"


def test_the_folded_name_is_right_after_making_many(family):
    made = [
        Person(family=family, given_names="Ángel", surnames="Muñoz"),
        Person(family=family, known_as="La Güera"),
    ]
    Person.objects.bulk_create(made)
    stored = Person.objects.in_bulk([person.pk for person in made])
    assert [stored[person.pk].name_key for person in made] == ["angel munoz", "la guera"]
    assert [person.name_key for person in made] == ["angel munoz", "la guera"]


def test_a_name_that_folding_makes_longer_than_its_column_is_cut(family):
    """ß becomes ss: every field is within its own length, and the copy of them all is not."""
    longest = {"given_names": "ß" * 80, "surnames": "ß" * 80, "known_as": "ß" * 60}
    person = Person.objects.create(family=family, **longest)
    assert len(Person.objects.get(pk=person.pk).name_key) == 400


# --- by age --------------------------------------------------------------------------------------------------


def test_adults_and_minors_share_out_everybody_whose_age_is_known(palillo):
    family = factories.make_family(palillo, {"age": 18}, {"age": 17}, {"age": 0}, {"age": 70}, {"age": None})
    adult, minor, baby, older, unknown = family.members.all()
    assert set(Person.objects.adults(DAY)) == {adult, older}
    assert set(Person.objects.minors(DAY)) == {minor, baby}
    assert unknown.age_on(DAY) is None


def test_an_age_group_includes_both_ends(palillo):
    family = factories.make_family(palillo, *({"age": age} for age in (4, 5, 6, 11, 12, None)))
    ages = [person.age_on(DAY) for person in family.members.all().aged(5, 11, DAY)]
    assert ages == [5, 6, 11]


def test_coming_of_age_is_the_same_for_one_and_for_many(palillo):
    person = factories.make_family(
        palillo, {"birth_date": date(2000, 11, 6), "birth_precision": "day"}
    ).members.get()
    eve = DAY - timedelta(days=1)
    assert (person.age_on(eve), person.age_on(DAY)) == (17, 18)
    assert list(Person.objects.minors(eve)) == list(Person.objects.adults(DAY)) == [person]
    assert not Person.objects.adults(eve).exists()


def test_only_counts_are_left_of_somebody_who_refused(person):
    person.origin_region_id, person.known_as = "HN-OL", "Nepta"
    person.birth = Birth(date(1984, 3, 14), "day")
    person.reduce_to_counts(DAY)
    assert (person.full_name, person.known_as, person.origin_region) == ("", "", None)
    assert (person.sex, person.relationship, person.origin_country) == ("F", "HEAD", "HN")
    assert person.birth == Birth(date(1984, 11, 6), "age", DAY)


def test_an_age_that_was_said_stays_said_on_its_day(person):
    said_on = DAY - timedelta(days=400)
    person.birth = Birth.from_age(33, said_on)
    person.reduce_to_counts(DAY)
    assert person.birth == Birth.from_age(33, said_on)


def test_somebody_of_unknown_age_stays_of_unknown_age(person):
    person.birth = Birth()
    person.reduce_to_counts(DAY)
    assert person.birth == Birth()


# --- stays ---------------------------------------------------------------------------------------------------


def test_nobody_is_in_two_places(person, annex):
    stay = person.stays.get()
    with refused_by_the_database("one_open_stay_per_person"):
        Stay.objects.bulk_create([same_again(stay, shelter_id=annex.pk)])
    assert words_about(same_again(stay, shelter_id=annex.pk)) == ["This person is already in a shelter."]


def test_somebody_may_come_back(person):
    Stay.objects.filter(person=person).update(out_at=NOW + timedelta(days=1), out_on=DAY + timedelta(days=1))
    factories.make_stay(person, at=NOW + timedelta(days=2))
    assert person.stays.count() == 2
    assert Stay.objects.open().filter(person=person).count() == 1


def test_a_stay_does_not_end_before_it_begins(person):
    with refused_by_the_database("stay_ends_after_it_begins"):
        Stay.objects.update(out_at=NOW - timedelta(seconds=1), out_on=DAY)
    stay = person.stays.get()
    stay.out_at, stay.out_on = NOW - timedelta(seconds=1), DAY
    assert words_about(stay) == ["Nobody can leave before they came."]


@pytest.mark.parametrize("end", [{"out_at": NOW + timedelta(days=1)}, {"out_on": DAY}])
def test_the_end_of_a_stay_has_its_moment_and_its_day(person, end):
    with refused_by_the_database("stay_out_has_its_day"):
        Stay.objects.update(**end)


def test_somebody_is_present_from_coming_in_to_going_out(palillo, annex, person):
    Stay.objects.filter(person=person).update(out_at=NOW + timedelta(hours=2), out_on=DAY)
    moments = [-1, 0, 1, 2, 3]
    present = [
        person in Person.objects.present_at(NOW + timedelta(hours=hours), palillo) for hours in moments
    ]
    assert present == [False, True, True, False, False]
    assert person not in Person.objects.present_at(NOW + timedelta(hours=1), annex)


def test_who_came_back_is_present_once(palillo, person):
    Stay.objects.filter(person=person).update(out_at=NOW + timedelta(hours=1), out_on=DAY)
    factories.make_stay(person, at=NOW + timedelta(hours=2))
    assert list(Person.objects.present_at(NOW + timedelta(hours=3), palillo).filter(pk=person.pk)) == [person]


def test_a_stay_says_who_and_where(person):
    assert str(person.stays.get()) == "Neptalí Núñez · Estadio Palillo"
