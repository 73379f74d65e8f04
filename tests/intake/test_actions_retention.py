"""Names go after 90 days, counts stay; and the command that does it at night."""

from contextlib import contextmanager
from datetime import date, timedelta
from io import StringIO

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from intake import actions
from intake.actions.retention import AT_ONCE
from intake.ages import Birth, age_on, bracket_of
from intake.management.commands import retention as command
from intake.models import Card, Consent, DataRequest, Family, LookAlike, Merge, Person, Sighting, Stay, Tally
from intake.models.consents import shareable_with
from intake.reports import age_sex
from intake.reports.census import census
from intake.reports.cuts import numbers_of
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW

LONG_AGO = timezone.now() - timedelta(days=200)
NAMES = ("Wilmerqq", "Zelayaqq", "Chelitoqq")


def gone_family(shelter, *members, left=None, **fields):
    family = factories.make_family(shelter, *members, at=LONG_AGO, stay=False, **fields)
    for person in family.members.all():
        factories.make_stay(person, at=LONG_AGO, out=left or LONG_AGO + timedelta(days=20))
    return family


@pytest.fixture
def family(palillo, cast):
    """Two who left 180 days ago, with a text in every place where there is one."""
    head = {"given_names": "Wilmerqq", "surnames": "Zelayaqq", "known_as": "Chelitoqq", "age": 34}
    family = gone_family(
        palillo,
        {**head, "origin_region_id": "HN-OL"},
        {"given_names": "Olgaqq", "age": 11},
        comments="Wilmerqq waits for his sister",
        left_home_on=date(2018, 10, 1),
        language_id="miq",
        by=cast.volunteer,
    )
    person = family.members.first()
    person.surnames = "Zelayaqq Núñez"
    person.save()  # a version with the names
    factories.make_need(person, "X-PR", reason="Wilmerqq said so", by=cast.volunteer)
    factories.make_service(
        person, at=LONG_AGO + timedelta(hours=4), override_reason="Wilmerqq lost it", by=cast.volunteer
    )
    factories.make_intention(person, at=LONG_AGO)
    Sighting.objects.create(person=person, seen_at=LONG_AGO, by=cast.volunteer)
    LookAlike.of(*family.members.all(), certainty=80).save()
    other = gone_family(palillo, {"given_names": "Nadie"}, by=cast.volunteer)
    steps = [["person", str(person.pk), {"given_names": ["Wilmerqq", "x"]}]]
    Merge.objects.create(shelter=palillo, kept=family, gone=other, by=cast.coordinator, steps=steps)
    card = factories.make_card(family, at=LONG_AGO)
    factories.make_ticket(palillo, family=family, at=LONG_AGO)
    Tally.objects.create(
        **{
            "shelter": palillo,
            "service_type_id": "FOOD-LUN",
            "counted_at": LONG_AGO,
            "counted_on": LONG_AGO.date(),
        },
        **{"slot": "lunch", "card": card.pk, "recorded_by": cast.volunteer},
    )
    return family


def numbers(shelter, moment):
    return numbers_of(census(shelter, moment)), age_sex.count(
        shelter, moment, age_sex.brackets(age_sex.UNHCR)
    )


def everything(*, but=()) -> str:
    """All rows of all tables, as text."""
    from shelters.backups.tables import lines, saved

    return "\n".join(
        line.decode() for label, model in saved().items() if label not in but for line in lines(model)
    )


def test_nothing_that_says_who_it_was_is_left(family, palillo):
    assert all(name in everything() for name in NAMES)
    number, rule = actions.anonymise(palillo)
    assert (number, rule) == (3, "days")
    rows = everything().lower()
    assert [name for name in (*NAMES, "Olgaqq") if name.lower() in rows] == []
    family.refresh_from_db()
    assert (family.comments, family.left_home_on, family.language_id) == ("", None, "und")
    person = family.members.first()
    assert (person.origin_country, person.origin_region, person.sex) == ("HN", None, "F")
    assert (person.birth_precision, person.name_key, person.surname_key) == ("bracket", "", "")
    assert person.anonymised_on == palillo.today()
    assert person.history.count() == 0
    assert "18" in person.age_text and "59" in person.age_text


