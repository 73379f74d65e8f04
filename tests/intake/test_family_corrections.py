"""Correcting a family and its people: nothing typed is lost, and two who correct at once lose nothing either."""

from datetime import date, timedelta
from threading import Thread
from time import sleep

import pytest
import time_machine
from django.db import connection, transaction
from django.urls import reverse

from intake.ages import Birth
from intake.models import Family, Language, Person, Region
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW
from tests.intake.pages import sent_from, stored, words_of

pytestmark = pytest.mark.django_db
DAY = date(2018, 11, 6)


@pytest.fixture(autouse=True)
def that_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def family(cast, palillo):
    mother = {"given_names": "Neptalí", "surnames": "Núñez", "age": 34, "origin_region_id": "HN-OL"}
    ale = {"given_names": "Ale", "surnames": "Núñez", "age": 11}
    fields = {"left_home_on": date(2018, 10, 15), "comments": "Viajan con un perro"}
    return factories.make_family(palillo, mother, ale, by=cast.volunteer, **fields)


@pytest.fixture
def mother(family):
    return family.members.first()


def address(row, language="es"):
    name = "family-edit" if isinstance(row, Family) else "person-edit"
    return f"/{language}" + reverse(f"intake:{name}", args=[row.pk])[3:]


def page_of(client, row):
    return sent_from(client.get(address(row)))


def correct(client, row, shown=None, **fields):
    """Send the form with these fields changed; `shown`: as it was opened before."""
    return client.post(address(row, "en"), (shown or page_of(client, row)) | fields)


def stands(row, **fields):
    row.refresh_from_db()
    return {name: getattr(row, name) for name in fields} == fields


# --- corrections ---------------------------------------------------------------------------------------------


def test_a_family_is_corrected(volunteer, cast, family):
    answer = correct(volunteer, family, arrived_on="5/11", days="10", language="cab", comments="Ya sin perro")
    assert (answer.status_code, answer.url) == (302, f"/en/families/{family.pk}/")
    arrived, left = date(2018, 11, 5), date(2018, 10, 26)
    assert stands(
        family, arrived_on=arrived, left_home_on=left, language_id="cab", comments="Ya sin perro", version=2
    )
    event = AccessEvent.objects.get(action="family_changed")
    assert event.user == cast.volunteer
    assert set(event.detail["fields"]) == {"arrived_on", "days", "language", "comments"}


def test_a_form_that_nobody_touched_changes_nothing(volunteer, family, mother):
    before = stored()
    for row in (family, mother):
        assert correct(volunteer, row).status_code == 302
    assert without_versions(stored()) == without_versions(before)


def without_versions(tables):
    return [[{**row, "version": None} for row in table] for table in tables]


def test_a_person_is_corrected(volunteer, cast, mother):
    fields = {
        "given_names": "Neftalí",
        "surnames": "Hernández",
        "known_as": "Nepta",
        "sex": "X",
        "origin": "guatemala",
    }
    assert correct(volunteer, mother, age="14/3/1984", **fields).status_code == 302
    mother.refresh_from_db()
    assert (mother.full_name, mother.name_key, mother.sex) == (
        "Neftalí Hernández",
        "neftali hernandez nepta",
        "X",
    )
    assert (mother.origin_country, mother.origin_region, mother.birth) == (
        "GT",
        None,
        Birth(date(1984, 3, 14), "day"),
    )
    event = AccessEvent.objects.get(action="person_changed")
    assert set(event.detail["fields"]) == {*fields, "age"}
    assert event.subject_id == str(mother.pk)


def test_an_age_that_nobody_corrected_keeps_the_day_it_was_said(cast, sign_in, mother):
    with time_machine.travel(NOW + timedelta(days=400), tick=False):
        correct(sign_in(cast.volunteer), mother, known_as="Nepta")
    assert stands(mother, known_as="Nepta", birth=Birth.from_age(34, DAY))


def test_an_age_can_be_taken_back(volunteer, mother):
    correct(volunteer, mother, age="", origin="", surnames="")
    assert stands(mother, birth=Birth(), surnames="", name_key="neptali", origin_region=None)
    assert mother.origin_country == "XU"


