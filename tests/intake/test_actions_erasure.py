"""One person is erased: nothing of them is left, nothing late brings them back, and nobody else is touched."""

import sqlite3
from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from intake import actions
from intake.models import (
    Alert,
    Card,
    Consent,
    DataRequest,
    Family,
    GoodsMovement,
    LookAlike,
    Merge,
    Person,
    Relationship,
    ServiceReceived,
    Sighting,
    Stay,
    Submission,
    Ticket,
    Tombstone,
)
from intake.models.consents import shareable_with
from intake.retention import TABLES, Then, is_about, rows_of
from shelters.locking import KEPT, LOCKED
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW
from tests.intake.pages import sent_from
from tests.intake.test_actions_retention import everything
from tests.live import bytes_in

GIVEN, SURNAME, CALLED = "Wilmerqqz", "Zelayaqqz", "Chelitoqqz"


def make_people(palillo, cast):
    """A father with a text in every place, his daughter, and an aunt who stays."""
    family = factories.make_family(
        palillo,
        {"given_names": GIVEN, "surnames": f"{SURNAME} López", "known_as": CALLED, "sex": "M", "age": 34},
        {"given_names": "Olga", "surnames": "López", "age": 1},
        {"given_names": "Tía", "surnames": "López", "age": 50},
        comments=f"Ask {GIVEN} about the bus",
        by=cast.volunteer,
    )
    father, daughter, _aunt = family.members.all()
    father.given_names = f"{GIVEN} José"
    father.save()
    factories.make_need(father, "X-PR", reason=GIVEN, by=cast.volunteer)
    factories.make_service(father, override_reason=f"{SURNAME} lost it", by=cast.volunteer)
    factories.make_service(daughter, override_reason=f"for her father {GIVEN}", by=cast.volunteer)
    factories.make_service(daughter, "CLO-SET", override_reason="too small", by=cast.volunteer)
    factories.make_intention(father)
    Sighting.objects.create(person=father, seen_at=NOW, by=cast.volunteer)
    LookAlike.of(father, daughter, certainty=70).save()
    factories.make_card(family)
    factories.make_ticket(palillo, family=family)
    return family


@pytest.fixture
def family(palillo, cast):
    return make_people(palillo, cast)


@pytest.fixture
def father(family):
    return family.members.get(position=0)


def erase(person, cast, reason="request"):
    actions.erase(person, reason=reason, by=cast.data_officer)


def test_nothing_of_them_is_left_in_any_row(father, cast):
    assert all(name in everything() for name in (GIVEN, SURNAME, CALLED))
    pk = str(father.pk)
    erase(father, cast)
    rows = everything(but=("shelters.AccessEvent",))
    assert [name for name in (GIVEN, SURNAME, CALLED) if name.lower() in everything().lower()] == []
    assert pk not in rows


@pytest.mark.parametrize("label", [label for label in TABLES if TABLES[label].of])
def test_each_table_obeys_its_line(family, father, palillo, cast, label):
    """What is called deleted is gone; what stays, emptied or without its link, is there as a row."""
    given = factories.make_service(father, "CLO-SET", by=cast.volunteer)
    station = factories.make_station(palillo)
    moved = {
        "station": station,
        "goods_id": "JACKET",
        "kind": "handed_out",
        "moved_at": NOW,
        "moved_on": NOW.date(),
    }
    GoodsMovement.objects.create(**moved, change=-1, service=given, by=cast.volunteer)
    factories.make_note(father, "Pide asilo.", by=cast.legal)
    Alert.objects.create(shelter=palillo, kind="unaccompanied", person=father, raised_at=NOW)
    other = factories.make_family(palillo, {"given_names": "Otra"}, by=cast.volunteer)
    Merge.objects.create(shelter=palillo, kept=family, gone=other, by=cast.coordinator, steps=[["person"]])
    partner = factories.make_organization()
    Consent.objects.create(family=family, organization=partner, is_given=True, by=cast.volunteer)
    form = factories.make_submission(cast.volunteer)
    form.family = family
    form.save(force_insert=True)
    asked = DataRequest(shelter=palillo, person=father, kind="access", received_by=cast.data_officer)
    asked.received_on = NOW.date()
    asked.set_the_clock()
    asked.save()
    model, table = apps.get_model(label), TABLES[label]
    owners = [father] if is_about(label) == "person" else [family]
    keys = [row.pk for row in rows_of(model, table, owners)]
    assert keys, "nothing was planted"
    erase(father, cast)
    left = model._base_manager.filter(pk__in=keys).count()
    assert left == (0 if table.erased == Then.DELETED else len(keys))


