"""What is frozen stays: the database refuses the rest, on both engines."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from intake.models import Cut
from tests.factories import NOW

HOUR = timedelta(hours=1)


def make_cut(shelter, **fields):
    return Cut.objects.create(**{"shelter": shelter, "as_of": NOW, "numbers": {"total": 3}, **fields})


@pytest.fixture
def cut(palillo, cast):
    return make_cut(palillo, frozen_by=cast.coordinator)


def withdrawn(by):
    return {"withdrawn_at": timezone.now(), "withdrawn_by": by, "withdrawn_reason": "counted twice"}


def test_the_cut_before_is_the_standing_one_of_the_same_shelter(palillo, annex, cast, cut):
    later = make_cut(palillo, as_of=NOW + 3 * HOUR)
    make_cut(palillo, as_of=NOW + 2 * HOUR, **withdrawn(cast.coordinator))
    make_cut(annex, as_of=NOW + HOUR)
    assert Cut.objects.before(later) == cut
    assert Cut.objects.before(cut) is None


def test_who_sees_it(palillo, annex, cast, cut):
    make_cut(annex)
    for role in ("coordinator", "data_officer"):
        assert list(Cut.objects.visible_to(getattr(cast, role))) == [cut]
    for role in ("volunteer", "legal", "health", "administrator", "stranger"):
        assert not Cut.objects.visible_to(getattr(cast, role)).exists()


@pytest.mark.parametrize(
    "role", ["coordinator", "data_officer", "volunteer", "legal", "health", "administrator"]
)
def test_who_may_freeze(cast, role):
    may = role in ("coordinator", "data_officer")
    assert getattr(cast, role).has_perm("intake.freeze_census") is may


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE intake_cut SET numbers = '{}'",
        "UPDATE intake_cut SET note = 'x'",
        "UPDATE intake_cut SET as_of = frozen_at",
        "UPDATE intake_cut SET frozen_by_id = NULL",
        "DELETE FROM intake_cut",
    ],
)
def test_the_database_refuses_to_change_or_delete_it(cut, statement):
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(Cut.objects.values_list("numbers", "note")) == [({"total": 3}, "")]


def test_nor_does_the_orm(cut):
    cut.numbers = {"total": 4}
    for change in (cut.save, cut.delete, Cut.objects.all().delete):
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            change()


def test_it_is_withdrawn_once_and_never_restored(palillo, cast, cut):
    Cut.objects.filter(pk=cut.pk).update(**withdrawn(cast.coordinator))
    again = {"withdrawn_at": None, "withdrawn_by": None, "withdrawn_reason": ""}
    for change in (again, {"withdrawn_reason": "another"}):
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            Cut.objects.filter(pk=cut.pk).update(**change)


def test_one_standing_cut_of_a_moment(palillo, annex, cast, cut):
    make_cut(annex)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_cut(palillo)
    Cut.objects.filter(pk=cut.pk).update(**withdrawn(cast.coordinator))
    make_cut(palillo)
    assert Cut.objects.filter(shelter=palillo, as_of=NOW).count() == 2


def test_a_moment_that_has_not_come(palillo):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_cut(palillo, as_of=timezone.now() + HOUR)


@pytest.mark.parametrize("name", ["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
def test_a_withdrawal_says_who_when_and_why(palillo, cast, name):
    said = withdrawn(cast.coordinator)
    said[name] = "" if name == "withdrawn_reason" else None
    with pytest.raises(IntegrityError), transaction.atomic():
        make_cut(palillo, **said)


def test_postgresql_refuses_to_empty_the_table(cut):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite knows no TRUNCATE; DELETE is refused above")
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else the pending foreign keys object first
        cursor.execute("TRUNCATE intake_cut")
