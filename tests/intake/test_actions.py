"""What touches several tables: all of it or nothing, once, on the trail. Services: test_actions_services.py."""

import json
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError

from intake import actions
from intake.ages import Birth
from intake.models import (
    Family,
    Intention,
    Person,
    PersonNeed,
    Plan,
    PrivacyNotice,
    ServiceReceived,
    SpecificNeed,
    Stay,
    Submission,
)
from intake.reading import note_shown
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
DAY = date(2018, 11, 6)
NAMES = ("Neptalí", "Núñez", "Nepta", "Ale", "Olancho", "perro")


@pytest.fixture(autouse=True)
def that_morning():
    """09:00 in Mexico City."""
    with time_machine.travel(NOW, tick=False):
        yield


def form(by, digest="a", key=None):
    return Submission(key=key or uuid.uuid4(), digest=digest, by=by)


def unsaved_family(shelter, by, **fields):
    return Family(
        **{
            "shelter": shelter,
            "registered_on": DAY,
            "registered_by": by,
            "arrived_on": DAY,
            "left_home_on": date(2018, 10, 15),
            "notice": PrivacyNotice.objects.latest(),
            "notice_answer": "accepted",
            "comments": "Viajan con un perro",
            **fields,
        }
    )


def unsaved_people():
    mother = Person(given_names="Neptalí", surnames="Núñez", known_as="Nepta", sex="F", relationship="HEAD")
    ale = Person(given_names="Ale", surnames="Núñez", sex="F", relationship="CHILD")
    mother.birth, ale.birth = Birth(date(1984, 3, 14), "day"), Birth.from_age(11, DAY)
    for person in (mother, ale):
        person.origin_country, person.origin_region_id = "HN", "HN-OL"
    return [mother, ale]


def register(shelter, by, *, submission=None, people=None, zone=None, **fields):
    people = people or unsaved_people()
    return actions.register_family(
        submission=submission or form(by),
        family=unsaved_family(shelter, by, **fields),
        people=people,
        needs=[(people[0], "X-PR")],
        plan=Plan.objects.get(pk="MEX-STAY"),
        zone=zone,
        by=by,
    )


@pytest.fixture
def by(cast):
    return cast.volunteer


@pytest.fixture
def family(palillo, by):
    return register(palillo, by)


def the_event(action):
    """The one event of this kind, which tells nothing of anybody."""
    event = AccessEvent.objects.get(action=action)
    told = json.dumps(event.detail, ensure_ascii=False)
    assert not [name for name in NAMES if name in told]
    return event


# --- registering ---------------------------------------------------------------------------------------------


def test_a_family_is_stored_with_all_that_was_said(family, palillo, by):
    mother, ale = family.members.all()
    assert (mother.full_name, mother.name_key, ale.position) == ("Neptalí Núñez", "neptali nunez nepta", 1)
    assert [(stay.person, stay.in_at, stay.in_on) for stay in Stay.objects.order_by("person__position")] == [
        (mother, NOW, DAY),
        (ale, NOW, DAY),
    ]
    assert PersonNeed.objects.get().person == mother
    intention = Intention.objects.get()
    assert (intention.person, intention.plan_id, intention.said_on) == (mother, "MEX-STAY", DAY)
    assert Submission.objects.get().family == family
    event = the_event("family_registered")
    assert (event.user, event.shelter, event.subject_id, event.detail) == (
        by,
        palillo,
        str(family.pk),
        {"people": 2},
    )


def test_a_registration_writes_no_history(family):
    assert not Family.history.exists()
    assert not Person.history.exists()
    assert not Stay.history.exists()


def test_who_arrived_on_an_earlier_day_came_in_at_its_noon(palillo, by):
    register(palillo, by, arrived_on=date(2018, 11, 4))
    stay = Stay.objects.first()
    assert (stay.in_at, stay.in_on) == (datetime(2018, 11, 4, 18, tzinfo=UTC), date(2018, 11, 4))


def test_a_zone_is_where_they_sleep(palillo, by):
    zone = factories.make_zone(palillo)
    register(palillo, by, zone=zone)
    assert {stay.zone for stay in Stay.objects.all()} == {zone}


