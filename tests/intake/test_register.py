"""Screen 03: one form, one transaction, one family."""

import uuid

import pytest
from django.urls import reverse

from intake.models import Family, Intention, Person, PersonNeed, Stay
from shelters.models import AccessEvent

URL = "/es/families/register/"


def posted(*members, **fields):
    """The form as a browser sends it; members are dicts of the row's fields."""
    data = {
        "key": str(uuid.uuid4()),
        "origin": "Olancho, Honduras",
        "arrived_on": "hoy",
        "days": "22",
        "language": "spa",
        "plan": "MEX-STAY",
        "notice_answer": "accepted",
        "m-TOTAL_FORMS": str(len(members) + 1),
        "m-INITIAL_FORMS": "0",
        **fields,
    }
    for i, member in enumerate(members):
        data |= {f"m-{i}-{name}": value for name, value in member.items()}
    return data


MOTHER = {"given_names": "Neptalí", "surnames": "Hernández López", "age": "34", "sex": "F"}
ALE = {"given_names": "Ale", "surnames": "Hernández López", "age": "11", "sex": "F"}


def test_a_family_is_registered_from_one_screen(volunteer, cast, palillo):
    answer = volunteer.post(URL, posted(MOTHER, ALE, {"given_names": "Bebé", "age": "8m", "sex": "M", "needs": "DS"}))
    family = Family.objects.get()
    assert answer.status_code == 302
    assert answer.url == f"{URL}?saved={family.pk}"
    assert (family.shelter, family.registered_by, family.desk) == (palillo, cast.volunteer, "registration 2")
    assert family.days_on_the_road == 22
    mother, ale, baby = family.members.all()
    assert (mother.relationship, ale.relationship, baby.relationship) == ("HEAD", "CHILD", "CHILD")
    assert {person.origin_region_id for person in (mother, ale, baby)} == {"HN-OL"}
    assert Stay.objects.open().count() == 3
    assert Intention.objects.get().person == mother
    assert PersonNeed.objects.get().person == baby
    event = AccessEvent.objects.get(action="family_registered")
    assert (event.user, event.subject_id, event.detail) == (cast.volunteer, str(family.pk), {"people": 3})
    page = volunteer.get(answer.url)
    assert "Neptalí Hernández López" in page.content.decode()


def test_the_page_opens(volunteer):
    page = volunteer.get(URL)
    assert page.status_code == 200
