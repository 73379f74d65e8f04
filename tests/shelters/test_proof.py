"""Who is there? Asked beside an export, answered for five minutes, and nothing chosen is lost."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from intake.models import PrivacyNotice
from shelters.models import AccessEvent
from tests.factories import PASSWORD, make_family
from tests.intake.pages import export
from tests.shelters.codes import phone_of, wrong

CENSUS = "/es/admin/reports/census.csv?shelter=palillo"
ASKS = 'name="proof"'


@pytest.fixture
def long_ago(cast, sign_in):
    """The coordinator, signed in hours ago."""
    return sign_in(cast.coordinator, proven=False)


def left():
    return AccessEvent.objects.filter(action="exported").count()


def test_the_password_is_asked_beside_the_export(cast, long_ago):
    assert ASKS in long_ago.get(CENSUS).content.decode()
    answer = export(long_ago, CENSUS)
    assert (answer.status_code, left()) == (422, 0)
    answer = export(long_ago, CENSUS, proof="otra cosa", purpose="city", outside="yes")
    page = answer.content.decode()
    assert (answer.status_code, left()) == (422, 0)
    assert re.search(r'value="city"\s+selected', page)  # what was chosen is still there
    assert AccessEvent.objects.filter(user=cast.coordinator, action="sign_in_refused").count() == 1
    assert export(long_ago, CENSUS, proof=PASSWORD).status_code == 200
    assert left() == 1


def test_it_is_good_for_five_minutes(cast, long_ago, time_machine):
    export(long_ago, CENSUS, proof=PASSWORD)
    assert ASKS not in long_ago.get(CENSUS).content.decode()
    assert export(long_ago, CENSUS).status_code == 200
    time_machine.move_to(timezone.now() + timedelta(minutes=5, seconds=5))
    assert ASKS in long_ago.get(CENSUS).content.decode()
    assert export(long_ago, CENSUS).status_code == 422
    assert left() == 2


def test_a_right_answer_counts_though_the_form_beside_it_is_wrong(long_ago):
    answer = export(long_ago, CENSUS, proof=PASSWORD, purpose="press")  # the press gets no exact numbers
    assert (answer.status_code, ASKS in answer.content.decode()) == (422, False)
    assert export(long_ago, CENSUS).status_code == 200


def test_whoever_has_a_second_factor_proves_it_with_that(cast, long_ago):
    phone, codes = phone_of(cast.coordinator)
    assert export(long_ago, CENSUS, proof=PASSWORD).status_code == 422
    assert export(long_ago, CENSUS, proof=wrong(phone())).status_code == 422
    assert export(long_ago, CENSUS, proof=phone()).status_code == 200
    assert codes[0] and left() == 1


def test_five_wrong_answers_and_the_right_one_rests(long_ago):
    for _try in range(5):
        export(long_ago, CENSUS, proof="otra cosa")
    answer = export(long_ago, CENSUS, proof=PASSWORD)
    assert "Demasiados intentos" in answer.content.decode()
    assert left() == 0


def test_the_records_of_people_ask_too(cast, palillo, long_ago):
    assert PrivacyNotice.objects.exists()
    make_family(palillo, by=cast.volunteer)
    address = "/es/admin/reports/records.csv?shelter=palillo&since=2018-11-06&until=2018-11-06&table=people"
    assert export(long_ago, address).status_code == 422
    assert export(long_ago, address, proof=PASSWORD).status_code == 200