def test_another_becomes_head_on_their_own_page(volunteer, family, mother):
    ale = family.members.last()
    assert correct(volunteer, ale, relationship="HEAD").status_code == 302
    assert stands(mother, relationship="UNKNOWN")
    assert family.members.get(relationship="HEAD") == ale


def test_the_head_cannot_simply_stop_being_it(volunteer, mother):
    answer = correct(volunteer, mother, relationship="SIBLING")
    assert answer.status_code == 422
    assert "A family needs a head." in words_of(answer)
    assert stands(mother, relationship="HEAD")


def test_a_retired_department_stays_with_who_came_from_it(volunteer, mother):
    Region.objects.filter(pk="HN-OL").update(retired_on=DAY)
    assert correct(volunteer, mother, known_as="Nepta").status_code == 302
    assert stands(mother, known_as="Nepta", origin_region_id="HN-OL")


def test_a_retired_language_stays_with_who_speaks_it(volunteer, family):
    Family.objects.update(language="cab")
    Language.objects.filter(pk="cab").update(retired_on=DAY)
    assert correct(volunteer, family, comments="").status_code == 302
    assert stands(family, language_id="cab", comments="")


def test_a_family_that_refuses_now_is_forgotten_at_once(volunteer, family, mother):
    assert correct(volunteer, family, notice_answer="refused").status_code == 302
    assert stands(family, notice_answer="refused", comments="", left_home_on=None)
    assert stands(mother, given_names="", surnames="", name_key="", origin_region=None, origin_country="HN")


def test_a_family_that_refused_gets_no_text(volunteer, family):
    correct(volunteer, family, notice_answer="refused")
    for fields in ({"comments": "Se llama Neptalí"}, {"days": "22"}):
        answer = correct(volunteer, family, **fields)
        assert answer.status_code == 422
        assert "This family refused the privacy notice: only counts are kept." in words_of(answer)
        assert sent_from(answer)[next(iter(fields))] == list(fields.values())
    assert correct(volunteer, family, arrived_on="5/11").status_code == 302
    assert stands(family, comments="", left_home_on=None, arrived_on=date(2018, 11, 5))


def test_somebody_who_refused_gets_no_name(volunteer, family, mother):
    correct(volunteer, family, notice_answer="refused")
    assert correct(volunteer, mother, given_names="Neptalí", known_as="Nepta", age="35").status_code == 302
    assert stands(mother, given_names="", known_as="", name_key="")
    assert mother.age_on(DAY) == 35


# --- bad input -----------------------------------------------------------------------------------------------

BAD_PERSONS = [
    ("age", "200", "Nobody is that old"),
    ("age", "-3", "Write an age or a birth date"),
    ("age", "abc", "Write an age or a birth date"),
    ("age", "7/11/2018", "has not come yet"),
    ("age", "31/2/1990", "no day 31"),
    ("age", "9" * 31, "at most 30 characters"),
    ("given_names", "ñ" * 5000, "at most 80 characters"),
    ("surnames", "ñ" * 81, "at most 80 characters"),
    ("known_as", "ñ" * 61, "at most 60 characters"),
    ("given_names", "Ana\x00", "invisible characters"),
    ("given_names", "Ana\u202eanA", "invisible characters"),
    ("surnames", "\u2066Ana", "invisible characters"),
    ("known_as", "A\x07na", "invisible characters"),
    ("origin", "Atlantis", "No country or department begins like that"),
    ("origin", "HN-ZZ", "No country or department begins like that"),
    ("origin", "la paz", "La Paz, Honduras / La Paz, El Salvador"),
    ("origin", "\x00", "invisible characters"),
    ("sex", "Q", "Select a valid choice"),
    ("sex", "", "This field is required"),
    ("relationship", "AUNT", "Select a valid choice"),
    ("relationship", "\x00", "Select a valid choice"),
]
BAD_FAMILIES = [
    ("days", "-1", "as a number: 22"),
    ("days", "3651", "as a number: 22"),
    ("days", "muchos", "as a number: 22"),
    ("days", "1e9", "as a number: 22"),
    ("days", "9" * 400, ""),
    ("arrived_on", "", "This field is required"),
    ("arrived_on", "7/11/2018", "has not come yet"),
    ("arrived_on", "31/2/2018", "Write a day as day/month"),
    ("arrived_on", "pronto", "Write a day as day/month"),
    ("arrived_on", "5/11/18", "Write a day as day/month"),
    ("arrived_on", "5/11/0018", "Write a day as day/month"),
    ("arrived_on", "1/1/0001", "Write a day as day/month"),
    ("arrived_on", "0/0", "Write a day as day/month"),
    ("arrived_on", "6/11/2018\x00", "invisible characters"),
    ("language", "klingon", "Select a valid choice"),
    ("language", "\x00", "Null characters"),
    ("notice_answer", "maybe", "Select a valid choice"),
    ("comments", "x" * 1001, "at most 1000 characters"),
    ("comments", "Hola\u202e", "invisible characters"),
    ("comments", "Hola\x00", "invisible characters"),
]


