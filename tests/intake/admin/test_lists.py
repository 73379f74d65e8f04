"""The lists that coordinators own."""

from django.utils import timezone

from intake.models import PrivacyNotice, ServiceCategory, ServiceType
from tests.intake.admin.pages import address, change, sent_from


def test_a_coordinator_adds_a_service_in_both_languages(coordinator, family):
    page = address("servicetype", "add/")
    sent = sent_from(coordinator, page) | {
        "code": "FOOD-AGUA",
        "label_es": "Agua",
        "label_en": "Water",
        "category": ServiceCategory.objects.first().pk,
    }
    assert coordinator.post(page, sent).status_code == 302
    assert ServiceType.objects.get(pk="FOOD-AGUA").label_en == "Water"


def test_services_are_corrected_and_added_on_the_page_of_their_category(coordinator, db):
    category = ServiceCategory.objects.filter(types__isnull=False).first()
    count = category.types.count()
    first = category.types.first()
    new = {
        f"types-{count}-{name}": value
        for name, value in {"code": "NUEVO-1", "label_es": "Nuevo", "label_en": "New"}.items()
    }
    new |= {
        f"types-{count}-{name}": value
        for name, value in {"unit": "item", "per": "person", "limit_per": "none", "limit_count": 1}.items()
    }
    new |= {
        f"types-{count}-sensitivity": "open",
        f"types-{count}-position": 99,
        "types-TOTAL_FORMS": count + 1,
    }
    assert change(coordinator, category, **new, **{"types-0-label_es": "Otro nombre"}).status_code == 302
    assert category.types.count() == count + 1
    first.refresh_from_db()
    assert first.label_es == "Otro nombre"


def test_a_list_with_room_for_one_name_shows_that_of_the_page(coordinator, db):
    meal = ServiceType.objects.get(pk="FOOD-LUN")
    for language, shown in (("es", meal.label_es), ("en", meal.label_en)):
        page = coordinator.get(address("servicetype").replace("/es/", f"/{language}/"), {"q": meal.pk})
        (row,) = page.context["cl"].result_list
        assert shown in page.text.partition('id="result_list"')[2].partition("</table>")[0], row


def test_a_code_lasts(coordinator, db):
    kind = ServiceType.objects.first()
    change(coordinator, kind, code="OTRO", label_es="Otro nombre")
    kind.refresh_from_db()
    assert kind.label_es == "Otro nombre"
    assert not ServiceType.objects.filter(pk="OTRO").exists()


def test_a_service_is_retired_and_no_longer_offered(coordinator, family):
    coordinator.post(address("servicetype"), {"action": "retire", "_selected_action": "FOOD-LUN", "index": 0})
    assert ServiceType.objects.get(pk="FOOD-LUN").retired_on == timezone.localdate()
    offered = (
        coordinator.get(address("servicereceived", "add/"))
        .context["adminform"]
        .form.fields["service_type"]
        .queryset
    )
    assert not offered.filter(pk="FOOD-LUN").exists()
    assert coordinator.get(address("servicetype", "?retired=yes")).context["cl"].result_count == 1


def test_search_in_lists_is_blind_to_accents(coordinator, db):
    assert coordinator.get(address("region"), {"q": "atlantida"}).context["cl"].result_count == 1


def test_a_list_tells_how_many_rows_it_has_and_says_of_no_row_that_it_was_searched_for(coordinator, db):
    page = coordinator.get(address("region"))
    rows = page.context["cl"].result_count
    assert f"{rows:,} departamentos" in page.text
    assert "resultados" not in page.text
    assert 'class="small" href="?"' not in page.text
    assert 'class="small" href="?"' in coordinator.get(address("region"), {"q": "atlantida"}).text


def test_a_notice_that_was_answered_to_is_not_edited(coordinator, family):
    page = address("privacynotice", f"{family.notice_id}/change/")
    assert coordinator.get(page).status_code == 200
    assert coordinator.post(page, {"text_es": "x", "text_en": "x"}).status_code == 404
    add = address("privacynotice", "add/")
    sent = sent_from(coordinator, add) | {"text_es": "Aviso", "text_en": "Notice"}
    assert coordinator.post(add, sent).status_code == 302
    assert PrivacyNotice.objects.latest().version == family.notice_id + 1
