"""The admin of families: scope, tiers and reserved services on every path; corrections that keep the model right."""

import re
from datetime import date
from urllib.parse import urlencode

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake.models import (
    Family,
    Intention,
    Person,
    PersonNeed,
    PrivacyNotice,
    ServiceCategory,
    ServiceReceived,
    ServiceType,
    SpecificNeed,
    Stay,
)
from shelters.models import AccessEvent
from tests import factories

INLINE_CODE = re.compile(r"<[^>]+\s(style|on[a-z]+)\s*=|<script(?![^>]*\bsrc=)[^>]*>|<style")
PEOPLE = ("family", "person", "stay", "personneed", "intention", "servicereceived")
LISTS = (
    "region",
    "language",
    "specificneed",
    "plan",
    "legaloutcome",
    "servicecategory",
    "servicetype",
    "privacynotice",
)
NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"


def address(model, page=""):
    return f"/es/admin/intake/{model}/{page}"


def records_of(family) -> dict:
    """One record of each table about people, all of this family."""
    person = Person.objects.select_related("family__shelter").filter(family=family).first()
    return {
        "family": family,
        "person": person,
        "stay": person.stays.first(),
        "personneed": factories.make_need(person, SpecificNeed.objects.filter(tier=1).first().pk),
        "intention": factories.make_intention(person),
        "servicereceived": factories.make_service(person),
    }


@pytest.fixture
def family(cast, palillo):
    members = [{"given_names": "Neptalí", "surnames": "Núñez", "age": 34}, {"given_names": "Olga", "age": 11}]
    return factories.make_family(palillo, *members, by=cast.volunteer)


@pytest.fixture
def ours(family):
    return records_of(family)


@pytest.fixture
def theirs(annex):
    return records_of(factories.make_family(annex, {"given_names": "Ajena", "surnames": "Zzyzx"}))


def sent_from(client, page):
    """What a browser would send back of this page, nothing changed."""
    context = client.get(page).context
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.initial_forms]
    sent = {}
    for field in (form[name] for form in forms for name in form.fields):
        value = field.value()
        parts = field.field.widget.decompress(value) if hasattr(field.field.widget, "decompress") else None
        if parts is not None:
            sent |= {
                f"{field.html_name}_{n}": "" if part is None else str(part) for n, part in enumerate(parts)
            }
        else:
            sent[field.html_name] = "" if value is None else value
    return sent


def change(client, obj, **fields):
    page = address(obj._meta.model_name, f"{obj.pk}/change/")
    return client.post(page, {**sent_from(client, page), **fields})


def errors(response):
    context = response.context
    found = [*context["adminform"].form.errors]
    for inline in context["inline_admin_formsets"]:
        found += [name for form in inline.formset.forms for name in form.errors]
    return found


# --- every page --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("model", PEOPLE)
def test_pages_about_people_open(coordinator, ours, language, model):
    obj = ours[model]
    obj.save()
    for page in ("", "add/", f"{obj.pk}/change/", f"{obj.pk}/history/"):
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


# --- another shelter ---------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("model", PEOPLE)
def test_an_address_fills_no_form(coordinator, theirs, model):
    query = urlencode(
        {"person": theirs["person"].pk, "family": theirs["family"].pk, "given_at": "x", "in_at": "x"}
    )
    response = coordinator.get(address(model, f"add/?{query}"))
    assert response.status_code == 200
    assert "Zzyzx" not in response.text
    assert coordinator.get(address(model, "add/?person=x&family=x&need=x")).status_code == 200


# --- hostile addresses -------------------------------------------------------------------------------------

NUMBER = "9" * 30


@pytest.mark.parametrize(
    "query",
    [
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
    ],
)
@pytest.mark.parametrize("model", PEOPLE)
def test_no_oracle(coordinator, ours, model, query):
    assert coordinator.get(address(model, f"?{query}")).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
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
    ],
)
@pytest.mark.parametrize("model", [*PEOPLE, *LISTS])
def test_no_list_address_breaks_the_server(coordinator, ours, model, query):
    assert coordinator.get(address(model, f"?{query}"), follow=True).status_code in (200, 400, 404)


@pytest.mark.parametrize("key", [NUMBER, "x", "%00", NOBODY, NOBODY + "0", "-1"])
@pytest.mark.parametrize("page", ["change/", "history/", "delete/", "history/1/"])
@pytest.mark.parametrize("model", ["person", "servicetype", "privacynotice", "intention"])
def test_impossible_keys_are_not_there(coordinator, ours, model, key, page):
    assert coordinator.get(address(model, f"{key}/{page}"), follow=True).status_code in (400, 404)