def test_a_registration_costs_the_same_for_any_family(palillo, by, django_assert_max_num_queries):
    big = unsaved_people() + [Person(given_names=f"Niño {i}", relationship="CHILD") for i in range(18)]
    with django_assert_max_num_queries(12):
        register(palillo, by, people=big)


def test_only_counts_are_stored_of_a_family_that_refused(palillo, by):
    family = register(palillo, by, notice_answer="refused")
    family.refresh_from_db()
    assert (family.comments, family.left_home_on) == ("", None)
    mother, ale = family.members.all()
    for person in (mother, ale):
        assert (person.given_names, person.surnames, person.known_as, person.name_key) == ("", "", "", "")
        assert (person.origin_region, person.origin_country, person.sex) == (None, "HN", "F")
    assert (mother.birth, ale.birth) == (Birth.from_age(34, DAY), Birth.from_age(11, DAY))
    assert not PersonNeed.objects.exists()
    assert not Intention.objects.exists()
    assert Stay.objects.open().count() == 2
    the_event("family_registered")


def test_the_same_form_again_is_the_same_family(family, palillo, by):
    first = Submission.objects.get()
    with pytest.raises(actions.AlreadySaved) as saved:
        register(palillo, by, submission=form(by, key=first.key))
    assert (saved.value.submission.family, saved.value.is_same) == (family, True)
    assert (Family.objects.count(), Person.objects.count(), AccessEvent.objects.count()) == (1, 2, 1)


def test_other_words_under_the_same_key_are_not_the_same(family, palillo, by):
    first = Submission.objects.get()
    with pytest.raises(actions.AlreadySaved) as saved:
        register(palillo, by, submission=form(by, digest="b", key=first.key))
    assert not saved.value.is_same
    assert Family.objects.count() == 1


def test_another_account_under_the_same_key_is_not_the_same(family, palillo, cast):
    first = Submission.objects.get()
    with pytest.raises(actions.AlreadySaved) as saved:
        register(palillo, cast.coordinator, submission=form(cast.coordinator, key=first.key))
    assert not saved.value.is_same
    assert Family.objects.count() == 1


def test_what_the_database_refuses_leaves_nothing_behind(palillo, by):
    people = unsaved_people()
    people[1].relationship = "HEAD"
    submission = form(by)
    with pytest.raises(IntegrityError):
        register(palillo, by, submission=submission, people=people)
    assert not Family.objects.exists()
    assert not Submission.objects.exists()
    assert not AccessEvent.objects.exists()


def test_a_registration_is_taken_back_whole(family, by):
    actions.undo_registration(family, by=by)
    assert not any(model.objects.exists() for model in (Family, Person, Stay, PersonNeed, Intention))
    assert the_event("family_changed").detail == {"undone": True}


def test_whom_a_search_has_shown_since_is_taken_back_all_the_same(family, by, cast):
    note_shown(cast.health, {family.pk: family.shelter_id})
    actions.undo_registration(family, by=by)
    assert not Family.objects.exists()


# --- one more, and two families of one -----------------------------------------------------------------------


def test_one_more_member_is_checked_in(family, palillo, by):
    uncle = Person(given_names="Ale", relationship="AUNT-UNCLE")
    submission = form(by)
    actions.add_member(family, uncle, submission=submission, needs=["DS"], by=by)
    assert [person.pk for person in family.members.all()][-1] == uncle.pk
    assert Stay.objects.open().filter(person=uncle, shelter=palillo).exists()
    assert uncle.needs.get().need_id == "DS"
    assert the_event("person_added").subject_id == str(uncle.pk)
    with pytest.raises(actions.AlreadySaved):
        actions.add_member(family, Person(given_names="Ale"), submission=form(by, key=submission.key), by=by)
    assert family.members.count() == 3


def test_one_more_member_of_a_family_that_refused_is_only_counted(palillo, by):
    family = register(palillo, by, notice_answer="refused")
    actions.add_member(family, Person(given_names="Ale", surnames="Núñez"), submission=form(by), by=by)
    assert not family.members.exclude(name_key="", given_names="", surnames="").exists()


