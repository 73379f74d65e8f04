"""Files with more than 200 people in them: asked for by one account, let go by another, taken once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from intake import actions
from intake.models import ExportRequest
from intake.reports.records_export import RecordsExport
from shelters.models import AccessEvent
from tests import factories
from tests.factories import PASSWORD, make_family
from tests.intake.pages import export

RECORDS = "/es/admin/reports/records.{}?shelter=palillo&since=2018-11-06&until=2018-11-06{}"
LIST = "/es/admin/reports/requests/"


@pytest.fixture
def crowded(palillo, cast, monkeypatch):
    """Three people, where two are the most that one account takes alone."""
    monkeypatch.setattr(RecordsExport, "most_alone", 2)
    make_family(palillo, {"given_names": "Neptalí"}, {}, {}, by=cast.volunteer)


@pytest.fixture
def asked(crowded, coordinator):
    """What the coordinator asked for, and its address."""
    answer = export(coordinator, RECORDS.format("csv", "&table=people"))
    request = ExportRequest.objects.get()
    assert answer.url == f"{LIST}{request.pk}/"
    return request, answer.url


@pytest.fixture
def officer(cast, sign_in):
    return sign_in(cast.data_officer)


def left():
    return AccessEvent.objects.filter(action="exported").count()


def body(answer):
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def test_two_hundred_leave_with_one_account_and_one_more_needs_two(cast, palillo, coordinator):
    make_family(palillo, *[{}] * 200, by=cast.volunteer)
    assert export(coordinator, RECORDS.format("csv", "&table=people")).status_code == 200
    make_family(palillo, by=cast.volunteer)
    assert export(coordinator, RECORDS.format("csv", "&table=people")).status_code == 302
    assert (left(), ExportRequest.objects.get().people) == (1, 201)


@pytest.mark.parametrize(
    ("kind", "more"), [("csv", "&table=families"), ("hxl.csv", "&table=services"), ("xlsx", "")]
)
def test_every_kind_of_file_waits(crowded, coordinator, kind, more):
    assert export(coordinator, RECORDS.format(kind, more)).status_code == 302
    assert left() == 0


def test_asked_approved_and_taken_once(cast, asked, coordinator, officer):
    request, address = asked
    assert "espera a una segunda persona" in coordinator.get(address).content.decode()
    page = officer.get(address).content.decode()
    assert "coordinator pide los registros de 3 personas de Estadio Palillo" in page
    assert "Neptalí" not in page
    assert coordinator.post(address).url == address  # not yet
    assert officer.post(address, {"decision": "approve"}).url == address
    answer = coordinator.post(address)
    text = body(answer)
    event = AccessEvent.objects.get(action="exported")
    assert "Neptalí" in text
    assert text.splitlines()[-1].startswith("Puente · coordinator · ")
    assert f"n.º {event.pk}" in text.splitlines()[-1]
    assert coordinator.post(address).status_code == 302  # not twice
    assert left() == 1
    told = ["export_asked", "export_approved"]
    events = (
        AccessEvent.objects.filter(action__in=told).order_by("id").values_list("action", "user", "shelter")
    )
    here = request.shelter_id
    assert list(events) == [(told[0], cast.coordinator.pk, here), (told[1], cast.data_officer.pk, here)]


DAY = "/es/admin/reports/records.{}?shelter=palillo&since={}&until={}&table=people"


@pytest.fixture
def two_days(palillo, cast, monkeypatch):
    """Two people who were registered on one day, and two on the next; two are the most that one account takes alone."""
    monkeypatch.setattr(RecordsExport, "most_alone", 2)
    for at in (factories.NOW, factories.NOW + timedelta(days=1)):
        make_family(palillo, {"given_names": "Neptalí"}, {}, by=cast.volunteer, at=at, stay=False)


def take_day(client, day, kind="csv"):
    return export(client, DAY.format(kind, day, day))


def test_several_files_of_a_day_are_counted_together(
    two_days, coordinator, officer, cast, sign_in, time_machine
):
    assert take_day(coordinator, "2018-11-06").status_code == 200
    answer = take_day(coordinator, "2018-11-07")
    assert "Con las 2 personas de sus archivos" in coordinator.get(answer.url).text
    assert ExportRequest.objects.get().people == 2
    assert left() == 1
    assert take_day(officer, "2018-11-07").status_code == 200  # each account by itself
    time_machine.move_to(timezone.now() + timedelta(hours=25))
    assert take_day(sign_in(cast.coordinator), "2018-11-07").status_code == 200


def test_the_other_sheets_of_the_same_days_are_the_same_people(two_days, coordinator):
    for kind in ("csv", "hxl.csv", "xlsx"):
        assert take_day(coordinator, "2018-11-06", kind).status_code == 200
    assert left() == 3


def test_what_a_second_person_let_go_does_not_count(two_days, coordinator, officer):
    take_day(coordinator, "2018-11-06")
    waits = take_day(coordinator, "2018-11-07").url
    officer.post(waits, {"decision": "approve"})
    assert coordinator.post(waits).status_code == 200
    details = AccessEvent.objects.filter(action="exported").order_by("id").values_list("detail", flat=True)
    assert [(told["people"], told.get("approved", False)) for told in details] == [(2, False), (2, True)]
    assert take_day(coordinator, "2018-11-06").status_code == 200


def test_asking_twice_is_asking_once(asked, coordinator):
    export(coordinator, RECORDS.format("csv", "&table=people"))
    export(coordinator, RECORDS.format("csv", "&table=services"))
    assert ExportRequest.objects.count() == 2


def test_declined_is_declined(asked, coordinator, officer):
    _request, address = asked
    officer.post(address, {"decision": "decline"})
    assert coordinator.post(address).status_code == 302
    officer.post(address, {"decision": "approve"})
    assert ExportRequest.objects.get().state == "declined"
    assert left() == 0


def test_who_came_after_it_was_approved_is_in_no_file(asked, coordinator, officer, palillo, cast):
    _request, address = asked
    officer.post(address, {"decision": "approve"})
    make_family(palillo, {"given_names": "Reina"}, by=cast.volunteer)
    assert coordinator.post(address).status_code == 302
    assert left() == 0
    assert ExportRequest.objects.get().taken_at is None


def test_nobody_approves_what_they_asked_for(cast, asked, coordinator):
    request, address = asked
    coordinator.post(address, {"decision": "approve"})
    assert not actions.decide_export(request, True, by=cast.coordinator)
    assert ExportRequest.objects.get().state == "waiting"
    with pytest.raises(IntegrityError), transaction.atomic():
        ExportRequest.objects.update(decided_by=cast.coordinator, decided_at=timezone.now(), is_approved=True)


@pytest.mark.parametrize(
    "half",
    [{"is_approved": True}, {"decided_at": timezone.now()}, {"taken_at": timezone.now()}],
)
def test_the_database_refuses_half_a_decision(asked, half):
    with pytest.raises(IntegrityError), transaction.atomic():
        ExportRequest.objects.update(**half)


def test_only_whoever_asked_takes_it(asked, officer, sign_in, palillo):
    _request, address = asked
    officer.post(address, {"decision": "approve"})
    other = sign_in(factories.make_user("coordinator", shelters=[palillo]))
    assert other.post(address, {"decision": "approve"}).status_code == 302
    assert officer.post(address).status_code == 404
    assert left() == 0


def test_an_hour_to_approve_and_an_hour_to_take(asked, coordinator, officer):
    _request, address = asked
    hour = timedelta(minutes=61)
    ExportRequest.objects.update(asked_at=timezone.now() - hour)
    officer.post(address, {"decision": "approve"})
    assert ExportRequest.objects.get().state == "expired"
    ExportRequest.objects.update(asked_at=timezone.now())
    officer.post(address, {"decision": "approve"})
    assert ExportRequest.objects.get().state == "ready"
    ExportRequest.objects.update(decided_at=timezone.now() - hour)
    assert coordinator.post(address).status_code == 302
    assert (ExportRequest.objects.get().state, left()) == ("expired", 0)


def test_both_prove_who_is_there(cast, asked, sign_in):
    _request, address = asked
    officer, asker = (sign_in(user, proven=False) for user in (cast.data_officer, cast.coordinator))
    assert officer.post(address, {"decision": "approve"}).status_code == 422
    assert ExportRequest.objects.get().state == "waiting"
    officer.post(address, {"decision": "approve", "proof": PASSWORD})
    assert asker.post(address).status_code == 422
    assert asker.post(address, {"proof": PASSWORD}).status_code == 200


def test_an_administrator_of_the_shelter_approves_without_reading_anybody(cast, asked, sign_in):
    _request, address = asked
    admin = sign_in(cast.administrator)
    assert address in admin.get("/es/admin/").content.decode()
    assert address in admin.get(LIST).content.decode()
    admin.post(address, {"decision": "approve"})
    assert ExportRequest.objects.get().decided_by == cast.administrator


@pytest.mark.parametrize("role", ["volunteer", "legal", "health"])
def test_to_everybody_else_it_is_not_there(cast, asked, sign_in, role):
    _request, address = asked
    client = sign_in(getattr(cast, role))
    for path in (LIST, address):
        assert client.get(path).status_code == 404
        assert client.post(address, {"decision": "approve"}).status_code == 404


@pytest.mark.parametrize("role", ["coordinator", "data_officer", "administrator"])
def test_another_shelter_neither_sees_nor_decides(asked, annex, sign_in, role):
    _request, address = asked
    client = sign_in(factories.make_user(role, shelters=[annex]))
    assert address not in client.get(LIST).content.decode()
    assert client.get(address).status_code == 404
    assert client.post(address, {"decision": "approve"}).status_code == 404


@pytest.mark.parametrize("word", ["", "yes", "approve\0"])
def test_what_is_no_decision(asked, officer, word):
    _request, address = asked
    assert officer.post(address, {"decision": word}).status_code == 404
    assert ExportRequest.objects.get().state == "waiting"


def test_who_lost_the_right_takes_nothing(cast, asked, coordinator, officer):
    _request, address = asked
    officer.post(address, {"decision": "approve"})
    cast.coordinator.groups.clear()
    factories.roles.grant(cast.coordinator, factories.roles.Administrator)
    assert coordinator.post(address).status_code == 404
    assert left() == 0


def test_the_list_costs_the_same_for_many(cast, asked, coordinator, officer, django_assert_num_queries):
    for more in ("", "&table=services", "&table=families"):
        with django_assert_num_queries(4):
            officer.get(LIST)
        export(coordinator, RECORDS.format("csv", more))
