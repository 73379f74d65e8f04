"""The pages of legal and health notes, and that nobody else learns that there are any."""

import io
import logging
import uuid
import zipfile
from pathlib import Path

import html5lib
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pyrage import x25519

from intake import actions
from intake.models import Note, PersonNeed
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW, make_note
from tests.intake.pages import NOBODY, export, sent_from, words_of
from tests.live import bytes_in
from tests.test_pages import Words

pytestmark = pytest.mark.django_db
CANARY = "ornitorrinco"
IN_BOTH = {
    "Puente",
    "Estadio Palillo",
    "legal",
    "Español",
    "English",
    "Idioma / Language",
    "Legal 1",
    f"Habló de un {CANARY}",
}
SIDES = {"legal": "legal", "health": "health"}
OTHERS = ["volunteer", "coordinator", "data_officer", "administrator", "stranger"]


@pytest.fixture(autouse=True)
def that_morning():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def lucia(cast, sign_in):
    return sign_in(cast.legal, desk="legal 1")


@pytest.fixture
def note(cast, ale):
    return make_note(ale, f"Habló de un {CANARY}", by=cast.legal)


def page_of(person, kind="legal"):
    return reverse("intake:notes", args=[person.pk, kind])


def correction_of(note):
    return reverse("intake:note-correct", args=[note.pk])


def sent(client, address, **typed):
    """The form of the page, filled in and sent."""
    return client.post(address, {**sent_from(client.get(address)), **typed})


# --- reading and writing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SIDES)
def test_each_side_writes_and_reads_its_own(cast, sign_in, ale, kind):
    client, address = sign_in(getattr(cast, kind)), page_of(ale, kind)
    answer = sent(client, address, words="Primera línea\r\nSegunda línea")
    assert (answer.status_code, answer.url) == (302, address)
    note = Note.objects.get()
    assert (note.key.kind, note.key.person, note.written_by) == (kind, ale, getattr(cast, kind))
    assert "Primera línea Segunda línea" in words_of(client.get(address))


def test_the_newest_stands_first_and_what_was_corrected_stays(lucia, ale, that_morning):
    sent(lucia, page_of(ale), words="La primera")
    note = Note.objects.get()
    that_morning.shift(60)
    sent(lucia, page_of(ale), words="La segunda")
    that_morning.shift(60)
    assert sent_from(lucia.get(correction_of(note)))["words"] == ["La primera"]
    assert sent(lucia, correction_of(note), words="La tercera").url == page_of(ale)
    told = words_of(lucia.get(page_of(ale)))
    order = [told.index(each) for each in ("La tercera", "La segunda", "Corregida después", "La primera")]
    assert order == sorted(order)


def test_a_double_click_makes_one_note(lucia, ale):
    form = sent_from(lucia.get(page_of(ale))) | {"words": "Una vez"}
    assert [lucia.post(page_of(ale), form).status_code for _click in range(2)] == [302, 302]
    assert Note.objects.count() == 1


def test_other_words_under_a_used_key_are_asked_about_and_kept(lucia, ale):
    form = sent_from(lucia.get(page_of(ale))) | {"words": "Una"}
    lucia.post(page_of(ale), form)
    answer = lucia.post(page_of(ale), form | {"words": "Otra cosa"})
    assert answer.status_code == 422
    assert sent_from(answer)["words"] == ["Otra cosa"]
    lucia.post(page_of(ale), sent_from(answer))
    assert Note.objects.count() == 2


def test_who_corrects_what_somebody_has_corrected_meanwhile_is_told(lucia, cast, ale, note):
    form = sent_from(lucia.get(correction_of(note)))
    make_note(ale, "De una colega", replaces=note, by=cast.legal)
    answer = lucia.post(correction_of(note), form | {"words": "Lo mío"})
    assert answer.status_code == 422
    assert "Mientras tanto alguien más lo corrigió" in words_of(answer)
    assert sent_from(answer)["words"] == ["Lo mío"]


@pytest.mark.parametrize("typed", ["", "   ", "x" * 10_001, "con \x00 dentro", "vuelta \u202e"])
def test_bad_words_are_said_beside_the_field(lucia, ale, typed):
    answer = lucia.post(page_of(ale), {"key": str(uuid.uuid4()), "words": typed})
    assert answer.status_code in (400, 422)  # NUL is refused before any form sees it
    assert not Note.objects.exists()


@pytest.mark.parametrize("sent_key", ["", "x", NOBODY[:-1]])
def test_a_damaged_key_is_no_server_error(lucia, ale, sent_key):
    assert lucia.post(page_of(ale), {"key": sent_key, "words": "Algo"}).status_code == 422


