"""A partner gets the records of whoever agreed to it, and of nobody else; what left stands in the register."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from intake import actions
from intake.models import Consent, Family, HandOver
from intake.models.consents import shareable_with
from shelters.models import AccessEvent
from tests import factories
from tests.intake.admin.pages import INLINE_CODE, address
from tests.intake.test_actions_retention import gone_family

FILE = "/es/admin/intake/handover/file/"
REGISTER = address("handover")


@pytest.fixture
def partner(db):
    return factories.make_organization("acnur", name="ACNUR", kind="un")


@pytest.fixture
def other(db):
    return factories.make_organization("cruz-roja")


@pytest.fixture
def officer(cast, sign_in):
    return sign_in(cast.data_officer)


def make(palillo, name, answer="accepted", **fields):
    return factories.make_family(palillo, {"given_names": name}, notice_answer=answer, **fields)


def say(family, partner, is_given, by):
    actions.record_consents(family, {partner: is_given}, by=by)


def names(partner):
    return set(shareable_with(partner).values_list("members__given_names", flat=True))


def test_who_agreed_is_shared_but_where_they_said_otherwise(palillo, partner, other, cast):
    by = cast.coordinator
    make(palillo, "Sí")
    make(palillo, "Nadie", "not_shared")
    make(palillo, "", "refused")
    say(make(palillo, "SoloCruzRoja"), partner, False, by)
    say(make(palillo, "SoloAcnur", "not_shared"), partner, True, by)
    assert names(partner) == {"Sí", "SoloAcnur"}
    assert names(other) == {"Sí", "SoloCruzRoja"}


def test_who_refuses_later_is_not_shared_whatever_was_said_before(palillo, partner, cast):
    family = make(palillo, "Antes")
    say(family, partner, True, cast.coordinator)
    family.notice_answer = "refused"
    actions.change_family(family, ["notice_answer"], by=cast.volunteer)
    assert names(partner) == set()


def test_an_answer_is_kept_with_its_versions_and_taken_back(palillo, partner, cast):
    family = make(palillo, "Cambia")
    for answer in (False, True, True):
        say(family, partner, answer, cast.coordinator)
    assert [version.is_given for version in Consent.history.order_by("history_id")] == [False, True]
    assert AccessEvent.objects.filter(action="family_changed", detail__fields=["consents"]).count() == 2
    say(family, partner, None, cast.coordinator)
    assert not Consent.objects.exists()


def test_both_halves_of_a_family_keep_what_was_said(palillo, partner, cast):
    family = factories.make_family(palillo, {"given_names": "Una"}, {"given_names": "Otra"})
    say(family, partner, False, cast.coordinator)
    actions.split_family(
        family,
        [family.members.last()],
        submission=factories.make_submission(cast.volunteer),
        by=cast.volunteer,
    )
    assert Consent.objects.filter(is_given=False).count() == 2
    assert names(partner) == set()


def test_the_no_of_who_was_joined_is_heeded(palillo, partner, cast):
    first, second, third = (make(palillo, name) for name in ("Una", "Dos", "Tres"))
    say(third, partner, False, cast.coordinator)
    for kept, gone in ((second, third), (first, second)):
        pairs = [(kept.members.first(), gone.members.first())]
        actions.merge(kept, gone, pairs=pairs, picks={}, whole=True, by=cast.coordinator)
    assert names(partner) == set()


def test_the_no_of_who_was_joined_goes_with_who_is_split_off_again(palillo, partner, cast):
    first, second = make(palillo, "Una"), make(palillo, "Dos")
    say(first, partner, True, cast.coordinator)
    say(second, partner, False, cast.coordinator)
    actions.merge(first, second, pairs=[], picks={}, whole=True, by=cast.coordinator)
    form = factories.make_submission(cast.volunteer)
    new = actions.split_family(first, [first.members.last()], submission=form, by=cast.volunteer)
    assert [said.is_given for said in new.consents.all()] == [False]
    assert names(partner) == set()


def test_answers_go_when_the_names_go(palillo, partner, cast):
    family = gone_family(palillo, {"given_names": "Lejos"})
    say(family, partner, True, cast.coordinator)
    actions.anonymise(palillo)
    assert not Consent.objects.exists() and not Consent.history.exists()


# --- the switches ---------------------------------------------------------------------------------------------


def sharing(family):
    return reverse("admin:intake_family_sharing", args=[family.pk])


@pytest.mark.parametrize("language", ["es", "en"])
def test_each_partner_has_a_switch(coordinator, palillo, partner, other, language):
    family = make(palillo, "Ana")
    page = coordinator.get(sharing(family).replace("/es/", f"/{language}/"))
    assert page.status_code == 200 and "ACNUR" in page.text and "Cruz Roja" in page.text
    assert not INLINE_CODE.search(page.text)
    assert f"{family.pk}/sharing/" in coordinator.get(address("family", f"{family.pk}/change/")).text
    sent = {f"partner_{partner.pk}": "no", f"partner_{other.pk}": ""}
    assert coordinator.post(sharing(family), sent).status_code == 302
    assert [(each.organization, each.is_given) for each in family.consents.all()] == [(partner, False)]
    assert coordinator.post(sharing(family), {f"partner_{partner.pk}": "perhaps"}).status_code == 422
    assert family.consents.get().is_given is False


def test_who_refused_and_who_is_elsewhere_has_none(coordinator, sign_in, cast, palillo, annex, partner):
    for family in (make(palillo, "", "refused"), make(annex, "Ajena")):
        assert coordinator.get(sharing(family)).status_code == 404
        assert coordinator.post(sharing(family), {f"partner_{partner.pk}": "yes"}).status_code == 404
    assert sign_in(cast.administrator).get(sharing(make(palillo, "Ana"))).status_code == 404
    assert not Consent.objects.exists()


# --- the file and the register --------------------------------------------------------------------------------


def asked(palillo, partner, **fields):
    day = Family.objects.first().registered_on
    return {
        **{"shelter": palillo.pk, "organization": partner.pk, "purpose": "care", "since": day, "until": day},
        **fields,
    }


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_file_holds_who_agreed_and_leaves_a_line_in_the_register(
    officer, palillo, partner, cast, language
):
    make(palillo, "=Agustín", comments="secreto")
    make(palillo, "Callada", "not_shared")
    assert officer.get(FILE.replace("/es/", f"/{language}/")).status_code == 200
    answer = officer.post(FILE, asked(palillo, partner))
    text = b"".join(answer.streaming_content).decode()
    assert "'=Agustín" in text and "Callada" not in text and "secreto" not in text
    line = HandOver.objects.get()
    assert (line.organization, line.people, line.basis, line.by) == (partner, 1, "consent", cast.data_officer)
    assert line.what in answer.headers["Content-Disposition"] and "given_names" in line.fields
    event = AccessEvent.objects.get(action="exported")
    assert (event.subject_id, event.detail) == (str(line.pk), {"people": 1, "outside": True})
    assert "ACNUR" in officer.get(REGISTER).text


def test_without_anybody_who_agreed_nothing_leaves(officer, palillo, partner, cast):
    say(make(palillo, "Ana"), partner, False, cast.coordinator)
    answer = officer.post(FILE, asked(palillo, partner))
    assert answer.status_code == 422
    assert answer.text.count("Nadie de estos días") == 2  # above, and beside the field
    assert not HandOver.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [{"purpose": ""}, {"purpose": "order"}, {"until": "2018-11-01"}, {"since": "x"}, {"organization": 0}],
)
def test_bad_choices_are_told(officer, palillo, partner, fields):
    make(palillo, "Ana")
    assert officer.post(FILE, asked(palillo, partner, **fields)).status_code == 422
    assert not HandOver.objects.exists()


@pytest.mark.parametrize("role", ["volunteer", "legal", "health", "coordinator", "administrator"])
def test_only_a_data_officer_hands_over(cast, sign_in, palillo, partner, role):
    make(palillo, "Ana")
    client = sign_in(getattr(cast, role))
    assert client.get(FILE).status_code == 404
    assert client.post(FILE, asked(palillo, partner)).status_code == 404
    assert client.get(f"{REGISTER}add/").status_code == 404
    assert client.get(REGISTER).status_code == (200 if role == "coordinator" else 404)
    assert not HandOver.objects.exists()


def test_another_shelters_people_are_not_handed_over(officer, palillo, annex, partner):
    make(annex, "Ajena")
    assert officer.post(FILE, asked(annex, partner)).status_code == 422
    assert officer.post(FILE, asked(palillo, partner)).status_code == 422


def test_what_left_on_paper_is_written_down_and_never_changed(officer, palillo, partner, cast):
    sent = {
        **{"shelter": palillo.pk, "organization": partner.pk, "what": "lista en papel", "fields": "nombres"},
        **{
            "people": 3,
            "handed_on": timezone.localdate() - timedelta(days=1),
            "purpose": "links",
            "basis": "vital",
        },
    }
    assert officer.post(f"{REGISTER}add/", sent).status_code == 302
    line = HandOver.objects.get()
    assert line.by == cast.data_officer
    officer.post(f"{REGISTER}{line.pk}/change/", {**sent, "people": 9})
    line.refresh_from_db()
    assert line.people == 3
    for language in ("es", "en"):
        page = officer.get(f"/{language}/admin/intake/handover/{line.pk}/change/")
        assert page.status_code == 200 and not INLINE_CODE.search(page.text)
