"""Who looked at this person? What did this account look at? And who may ask."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from intake.trail import Words, kind_words, moment_words
from shelters import audit
from shelters.audit import Action
from shelters.models import AccessEvent
from tests import factories


@pytest.fixture
def seen(volunteer, family):
    volunteer.get(reverse("intake:family", args=[family.pk]))


def looked(record):
    return reverse(f"admin:intake_{record._meta.model_name}_looked", args=[record.pk])


def of(account):
    return reverse("admin:shelters_accessevent_account", args=[account.pk])


def told(response) -> list[tuple]:
    return [(line.event.user.username, line.event.action) for line in response.context["lines"]]


# --- who looked at this person ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_coordinator_sees_who_looked_when_and_from_which_desk(coordinator, family, seen, language):
    page = coordinator.get(looked(family).replace("/es/", f"/{language}/"))
    assert told(page) == [("volunteer", "family_opened")]
    (line,) = page.context["lines"]
    assert line.desk == {"es": "Registro 2", "en": "Registration 2"}[language] or line.desk.endswith(" 2")
    assert line.event.address == "127.0.0.1"
    assert {"es": "Familia consultada", "en": "Family opened"}[language] in page.text


def test_a_person_has_the_events_of_the_family_and_not_those_of_the_others(
    coordinator, cast, family, neptali
):
    other = family.members.get(given_names="Olga")
    for person in (neptali, other):
        audit.record(Action.PERSON_CHANGED, by=cast.volunteer, shelter=family.shelter, subject=person)
    audit.record(Action.FAMILY_CHANGED, by=cast.volunteer, shelter=family.shelter, subject=family)
    assert told(coordinator.get(looked(neptali))) == [
        ("volunteer", "family_changed"),
        ("volunteer", "person_changed"),
    ]


def test_what_was_done_to_a_record_that_was_joined_stays_in_sight(coordinator, cast, family, palillo):
    gone = factories.make_family(palillo, by=cast.volunteer)
    audit.record(Action.FAMILY_OPENED, by=cast.volunteer, shelter=palillo, subject=gone)
    type(gone).objects.filter(pk=gone.pk).update(merged_into=family)
    assert told(coordinator.get(looked(family))) == [("volunteer", "family_opened")]


def test_asking_is_on_the_trail_and_opens_nothing(coordinator, cast, family):
    coordinator.get(looked(family))
    event = AccessEvent.objects.get()
    assert (event.action, event.user, event.subject_id) == ("trail_opened", cast.coordinator, str(family.pk))


def test_the_pages_of_the_record_lead_there(coordinator, family, neptali):
    for record in (family, neptali):
        page = coordinator.get(reverse(f"admin:intake_{record._meta.model_name}_change", args=[record.pk]))
        assert looked(record) in page.text


@pytest.mark.parametrize("role", ["volunteer", "legal", "health", "administrator", "stranger"])
def test_nobody_else_may_ask(cast, sign_in, family, neptali, role):
    client = sign_in(getattr(cast, role))
    for record in (family, neptali):
        assert client.get(looked(record)).status_code == 404
    assert not AccessEvent.objects.filter(action="trail_opened").exists()


def test_a_data_officer_may(cast, sign_in, family, seen):
    assert told(sign_in(cast.data_officer).get(looked(family))) == [("volunteer", "family_opened")]


def test_another_shelters_people_are_not_there(coordinator, theirs):
    for model in ("family", "person"):
        assert coordinator.get(looked(theirs[model])).status_code == 404
    assert coordinator.get("/es/admin/intake/family/drop/looked/").status_code == 404


def test_many_events_are_paged_and_cost_the_same(coordinator, cast, family, palillo):
    def ask(query=""):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = coordinator.get(looked(family) + query)
        return page, len(queries)

    detail = {"by": cast.volunteer, "shelter": palillo, "subject": family, "detail": {"service": "FOOD-LUN"}}
    audit.record_all([audit.unsaved(Action.SERVICE_RECORDED, **detail)])
    _page, few = ask()
    audit.record_all(audit.unsaved(Action.SERVICE_RECORDED, **detail) for _n in range(120))
    page, many = ask()
    assert len(page.context["lines"]) == 50
    assert many == few <= 16
    assert len(ask("?page=3")[0].context["lines"]) > 0
    assert ask("?page=nonsense")[0].status_code == 200


# --- what did this account look at ---------------------------------------------------------------------------------


def test_a_coordinator_sees_what_somebody_of_the_shelter_looked_at(coordinator, cast, family, seen):
    page = coordinator.get(of(cast.volunteer))
    assert told(page) == [("volunteer", "family_opened")]
    assert page.context["lines"][0].subject == (
        "Familia: Neptalí Núñez",
        reverse("admin:intake_family_change", args=[family.pk]),
    )
    event = AccessEvent.objects.get(action="trail_opened")
    assert (event.subject_type, event.subject_id) == ("shelters.User", str(cast.volunteer.pk))
    assert event.shelter == family.shelter


def test_only_what_was_done_at_ones_own_shelters(coordinator, cast, annex, theirs, seen):
    cast.volunteer.shelters.add(annex)
    audit.record(Action.FAMILY_OPENED, by=cast.volunteer, shelter=annex, subject=theirs["family"])
    page = coordinator.get(of(cast.volunteer))
    assert told(page) == [("volunteer", "family_opened")]
    assert "Zzyzx" not in page.text


def test_an_account_of_another_shelter_is_not_there(coordinator, cast, palillo, family):
    assert coordinator.get(of(cast.stranger)).status_code == 404
    audit.record(Action.FAMILY_OPENED, by=cast.stranger, shelter=palillo, subject=family)  # lent for a day
    assert told(coordinator.get(of(cast.stranger))) == [("stranger", "family_opened")]
    assert coordinator.get(reverse("admin:shelters_accessevent_account", args=[10**9])).status_code == 404


def test_an_administrator_sees_account_acts_alone(cast, sign_in, family, seen):
    audit.record(Action.SIGNED_IN, by=cast.volunteer)
    client = sign_in(cast.administrator)
    page = client.get(of(cast.volunteer))
    assert told(page) == [("volunteer", "signed_in")]
    assert "Neptalí" not in page.text
    assert AccessEvent.objects.get(action="trail_opened").shelter is None
    change = client.get(reverse("admin:shelters_user_change", args=[cast.volunteer.pk]))
    assert of(cast.volunteer) in change.text


@pytest.mark.parametrize("role", ["volunteer", "legal", "health", "stranger"])
def test_nobody_else_may_follow_an_account(cast, sign_in, role):
    assert sign_in(getattr(cast, role)).get(of(cast.volunteer)).status_code == 404


def test_opening_the_list_is_on_the_trail(coordinator, cast, seen, palillo):
    page = coordinator.get(reverse("admin:shelters_accessevent_changelist"))
    assert "Neptalí" in page.text
    event = AccessEvent.objects.get(action="trail_opened")
    assert (event.user, event.shelter, event.subject_id) == (cast.coordinator, palillo, "")


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        (
            {"people": 4, "service": "FOOD-LUN", "over_limit": 0},
            "personas: 4 · Comida",
        ),
        ({"service": "reserved"}, "reservado"),
        ({"found": 3, "card": True}, "por tarjeta · familias encontradas: 3"),
        ({"found": 3, "card": False}, "familias encontradas: 3"),
        ({"as_of": "2018-11-07T23:00:00+00:00", "report": "cut"}, "7 nov 2018, 17:00 · Corte del censo"),
        ({"since": "2018-11-05", "until": "2018-11-06"}, "5 nov 2018 · 6 nov 2018"),
        ({"purpose": "press"}, "Prensa"),
        ({"demo_seed": 7, "family": 2663, "departure": 23}, "salidas: 23 · familias: 2,663"),
        ({"into": "0166f10c-e898-7682-8432-78cfaabe80a7", "people": 2}, "personas: 2"),
        ({"fields": ["consents"]}, "con quién se pueden compartir sus datos"),
        ({"to": "unknown"}, None),
        ({"report": "census", "departure": "x"}, None),
        ({"fields": ["comments", "zone"]}, None),
        ({"something": "new"}, "new"),
        ({}, ""),
    ],
)
def test_details_in_words(cast, family, palillo, detail, words):
    event = AccessEvent(action="family_changed", shelter=palillo, subject_type="intake.Family", detail=detail)
    found = Words([event], cast.coordinator).detail(event)
    assert words is None or found == words
    assert not set(map(str, detail.values())) & set(found.split(" · ")) or "something" in detail


def test_a_moment_that_is_none_stays_as_it_was_written(palillo):
    assert moment_words("yesterday", palillo) == "yesterday"
    assert moment_words("2018-11-07Tnoon", palillo) == "2018-11-07Tnoon"
    assert moment_words("2018-11-07T23:00", None) == "7 nov 2018, 23:00"


def test_a_kind_of_record_that_is_no_more_keeps_its_code():
    assert kind_words("intake.Gone") == "intake.Gone"
    assert kind_words("") == ""


def test_every_code_that_was_written_down_has_words(coordinator, volunteer, cast, family):
    """What the pages of the other tests leave, at least that of this one."""
    volunteer.post(reverse("intake:search"), {"q": "neptali"})
    coordinator.get(reverse("reports:page", args=["census"]))
    for line in Words(AccessEvent.objects.all(), cast.coordinator).lines():
        assert "_" not in line.detail
