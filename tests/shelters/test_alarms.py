"""Each alarm by its cause, on both engines; who sees it, when it ends, what it costs, and the command for a timer."""

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.urls import reverse
from django.utils import timezone

from shelters import alarms, audit, chain, clock
from shelters.backups import sealed
from shelters.models import AccessEvent, AuditSeal
from tests import factories
from tests.shelters.codes import phone_of, wrong
from tests.shelters.test_chain import by_force, called, lines_settle_at_once, trail, verify  # noqa: F401  (fixtures)
from tests.shelters.test_views import try_to_sign_in

Action = audit.Action
INDEX = "/es/admin/"
HEAD = AuditSeal.objects.last


@pytest.fixture
def key(settings, tmp_path):
    settings.BACKUP_PUBLIC_KEY = [sealed.write_private(tmp_path / "key.txt", timezone.now())]


@pytest.fixture
def is_well(db, key):
    """A machine on which nothing is wrong."""
    AccessEvent.objects.create(action=Action.BACKED_UP)
    AccessEvent.objects.create(action=Action.TRAIL_VERIFIED)


@pytest.fixture
def first_page(cast, sign_in):
    return lambda: sign_in(cast.administrator).get(INDEX)


@pytest.fixture
def look(cast, sign_in):
    """What ends an alarm about something that has happened."""
    return lambda alarm: sign_in(cast.administrator).get(alarm.address)


def codes() -> list[str]:
    return [alarm.code for alarm in alarms.raised()]


def made(action, **age):
    return AccessEvent.objects.create(action=action, at=timezone.now() - timedelta(**age))


def run(**options):
    return called("alarms", **options)


def test_a_machine_that_is_well_raises_none(is_well, first_page):
    assert run() == (0, "Todo está en orden.\n")
    page = first_page()
    assert page.context["of_the_machine"] == []
    assert "Última copia de seguridad: " in page.text


# --- backup --------------------------------------------------------------------------------------------------------


def test_without_a_key_it_says_so(first_page, settings):
    settings.BACKUP_PUBLIC_KEY = []
    assert "falta la clave pública" in first_page().text


def test_before_the_first_backup_it_says_so(first_page, key):
    assert "Todavía no se ha hecho ninguna copia" in first_page().text


def test_a_backup_of_the_last_day_is_not_worth_a_word(db, key):
    made(Action.BACKED_UP, hours=30)
    made(Action.BACKED_UP, hours=23, minutes=59)
    assert alarms.backup() is None


def test_after_a_day_it_says_when_the_last_one_was(first_page, key):
    made(Action.BACKED_UP, hours=24, minutes=1)
    assert "La última copia de seguridad tiene más de 24 horas: " in first_page().text


# --- disk ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def free(monkeypatch):
    return lambda size: monkeypatch.setattr(alarms, "free_bytes", lambda place: size)


def test_a_disk_with_less_than_it_should_have_is_told(is_well, free):
    assert alarms.disk() is None
    assert alarms.disk(least=10**18, enough=10**18).words.endswith("MB libres.")  # as much as is really free
    free(999_999_999)
    alarm = alarms.disk()
    assert "900 MB" in alarm.words
    assert alarm.is_urgent


def test_a_disk_at_the_limit_does_not_flap(is_well, free):
    free(900_000_000)
    since = alarms.disk().since
    free(1_100_000_000)  # a little room is no room yet
    assert alarms.disk().since == since
    free(1_300_000_000)
    assert alarms.disk() is None
    free(1_100_000_000)
    assert alarms.disk() is None


def test_the_disks_are_those_of_database_program_and_journal(db, settings, tmp_path):
    settings.STATIC_ROOT = str(tmp_path)
    assert tmp_path in alarms.places()
    if connection.vendor == "sqlite":
        (database,) = {
            row[2] for row in connection.cursor().execute("PRAGMA database_list") if row[1] == "main"
        }
        assert any(str(place) in database for place in alarms.places())


# --- clock ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "words"), [(6, "se adelantó 6"), (-6, "se atrasó 6"), (60 * 24, "se adelantó 1440")]
)
def test_a_clock_that_is_moved_while_the_machine_runs_is_told_once(
    is_well, time_machine, look, minutes, words
):
    clock.notice(HEAD())
    time_machine.move_to(timezone.now() + timedelta(minutes=minutes), tick=True)
    for _process in range(2):
        clock.notice(HEAD())
    assert AccessEvent.objects.filter(action=Action.CLOCK_MOVED).count() == 1
    alarm = alarms.clock_moved()
    assert words in alarm.words
    assert look(alarm).status_code == 200
    assert alarms.clock_moved() is None


@pytest.mark.parametrize("minutes", [4, -4])
def test_a_clock_that_was_set_right_by_a_little_is_not_told(is_well, time_machine, minutes):
    clock.notice(HEAD())
    time_machine.move_to(timezone.now() + timedelta(minutes=minutes), tick=True)
    clock.notice(HEAD())
    assert alarms.clock_moved() is None


