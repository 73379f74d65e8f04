"""What I did: one's own lines, without anybody's name, with a way to whoever may still be seen."""

import pytest

from shelters import roles
from shelters.models import AccessEvent
from tests import factories
from tests.intake.pages import words_of

PAGE = "/es/my-acts/"


def event(user, action, **fields):
    return AccessEvent.objects.create(user=user, action=action, **fields)


@pytest.mark.parametrize("role", list(roles.BY_CODE))
def test_every_account_has_one(cast, sign_in, role):
    client = sign_in(getattr(cast, role))
    assert "Todavía nada" in words_of(client.get(PAGE))
    assert PAGE in client.get("/es/admin/" if getattr(cast, role).is_staff else "/es/").text  # in the menu


def test_what_i_did_and_nobody_else_without_a_name(volunteer, cast, family):
    volunteer.get(f"/es/families/{family.pk}/")
    event(cast.coordinator, "exported", shelter=family.shelter)
    page = volunteer.get(PAGE)
    assert "Familia consultada" in words_of(page)
    assert "Datos exportados" not in words_of(page)
    assert "Neptalí" not in page.text
    assert f'href="/es/families/{family.pk}/"' in page.text
    assert not AccessEvent.objects.filter(action="family_shown").exists()  # nobody was shown


def test_whom_i_may_not_see_any_more_has_no_address(volunteer, cast, family, annex):
    volunteer.get(f"/es/families/{family.pk}/")
    cast.volunteer.shelters.set([annex])
    page = volunteer.get(PAGE)
    assert "Familia consultada" in words_of(page)
    assert str(family.pk) not in page.text


def test_a_person_leads_to_their_family(volunteer, cast, family, ale):
    event(cast.volunteer, "person_changed", subject_type="intake.Person", subject_id=str(ale.pk))
    assert f'href="/es/families/{family.pk}/"' in volunteer.get(PAGE).text


@pytest.mark.parametrize("subject", ["", "no key", "0" * 30, "\u202e"])
def test_a_line_about_no_key_hides_nothing(volunteer, cast, subject):
    event(cast.volunteer, "family_opened", subject_type="intake.Family", subject_id=subject)
    assert "Familia consultada" in words_of(volunteer.get(PAGE))


def test_whoever_lost_the_right_to_notes_does_not_read_that_there_were_any(cast, sign_in, palillo):
    event(cast.legal, "legal_note_written", shelter=palillo)
    assert "Nota jurídica escrita" in words_of(sign_in(cast.legal).get(PAGE))
    cast.legal.groups.clear()
    roles.grant(cast.legal, roles.Volunteer)
    assert "jurídica" not in words_of(sign_in(cast.legal).get(PAGE))


def test_an_alarm_is_not_told_to_whom_it_is_about(volunteer, cast, palillo):
    event(cast.volunteer, "many_opened", shelter=palillo)
    assert "Todavía nada" in words_of(volunteer.get(PAGE))


def test_pages_of_fifty(volunteer, cast, palillo):
    for _time in range(51):
        event(cast.volunteer, "searched", shelter=palillo)
    assert "Página 1 de 2" in words_of(volunteer.get(PAGE))
    for asked in ("2", "99", "x", "-1"):
        assert volunteer.get(f"{PAGE}?page={asked}").status_code == 200


def test_one_page_costs_the_same_however_long(volunteer, cast, palillo, django_assert_max_num_queries):
    for _time in range(30):
        event(cast.volunteer, "family_opened", shelter=palillo, subject_type="intake.Family",
              subject_id=str(factories.make_family(palillo).pk))  # fmt: skip
    with django_assert_max_num_queries(12):
        volunteer.get(PAGE)
