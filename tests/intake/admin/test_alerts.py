"""Alerts in the admin: how many wait, and what was done."""

import pytest

from intake.models import Alert
from shelters.models import AccessEvent
from tests.factories import NOW
from tests.intake.admin.pages import address

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(palillo, family):
    child = family.members.last()
    return Alert.objects.create(shelter=palillo, kind="left_behind", person=child, raised_at=NOW)


def test_the_first_page_says_how_many_wait(coordinator, alert):
    assert "(1)" in coordinator.get("/es/admin/").content.decode()


def test_what_was_done_settles_it(coordinator, cast, alert):
    page = address("alert", f"{alert.pk}/change/")
    assert "Olga" in coordinator.get(page).content.decode()
    assert coordinator.post(page, {"note": "llegó la tía"}).status_code == 302
    alert.refresh_from_db()
    assert (alert.note, alert.settled_by) == ("llegó la tía", cast.coordinator)
    assert AccessEvent.objects.get(action="alert_settled").detail == {"kind": "left_behind"}
    assert "Olga" not in coordinator.get(address("alert")).content.decode().partition("changelist-form")[2]
    assert coordinator.post(page, {"note": "otra"}).status_code in (403, 404)
    alert.refresh_from_db()
    assert alert.note == "llegó la tía"


def test_without_a_word_it_stays_open(coordinator, alert):
    assert coordinator.post(address("alert", f"{alert.pk}/change/"), {"note": " "}).status_code == 200
    assert Alert.objects.open().exists()


def test_who_may_not(cast, sign_in, alert, stranger, annex):
    from tests import factories

    theirs = sign_in(factories.make_user("coordinator", shelters=[annex]))
    page = address("alert", f"{alert.pk}/change/")
    assert theirs.get(page).status_code == 404
    assert sign_in(cast.data_officer).get(page).status_code in (403, 404)
    assert sign_in(cast.administrator).get(address("alert")).status_code in (403, 404)
