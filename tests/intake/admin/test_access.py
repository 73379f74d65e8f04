"""Who sees which records, on every path: pages, versions, choices, lists, hostile addresses."""

from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake.models import Person, ServiceType
from shelters.models import AccessEvent
from tests import factories
from tests.intake.admin.pages import INLINE_CODE, LISTS, NOBODY, PEOPLE, address, errors, records_of

# --- every page ---------------------------------------------------------------------------------------------


AT_THE_DESK = ("family", "person")  # somebody new begins with a stay, which the desk writes


@pytest.mark.parametrize("model", AT_THE_DESK)
def test_nobody_new_is_written_down_in_the_admin(coordinator, model):
    assert coordinator.get(address(model, "add/")).status_code == 404
    assert coordinator.post(address(model, "add/"), {}).status_code == 404


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("model", PEOPLE)
def test_pages_about_people_open(coordinator, ours, language, model):
    obj = ours[model]
    obj.save()
    adding = () if model in AT_THE_DESK else ("add/",)
    for page in ("", *adding, f"{obj.pk}/change/", f"{obj.pk}/history/"):
        response = coordinator.get(f"/{language}/admin/intake/{model}/{page}")
        assert response.status_code == 200, page
        assert not INLINE_CODE.search(response.text), page


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("model", LISTS)
def test_pages_of_the_lists_open(coordinator, family, language, model):
    response = coordinator.get(f"/{language}/admin/intake/{model}/")
    assert response.status_code == 200
    assert not INLINE_CODE.search(response.text)
    row = response.context["cl"].result_list[0]
    for page in ("change/", "history/"):
        assert coordinator.get(f"/{language}/admin/intake/{model}/{row.pk}/{page}").status_code == 200


@pytest.mark.parametrize("role", ["coordinator", "data_officer", "administrator"])
@pytest.mark.parametrize("model", PEOPLE)
def test_records_follow_the_role(cast, sign_in, ours, role, model):
    user = getattr(cast, role)
    client = sign_in(user)
    may_view, may_change = (user.has_perm(f"intake.{verb}_{model}") for verb in ("view", "change"))
    page = address(model, f"{ours[model].pk}/change/")
    assert client.get(page).status_code == (200 if may_view else 404)
    assert client.get(address(model, f"{ours[model].pk}/history/")).status_code == (200 if may_view else 404)
    assert client.get(address(model, f"{ours[model].pk}/delete/")).status_code == 404
    if not may_change:
        assert client.post(page, {}).status_code == 404


def test_no_table_about_people_is_open_to_the_administrator(cast, sign_in, ours):
    client = sign_in(cast.administrator)
    for model in PEOPLE:
        assert client.get(address(model)).status_code == 404


# --- another shelter ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", PEOPLE)
def test_another_shelters_record_is_not_there(coordinator, theirs, model):
    obj = theirs[model]
    before = type(obj).objects.filter(pk=obj.pk).values().get()
    for page in ("change/", "history/", "delete/"):
        page = address(model, f"{obj.pk}/{page}")
        assert coordinator.get(page).status_code == 404, page
        assert coordinator.post(page, {"post": "yes", "given_names": "x"}).status_code == 404, page
    assert type(obj).objects.filter(pk=obj.pk).values().get() == before
    assert coordinator.get(address(model)).context["cl"].result_count == 0
    assert coordinator.get(address(model, "?_popup=1")).context["cl"].result_count == 0


@pytest.mark.parametrize("model", [name for name in PEOPLE if name != "intention"])
def test_another_shelters_versions_are_not_there(coordinator, theirs, model):
    obj = theirs[model]
    obj.save()
    obj.save()
    version = obj.history.latest()
    assert coordinator.get(address(model, f"{obj.pk}/history/{version.pk}/")).status_code == 404
    type(obj).objects.filter(pk=obj.pk).delete()
    assert coordinator.get(address(model, f"{obj.pk}/history/")).status_code == 404


def test_a_version_is_not_reached_through_another_record(coordinator, ours, theirs):
    theirs["person"].save()
    version = theirs["person"].history.latest()
    assert coordinator.get(address("person", f"{ours['person'].pk}/history/{version.pk}/")).status_code == 404


def ask(client, model, field, term="", app="intake"):
    query = urlencode({"app_label": app, "model_name": model, "field_name": field, "term": term})
    return client.get(f"/es/admin/autocomplete/?{query}")


def test_choices_come_from_the_own_shelter(coordinator, ours, theirs):
    found = ask(coordinator, "stay", "person").json()["results"]
    assert {row["id"] for row in found} == {
        str(pk) for pk in Person.objects.filter(family=ours["family"]).values_list("pk", flat=True)
    }
    assert ask(coordinator, "stay", "person", "zzyzx").json()["results"] == []
    assert [row["id"] for row in ask(coordinator, "person", "family", "nunez").json()["results"]] == [
        str(ours["family"].pk)
    ]


@pytest.mark.parametrize(
    ("model", "field", "app"),
    [
        ("family", "members", "intake"),
        ("submission", "family", "intake"),
        ("stay", "zone", "intake"),
        ("person", "nothing", "intake"),
        ("nothing", "person", "intake"),
        ("group", "permissions", "auth"),
        ("", "", ""),
    ],
)
def test_choices_are_offered_for_our_own_fields_only(coordinator, ours, model, field, app):
    assert ask(coordinator, model, field, app=app).status_code == 404


@pytest.mark.parametrize("key", ["x", NOBODY, "\0", "theirs"])
def test_a_choice_that_is_none_is_an_error_of_the_form(coordinator, theirs, palillo, key):
    person = theirs["person"].pk if key == "theirs" else key
    sent = {"person": person, "shelter": palillo.pk, "in_at_0": "2018-11-06", "in_at_1": "10:00"}
    response = coordinator.post(address("stay", "add/"), sent)
    assert response.status_code == 200
    assert "person" in errors(response)
    assert "Zzyzx" not in response.text