@pytest.mark.parametrize("key", ["x", "\0", NUMBER, "A" * 500])
def test_impossible_choices_change_nothing(coordinator, db, key):
    sent = {"action": "retire", "_selected_action": key, "index": 0}
    assert coordinator.post(address("servicetype"), sent).status_code in (302, 404)
    assert not ServiceType.objects.filter(retired_on__isnull=False).exists()


# --- lists -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["nunez", "NÚÑEZ", "neptali nunez", "Núñ"])
@pytest.mark.parametrize("model", PEOPLE)
def test_search_is_blind_to_accents(coordinator, ours, palillo, model, typed):
    records_of(factories.make_family(palillo, {"given_names": "Berta", "surnames": "Solís"}))
    page = coordinator.get(address(model), {"q": typed})
    assert page.context["cl"].result_count == 1


def test_the_list_of_families_says_who_and_from_where(coordinator, family):
    family.members.filter(given_names="Olga").update(origin_country="GT")
    page = coordinator.get(address("family")).text
    for words in ("Neptalí Núñez", "Honduras 1", "Guatemala 1"):
        assert words in page


@pytest.mark.parametrize("query", ["", "?q=a", "?arrived_on_days=30", "?country=other"])
def test_lists_cost_the_same_for_one_row_and_for_thirty(coordinator, palillo, ours, query):
    models = [
        model
        for model in PEOPLE
        if not query.startswith(("?arr", "?cou")) or model in ("family" if "arr" in query else "person")
    ]
    for model in models:
        coordinator.get(address(model, query))
    before = {model: cost(coordinator, model, query) for model in models}
    for _n in range(30):
        records_of(factories.make_family(palillo, {}, {"age": 3}))
    assert {model: cost(coordinator, model, query) for model in models} == before


def cost(client, model, query):
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address(model, query)).status_code == 200
    return len(caught)


@pytest.mark.parametrize(
    "query",
    ["country=HN", "country=other", "sex__exact=F", "relationship__exact=HEAD", "birth_precision__exact=age"],
)
def test_people_are_filtered(coordinator, family, query):
    assert coordinator.get(address("person", f"?{query}")).status_code == 200


# --- people ------------------------------------------------------------------------------------------------


@pytest.fixture
def neptali(family):
    return family.members.get(given_names="Neptalí")


@pytest.mark.parametrize(
    ("typed", "born", "precision"),
    [("1984", date(1984, 7, 2), "year"), ("14/3/1984", date(1984, 3, 14), "day"), ("", None, "unknown")],
)
def test_an_age_or_birth_date_is_one_field(coordinator, neptali, typed, born, precision):
    assert change(coordinator, neptali, age_or_birth=typed).status_code == 302
    neptali.refresh_from_db()
    assert (neptali.birth_date, neptali.birth_precision, neptali.version) == (born, precision, 2)


def test_an_age_that_was_not_touched_keeps_the_day_it_was_said(coordinator, neptali):
    before = neptali.birth
    assert change(coordinator, neptali, known_as="Nepo").status_code == 302
    neptali.refresh_from_db()
    assert (neptali.birth, neptali.known_as, neptali.version) == (before, "Nepo", 2)


def test_a_bad_age_is_said_beside_the_field(coordinator, neptali):
    response = change(coordinator, neptali, age_or_birth="hace mucho")
    assert errors(response) == ["age_or_birth"]
    assert 'value="hace mucho"' in response.text


def test_a_correction_leaves_the_names_of_fields_and_no_name(coordinator, cast, neptali):
    change(coordinator, neptali, given_names="Secretísimo")
    event = AccessEvent.objects.get(action="admin_changed")
    assert (event.user, event.shelter, event.subject_id) == (
        cast.coordinator,
        neptali.family.shelter,
        str(neptali.pk),
    )
    assert event.detail == {"fields": ["given_names"]}
    assert not LogEntry.objects.exists()
    assert "Secretísimo" not in coordinator.get("/es/admin/").text.partition("messagelist")[0]


def test_the_versions_show_what_was_corrected(coordinator, neptali):
    change(coordinator, neptali, sex="M", age_or_birth="1984")
    page = coordinator.get(address("person", f"{neptali.pk}/history/")).text
    for words in ("34", "1984"):
        assert words in page
    first = neptali.history.earliest()
    assert "Neptalí" in coordinator.get(address("person", f"{neptali.pk}/history/{first.pk}/")).text


