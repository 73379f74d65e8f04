"""The first notes about somebody, at once, against the real server: one key is made, and all of them open with it."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.urls import reverse

from intake.models import Note, NoteKey
from tests import factories
from tests.test_parallel import send

pytestmark = pytest.mark.server


def test_twenty_first_notes_and_twenty_copies_of_one(server, cast, sign_in, palillo):
    person = factories.make_family(palillo, {}, by=cast.volunteer).members.get()
    client, copied = sign_in(cast.legal), str(uuid.uuid4())
    address = reverse("intake:notes", args=[person.pk, "legal"])
    client.get(address)  # brings the CSRF cookie
    token = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    forms = [{"key": str(uuid.uuid4()), "words": f"Nota {n}"} for n in range(20)]
    forms += [{"key": copied, "words": "Una sola"}] * 20
    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(lambda form: send(server + address, cookies, form | token), forms))
    assert answers == {(302, address)}
    words = [note.words for note in Note.objects.of(person, "legal").opened()]
    assert sorted(words) == sorted(["Una sola", *(f"Nota {n}" for n in range(20))])
    assert NoteKey.objects.count() == 1
