"""The admin's doors and its common base: who comes in, what an address may ask, what is written down."""

import re

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shelters.admin_lists import CappedPaginator
from shelters.models import AccessEvent, Organization, Shelter, Zone
from tests import factories

User = get_user_model()
INDEX = "/es/admin/"
INLINE_CODE = re.compile(r"<[^>]+\s(style|on[a-z]+)\s*=|<script(?![^>]*\bsrc=)[^>]*>|<style")
STAFF = ("coordinator", "data_officer", "administrator")
OURS = [f"{model._meta.app_label}.{model._meta.model_name}" for model in admin.site._registry]


@pytest.fixture
def administrator(cast, sign_in):
    return sign_in(cast.administrator)


@pytest.fixture
def hall(palillo):
    return factories.make_zone(palillo, "A")


@pytest.fixture
def cross(db):
    return factories.make_organization()


def address(model, page=""):
    return f"/es/admin/{model.replace('.', '/')}/{page}"


def make_event(user, shelter):
    return AccessEvent.objects.create(user=user, action="exported", shelter=shelter)


def organization(**fields):
    return {"code": "acnur", "name": "ACNUR", "kind": "un", **fields}


# --- the doors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize("language", ["es", "en"])
def test_staff_find_their_tables(cast, sign_in, role, language):
    response = sign_in(getattr(cast, role)).get(f"/{language}/admin/")
    assert response.status_code == 200
    assert not INLINE_CODE.search(response.text)


def test_the_index_shows_our_two_apps_and_no_groups(administrator):
    shown = administrator.get(INDEX).context["app_list"]
    assert [app["app_label"] for app in shown] == ["intake", "shelters"]
    assert {model._meta.app_label for model in admin.site._registry} == {"intake", "shelters"}


@pytest.mark.parametrize(
    "page", ["", "intake/family/", "shelters/user/add/", "login/", "nowhere/", "jsi18n/", "logout/"]
)
@pytest.mark.parametrize("role", ["volunteer", "legal", "health"])
def test_who_has_no_key_finds_no_door(cast, sign_in, role, page):
    assert sign_in(getattr(cast, role)).get(INDEX + page).status_code == 404


def test_anonymous_people_are_sent_to_the_one_sign_in(client, db):
    response = client.get("/es/admin/shelters/shelter/", follow=True)
    assert response.redirect_chain[-1][0] == "/es/account/login/?next=/es/admin/shelters/shelter/"
    assert client.post("/es/admin/login/", {"username": "x", "password": "y"}).status_code == 302


def test_the_sign_in_sends_nobody_to_another_host(client, db):
    response = client.get("/es/admin/login/?next=https://evil.example/")
    assert response.url == "/es/account/login/?next=/es/admin/"


def test_staff_who_are_in_need_no_second_sign_in(coordinator):
    assert coordinator.get("/es/admin/login/").url == INDEX
    assert coordinator.get("/es/admin/password_change/").url == "/es/account/password/"
    assert coordinator.get("/es/admin/logout/").url == "/es/account/logout/"


@pytest.mark.parametrize("spelled", ["{}", "0{}", "+{}", " {}"])
def test_ones_own_password_is_changed_where_the_old_one_is_asked(administrator, cast, spelled):
    own = f"/es/admin/shelters/user/{spelled.format(cast.administrator.pk)}/password/"
    for answer in (administrator.get(own), administrator.post(own, {"password1": "x", "password2": "x"})):
        assert answer.url == "/es/account/password/"


# The admin shows and corrects them; nobody adds one there.
MADE_AT_THE_DESKS = "accessevent family person merge tally departure headcount goodsmovement".split()


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize("model", OURS)
def test_lists_and_add_pages_follow_the_role(cast, sign_in, role, model):
    user = getattr(cast, role)
    client = sign_in(user)
    app, name = model.split(".")
    can_add = user.has_perm(f"{app}.add_{name}") and name not in MADE_AT_THE_DESKS
    assert client.get(address(model)).status_code == (200 if user.has_perm(f"{app}.view_{name}") else 404)
    assert client.get(address(model, "add/")).status_code == (200 if can_add else 404)


