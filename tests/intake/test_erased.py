# ruff: noqa: F811, F401  (key and folder are fixtures)
"""A backup from before somebody was erased: restored, and they stay erased."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from intake import actions, erased
from intake.models import Family, LateForm, Person, Submission, Tombstone
from intake.trail import CODES
from shelters.backups import Refused, loading, writing
from shelters.models import AccessEvent, User
from tests import factories
from tests.devices import bring, device_record, states, token_of
from tests.intake.pages import sent_from
from tests.intake.test_actions_erasure import GIVEN, erase, form_of, make_people
from tests.intake.test_actions_retention import everything
from tests.intake.test_register import posted
from tests.shelters.backups.conftest import empty, folder, key


@pytest.fixture
def people(transactional_db, palillo, cast):
    return make_people(palillo, cast)


def restored(backup, key):
    empty()
    said = StringIO()
    call_command("restore", str(backup.path), key=str(key), stdout=said)
    return said.getvalue()


def test_who_was_erased_after_the_backup_is_erased_again(people, cast, key, folder):
    backup = writing.back_up(folder)
    erase(people.members.get(position=0), cast)
    erased.keep(folder)
    told = restored(backup, key)
    assert "1 people who were erased after this backup was made were erased again." in told
    assert GIVEN.lower() not in everything().lower()
    assert sorted(Person.objects.values_list("given_names", flat=True)) == ["Olga", "Tía"]
    event = AccessEvent.objects.get(action="person_erased")
    assert (event.user, event.detail["why"]) == (None, "again")
    assert "again" in CODES["why"]
    call_command("audit_verify", stdout=StringIO())


def test_a_whole_family_goes_again_and_its_form_stays_out(
    transactional_db, volunteer, cast, key, folder, sign_in
):
    form = form_of(volunteer)
    assert volunteer.post(reverse("intake:register"), form).status_code == 302
    backup = writing.back_up(folder)
    for person in list(Person.objects.all()):
        erase(person, cast)
    erased.keep(folder)
    assert "2 people" in restored(backup, key)
    assert not Family.objects.exists()
    again = sign_in(User.objects.get(username="volunteer")).post(reverse("intake:register"), form)
    assert again.status_code == 410


def test_a_form_that_the_backup_is_too_old_to_know_stays_out(
    transactional_db, volunteer, cast, key, folder, sign_in
):
    """Registered after the backup and erased: only its fingerprint, beside the backups, tells of it."""
    backup = writing.back_up(folder)
    form = form_of(volunteer)
    assert volunteer.post(reverse("intake:register"), form).status_code == 302
    for person in list(Person.objects.all()):
        erase(person, cast)
    erased.keep(folder)
    restored(backup, key)
    assert not Submission.objects.exists()
    again = sign_in(User.objects.get(username="volunteer")).post(reverse("intake:register"), form)
    assert again.status_code == 410
    assert not Family.objects.exists()


def test_a_member_whom_the_backup_is_too_old_to_know_stays_out(people, volunteer, cast, key, folder, sign_in):
    backup = writing.back_up(folder)
    address = reverse("intake:person-add", args=[people.pk])
    form = sent_from(volunteer.get(address)) | {"given_names": ["Zzyzxab"]}
    assert volunteer.post(address, form).status_code == 302
    erase(Person.objects.get(given_names="Zzyzxab"), cast)
    erased.keep(folder)
    restored(backup, key)
    again = sign_in(User.objects.get(username="volunteer")).post(address, form)
    assert again.status_code == 410
    assert not Person.objects.filter(given_names="Zzyzxab").exists()


def test_records_that_were_joined_after_the_backup_go_again(transactional_db, palillo, cast, key, folder):
    one = factories.make_family(palillo, {"given_names": "Ana"}, by=cast.volunteer)
    other = factories.make_family(palillo, {"given_names": "Anita"}, by=cast.volunteer)
    backup = writing.back_up(folder)
    pair = (one.members.get(), other.members.get())
    actions.merge(one, other, pairs=[pair], picks={}, whole=True, by=cast.coordinator)
    erase(pair[0], cast)
    erased.keep(folder)
    assert "2 people" in restored(backup, key)
    assert not Person.objects.exists()


def test_what_waited_to_be_corrected_goes_again(transactional_db, volunteer, cast, palillo, key, folder):
    """The backup has them only in a form that was corrected after it, and erased since."""
    wrong = {"given_names": "Zzyzxab", "age": "200"}
    kept, gone = (device_record(token_of(cast.volunteer, palillo), wrong) for _each in range(2))
    bring(volunteer, kept, gone)
    backup = writing.back_up(folder)
    late = LateForm.objects.get(key=gone["id"])
    form = posted({**wrong, "age": "20"}, key=gone["id"], late=str(late.pk))
    assert volunteer.post(reverse("intake:register"), form).status_code == 302
    erase(Person.objects.get(), cast)
    erased.keep(folder)
    assert "0 people" in restored(backup, key)
    assert str(LateForm.objects.open().get().key) == kept["id"]
    assert LateForm.objects.get(key=gone["id"]).sealed == ""


def test_what_was_corrected_under_another_key_goes_again(
    transactional_db, volunteer, cast, palillo, key, folder, sign_in
):
    """A form that came under the key of another family, and became one of its own after the backup."""
    token = token_of(cast.volunteer, palillo)
    first = device_record(token, {"given_names": "Ana"})
    other = device_record(token, {"given_names": "Zzyzxab"}, key=first["id"])
    bring(volunteer, first, other)
    backup = writing.back_up(folder)
    form = posted({"given_names": "Zzyzxab"}, late=str(LateForm.objects.get().pk))
    assert volunteer.post(reverse("intake:register"), form).status_code == 302
    erase(Person.objects.get(given_names="Zzyzxab"), cast)
    erased.keep(folder)
    restored(backup, key)
    assert LateForm.objects.get().sealed == ""
    assert Person.objects.get().given_names == "Ana"
    LateForm.objects.all().delete()  # as after a restore of a backup from before it came
    client = sign_in(User.objects.get(username="volunteer"))
    assert states(bring(client, other)) == [("refused", "erased")]


def test_nobody_else_goes(people, cast, key, folder):
    backup = writing.back_up(folder)
    before = Person.objects.count()
    erased.keep(folder)
    assert "0 people" in restored(backup, key)
    assert Person.objects.count() == before


def test_without_the_list_it_is_said_that_they_are_back(people, cast, key, folder):
    backup = writing.back_up(folder)
    erase(people.members.get(position=0), cast)
    assert "whoever was erased after it was made is back" in restored(backup, key)
    assert Person.objects.filter(given_names__startswith=GIVEN).exists()


def test_the_command_writes_it_and_forgets_no_line(people, cast, key, folder):
    erase(people.members.get(position=0), cast)
    call_command("backup", str(folder), stdout=StringIO())
    path = folder / erased.LIST
    lines = path.read_text().splitlines()
    assert len(lines) == Tombstone.objects.count() > 0
    assert GIVEN.lower() not in path.read_text().lower() and str(people.pk) not in path.read_text()
    Tombstone.objects.all().delete()  # as in a database that was restored
    erased.keep(folder)
    assert path.read_text().splitlines() == lines
    assert not list(folder.glob("*.part"))


def test_a_list_that_cannot_be_written_is_said_beside_the_backup(people, key, folder):
    (folder / erased.LIST).mkdir()
    with pytest.raises(CommandError, match="The backup was made, but not the list"):
        call_command("backup", str(folder), stdout=StringIO())
    assert list(folder.glob("*.age"))


@pytest.mark.parametrize("line", ["", "x", "0" * 64, "0" * 64 + " 2026-13-01T00:00:00+00:00", "É" * 64])
def test_a_damaged_line_is_refused(line):
    with pytest.raises(Refused, match=r"Line 7 of puente-erased.txt"):
        erased.stone_of(7, line)


def test_a_link_in_the_folder_gives_nothing_away_and_writes_nowhere_else(people, cast, folder, tmp_path):
    """Who may write there, on a shared disk say, must not read or write with our rights."""
    secret = tmp_path / "secret"
    secret.write_text("hush\n")
    (folder / erased.LIST).symlink_to(secret)
    with pytest.raises(Refused, match="Line 1"):
        erased.keep(folder)
    (folder / erased.LIST).unlink()
    (folder / f"{erased.LIST}.part").symlink_to(secret)
    erase(people.members.get(position=0), cast)
    erased.keep(folder)
    assert secret.read_text() == "hush\n"
    assert erased.read(folder / erased.LIST)


def test_a_list_that_is_no_text_is_said_beside_the_backup(people, key, folder):
    (folder / erased.LIST).write_bytes(b"\xff\xfe")
    with pytest.raises(CommandError, match=r"not the list of who was erased\. Line 1"):
        call_command("backup", str(folder), stdout=StringIO())


def test_a_damaged_list_restores_nothing(people, key, folder):
    backup = writing.back_up(folder)
    (folder / erased.LIST).write_text("x\n")
    with pytest.raises(CommandError, match=r"Nothing was restored. Line 1 of puente-erased.txt"):
        restored(backup, key)
    loading.refuse_unless_empty()