def test_a_page_opened_before_somebody_elses_change_does_not_write_over_it(coordinator, neptali):
    page = address("person", f"{neptali.pk}/change/")
    stale = sent_from(coordinator, page) | {"known_as": "Viejo"}
    change(coordinator, neptali, known_as="Nuevo")
    response = coordinator.post(page, stale)
    assert response.status_code == 200
    neptali.refresh_from_db()
    assert neptali.known_as == "Nuevo"
    again = stale | {"seen": response.context["adminform"].form["seen"].value()}
    assert coordinator.post(page, again).status_code == 302


@pytest.mark.parametrize(("country", "region"), [("GT", "HN-OL"), ("XU", "HN-OL")])
def test_a_department_lies_in_its_country(coordinator, neptali, country, region):
    assert errors(change(coordinator, neptali, origin_country=country, origin_region=region)) == [
        "origin_region"
    ]


def test_a_family_has_one_head(coordinator, family):
    olga = family.members.get(given_names="Olga")
    response = change(coordinator, olga, relationship="HEAD")
    assert response.status_code == 200
    olga.refresh_from_db()
    assert olga.relationship == "CHILD"


def test_opening_a_file_is_on_the_trail(coordinator, cast, family, neptali):
    coordinator.get(address("family", f"{family.pk}/change/"))
    coordinator.get(address("person", f"{neptali.pk}/change/"))
    assert (
        AccessEvent.objects.filter(
            action="family_opened", user=cast.coordinator, subject_id=str(family.pk)
        ).count()
        == 2
    )


# --- families ----------------------------------------------------------------------------------------------


def test_members_are_corrected_on_the_page_of_the_family(coordinator, family):
    assert (
        change(
            coordinator, family, **{"members-1-given_names": "Olga María", "comments": "Llegan de noche"}
        ).status_code
        == 302
    )
    family.refresh_from_db()
    assert family.version == 2
    assert family.members.filter(given_names="Olga María", version=2).exists()
    assert family.members.get(given_names="Neptalí").version == 1
    assert {"members-1-given_names", "given_names"} & {
        f for e in AccessEvent.objects.filter(action="admin_changed") for f in e.detail["fields"]
    }


def test_the_head_changes_places_with_another_member(coordinator, family):
    sent = {"members-0-relationship": "PARENT", "members-1-relationship": "HEAD"}
    assert change(coordinator, family, **sent).status_code == 302
    assert family.members.get(relationship="HEAD").given_names == "Olga"


def test_two_heads_are_refused_in_words(coordinator, family):
    response = change(coordinator, family, **{"members-1-relationship": "HEAD"})
    assert errors(response) == ["relationship"]


def test_a_new_member_goes_last(coordinator, family):
    new = {
        "members-TOTAL_FORMS": 3,
        "members-2-given_names": "Tito",
        "members-2-sex": "M",
        "members-2-relationship": "CHILD",
    }
    assert change(coordinator, family, **new, **{"members-2-age_or_birth": "8m"}).status_code == 302
    tito = family.members.get(given_names="Tito")
    assert (tito.position, tito.birth_precision) == (2, "age")


def test_a_family_is_added_by_who_is_signed_in(coordinator, cast, palillo):
    sent = {
        "shelter": palillo.pk,
        "arrived_on": "2018-11-06",
        "language": "spa",
        "notice": 1,
        "notice_answer": "accepted",
    }
    sent |= {
        "members-TOTAL_FORMS": 1,
        "members-INITIAL_FORMS": 0,
        "members-0-given_names": "Ana",
        "members-0-sex": "F",
    }
    sent |= {"members-0-relationship": "HEAD", "registered_by": cast.stranger.pk, "desk": "x"}
    assert coordinator.post(address("family", "add/"), sent).status_code == 302
    family = Family.objects.get()
    assert (family.registered_by, family.registered_on, family.desk) == (
        cast.coordinator,
        palillo.today(),
        "",
    )
    assert str(family.members.get()) == "Ana"


def test_who_refused_the_notice_gets_no_name(coordinator, palillo):
    family = factories.make_family(palillo, {"given_names": "", "surnames": ""}, notice_answer="refused")
    person = family.members.get()
    assert errors(change(coordinator, family, **{"members-0-given_names": "Ana"})) == ["given_names"]
    assert errors(change(coordinator, person, known_as="Ana", origin_region="HN-OL")) == [
        "known_as",
        "origin_region",
    ]
    assert change(coordinator, person, age_or_birth="14/3/1984").status_code == 302
    person.refresh_from_db()
    assert (person.full_name, person.birth_precision) == ("", "age")


