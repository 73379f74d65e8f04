"""Joining and taking back, after people went on working with the joined record."""

import pytest
from django.urls import reverse

from intake import actions
from intake.admin.merges import shown
from intake.models import Card, Family, LookAlike, Merge, Person, ServiceReceived, ServiceType, Stay, Ticket
from tests import factories
from tests.intake.test_merging import HOUR, LATER, bind, by, clock, gone, join, kept, limited, members

__all__ = ["by", "clock", "gone", "kept"]  # fixtures
pytestmark = pytest.mark.django_db


def columns(left):
    return {(each.row, each.column) for each in left}


# --- limits --------------------------------------------------------------------------------------------------


@pytest.fixture
def give(palillo, by):
    def give(person, code="ACC-TNT"):
        kind = ServiceType.objects.get(pk=code)
        service = ServiceReceived(service_type=kind, shelter=palillo, given_at=LATER, recorded_by=by)
        return actions.record_service(
            submission=factories.make_submission(by), service=service, people=[person], by=by
        )[0]

    return give


def test_a_family_limit_used_again_since_stays_with_who_used_it(kept, gone, by, give):
    rosa = members(gone)[2]
    mine, theirs = give(members(kept)[0]), give(rosa)
    merge = join(kept, gone, by)
    mine.refresh_from_db()
    actions.cancel_service(mine, reason="error", by=by)
    again = give(Person.objects.get(pk=rosa.pk))
    left = actions.undo_merge(merge, by=by)
    assert columns(left) == {(theirs, "limit_key"), (theirs, "override_reason")}
    assert [each.before for each in left] == [again.limit_key, ""]
    assert all(shown(each) for each in left)
    theirs.refresh_from_db(), again.refresh_from_db()
    assert (theirs.person, theirs.limit_key, theirs.override_reason) == (rosa, None, "joined")
    assert (again.person, again.limit_key is None) == (rosa, False)
    assert Merge.objects.get().undone_at


def test_a_reason_corrected_since_is_kept_with_its_limit(kept, gone, by):
    limited(members(kept)[0])
    theirs = limited(members(gone)[0])
    merge = join(kept, gone, by)
    theirs.refresh_from_db()
    theirs.override_reason = "se quedó con hambre"
    theirs.save()
    left = actions.undo_merge(merge, by=by)
    assert columns(left) == {(theirs, "limit_key"), (theirs, "override_reason")}
    theirs.refresh_from_db()
    assert (theirs.person, theirs.limit_key) == (members(gone)[0], None)
    assert theirs.override_reason == "se quedó con hambre"


def test_a_reason_that_contradicts_the_old_limit_is_kept(kept, gone, by):
    """A limit that only got another number, and was then overridden by hand."""
    ServiceType.objects.filter(pk="FOOD-LUN").update(limit_count=2)
    limited(members(kept)[0])
    theirs = limited(members(gone)[0])
    merge = join(kept, gone, by)
    ServiceReceived.objects.filter(pk=theirs.pk).update(limit_key=None, override_reason="dos veces")
    assert columns(actions.undo_merge(merge, by=by)) == {(theirs, "limit_key")}
    theirs.refresh_from_db()
    assert (theirs.person, theirs.override_reason) == (members(gone)[0], "dos veces")


# --- the answer to the notice --------------------------------------------------------------------------------


@pytest.mark.parametrize("stays", ["first", "second"])
@pytest.mark.parametrize(("pick", "answer"), [("first", "accepted"), ("second", "not_shared")])
def test_the_answer_that_was_chosen_stands(kept, gone, coordinator, stays, pick, answer):
    Family.objects.filter(pk=gone.pk).update(notice_answer="not_shared")
    pair = LookAlike.of(members(kept)[0], members(gone)[0], certainty=90)
    pair.save()
    url = reverse("admin:intake_lookalike_join", args=[pair.pk])
    form = coordinator.get(url).context["form"]
    data = {name: form[name].initial or "" for name in form.fields} | {"stays": stays}
    name = next(name for name in data if name.endswith("notice_answer"))
    assert form.first.family == kept
    assert coordinator.post(url, data | {name: pick}).status_code == 302
    assert Family.objects.standing().get().notice_answer == answer


