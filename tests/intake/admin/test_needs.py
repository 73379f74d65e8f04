"""Tiers hold in the admin too; plans are written in the name of who writes."""

from datetime import date

import pytest

from intake.models import Intention, PersonNeed, SpecificNeed
from tests import factories
from tests.intake.admin.pages import address, change


def test_a_plan_is_added_in_the_name_of_who_writes(coordinator, cast, ours):
    sent = {
        "person": ours["person"].pk,
        "plan": "MEX-STAY",
        "said_at_0": "2018-11-06",
        "said_at_1": "19:00",
        "by": cast.stranger.pk,
    }
    assert coordinator.post(address("intention", "add/"), sent).status_code == 302
    plan = Intention.objects.get(by=cast.coordinator)
    assert plan.said_on == date(2018, 11, 6)


@pytest.fixture
def hidden_need(ours):
    return factories.make_need(
        ours["person"], SpecificNeed.objects.filter(tier=3, category__isnull=False).first().pk
    )


def test_protection_needs_are_not_there_for_coordinators(coordinator, hidden_need):
    assert coordinator.get(address("personneed")).context["cl"].result_count == 1
    assert coordinator.get(address("personneed", f"{hidden_need.pk}/change/")).status_code == 404
    assert (
        coordinator.get(address("personneed", f"?need__code__exact={hidden_need.need_id}")).status_code == 302
    )
    choices = coordinator.get(address("personneed", "add/")).context["adminform"].form.fields["need"].queryset
    assert not choices.filter(tier=3).exists()


def test_earlier_versions_keep_the_tier_too(coordinator, ours):
    need, hidden = ours["personneed"], SpecificNeed.objects.filter(tier=3).last()
    open_need, need.need = need.need, hidden
    need.save()
    version = need.history.latest()
    need.need = open_need
    need.save()
    page = coordinator.get(address("personneed", f"{need.pk}/history/"))
    assert page.status_code == 200
    assert hidden.label_es not in page.text
    assert coordinator.get(address("personneed", f"{need.pk}/history/{version.pk}/")).status_code == 404


def test_a_need_that_is_ruled_out_gets_its_moment(coordinator, ours):
    assert change(coordinator, ours["personneed"], state="ruled_out", reason="no es así").status_code == 302
    need = PersonNeed.objects.get(pk=ours["personneed"].pk)
    moment = need.ruled_out_at
    assert moment
    # A past count must stand: what was ruled out stays so, and a need that comes back is a new row.
    change(coordinator, need, state="confirmed")
    need.refresh_from_db()
    assert (need.state, need.ruled_out_at) == ("ruled_out", moment)