@pytest.fixture
def five(palillo, by):
    members = [
        {"given_names": name, "age": age} for name, age in zip("ABCDE", (40, 41, 20, 10, 5), strict=True)
    ]
    return factories.make_family(palillo, *members, by=by, left_home_on=date(2018, 10, 15), language_id="cab")


def names_of(family):
    return "".join(person.given_names for person in family.members.all())


def test_who_leaves_becomes_a_family_and_the_head_stays(five, by, palillo):
    leaving = list(five.members.filter(given_names__in="CE"))
    new = actions.split_family(five, leaving, submission=form(by), by=by)
    assert (names_of(five), names_of(new)) == ("ABD", "CE")
    assert [person.relationship for person in new.members.all()] == ["HEAD", "UNKNOWN"]
    assert [person.relationship for person in five.members.all()] == ["HEAD", "OTHER-RELATIVE", "CHILD"]
    assert [person.version for person in new.members.all()] == [2, 2]
    assert [person.version for person in five.members.all()] == [1, 1, 1]
    shared = ("shelter", "arrived_on", "left_home_on", "language", "notice", "notice_answer")
    assert [getattr(new, name) for name in shared] == [getattr(five, name) for name in shared]
    assert (new.registered_by, new.registered_on, new.comments) == (by, DAY, "")
    assert the_event("family_split").detail == {"people": 2, "into": str(new.pk)}


def test_if_the_head_leaves_the_first_who_stays_becomes_head(five, by):
    new = actions.split_family(
        five, list(five.members.filter(given_names__in="AD")), submission=form(by), by=by
    )
    assert (names_of(five), names_of(new)) == ("BCE", "AD")
    assert [person.relationship for person in five.members.all()] == ["HEAD", "UNKNOWN", "UNKNOWN"]
    assert [person.relationship for person in new.members.all()] == ["HEAD", "UNKNOWN"]
    assert [person.version for person in Person.objects.all()] == [2] * 5


def test_what_was_done_for_somebody_moves_along(five, by):
    person = five.members.get(given_names="C")
    service, need = factories.make_service(person), factories.make_need(person, "DS")
    new = actions.split_family(five, [person], submission=form(by), by=by)
    assert ServiceReceived.objects.get(person__family=new) == service
    assert PersonNeed.objects.get(person__family=new) == need
    assert Stay.objects.open().get(person__family=new).person == person


def test_the_history_knows_where_somebody_was_before(five, by):
    person = five.members.get(given_names="C")
    new = actions.split_family(five, [person], submission=form(by), by=by)
    first, moved = person.history.order_by("history_id")
    assert (first.family_id, moved.family_id, moved.history_user) == (five.pk, new.pk, by)


def test_the_same_split_again_changes_nothing(five, by):
    submission = form(by)
    new = actions.split_family(five, [five.members.get(given_names="C")], submission=submission, by=by)
    with pytest.raises(actions.AlreadySaved) as saved:
        actions.split_family(
            five, [five.members.get(given_names="D")], submission=form(by, key=submission.key), by=by
        )
    assert saved.value.submission.family == new
    assert (Family.objects.count(), names_of(five)) == (2, "ABDE")


# --- out and in again ----------------------------------------------------------------------------------------


def test_who_departs_is_no_longer_inside(five, by, palillo):
    leaving = list(five.members.select_related("family__shelter").filter(given_names__in="CD"))
    at = datetime(2018, 11, 7, 3, tzinfo=UTC)  # still the 6th in Mexico City
    assert actions.depart(leaving, at=at, to="north", by=by) == 2
    stay = Stay.objects.get(person=leaving[0])
    assert (stay.out_at, stay.out_on, stay.out_to) == (at, DAY, "north")
    assert Stay.objects.open().count() == 3
    event = the_event("departed")
    assert (event.subject_id, event.detail) == (str(five.pk), {"people": 2, "to": "north"})


def test_a_departure_keeps_what_the_stay_was_before(five, by):
    person = five.members.select_related("family__shelter").first()
    actions.depart([person], at=NOW, to="city", by=by)
    assert [version.out_at for version in person.stays.get().history.order_by("history_id")] == [None, NOW]