def test_the_rest_of_the_family_is_untouched(family, father, cast):
    daughter = family.members.get(given_names="Olga")
    before = [list(rows.order_by("pk").values()) for rows in (daughter.stays, daughter.intentions)]
    names = list(family.members.exclude(pk=father.pk).values("pk", "given_names", "surnames", "birth_date"))
    erase(father, cast)
    assert list(family.members.values("pk", "given_names", "surnames", "birth_date")) == names
    assert [list(rows.order_by("pk").values()) for rows in (daughter.stays, daughter.intentions)] == before
    reasons = daughter.services.values_list("service_type", "override_reason")
    assert dict(reasons) == {"FOOD-LUN": "", "CLO-SET": "too small"}
    family.refresh_from_db()
    assert family.comments == ""
    assert Card.objects.get().family == family and Ticket.objects.get().family == family


def test_the_first_adult_becomes_the_head(family, father, cast):
    erase(father, cast)
    head = family.members.get(relationship=Relationship.HEAD)
    assert head.given_names == "Tía"
    assert family.members.get(given_names="Olga").relationship == Relationship.UNKNOWN


def test_somebody_else_than_the_head_leaves_the_others_as_they_were(family, cast):
    before = list(family.members.exclude(position=2).values())
    erase(family.members.get(given_names="Tía"), cast)
    assert list(family.members.values()) == before
    family.refresh_from_db()
    assert GIVEN in family.comments


def test_the_last_one_takes_the_family_along(palillo, cast):
    family = factories.make_family(palillo, {"given_names": GIVEN}, comments="sola", by=cast.volunteer)
    card = factories.make_card(family)
    ticket = factories.make_ticket(palillo, family=family)
    erase(family.members.get(), cast)
    assert not Family.objects.exists() and not Family.history.exists()
    card.refresh_from_db(), ticket.refresh_from_db()
    assert (card.family, card.revoked_as, ticket.family) == (None, "voided", None)
    assert Tombstone.objects.holds(family.pk)


def test_records_that_were_joined_are_the_same_person(palillo, cast):
    family = factories.make_family(palillo, {"given_names": "Ana"}, {"given_names": "Luz"}, by=cast.volunteer)
    other = factories.make_family(
        palillo, {"given_names": "Anita"}, comments="Anita viene sola", by=cast.volunteer
    )
    one, twin = family.members.get(given_names="Ana"), other.members.get()
    merge = actions.merge(family, other, pairs=[(one, twin)], picks={}, whole=True, by=cast.coordinator)
    erase(one, cast)
    assert list(Person.objects.values_list("given_names", flat=True)) == ["Luz"]
    merge.refresh_from_db(), other.refresh_from_db()
    assert (merge.is_final, merge.steps, other.comments) == (True, [], "")
    erase(Person.objects.get(), cast)
    assert not Family.objects.exists() and not Merge.objects.exists()


def test_what_was_refused_by_whom_they_live_with_now_stays(palillo, cast):
    partner = factories.make_organization()
    family = factories.make_family(palillo, {"given_names": "Ana"}, {"given_names": "Luz"}, by=cast.volunteer)
    other = factories.make_family(palillo, {"given_names": "Eva"}, comments="Eva, con Ana", by=cast.volunteer)
    actions.record_consents(other, {partner: False}, by=cast.coordinator)
    actions.merge(family, other, pairs=[], picks={}, whole=True, by=cast.coordinator)
    for name in ("Ana", "Luz"):
        erase(Person.objects.get(given_names=name), cast)
        assert Consent.objects.get().family == other
        assert not shareable_with(partner).exists()
    other.refresh_from_db()
    assert (other.comments, Merge.objects.get().gone) == ("", other)
    erase(Person.objects.get(), cast)
    assert not Family.objects.exists() and not Consent.objects.exists()


