"""Joining two records and taking it back: nothing lost, and every row as it was."""

import json
import uuid
from datetime import date, timedelta

import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake import actions
from intake.ages import Birth
from intake.models import (
    Card,
    Family,
    LookAlike,
    Merge,
    Person,
    PersonNeed,
    ServiceReceived,
    ServiceType,
    Stay,
    Submission,
)
from intake.reports.census import census
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LATER = NOW + timedelta(hours=6)
NOT_COMPARED = {"Merge", "Submission"}


@pytest.fixture(autouse=True)
def clock():
    """15:00 in Mexico City; `clock.shift(HOUR)` goes on."""
    with time_machine.travel(LATER, tick=False) as travel:
        yield travel


@pytest.fixture
def by(cast):
    return cast.coordinator


@pytest.fixture
def kept(palillo, cast):
    mother = {"given_names": "Neptalí", "surnames": "Núñez", "age": 34, "origin_region_id": "HN-OL"}
    return factories.make_family(palillo, mother, {"given_names": "Ale", "age": 11}, by=cast.volunteer)


@pytest.fixture
def gone(palillo, cast):
    mother = {"given_names": "Neftali", "surnames": "Nunes", "age": 35}
    others = [{"given_names": "Ale", "age": 12}, {"given_names": "Rosa", "age": 60}]
    at = NOW + HOUR
    return factories.make_family(
        palillo, mother, *others, by=cast.volunteer, at=at, arrived_on=date(2018, 11, 5)
    )


def members(family):
    return list(Person.objects.filter(family=family).order_by("position"))


def pairs_of(kept, gone, n=2):
    return list(zip(members(kept)[:n], members(gone)[:n], strict=True))


def join(kept, gone, by, n=2, **options):
    return actions.merge(kept, gone, pairs=pairs_of(kept, gone, n), by=by, **options)


def everything():
    """Every row of intake, without what only says that something happened."""
    return {
        model.__name__: {
            row["pk"]: {name: value for name, value in row.items() if name != "version"}
            for row in model.objects.values("pk", *(field.attname for field in model._meta.concrete_fields))
        }
        for model in apps.get_app_config("intake").get_models()
        if not model.__name__.startswith("Historical") and model.__name__ not in NOT_COMPARED
    }


def bind(family, code="AAAA1111"):
    return Card.objects.create(code=code, family=family, bound_at=NOW, bound_by=family.registered_by)


def limited(person, code="FOOD-LUN", key="2018-11-06/lunch#1", **fields):
    return factories.make_service(person, code, limit_key=key, **fields)


def full(kept, gone):
    """Something of everything on both."""
    (one, child), (other, other_child, rosa) = members(kept), members(gone)
    for person in (one, other, rosa):
        limited(person)
        factories.make_intention(person)
    factories.make_need(one, "X-PR")
    factories.make_need(other, "X-PR", state="confirmed")
    factories.make_need(rosa, "X-PR")
    stay = other_child.stays.get()
    stay.out_at, stay.out_on = NOW + 2 * HOUR, date(2018, 11, 6)
    stay.save()
    child.stays.update(in_at=NOW + 3 * HOUR)
    bind(kept)
    bind(gone, "BBBB2222")
    pair = LookAlike.of(one, other, certainty=90)
    pair.save()
    return pair


# --- joining -------------------------------------------------------------------------------------------------


def test_matched_people_are_joined_and_the_others_move(kept, gone, by):
    pair = full(kept, gone)
    (one, child), (other, other_child, rosa) = members(kept), members(gone)
    join(kept, gone, by)
    assert [each.pk for each in kept.members.all()] == [one.pk, child.pk, rosa.pk]
    assert Family.objects.get(pk=gone.pk).merged_into == kept
    assert [each.merged_into for each in members(gone)] == [one, child]
    for shell in (other, other_child):
        assert not any(
            related.exists() for related in (shell.stays, shell.services, shell.needs, shell.intentions)
        )
    assert (one.services.count(), one.intentions.count(), one.needs.get().state) == (2, 2, "confirmed")
    assert set(Card.objects.values_list("family", flat=True)) == {kept.pk}
    pair.refresh_from_db()
    assert (pair.verdict, pair.judged_by) == ("same", by)