def short(value):
    return ascii(value)[:20] if isinstance(value, str) else None


@pytest.mark.parametrize(("name", "typed", "says"), BAD_PERSONS, ids=short)
def test_what_cannot_be_of_a_person_is_said_and_kept(name, typed, says, volunteer, mother):
    refuses(volunteer, mother, name, typed, says)


@pytest.mark.parametrize(("name", "typed", "says"), BAD_FAMILIES, ids=short)
def test_what_cannot_be_of_a_family_is_said_and_kept(name, typed, says, volunteer, family):
    refuses(volunteer, family, name, typed, says)


def refuses(client, row, name, typed, says):
    """422, the reason beside the field and on top, everything typed still there, nothing stored."""
    before, free = stored(), "comments" if isinstance(row, Family) and name != "comments" else None
    fields = {name: typed} | ({free: "Otra nota"} if free else {})
    answer = correct(client, row, **fields)
    assert (answer.status_code, stored()) == (422, before)
    form = answer.context["form"]
    assert list(form.errors) == [name]
    assert says in form.errors[name][0]
    assert form.errors[name][0] in words_of(answer)
    assert 'href="#id_' + name in answer.content.decode()
    assert form[name].value() == typed
    if free:
        assert sent_from(answer)[free] == ["Otra nota"]


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("age", "200", "Nobody is that old"),
        ("given_names", "ñ" * 5000, "at most 80 characters"),
        ("given_names", "Ana\x00", "invisible characters"),
        ("surnames", "Ana\u202e", "invisible characters"),
        ("origin", "Atlantis", "No country or department"),
        ("relationship", "HEAD", "The family has a head"),
        ("zone", "99999", "Select a valid choice"),
        ("zone", "\x00", "Null characters"),
        ("needs", "SV-VO", "Select a valid choice"),
        ("key", "nonsense", ""),
        ("key", "00000000-0000-1000-8000-000000000000", "This page is damaged"),
    ],
    ids=short,
)
def test_what_cannot_be_of_a_newcomer_is_said_and_kept(name, typed, says, volunteer, family):
    page, before = reverse("intake:person-add", args=[family.pk]), stored()
    answer = volunteer.post(
        "/en" + page[3:], sent_from(volunteer.get(page)) | {"known_as": "Bebé", name: typed}
    )
    assert (answer.status_code, stored()) == (422, before)
    form = answer.context["form"]
    assert says in form.errors[name][0]
    assert sent_from(answer)["known_as"] == ["Bebé"]


def test_a_newcomer_is_somebody(volunteer, family):
    page, before = reverse("intake:person-add", args=[family.pk]), stored()
    answer = volunteer.post("/en" + page[3:], sent_from(volunteer.get(page)))
    assert (answer.status_code, stored()) == (422, before)
    assert "Write a name, an age or a sex: one of them is enough." in words_of(answer)


@pytest.mark.parametrize(
    ("name", "ticked", "says"),
    [
        ("family-split", [], "Tick at least one person."),
        ("family-split", "everybody", "Somebody has to stay in this family."),
        ("family-split", ["nonsense"], ""),
        ("departure", [], "Tick at least one person."),
        ("departure", ["\x00"], ""),
    ],
    ids=short,
)
def test_who_cannot_be_ticked(name, ticked, says, volunteer, family):
    page, before = reverse(f"intake:{name}", args=[family.pk]), stored()
    people = [str(person.pk) for person in family.members.all()] if ticked == "everybody" else ticked
    answer = volunteer.post("/en" + page[3:], sent_from(volunteer.get(page)) | {"people": people})
    assert (answer.status_code, stored()) == (422, before)
    assert says in answer.context["form"].errors["people"][0]