def test_taking_back_the_agreement_takes_the_names_away(coordinator, family):
    assert change(coordinator, family, notice_answer="refused").status_code == 302
    assert {person.full_name for person in family.members.all()} == {""}
    assert "Neptalí" not in str([*Person.history.values()])


# --- stays, plans, needs -----------------------------------------------------------------------------------


def test_the_days_of_a_stay_are_the_shelters(coordinator, ours):
    moments = {"in_at_0": "2018-11-06", "in_at_1": "23:30", "out_at_0": "2018-11-07", "out_at_1": "18:30"}
    assert change(coordinator, ours["stay"], **moments, out_to="north").status_code == 302
    stay = Stay.objects.get(pk=ours["stay"].pk)
    assert (stay.in_on, stay.out_on) == (date(2018, 11, 6), date(2018, 11, 7))
    assert stay.in_at.isoformat() == "2018-11-07T05:30:00+00:00"


def test_nobody_is_in_two_places(coordinator, ours):
    past = factories.make_stay(
        ours["person"], at=factories.NOW.replace(day=1), out=factories.NOW.replace(day=2)
    )
    response = change(coordinator, past, out_at_0="", out_at_1="")
    assert response.status_code == 200
    assert response.context["adminform"].form.non_field_errors()


def test_a_zone_belongs_to_the_shelter(coordinator, cast, ours, annex):
    cast.coordinator.shelters.add(annex)
    zone = factories.make_zone(annex, "Z")
    assert errors(change(coordinator, ours["stay"], zone=zone.pk)) == ["zone"]


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
    assert need.ruled_out_at
    assert change(coordinator, need, state="confirmed").status_code == 302
    assert PersonNeed.objects.get(pk=need.pk).ruled_out_at is None


# --- services ----------------------------------------------------------------------------------------------


@pytest.fixture(params=["legal", "health"])
def reserved(request, ours):
    kind = ServiceType.objects.filter(sensitivity=request.param).first()
    return factories.make_service(ours["person"], kind.pk, override_reason="porque sí")


def test_what_a_reserved_service_was_is_told_nowhere(coordinator, reserved):
    reserved.save()
    reserved.cancel_reason = "otra cosa"
    reserved.save()
    version = reserved.history.latest()
    for page in (
        "",
        "?q=neptali",
        *(f"{reserved.pk}/{p}" for p in ("change/", "history/", f"history/{version.pk}/")),
    ):
        response = coordinator.get(address("servicereceived", page))
        assert response.status_code == 200
        shown = response.text.partition('id="changelist-filter"')[0]
        for word in (reserved.service_type.label_es, reserved.service_type_id, "porque sí", "otra cosa"):
            assert word not in shown, page
    assert "Reserv" in coordinator.get(address("servicereceived", f"{reserved.pk}/change/")).text


def test_no_filter_or_choice_tells_what_a_reserved_service_was(coordinator, reserved):
    query = f"?service_type__code__exact={reserved.service_type_id}"
    assert coordinator.get(address("servicereceived", query)).status_code == 302
    form = coordinator.get(address("servicereceived", "add/")).context["adminform"].form
    assert not form.fields["service_type"].queryset.exclude(sensitivity="open").exists()


def test_correcting_a_reserved_service_keeps_what_it_was(coordinator, reserved):
    kind = reserved.service_type
    other = ServiceType.objects.filter(sensitivity="open").first()
    response = change(coordinator, reserved, quantity=2, service_type=other.pk, override_reason="x")
    assert response.status_code == 302
    assert (
        kind.label_es
        not in coordinator.get(address("servicereceived")).text.partition('id="changelist-filter"')[0]
    )
    reserved.refresh_from_db()
    assert (reserved.service_type, reserved.quantity, reserved.override_reason) == (kind, 2, "porque sí")
    kind.refresh_from_db()
    assert kind.label_es != "Reservado"


def test_an_adviser_who_also_coordinates_sees_what_is_theirs(cast, sign_in, reserved):
    factories.roles.grant(cast.legal, factories.roles.Coordinator)
    page = sign_in(cast.legal).get(address("servicereceived", f"{reserved.pk}/change/")).text
    assert (reserved.service_type.label_es in page) == (reserved.service_type.sensitivity == "legal")