def test_time_that_passes_is_no_jump(is_well, time_machine, monkeypatch):
    clock.notice(HEAD())
    passed = clock.running_for() + 7200
    monkeypatch.setattr(clock, "running_for", lambda: passed)
    time_machine.move_to(timezone.now() + timedelta(hours=2), tick=True)
    clock.notice(HEAD())
    assert alarms.clock_moved() is None


def test_a_clock_that_was_put_back_while_the_machine_was_off_is_told_once(
    is_well, time_machine, tmp_path, monkeypatch
):
    """By the newest seal, which is of a time to come; and sealing does not rest until then."""
    chain.seal_all(until=timezone.now())
    (tmp_path / "boot_id").write_text("another-start")
    monkeypatch.setattr(clock, "OF_THIS_START", tmp_path / "boot_id")
    time_machine.move_to(timezone.now() - timedelta(days=1), tick=True)
    before = HEAD().number
    for _minute in range(3):
        audit.record(Action.SIGNED_IN, by=None)
        chain.seal_if_nobody_did()
    assert "se atrasó 1440" in alarms.clock_moved().words or "se atrasó 1439" in alarms.clock_moved().words
    assert AccessEvent.objects.filter(action=Action.CLOCK_MOVED).count() == 1
    assert HEAD().number == before + 1


def test_where_nothing_tells_one_start_from_another_it_is_not_guessed(
    is_well, tmp_path, monkeypatch, time_machine
):
    monkeypatch.setattr(clock, "OF_THIS_START", tmp_path / "boot_id")
    clock.notice(None)
    time_machine.move_to(timezone.now() + timedelta(days=1), tick=True)
    clock.notice(None)
    assert alarms.clock_moved() is None


def test_clocks_of_two_machines_that_differ_are_told_while_they_do(is_well, time_machine):
    assert alarms.clocks_apart() is None
    time_machine.move_to(timezone.now() - timedelta(minutes=10), tick=True)
    alarm = alarms.clocks_apart()
    if connection.vendor == "sqlite":  # is no other machine
        assert alarm is None
    else:
        assert "difieren en 9 minutos" in alarm.words or "difieren en 10 minutos" in alarm.words


# --- the trail -----------------------------------------------------------------------------------------------------


def tamper(line):
    by_force(("UPDATE shelters_accessevent SET user_id = NULL WHERE id = %s", line.pk))


def test_a_tampered_trail_is_told_after_it_was_looked_through(trail, cast, sign_in, key):  # noqa: F811
    tamper(trail[3])
    assert "trail_broken" not in codes()  # no page looks through it
    verify()
    for role, is_told in {"administrator": True, "coordinator": True, "data_officer": True}.items():
        page = sign_in(getattr(cast, role)).get(INDEX)
        assert ("Alguien alteró la bitácora: 1 hallazgo." in page.text) is is_told
    assert run()[0] == 1


def test_it_stays_until_somebody_says_that_it_is_known_and_comes_back_with_more(trail, time_machine):  # noqa: F811
    tamper(trail[3])
    verify()
    since = alarms.trail_broken().since
    verify()
    assert alarms.trail_broken().since == since
    verify(known=True)
    assert alarms.trail_broken() is None
    verify()
    assert alarms.trail_broken() is None
    tamper(trail[8])
    verify()
    assert "2 hallazgos" in alarms.trail_broken().words


def test_a_cut_off_that_a_kept_head_showed_is_not_forgotten_by_the_next_night(trail):  # noqa: F811
    kept = str(HEAD())
    by_force(
        ("DELETE FROM shelters_auditseal WHERE number = %s", HEAD().number),
        *(("DELETE FROM shelters_accessevent WHERE id = %s", line.pk) for line in trail[8:]),
    )
    assert verify(head=kept)[0] == 1
    verify()
    assert "trail_broken" in codes()


def test_a_trail_that_nobody_looked_through_for_two_days_is_told(db, key):
    made(Action.SIGNED_IN, days=1)
    assert "trail_unverified" not in codes()
    made(Action.TRAIL_VERIFIED, hours=49)
    assert "lleva dos días sin revisarse" in alarms.trail_unverified().words
    verify()
    assert alarms.trail_unverified() is None


def test_a_trail_that_was_never_looked_through_has_two_days(db, key):
    assert alarms.trail_unverified() is None
    made(Action.SIGNED_IN, hours=47)
    assert alarms.trail_unverified() is None
    AccessEvent.objects.create(pk=-1, action=Action.SIGNED_IN, at=timezone.now() - timedelta(hours=49))
    assert "nunca" in alarms.trail_unverified().words


def test_a_wrong_key_leaves_no_result(trail, settings):  # noqa: F811
    settings.AUDIT_KEY = "another key, of forty letters, as it should"
    with pytest.raises(CommandError):
        call_command("audit_verify")
    assert not alarms.by_itself(Action.TRAIL_VERIFIED, Action.TRAIL_BROKEN).exists()