def test_the_stock_stays_as_it_was(palillo, father, cast):
    station = factories.make_station(palillo)
    given = factories.make_service(father, "CLO-SET", by=cast.volunteer)
    back = factories.make_service(father, "CLO-SET", by=cast.volunteer, cancelled_at=NOW)
    moved = {
        "station": station,
        "goods_id": "JACKET",
        "kind": "handed_out",
        "moved_at": NOW,
        "moved_on": NOW.date(),
    }
    for service in (given, back):
        GoodsMovement.objects.create(**moved, change=-1, service=service, by=cast.volunteer)
    before = station.stock()
    erase(father, cast)
    assert station.stock() == before == {("JACKET", ""): -1}
    assert not ServiceReceived.objects.filter(pk=given.pk).exists()


def test_their_request_is_answered_and_stays_without_them(father, palillo, cast):
    asked = DataRequest(shelter=palillo, person=father, kind="cancellation", received_by=cast.data_officer)
    asked.received_on, asked.state, asked.answered_on = NOW.date(), "granted", NOW.date()
    asked.identity, asked.note = "card", f"{GIVEN} came himself"
    asked.note_identity(by=cast.data_officer)
    asked.set_the_clock()
    asked.save()
    erase(father, cast)
    asked.refresh_from_db()
    assert (asked.person, asked.state, asked.note) == (None, "done", "")


def everything_in(client):
    return str(dict(client.session))


def test_a_message_that_waits_to_be_shown_goes_too_and_its_reader_stays_in(family, volunteer, cast):
    page = reverse("intake:person-add", args=[family.pk])
    sent = sent_from(volunteer.get(page)) | {"given_names": "Ángel", "surnames": "Núñez", "age": "34"}
    assert volunteer.post(page, sent).status_code == 302
    assert "ngel N" in everything_in(volunteer)
    erase(family.members.get(given_names="Ángel"), cast)
    assert "ngel N" not in everything_in(volunteer)
    page = volunteer.get(reverse("intake:family", args=[family.pk]))
    assert page.status_code == 200 and "Ángel" not in page.text


def test_a_form_under_seal_goes_too(father, volunteer, cast):
    """Kept while somebody is locked out, or until they are back at its page; nobody can look into it."""
    form = {"path": "/es/", "address": "/es/", "sealed": "gAAAAA"}
    session = volunteer.session
    session[KEPT], session[LOCKED] = form, {"user": cast.volunteer.pk, "shift": None, "form": form}
    session.save()
    erase(father, cast)
    assert "gAAAAA" not in everything_in(volunteer)
    assert volunteer.session[LOCKED] == {"user": cast.volunteer.pk, "shift": None, "form": None}


def test_a_session_that_holds_nothing_typed_is_left_alone(palillo, cast, sign_in):
    """Also where the shelter bears their name."""
    palillo.name = "Estadio Jesús Martínez"
    palillo.save()
    family = factories.make_family(
        palillo, {"given_names": "Jesús", "surnames": "Martínez"}, by=cast.volunteer
    )
    client = sign_in(cast.volunteer)
    before = Session.objects.get().session_data
    erase(family.members.get(), cast)
    assert Session.objects.get().session_data == before
    assert "Estadio Jesús Martínez" in client.get("/es/").text


def test_who_erases_has_their_answer_although_a_message_waits_for_them(palillo, father, cast, sign_in):
    officer = sign_in(cast.data_officer)
    session = officer.session
    session["_messages"] = f'[["__json_message",0,25,"{GIVEN} was added.",""]]'
    session.save()
    page = reverse("admin:intake_person_erase", args=[father.pk])
    assert officer.post(page, {"why": "mistake", "sure": "on"}).status_code == 302
    assert not Person.objects.filter(pk=father.pk).exists()


