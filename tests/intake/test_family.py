"""Screen 04: a family's page, and the small forms that stand behind it. Corrections: test_family_corrections.py."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from intake import actions
from intake.models import Family, Intention, Person, PersonNeed, ServiceReceived, Stay
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW
from tests.intake.pages import NOBODY, sent_from, stored, words_of

pytestmark = pytest.mark.django_db
# Every form of a family, with what a volunteer adds to it before sending.
FORMS = {
    "family-edit": {"comments": "Ya sin perro"},
    "person-add": {"given_names": "Bebé", "age": "3s"},
    "family-split": {},
    "departure": {"to": "north"},
    "come-back": {},
    "service-add": {"service_type": "FOOD-LUN"},
    "person-edit": {"known_as": "Nepta"},
    "intention-add": {"plan": "ONWARD"},
    "need-add": {"need": "DS"},
}
OF_A_PERSON = ("person-edit", "intention-add", "need-add")
PAGES = ["family", *FORMS]
WHO_MAY_NOT = {
    "stranger": PAGES,
    "administrator": PAGES,
    "data_officer": [name for name in FORMS if name not in ("family-edit", "person-edit", "family-split")],
}


@pytest.fixture(autouse=True)
def that_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def family(cast, palillo):
    """Five, of whom Carlos has left."""
    members = [
        {"given_names": "Neptalí", "surnames": "Núñez", "age": 34},
        {"given_names": "Ale", "surnames": "Núñez", "age": 11},
        {"given_names": "Olga", "surnames": "Núñez", "age": 5},
        {"given_names": "Tino", "surnames": "Núñez", "age": 2},
    ]
    family = factories.make_family(palillo, *members, by=cast.volunteer, comments="Viajan con un perro")
    carlos = factories.make_person(family, given_names="Carlos", age=40, position=4)
    factories.make_stay(carlos, out=NOW + timedelta(minutes=1), out_to="north")
    return family


@pytest.fixture
def mother(family):
    return family.members.first()


def address(name, family, language="es"):
    pk = family.members.first().pk if name in OF_A_PERSON else family.pk
    with translation.override(language):
        return reverse(f"intake:{name}", args=[pk])


def opened(client, name, family, language="es"):
    return client.get(address(name, family, language))


def completed(client, name, family):
    """The form as somebody who may see it fills it in."""
    ale = str(family.members.get(given_names="Ale").pk)
    return (
        sent_from(opened(client, name, family))
        | FORMS[name]
        | ({"people": [ale]} if name == "family-split" else {})
    )


# --- the page ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_in_both_languages(name, language, volunteer, family):
    page = opened(volunteer, name, family, language)
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.content.decode()


def test_the_page_shows_who_they_are(volunteer, family):
    words = words_of(opened(volunteer, "family", family, "en"))
    for told in (
        "Neptalí Núñez",
        "34 years",
        "11 years",
        "family of 5",
        "Honduras",
        "In the shelter",
        "Viajan con un perro",
    ):
        assert told in words
    assert "Head of the family" in words


def test_opening_the_page_is_on_the_trail(volunteer, cast, family):
    opened(volunteer, "family", family)
    event = AccessEvent.objects.get(action="family_opened")
    assert (event.user, event.subject_id, event.detail) == (cast.volunteer, str(family.pk), {})


def test_the_head_stands_first(volunteer, family):
    olga = family.members.get(given_names="Olga")
    family.members.filter(relationship="HEAD").update(relationship="UNKNOWN")
    Person.objects.filter(pk=olga.pk).update(relationship="HEAD")
    shown = opened(volunteer, "family", family).context["people"]
    assert shown[0]["person"] == olga


def test_who_has_left_is_told(volunteer, family):
    words = words_of(opened(volunteer, "family", family, "en"))
    assert "In the shelter" in words
    assert (
        "Left · Not known · Carlos" in words
        or "Left · Carlos" in words
        or "Left" in words.split("Carlos")[1][:40]
    )
    Stay.objects.update(out_at=NOW + timedelta(minutes=1), out_on=NOW.date())
    assert "In the shelter" not in words_of(opened(volunteer, "family", family, "en"))


def flags(client, family, name="Ale"):
    people = opened(client, "family", family, "en").context["people"]
    return {need.pk for row in people if row["person"].given_names == name for need in row["flags"]}


def test_recorded_and_computed_needs_are_flags(volunteer, family):
    factories.make_need(family.members.get(given_names="Ale"), "DS")
    family.members.filter(given_names__in=["Neptalí", "Carlos"]).delete()
    assert flags(volunteer, family) == {"DS", "SC-UC"}


def test_what_was_ruled_out_is_no_flag(volunteer, family):
    ale = family.members.get(given_names="Ale")
    family.members.filter(given_names__in=["Neptalí", "Carlos"]).delete()
    factories.make_need(ale, "SC-UC", state="ruled_out", ruled_out_at=NOW, reason="Su tía está aquí")
    factories.make_need(ale, "DS", state="ruled_out", ruled_out_at=NOW)
    assert flags(volunteer, family) == set()


def test_flags_stop_at_the_readers_tier(cast, sign_in, family):
    for code in ("X-PR", "SM-CC", "SV-VO"):
        factories.make_need(family.members.get(given_names="Ale"), code)
    seen = {
        role: flags(sign_in(getattr(cast, role)), family)
        for role in ("volunteer", "coordinator", "legal", "health")
    }
    everything = {"X-PR", "SM-CC", "SV-VO"}
    assert seen == {
        "volunteer": {"X-PR"},
        "coordinator": {"X-PR", "SM-CC"},
        "legal": everything,
        "health": everything,
    }
    assert "SGBV" not in opened(sign_in(cast.volunteer), "family", family, "en").content.decode()


def test_a_family_that_refused_shows_counts(volunteer, palillo, cast):
    nameless = {"given_names": "", "surnames": ""}
    family = factories.make_family(
        palillo, nameless, nameless | {"age": 4}, by=cast.volunteer, notice_answer="refused"
    )
    words = words_of(opened(volunteer, "family", family, "en"))
    assert "Refused the notice: only counted" in words
    assert "Person without name" in words
    page = opened(volunteer, "person-edit", family)
    assert not {"given_names", "surnames", "known_as"} & set(sent_from(page))
    page = opened(volunteer, "person-add", family)
    assert not {"given_names", "surnames", "known_as", "needs"} & set(page.context["form"].fields)


# --- the timeline --------------------------------------------------------------------------------------------


def timeline(client, family):
    page = opened(client, "family", family, "en")
    document = page.content.decode().partition('<ul class="tl">')[2]
    page.content = f"<main>{document}</main>".encode()
    return words_of(page)


def test_the_timeline_tells_what_happened(volunteer, family, mother, cast):
    cross = factories.make_organization()
    for person in family.members.all()[:2]:
        factories.make_service(person, "FOOD-LUN", organization=cross)
    factories.make_intention(mother, "MEX-STAY")
    words = timeline(volunteer, family)
    for told in (
        "Midday meal · Neptalí, Ale · Cruz Roja",
        "Came in · everybody",
        "Left",
        "Plan · Stay in Mexico · Neptalí",
        "Registered",
    ):
        assert told in words


def test_what_is_newest_comes_first(volunteer, mother, family):
    factories.make_service(mother, "FOOD-BRK", at=NOW + timedelta(hours=1))
    factories.make_service(mother, "FOOD-DIN", at=NOW + timedelta(hours=10))
    words = timeline(volunteer, family)
    assert (
        words.index("Dinner") < words.index("Breakfast") < words.index("Came in") < words.index("Registered")
    )


@pytest.mark.parametrize(("role", "code"), [("legal", "LEG-ASY"), ("health", "MED-SRH")])
def test_a_reserved_service_is_told_only_to_its_own_side(role, code, cast, sign_in, family, mother):
    factories.make_service(mother, code, override_reason="Volvió a declarar", quantity=3)
    factories.make_service(mother, code, at=NOW, cancelled_at=NOW, cancel_reason="No quiso denunciar")
    with translation.override("en"):
        label = ServiceReceived.objects.first().service_type.label
    told = {
        who: timeline(sign_in(getattr(cast, who)), family)
        for who in ("volunteer", "coordinator", "legal", "health")
    }
    assert all(part in told[role] for part in (label, "Volvió a declarar", "No quiso denunciar"))
    for who in set(told) - {role}:
        assert "Reserved" in told[who]
        assert not [
            part
            for part in (label, "Volvió a declarar", "No quiso denunciar", "Cancel…")
            if part in told[who]
        ]


def test_who_was_given_again_is_told_apart(volunteer, family):
    ale, olga = family.members.filter(given_names__in=["Ale", "Olga"])
    factories.make_service(ale, "FOOD-LUN")
    factories.make_service(olga, "FOOD-LUN", override_reason="Se le cayó")
    words = timeline(volunteer, family)
    assert "Midday meal · Ale" in words
    assert "Midday meal · Olga Given again Se le cayó" in words


# --- who may not ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "name"), [(who, name) for who, names in WHO_MAY_NOT.items() for name in names]
)
def test_who_may_not_finds_no_such_page(who, name, cast, sign_in, volunteer, family):
    client, data = sign_in(getattr(cast, who)), completed(volunteer, name, family) if name in FORMS else {}
    before, events = stored(), AccessEvent.objects.count()
    assert opened(client, name, family).status_code == 404
    assert client.post(address(name, family), data).status_code == 404
    assert (stored(), AccessEvent.objects.count()) == (before, events)


@pytest.mark.parametrize("name", PAGES)
def test_nobody_comes_in_without_an_account(name, client, volunteer, family):
    data = completed(volunteer, name, family) if name in FORMS else {}
    before = stored()
    for answer in (client.get(address(name, family)), client.post(address(name, family), data)):
        assert answer.status_code == 302
        assert answer.url.startswith("/es/account/login/?next=")
    assert stored() == before


@pytest.mark.parametrize("name", PAGES)
def test_a_family_that_does_not_exist_is_not_found(name, volunteer):
    assert volunteer.get(reverse(f"intake:{name}", args=[NOBODY])).status_code == 404


def test_members_of_another_family_cannot_be_ticked(volunteer, family, palillo):
    other = factories.make_family(palillo, {"given_names": "Otra"}).members.get()
    for name in ("family-split", "departure", "service-add"):
        before = stored()
        answer = volunteer.post(
            address(name, family), completed(volunteer, name, family) | {"people": [str(other.pk)]}
        )
        assert (answer.status_code, stored()) == (422, before)


# --- sending the forms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_saved_and_leads_back_to_the_family(name, volunteer, family):
    before = stored()
    answer = volunteer.post(address(name, family), completed(volunteer, name, family))
    assert answer.status_code == 302
    assert stored() != before
    assert volunteer.get(answer.url).status_code == 200
    assert name == "family-split" or answer.url == address("family", family)


def test_a_newcomer_comes_from_where_the_head_is_from(volunteer, family, mother):
    Person.objects.filter(pk=mother.pk).update(origin_region="HN-OL")
    data = completed(volunteer, "person-add", family) | {"sex": "F", "needs": ["DS"]}
    volunteer.post(address("person-add", family), data)
    baby = family.members.get(given_names="Bebé")
    assert (baby.origin_country, baby.origin_region_id, baby.relationship, baby.sex) == (
        "HN",
        "HN-OL",
        "CHILD",
        "F",
    )
    assert (baby.birth_precision, baby.needs.get().need_id, baby.position) == ("age", "DS", 5)
    assert Stay.objects.open().filter(person=baby).exists()


def test_a_newcomer_may_come_from_elsewhere(volunteer, family):
    volunteer.post(
        address("person-add", family), completed(volunteer, "person-add", family) | {"origin": "guatemala"}
    )
    baby = family.members.get(given_names="Bebé")
    assert (baby.origin_country, baby.origin_region) == ("GT", None)


def test_an_empty_form_is_no_error(volunteer, family):
    for name in FORMS:
        assert volunteer.post(address(name, family)).status_code < 500, name


def test_a_split_leads_to_the_new_family(volunteer, family):
    answer = volunteer.post(address("family-split", family), completed(volunteer, "family-split", family))
    ale = Person.objects.get(given_names="Ale")
    assert answer.url == address("family", ale.family)
    assert (ale.family == family, family.members.count()) == (False, 4)


def test_everybody_inside_departs_unless_a_tick_is_taken_off(volunteer, family):
    data = completed(volunteer, "departure", family)
    assert len(data["people"]) == 4  # Carlos has left
    ale = str(family.members.get(given_names="Ale").pk)
    volunteer.post(address("departure", family), data | {"people": [ale], "to": "return"})
    assert Stay.objects.open().count() == 3
    assert Stay.objects.get(person=ale).out_to == "return"


def test_only_who_has_left_can_come_back(volunteer, family, palillo):
    zone = factories.make_zone(palillo)
    data = completed(volunteer, "come-back", family)
    assert data["people"] == [str(family.members.get(given_names="Carlos").pk)]
    volunteer.post(address("come-back", family), data | {"zone": str(zone.pk)})
    assert Stay.objects.open().count() == 5
    assert Stay.objects.open().get(person__given_names="Carlos").zone == zone


def test_nobody_inside_nobody_outside(volunteer, family):
    volunteer.post(address("come-back", family), completed(volunteer, "come-back", family))
    assert "Everybody of this family is in the shelter." in words_of(
        opened(volunteer, "come-back", family, "en")
    )
    volunteer.post(address("departure", family), completed(volunteer, "departure", family) | {"to": "north"})
    page = opened(volunteer, "departure", family, "en")
    assert "Nobody of this family is in the shelter." in words_of(page)
    assert '<form method="post" class="panel"' not in page.content.decode()


def test_whose_registration_is_undone_while_somebody_is_added_is_gone(volunteer, family, monkeypatch):
    add = actions.add_member

    def a_moment_late(family, *arguments, **told):
        actions.undo_registration(Family.objects.get(pk=family.pk), by=family.registered_by)
        add(family, *arguments, **told)

    monkeypatch.setattr(actions, "add_member", a_moment_late)
    answer = volunteer.post(address("person-add", family), completed(volunteer, "person-add", family))
    assert answer.status_code == 404
    assert not Family.objects.exists()


@pytest.mark.parametrize(
    "name", ["person-add", "family-split", "departure", "come-back", "intention-add", "need-add"]
)
def test_a_double_click_saves_once(name, volunteer, family):
    data = completed(volunteer, name, family)
    first = volunteer.post(address(name, family), data)
    before = stored()
    second = volunteer.post(address(name, family), data)
    assert stored() == before
    assert first.status_code == 302
    if name in ("person-add", "family-split", "intention-add", "need-add"):
        assert (second.status_code, second.url) == (302, first.url)


@pytest.mark.parametrize(
    ("name", "other"), [("person-add", {"given_names": "Otra bebé"}), ("family-split", {"people": "Olga"})]
)
def test_other_words_under_a_used_key_are_not_dropped(name, other, volunteer, family):
    """The Back button, then something else: it is asked, with all that was typed, and saved the second time."""
    data = completed(volunteer, name, family)
    volunteer.post(address(name, family), data)
    before = stored()
    if "people" in other:
        other = {"people": [str(Person.objects.get(given_names="Olga").pk)]}
    asked = volunteer.post(address(name, family), data | other)
    assert (asked.status_code, stored()) == (422, before)
    sent = sent_from(asked)
    assert all(
        sent[field] == (value if isinstance(value, list) else [value]) for field, value in other.items()
    )
    assert sent["key"] != data["key"]
    assert volunteer.post(address(name, family), sent).status_code == 302
    assert stored() != before


def test_a_volunteer_reports_and_does_not_judge(volunteer, coordinator, family):
    assert [
        state
        for state, _label in opened(volunteer, "need-add", family).context["form"].fields["state"].choices
    ] == ["reported"]
    judged = {"need": "DS", "state": "confirmed", "reason": "Lo vio la doctora"}
    assert volunteer.post(address("need-add", family), judged).status_code == 422
    assert coordinator.post(address("need-add", family), judged).status_code == 302
    again = volunteer.post(address("need-add", family), {"need": "DS", "state": "reported"})
    assert again.status_code == 422
    need = PersonNeed.objects.get()
    assert (need.state, need.reason) == ("confirmed", "Lo vio la doctora")


def test_what_is_ruled_out_has_a_reason(coordinator, family):
    answer = coordinator.post(address("need-add", family), {"need": "DS", "state": "ruled_out"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["reason"])
    assert not PersonNeed.objects.exists()


def test_a_need_above_the_own_tier_cannot_be_chosen(volunteer, family, cast, sign_in):
    data = {"need": "SV-VO", "state": "reported"}
    assert volunteer.post(address("need-add", family), data).status_code == 422
    assert sign_in(cast.health).post(address("need-add", family), data).status_code == 302


def test_a_retired_plan_is_not_offered(volunteer, family):
    assert volunteer.post(address("intention-add", family), {"plan": "NEVER"}).status_code == 422
    assert not Intention.objects.exists()


# --- flat costs ----------------------------------------------------------------------------------------------


def cost(client, family):
    client.get(address("family", family))  # the session and what is kept of the lists
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address("family", family)).status_code == 200
    return len(queries)


def test_the_page_costs_the_same_for_one_and_for_twenty(volunteer, palillo, cast):
    small = factories.make_family(palillo, {}, by=cast.volunteer)
    big = factories.make_family(palillo, *({"age": age} for age in range(20, 40)), by=cast.volunteer)
    zone = factories.make_zone(palillo)
    Stay.objects.update(zone=zone)
    for family in (small, big):
        for person in family.members.all():
            factories.make_need(person, "DS")
            factories.make_intention(person)
    assert cost(volunteer, small) == cost(volunteer, big) <= 20


def test_the_page_costs_the_same_for_one_service_and_for_two_hundred(volunteer, family, mother, cast):
    cross = factories.make_organization()
    factories.make_service(mother, "FOOD-LUN", organization=cross)
    one = cost(volunteer, family)
    first = ServiceReceived.objects.get()
    names = (
        "person_id",
        "service_type_id",
        "organization_id",
        "shelter_id",
        "given_on",
        "slot",
        "recorded_by_id",
    )
    rows = [
        ServiceReceived(
            **{name: getattr(first, name) for name in names},
            given_at=first.given_at + timedelta(minutes=number),
        )
        for number in range(199)
    ]
    ServiceReceived.objects.bulk_create(rows)
    assert cost(volunteer, family) == one


def test_a_page_shows_the_shelters_clock(volunteer, family, mother):
    """01:30 on the 7th in London is the evening of the 6th here."""
    factories.make_service(mother, "FOOD-DIN", at=datetime(2018, 11, 7, 1, 30, tzinfo=UTC))
    assert "6 Nov 2018 19:30 Dinner" in timeline(volunteer, family)
