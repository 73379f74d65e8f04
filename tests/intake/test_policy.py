"""One table of addresses: what it says is obeyed before a view runs. tests/test_matrix.py asks it about everything."""

import pytest
from django.http import HttpResponse
from django.urls import path

from intake import policy
from shelters import roles, urls
from tests import factories

pytestmark = pytest.mark.django_db


def forgotten(_request):
    return HttpResponse("Zzyzx")


urlpatterns = [path("es/forgotten/", forgotten, name="forgotten"), *urls.urlpatterns]


def test_an_address_without_a_line_is_not_there_and_the_log_says_so(coordinator, settings, caplog):
    settings.ROOT_URLCONF = __name__
    assert policy.page_called("forgotten") is None
    assert coordinator.get("/es/forgotten/").status_code == 404
    assert "An address without a line in intake/policy.py: forgotten" in caplog.text


def test_an_address_with_a_line_is_there(coordinator, settings, monkeypatch):
    settings.ROOT_URLCONF = __name__
    monkeypatch.setitem(policy.PAGES, "forgotten", policy.SIGNED_IN)
    assert coordinator.get("/es/forgotten/").content == b"Zzyzx"


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("intake:family", ("intake.view_family",)),
        ("admin:intake_family_changelist", (policy.OPENS_ADMIN, "intake.view_family")),
        ("admin:shelters_user_delete", (policy.OPENS_ADMIN, "shelters.delete_user")),
        ("admin:intake_stay_delete", ("nobody's",)),
        ("admin:intake_tally_add", ("nobody's",)),
        ("healthz", None),
    ],
)
def test_a_line_says_which_rights_are_asked(name, rights):
    assert policy.page_called(name).rights == rights


@pytest.mark.parametrize(
    "name", ["", "family", "intake:", "admin:intake_family_export", "elsewhere:intake_family_add"]
)
def test_what_has_no_line_is_nobodys(name):
    assert policy.page_called(name) is None


@pytest.mark.parametrize("role", roles.BY_CODE)
def test_what_is_closed_opens_to_no_role(role, cast):
    assert not policy.CLOSED.is_open_to(getattr(cast, role))


def test_the_door_of_the_admin_is_asked_besides_the_right(cast):
    """A right alone, as volunteers hold, opens no list."""
    assert cast.volunteer.has_perm("intake.view_family")
    assert not policy.page_called("admin:intake_family_changelist").is_open_to(cast.volunteer)


def test_who_looked_is_not_told_to_an_administrator_of_the_shelter(cast, palillo, sign_in):
    """They read the trail of accounts, and of nobody who sought shelter."""
    family = factories.make_family(palillo, {}, by=cast.volunteer)
    assert policy.holds(cast.administrator, "shelters.view_accessevent")
    answer = sign_in(cast.administrator).get(f"/es/admin/intake/family/{family.pk}/looked/")
    assert answer.status_code == 404
