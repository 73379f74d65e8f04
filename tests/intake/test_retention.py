"""The policy is complete, and says of each table what can be done with it."""

import pytest
from django.apps import apps
from django.db import connection, models

from intake import retention
from intake.models import Family, Person
from intake.retention import ACCOUNTS, HISTORIES, NOT_ABOUT_THEM, TABLES, WITHOUT_MODEL, Then, losing

MODELS = {
    model._meta.label: model
    for model in apps.get_models(include_auto_created=True)
    if model._meta.managed and not model._meta.proxy
}
VERSIONS = {label for label, model in MODELS.items() if hasattr(model, "history_change_reason")}


def columns(model):
    return {field.name for field in model._meta.concrete_fields}


def test_every_table_has_rules_or_a_reason_for_none():
    ruled = {*TABLES, *ACCOUNTS}
    assert set(MODELS) - VERSIONS - ruled - set(NOT_ABOUT_THEM) == set()
    assert ruled & set(NOT_ABOUT_THEM) == set(TABLES) & set(ACCOUNTS) == set()
    assert (ruled | set(NOT_ABOUT_THEM)) - set(MODELS) == set()
    assert HISTORIES == Then.DELETED


def test_whatever_loses_something_is_written_anew_with_its_versions():
    assert {"intake_person", "intake_historicalperson", "intake_card", "shelters_user"} <= set(losing())
    assert not {"shelters_accessevent", "intake_tombstone"} & set(losing())


def test_every_table_without_a_model_is_known(db):
    named = {model._meta.db_table for model in MODELS.values()}
    beside = {"django_migrations", "sqlite_sequence", *WITHOUT_MODEL}
    assert set(connection.introspection.table_names()) - named - beside == set()


@pytest.mark.parametrize("label", [*TABLES, *ACCOUNTS])
def test_every_column_has_one_rule(label):
    named = [name for rule in {**TABLES, **ACCOUNTS}[label].rules for name in rule.fields.split()]
    assert sorted(named) == sorted(columns(MODELS[label]))


@pytest.mark.parametrize("label", sorted({*NOT_ABOUT_THEM, *ACCOUNTS}))
def test_what_is_said_to_be_about_nobody_points_at_nobody(label):
    """A new link to a person, a family or anything of theirs moves a table into the policy."""
    theirs = {MODELS[name] for name in TABLES if TABLES[name].of} | {Person, Family}
    links = [field for field in MODELS[label]._meta.concrete_fields if field.is_relation]
    assert [field.name for field in links if field.related_model in theirs] == []


@pytest.mark.parametrize("label", TABLES)
def test_a_text_without_choices_is_emptied_or_nobodys_words(label):
    """What somebody typed freely may name anybody."""
    kept = TABLES[label].fields(Then.KEPT)
    typed = [
        field.name
        for field in MODELS[label]._meta.concrete_fields
        if isinstance(field, models.TextField)
        or (isinstance(field, models.CharField) and field.max_length > 80)
    ]
    assert [
        name for name in typed if name in kept and (label, name) != ("sessions.Session", "session_data")
    ] == []


@pytest.mark.parametrize("label", [label for label in TABLES if TABLES[label].of])
def test_each_way_leads_to_people_or_families(label, db):
    model, table = MODELS[label], TABLES[label]
    assert retention.is_about(label) in ("person", "family")
    assert list(retention.rows_of(model, table, [])) == []
    for name, value in retention.emptied(model, table).items():
        field = model._meta.get_field(name)
        assert value is not None or field.null
