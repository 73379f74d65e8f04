"""What every answer carries and what no page takes, whichever way an answer comes about."""

import tempfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from intake.views import desk, handbook
from shelters.models import AccessEvent
from tests import factories

pytestmark = pytest.mark.django_db
REGISTER = "/es/families/register/"
HANDBOOK = "/es/handbook/"
MANY = {f"field{n}": "x" for n in range(2001)}


def broken(*_args, **_options):
    raise RuntimeError("Neptalí")


def answers(volunteer, monkeypatch):
    """(status that is meant, answer), one of each kind."""
    volunteer.raise_request_exception = False
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = volunteer.cookies
    yield 200, volunteer.get(HANDBOOK)
    yield 302, Client().get(HANDBOOK)
    yield 400, volunteer.post(REGISTER, MANY)
    yield 403, strict.post(REGISTER, {})
    yield 404, volunteer.get("/es/admin/")
    yield 405, volunteer.get("/es/clothes/table/")
    yield 413, volunteer.post(REGISTER, {"comments": "x" * 3_000_000})
    yield 422, volunteer.post(REGISTER, {})
    monkeypatch.setattr(desk, "seconds_to_wait", lambda shown: 60)
    yield 429, volunteer.post("/es/search/", {"q": "abc"})
    monkeypatch.setattr(handbook, "render", broken)
    yield 500, volunteer.get(HANDBOOK)
    volunteer.cookies["sessionid"] = "a\x07b"
    yield 400, volunteer.get(HANDBOOK)


def test_every_answer_carries_its_headers(volunteer, monkeypatch):
    for status, answer in answers(volunteer, monkeypatch):
        headers = answer.headers
        assert answer.status_code == status
        assert "no-store" in headers["Cache-Control"], status
        assert "script-src 'self'" in headers["Content-Security-Policy"], status
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], status
        assert "unsafe" not in headers["Content-Security-Policy"], status
        assert headers["X-Content-Type-Options"] == "nosniff", status
        assert headers["Referrer-Policy"] == "same-origin", status
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", status
        assert headers["X-Frame-Options"] == "DENY", status
        assert "geolocation=()" in headers["Permissions-Policy"], status


def test_every_refusal_says_in_both_languages_or_the_readers_what_is_wrong(volunteer, monkeypatch):
    for status, answer in answers(volunteer, monkeypatch):
        if status >= 400 and status != 405:
            assert "<h1" in answer.text, status
            assert "lang=" in answer.text, status
            assert 'rel="stylesheet"' in answer.text, status
            assert 'rel="icon"' in answer.text, status  # else the browser asks for a file that is not there
            assert "Neptalí" not in answer.text, status
            assert "Traceback" not in answer.text, status


def test_a_file_leaves_nothing(volunteer, palillo):
    def kept():
        return sorted(path.name for path in Path(tempfile.gettempdir()).glob("*.upload*"))

    before = kept()
    content = b"\x89PNG" + b"x" * 2_000_000
    for name in ("photo.png", "../../etc/passwd", "a\0.svg", "x.html"):
        sent = {"comments": "con foto", "given_names": SimpleUploadedFile(name, content)}
        answer = volunteer.post(REGISTER, sent)
        assert answer.status_code in (400, 422), name
        assert not answer.wsgi_request.FILES, name
    assert kept() == before


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\xff",
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/x-www-form-urlencoded; charset=nobodys",
        "application/json",
        "text/xml",
        "",
    ],
)
def test_a_body_of_another_kind_is_no_form(volunteer, kind):
    body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\xfe\0' + b"%ED%A0%80&=&=&" * 50
    answer = volunteer.generic("POST", REGISTER, body, content_type=kind)
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize("length", ["-1", "x", "99999999999999999999", "٣", ""])
def test_a_wrong_length_is_no_error_of_the_server(volunteer, length):
    answer = volunteer.post(REGISTER, {"comments": "x"}, CONTENT_LENGTH=length)
    assert answer.status_code in (400, 413, 422)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace", "head"])
def test_other_methods_change_nothing(volunteer, palillo, cast, method):
    family = factories.make_family(palillo, {"given_names": "Neptalí"}, by=cast.volunteer)
    for page in ("", "edit/", "departure/"):
        answer = getattr(volunteer, method)(f"/es/families/{family.pk}/{page}")
        assert answer.status_code < 500
    family.refresh_from_db()
    assert family.version == 1
    assert family.members.get().stays.get().out_at is None


def test_a_forged_address_is_not_believed(volunteer, palillo, cast):
    family = factories.make_family(palillo, {}, by=cast.volunteer)
    for forged in ("192.0.2.99", "' OR 1=1", "x" * 9000, "127.0.0.1, 192.0.2.99"):
        answer = volunteer.get(f"/es/families/{family.pk}/", headers={"x-forwarded-for": forged})
        assert answer.status_code == 200
    opened = AccessEvent.objects.filter(action="family_opened", user=cast.volunteer)
    assert set(opened.values_list("address", flat=True)) == {"127.0.0.1"}
