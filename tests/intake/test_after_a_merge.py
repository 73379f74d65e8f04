"""Pages and people that had a record open while it was joined into another."""

import pytest
from django.utils import timezone

from intake import actions
from intake.actions.once import Overtaken
from intake.models import Family, LookAlike, Person, Stay
from intake.views import desk
from shelters.audit import Action, record
from tests import factories
from tests.factories import make_family, make_submission

ROSA = {"given_names": "Rosa", "surnames": "Mejía", "age": 34, "origin_region_id": "HN-OL"}


@pytest.fixture
def two(palillo, cast):
    one = make_family(palillo, ROSA, {"given_names": "Ale", "age": 11}, by=cast.volunteer)
    return one, make_family(palillo, {**ROSA, "given_names": "Rossa"}, by=cast.volunteer)


def joined(two, by):
    kept, gone = two
    pairs = [(kept.members.first(), gone.members.first())]
    return actions.merge(kept, gone, pairs=pairs, by=by)


def test_an_old_address_leads_to_the_family_that_stays_and_says_so(volunteer, two, cast):
    joined(two, cast.coordinator)
    answer = volunteer.get(f"/es/families/{two[1].pk}/", follow=True)
    assert answer.redirect_chain == [(f"/es/families/{two[0].pk}/", 302)]
    assert "se unieron" in answer.content.decode()


def test_an_old_form_does_not_write_over_the_person_who_stays(volunteer, two, cast):
    kept, gone = two[0].members.first(), two[1].members.first()
    page = volunteer.get(f"/es/people/{gone.pk}/").context["form"]
    sent = dict(page.carried) | page.stored | {"known_as": "Chayo"}
    joined(two, cast.coordinator)
    Person.objects.filter(pk=kept.pk).update(version=gone.version)
    volunteer.post(f"/es/people/{gone.pk}/", sent)
    kept.refresh_from_db()
    assert kept.given_names == "Rosa"
    assert Person.objects.get(pk=gone.pk).known_as == ""


def test_nobody_is_added_to_a_family_that_was_joined(two, cast):
    family = Family.objects.select_related("shelter").get(pk=two[1].pk)
    joined(two, cast.coordinator)
    with pytest.raises(Overtaken):
        newcomer = Person(given_names="Nueva")
        actions.add_member(family, newcomer, submission=make_submission(cast.volunteer), by=cast.volunteer)
    assert not Person.objects.filter(given_names="Nueva").exists()


def test_nobody_leaves_under_a_record_that_was_joined(two, cast):
    people = list(two[1].members.select_related("family__shelter"))
    joined(two, cast.coordinator)
    with pytest.raises(Overtaken):
        actions.depart(people, at=timezone.now(), to="north", by=cast.volunteer)
    assert Stay.objects.open().count() == 2


def test_a_service_taken_back_stays_with_who_they_are_now(two, cast):
    service = factories.make_service(two[1].members.first())
    joined(two, cast.coordinator)
    actions.cancel_service(service, reason="Error", by=cast.volunteer)
    service.refresh_from_db()
    assert service.person == two[0].members.first()
    assert service.cancelled_at


def test_who_refuses_after_an_undo_is_in_no_version_of_the_other_family(palillo, two, cast):
    kept, gone = two[0].members.first(), two[1].members.first()
    picks = {kept: {"given_names": "Rossa"}}
    merge = actions.merge(two[0], two[1], pairs=[(kept, gone)], picks=picks, by=cast.coordinator)
    actions.undo_merge(merge, by=cast.coordinator)
    family = Family.objects.select_related("shelter").get(pk=two[1].pk)
    family.notice_answer = Family.NoticeAnswer.REFUSED
    actions.change_family(family, ["notice_answer"], by=cast.coordinator)
    assert not Person.history.filter(given_names="Rossa").exists()
    assert Person.objects.get(pk=kept.pk).given_names == "Rosa"


def test_two_who_were_told_apart_stay_so_after_one_of_them_was_joined(palillo, two, cast):
    other = make_family(palillo, ROSA, by=cast.volunteer).members.first()
    pair = LookAlike.of(two[1].members.first(), other, certainty=90)
    pair.judge(LookAlike.Verdict.NOT_SAME, by=cast.coordinator)
    pair.save()
    joined(two, cast.coordinator)
    found = actions.remember_look_alikes(two[0], by=cast.coordinator)
    assert other not in {person for row in found for person in (row.first, row.second)}


def test_what_a_coordinator_put_off_no_volunteer_decides(volunteer, two, cast):
    pair = LookAlike.of(two[0].members.first(), two[1].members.first(), certainty=90)
    pair.judge(LookAlike.Verdict.LATER, by=cast.coordinator)
    pair.save()
    Family.objects.update(registered_at=timezone.now())
    assert volunteer.post(f"/es/look-alikes/{pair.pk}/not-the-same/").status_code == 404


def test_a_registration_of_another_day_is_not_the_volunteers_to_judge(volunteer, two):
    pair = LookAlike.of(two[0].members.first(), two[1].members.first(), certainty=90)
    pair.save()
    assert volunteer.post(f"/es/look-alikes/{pair.pk}/not-the-same/").status_code == 404


def test_nobody_leafs_through_a_shelter_in_an_hour(volunteer, palillo, two, cast):
    for _minute in range(60):
        record(Action.LOOK_ALIKES_SHOWN, by=cast.volunteer, shelter=palillo, families=10, people=10)
    answer = volunteer.post("/es/search/", {"q": "rosa mejia"})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"]
    assert "Rossa" not in answer.content.decode()
    assert desk.MOST_A_MINUTE == 30


def test_a_merge_tells_a_coordinator_nothing_of_protection_needs(coordinator, two, cast):
    factories.make_need(two[1].members.first(), "TR-PI", by=cast.legal)
    merge = joined(two, cast.coordinator)
    factories.make_need(two[0].members.first(), "SV-VO", by=cast.legal)
    page = coordinator.get(f"/es/admin/intake/merge/{merge.pk}/change/")
    assert page.status_code == 200
    undone = coordinator.post(f"/es/admin/intake/merge/{merge.pk}/change/", follow=True)
    for answer in (page, undone):
        assert "ecesidad" not in answer.content.decode().split("<main")[-1]