def test_the_trail_tells_who_and_why_and_no_name(father, palillo, cast):
    erase(father, cast, reason="mistake")
    event = AccessEvent.objects.get(action="person_erased")
    assert (event.user, event.shelter, event.detail) == (
        cast.data_officer,
        palillo,
        {"why": "mistake", "whole": False},
    )


# --- what comes late ---------------------------------------------------------------------------------------------


def form_of(client):
    page = client.get(reverse("intake:register"))
    form = page.context["form"]
    return {
        **{"key": str(form["key"].value()), "arrived_on": form["arrived_on"].value(), "language": "spa"},
        **{"notice": form["notice"].value(), "notice_answer": "accepted", "origin": "Honduras"},
        **{"m-TOTAL_FORMS": 2, "m-INITIAL_FORMS": 0},
        **{"m-0-given_names": GIVEN, "m-0-surnames": SURNAME, "m-0-age": "34", "m-0-sex": "M"},
        **{"m-1-given_names": "Olga", "m-1-surnames": SURNAME, "m-1-age": "11", "m-1-sex": "F"},
    }


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("words", [{}, {"comments": "otra cosa"}])
def test_a_late_copy_of_their_registration_stays_out(volunteer, cast, whole, words):
    """The same form, or another under its key; whether some of the family stay or nobody does."""
    sent = form_of(volunteer)
    assert volunteer.post(reverse("intake:register"), sent).status_code == 302
    for person in list(Person.objects.order_by("position"))[: 2 if whole else 1]:
        erase(person, cast)
    before = everything(but=("shelters.AccessEvent",))
    for client in (volunteer, Client()):
        client.cookies.load(volunteer.cookies)
        answer = client.post(reverse("intake:register"), {**sent, **words}, headers={"accept-language": "es"})
        assert answer.status_code == 410
        assert "qqz" not in answer.text
    assert everything(but=("shelters.AccessEvent",)) == before
    assert Person.objects.filter(given_names=GIVEN).count() == 0


def test_a_new_form_for_who_stands_there_again_is_a_new_family(volunteer, cast):
    volunteer.post(reverse("intake:register"), form_of(volunteer))
    erase(Person.objects.get(given_names=GIVEN), cast)
    assert volunteer.post(reverse("intake:register"), form_of(volunteer)).status_code == 302
    assert Person.objects.filter(given_names=GIVEN).count() == 1


def test_another_form_under_their_key_is_refused_by_the_action_too(family, father, cast):
    sent = factories.make_submission(cast.volunteer)
    sent.family = family
    sent.save(force_insert=True)
    erase(father, cast)
    again = Submission(key=sent.key, digest="y", by=cast.volunteer)
    with pytest.raises(actions.Erased):
        actions.add_member(family, Person(given_names=GIVEN), submission=again, by=cast.volunteer)
    assert Stay.objects.filter(person__family=family).count() == 2


# --- on the disk -------------------------------------------------------------------------------------------------


def bytes_on_disk() -> bytes:
    """The database file, what SQLite keeps beside it, and what the program keeps under var."""
    name = connection.settings_dict["NAME"]
    files = [Path(name + end) for end in ("", "-wal", "-shm", "-journal")]
    files += [
        path for path in (settings.BASE_DIR / "var").rglob("*") if path.suffix not in (".gz", ".js", ".css")
    ]
    return bytes_in(*(path for path in files if path.is_file() and path.name != "puente.sqlite3"))


def all_rows() -> str:
    """Every column of every table, whatever it is called: not by way of the models."""
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            found += cursor.fetchall()
    return str(found)


