"""The code lists: loaded any number of times, never over what somebody edited."""

import csv
from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone, translation

from intake import computed, reference
from intake.models import Goods, PrivacyNotice, Region, ServiceType, SpecificNeed

pytestmark = pytest.mark.django_db


def rows_of(file_name):
    with (reference.DATA / f"{file_name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("file_name", "model_name"), reference.TABLES.items())
def test_migrating_loads_the_whole_list(file_name, model_name):
    model = apps.get_model("intake", model_name)
    key = model._meta.pk.name
    assert {str(pk) for pk in model.objects.values_list("pk", flat=True)} == {
        row[key] for row in rows_of(file_name)
    }


def test_every_file_of_the_folder_is_loaded():
    assert {path.stem for path in reference.DATA.glob("*.csv")} == set(reference.TABLES)


def test_cells_arrive_in_the_types_of_their_columns():
    kind = ServiceType.objects.get(pk="NFI-BLK")
    assert (kind.category_id, kind.limit_per, kind.limit_count, kind.asks_first) == ("NFI", "stay", 2, True)
    assert Region.objects.get(pk="HN-OL").pcode == "HN15"
    assert SpecificNeed.objects.get(pk="SC-UC").counts_as == "unaccompanied"


def test_empty_cells_keep_the_default_of_the_column():
    assert SpecificNeed.objects.get(pk="SC").category is None
    assert SpecificNeed.objects.get(pk="SC").counts_as == ""
    assert ServiceType.objects.get(pk="FOOD-LUN").retired_on is None


@pytest.mark.parametrize(("file_name", "model_name"), reference.TABLES.items())
def test_every_row_is_one_that_a_form_would_accept(file_name, model_name):
    for row in apps.get_model("intake", model_name).objects.all():
        row.full_clean(validate_unique=False)


def test_loading_again_adds_nothing():
    assert reference.load() == 0


def test_a_missing_row_comes_back():
    Region.objects.filter(pk__in=["HN-OL", "GT-01"]).delete()
    assert reference.load() == 2
    assert Region.objects.get(pk="HN-OL").label_es == "Olancho"


def test_a_category_comes_before_what_belongs_to_it():
    Goods.objects.all().delete()
    ServiceType.objects.all().delete()
    apps.get_model("intake", "ServiceCategory").objects.all().delete()
    names = ("service_types", "service_categories", "goods")
    assert reference.load() == sum(len(rows_of(name)) for name in names)
    assert ServiceType.objects.get(pk="FOOD-LUN").category.label_en == "Food"


def test_an_edited_row_stays_as_it_was_edited():
    today = timezone.localdate()
    ServiceType.objects.filter(pk="CLO-SHO").update(label_es="Chanclas", limit_count=3, retired_on=today)
    PrivacyNotice.objects.filter(pk=1).update(text_es="Otro aviso")
    reference.load()
    shoes = ServiceType.objects.get(pk="CLO-SHO")
    assert (shoes.label_es, shoes.limit_count, shoes.retired_on) == ("Chanclas", 3, today)
    assert PrivacyNotice.objects.get(pk=1).text_es == "Otro aviso"


def test_a_row_of_the_coordinators_own_stays():
    ServiceType.objects.create(code="FOOD-TAM", label_es="Tamal", label_en="Tamal", category_id="FOOD")
    reference.load()
    assert ServiceType.objects.filter(pk="FOOD-TAM").exists()


def test_labels_follow_the_language():
    lunch, notice = ServiceType.objects.get(pk="FOOD-LUN"), PrivacyNotice.objects.latest()
    with translation.override("es"):
        assert (lunch.label, str(lunch), notice.text) == ("Comida", "Comida", notice.text_es)
    with translation.override("en"):
        assert (lunch.label, str(lunch), notice.text) == ("Midday meal", "Midday meal", notice.text_en)


def test_a_retired_row_is_no_longer_offered_from_its_day_on():
    today = timezone.localdate()
    for code, day in [
        ("HN-OL", today),
        ("HN-YO", today - timedelta(days=1)),
        ("HN-VA", today + timedelta(days=1)),
    ]:
        Region.objects.filter(pk=code).update(retired_on=day)
    offered = set(Region.objects.offered().filter(country="HN").values_list("pk", flat=True))
    assert {"HN-OL", "HN-YO"}.isdisjoint(offered)
    assert "HN-VA" in offered
    assert "HN-AT" in offered


def test_the_lists_hold_together():
    """What the code relies on is on the lists."""
    assert set(computed.CODES) <= set(SpecificNeed.objects.values_list("pk", flat=True))
    assert all(region.country == region.code[:2] for region in Region.objects.all())
    assert Region.objects.values("country", "label_es").distinct().count() == Region.objects.count()