def test_what_is_counted_stays(family, palillo):
    moments = [LONG_AGO + timedelta(days=days, hours=1) for days in (0, 10, 19)]
    before = [numbers(palillo, moment) for moment in moments]
    rows = {model: model.objects.count() for model in (Person, Family, Stay)}
    actions.anonymise(palillo)
    assert [numbers(palillo, moment) for moment in moments] == before
    assert {model: model.objects.count() for model in rows} == rows
    assert family.members.first().services.count() == 1
    assert family.members.first().needs.get().reason == ""


def test_a_card_leads_to_nobody_and_is_not_given_again(family, palillo):
    actions.anonymise(palillo)
    card = Card.objects.get()
    assert (card.family, card.revoked_as) == (None, "voided")
    assert Tally.objects.get().card == ""
    assert LookAlike.objects.count() == Sighting.objects.count() == 0
    assert Merge.objects.get().is_final


def test_a_second_run_finds_nobody_and_the_trail_holds_numbers(family, palillo):
    actions.anonymise(palillo)
    assert actions.anonymise(palillo) == (0, "days")
    event = AccessEvent.objects.get(action="anonymised")
    assert (event.shelter, event.detail) == (palillo, {"people": 3, "families": 2, "why": "days"})


def test_who_is_here_came_back_or_was_served_since_keeps_their_name(palillo, cast):
    recently = timezone.now() - timedelta(days=5)
    here = gone_family(palillo, {"given_names": "Aquí"})
    factories.make_stay(here.members.get(), at=recently)
    left = gone_family(palillo, {"given_names": "Reciente"}, left=recently)
    served = gone_family(palillo, {"given_names": "Comió"})
    factories.make_service(served.members.get(), at=recently)
    gone_family(palillo, {"given_names": "Lejos"})
    assert actions.anonymise(palillo)[0] == 1
    kept = Person.objects.exclude(given_names="").values_list("given_names", flat=True)
    assert set(kept) == {"Aquí", "Reciente", "Comió"}
    assert left.comments == ""


def test_one_who_left_goes_alone_and_the_family_keeps_its_comments(palillo):
    family = gone_family(palillo, {"given_names": "Una"}, {"given_names": "Otra"}, comments="Duermen juntas")
    factories.make_stay(family.members.get(given_names="Otra"), at=timezone.now() - timedelta(days=1))
    card = factories.make_card(family)
    assert actions.anonymise(palillo)[0] == 1
    family.refresh_from_db(), card.refresh_from_db()
    assert (family.comments, card.family) == ("Duermen juntas", family)


def test_on_the_purge_date_whoever_is_gone_loses_their_name_at_once(palillo):
    yesterday = timezone.now() - timedelta(days=1)
    gone_family(palillo, {"given_names": "Ayer"}, left=yesterday)
    forgotten = factories.make_family(palillo, {"given_names": "Olvidada"}, at=LONG_AGO)
    palillo.purge_on = palillo.today()
    palillo.save()
    assert actions.due(palillo).count() == 1  # the shelter is open: who never left is inside
    palillo.closed_on = palillo.today() - timedelta(days=2)
    palillo.save()
    assert actions.anonymise(palillo) == (2, "purge")
    assert forgotten.members.get().given_names == ""


def ask(person, by) -> DataRequest:
    shelter = person.family.shelter
    asked = DataRequest(shelter=shelter, person=person, kind="access", received_by=by)
    asked.received_on = shelter.today()
    asked.set_the_clock()
    asked.save()
    return asked


def joined(palillo, cast):
    """(who stays, who was joined into them by way of a third): the same person, three times."""
    names = ("Una", "Unita", "Unilla")
    families = [gone_family(palillo, {"given_names": name}, by=cast.volunteer) for name in names]
    first, second, third = (family.members.get() for family in families)
    for kept, gone in ((second, third), (first, second)):
        pairs = [(kept, gone)]
        actions.merge(kept.family, gone.family, pairs=pairs, picks={}, whole=True, by=cast.coordinator)
    return first, third


