"""Screen 03: one form, one transaction, one family."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from intake import actions, limits
from intake.models import (
    Alert,
    Family,
    Intention,
    LookAlike,
    Person,
    PersonNeed,
    PrivacyNotice,
    Stay,
    Submission,
    Ticket,
)
from shelters import audit
from shelters.models import AccessEvent
from tests import factories
from tests.intake.pages import words_of

URL = "/es/families/register/"


def posted(*members, **fields):
    """The form as a browser sends it; members are dicts of the row's fields."""
    data = {
        "key": str(uuid.uuid4()),
        "origin": "Olancho, Honduras",
        "arrived_on": "hoy",
        "days": "22",
        "language": "spa",
        "plan": "MEX-STAY",
        "notice": "1",
        "notice_answer": "accepted",
        "m-TOTAL_FORMS": str(len(members) + 1),
        "m-INITIAL_FORMS": "0",
        **fields,
    }
    for i, member in enumerate(members):
        data |= {f"m-{i}-{name}": value for name, value in member.items()}
    return data


MOTHER = {"given_names": "Neptalí", "surnames": "Hernández López", "age": "34", "sex": "F"}
ALE = {"given_names": "Ale", "surnames": "Hernández López", "age": "11", "sex": "F"}


def test_a_family_is_registered_from_one_screen(volunteer, cast, palillo):
    answer = volunteer.post(
        URL, posted(MOTHER, ALE, {"given_names": "Bebé", "age": "8m", "sex": "M", "needs": "DS"})
    )
    family = Family.objects.get()
    assert answer.status_code == 302
    assert answer.url == f"{URL}?saved={family.pk}"
    assert (family.shelter, family.registered_by, family.desk) == (palillo, cast.volunteer, "registration 2")
    assert family.days_on_the_road == 22
    mother, ale, baby = family.members.all()
    assert (mother.relationship, ale.relationship, baby.relationship) == ("HEAD", "CHILD", "CHILD")
    assert {person.origin_region_id for person in (mother, ale, baby)} == {"HN-OL"}
    assert Stay.objects.open().count() == 3
    assert Intention.objects.get().person == mother
    assert PersonNeed.objects.get().person == baby
    event = AccessEvent.objects.get(action="family_registered")
    assert (event.user, event.subject_id, event.detail) == (cast.volunteer, str(family.pk), {"people": 3})
    page = volunteer.get(answer.url)
    assert "Neptalí Hernández López" in page.content.decode()


def test_the_page_opens(volunteer):
    page = volunteer.get(URL)
    assert page.status_code == 200


def test_the_form_of_the_next_family_carries_origin_and_arrival(volunteer):
    volunteer.post(URL, posted(MOTHER, arrived_on="ayer"))
    page = volunteer.get(URL).content.decode()
    assert 'value="Olancho, Honduras"' in page
    assert "de la familia anterior" in page


def test_people_may_have_no_name_no_age_and_no_country(volunteer):
    volunteer.post(URL, posted({"sex": "U"}, origin=""))
    person = Person.objects.get()
    assert (person.full_name, person.birth_precision, person.sex) == ("", "unknown", "U")
    assert (person.origin_country, person.origin_region) == ("XU", None)


def test_an_origin_of_ones_own_beats_the_familys(volunteer):
    volunteer.post(URL, posted(MOTHER, {**ALE, "origin": "escuintla"}))
    assert [p.origin_region_id for p in Person.objects.order_by("position")] == ["HN-OL", "GT-05"]


def test_refusing_the_notice_costs_nothing_and_keeps_counts_only(volunteer):
    data = posted(
        {**MOTHER, "needs": "X-PR", "age": "14/3/1991"}, notice_answer="refused", comments="vive en…"
    )
    assert volunteer.post(URL, data).status_code == 302
    family, person = Family.objects.get(), Person.objects.get()
    assert (family.comments, family.left_home_on) == ("", None)
    assert (person.full_name, person.name_key, person.origin_region) == ("", "", None)
    assert (person.sex, person.origin_country.code, person.birth_precision) == ("F", "HN", "age")
    assert not PersonNeed.objects.exists()
    assert not Intention.objects.exists()
    assert Stay.objects.count() == 1


def test_the_usual_relationships_are_guessed_from_ages(volunteer):
    brother, grown, unknown = (
        {"age": "15", "sex": "M"},
        {"age": "40", "sex": "M"},
        {"given_names": "Sin edad"},
    )
    volunteer.post(URL, posted({"age": "20", "sex": "F"}, brother, grown, {**grown, "age": "41"}, unknown))
    stored = [person.relationship for person in Person.objects.order_by("position")]
    assert stored == ["HEAD", "SIBLING", "PARTNER", "UNKNOWN", "UNKNOWN"]