# --- two who correct at once -----------------------------------------------------------------------------------


def test_what_only_one_of_them_touched_is_kept(volunteer, coordinator, family):
    mine, theirs = page_of(volunteer, family), page_of(coordinator, family)
    assert correct(coordinator, family, theirs, comments="Con dos perros").status_code == 302
    assert correct(volunteer, family, mine, days="23").status_code == 302
    assert stands(family, comments="Con dos perros", left_home_on=DAY - timedelta(days=23), version=3)


def test_what_both_touched_is_asked_and_then_decided(volunteer, coordinator, mother):
    mine, theirs = page_of(volunteer, mother), page_of(coordinator, mother)
    correct(coordinator, mother, theirs, given_names="Neftalí", known_as="Nepta")
    asked = correct(volunteer, mother, mine, given_names="Natalí", surnames="Hernández")
    assert asked.status_code == 422
    assert asked.context["form"].errors == {
        "given_names": ["Meanwhile somebody else wrote here: Neftalí. Save again to keep yours."]
    }
    shown = sent_from(asked)
    assert [shown[name][0] for name in ("given_names", "surnames", "known_as")] == [
        "Natalí",
        "Hernández",
        "Nepta",
    ]
    assert stands(mother, given_names="Neftalí", surnames="Núñez")
    assert correct(volunteer, mother, shown).status_code == 302
    assert stands(mother, full_name="Natalí Hernández", known_as="Nepta", name_key="natali hernandez nepta")
    versions = mother.history.order_by("history_id").values_list("given_names", flat=True)
    assert list(versions)[-2:] == ["Neftalí", "Natalí"]


def test_a_choice_is_asked_in_words(volunteer, coordinator, family):
    mine, theirs = page_of(volunteer, family), page_of(coordinator, family)
    correct(coordinator, family, theirs, notice_answer="not_shared", language="cab", comments="")
    asked = correct(volunteer, family, mine, notice_answer="refused", language="miq", comments="Sin perro")
    told = {name: errors[0] for name, errors in asked.context["form"].errors.items()}
    assert "wrote here: Accepts, without sharing." in told["notice_answer"]
    assert "wrote here: Garifuna." in told["language"]
    assert "wrote here: nothing." in told["comments"]


def test_both_wrote_the_same(volunteer, coordinator, mother):
    mine, theirs = page_of(volunteer, mother), page_of(coordinator, mother)
    correct(coordinator, mother, theirs, surnames="Hernández")
    assert correct(volunteer, mother, mine, surnames="Hernández").status_code == 302
    assert stands(mother, surnames="Hernández")


def test_a_page_without_its_version_overwrites_nothing(volunteer, coordinator, mother):
    mine = page_of(volunteer, mother)
    correct(coordinator, mother, known_as="Nepta")
    bare = {
        name: value for name, value in mine.items() if name != "version" and not name.startswith("before-")
    }
    assert correct(volunteer, mother, bare, given_names="Natalí").status_code == 422
    assert stands(mother, given_names="Neptalí", known_as="Nepta")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["family", "person"])
def test_what_is_saved_while_this_form_waits_is_not_overwritten(kind, volunteer, family, mother):
    """Both press the button in the same moment: the second has read nothing yet when the first is stored."""
    row, name = (family, "comments") if kind == "family" else (mother, "known_as")
    shown, answers = page_of(volunteer, row), []

    def second():
        try:
            answers.append(correct(volunteer, row, shown, **{name: "lo mío"}))
        finally:
            connection.close()

    waiting = Thread(target=second)
    with transaction.atomic():
        type(row).objects.select_for_update().get(pk=row.pk)
        waiting.start()
        sleep(0.5)
        type(row).objects.filter(pk=row.pk).update(**{name: "lo suyo", "version": 2})
    waiting.join()
    assert answers[0].status_code == 422
    assert stands(row, **{name: "lo suyo"})


def test_nobody_else_is_changed_by_a_correction(volunteer, family, mother):
    others = Person.objects.exclude(pk=mother.pk)
    before = list(others.values())
    correct(volunteer, mother, surnames="Hernández")
    assert list(others.values()) == before