def test_what_the_others_have_to_know_becomes_a_need_that_coordinators_see(
    lucia, coordinator, cast, family, ale
):
    sent(lucia, page_of(ale), words="Por qué", flags=["X-KA", "X-AM"])
    sent(lucia, page_of(ale), words="Otra vez", flags=["X-KA"])
    assert sorted(ale.needs.values_list("need", "by")) == [("X-AM", cast.legal.pk), ("X-KA", cast.legal.pk)]
    shown = coordinator.get(reverse("intake:family", args=[family.pk])).content.decode()
    assert "Alojar aparte de otras personas" in shown
    assert "Por qué" not in shown


def test_a_need_that_was_confirmed_stays_so(lucia, ale):
    need = factories.make_need(ale, "X-DN", state=PersonNeed.State.CONFIRMED)
    sent(lucia, page_of(ale), words="Algo", flags=["X-DN"])
    need.refresh_from_db()
    assert (need.state, ale.needs.count()) == ("confirmed", 1)


def test_other_needs_are_not_on_offer_here(lucia, ale):
    answer = lucia.post(page_of(ale), {"key": str(uuid.uuid4()), "words": "Algo", "flags": ["TR"]})
    assert answer.status_code == 422
    assert not (Note.objects.exists() or ale.needs.exists())


def test_who_refused_the_notice_is_only_counted(lucia, cast, palillo):
    counted = factories.make_family(palillo, {"given_names": "", "surnames": ""}, notice_answer="refused")
    person = counted.members.get()
    for answer in (lucia.get(page_of(person)), lucia.post(page_of(person), {"words": "Algo"})):
        assert (answer.status_code, Note.objects.count()) == (302, 0)
    assert "notes-legal" not in lucia.get(reverse("intake:family", args=[counted.pk])).content.decode()


def test_the_page_of_a_family_leads_to_the_notes_of_each(lucia, family, ale, note):
    shown = lucia.get(reverse("intake:family", args=[family.pk]))
    assert page_of(ale).encode() in shown.content
    assert CANARY not in shown.content.decode()
    told = words_of(shown)
    assert "Notas jurídicas" in told and "1 nota " in told and "Escribir una nota" in told
    assert "Notas de salud" not in told


def test_the_page_of_a_family_asks_no_more_for_more_people(
    lucia,
    cast,
    palillo,
):
    members = [{"given_names": f"Ana {number}"} for number in range(12)]
    large = factories.make_family(palillo, *members, by=cast.volunteer)
    small = factories.make_family(palillo, {}, by=cast.volunteer)
    numbers = []
    for family in (small, large):
        for person in family.members.all():
            make_note(person, "Algo", by=cast.legal)
        lucia.get(reverse("intake:family", args=[family.pk]))
        with CaptureQueriesContext(connection) as asked:
            lucia.get(reverse("intake:family", args=[family.pk]))
        numbers.append(len(asked))
    assert numbers[0] == numbers[1]


def test_the_pages_are_strict_html_and_wholly_in_one_language(lucia, ale, note):
    for address in (page_of(ale), correction_of(note)):
        texts = []
        for language in ("es", "en"):
            answer = lucia.get(address.replace("/es/", f"/{language}/", 1))
            parser = html5lib.HTMLParser(strict=False)
            parser.parse(answer.content.decode())
            assert [error[1] for error in parser.errors] == []
            assert "no-store" in answer.headers["Cache-Control"]
            texts.append(Words(answer.content.decode()).texts)
        assert {each for each in texts[0] & texts[1] if each not in IN_BOTH} == set()


# --- keys that do not fit --------------------------------------------------------------------------------


def another_key():
    return str(x25519.Identity.generate())


@pytest.mark.parametrize("keys", [[], ["another"]], ids=["no key", "another key"])
def test_without_the_right_key_the_page_says_so_and_keeps_what_was_typed(lucia, ale, note, settings, keys):
    form = sent_from(lucia.get(page_of(ale)))
    settings.NOTE_KEYS = {**settings.NOTE_KEYS, "legal": [another_key() for _key in keys]}
    shown = lucia.get(page_of(ale))
    assert shown.status_code == 503
    assert "Avise a la administración. No se ha perdido nada." in words_of(shown)
    answer = lucia.post(page_of(ale), form | {"words": "Con cuidado"})
    assert answer.status_code == 503
    assert sent_from(answer)["words"] == ["Con cuidado"]
    assert lucia.get(correction_of(note)).status_code == 503
    assert Note.objects.count() == 1


def test_a_swapped_note_shows_as_damaged_and_cannot_be_corrected(lucia, cast, ale, family, note):
    other = make_note(family.members.first(), "De otra persona", by=cast.legal)
    Note.objects.filter(pk=note.pk).update(sealed=other.sealed)
    told = words_of(lucia.get(page_of(ale)))
    assert "Esta nota no es la que se escribió" in told
    assert "De otra persona" not in told
    assert correction_of(note) not in lucia.get(page_of(ale)).content.decode()