def test_who_has_left_already_does_not_leave_again(five, by):
    people = list(five.members.select_related("family__shelter"))
    actions.depart(people[:1], at=NOW, to="north", by=by)
    assert actions.depart(people, at=NOW + timedelta(hours=1), to="city", by=by) == 4
    assert people[0].stays.get().out_to == "north"


def test_a_departure_of_nobody_is_no_event(five, by):
    people = list(five.members.select_related("family__shelter"))
    actions.depart(people, at=NOW, to="north", by=by)
    assert actions.depart(people, at=NOW, to="north", by=by) == 0
    assert the_event("departed").detail == {"people": 5, "to": "north"}


def test_two_families_that_depart_together_are_two_events(five, family, by):
    people = [*Person.objects.select_related("family__shelter").filter(family__in=[five, family])]
    assert actions.depart(people, at=NOW, to="north", by=by) == 7
    events = AccessEvent.objects.filter(action="departed")
    assert {(event.subject_id, event.detail["people"]) for event in events} == {
        (str(five.pk), 5),
        (str(family.pk), 2),
    }


def test_who_comes_back_has_a_new_stay(five, by, palillo):
    people = list(five.members.select_related("family__shelter"))
    actions.depart(people[:2], at=NOW, to="north", by=by)
    zone = factories.make_zone(palillo)
    assert actions.come_back(people, shelter=palillo, zone=zone, by=by) == 2
    assert Stay.objects.open().count() == 5
    assert people[0].stays.get(out_at=None).zone == zone
    assert the_event("returned").detail == {"people": 2}
    assert actions.come_back(people, shelter=palillo, by=by) == 0
    the_event("returned")


# --- corrections ---------------------------------------------------------------------------------------------


def test_a_corrected_family_keeps_its_history(family, by):
    family.comments = "Ya sin perro"
    actions.change_family(family, ["comments"], by=by)
    family.refresh_from_db()
    assert family.version == 2
    assert [row.comments for row in family.history.order_by("history_id")] == [
        "Viajan con un perro",
        "Ya sin perro",
    ]
    assert the_event("family_changed").detail == {"fields": ["comments"]}


def test_a_family_that_takes_its_agreement_back_is_forgotten(family, by):
    """In its rows, in the searchable copies, and in what history kept of it."""
    mother = family.members.first()
    mother.known_as = "Olancho"
    actions.change_person(mother, ["known_as"], by=by)
    family.comments = "Viajan con dos perros"
    actions.change_family(family, ["comments"], by=by)
    family.notice_answer = "refused"
    actions.change_family(family, ["notice_answer"], by=by)
    family.refresh_from_db()
    assert (family.is_count_only, family.comments, family.left_home_on, family.version) == (True, "", None, 3)
    for person, years in zip(family.members.all(), (34, 11), strict=True):
        assert (person.given_names, person.surnames, person.known_as, person.name_key) == ("", "", "", "")
        assert (person.origin_country, person.origin_region, person.birth) == (
            "HN",
            None,
            Birth.from_age(years, DAY),
        )
    assert not any(model.objects.exists() for model in (PersonNeed, Intention))
    kept = [*Family.history.all(), *Person.history.all(), *PersonNeed.history.all()]
    told = " ".join(str(value) for row in kept for value in vars(row).values())
    assert not [name for name in (*NAMES, "1984-03-14", "nunez") if name in told]


def test_what_history_kept_of_somebody_in_another_family_is_forgotten_too(family, by):
    """They were split off, and then refused: their first version still names them under the old family."""
    ale = family.members.get(given_names="Ale")
    new = actions.split_family(family, [ale], submission=form(by), by=by)
    assert Person.history.filter(given_names="Ale").exists()
    new.notice_answer = "refused"
    actions.change_family(new, ["notice_answer"], by=by)
    assert not Person.history.filter(given_names="Ale").exists()


def test_others_keep_the_history_they_had_in_that_family(family, by):
    ale = family.members.get(given_names="Ale")
    actions.split_family(family, [ale], submission=form(by), by=by)
    family.notice_answer = "refused"
    actions.change_family(family, ["notice_answer"], by=by)
    assert [version.family_id == family.pk for version in ale.history.order_by("history_id")] == [True, False]