# --- accounts ------------------------------------------------------------------------------------------------------


def lock(user):
    for _try in range(6):
        try_to_sign_in(user.username, "otra cosa")


@pytest.fixture
def five(cast, palillo):
    return [factories.make_user("volunteer", shelters=[palillo], username=f"puerta{n}") for n in range(5)]


def test_five_accounts_locked_within_an_hour_are_told_until_somebody_looked(five, first_page, look):
    for user in five[:4]:
        lock(user)
    assert alarms.many_locked() is None
    lock(five[4])
    alarm = alarms.many_locked()
    assert "5 cuentas o más" in first_page().text
    page = look(alarm).text
    assert all(user.username in page for user in five)
    assert alarms.many_locked() is None


def test_each_lock_is_on_the_trail_once(five):
    lock(five[0])
    line = AccessEvent.objects.get(action=Action.ACCOUNT_LOCKED)
    assert (line.user, line.subject_id, line.detail) == (None, str(five[0].pk), {})


def test_names_of_nobody_are_noted_without_them_and_lock_nobody(db):
    for n in range(6):
        for _try in range(6):
            try_to_sign_in(f"nadie{n}", "otra cosa")
    lines = AccessEvent.objects.filter(action=Action.ACCOUNT_LOCKED)
    assert set(lines.values_list("subject_type", "subject_id")) == {("", "")}
    assert lines.count() == 6
    assert alarms.many_locked() is None


def test_more_than_an_hour_apart_is_not_at_once(five, time_machine):
    for n, user in enumerate(five):
        time_machine.move_to(timezone.now() + timedelta(minutes=20 if n else 0))
        lock(user)
    assert alarms.many_locked() is None


def test_five_wrong_codes_lock_an_account_too(cast):
    show, _codes = phone_of(cast.coordinator)
    _answer, client = try_to_sign_in("coordinator", factories.PASSWORD)
    for _try in range(5):
        client.post(reverse("mfa_authenticate"), {"code": wrong(show())})
    assert AccessEvent.objects.get(action=Action.ACCOUNT_LOCKED).subject_id == str(cast.coordinator.pk)


# --- who sees it, and what it costs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["coordinator", "data_officer"])
def test_the_machine_is_not_the_business_of_others(cast, sign_in, role):
    page = sign_in(getattr(cast, role)).get(INDEX)
    assert page.context["of_the_machine"] == []
    assert "copia de seguridad" not in page.text


def test_the_first_page_costs_the_same_however_much_is_on_the_trail(
    cast, key, free, django_assert_max_num_queries
):
    free(5)
    alarms.disk()  # its first time is remembered
    for _more in range(2):
        for action in (Action.CLOCK_MOVED, Action.MANY_LOCKED, Action.TRAIL_BROKEN, Action.BACKED_UP):
            detail = {"seconds": 900, "accounts": 7, "findings": 2, "digest": "1"}
            AccessEvent.objects.bulk_create(
                AccessEvent(action=action, at=timezone.now() - timedelta(days=3), detail=detail)
                for _n in range(30)
            )
        with django_assert_max_num_queries(12 if connection.vendor == "sqlite" else 13):
            assert len(alarms.raised()) == 6
            alarms.last_done()


# --- the command ---------------------------------------------------------------------------------------------------


def test_the_command_says_what_to_do_and_names_nobody(is_well, five, cast, palillo, free):
    for user in five:
        lock(user)
    audit.record(Action.MANY_OPENED, by=cast.volunteer, shelter=palillo, subject=cast.volunteer, families=60)
    free(5)
    code, said = run(language="en")
    assert code == 1
    assert said.startswith("Act now: The disk of ")
    assert "5 accounts or more were locked" in said
    assert f"At {palillo} somebody opened very many families in an hour." in said
    assert not any(name in said for name in ("puerta", "volunteer"))
    assert run(language="en") == (code, said)


def test_the_command_talks_to_programs(is_well, free):
    free(5)
    code, said = run(json=True)
    (alarm,) = json.loads(said)
    assert (code, alarm["code"], alarm["is_urgent"]) == (1, "disk", True)
    assert alarm["since"]
    cache.delete("alarm:disk")
    free(10**12)
    assert run(json=True) == (0, "[]\n")


def test_the_command_notices_the_clock_by_itself(is_well, time_machine):
    run()
    time_machine.move_to(timezone.now() + timedelta(minutes=30), tick=True)
    assert "se adelantó 30 minutos" in run()[1] or "se adelantó 29 minutos" in run()[1]


def test_without_a_database_it_says_so(monkeypatch):
    def away(*_arguments):
        raise OperationalError

    monkeypatch.setattr(clock, "notice", away)
    monkeypatch.setattr(AuditSeal.objects, "last", lambda: None)
    with pytest.raises(CommandError, match="does not answer"):
        call_command("alarms")