# --- nobody else ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*OTHERS, "health"])
def test_to_everybody_else_the_pages_are_not_there(cast, sign_in, ale, note, name):
    client = sign_in(getattr(cast, name))
    for address in (page_of(ale), correction_of(note)):
        assert client.get(address).status_code == 404
        assert client.post(address, {"key": str(uuid.uuid4()), "words": "Algo"}).status_code == 404
    assert Note.objects.count() == 1


def test_an_adviser_of_another_shelter_finds_nothing(cast, sign_in, annex, ale, note):
    client = sign_in(factories.make_user("legal", shelters=[annex]))
    assert [client.get(each).status_code for each in (page_of(ale), correction_of(note))] == [404, 404]


@pytest.mark.parametrize("kind", ["other", "LEGAL", "health"])
def test_what_is_no_side_of_this_account_is_no_page(lucia, ale, kind):
    assert lucia.get(page_of(ale, kind)).status_code == 404


def test_nobody_is_no_page(lucia):
    assert lucia.get(reverse("intake:notes", args=[NOBODY, "legal"])).status_code == 404
    assert lucia.get(reverse("intake:note-correct", args=[NOBODY])).status_code == 404


def test_an_old_address_leads_to_the_notes_of_both(lucia, cast, palillo, ale, note):
    twin = factories.make_family(palillo, {"given_names": "Alejandra"}, by=cast.volunteer).members.get()
    actions.merge(twin.family, ale.family, pairs=[(twin, ale)], by=cast.coordinator)
    for person in (ale, twin):
        assert CANARY in words_of(lucia.get(page_of(person)))
    answer = sent(lucia, correction_of(note), words="Corregida")
    assert answer.url == page_of(twin)


# --- the trail ----------------------------------------------------------------------------------------------


def lines(user=None):
    return list(AccessEvent.objects.filter(user=user).order_by("id").values_list("action", flat=True))


def test_each_reading_and_writing_is_on_the_trail(lucia, cast, ale):
    sent(lucia, page_of(ale), words="Algo")
    assert [each for each in lines(cast.legal) if "note" in each] == [
        "legal_notes_opened",
        "legal_note_written",
    ]
    event = AccessEvent.objects.get(action="legal_note_written")
    assert (event.subject_id, event.detail) == (str(ale.pk), {})


def test_their_own_side_reads_who_opened_them(lucia, cast, sign_in, palillo, ale, note):
    colleague = factories.make_user("legal", shelters=[palillo], username="colega")
    sign_in(colleague).get(page_of(ale))
    assert "colega" in words_of(lucia.get(page_of(ale))).partition("Quién abrió estas notas")[2]


def test_to_others_the_trail_looks_the_same_with_notes_and_without(cast, sign_in, palillo):
    """Also how often a family was opened: whoever writes would be seen to come back."""
    seen = {}
    for what in ("read", "written"):
        person = factories.make_family(palillo, {"given_names": what}, by=cast.volunteer).members.get()
        lucia = sign_in(factories.make_user("legal", shelters=[palillo], username=what))
        lucia.get(reverse("intake:family", args=[person.family_id]))
        lucia.get(page_of(person))
        if what == "written":
            sent(lucia, page_of(person), words="Algo")
            sent(lucia, correction_of(Note.objects.get()), words="Algo más")
            lucia.get(page_of(person))
        for reader in (cast.coordinator, cast.data_officer, cast.administrator, cast.health):
            events = AccessEvent.objects.visible_to(reader).filter(user__username=what)
            seen.setdefault(reader.username, []).append(list(events.values_list("action", flat=True)))
    assert [one == other for one, other in seen.values()] == [True] * 4
    assert seen["coordinator"][0] == ["family_opened"]


@pytest.mark.parametrize("name", ["coordinator", "data_officer", "administrator"])
def test_the_pages_of_the_trail_have_no_line_about_notes(cast, sign_in, family, ale, note, name):
    hidden = AccessEvent.objects.get(action="legal_note_written")
    trail, client = "/es/admin/shelters/accessevent/", sign_in(getattr(cast, name))
    assert client.get(f"{trail}{hidden.pk}/change/").status_code == 404
    for page in (f"{trail}?action__exact=legal_note_written", f"{trail}?q={ale.pk}"):
        listed = client.get(page)
        assert (listed.status_code, list(listed.context["cl"].result_list)) == (200, [])


def test_opening_notes_first_counts_as_opening_the_family(lucia, cast, ale):
    lucia.get(page_of(ale))
    assert lines(cast.legal) == ["family_opened", "legal_notes_opened"]


# --- the canary: in nobody's answer, in no byte that is kept -----------------------------------------------------

ADMIN = (
    "auth/group shelters/user shelters/accessevent intake/family intake/person intake/personneed intake/merge"
)


