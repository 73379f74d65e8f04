"""Services: a limit is a constraint, and what must never be false."""

from datetime import timedelta

import pytest
from django.db.models import ProtectedError
from django.utils import translation

from intake.models import ServiceReceived, ServiceType
from tests import factories
from tests.factories import NOW
from tests.intake.models import refused_by_the_database, words_about

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(palillo):
    return factories.make_family(palillo, {}).members.get()


@pytest.fixture
def lunch(person):
    return factories.make_service(person, "FOOD-LUN", limit_key="2018-11-06#1")


def second(first, **fields):
    """Another row of the same service to the same person, unsaved."""
    names = (
        "person_id",
        "service_type_id",
        "shelter_id",
        "given_at",
        "given_on",
        "slot",
        "recorded_by_id",
        "limit_key",
    )
    return ServiceReceived(**{name: getattr(first, name) for name in names} | fields)


def test_a_limit_is_taken_once(lunch):
    with refused_by_the_database("service_within_its_limit"):
        ServiceReceived.objects.bulk_create([second(lunch)])
    with refused_by_the_database("service_within_its_limit"):
        factories.make_service(lunch.person, "FOOD-LUN", limit_key="2018-11-06#1")


@pytest.mark.parametrize(
    "other", [{"service_type_id": "FOOD-DIN"}, {"limit_key": "2018-11-07#1"}, {"limit_key": "2018-11-06#2"}]
)
def test_another_service_day_or_number_is_another_limit(lunch, other):
    ServiceReceived.objects.bulk_create([second(lunch, **other)])
    assert ServiceReceived.objects.count() == 2


def test_another_person_has_a_limit_of_their_own(lunch, palillo):
    other = factories.make_family(palillo, {}).members.get()
    ServiceReceived.objects.bulk_create([second(lunch, person_id=other.pk)])
    assert ServiceReceived.objects.count() == 2


def test_what_holds_no_limit_may_be_given_any_number_of_times(lunch):
    ServiceReceived.objects.bulk_create(
        [second(lunch, limit_key=None, override_reason="Se le cayó") for _ in range(3)]
    )
    assert ServiceReceived.objects.count() == 4


def test_nothing_is_given_less_than_once(lunch):
    with refused_by_the_database("service_quantity_at_least_one"):
        ServiceReceived.objects.update(quantity=0)
    with refused_by_the_database("service_quantity_at_least_one"):
        ServiceReceived.objects.bulk_create([second(lunch, limit_key=None, quantity=0)])


@pytest.mark.parametrize("freed", [{"override_reason": "Se le cayó"}, {"cancelled_at": NOW}])
def test_what_is_overridden_or_cancelled_holds_no_limit(lunch, freed):
    with refused_by_the_database("service_overridden_holds_no_limit"):
        ServiceReceived.objects.update(**freed)
    ServiceReceived.objects.update(limit_key=None, **freed)
    assert ServiceReceived.objects.get().limit_key is None


def test_a_limit_is_at_least_one():
    with refused_by_the_database("service_limit_at_least_one"):
        ServiceType.objects.filter(pk="FOOD-LUN").update(limit_count=0)
    kind = ServiceType.objects.get(pk="FOOD-LUN")
    kind.limit_count = 0
    with translation.override("en"):
        assert words_about(kind) == ["A limit is at least one. To stop giving a service, retire it."]


@pytest.mark.parametrize(
    ("limit_per", "scope"),
    [("none", None), ("day", "2018-11-06"), ("meal", "2018-11-06/lunch"), ("stay", "stay:42")],
)
def test_a_limit_counts_within_its_scope(lunch, limit_per, scope):
    lunch.service_type.limit_per = limit_per
    assert lunch.limit_scope(42) == scope


def test_somebody_who_never_checked_in_has_one_stay_in_the_shelter(lunch):
    lunch.service_type.limit_per = "stay"
    assert lunch.limit_scope(None) == "stay:palillo"


def test_cancelled_services_were_not_given(lunch):
    ServiceReceived.objects.bulk_create(
        [second(lunch, limit_key=None, cancelled_at=NOW, cancel_reason="Otra familia")]
    )
    assert list(ServiceReceived.objects.given()) == [lunch]


def test_a_service_that_was_given_keeps_its_type(lunch):
    with pytest.raises(ProtectedError):
        ServiceType.objects.get(pk="FOOD-LUN").delete()


def test_a_service_says_what_and_when(lunch):
    with translation.override("es"):
        assert str(lunch) == "Comida · 2018-11-06"


def test_the_newest_comes_first(lunch):
    later = factories.make_service(lunch.person, "FOOD-DIN", at=NOW + timedelta(hours=12))
    assert list(ServiceReceived.objects.all()) == [later, lunch]
