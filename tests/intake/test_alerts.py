"""Children without their adults, families torn apart: raised at once, once, for the coordinator."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake import actions
from intake.models import Alert, Person
from intake.partings import partings
from shelters.models import AccessEvent
from tests import factories
from tests.intake.pages import words_of
from tests.intake.test_register import ALE, MOTHER, posted

pytestmark = pytest.mark.django_db
REGISTER = "/es/families/register/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(factories.NOW + timedelta(hours=1)) as travel:
        yield travel


def kinds():
    return sorted(Alert.objects.open().values_list("kind", flat=True))


def test_a_child_registered_alone_is_an_alert(volunteer, palillo):
    volunteer.post(REGISTER, posted(ALE))
    alert = Alert.objects.get()
    assert (alert.kind, alert.shelter, alert.person) == ("unaccompanied", palillo, Person.objects.get())


def test_a_child_with_its_mother_is_none_and_costs_nothing(volunteer):
    def asked(*people):
        with CaptureQueriesContext(connection) as queries:
            volunteer.post(REGISTER, posted(*people))
        return sum("intake_alert" in query["sql"] for query in queries)

    assert asked(MOTHER, ALE) == 0
    assert not Alert.objects.exists()
    assert asked(ALE, ALE) == 1
    assert kinds() == ["unaccompanied"] * 2


def test_a_companion_added_to_a_family_has_no_adult(cast, palillo):
    family = factories.make_family(palillo, {}, by=cast.volunteer)
    for age, relationship in ((11, "CHILD"), (12, "COMPANION"), (30, "COMPANION")):
        person = Person(family=family, relationship=relationship, sex="F", origin_country="HN")
        person.birth = factories.Birth.from_age(age, palillo.today())
        submission = factories.make_submission(cast.volunteer)
        actions.add_member(family, person, submission=submission, by=cast.volunteer)
    assert Alert.objects.get().person.relationship == "COMPANION"
    assert Alert.objects.get().person.age_on(palillo.today()) == 12


M, C = {"age": 34}, {"age": 11}
UNKNOWN, FRIEND = {"age": None}, {"age": 40, "relationship": "COMPANION"}


@pytest.mark.parametrize(
    ("members", "going", "found"),
    [
        ([M, C], [0, 1], []),
        ([M, C], [1], ["left_alone"]),
        ([M, C], [0], ["left_behind"]),
        ([M, M, C], [0], ["split"]),
        ([M, M, C], [0, 2], ["split"]),
        ([M, M, C, C], [0, 1, 2], ["left_behind"]),
        ([M, C, C], [1], ["left_alone"]),
        ([C, C], [0], ["left_alone"]),
        ([C], [0], ["left_alone"]),
        ([M], [0], []),
        ([M, FRIEND, C], [1, 2], ["left_alone"]),
        ([M, FRIEND, C], [0], ["left_behind"]),
        ([UNKNOWN, C], [0], ["left_behind"]),
        ([UNKNOWN, C], [0, 1], ["left_alone"]),
    ],
)
def test_who_is_parted_from_whom(cast, palillo, members, going, found):
    people = list(factories.make_family(palillo, *members, by=cast.volunteer).members.all())
    torn = partings(people, {people[n].pk for n in going}, palillo.day_of(factories.NOW))
    assert [kind for each in torn.values() for _person, kind in each] == found


def test_a_departure_raises_it_once(cast, palillo):
    family = factories.make_family(palillo, M, C, by=cast.volunteer)
    child = [family.members.select_related("family__shelter").last()]
    for _n in range(2):
        actions.depart(child, at=timezone.now(), to="city", by=cast.volunteer)
        actions.come_back(child, shelter=palillo, by=cast.volunteer)
    assert kinds() == ["left_alone"]
    assert actions.settle_alert(Alert.objects.get(), "volvió", by=cast.coordinator)
    assert not actions.settle_alert(Alert.objects.get(), "otra vez", by=cast.coordinator)
    assert Alert.objects.get().note == "volvió"
    actions.depart(child, at=timezone.now(), to="city", by=cast.volunteer)
    assert kinds() == ["left_alone"]
    assert Alert.objects.count() == 2
    assert AccessEvent.objects.get(action="alert_settled").detail == {"kind": "left_alone"}


def test_who_stays_elsewhere_is_nobody_left_behind(cast, palillo):
    """The father left last week; the mother and the child leave today: all are together, or it was said then."""
    family = factories.make_family(palillo, M, M, C, by=cast.volunteer)
    people = list(family.members.select_related("family__shelter"))
    actions.depart(people[:1], at=timezone.now(), to="city", by=cast.volunteer)
    assert kinds() == []
    actions.depart(people[1:], at=timezone.now(), to="city", by=cast.volunteer)
    assert kinds() == []


def test_a_coordinator_sees_them_a_volunteer_does_not(cast, palillo, coordinator, volunteer):
    volunteer.post(REGISTER, posted(ALE))
    for path in ("/es/", "/es/presence/"):
        assert "1 alerta espera su atención" in words_of(coordinator.get(path))
        assert "alerta" not in words_of(volunteer.get(path))


def test_another_shelters_alerts_are_not_shown(cast, annex, sign_in, volunteer):
    volunteer.post(REGISTER, posted(ALE))
    theirs = sign_in(factories.make_user("coordinator", shelters=[annex]))
    assert "alerta" not in words_of(theirs.get("/es/"))