def test_it_is_on_the_trail_without_names(kept, gone, by):
    merge = join(kept, gone, by)
    event = AccessEvent.objects.get(action="merged")
    assert (event.user, event.subject_id) == (by, str(kept.pk))
    assert event.detail == {
        "merge": str(merge.pk),
        "gone": str(gone.pk),
        "people": 2,
        "moved": 1,
        "whole": True,
    }


def test_every_changed_row_gets_its_next_version_and_keeps_its_history(kept, gone, by):
    full(kept, gone)
    merge = join(kept, gone, by)
    people = [*members(kept), *members(gone)]
    assert {row.version for row in (*people, *Family.objects.all())} == {2}
    rosa = people[2]
    assert [row.family_id for row in rosa.history.order_by("history_id")] == [gone.pk, kept.pk]
    assert rosa.history.first().history_user == by
    removed = PersonNeed.history.get(history_type="-")
    assert (removed.person_id, removed.history_user) == (members(kept)[0].pk, by)
    actions.undo_merge(merge, by=by)
    assert {row.version for row in (*members(kept), *members(gone), *Family.objects.all())} == {3}


def test_a_limit_hit_twice_is_kept_and_marked(kept, gone, by):
    mine, theirs = limited(members(kept)[0]), limited(members(gone)[0])
    join(kept, gone, by)
    theirs.refresh_from_db()
    assert (theirs.person, theirs.limit_key, theirs.override_reason) == (mine.person, None, "joined")
    mine.refresh_from_db()
    assert (mine.limit_key, mine.override_reason) == ("2018-11-06/lunch#1", "")


def test_a_limit_that_still_allows_takes_the_next_number(kept, gone, by):
    ServiceType.objects.filter(pk="FOOD-LUN").update(limit_count=2)
    limited(members(kept)[0])
    theirs = limited(members(gone)[0])
    join(kept, gone, by)
    theirs.refresh_from_db()
    assert (theirs.limit_key, theirs.override_reason) == ("2018-11-06/lunch#2", "")


def test_a_limit_per_stay_follows_the_stay_it_was_folded_into(kept, gone, by):
    (one, *_), (other, *_) = members(kept), members(gone)
    ServiceType.objects.filter(pk="FOOD-LUN").update(limit_per="stay")
    theirs = limited(other, key=f"stay:{other.stays.get().pk}#1")
    join(kept, gone, by)
    theirs.refresh_from_db()
    assert theirs.limit_key == f"stay:{one.stays.get().pk}#1"


def test_a_limit_per_family_counts_both_families(kept, gone, by):
    ServiceType.objects.filter(pk="FOOD-LUN").update(per="family", limit_per="day")
    limited(members(kept)[1], key="2018-11-06#1")
    theirs = limited(members(gone)[2], key="2018-11-06#1")
    join(kept, gone, by)
    theirs.refresh_from_db()
    assert (theirs.person.given_names, theirs.limit_key, theirs.override_reason) == ("Rosa", None, "joined")


def test_cancelled_services_move_as_they_are(kept, gone, by):
    service = limited(members(gone)[0])
    actions.cancel_service(service, reason="no", by=by)
    join(kept, gone, by)
    service.refresh_from_db()
    assert (service.person_id, service.limit_key, service.override_reason) == (members(kept)[0].pk, None, "")


