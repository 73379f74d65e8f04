"""Reserved services stay reserved on every page; limits and days are the shelter's."""

from datetime import date

import pytest

from intake.models import ServiceReceived, ServiceType
from tests import factories
from tests.intake.admin.pages import address, change


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


def test_who_gave_a_reserved_service_is_told_by_no_page_column_or_filter(coordinator, cast, reserved):
    commission = factories.make_organization("cndh", name="Comisión Nacional")
    reserved.organization, reserved.recorded_by, reserved.desk = commission, cast.legal, "legal 7"
    reserved._history_user = cast.legal
    reserved.save()
    for page in ("", *(f"{reserved.pk}/{p}" for p in ("change/", "history/"))):
        shown = coordinator.get(address("servicereceived", page)).text.partition('id="changelist-filter"')[0]
        for word in (commission.name, cast.legal.username + "<", "legal 7", "Legal 7"):
            assert word not in shown, page
    asked = {"organization__id__exact": commission.pk}
    assert coordinator.get(address("servicereceived"), asked).context["cl"].result_count == 0
    change(coordinator, reserved, quantity=3)
    reserved.refresh_from_db()
    assert (reserved.organization, reserved.desk, reserved.quantity) == (commission, "legal 7", 3)


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
