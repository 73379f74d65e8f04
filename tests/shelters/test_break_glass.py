"""Break-glass: whose reading it adds to, from when to when, and what the database refuses."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone

from intake.models import Card, Family, Intention, Note, Person, PersonNeed, ServiceReceived, Stay
from shelters import roles
from shelters.break_glass import BreakGlass, may_ask
from tests import factories

User = get_user_model()
PEOPLE = (Family, Person, Stay, PersonNeed, Intention, ServiceReceived, Card)


@pytest.fixture
def glass(cast, palillo):
    return factories.make_glass(palillo, by=cast.administrator, granted_by=cast.coordinator)


@pytest.fixture
def two(cast, palillo, annex):
    """A family at each shelter, with one row of everything that is read of it."""
    return {shelter: family_with_all(shelter, cast) for shelter in (palillo, annex)}


def family_with_all(shelter, cast):
    family = factories.make_family(shelter, {"given_names": "Neptalí"}, by=cast.volunteer)
    person = family.members.get()
    factories.make_service(person, "FOOD-LUN")
    factories.make_intention(person)
    factories.make_need(person, "X-PR")
    factories.make_card(family)
    return family


def anew(user):
    """As the next request finds it."""
    return User.objects.get(pk=user.pk)


def shelters_read(user) -> set:
    """Of each table the shelters whose people this account sees; the same of all, or the test stops here."""
    found = {
        frozenset(
            getattr(getattr(row, "person", row), "family", row).shelter
            for row in model.objects.visible_to(user)
        )
        for model in PEOPLE
    }
    assert len(found) == 1, found
    return set(found.pop())


def test_an_administrator_reads_one_shelter_and_no_other(cast, glass, two, palillo, annex):
    cast.administrator.shelters.set([annex])  # where they work, and read nobody
    assert shelters_read(anew(cast.administrator)) == {palillo}


def test_without_it_and_after_it_nobody(cast, two, palillo, time_machine):
    assert shelters_read(anew(cast.administrator)) == set()
    glass = factories.make_glass(palillo, by=cast.administrator)
    time_machine.move_to(glass.decided_at + timedelta(hours=23, minutes=59))
    assert (glass.state, shelters_read(anew(cast.administrator))) == ("open", {palillo})
    time_machine.move_to(glass.decided_at + timedelta(hours=24, seconds=1))
    assert (glass.state, shelters_read(anew(cast.administrator))) == ("over", set())
    assert not anew(cast.administrator).has_perm("intake.view_family")


def test_a_grant_that_was_moved_to_next_month_opens_nothing(cast, glass, two):
    BreakGlass.objects.update(decided_at=timezone.now() + timedelta(days=30))
    assert shelters_read(anew(cast.administrator)) == set()


def test_given_back_it_is_over_at_once(cast, glass, two):
    assert glass.end(by=cast.administrator)
    assert shelters_read(anew(cast.administrator)) == set()
    assert not glass.end(by=cast.administrator)  # not twice


@pytest.mark.parametrize("state", ["waiting", "declined"])
def test_asking_alone_opens_nothing(cast, palillo, two, state):
    glass = BreakGlass.objects.create(asked_by=cast.administrator, shelter=palillo, reason="x")
    if state == "declined":
        assert glass.decide(False, by=cast.coordinator)
        glass.refresh_from_db()
    assert glass.state == state
    assert shelters_read(anew(cast.administrator)) == set()


def test_it_adds_reading_and_nothing_else(cast, glass):
    before = roles.Administrator.permissions
    added = anew(cast.administrator).get_all_permissions() - before
    assert added == roles.BreakGlassReader.permissions
    assert added <= roles.Coordinator.permissions
    assert all(".view_" in right or right == "intake.see_coordination_needs" for right in added)


def test_notes_and_what_violence_means_stay_hidden(cast, glass, two, palillo):
    person = two[palillo].members.get()
    factories.make_need(person, "SV-VF")
    factories.make_note(person, "pide asilo", by=cast.legal)
    reader = anew(cast.administrator)
    assert list(Note.objects.visible_to(reader)) == []
    assert {need.need_id for need in PersonNeed.objects.visible_to(reader)} == {"X-PR"}


@pytest.mark.parametrize("role", ["volunteer", "coordinator", "data_officer"])
def test_who_reads_files_by_a_role_gets_no_more_of_it(cast, glass, two, palillo, annex, role):
    """Their own role would change what break-glass lets them see."""
    cast.administrator.shelters.set([annex])
    roles.grant(cast.administrator, roles.BY_CODE[role])
    reader = anew(cast.administrator)
    assert not may_ask(reader)
    assert set(Family.objects.visible_to(reader)) == {two[annex]}


def test_who_is_no_administrator_any_more_reads_nothing(cast, glass, two):
    cast.administrator.groups.clear()
    assert shelters_read(anew(cast.administrator)) == set()


def test_it_is_asked_by_administrators_alone(cast):
    root = User.objects.create_superuser("root", password=factories.PASSWORD)
    everybody = [*(getattr(cast, role) for role in roles.BY_CODE), root]
    assert [user for user in everybody if may_ask(user)] == [cast.administrator]


def test_a_coordinator_of_the_shelter_decides(cast, palillo, annex):
    glass = BreakGlass.objects.create(asked_by=cast.administrator, shelter=palillo, reason="x")
    elsewhere = factories.make_user("coordinator", shelters=[annex])
    for user in (cast.administrator, cast.data_officer, cast.volunteer, elsewhere):
        assert not glass.decide(True, by=user)
    assert glass.decide(True, by=cast.coordinator)
    assert not glass.decide(False, by=factories.make_user("coordinator", shelters=[palillo]))


def test_a_request_is_good_for_a_day(cast, palillo):
    glass = BreakGlass.objects.create(asked_by=cast.administrator, shelter=palillo, reason="x")
    BreakGlass.objects.update(asked_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert not glass.decide(True, by=cast.coordinator)
    glass.refresh_from_db()
    assert glass.state == "expired"


def test_a_coordinator_ends_it_and_others_do_not(cast, glass, annex):
    elsewhere = factories.make_user("coordinator", shelters=[annex])
    for user in (cast.data_officer, elsewhere, factories.make_user("administrator")):
        assert not glass.end(by=user)
    assert glass.end(by=cast.coordinator)


def test_somebody_else_reviews_it_when_it_is_over(cast, glass, palillo):
    second = factories.make_user("coordinator", shelters=[palillo])
    assert not glass.review(by=second)  # it is not over yet
    glass.end(by=cast.administrator)
    glass.refresh_from_db()
    for user in (cast.administrator, cast.coordinator, cast.volunteer):
        assert not glass.review(by=user)
    assert glass.review(by=second)
    glass.refresh_from_db()
    assert glass.state == "reviewed"
    assert not glass.review(by=cast.data_officer)


def test_where_nobody_else_could_who_let_them_reviews_it(cast, glass):
    glass.end(by=cast.administrator)
    glass.refresh_from_db()
    assert not glass.may_be_reviewed_by(cast.coordinator)
    cast.data_officer.access_until = timezone.localdate() - timedelta(days=1)
    cast.data_officer.save()
    assert glass.may_be_reviewed_by(cast.coordinator)


def test_who_read_never_reviews_it_as_somebody_of_the_shelter(cast, glass, palillo):
    glass.end(by=cast.administrator)
    glass.refresh_from_db()
    cast.administrator.shelters.set([palillo])
    roles.grant(cast.administrator, roles.Coordinator)
    assert not glass.review(by=anew(cast.administrator))


def impossible(cast):
    now, long_ago = timezone.now(), timezone.now() - timedelta(days=9)
    return {
        "own grant": {"decided_by": cast.administrator, "decided_at": now, "is_approved": True},
        "half a grant": {"is_approved": True},
        "no reason": {"reason": ""},
        "ended before it was granted": {"ended_by": cast.administrator, "ended_at": now},
        "ended by nobody": {"ended_at": now},
        "ended at no moment": {"ended_by": cast.administrator},
        "reviewed before it was granted": {"reviewed_by": cast.coordinator, "reviewed_at": now},
        "own review": {
            "decided_by": cast.coordinator,
            "decided_at": long_ago,
            "is_approved": True,
            "reviewed_by": cast.administrator,
            "reviewed_at": now,
        },
        "review of a refusal": {
            "decided_by": cast.coordinator,
            "decided_at": long_ago,
            "is_approved": False,
            "reviewed_by": cast.data_officer,
            "reviewed_at": now,
        },
    }


@pytest.mark.parametrize(
    "what",
    [
        "own grant",
        "half a grant",
        "no reason",
        "ended before it was granted",
        "ended by nobody",
        "ended at no moment",
        "reviewed before it was granted",
        "own review",
        "review of a refusal",
    ],
)
def test_the_database_refuses(cast, palillo, what):
    BreakGlass.objects.create(asked_by=cast.administrator, shelter=palillo, reason="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        BreakGlass.objects.update(**impossible(cast)[what])


def test_no_desk_pays_for_it(cast, django_assert_num_queries):
    volunteer = anew(cast.volunteer)
    volunteer.has_perm("intake.view_family")
    with django_assert_num_queries(1):
        list(Family.objects.visible_to(volunteer))
