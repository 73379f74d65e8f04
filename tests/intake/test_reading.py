"""Who was shown is on the trail; very many families in an hour raise an alarm, and more stop."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from intake import reading
from intake.alarms import alarms_for
from intake.ids import uuid7
from shelters import audit
from shelters.audit import Action
from shelters.models import AccessEvent
from tests import factories


def lines(action, **of):
    return AccessEvent.objects.filter(action=action, **of)


@pytest.fixture
def open_many(palillo):
    """So many families this account opened a moment ago."""

    def opened(user, n, minutes=10):
        at = timezone.now() - timedelta(minutes=minutes)
        events = [
            audit.unsaved(Action.FAMILY_OPENED, by=user, shelter=palillo, subject=None, detail={})
            for _each in range(n)
        ]
        for event in events:
            event.at, event.subject_type, event.subject_id = at, "intake.Family", str(uuid7())
        audit.record_all(events)

    return opened


def page(family):
    return reverse("intake:family", args=[family.pk])


# --- shown -------------------------------------------------------------------------------------------------------


def test_a_search_names_whom_it_showed_once_an_hour(volunteer, cast, family, palillo):
    for _again in range(2):
        volunteer.post("/es/search/", {"q": "neptali"})
    assert lines("searched").count() == 2
    (shown,) = lines("family_shown")
    assert (shown.user, shown.shelter, shown.subject_id) == (cast.volunteer, palillo, str(family.pk))
    assert shown.detail == {}


def test_a_search_that_finds_nobody_shows_nobody(volunteer, family):
    volunteer.post("/es/search/", {"q": "zacarias"})
    assert lines("searched").get().detail == {"found": 0, "card": False}
    assert not lines("family_shown").exists()


def test_after_an_hour_it_is_told_again(volunteer, cast, family, palillo, monkeypatch):
    volunteer.post("/es/search/", {"q": "neptali"})
    monkeypatch.setattr(reading, "AN_HOUR", timedelta(0))
    volunteer.post("/es/search/", {"q": "neptali"})
    assert lines("family_shown").count() == 2


def test_the_event_of_a_search_costs_the_same_however_many(
    volunteer, palillo, cast, django_assert_max_num_queries
):
    for _n in range(6):
        factories.make_family(palillo, {"given_names": "Neptalí"}, by=cast.volunteer)
    with django_assert_max_num_queries(26):
        volunteer.post("/es/search/", {"q": "neptali"})
    assert lines("family_shown").count() == 6


# --- opened ------------------------------------------------------------------------------------------------------


def test_sixty_in_an_hour_raise_the_alarm_once(volunteer, cast, family, open_many, palillo):
    open_many(cast.volunteer, 58)
    volunteer.get(page(family))
    assert not lines("many_opened").exists()
    for _n in range(2):
        another = factories.make_family(palillo, by=cast.volunteer)
        assert volunteer.get(page(another)).status_code == 200
    told = lines("many_opened").get()
    assert (told.user, told.shelter, told.subject_id) == (cast.volunteer, palillo, str(cast.volunteer.pk))
    assert told.detail == {"families": 60}


def test_opening_the_same_one_again_is_not_one_more(volunteer, cast, family, open_many):
    open_many(cast.volunteer, 58)
    for _n in range(5):
        volunteer.get(page(family))
    assert not lines("many_opened").exists()


def test_what_was_longer_ago_does_not_count(volunteer, cast, family, open_many):
    open_many(cast.volunteer, 250, minutes=61)
    assert volunteer.get(page(family)).status_code == 200
    assert not lines("many_opened").exists()


@pytest.mark.parametrize("role", ["volunteer", "legal", "health"])
def test_beyond_two_hundred_no_other_opens(cast, sign_in, family, open_many, role, palillo):
    user = getattr(cast, role)
    client = sign_in(user)
    open_many(user, 199)
    assert client.get(page(family)).status_code == 200
    other = factories.make_family(palillo, {"given_names": "Berta"}, by=cast.volunteer)
    for _again in range(2):
        refused = client.get(page(other))
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "600"
        assert "coordina" in refused.text
        assert "Berta" not in refused.text
    assert not lines("family_opened", subject_id=str(other.pk)).exists()
    assert lines("reading_stopped", user=user, shelter=palillo).count() == 1
    assert client.get(page(family)).status_code == 200  # opened before
    head = family.members.first()
    form = reverse("intake:intention-add", args=[head.pk])
    assert client.post(form, {"plan": "MEX-STAY"}).status_code == 302  # and what was typed there is stored


def test_the_stop_is_told_also_where_the_page_holds_a_lock(volunteer, cast, family, open_many):
    open_many(cast.volunteer, 200)
    assert volunteer.get(reverse("intake:family-edit", args=[family.pk])).status_code == 429
    assert lines("reading_stopped").count() == 1


@pytest.mark.parametrize("path", ["presence/", "clothes/", "search/"])
def test_a_card_in_somebodys_hand_opens_always(volunteer, cast, family, open_many, path, palillo):
    """Nobody is refused anything by the software: who stands in front with a card is served."""
    factories.make_station(palillo)
    open_many(cast.volunteer, 230)
    card = factories.make_card(family)
    answer = volunteer.post(f"/es/{path}", {"card": card.code, "code": card.code, "q": card.code})
    assert answer.status_code == 302
    assert lines("card_scanned", subject_id=str(family.pk)).exists()
    assert volunteer.get(answer.url).status_code == 200


def test_those_whom_one_registered_oneself_are_no_leafing(volunteer, cast, family, open_many):
    open_many(cast.volunteer, 230)
    audit.record(Action.FAMILY_REGISTERED, by=cast.volunteer, shelter=family.shelter, subject=family)
    assert volunteer.get(page(family)).status_code == 200


def test_whoever_has_the_lists_is_not_stopped_but_told_of(coordinator, cast, family, open_many):
    open_many(cast.coordinator, 230)
    assert coordinator.get(page(family)).status_code == 200
    assert coordinator.get(reverse("admin:intake_family_change", args=[family.pk])).status_code == 200
    assert lines("many_opened", user=cast.coordinator).count() == 1


# --- the alarm ---------------------------------------------------------------------------------------------------


@pytest.fixture
def alarmed(volunteer, cast, family, open_many):
    open_many(cast.volunteer, 73)
    volunteer.get(page(family))


def test_a_coordinator_sees_it_on_the_first_page_until_somebody_looked(coordinator, cast, alarmed):
    first = coordinator.get(reverse("admin:index"))
    (alarm,) = first.context["alarms"]
    assert alarm.families == 74
    assert "volunteer abrió 74 familias sin sus tarjetas" in first.text
    assert alarm.address in first.text
    assert coordinator.get(alarm.address).status_code == 200
    assert coordinator.get(reverse("admin:index")).context["alarms"] == []


def test_only_those_who_may_read_the_trail_see_it(cast, sign_in, annex, alarmed):
    elsewhere = factories.make_user("coordinator", shelters=[annex])
    assert alarms_for(cast.coordinator) != []
    assert alarms_for(cast.data_officer) != []
    for user in (cast.administrator, cast.volunteer, elsewhere):
        assert alarms_for(user) == []
    assert sign_in(cast.administrator).get(reverse("admin:index")).context["alarms"] == []


def test_nobody_settles_an_alarm_about_oneself(coordinator, cast, family, open_many):
    open_many(cast.coordinator, 80)
    coordinator.get(page(family))
    coordinator.get(reverse("admin:shelters_accessevent_account", args=[cast.coordinator.pk]))
    assert len(alarms_for(cast.coordinator)) == 1
    assert len(alarms_for(cast.data_officer)) == 1


def test_the_situation_page_counts_it(coordinator, alarmed, palillo):
    situation = coordinator.get(reverse("reports:page", args=["situation"]))
    (line,) = (each for each in situation.context["decisions"] if each.what.code == "readers")
    assert tuple(line.waiting) == (1, None)
    assert line.address == reverse("admin:index")


def test_a_stop_says_so(volunteer, coordinator, cast, family, open_many):
    open_many(cast.volunteer, 200)
    volunteer.get(page(family))
    (alarm,) = alarms_for(cast.coordinator)
    assert alarm.words.endswith("Después se detuvo.")
