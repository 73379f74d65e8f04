"""The database is away, full or read-only: a sentence, what was typed, and never "saved"."""

import re
import uuid

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.test import Client

from intake.models import Family, ServiceReceived, Submission
from tests import factories
from tests.intake.test_register import MOTHER, URL, posted

NAMELESS = "/es/account/login/"


@pytest.fixture
def desk(volunteer):
    volunteer.raise_request_exception = False
    return volunteer


def failing(error, when="INSERT"):
    """Statements that begin so fail, as they do on a full disk; nothing else on the way is replaced."""

    def execute(run, sql, params, many, context):
        if sql.startswith(when):
            raise error
        return run(sql, params, many, context)

    return connection.execute_wrapper(execute)


def hidden_fields(page) -> list[tuple[str, str]]:
    return re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError,
        InterfaceError,
        connection.Database.OperationalError,
        connection.Database.DatabaseError,
    ],
)
def test_what_could_not_be_stored_is_not_called_saved_and_can_be_sent_again(desk, error):
    form = posted(MOTHER, key=str(uuid.uuid4()))
    with failing(error("database or disk is full")):
        answer = desk.post(URL, form)
    page = answer.content.decode()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "no-store" in answer.headers["Cache-Control"]
    assert "por no guardado" in page
    assert not Family.objects.exists() and not Submission.objects.exists()
    assert dict(hidden_fields(page)) == form
    assert f'<form method="post" action="{URL}"' in page
    assert desk.post(URL, dict(hidden_fields(page))).status_code == 302  # the disk has room again
    assert Family.objects.count() == 1


def test_what_was_typed_stays_text(desk):
    form = posted({**MOTHER, "given_names": '"><script>alert(1)</script>'})
    with failing(OperationalError("x")):
        page = desk.post(URL, form).content.decode()
    assert "<script" not in page
    assert "&quot;&gt;&lt;script&gt;" in page


def test_a_session_that_cannot_be_stored_is_no_bad_request(desk, cast, palillo):
    """The row may be there and its answer not: sent again, it is the same row."""
    family = factories.make_family(palillo, {}, by=cast.volunteer)
    address, person = f"/es/families/{family.pk}/service/", str(family.members.get().pk)
    form = {"key": str(uuid.uuid4()), "service_type": "FOOD-WAT", "people": person, "quantity": "1"}
    with failing(OperationalError("x"), when='UPDATE "django_session"'):
        answer = desk.post(address, form)
    assert answer.status_code == 503
    assert "por no guardado" in answer.content.decode()
    assert desk.post(address, dict(hidden_fields(answer.content.decode()))).status_code == 302
    assert ServiceReceived.objects.count() == 1


@pytest.mark.skipif(connection.vendor == "sqlite", reason="a word of PostgreSQL's own")
def test_a_missing_privilege_is_a_disk_that_cannot_be_written(desk):
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE without_any_right; SET LOCAL ROLE without_any_right")
    assert desk.get(URL).status_code == 503


def test_a_bad_request_stays_one(desk):
    assert desk.get("/es/", headers={"host": "evil.example"}).status_code == 400


def test_a_page_that_cannot_be_read_offers_to_try_again(desk):
    with failing(OperationalError("server closed the connection"), when=""):
        answer = desk.get("/en/?q=%22x")
    page = answer.content.decode()
    assert answer.status_code == 503
    assert "Puente cannot show this page now." in page
    assert 'href="/en/?q=%22x"' in page
    assert "saved." not in page.replace("What was saved is not lost.", "")


def test_a_password_is_not_in_the_page(db):
    client = Client(raise_request_exception=False)
    with failing(OperationalError("x"), when=""):
        answer = client.post(NAMELESS, {"login": "volunteer", "password": "cuatro palabras"})
    assert answer.status_code == 503
    assert "cuatro palabras" not in answer.content.decode()


@pytest.mark.parametrize(
    ("language", "look", "again"),
    [
        ("es", "Mire primero, en otra ventana, si ya está ahí.", "vuelva a cargar esta página"),
        ("en", "First look, in another window, whether it is there already.", "load this page again"),
    ],
)
def test_without_a_key_one_looks_before_one_sends_it_again(db, language, look, again):
    """Nothing else keeps a second copy out of the register."""
    client = Client(raise_request_exception=False)
    with failing(OperationalError("x"), when=""):
        page = client.post(
            f"/{language}/account/login/", {"login": "volunteer", "password": "x"}
        ).content.decode()
    assert look in page and page.index(look) < page.index(again)
    assert "no guardado" not in page and "not saved" not in page
    assert hidden_fields(page) == []


def test_machines_are_told_too(db):
    client = Client(raise_request_exception=False)
    with failing(OperationalError("x"), when=""):
        assert client.get("/healthz").status_code == 503


@pytest.mark.parametrize(
    "mistake",
    ["ALTER TABLE intake_family RENAME TO elsewhere", "ALTER TABLE intake_family RENAME desk TO elsewhere"],
)
def test_a_missing_table_or_column_is_no_outage(desk, mistake):
    """SQLite has one word for both."""
    with connection.cursor() as cursor:
        cursor.execute(mistake)
    answer = desk.post(URL, posted(MOTHER))
    assert answer.status_code == 500
    assert "Algo falló" in answer.content.decode()


def test_any_other_error_stays_an_error(desk):
    with failing(DatabaseError("database disk image is malformed")):
        answer = desk.post(URL, posted(MOTHER))
    assert answer.status_code == 500
    assert "Algo falló" in answer.content.decode()