@pytest.mark.parametrize("app", ["intake", "shelters", "auth", "account"])
def test_an_app_page_opens_for_who_uses_it(coordinator, app):
    assert coordinator.get(f"{INDEX}{app}/").status_code == (200 if app in ("intake", "shelters") else 404)


# --- every page, in both languages -------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_page_of_the_building_opens(cast, sign_in, administrator, palillo, hall, cross, language):
    never_here = factories.make_user("volunteer", shelters=[palillo])
    event = make_event(cast.administrator, None)
    for obj in (palillo, hall, cross, never_here, event):
        base = f"/{language}/admin/shelters/{obj._meta.model_name}/"
        for page in ("", f"{obj.pk}/change/", f"{obj.pk}/history/"):
            response = administrator.get(base + page)
            assert response.status_code == 200, base + page
            assert not INLINE_CODE.search(response.text), base + page
    assert administrator.get(f"/{language}/admin/shelters/user/{never_here.pk}/delete/").status_code == 200
    assert administrator.get(f"/{language}/admin/shelters/user/{never_here.pk}/password/").status_code == 200


def test_versions_open_to_read_and_cannot_be_written_back(coordinator, palillo):
    palillo.name = "Otro nombre"
    palillo.save()
    first = palillo.history.earliest()
    page = address("shelters.shelter", f"{palillo.pk}/history/{first.pk}/")
    assert "Estadio Palillo" in coordinator.get(page).text
    assert 'name="name"' not in coordinator.get(page).text
    assert coordinator.post(page, {"name": "Vuelta atrás"}).status_code == 404
    assert Shelter.objects.get(pk=palillo.pk).name == "Otro nombre"


# --- another shelter's records -----------------------------------------------------------------------------


def test_another_shelter_is_not_there(coordinator, palillo, annex):
    other = factories.make_zone(annex, "Z", name="Zona ajena")
    for obj in (annex, other):
        model = obj._meta.label_lower
        version = obj.history.latest()
        for page in ("change/", "delete/", "history/", f"history/{version.pk}/"):
            assert coordinator.get(address(model, f"{obj.pk}/{page}")).status_code == 404, page
        assert coordinator.post(address(model, f"{obj.pk}/change/"), {"name": "x"}).status_code == 404
        assert coordinator.get(address(model)).text.count(obj.name) == 0
    assert Zone.objects.get(pk=other.pk).name == "Zona ajena"


def test_a_zone_cannot_be_added_to_another_shelter(coordinator, palillo, annex):
    sent = {"shelter": annex.pk, "code": "N", "name": "Nueva", "meant_for": "everyone"}
    assert coordinator.post(address("shelters.zone", "add/"), sent).status_code == 200
    assert not Zone.objects.filter(code="N").exists()
    assert (
        coordinator.post(address("shelters.zone", "add/"), {**sent, "shelter": palillo.pk}).status_code == 302
    )


def test_a_filter_by_another_shelter_tells_nothing(coordinator, cast, palillo, annex, hall):
    factories.make_zone(annex, "Z")
    gym = factories.make_shelter("gym")
    cast.coordinator.shelters.add(gym)
    assert coordinator.get(address("shelters.zone"), {"shelter__id__exact": annex.pk}).url.endswith("?e=1")
    assert (
        coordinator.get(address("shelters.zone"), {"shelter__id__exact": palillo.pk})
        .context["cl"]
        .result_count
        == 1
    )


# --- hostile addresses -------------------------------------------------------------------------------------

NUMBER = "9" * 30
HOSTILE = [
    "?p=" + NUMBER,
    "?p=-1",
    "?p=x",
    "?o=" + NUMBER,
    "?o=1.-2.x",
    "?q=%00",
    "?q=" + "a%20" * 500,
    "?q=%FF%FE",
    "?e=1&p=" + NUMBER,
    "?all=",
    "?_to_field=password",
    "?_popup=1&_to_field=id",
    "?retired=%27",
    "?id__regex=(",
    "?name__startswith=E",
    "?pk=1",
    "?history__name=x",
    "?shelter__id__exact=" + NUMBER,
    "?shelter__id__exact=x",
    "?shelter__exact=" + NUMBER,
    "?is_active__exact=x",
    "?at_days=" + NUMBER,
    "?role=x",
]


