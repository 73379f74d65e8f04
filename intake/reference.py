"""Loads the code lists of intake/data/ into their tables: missing rows are added, present rows are never touched."""

import csv
from pathlib import Path

from django.apps import apps

DATA = Path(__file__).parent / "data"
# In order of need: a category before what belongs to it.
TABLES = {
    "regions": "Region",
    "languages": "Language",
    "specific_needs": "SpecificNeed",
    "plans": "Plan",
    "legal_outcomes": "LegalOutcome",
    "service_categories": "ServiceCategory",
    "service_types": "ServiceType",
    "goods": "Goods",
    "privacy_notices": "PrivacyNotice",
}


def load(using="default", **_kwargs) -> int:
    """Run after every migrate, any number of times. Returns how many rows were added."""
    return sum(
        load_table(file_name, apps.get_model("intake", model), using) for file_name, model in TABLES.items()
    )


def load_table(file_name, model, using) -> int:
    present = {str(pk) for pk in model.objects.using(using).values_list("pk", flat=True)}
    with (DATA / f"{file_name}.csv").open(newline="", encoding="utf-8") as file:
        rows = [from_row(model, row) for row in csv.DictReader(file)]
    missing = [row for row in rows if str(row.pk) not in present]
    # A tracked list starts its history with the first edit: what was shipped is in the repository.
    model.objects.using(using).bulk_create(missing)
    return len(missing)


def from_row(model, row):
    """An unsaved object of a CSV row; empty cells keep the column's default, relations are named by their code."""
    fields = {model._meta.get_field(name): text for name, text in row.items() if text != ""}
    return model(
        **{
            field.attname: field.target_field.to_python(text) if field.is_relation else field.to_python(text)
            for field, text in fields.items()
        }
    )
