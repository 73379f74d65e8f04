"""What came from a device and has to be corrected: at its shelter, of its day, once, and never lost on the way."""

import pytest

from intake.models import Family, LateForm
from tests import factories
from tests.devices import bring, device_record, token_of
from tests.intake.test_register import ALE, URL, posted

pytestmark = pytest.mark.django_db
WRONG = {**ALE, "age": "200"}


@pytest.fixture
def token(cast, palillo):
    return token_of(cast.volunteer, palillo)


def brought(client, token, *members, **fields) -> LateForm:
    """A form of a device that has to be corrected."""
    record = device_record(token, *(members or [WRONG]), **fields)
    bring(client, record)
    return LateForm.objects.get(key=record["id"])


def typed(late, *members, **fields) -> dict:
    return posted(*(members or [ALE]), key=str(late.key), late=str(late.pk), **fields)


# --- at its shelter -----------------------------------------------------------------------------------------------


def start_shift(client, shelter):
    return client.post("/es/shift/", {"shelter": shelter.pk, "desk": "registration", "number": "3"})


def test_a_shift_that_moved_meanwhile_stores_nobody_elsewhere(volunteer, cast, token, palillo, annex):
    """The form was open in one tab while the shift was started anew in another."""
    cast.volunteer.shelters.add(annex)
    zone = factories.make_zone(palillo, name="Zona Norte")
    late = brought(volunteer, token)
    assert start_shift(volunteer, annex).status_code == 302
    assert volunteer.post(URL, typed(late)).status_code == 422
    answer = volunteer.post(URL, typed(late, comments="Pide ver a su tía.", zone=zone.pk))
    assert answer.status_code == 422
    assert "Este formulario es de otro albergue" in answer.text and "Estadio Palillo" in answer.text
    assert "Pide ver a su tía." in answer.text
    assert f'<option value="{zone.pk}" selected>' in answer.text
    assert LateForm.objects.open().exists() and not Family.objects.exists()
    start_shift(volunteer, palillo)
    assert volunteer.post(URL, typed(late, zone=zone.pk)).status_code == 302
    assert Family.objects.get().shelter == palillo