def test_an_open_request_keeps_what_it_asks_about(palillo, cast):
    person = gone_family(palillo, {"given_names": "Pregunta"}).members.get()
    asked = ask(person, cast.data_officer)
    assert actions.due(palillo).count() == 0
    asked.state = DataRequest.State.WITHDRAWN
    asked.save()
    assert actions.due(palillo).count() == 1


def test_records_that_were_joined_go_with_whom_they_became(palillo, cast):
    family = gone_family(palillo, {"given_names": "Queda"})
    absorbed = gone_family(palillo, {"given_names": "Fundida"}, comments="la misma", merged_into=family)
    person = absorbed.members.get()
    person.stays.all().delete()
    person.merged_into = family.members.get()
    person.save()
    assert actions.anonymise(palillo)[0] == 1
    person.refresh_from_db(), absorbed.refresh_from_db()
    assert (person.given_names, absorbed.comments, person.history.count()) == ("", "", 0)


def test_a_request_follows_whoever_was_joined(palillo, cast):
    person, absorbed = joined(palillo, cast)
    asked = ask(absorbed, cast.data_officer)
    gone_family(palillo, {"given_names": "Otra"})
    assert [each.given_names for each in actions.due(palillo).people] == ["Otra"]
    DataRequest.objects.update(state=DataRequest.State.WITHDRAWN)
    assert actions.due(palillo).count() == 2
    DataRequest.objects.filter(pk=asked.pk).update(state=DataRequest.State.OPEN, person=None)
    assert actions.due(palillo).count() == 2
    assert person in actions.due(palillo).people


def test_what_a_joined_family_refused_stays_until_all_of_them_are_gone(palillo, cast):
    partner = factories.make_organization()
    family = gone_family(palillo, {"given_names": "Va"}, {"given_names": "Queda"}, by=cast.volunteer)
    other = gone_family(palillo, {"given_names": "Va otra vez"}, by=cast.volunteer)
    actions.record_consents(other, {partner: False}, by=cast.coordinator)
    pairs = [(family.members.get(given_names="Va"), other.members.get())]
    actions.merge(family, other, pairs=pairs, picks={}, whole=True, by=cast.coordinator)
    stay = factories.make_stay(family.members.get(given_names="Queda"), at=timezone.now() - timedelta(days=1))
    assert actions.anonymise(palillo) == (1, "days")
    assert not Consent.objects.get().is_given
    assert not shareable_with(partner).exists()
    stay.delete()
    assert actions.anonymise(palillo) == (1, "days")
    assert not Consent.objects.exists()