@pytest.mark.parametrize("size", [1, 7, 20])
def test_registering_costs_the_same_queries_whatever_the_size(volunteer, size, django_assert_num_queries):
    volunteer.post(URL, posted(MOTHER))  # whatever is read once
    needs = {"needs": "DS"}
    members = [{**ALE, **needs, "given_names": f"Hija {i}"} for i in range(size)]
    with django_assert_num_queries(21):  # of them 7 writes: the plan of the adults is one
        assert (
            volunteer.post(
                URL, posted({**MOTHER, **needs, "given_names": "Wilma", "surnames": "Zúñiga"}, *members[1:])
            ).status_code
            == 302
        )


def test_more_than_thirty_a_minute_wait_and_lose_nothing(volunteer, cast, palillo, time_machine):
    for _n in range(limits.MOST_REGISTERED):
        audit.record(audit.Action.FAMILY_REGISTERED, by=cast.volunteer, shelter=palillo)
    data = posted(MOTHER, ALE, comments="vienen a pie")
    refused = volunteer.post(URL, data)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert "Muchos registros en un minuto" in refused.text
    assert all(words in refused.text for words in (MOTHER["given_names"], "vienen a pie", data["key"]))
    assert not Family.objects.exists()
    time_machine.move_to(timezone.now() + timedelta(seconds=int(refused.headers["Retry-After"]) + 1))
    assert volunteer.post(URL, data).status_code == 302
    assert Family.objects.count() == 1


def test_a_colleague_at_the_next_desk_registers_meanwhile(cast, sign_in, palillo):
    for _n in range(limits.MOST_REGISTERED):
        audit.record(audit.Action.FAMILY_REGISTERED, by=cast.volunteer, shelter=palillo)
    assert sign_in(cast.coordinator).post(URL, posted(MOTHER)).status_code == 302


def test_what_a_device_brings_all_at_once_stops_nobody(volunteer, cast, palillo):
    for _n in range(limits.MOST_REGISTERED):
        audit.record(audit.Action.FAMILY_REGISTERED, by=cast.volunteer, shelter=palillo, waited=90)
    assert volunteer.post(URL, posted(MOTHER)).status_code == 302


def test_a_resent_form_gives_the_same_answer(volunteer):
    data = posted(MOTHER, ALE)
    assert volunteer.post(URL, data).url == volunteer.post(URL, data).url
    assert Family.objects.count() == 1


