"""Presence, the gate, a round and a departure of many in a real Chromium, with and without JavaScript."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from intake.models import Alert, Departure, Headcount, Sighting, Stay
from tests import factories
from tests.browser.test_looks import check

pytestmark = pytest.mark.browser


@pytest.fixture
def families(palillo, cast):
    now = timezone.now()
    small, large = (
        factories.make_zone(palillo, "A", capacity=4),
        factories.make_zone(palillo, "B", capacity=40),
    )
    found = []
    for size, zone in ((3, small), (2, small), (4, large), (1, None)):
        members = [{"given_names": "Neptalí"}, *[{"age": 8}] * (size - 1)]
        at = now - timedelta(hours=40)
        family = factories.make_family(palillo, *members, by=cast.volunteer, at=at, stay=False)
        for person in family.members.all():
            factories.make_stay(person, at=at, zone=zone)
        found.append(family)
    for family in found[:3]:
        factories.make_card(family)
    return found


def shot(page, name):
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def reads(page, family):
    """As a card reader does: very fast, and Enter."""
    expect(page.locator("input[name=card]")).to_be_focused()
    page.keyboard.type(family.cards.get().code)
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "laptop"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_every_screen_is_accessible_and_fits(open_browser, cast, families, palillo, phone, language):
    page = open_browser(cast.coordinator, phone=phone, language=language)
    child = families[0].members.last()
    Alert.objects.create(shelter=palillo, kind="unaccompanied", person=child, raised_at=timezone.now())
    paths = {
        "presence": "presence/",
        "count": "presence/count/",
        "round": "presence/zones/A/",
        "quiet": "presence/not-seen/",
        "gate": f"families/{families[0].pk}/gate/",
        "departures": "departures/",
        "desk": "",
    }
    for name, path in paths.items():
        page.goto(f"/{language}/{path}")
        check(page, name)
        shot(page, f"{name}-{language}-{'phone' if phone else 'laptop'}")


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "nojs"])
def test_a_round(open_browser, cast, families, javascript):
    page = open_browser(cast.volunteer, phone=True, javascript=javascript)
    page.goto("/es/presence/zones/A/")
    reads(page, families[0])
    assert Sighting.objects.count() == 3
    reads(page, families[2])
    if javascript:
        check(page, "a family of another zone")
    shot(page, f"round-elsewhere-{javascript}")
    with page.expect_navigation():
        page.click("[value=bring]")
    with page.expect_navigation():
        page.click("[value=here]")
    with page.expect_navigation():
        page.click("[value=more]")
    expect(page.locator(".big")).to_have_text("9")
    shot(page, f"round-full-{javascript}")
    with page.expect_navigation():
        page.click("[value=finish]")
    counted = Headcount.objects.get()
    assert (counted.people, counted.without_card, counted.registered) == (10, 1, 9)
    shot(page, f"presence-counted-{javascript}")


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "nojs"])
def test_out_and_undone_at_the_gate(open_browser, cast, families, javascript):
    page = open_browser(cast.volunteer, phone=True, javascript=javascript)
    page.goto("/es/presence/")
    reads(page, families[0])
    page.select_option("#id_to", "north")
    with page.expect_navigation():
        page.click("[value=out]")
    assert Stay.objects.open().count() == 7
    if javascript:
        check(page, "a family that left")
    shot(page, f"gate-left-{javascript}")
    with page.expect_navigation():
        page.get_by_role("button", name="Deshacer la salida").click()
    assert Stay.objects.open().count() == 10


def test_many_leave_and_are_back(open_browser, cast, families):
    page = open_browser(cast.coordinator, phone=True)
    page.goto("/es/departures/")
    page.fill("#id_cards", "\n".join(family.cards.get().code for family in families[:2]))
    page.locator("[name=to][value=north]").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Ver quiénes saldrían").click()
    check(page, "confirm")
    shot(page, "confirm")
    with page.expect_navigation():
        page.get_by_role("button", name="Registrar la salida").click()
    assert Departure.objects.get().stays.count() == 5
    check(page, "done")
    shot(page, "done")
    with page.expect_navigation():
        page.get_by_role("button", name="Deshacer la salida").click()
    assert Stay.objects.open().count() == 10


def test_a_torn_family_is_named_before_it_happens(open_browser, cast, families):
    Stay.objects.filter(person=families[1].members.last()).delete()
    factories.make_stay(families[1].members.last(), at=timezone.now() - timedelta(hours=1))
    page = open_browser(cast.coordinator, phone=True)
    page.goto("/es/departures/")
    page.select_option("#id_zone", label="Zona A")
    page.locator("[name=to][value=north]").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Ver quiénes saldrían").click()
    check(page, "confirm with a torn family")
    shot(page, "confirm-torn")
    expect(page.locator("[name=leave_out]")).to_be_checked()