@pytest.mark.parametrize("model", [model for model in PEOPLE if model not in AT_THE_DESK])
def test_an_address_fills_no_form(coordinator, theirs, model):
    query = urlencode(
        {"person": theirs["person"].pk, "family": theirs["family"].pk, "given_at": "x", "in_at": "x"}
    )
    response = coordinator.get(address(model, f"add/?{query}"))
    assert response.status_code == 200
    assert "Zzyzx" not in response.text
    assert coordinator.get(address(model, "add/?person=x&family=x&need=x")).status_code == 200


# --- hostile addresses --------------------------------------------------------------------------------------

NUMBER = "9" * 30
ORACLES = [
    "family__shelter__name__startswith=E",
    "id__regex=(",
    "given_names__startswith=N",
    "person__given_names__contains=e",
    "service_type__exact=LEG-ASY",
    "service_type__sensitivity__exact=legal",
    "need__tier__gte=3",
    "name_key__contains=n",
    "history__given_names=x",
    "pk__in=" + NOBODY,
    "shelter__staff__password__startswith=a",
]
HOSTILE = [
    f"p={NUMBER}",
    "p=x",
    f"o={NUMBER}",
    "o=-9.x",
    "q=%00",
    "q=%25_'%22\\",
    "e=1&p=0",
    "country=%27",
    "given_on_days=-1",
    "_to_field=x",
]
IMPOSSIBLE = [NUMBER, "x", "%00", NOBODY, NOBODY + "0", "-1"]


@pytest.mark.parametrize("model", PEOPLE)
def test_no_oracle(coordinator, ours, model):
    for query in ORACLES:
        assert coordinator.get(address(model, f"?{query}")).status_code == 400, query


@pytest.mark.parametrize("model", [*PEOPLE, *LISTS])
def test_no_list_address_breaks_the_server(coordinator, ours, model):
    for query in HOSTILE:
        response = coordinator.get(address(model, f"?{query}"), follow=True)
        assert response.status_code in (200, 400, 404), query


@pytest.mark.parametrize("model", ["person", "servicetype", "privacynotice", "intention"])
def test_impossible_keys_are_not_there(coordinator, ours, model):
    for page in ("change/", "history/", "delete/", "history/1/"):
        for key in IMPOSSIBLE:
            response = coordinator.get(address(model, f"{key}/{page}"), follow=True)
            assert response.status_code in (400, 404), (key, page)


@pytest.mark.parametrize("key", ["x", "\0", NUMBER, "A" * 500])
def test_impossible_choices_change_nothing(coordinator, db, key):
    sent = {"action": "retire", "_selected_action": key, "index": 0}
    assert coordinator.post(address("servicetype"), sent).status_code in (302, 404)
    assert not ServiceType.objects.filter(retired_on__isnull=False).exists()


# --- lists --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", PEOPLE)
def test_search_is_blind_to_accents(coordinator, ours, palillo, model):
    records_of(factories.make_family(palillo, {"given_names": "Berta", "surnames": "Solís"}))
    for typed in ("nunez", "NÚÑEZ", "neptali nunez", "Núñ"):
        assert coordinator.get(address(model), {"q": typed}).context["cl"].result_count == 1, typed


def test_the_list_of_families_says_who_and_from_where(coordinator, family):
    family.members.filter(given_names="Olga").update(origin_country="GT")
    page = coordinator.get(address("family")).text
    for words in ("Neptalí Núñez", "Honduras 1", "Guatemala 1"):
        assert words in page


@pytest.mark.parametrize("query", ["", "?q=a"])
def test_lists_cost_the_same_for_one_row_and_for_thirty(coordinator, palillo, ours, query):
    for model in PEOPLE:
        coordinator.get(address(model, query))  # what is remembered after the first time
    before = {model: cost(coordinator, model, query) for model in PEOPLE}
    for _n in range(30):
        records_of(factories.make_family(palillo, {}, {"age": 3}))
    assert {model: cost(coordinator, model, query) for model in PEOPLE} == before


def cost(client, model, query):
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address(model, query)).status_code == 200
    return len(caught)


@pytest.mark.parametrize(
    ("model", "query", "found"),
    [
        ("person", "country=HN", 2),
        ("person", "country=other", 0),
        ("person", "sex__exact=M", 0),
        ("person", "relationship__exact=HEAD", 1),
        ("person", "birth_precision__exact=age", 2),
        ("family", "arrived_on_days=30", 0),
        ("family", "notice_answer__exact=accepted", 1),
        ("stay", "inside=yes", 2),
        ("stay", "inside=no", 0),
        ("servicereceived", "cancelled=no", 1),
        ("servicereceived", "service_type__code__exact=FOOD-LUN", 1),
        ("personneed", "state__exact=confirmed", 0),
        ("intention", "plan__code__exact=MEX-STAY", 1),
    ],
)
def test_filters_find_what_they_say(coordinator, ours, model, query, found):
    assert coordinator.get(address(model, f"?{query}")).context["cl"].result_count == found


@pytest.mark.parametrize("page", ["change/", "history/"])
@pytest.mark.parametrize("model", PEOPLE)
def test_reading_about_people_is_on_the_trail(coordinator, cast, ours, model, page):
    ours[model].save()
    before = AccessEvent.objects.count()
    coordinator.get(address(model, f"{ours[model].pk}/{page}"))
    event = AccessEvent.objects.latest("pk")
    assert AccessEvent.objects.count() == before + 1
    assert (event.action, event.user) == ("family_opened", cast.coordinator)