HOW_MANY = {
    "volunteer": 3,
    "coordinator": 20,
    "data_officer": 20,
    "administrator": 3,
    "stranger": 1,
    "health": 3,
}


def opened_by_others(client, family, ale, note):
    """Whatever could name a note: pages, admin, trail, search, reports, files, and forms with mistakes."""
    pages = [reverse("intake:family", args=[family.pk]), reverse("intake:person-edit", args=[ale.pk])]
    pages += [f"/es/admin/{each}/" for each in ADMIN.split()]
    for record, model in ((family, "family"), (ale, "person")):
        pages += [f"/es/admin/intake/{model}/{record.pk}/{each}/" for each in ("change", "history", "looked")]
    pages += [f"/es/admin/shelters/accessevent/account/{note.written_by_id}/"]
    pages += [
        f"/es/admin/shelters/accessevent/?q={ale.pk}",
        f"/es/admin/shelters/user/{note.written_by_id}/delete/",
    ]
    pages += [reverse("reports:page", args=[slug]) for slug in ("situation", "needs", "services", "gaps")]
    pages += [page_of(ale), correction_of(note)]
    for page in pages:
        yield client.get(page)
    yield client.post(reverse("intake:search"), {"q": "ale"})
    yield client.post(correction_of(note), {"words": ""})
    period = "shelter=palillo&since=2018-11-06&until=2018-11-06&table=people"
    for file in ("records.csv", "records.hxl.csv", "records.xlsx", "needs.xlsx", "services.xlsx"):
        yield export(client, f"/es/admin/reports/{file}?{period}")


def bytes_of(answer) -> bytes:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if not body.startswith(b"PK"):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as workbook:
        return b"".join(workbook.read(name) for name in workbook.namelist())


@pytest.mark.parametrize("name", [*OTHERS, "health"])
def test_no_answer_to_anybody_else_holds_a_word_or_the_key_of_a_note(cast, sign_in, family, ale, note, name):
    client, answered = sign_in(getattr(cast, name)), 0
    for answer in opened_by_others(client, family, ale, note):
        assert answer.status_code < 500
        body = bytes_of(answer).decode(errors="replace")
        for secret in (CANARY, str(note.pk), str(note.key_id), "AGE ENCRYPTED"):
            assert secret not in body
        answered += answer.status_code == 200
    assert answered >= HOW_MANY[name]  # else the loop was passed by nothing but refusals


@pytest.mark.parametrize("name", ["volunteer", "coordinator", "health"])
def test_to_others_a_family_looks_the_same_with_notes_and_without(cast, sign_in, family, ale, name):
    client, address = sign_in(getattr(cast, name)), reverse("intake:family", args=[family.pk])
    before = words_of(client.get(address))
    make_note(ale, "Algo", by=cast.legal)
    assert words_of(client.get(address)) == before


def test_a_search_for_a_word_of_a_note_finds_nobody(lucia, coordinator, family, note):
    for client in (lucia, coordinator):
        found = client.post(reverse("intake:search"), {"q": CANARY})
        assert str(family.pk) not in found.content.decode()


def everything_stored() -> bytes:
    """Each byte the database keeps: the file and its log on SQLite, each row of each table on PostgreSQL."""
    if connection.vendor == "sqlite":
        files = (Path(connection.settings_dict["NAME"] + end) for end in ("", "-wal"))
        return bytes_in(*filter(Path.exists, files))
    kept = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            kept += [row[0] for row in cursor.fetchall()]
    return "\n".join(kept).encode()


@pytest.mark.django_db(transaction=True)
def test_no_word_of_a_note_is_in_the_database_or_the_logs(lucia, family, ale, caplog, capfd, settings):
    caplog.set_level(logging.DEBUG)
    address = page_of(ale)
    known = "palabra-que-si-se-guarda"
    family.comments = known
    family.save()
    sent(lucia, address, words=f"Habló de un {CANARY}", flags=["X-KA"])
    sent(lucia, correction_of(Note.objects.get()), words=f"Habló de dos {CANARY}s")
    form = sent_from(lucia.get(address)) | {"words": f"Otro {CANARY}"}
    assert lucia.post(address, form | {"key": "x"}).status_code == 422
    assert lucia.post(address, form | {"flags": ["TR"]}).status_code == 422
    settings.NOTE_KEYS = {**settings.NOTE_KEYS, "legal": [another_key()]}
    assert lucia.post(address, form).status_code == 503
    stored = everything_stored()
    assert known.encode() in stored  # else nothing was looked at
    assert b"AGE ENCRYPTED" in stored
    assert CANARY.encode() not in stored
    assert CANARY not in caplog.text + "".join(capfd.readouterr())
    assert CANARY not in str(lucia.session.items())
