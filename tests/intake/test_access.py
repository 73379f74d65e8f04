"""Who may see which record: by shelter, by role, by the tier of a need and the kind of a service."""

from types import SimpleNamespace

import pytest
from django.http import Http404

from intake import access
from intake.models import Family, Intention, Person, PersonNeed, ServiceReceived, ServiceType, Stay
from intake.models.needs import highest_tier
from shelters.models import User
from tests import factories

pytestmark = pytest.mark.django_db
MODELS = [Family, Person, Stay, PersonNeed, Intention, ServiceReceived]
AT_THE_DESK = ["volunteer", "legal", "health", "coordinator"]
READERS = [*AT_THE_DESK, "data_officer"]
NEEDS = {1: "X-PR", 2: "SM-CC", 3: "SV-VO"}
SERVICES = {"open": "FOOD-LUN", "legal": "LEG-ASY", "health": "MED-CON"}
NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"


def records_of(shelter, by):
    """One record of each table, of a family of this shelter; needs of tier 1 only."""
    family = factories.make_family(shelter, {}, by=by)
    person = family.members.get()
    return SimpleNamespace(
        family=family,
        person=person,
        need=factories.make_need(person, NEEDS[1]),
        intention=factories.make_intention(person),
        service=factories.make_service(person),
    )


@pytest.fixture
def ours(cast, palillo):
    return records_of(palillo, cast.volunteer)


@pytest.fixture
def theirs(cast, annex):
    return records_of(annex, cast.stranger)


def fresh(user):
    """As on the next request: Django keeps an account's rights on the object."""
    return User.objects.get(pk=user.pk)


# --- by shelter ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("role", READERS)
def test_who_works_here_sees_the_records_of_this_shelter(role, model, cast, ours, theirs):
    assert model.objects.count() == 2
    assert owner_of(model.objects.visible_to(getattr(cast, role)).get()) == ours.family


@pytest.mark.parametrize("model", MODELS)
def test_a_stranger_sees_only_the_records_of_the_other_shelter(model, cast, ours, theirs):
    assert owner_of(model.objects.visible_to(cast.stranger).get()) == theirs.family


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("role", READERS)
def test_who_works_nowhere_sees_nothing(role, model, ours):
    assert not model.objects.visible_to(factories.make_user(role)).exists()


@pytest.mark.parametrize("model", MODELS)
def test_who_works_in_both_sees_both_and_each_once(model, ours, theirs, palillo, annex):
    both = factories.make_user("volunteer", shelters=[palillo, annex])
    assert model.objects.visible_to(both).count() == 2


@pytest.mark.parametrize("model", MODELS)
def test_an_administrator_reads_nobodys_file(model, cast, ours):
    assert not model.objects.visible_to(cast.administrator).exists()


@pytest.mark.parametrize("model", MODELS)
def test_an_account_without_a_role_sees_nothing(model, ours, palillo):
    nobody = User.objects.create_user("nobody")
    nobody.shelters.add(palillo)
    assert not model.objects.visible_to(nobody).exists()


@pytest.mark.parametrize("model", MODELS)
def test_who_has_left_the_shelter_sees_nothing_of_it_any_more(model, cast, ours):
    cast.volunteer.shelters.clear()
    assert not model.objects.visible_to(fresh(cast.volunteer)).exists()


def owner_of(record):
    return record if isinstance(record, Family) else getattr(record, "family", None) or record.person.family


# --- needs: by tier ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "tier"),
    [("volunteer", 1), ("legal", 3), ("health", 3), ("coordinator", 2), ("data_officer", 2)],
)
def test_a_role_sees_needs_up_to_its_tier(role, tier, cast, palillo):
    person = factories.make_family(palillo, {}, by=cast.volunteer).members.get()
    for code in NEEDS.values():
        factories.make_need(person, code)
    user = getattr(cast, role)
    assert highest_tier(user) == tier
    seen = set(PersonNeed.objects.visible_to(user).values_list("need_id", flat=True))
    assert seen == {code for of_tier, code in NEEDS.items() if of_tier <= tier}


# --- services: by kind ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        ("volunteer", ["open"]),
        ("legal", ["open", "legal"]),
        ("health", ["open", "health"]),
        ("coordinator", ["open"]),
        ("data_officer", ["open"]),
        ("administrator", []),
    ],
)
def test_a_role_reads_services_of_its_own_kind(role, kinds, cast, ours):
    user = getattr(cast, role)
    assert access.sensitivities(user) == kinds
    assert set(kinds) <= set(ServiceType.Sensitivity.values)


@pytest.mark.parametrize("kind", SERVICES)
@pytest.mark.parametrize("role", AT_THE_DESK)
def test_a_service_of_another_counter_is_none(role, kind, cast, ours):
    user = getattr(cast, role)
    service = factories.make_service(ours.person, SERVICES[kind])
    if kind in access.sensitivities(user):
        assert access.service_or_404(user, service.pk) == service
    else:
        with pytest.raises(Http404):
            access.service_or_404(user, service.pk)


# --- one record ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", READERS)
def test_one_record_is_found_by_who_works_here(role, cast, ours):
    user = getattr(cast, role)
    assert access.family_or_404(user, ours.family.pk) == ours.family
    assert access.person_or_404(user, ours.person.pk) == ours.person
    assert access.service_or_404(user, ours.service.pk) == ours.service


@pytest.mark.parametrize("who", ["stranger", "administrator"])
def test_one_record_is_not_there_for_anybody_else(who, cast, ours):
    for find, record in finders(ours):
        with pytest.raises(Http404):
            find(getattr(cast, who), record.pk)


def test_a_record_that_is_not_there_is_answered_the_same(cast, ours):
    for find, _record in finders(ours):
        with pytest.raises(Http404):
            find(cast.volunteer, NOBODY)


def finders(records):
    return [
        (access.family_or_404, records.family),
        (access.person_or_404, records.person),
        (access.service_or_404, records.service),
    ]


def test_a_missing_right_is_answered_like_a_missing_page(cast):
    access.require(cast.volunteer, "intake.add_family")
    with pytest.raises(Http404):
        access.require(cast.data_officer, "intake.add_family")


def test_a_reference_list_is_for_everybody(cast):
    assert ServiceType.objects.visible_to(cast.administrator).count() == ServiceType.objects.count() > 0