def test_a_service_is_added_on_the_shelters_day_and_within_its_limit(coordinator, cast, ours, palillo):
    sent = {"person": ours["person"].pk, "service_type": "FOOD-DIN", "shelter": palillo.pk, "quantity": 1}
    sent |= {"given_at_0": "2018-11-06", "given_at_1": "19:00", "recorded_by": cast.stranger.pk}
    assert coordinator.post(address("servicereceived", "add/"), sent).status_code == 302
    service = ServiceReceived.objects.get(service_type="FOOD-DIN")
    assert (service.given_on, service.slot, service.recorded_by) == (
        date(2018, 11, 6),
        "dinner",
        cast.coordinator,
    )
    assert service.limit_key
    assert coordinator.post(address("servicereceived", "add/"), sent).status_code == 302
    assert ServiceReceived.objects.filter(service_type="FOOD-DIN", limit_key=None).count() == 1


def test_a_service_is_cancelled_with_a_reason(coordinator, ours):
    assert change(coordinator, ours["servicereceived"], cancel_reason="dos veces").status_code == 302
    service = ServiceReceived.objects.get(pk=ours["servicereceived"].pk)
    assert service.cancelled_at
    assert service.limit_key is None


# --- the lists that coordinators own -----------------------------------------------------------------------


def test_a_coordinator_adds_a_service_in_both_languages(coordinator, family):
    page = address("servicetype", "add/")
    sent = sent_from(coordinator, page) | {
        "code": "FOOD-AGUA",
        "label_es": "Agua",
        "label_en": "Water",
        "category": ServiceCategory.objects.first().pk,
    }
    assert coordinator.post(page, sent).status_code == 302
    assert ServiceType.objects.get(pk="FOOD-AGUA").label_en == "Water"


def test_services_are_corrected_and_added_on_the_page_of_their_category(coordinator, db):
    category = ServiceCategory.objects.filter(types__isnull=False).first()
    count = category.types.count()
    first = category.types.first()
    new = {
        f"types-{count}-{name}": value
        for name, value in {"code": "NUEVO-1", "label_es": "Nuevo", "label_en": "New"}.items()
    }
    new |= {
        f"types-{count}-{name}": value
        for name, value in {"unit": "item", "per": "person", "limit_per": "none", "limit_count": 1}.items()
    }
    new |= {
        f"types-{count}-sensitivity": "open",
        f"types-{count}-position": 99,
        "types-TOTAL_FORMS": count + 1,
    }
    assert change(coordinator, category, **new, **{"types-0-label_es": "Otro nombre"}).status_code == 302
    assert category.types.count() == count + 1
    first.refresh_from_db()
    assert first.label_es == "Otro nombre"


def test_a_code_lasts(coordinator, db):
    kind = ServiceType.objects.first()
    change(coordinator, kind, code="OTRO", label_es="Otro nombre")
    kind.refresh_from_db()
    assert kind.label_es == "Otro nombre"
    assert not ServiceType.objects.filter(pk="OTRO").exists()


def test_a_service_is_retired_and_no_longer_offered(coordinator, family):
    coordinator.post(address("servicetype"), {"action": "retire", "_selected_action": "FOOD-LUN", "index": 0})
    assert ServiceType.objects.get(pk="FOOD-LUN").retired_on == timezone.localdate()
    offered = (
        coordinator.get(address("servicereceived", "add/"))
        .context["adminform"]
        .form.fields["service_type"]
        .queryset
    )
    assert not offered.filter(pk="FOOD-LUN").exists()
    assert coordinator.get(address("servicetype", "?retired=yes")).context["cl"].result_count == 1


def test_search_in_lists_is_blind_to_accents(coordinator, db):
    assert coordinator.get(address("region"), {"q": "atlantida"}).context["cl"].result_count == 1


def test_a_notice_that_was_answered_to_is_not_edited(coordinator, family):
    page = address("privacynotice", f"{family.notice_id}/change/")
    assert coordinator.get(page).status_code == 200
    assert coordinator.post(page, {"text_es": "x", "text_en": "x"}).status_code == 404
    add = address("privacynotice", "add/")
    sent = sent_from(coordinator, add) | {"text_es": "Aviso", "text_en": "Notice"}
    assert coordinator.post(add, sent).status_code == 302
    assert PrivacyNotice.objects.latest().version == family.notice_id + 1