def test_other_words_under_the_same_key_are_kept_and_asked_about(volunteer):
    data = posted(MOTHER)
    volunteer.post(URL, data)
    answer = volunteer.post(URL, {**data, "m-0-given_names": "Otra"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="Otra"' in page
    assert data["key"] not in page
    assert Family.objects.count() == 1


def test_a_key_of_another_shelter_tells_nothing(volunteer, stranger):
    data = posted(MOTHER)
    stranger.post(URL, data)
    answer = volunteer.post(URL, data)
    assert answer.status_code == 422
    assert Family.objects.count() == 1


def test_more_rows_keep_everything_and_judge_nothing(volunteer):
    page = volunteer.post(URL, posted({**MOTHER, "age": "no sé", "needs": "DS"}, more="1")).content.decode()
    assert 'value="no sé"' in page
    assert "m-8-given_names" in page
    assert 'id="mistakes"' not in page
    assert not Family.objects.exists()


# --- undo ----------------------------------------------------------------------------------------------------


def test_a_registration_can_be_taken_back_at_once(volunteer):
    volunteer.post(URL, posted(MOTHER))
    family = Family.objects.get()
    assert volunteer.post(f"/es/families/{family.pk}/undo/").url == URL
    assert not Family.objects.exists()
    assert AccessEvent.objects.filter(subject_id=str(family.pk), detail={"undone": True}).exists()


def test_a_late_copy_of_an_undone_form_stays_out(volunteer):
    data = posted(MOTHER)
    volunteer.post(URL, data)
    volunteer.post(f"/es/families/{data['key']}/undo/")
    assert volunteer.post(URL, data).status_code == 422
    assert not Family.objects.exists()


def test_only_ones_own_and_only_for_a_while(volunteer, coordinator, stranger, palillo, cast, time_machine):
    volunteer.post(URL, posted(MOTHER))
    undo = f"/es/families/{Family.objects.get().pk}/undo/"
    assert volunteer.get(undo).status_code == 405
    assert coordinator.post(undo).status_code == 404
    assert stranger.post(undo).status_code == 404
    time_machine.move_to(timezone.now() + timedelta(minutes=11))
    assert volunteer.post(undo).status_code == 404
    assert Family.objects.count() == 1


def test_a_family_that_was_served_is_not_undone(volunteer, cast):
    volunteer.post(URL, posted(MOTHER))
    factories.make_service(Person.objects.get())
    volunteer.post(f"/es/families/{Family.objects.get().pk}/undo/")
    assert Family.objects.count() == 1


# --- who may not ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["data_officer", "administrator"])
def test_who_has_no_desk_registers_nobody(cast, sign_in, role):
    client = sign_in(getattr(cast, role))
    assert client.get(URL).status_code == 404
    assert client.post(URL, posted(MOTHER)).status_code == 404
    assert not Family.objects.exists()


def test_a_shift_comes_first(cast, client):
    client.force_login(cast.volunteer)
    assert client.get(URL).url == "/es/shift/"


def test_a_shelter_that_was_taken_away_ends_the_shift(cast, volunteer):
    cast.volunteer.shelters.clear()
    assert volunteer.post(URL, posted(MOTHER)).status_code == 404
    assert not Family.objects.exists()


def test_a_zone_of_another_shelter_is_no_choice(volunteer, annex):
    zone = factories.make_zone(annex)
    assert volunteer.post(URL, posted(MOTHER, zone=zone.pk)).status_code == 422


# --- bad input -----------------------------------------------------------------------------------------------

BAD = [
    ({"m-0-age": "200"}, "Persona 1: Nadie", "m-0-age"),
    ({"m-0-age": "-3"}, "Escriba una edad", "m-0-age"),
    ({"m-0-age": "abc"}, "Escriba una edad", "m-0-age"),
    ({"m-0-age": "1/1/2999"}, "Esa fecha", "m-0-age"),
    ({"m-0-age": "31/2/1990"}, "31", "m-0-age"),
    ({"m-0-given_names": "x" * 5000}, "80", "m-0-given_names"),
    ({"m-0-given_names": "a\x00b"}, "nulo", "m-0-given_names"),
    ({"m-0-given_names": "a\u202eb"}, "invisibles", "m-0-given_names"),
    ({"m-1-relationship": "HEAD", "m-1-given_names": "Dos"}, "renglón", "m-1-relationship"),
    ({"origin": "HN-ZZ"}, "país", "origin"),
    ({"origin": "la paz"}, "La Paz, Honduras / La Paz, El Salvador", "origin"),
    ({"days": "-1"}, "número", "days"),
    ({"days": "muchos"}, "número", "days"),
    ({"arrived_on": "mañana"}, "5/11", "arrived_on"),
    ({"arrived_on": "1/1/2999"}, "hoy", "arrived_on"),
    ({"language": "zzz"}, "", "language"),
    ({"plan": "zzz"}, "", "plan"),
    ({"notice_answer": ""}, "Aviso", "notice_answer"),
    ({"key": "no"}, "", "key"),
    ({"m-0-sex": "Z"}, "", "m-0-sex"),
    ({"m-0-needs": "Z"}, "", "m-0-needs"),
]


@pytest.mark.parametrize(
    ("fields", "words", "field"),
    BAD,
    ids=[f"{field}={value!r:.20}" for each, _w, field in BAD for value in [next(iter(each.values()))]],
)
def test_bad_input_is_answered_in_words_and_nothing_is_lost(volunteer, fields, words, field):
    answer = volunteer.post(URL, posted({**MOTHER, "surnames": "Hernández Guardado"}, ALE) | fields)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="mistakes"' in page
    assert words.lower() in page.lower()
    assert "Hernández Guardado" in page
    assert not Family.objects.exists()


def test_sixty_people_are_asked_to_come_as_two_families(volunteer):
    people = [{"given_names": f"Persona {i}", "age": "20"} for i in range(60)]
    answer = volunteer.post(URL, posted(*people))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "40" in page
    assert "Persona 59" in page
    assert not Family.objects.exists()


def test_nobody_at_all_is_no_family(volunteer):
    assert volunteer.post(URL, posted({})).status_code == 422


@pytest.mark.parametrize("rows", ["", "-1", "99999999999999999999", "x"])
def test_a_damaged_form_is_no_server_error(volunteer, rows):
    for more in ({}, {"more": "1"}):
        assert volunteer.post(URL, posted(MOTHER, **{"m-TOTAL_FORMS": rows}, **more)).status_code in (
            200,
            302,
            422,
        )


def test_emoji_and_other_alphabets_are_stored_as_typed(volunteer):
    volunteer.post(URL, posted({"given_names": "Ana 🌻", "surnames": "محمد Ñandú"}))
    assert Person.objects.get().full_name == "Ana 🌻 محمد Ñandú"


def test_a_failed_family_leaves_nothing_behind(volunteer, monkeypatch):
    """All or nothing: when the trail cannot be written, there is no family either."""

    def broken(*_args, **_kwargs):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("intake.actions.families.record", broken)
    volunteer.raise_request_exception = False
    assert volunteer.post(URL, posted(MOTHER)).status_code == 500
    assert not Family.objects.exists()
    assert not Submission.objects.exists()


# --- what reviews found --------------------------------------------------------------------------------------


def test_a_family_that_was_split_off_is_no_registration_to_undo(volunteer, cast, palillo):
    """Else who splits somebody off could erase them, history and all."""
    family = factories.make_family(palillo, {}, {"age": 11}, by=cast.coordinator)
    ale = family.members.last()
    volunteer.post(f"/es/families/{family.pk}/split/", {"key": str(uuid.uuid4()), "people": str(ale.pk)})
    new = Person.objects.get(pk=ale.pk).family
    assert new != family
    assert volunteer.post(f"/es/families/{new.pk}/undo/").status_code == 404
    assert Person.objects.filter(pk=ale.pk).exists()


def test_others_work_is_not_undone_with_the_registration(volunteer, cast, sign_in):
    volunteer.post(URL, posted(MOTHER))
    family, person = Family.objects.get(), Person.objects.get()
    sign_in(cast.legal).post(f"/es/people/{person.pk}/need/", {"need": "LP-AN", "state": "reported"})
    volunteer.post(f"/es/families/{family.pk}/undo/")
    assert PersonNeed.objects.count() == 1


def settle_the_alert(family, cast):
    actions.settle_alert(Alert.objects.get(), "Se avisó al DIF", by=cast.coordinator)


def put_off_the_pair(family, cast):
    other = factories.make_family(family.shelter, {}, by=cast.volunteer)
    pair = LookAlike.of(family.members.get(), other.members.get(), certainty=80)
    pair.judge(LookAlike.Verdict.LATER, by=cast.coordinator)
    pair.save()


def give_a_number(family, cast):
    submission = factories.make_submission(cast.coordinator)
    line = Ticket.Line.CLOTHING
    actions.give_ticket(
        submission=submission, shelter=family.shelter, line=line, family=family, by=cast.coordinator
    )


@pytest.mark.parametrize("work", [settle_the_alert, put_off_the_pair, give_a_number])
def test_nor_is_what_others_did_about_the_family_elsewhere(volunteer, cast, work):
    volunteer.post(URL, posted(ALE))
    family = Family.objects.get()
    work(family, cast)
    answer = volunteer.post(f"/es/families/{family.pk}/undo/", follow=True)
    assert "Ya se anotó algo más" in words_of(answer)
    assert Family.objects.filter(pk=family.pk).exists()


def test_an_open_alert_goes_with_the_registration(volunteer):
    volunteer.post(URL, posted(ALE))
    volunteer.post(f"/es/families/{Family.objects.get().pk}/undo/")
    assert not Alert.objects.exists()


def test_a_key_that_is_a_familys_of_another_path_is_no_server_error(volunteer, palillo, cast):
    family = factories.make_family(palillo, {}, by=cast.volunteer)
    assert volunteer.post(URL, posted(MOTHER, key=str(family.pk))).status_code == 422
    assert Family.objects.count() == 1


def test_the_notice_that_was_read_is_the_one_that_was_answered(volunteer):
    page = volunteer.get(URL).content.decode()
    assert 'name="notice" value="1"' in page
    PrivacyNotice.objects.create(version=2, text_es="nuevo", text_en="new")
    volunteer.post(URL, posted(MOTHER))
    assert Family.objects.get().notice_id == 1
    assert 'name="notice" value="2"' in volunteer.get(URL).content.decode()


def test_the_newest_five_stand_at_the_desk(volunteer):
    for name in "ABCDEFG":
        volunteer.post(URL, posted({"given_names": f"Familia {name}"}))
    page = volunteer.get("/es/").content.decode()
    shown = [name for name in "ABCDEFG" if f"Familia {name}" in page]
    assert shown == list("CDEFG")