@pytest.mark.parametrize("model", ["shelter", "zone", "organization", "user", "accessevent"])
def test_no_list_address_breaks_the_server(administrator, palillo, model):
    for query in HOSTILE:
        response = administrator.get(address(f"shelters.{model}", query), follow=True)
        assert response.status_code in (200, 400, 404), query


@pytest.mark.parametrize(
    "query", ["name__startswith=E", "staff__username=coordinator", "zones__name__contains=x", "id__gt=1"]
)
def test_no_lookup_but_the_filters_is_answered(coordinator, palillo, query):
    assert coordinator.get(address("shelters.shelter", f"?{query}")).status_code == 400


@pytest.mark.parametrize("page", ["change/", "history/", "delete/", "history/1/", ""])
def test_impossible_keys_are_not_there(administrator, palillo, page):
    for key in (NUMBER, "x", "-1", "%00", "0", "1%2F2", "1e5", "٣", "_5Fx"):
        response = administrator.get(address("shelters.shelter", f"{key}/{page}"), follow=True)
        assert response.status_code in (400, 404), key


@pytest.mark.parametrize("version", [NUMBER, "x", "0", "-1"])
def test_impossible_versions_are_not_there(coordinator, palillo, version):
    assert coordinator.get(address("shelters.shelter", f"{palillo.pk}/history/{version}/")).status_code == 404


@pytest.mark.parametrize("key", [NUMBER, "x", "", "\0", "-1"])
def test_impossible_choices_change_nothing(coordinator, cross, key):
    for index in ("0", "-7", NUMBER, "x"):
        sent = {"action": "retire", "_selected_action": key, "index": index}
        assert coordinator.post(address("shelters.organization"), sent).status_code in (302, 404), index
    assert Organization.objects.filter(retired_on__isnull=True).count() == 1


@pytest.mark.parametrize("shelter", [NUMBER, "x", "\0", "-1"])
def test_impossible_relations_are_errors_of_the_form(coordinator, palillo, shelter):
    sent = {"shelter": shelter, "code": "N", "name": "Nueva", "meant_for": "everyone"}
    assert coordinator.post(address("shelters.zone", "add/"), sent).status_code in (200, 400)
    assert not Zone.objects.exists()


def test_an_address_fills_no_form(coordinator, palillo, annex):
    page = coordinator.get(address("shelters.zone", f"add/?shelter={annex.pk}&name=Plantada"))
    assert 'value="Plantada"' not in page.text
    assert annex.name not in page.text


# --- lists -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "found"), [("nunez", 1), ("NÚÑEZ", 1), ("asociacion nuñez", 1), ("x", 0)])
def test_search_is_blind_to_accents(coordinator, db, typed, found):
    factories.make_organization("an", name="Asociación Núñez", kind="ngo")
    assert coordinator.get(address("shelters.organization"), {"q": typed}).context["cl"].result_count == found


def test_lists_cost_the_same_for_one_row_and_for_thirty(administrator, palillo, cross, hall):
    factories.make_user("volunteer", shelters=[palillo])
    for model in ("zone", "organization", "user", "accessevent", "shelter"):
        administrator.get(address(f"shelters.{model}"))
    costs = {
        model: queries(administrator, model)
        for model in ("zone", "organization", "user", "shelter", "accessevent")
    }
    for n in range(30):
        shelter = factories.make_shelter(f"s{n}")
        factories.make_zone(shelter, "A")
        factories.make_organization(f"o{n}")
        make_event(factories.make_user("volunteer", shelters=[shelter, palillo]), shelter)
    assert costs == {model: queries(administrator, model) for model in costs}


def queries(client, model):
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address(f"shelters.{model}")).status_code == 200
    return len(caught)


def test_counting_stops_somewhere(coordinator, monkeypatch, db):
    monkeypatch.setattr(CappedPaginator, "cap", 3)
    for n in range(5):
        factories.make_organization(f"o{n}")
    response = coordinator.get(address("shelters.organization"))
    assert response.context["cl"].result_count == 3
    assert "3 o más" in response.text or "3 or more" in response.text


# --- the lists that coordinators own -----------------------------------------------------------------------


def test_a_coordinator_adds_an_organization_and_leaves_a_trail_without_names(coordinator, cast):
    assert coordinator.post(address("shelters.organization", "add/"), organization()).status_code == 302
    made = Organization.objects.get(code="acnur")
    event = AccessEvent.objects.get(action="admin_added")
    assert (event.user, event.subject_type, event.subject_id) == (
        cast.coordinator,
        "shelters.Organization",
        str(made.pk),
    )
    assert not LogEntry.objects.exists()