def test_a_corrected_person_keeps_the_name_key_right(family, by):
    mother = family.members.first()
    mother.surnames = "Hernández"
    actions.change_person(mother, ["surnames"], by=by)
    mother.refresh_from_db()
    assert (mother.version, mother.name_key) == (2, "neptali hernandez nepta")
    assert the_event("person_changed").detail == {"fields": ["surnames"]}


def test_a_new_head_takes_the_place_of_the_old_one(family, by):
    mother, ale = family.members.all()
    ale.relationship = "HEAD"
    actions.change_person(ale, ["relationship"], by=by)
    mother.refresh_from_db()
    assert (mother.relationship, mother.version) == ("UNKNOWN", 2)
    assert family.members.get(relationship="HEAD") == ale
    assert [version.relationship for version in mother.history.order_by("history_id")] == ["HEAD", "UNKNOWN"]


def test_the_head_stays_head_when_something_else_is_corrected(family, by):
    mother = family.members.first()
    mother.known_as = ""
    actions.change_person(mother, ["known_as"], by=by)
    assert family.members.get(relationship="HEAD") == mother


# --- plans and needs -----------------------------------------------------------------------------------------


def test_a_change_of_mind_is_a_new_row(family, by):
    mother = family.members.first()
    actions.record_intention(mother, Plan.objects.get(pk="ONWARD"), by=by)
    assert [row.plan_id for row in mother.intentions.order_by("said_at", "plan")] == ["MEX-STAY", "ONWARD"]
    assert the_event("intention_recorded").subject_id == str(mother.pk)


def test_the_same_plan_twice_on_one_day_is_one_row(family, by):
    """A double click says nothing new."""
    mother, stay = family.members.first(), Plan.objects.get(pk="MEX-STAY")
    actions.record_intention(mother, stay, by=by)
    assert mother.intentions.count() == 1
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        actions.record_intention(mother, stay, by=by)
    assert mother.intentions.count() == 2


@pytest.mark.parametrize("state", PersonNeed.State.values)
def test_a_need_is_recorded_in_each_state(family, by, state):
    ale, need = family.members.last(), SpecificNeed.objects.get(pk="SC-UC")
    row = actions.record_need(ale, need, state=state, reason="Vive con su tía", by=by)
    row.refresh_from_db()
    assert (row.state, row.reason, row.by) == (state, "Vive con su tía", by)
    assert (row.ruled_out_at == NOW) == (state == "ruled_out")
    event = the_event("need_recorded")
    assert (event.subject_id, event.detail) == (str(ale.pk), {"state": state})


def test_the_trail_does_not_tell_of_a_protection_need(family, by):
    """A line of its own, about a need that the page does not show, would say that there is one."""
    need = SpecificNeed.objects.filter(tier=SpecificNeed.Tier.PROTECTION).first()
    actions.record_need(family.members.last(), need, state="confirmed", by=by)
    event = the_event("person_changed")
    assert "confirmed" not in str(event.detail)
    assert not AccessEvent.objects.filter(action="need_recorded").exists()


def test_a_need_changes_its_state_and_keeps_its_history(family, by):
    ale, need = family.members.last(), SpecificNeed.objects.get(pk="SC-UC")
    for state in ("reported", "confirmed", "ruled_out"):
        row = actions.record_need(ale, need, state=state, reason=state, by=by)
    assert ale.needs.get() == row
    assert (row.confirmed_at, row.ruled_out_at) == (NOW, NOW)
    assert [version.state for version in row.history.order_by("history_id")] == [
        "reported",
        "confirmed",
        "ruled_out",
    ]


def test_a_need_that_comes_back_is_a_new_row_and_the_old_one_stands(family, by):
    ale, need = family.members.last(), SpecificNeed.objects.get(pk="SC-UC")
    first = actions.record_need(ale, need, state="ruled_out", reason="con su tía", by=by)
    same = actions.record_need(ale, need, state="ruled_out", reason="con su tío", by=by)
    assert (same.pk, same.ruled_out_at, same.reason) == (first.pk, NOW, "con su tío")
    again = actions.record_need(ale, need, state="confirmed", reason="se quedó sola", by=by)
    assert again.pk != first.pk
    assert ale.needs.count() == 2
    assert ale.needs.get(pk=first.pk).ruled_out_at == NOW