@pytest.mark.parametrize(
    ("mine", "theirs", "stands"),
    [
        ((0, None), (1, None), [(0, None)]),
        ((1, None), (0, 3), [(0, None)]),
        ((0, 2), (1, None), [(0, None)]),
        ((0, 2), (1, 4), [(0, 4)]),
        ((0, 1), (1, None), [(0, 1), (1, None)]),
        ((3, 4), (0, 2), [(0, 2), (3, 4)]),
    ],
)
def test_overlapping_stays_become_one(kept, gone, by, mine, theirs, stands):
    one, other = members(kept)[0], members(gone)[0]
    Stay.objects.all().delete()
    for person, (begin, end) in ((one, mine), (other, theirs)):
        factories.make_stay(person, at=NOW + begin * HOUR, out=NOW + end * HOUR if end else None)
    before = everything()
    merge = join(kept, gone, by)
    found = [
        ((stay.in_at - NOW) // HOUR, stay.out_at and (stay.out_at - NOW) // HOUR)
        for stay in one.stays.order_by("in_at")
    ]
    assert found == stands
    actions.undo_merge(merge, by=by)
    assert everything() == before


def test_chosen_values_stand_and_the_stricter_answer_wins(kept, gone, by):
    Family.objects.filter(pk=gone.pk).update(notice_answer="not_shared")
    one = members(kept)[0]
    birth = Birth(date(1984, 3, 14), "day")
    picks = {
        kept: {"arrived_on": gone.arrived_on, "comments": "dos"},
        one: {"surnames": "Nunes", "birth": birth},
    }
    before = everything()
    merge = join(kept, gone, by, picks=picks)
    kept.refresh_from_db(), one.refresh_from_db()
    assert (kept.arrived_on, kept.comments, kept.notice_answer) == (gone.arrived_on, "dos", "not_shared")
    assert (one.name_key, one.birth) == ("neptali nunes", birth)
    json.dumps(merge.steps)
    actions.undo_merge(merge, by=by)
    assert everything() == before


def test_values_that_contradict_are_refused_in_words(kept, gone, by):
    with pytest.raises(actions.CannotMerge, match=r"\w"):
        join(kept, gone, by, picks={kept: {"left_home_on": date(2018, 12, 1)}})
    assert not Merge.objects.exists()


# --- the same person in two families -------------------------------------------------------------------------


def test_a_person_of_two_families_is_joined_alone(kept, gone, by):
    pair = full(kept, gone)
    one = members(kept)[0]
    other, other_child, rosa = members(gone)
    join(kept, gone, by, n=1, whole=False)
    gone.refresh_from_db()
    assert gone.merged_into is None
    assert [(each.pk, each.relationship) for each in gone.members.all()] == [
        (other_child.pk, "HEAD"),
        (rosa.pk, rosa.relationship),
    ]
    assert Person.objects.get(pk=other.pk).merged_into == one
    assert Card.objects.filter(family=gone).exists()
    pair.refresh_from_db()
    assert pair.verdict == "other_family"


def test_a_family_of_which_nobody_is_left_is_joined_too(kept, palillo, by):
    alone = factories.make_family(palillo, {"given_names": "Neftali"}, by=by)
    bind(alone)
    join(kept, alone, by, n=1, whole=False)
    assert Family.objects.get(pk=alone.pk).merged_into == kept
    assert Card.objects.get().family == kept


# --- taking it back ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "whole"), [(2, True), (1, True), (0, True), (1, False), (2, False)])
def test_undo_leaves_every_row_as_it_was(kept, gone, by, n, whole):
    full(kept, gone)
    before = everything()
    merge = join(kept, gone, by, n=n, whole=whole)
    assert everything() != before
    assert actions.undo_merge(merge, by=by) == []
    assert everything() == before
    merge.refresh_from_db()
    assert (merge.undone_by, merge.steps) == (by, [])
    assert AccessEvent.objects.get(action="merge_undone").detail["gone"] == str(gone.pk)


def test_what_was_edited_since_is_kept_and_told(kept, gone, by, clock):
    one = members(kept)[0]
    merge = join(kept, gone, by, picks={one: {"surnames": "Nunes", "known_as": "Nepta"}})
    clock.shift(HOUR)
    one.refresh_from_db()
    one.surnames = "Núñez López"
    actions.change_person(one, ["surnames"], by=by)
    left = actions.undo_merge(merge, by=by)
    assert [(each.row, each.column, each.now, each.before) for each in left] == [
        (one, "surnames", "Núñez López", "Núñez")
    ]
    one.refresh_from_db()
    assert (one.surnames, one.known_as, one.name_key) == ("Núñez López", "", "neptali nunez lopez")


def test_what_was_recorded_since_stays_with_who_was_kept(kept, gone, by, clock):
    merge = join(kept, gone, by)
    clock.shift(HOUR)
    one = members(kept)[0]
    service = factories.make_service(one)
    actions.depart([one], at=LATER + HOUR, to="north", by=by)
    clock.shift(HOUR)
    actions.come_back([one], shelter=kept.shelter, by=by)
    left = actions.undo_merge(merge, by=by)
    assert {(each.row._meta.model_name, each.column) for each in left} == {
        ("servicereceived", "person"),
        ("stay", "person"),
        ("stay", "out_at"),  # who left has left in both records
    }
    service.refresh_from_db()
    assert (service.person, one.stays.count(), members(gone)[0].stays.count()) == (one, 2, 1)


def test_a_service_cancelled_since_stays_cancelled(kept, gone, by):
    limited(members(kept)[0])
    service = limited(members(gone)[0])
    merge = join(kept, gone, by)
    service.refresh_from_db()
    actions.cancel_service(service, reason="no", by=by)
    assert actions.undo_merge(merge, by=by) == []
    service.refresh_from_db()
    assert (service.person, service.limit_key, service.cancel_reason) == (members(gone)[0], None, "no")


def test_a_need_that_came_back_since_is_not_doubled(kept, gone, by, clock):
    full(kept, gone)
    one = members(kept)[0]
    merge = join(kept, gone, by)
    clock.shift(HOUR)
    need = one.needs.get().need
    actions.record_need(one, need, state="ruled_out", by=by)
    actions.record_need(one, need, state="reported", by=by)
    left = actions.undo_merge(merge, by=by)
    assert {each.row._meta.model_name for each in left} == {"personneed"}
    assert one.needs.filter(ruled_out_at__isnull=True).count() == 1


def test_who_was_split_away_since_is_left_there(kept, gone, by):
    merge = join(kept, gone, by)
    rosa = members(gone)[-1] if len(members(gone)) > 2 else members(kept)[-1]
    form = Submission(key=uuid.uuid4(), digest="a", by=by)
    new = actions.split_family(kept, [rosa], submission=form, by=by)
    left = actions.undo_merge(merge, by=by)
    assert {(each.row, each.column) for each in left} >= {(rosa, "family_id")}
    assert [each.pk for each in new.members.all()] == [rosa.pk]
    assert [each.relationship for each in gone.members.all()] == ["HEAD", "CHILD"]


def test_who_became_head_since_stays_it(kept, gone, by):
    merge = join(kept, gone, by, n=1, whole=False)
    rosa = gone.members.get(given_names="Rosa")
    rosa.relationship = "HEAD"
    actions.change_person(rosa, ["relationship"], by=by)
    left = actions.undo_merge(merge, by=by)
    assert [each.given_names for each in gone.members.filter(relationship="HEAD")] == ["Rosa"]
    assert {each.column for each in left} == {"relationship"}


def test_a_moved_member_who_became_head_goes_back(kept, gone, by):
    merge = join(kept, gone, by)
    rosa = kept.members.get(given_names="Rosa")
    rosa.relationship = "HEAD"
    actions.change_person(rosa, ["relationship"], by=by)
    actions.undo_merge(merge, by=by)
    for family, name in ((kept, "Neptalí"), (gone, "Neftali")):
        assert [each.given_names for each in family.members.filter(relationship="HEAD")] == [name]


# --- who may not, and when not -------------------------------------------------------------------------------


def test_it_is_undone_once(kept, gone, by):
    merge = join(kept, gone, by)
    actions.undo_merge(merge, by=by)
    with pytest.raises(actions.Overtaken) as refused:
        actions.undo_merge(merge, by=by)
    assert refused.value.reason == "undone" and str(refused.value)


def test_of_a_chain_the_last_is_undone_first(kept, gone, palillo, by, clock):
    third = factories.make_family(palillo, {"given_names": "Neptali"}, by=by)
    before = everything()
    first = join(gone, third, by, n=1)
    clock.shift(HOUR)
    second = join(kept, gone, by)
    with pytest.raises(actions.CannotUndo, match=r"\w") as refused:
        actions.undo_merge(first, by=by)
    assert refused.value.reason == "built_on"
    actions.undo_merge(second, by=by)
    actions.undo_merge(first, by=by)
    assert everything() == before


def test_records_that_have_moved_on_are_not_joined(kept, gone, palillo, annex, by):
    with pytest.raises(actions.Overtaken):
        join(kept, kept, by)
    elsewhere = factories.make_family(annex, {}, by=by)
    with pytest.raises(actions.Overtaken):
        join(kept, elsewhere, by, n=1)
    third = factories.make_family(palillo, {}, by=by)
    with pytest.raises(actions.Overtaken):  # that person is in another family
        actions.merge(kept, gone, pairs=pairs_of(kept, third, 1), by=by)
    join(kept, gone, by)
    with pytest.raises(actions.Overtaken):
        join(kept, gone, by)
    assert Merge.objects.count() == 1


def test_a_family_that_is_only_counted_is_not_joined(kept, palillo, by):
    refused = factories.make_family(palillo, {"given_names": "", "surnames": ""}, notice_answer="refused")
    for one, other in ((kept, refused), (refused, kept)):
        with pytest.raises(actions.CannotMerge, match=r"\w"):
            join(one, other, by, n=1)


def test_pairs_are_one_to_one(kept, gone, by):
    mother, (other, child, _rosa) = members(kept)[0], members(gone)
    with pytest.raises(actions.CannotMerge):
        actions.merge(kept, gone, pairs=[(mother, other), (mother, child)], by=by)
    with pytest.raises(actions.CannotMerge):
        actions.merge(kept, gone, pairs=[], whole=False, by=by)


@pytest.mark.parametrize("whole", [True, False])
def test_a_registration_that_was_joined_is_not_taken_back(kept, gone, by, whole):
    join(kept, gone, by, n=1, whole=whole)
    for family in (kept, gone):
        with pytest.raises(actions.Overtaken):
            actions.undo_registration(family, by=by)


def test_nothing_is_recorded_on_somebody_who_was_joined(kept, gone, by):
    other = members(gone)[0]
    join(kept, gone, by)
    with pytest.raises(actions.Overtaken):
        actions.come_back([other], shelter=kept.shelter, by=by)


# --- taking back the agreement -------------------------------------------------------------------------------


def names_left():
    rows = [list(model.objects.values()) for model in (Person, Family, Merge, Person.history.model)]
    return [name for name in ("Neptalí", "Neftali", "Nunes", "Olancho", "perro") if name in str(rows)]


def test_who_takes_back_the_agreement_leaves_no_name_in_what_was_joined(kept, gone, by):
    one = members(kept)[0]
    merge = join(kept, gone, by, picks={one: {"surnames": "Nunes"}, kept: {"comments": "un perro"}})
    assert names_left()
    kept.refresh_from_db()
    kept.notice_answer = "refused"
    actions.change_family(kept, ["notice_answer"], by=by)
    assert names_left() == []
    merge.refresh_from_db()
    assert (merge.is_final, merge.steps) == (True, [])
    with pytest.raises(actions.CannotUndo, match=r"\w") as refused:
        actions.undo_merge(merge, by=by)
    assert refused.value.reason == "final"


# --- elsewhere -----------------------------------------------------------------------------------------------


def test_the_old_address_leads_to_the_joined_family(kept, gone, by, coordinator):
    join(kept, gone, by)
    page = coordinator.get(f"/es/families/{gone.pk}/", follow=True).content.decode()
    assert "Neptalí" in page and "Rosa" in page and "Neftali" not in page


def test_a_person_alone_disappears_from_the_family_they_left(kept, gone, by, coordinator):
    join(kept, gone, by, n=1, whole=False)
    page = coordinator.get(f"/es/families/{gone.pk}/").content.decode()
    assert "Rosa" in page and "Neftali" not in page
    assert {family.pk: family.size for family in Family.objects.with_head()} == {kept.pk: 2, gone.pk: 2}


def test_the_census_counts_who_was_joined_once(kept, gone, palillo, by):
    def figures():
        counted = census(palillo, LATER)
        return counted.total, counted.adults, counted.minors, counted.families

    assert figures() == (5, 3, 2, 2)
    merge = join(kept, gone, by)
    assert figures() == (3, 2, 1, 1)
    actions.undo_merge(merge, by=by)
    assert figures() == (5, 3, 2, 2)


def test_a_joined_family_can_be_split_and_leave(kept, gone, by):
    join(kept, gone, by)
    form = Submission(key=uuid.uuid4(), digest="a", by=by)
    new = actions.split_family(kept, [kept.members.last()], submission=form, by=by)
    assert (new.members.count(), kept.members.count()) == (1, 2)
    assert actions.depart(list(kept.members.all()), at=LATER, to="north", by=by) == 2


def test_joining_takes_as_many_queries_however_many_services(kept, palillo, by):
    def queries(n):
        other = factories.make_family(palillo, {"given_names": "Neftali"}, by=by)
        for number in range(n):
            limited(other.members.get(), key=f"2018-11-06/lunch#{number + 1}")
        with CaptureQueriesContext(
            connection,
        ) as captured:
            join(kept, other, by, n=1)
        return len(captured)

    queries(3)  # the kept family has its first history
    assert queries(3) == queries(30)
    assert ServiceReceived.objects.count() == 36