def test_a_correction_names_the_fields_and_keeps_the_code(coordinator, cross):
    sent = organization(code="otro", name="Cruz Roja Mexicana", kind="red_cross")
    assert coordinator.post(address("shelters.organization", f"{cross.pk}/change/"), sent).status_code == 302
    cross.refresh_from_db()
    assert (cross.code, cross.name) == ("cruz-roja", "Cruz Roja Mexicana")
    event = AccessEvent.objects.get(action="admin_changed")
    assert "name" in event.detail["fields"]
    assert "Mexicana" not in str(event.detail)


def test_rows_are_retired_and_brought_back_never_deleted(coordinator, cross):
    sent = {"action": "retire", "_selected_action": cross.pk, "index": 0}
    coordinator.post(address("shelters.organization"), sent)
    cross.refresh_from_db()
    assert cross.retired_on == timezone.localdate()
    assert cross.history.count() == 2
    coordinator.post(address("shelters.organization"), {**sent, "action": "bring_back"})
    cross.refresh_from_db()
    assert cross.retired_on is None
    assert "delete_selected" not in coordinator.get(address("shelters.organization")).text


def test_a_coordinator_sets_up_zones_on_the_page_of_the_shelter(coordinator, palillo):
    page = coordinator.get(address("shelters.shelter", f"{palillo.pk}/change/"))
    form = page.context["adminform"].form
    sent = {name: form[name].value() or "" for name in form.fields}
    sent |= {
        "zones-TOTAL_FORMS": 1,
        "zones-INITIAL_FORMS": 0,
        "zones-0-code": "B",
        "zones-0-name": "Carpa",
        "zones-0-meant_for": "women",
    }
    assert coordinator.post(address("shelters.shelter", f"{palillo.pk}/change/"), sent).status_code == 302
    assert palillo.zones.get().meant_for == "women"
    assert set(AccessEvent.objects.values_list("subject_type", flat=True)) == {
        "shelters.Zone",
        "shelters.Shelter",
    }


def test_the_same_code_twice_is_said_in_the_form(coordinator, cross):
    response = coordinator.post(address("shelters.organization", "add/"), organization(code="cruz-roja"))
    assert response.status_code == 200
    assert response.context["adminform"].form.errors["code"]


# --- accounts ----------------------------------------------------------------------------------------------


def account(*roles, **fields):
    groups = [User.groups.rel.model.objects.get(name=role).pk for role in roles]
    return {"username": "nueva", "language": "es", "groups": groups, **fields}


def new_account(*roles, **fields):
    return account(*roles, password1=factories.PASSWORD, password2=factories.PASSWORD, **fields)


def test_an_administrator_makes_an_account_with_a_role(administrator, palillo):
    sent = new_account("coordinator", shelters=[palillo.pk])
    assert administrator.post(address("shelters.user", "add/"), sent).status_code == 302
    made = User.objects.get(username="nueva")
    assert made.is_staff
    assert [*made.shelters.all()] == [palillo]
    assert made.check_password(factories.PASSWORD)


def test_the_door_of_the_admin_follows_the_role(administrator, cast):
    sent = account("volunteer", username="coordinator", is_active="on")
    assert (
        administrator.post(address("shelters.user", f"{cast.coordinator.pk}/change/"), sent).status_code
        == 302
    )
    cast.coordinator.refresh_from_db()
    assert not cast.coordinator.is_staff


@pytest.mark.parametrize("extra", [{"is_superuser": 1}, {"is_staff": "on"}, {"user_permissions": [1, 2]}])
def test_nobody_is_raised_above_the_roles(administrator, cast, extra):
    administrator.post(address("shelters.user", "add/"), new_account("volunteer", **extra))
    sent = account("volunteer", username="volunteer", is_active="on", **extra)
    administrator.post(address("shelters.user", f"{cast.volunteer.pk}/change/"), sent)
    for user in User.objects.filter(username__in=["nueva", "volunteer"]):
        assert not user.is_superuser
        assert not user.is_staff
        assert not user.user_permissions.exists()
    assert User.objects.filter(username="nueva").exists()


