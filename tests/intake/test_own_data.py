"""One file with everything held on one person and nobody else: two are planted, with words of their own everywhere."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from intake import actions, retention
from intake.models import Alert, LookAlike, Note, NoteKey, Person, Sighting
from intake.own_data import as_json
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW


def plant(family, position, mark, by, zone):
    """Somebody with their mark in every text, and a row in every table."""
    person = family.members.get(position=position)
    person.given_names, person.surnames, person.known_as = f"Nombre{mark}", f"Apellido{mark}", f"Apodo{mark}"
    person.save()
    person.surnames = f"Segundo{mark}"
    person.save()
    need = factories.make_need(person, "X-PR", reason=f"necesidad{mark}", by=by)
    need.reason = f"corregida{mark}"
    need.save()
    service = factories.make_service(person, override_reason=f"otra vez {mark}", by=by)
    service.cancel_reason = f"cancelado {mark}"
    service.save()
    factories.make_intention(person, by=by)
    Sighting.objects.create(person=person, zone=zone, seen_at=NOW, by=by)
    Alert.objects.create(
        **{"shelter": family.shelter, "kind": "unaccompanied", "person": person, "raised_at": NOW},
        **{"settled_at": NOW, "settled_by": by, "note": f"alerta{mark}"},
    )
    return person


@pytest.fixture
def clerk(palillo):
    return factories.make_user(
        shelters=[palillo], username="clerk", first_name="Empleada", last_name="Mesauno"
    )


@pytest.fixture
def people(palillo, clerk):
    zone = factories.make_zone(palillo, "A", name="Zona Norte")
    family = factories.make_family(palillo, {}, {"age": 11}, by=clerk, comments="llegan cansadas")
    one, other = (plant(family, n, mark, clerk, zone) for n, mark in enumerate(("Qzuno", "Qzdos")))
    LookAlike.of(one, other, certainty=70).save()
    factories.make_card(family)
    return one, other


def file_of(person) -> dict:
    return json.loads("".join(as_json(person)))


def test_everything_of_one_and_nothing_of_the_other(people):
    for person, mark, stranger in (*[(people[0], "Qzuno", "Qzdos")], *[(people[1], "Qzdos", "Qzuno")]):
        told = "".join(as_json(person))
        assert stranger not in told
        for word in (
            "Nombre",
            "Segundo",
            "Apellido",
            "Apodo",
            "necesidad",
            "corregida",
            "otra vez ",
            "cancelado ",
        ):
            assert word + mark in told, word
        assert f"alerta{mark}" in told


def test_whether_there_are_notes_is_not_told(people, cast):
    """Whoever makes the file may not know; the notes themselves are read out by who wrote them."""
    before = file_of(people[0])["sections"][:-1]
    factories.make_note(people[0], "Pide asilo.", by=cast.legal)
    actions.read_notes(people[0], "legal", by=cast.legal)
    after = file_of(people[0])["sections"]
    assert after[:-1] == before
    assert not any("jurídicas" in str(line) for line in after[-1]["records"])


def test_every_table_of_the_policy_is_in_the_file(people):
    titles = {section["title"] for section in file_of(people[0])["sections"]}
    for model, _table in retention.tables_of("person"):
        if model in (Note, NoteKey):  # see the test about notes
            continue
        assert any(retention.name_of(model._meta.label).lower() == title.lower() for title in titles), model
    filled = [section["title"] for section in file_of(people[0])["sections"] if section["records"]]
    assert len(filled) >= 12


def test_nobody_who_works_here_and_no_code_of_a_card_is_named(people, clerk):
    told = "".join(as_json(people[0]))
    assert not {"Empleada", "Mesauno", "clerk"} & set(told.replace('"', " ").split())
    assert people[0].family.cards.get().pk not in told
    assert str(people[1].pk) not in told


def test_comments_that_name_a_relative_are_not_in_it(people):
    family = people[0].family
    assert "llegan cansadas" in "".join(as_json(people[0]))
    family.comments = "NombreQzdos espera a su hermana"
    family.save()
    assert "Qzdos" not in "".join(as_json(Person.objects.get(pk=people[0].pk)))


def test_records_that_were_joined_are_theirs_too(palillo, cast):
    family = factories.make_family(palillo, {"given_names": "Ana"}, by=cast.volunteer)
    other = factories.make_family(palillo, {"given_names": "Anitaqz"}, by=cast.volunteer)
    one, twin = family.members.get(), other.members.get()
    actions.merge(family, other, pairs=[(one, twin)], picks={}, whole=True, by=cast.coordinator)
    assert "Anitaqz" in "".join(as_json(one))


def test_an_exact_birth_date_is_told_and_a_guess_is_told_as_it_was_said(people):
    told = "".join(as_json(people[0]))
    assert str(people[0].birth_date) not in told
    assert people[0].age_text in told


def test_it_is_in_the_language_of_the_reader(people):
    from django.utils import translation

    with translation.override("en"):
        english = file_of(people[0])
    assert "Given names" in english["sections"][0]["records"][0]
    assert "Nombres" in file_of(people[0])["sections"][0]["records"][0]


def test_queries_do_not_grow_with_rows(people, django_assert_max_num_queries):
    for _each in range(20):
        factories.make_service(people[0], by=people[0].family.registered_by, override_reason="más")
    with django_assert_max_num_queries(60):
        "".join(as_json(people[0]))


# --- the command -------------------------------------------------------------------------------------------------


def test_the_command_writes_the_same_file_and_is_on_the_trail(people, tmp_path):
    target = tmp_path / "own.json"
    call_command("own_data", str(people[0].pk), "-o", str(target), stdout=StringIO())
    written = json.loads(target.read_text("utf-8"))
    assert written["person"] == str(people[0].pk)
    assert "Qzdos" not in target.read_text("utf-8")
    assert target.stat().st_mode & 0o077 == 0
    event = AccessEvent.objects.get(action="own_data_given")
    assert (event.user, event.subject_id) == (None, str(people[0].pk))


@pytest.mark.parametrize("key", ["nobody", "01890a5d-ac96-774b-bcce-b302099a8057", ""])
def test_an_unknown_key_is_answered_with_a_sentence(db, tmp_path, key):
    with pytest.raises(CommandError, match="nobody with that key"):
        call_command("own_data", key, "-o", str(tmp_path / "x.json"))
    assert not (tmp_path / "x.json").exists()


def test_a_file_that_exists_is_not_written_over(people, tmp_path):
    target = tmp_path / "own.json"
    target.write_text("mine")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("own_data", str(people[0].pk), "-o", str(target))
    assert target.read_text() == "mine"