@pytest.mark.parametrize(("whole", "answer"), [(True, "not_shared"), (False, "accepted")])
def test_only_the_same_family_takes_over_the_stricter_answer(kept, gone, by, whole, answer):
    Family.objects.filter(pk=gone.pk).update(notice_answer="not_shared")
    join(kept, gone, by, n=1, whole=whole)
    kept.refresh_from_db(), gone.refresh_from_db()
    assert (kept.notice_answer, gone.notice_answer) == (answer, "not_shared")


# --- families ------------------------------------------------------------------------------------------------


def waiting(family):
    """A turn of theirs in the line for clothes."""
    return Ticket.objects.create(
        shelter=family.shelter,
        line="clothing",
        queued_on=family.registered_on,
        number=1,
        turn=1,
        family=family,
        queued_at=family.registered_at,
        queued_by=family.registered_by,
    )


def test_a_turn_follows_who_waits_and_comes_back_with_them(kept, gone, by):
    ticket = waiting(gone)
    merge = actions.merge(kept, gone, pairs=[], by=by)
    ticket.refresh_from_db()
    assert ticket.family == kept
    assert actions.undo_merge(merge, by=by) == []
    ticket.refresh_from_db()
    assert ticket.family == gone


def test_a_family_to_which_nobody_comes_back_stays_joined(kept, gone, by):
    card, ticket = bind(gone), waiting(gone)
    people = members(gone)
    merge = actions.merge(kept, gone, pairs=[], by=by)
    moved = list(kept.members.filter(pk__in=[each.pk for each in people]))
    new = actions.split_family(kept, moved, submission=factories.make_submission(by), by=by)
    left = actions.undo_merge(merge, by=by)
    assert {(gone, "merged_into"), (card, "family"), (ticket, "family")} <= columns(left)
    assert all(all(shown(each)) for each in left)
    assert set(Family.objects.standing()) == {kept, new}
    assert Family.objects.get(pk=gone.pk).merged_into == Card.objects.get().family == kept
    assert all(family.members.filter(relationship="HEAD").count() == 1 for family in (kept, new))


# --- stays ---------------------------------------------------------------------------------------------------


def test_who_left_since_has_left_in_both_records(kept, gone, by):
    one, other = members(kept)[0], members(gone)[0]
    merge = join(kept, gone, by)
    actions.depart([one], at=LATER, to="north", by=by)
    left = actions.undo_merge(merge, by=by)
    mine, theirs = one.stays.get(), other.stays.get()
    assert columns(left) == {(theirs, "out_at")}
    assert all(shown(left[0]))
    assert (theirs.out_at, theirs.out_on, theirs.out_to) == (LATER, mine.out_on, "north")
    assert members(gone)[1].stays.get().out_at is None  # the child did not leave


def test_nobody_left_before_they_came(kept, gone, by):
    """They left, as was written later, before the second record of them began."""
    one, other = members(kept)[0], members(gone)[0]
    came = other.stays.get()
    merge = join(kept, gone, by)
    actions.depart([one], at=came.in_at - HOUR / 2, to="city", by=by)
    actions.undo_merge(merge, by=by)
    theirs = other.stays.get()
    assert (theirs.out_at, theirs.out_on, theirs.out_to) == (came.in_at, came.in_on, "city")


def test_a_stay_that_was_closed_before_closes_no_other(kept, gone, by):
    one, other = members(kept)[0], members(gone)[0]
    actions.depart([one], at=LATER - HOUR, to="city", by=by)
    merge = join(kept, gone, by)
    assert one.stays.get().out_at is None
    assert actions.undo_merge(merge, by=by) == []
    assert list(Stay.objects.open().filter(person__in=[one, other])) == [other.stays.get()]