@contextmanager
def meanwhile(happens):
    """Something happens right after a batch was listed, before its people are held."""
    waiting = [happens]

    def listed(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        if sql.endswith(f"LIMIT {AT_ONCE}") and waiting:
            waiting.pop()()
        return answer

    with connection.execute_wrapper(listed):
        yield
    assert not waiting


def test_who_comes_back_while_it_runs_keeps_their_name(palillo):
    one, other = (gone_family(palillo, {"given_names": name}).members.get() for name in ("Vuelve", "Lejos"))
    with meanwhile(lambda: factories.make_stay(one, at=timezone.now())):
        assert actions.anonymise(palillo) == (1, "days")
    one.refresh_from_db(), other.refresh_from_db()
    assert (one.given_names, other.given_names) == ("Vuelve", "")
    assert AccessEvent.objects.get(action="anonymised").detail["people"] == 1


def test_a_batch_of_which_nobody_is_left_is_the_last(palillo, cast):
    person, absorbed = joined(palillo, cast)
    with meanwhile(lambda: ask(absorbed, cast.data_officer)):
        assert actions.anonymise(palillo) == (0, "days")
    person.refresh_from_db()
    assert person.given_names == "Una"
    assert not AccessEvent.objects.filter(action="anonymised").exists()


def test_a_name_that_is_typed_again_goes_again(family, palillo):
    actions.anonymise(palillo)
    person = family.members.first()
    person.given_names = "Wilmerqq"
    actions.change_person(person, ["given_names"], by=family.registered_by)
    assert actions.anonymise(palillo) == (1, "days")
    person.refresh_from_db()
    assert (person.given_names, person.history.count()) == ("", 0)
    assert actions.anonymise(palillo) == (0, "days")


def test_another_shelter_is_left_alone(family, annex):
    assert actions.anonymise(annex) == (0, "days")
    assert family.members.first().given_names == "Wilmerqq"


def test_the_number_of_queries_does_not_grow_with_people(palillo, cast, django_assert_max_num_queries):
    for _each in range(12):
        gone_family(palillo, {"given_names": "Una"}, {"given_names": "Otra", "age": 3}, by=cast.volunteer)
    with django_assert_max_num_queries(50):
        assert actions.anonymise(palillo)[0] == 24


# --- brackets ---------------------------------------------------------------------------------------------------

days_of = st.dates(date(1930, 1, 1), date(2018, 11, 1))


@given(born=days_of, stayed=st.integers(0, 60))
def test_a_bracket_is_true_on_the_first_and_on_the_last_day(born, stayed):
    first = date(2018, 11, 3)
    last = first + timedelta(days=stayed)
    kept = Birth(born, "day").in_bracket(first, last)
    for day in (first, last):
        assert bracket_of(age_on(kept.born, day)) == bracket_of(age_on(born, day))
    assert (kept.precision, kept.said_on) == ("bracket", last)


def test_nothing_of_the_day_is_left_and_unknown_stays_unknown():
    first, last = date(2018, 11, 3), date(2018, 11, 20)
    kept = {Birth(date(1984, 3, day), "day").in_bracket(first, last) for day in range(1, 30)}
    assert len(kept) == 1
    assert Birth().in_bracket(first, last) == Birth()
    assert kept.pop().in_bracket(first, last + timedelta(days=9)).said_on == last


# --- the command ------------------------------------------------------------------------------------------------


def run(*arguments) -> str:
    out = StringIO()
    call_command("retention", *arguments, stdout=out)
    return out.getvalue()


def test_a_dry_run_tells_and_changes_nothing(family, palillo):
    before = everything()
    told = run("--dry-run")
    assert "palillo: 3 people (gone for 90 days)" in told
    assert "Nothing was changed" in told
    assert everything() == before


@pytest.mark.django_db(transaction=True)
def test_the_command_does_it_and_scrubs(palillo, cast):
    gone_family(palillo, {"given_names": "Wilmerqq"})
    assert "1 people lost their names" in run()
    assert Person.objects.get().given_names == ""
    assert "palillo: 0 people" in run()


@pytest.mark.django_db(transaction=True)
def test_the_command_fails_and_names_what_may_still_lie_on_the_disk(palillo, monkeypatch):
    monkeypatch.setattr(command, "rewrite", lambda tables: tables[:2])
    monkeypatch.setattr(command, "renew_log", lambda: ["Say GRANT."])
    told = StringIO()
    with pytest.raises(CommandError, match="in intake_family, intake_person: somebody used these tables"):
        call_command("retention", stdout=StringIO(), stderr=told)
    assert "Say GRANT." in told.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_fails_is_no_traceback(palillo, monkeypatch):
    def full(tables):
        raise OperationalError("No space left")

    monkeypatch.setattr(command, "rewrite", full)
    with pytest.raises(CommandError, match="may still lie on the disk: the database failed"):
        run()


@pytest.mark.django_db(transaction=True)
def test_sessions_that_are_over_go_with_their_messages(palillo, cast, sign_in):
    sign_in(cast.legal)
    Session.objects.update(expire_date=LONG_AGO)
    working = sign_in(cast.volunteer).session.session_key
    run("--dry-run")
    assert Session.objects.count() == 2
    run()
    assert Session.objects.get().pk == working


def test_now_is_long_after_the_cast():
    assert NOW < LONG_AGO
