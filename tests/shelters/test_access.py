"""Who may sign in, and what a role carries."""

from datetime import date

import pytest
from django.contrib.auth.models import Group, Permission
from django.http import Http404
from django.test import RequestFactory

from shelters import roles
from shelters.access import current_shelter
from shelters.middleware import Shift
from shelters.models import AccessEvent
from tests.factories import PASSWORD
from tests.shelters.test_views import try_to_sign_in


def shift_at(shelter):
    return Shift(shelter_id=shelter.pk, shelter_name=shelter.name, timezone=shelter.timezone, desk="food 1")


def request_of(user, shelter=None):
    request = RequestFactory().get("/")
    request.user, request.shift = user, shift_at(shelter) if shelter else None
    return request


def test_the_current_shelter_is_the_one_of_the_shift(cast, palillo):
    assert current_shelter(request_of(cast.volunteer, palillo)) == palillo


def test_a_shelter_one_does_not_work_in_is_not_found(cast, annex):
    for shelter in (annex, None):
        with pytest.raises(Http404):
            current_shelter(request_of(cast.volunteer, shelter))


def test_rights_come_from_roles_alone(cast):
    cast.volunteer.user_permissions.add(Permission.objects.get(codename="view_reports"))
    assert not cast.volunteer.has_perm("intake.view_reports")
    assert cast.volunteer.has_perm("intake.add_family")


@pytest.mark.parametrize("last_day", [None, date(2999, 1, 1), date.today()])
def test_an_account_opens_up_to_its_last_day(cast, last_day):
    cast.volunteer.access_until = last_day
    assert cast.volunteer.has_access


def test_the_door_leaves_a_trail(cast):
    try_to_sign_in("volunteer", "wrong words here")
    _answer, client = try_to_sign_in("volunteer", PASSWORD)
    client.post("/es/account/logout/")
    trail = list(AccessEvent.objects.order_by("id").values_list("action", "user__username"))
    assert trail == [("sign_in_refused", None), ("signed_in", "volunteer"), ("signed_out", "volunteer")]
    assert not AccessEvent.objects.exclude(detail={}).exists()


# --- roles ---------------------------------------------------------------------------------------------------


def test_every_role_is_a_group_with_exactly_its_permissions(db):
    for role in roles.ROLES:
        held = {
            f"{p.content_type.app_label}.{p.codename}"
            for p in Group.objects.get(name=role.code).permissions.all()
        }
        assert held == role.permissions


def test_migrating_again_takes_back_what_somebody_added(db):
    group = Group.objects.get(name="volunteer")
    group.permissions.add(Permission.objects.get(codename="view_reports"))
    roles.synchronise()
    assert not group.permissions.filter(codename="view_reports").exists()


def test_the_lines_of_the_design_hold(cast):
    """Design §1: who must never."""
    assert not cast.volunteer.has_perm("intake.view_reports")
    for role in ("volunteer", "coordinator", "data_officer", "administrator"):
        assert not getattr(cast, role).has_perm("intake.handle_legal")
        assert not getattr(cast, role).has_perm("intake.handle_health")
    assert not cast.legal.has_perm("intake.handle_health")
    assert not cast.health.has_perm("intake.handle_legal")
    assert not any(name.startswith("intake.view_family") for name in roles.Administrator.permissions)
    for name in ("family", "person", "stay", "personneed", "intention", "servicereceived"):
        assert not cast.administrator.has_perm(f"intake.view_{name}")


def test_only_who_reviews_opens_the_admin(cast):
    opened = {role for role in roles.BY_CODE if getattr(cast, role).is_staff}
    assert opened == {"coordinator", "data_officer", "administrator"}