def test_nobody_raises_their_own_account(administrator, cast, annex):
    sent = account(
        "coordinator", "administrator", username="administrator", is_active="on", shelters=[annex.pk]
    )
    administrator.post(address("shelters.user", f"{cast.administrator.pk}/change/"), sent)
    assert [group.name for group in cast.administrator.groups.all()] == ["administrator"]
    assert annex not in cast.administrator.shelters.all()


def test_an_account_above_the_roles_is_out_of_reach(administrator, cast):
    root = User.objects.create_superuser("root", password=factories.PASSWORD)
    for page in ("change/", "history/", "delete/", "password/"):
        assert administrator.get(address("shelters.user", f"{root.pk}/{page}")).status_code == 404
    sent = {"password1": "otra clave larga", "password2": "otra clave larga"}
    assert administrator.post(address("shelters.user", f"{root.pk}/password/"), sent).status_code == 404
    root.refresh_from_db()
    assert root.check_password(factories.PASSWORD)


@pytest.mark.parametrize("role", ["coordinator", "data_officer"])
def test_others_touch_no_account(cast, sign_in, role):
    client = sign_in(getattr(cast, role))
    for page in (
        "",
        "add/",
        *(f"{cast.volunteer.pk}/{page}/" for page in ("change", "history", "delete", "password")),
    ):
        assert client.get(address("shelters.user", page)).status_code == 404
        assert client.post(address("shelters.user", page), account("volunteer")).status_code == 404


def test_a_password_is_set_and_the_trail_says_only_that(administrator, cast):
    sent = {"password1": "otra clave larga", "password2": "otra clave larga", "usable_password": "true"}
    assert (
        administrator.post(address("shelters.user", f"{cast.volunteer.pk}/password/"), sent).status_code
        == 302
    )
    cast.volunteer.refresh_from_db()
    assert cast.volunteer.check_password("otra clave larga")
    assert AccessEvent.objects.get(action="admin_changed").detail == {"fields": ["password"]}


def test_nobody_is_left_without_a_password(administrator, cast):
    page = address("shelters.user", f"{cast.volunteer.pk}/password/")
    assert "LDAP" not in administrator.get(page).text
    answer = administrator.post(page, {"usable_password": "false", "unset-password": "on"})
    assert answer.text.count("errorlist") == 2
    cast.volunteer.refresh_from_db()
    assert cast.volunteer.check_password(factories.PASSWORD)


def test_only_an_account_that_was_never_used_is_deleted(administrator, cast):
    page = address("shelters.user", f"{cast.volunteer.pk}/delete/")
    User.objects.filter(pk=cast.volunteer.pk).update(last_login=timezone.now())
    assert administrator.post(page, {"post": "yes"}).status_code == 404
    User.objects.filter(pk=cast.volunteer.pk).update(last_login=None)
    assert administrator.post(page, {"post": "yes"}).status_code == 302
    assert AccessEvent.objects.get(action="admin_deleted").subject_id == str(cast.volunteer.pk)


def test_an_account_that_made_records_stays(administrator, cast, palillo):
    factories.make_family(palillo, by=cast.volunteer)
    response = administrator.post(address("shelters.user", f"{cast.volunteer.pk}/delete/"), {"post": "yes"})
    assert response.status_code == 200
    assert User.objects.filter(pk=cast.volunteer.pk).exists()


# --- the trail ---------------------------------------------------------------------------------------------


def test_the_trail_is_read_only(coordinator, cast, palillo):
    event = make_event(cast.coordinator, palillo)
    assert coordinator.get(address("shelters.accessevent", f"{event.pk}/change/")).status_code == 200
    assert coordinator.post(address("shelters.accessevent", f"{event.pk}/change/"), {}).status_code == 404
    assert coordinator.get(address("shelters.accessevent", f"{event.pk}/delete/")).status_code == 404
    assert coordinator.get(address("shelters.accessevent", "add/")).status_code == 404


def test_the_trail_of_another_shelter_is_not_shown(coordinator, cast, annex):
    event = make_event(cast.coordinator, annex)
    assert coordinator.get(address("shelters.accessevent")).context["cl"].result_count == 0
    assert coordinator.get(address("shelters.accessevent", f"{event.pk}/change/")).status_code == 404