@pytest.mark.django_db(transaction=True)
def test_the_bytes_of_the_name_are_nowhere(palillo, cast, sign_in):
    father = make_people(palillo, cast).members.get(position=0)
    sign_in(cast.volunteer).get(reverse("intake:family", args=[father.family_id]))
    folded = (GIVEN.lower(), SURNAME.lower(), CALLED.lower())
    assert GIVEN in all_rows() and folded[0] in all_rows()
    if connection.vendor == "sqlite":
        assert GIVEN.encode() in bytes_on_disk()
    erase(father, cast)
    assert [name for name in (GIVEN, SURNAME, CALLED, *folded) if name in all_rows()] == []
    if connection.vendor == "sqlite":
        assert [name for name in (GIVEN, SURNAME, CALLED, *folded) if name.encode() in bytes_on_disk()] == []


def run(sql) -> list:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def spellings(person) -> set[bytes]:
    """As typed, folded for searching, and as the look-alike check hears them."""
    words = f"{GIVEN} {SURNAME} {CALLED} {person.name_key}".split()
    heard = [person.given_key, person.surname_key_2, person.surname_key]
    return {word.encode() for word in (*words, *heard) if len(word) > 6}


def files_of_server() -> Path:
    """The tests' own PostgreSQL alone: another one's files are not ours to read, wherever they are."""
    place = run("SHOW data_directory")[0][0]
    if "puente-pg-" not in place:
        pytest.skip("DATABASE_URL names another server: its files cannot be read")
    return Path(place)


def where_in(folder, words) -> set[str]:
    """In which files of it: tables, indexes, the log of changes, the log of the server, whatever is there."""
    found = set()
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # the server goes on working
            here = path.read_bytes() if path.is_file() else b""
            found |= {path.relative_to(folder).parts[0] for word in words if word in here}
    return found


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's bytes are searched above")
def test_the_bytes_of_the_name_are_nowhere_in_the_files_of_the_server(palillo, cast, sign_in):
    folder, family = files_of_server(), make_people(palillo, cast)
    father, same_name = family.members.get(position=0), make_people(palillo, cast).members.get(position=0)
    words = spellings(father)  # of two people: only what stands in a column twice is in its statistics
    session = sign_in(cast.volunteer)
    session.get(reverse("intake:family", args=[family.pk]))
    words.add(Session.objects.get().session_data.rpartition(":")[2].encode())
    Family.objects.filter(pk=family.pk).update(comments=f"{GIVEN} again")  # what stood there is a dead row
    with pytest.raises(IntegrityError):
        run(f"INSERT INTO intake_person (id, given_names) VALUES ('{father.pk}', '{GIVEN}')")
    run("ANALYZE"), run("CHECKPOINT")
    assert where_in(folder, words) == {"base", "pg_wal"}
    erase(father, cast), erase(same_name, cast)
    run("VACUUM"), run("CHECKPOINT")
    assert where_in(folder, words) == {"base", "pg_wal"}, "what a plain VACUUM leaves"
    Session.objects.all().delete()
    call_command("retention", stdout=StringIO())
    assert where_in(folder, words) == set()
    assert family.members.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="the log beside the file is SQLite's")
def test_a_reader_at_that_moment_delays_the_last_step_and_the_night_does_it(palillo, cast):
    father = make_people(palillo, cast).members.get(position=0)
    reader = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM intake_person").fetchone()
    erase(father, cast)
    reader.execute("COMMIT")
    reader.close()
    call_command("retention", verbosity=0)
    assert GIVEN.encode() not in bytes_on_disk()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL does nothing at that moment")
def test_a_log_that_cannot_be_emptied_is_no_failed_erasure(palillo, cast):
    father = make_people(palillo, cast).members.get(position=0)

    def broken(run, sql, *rest):
        if "wal_checkpoint" in sql:
            raise OperationalError("disk I/O error")
        return run(sql, *rest)

    with connection.execute_wrapper(broken):
        erase(father, cast)
    assert not Person.objects.filter(pk=father.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_the_whole_file_is_left_to_the_night(palillo, cast):
    father = make_people(palillo, cast).members.get(position=0)
    with CaptureQueriesContext(connection) as asked:
        erase(father, cast)
    assert not any("VACUUM" in each["sql"] for each in asked)
