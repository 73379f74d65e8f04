"""Departures and headcounts in the admin: read, never written."""

import uuid

import pytest
from django.utils import timezone

from intake import actions
from intake.models import Departure, Headcount
from tests import factories
from tests.intake.admin.pages import address

pytestmark = pytest.mark.django_db


@pytest.fixture
def records(cast, family):
    people = list(family.members.select_related("family__shelter"))
    actions.count(family.shelter, people=3, key=uuid.uuid4(), by=cast.volunteer)
    actions.depart(people, at=timezone.now(), to="north", by=cast.volunteer)
    return {"departure": Departure.objects.get(), "headcount": Headcount.objects.get()}


def test_they_are_listed_and_read(coordinator, records):
    for model, row in records.items():
        assert str(row.pk) in coordinator.get(address(model)).content.decode()
        page = address(model, f"{row.pk}/change/")
        assert coordinator.get(page).status_code == 200
        assert coordinator.post(page, {}).status_code in (403, 404)
        assert coordinator.get(address(model, "add/")).status_code in (403, 404)
    assert (
        f"/departures/{records['departure'].pk}/"
        in coordinator.get(address("departure", f"{records['departure'].pk}/change/")).content.decode()
    )


def test_another_shelters_are_not_there(sign_in, annex, records):
    theirs = sign_in(factories.make_user("coordinator", shelters=[annex]))
    for model, row in records.items():
        assert str(row.pk) not in theirs.get(address(model)).content.decode()
        assert theirs.get(address(model, f"{row.pk}/change/")).status_code == 404
