"""Emergency access on its pages: asked with a reason, granted by a coordinator, shown all the while, reviewed."""

import re

import pytest
from django.urls import reverse

from intake.reports.decisions import break_glass as waiting
from shelters.alarms import of_everything
from shelters.break_glass import BreakGlass
from shelters.models import AccessEvent
from tests import factories
from tests.factories import PASSWORD
from tests.intake.pages import stored

LIST, INDEX = "/es/break-glass/", "/es/admin/"
BANNER = 'class="glass"'
ASKS = 'name="proof"'


@pytest.fixture
def administrator(cast, sign_in):
    return sign_in(cast.administrator)


@pytest.fixture
def officer(cast, sign_in):
    return sign_in(cast.data_officer)


@pytest.fixture
def glass(cast, palillo):
    return factories.make_glass(palillo, by=cast.administrator, granted_by=cast.coordinator)


def ask(client, shelter, **more):
    return client.post(LIST, {"shelter": shelter.pk, "reason": "Nadie puede venir.", **more})


def address(glass):
    return f"{LIST}{glass.pk}/"


def told(*actions):
    events = AccessEvent.objects.filter(action__startswith="break_glass").order_by("id")
    return list(events.values_list("action", "user__username", "shelter__code"))


def test_asked_granted_read_given_back_and_reviewed(
    administrator, coordinator, officer, palillo, annex, family, cast
):
    elsewhere = factories.make_family(annex, {"given_names": "Reina"})
    page, there = (reverse("intake:family", args=[each.pk]) for each in (family, elsewhere))
    assert administrator.get(page).status_code == 404
    answer = ask(administrator, palillo)
    glass = BreakGlass.objects.get()
    assert answer.url == address(glass)
    assert administrator.get(page).status_code == 404  # not yet
    assert "pide acceso de emergencia" in coordinator.get(INDEX).text
    assert waiting(palillo).number == 1
    coordinator.post(address(glass), {"decision": "grant"})
    shown = administrator.get(page)
    assert (shown.status_code, BANNER in shown.text, "Neptalí" in shown.text) == (200, True, True)
    assert administrator.get(there).status_code == 404
    administrator.post(address(glass), {"decision": "end"})
    assert administrator.get(page).status_code == 404
    assert BANNER not in administrator.get(INDEX).text
    review = officer.get(address(glass)).text
    assert "Familia consultada" in review
    officer.post(address(glass), {"decision": "review"})
    glass.refresh_from_db()
    assert (glass.state, glass.reviewed_by, waiting(palillo).number) == ("reviewed", cast.data_officer, 0)
    assert "acceso de emergencia a" not in coordinator.get(INDEX).text
    steps = [("asked", "administrator"), ("granted", "coordinator"), ("ended", "administrator")]
    steps.append(("reviewed", "data_officer"))
    assert told() == [(f"break_glass_{step}", who, "palillo") for step, who in steps]


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_page_says_it_until_when(cast, administrator, coordinator, glass, family, language):
    until = {"es": "hasta el", "en": "until"}[language]
    pages = ["admin/", "admin/intake/family/", f"families/{family.pk}/", "account/sessions/", "my-acts/"]
    for page in [*pages, "break-glass/", f"admin/intake/person/{family.members.first().pk}/change/"]:
        text = administrator.get(f"/{language}/{page}").text
        assert text.count(BANNER) == 1, page
        assert "Estadio Palillo" in text.partition(BANNER)[2]
        assert until in text.partition(BANNER)[2]
    assert BANNER not in coordinator.get(f"/{language}/").text


def test_lists_of_the_shelter_to_read_and_nothing_to_change(administrator, glass, family, annex):
    factories.make_family(annex, {"given_names": "Reina"})
    for table in ("family", "person", "stay", "servicereceived", "personneed", "intention"):
        page = administrator.get(f"/es/admin/intake/{table}/")
        assert (page.status_code, "Reina" in page.text) == (200, False), table
    assert "Neptalí" in administrator.get("/es/admin/intake/person/").text
    before, person = stored(), family.members.first()
    for form in (
        f"admin/intake/family/{family.pk}/change/",
        f"admin/intake/person/{person.pk}/change/",
        f"families/{family.pk}/edit/",
        f"families/{family.pk}/service/",
        f"people/{person.pk}/",
    ):
        assert administrator.post(f"/es/{form}", {"given_names": "X"}).status_code == 404, form
    assert stored() == before


def test_the_page_of_the_family_offers_what_this_reader_may_do(administrator, volunteer, glass, family):
    factories.make_service(family.members.first(), "FOOD-LUN")
    page = f"/es/families/{family.pk}/"
    offered = re.compile(r'href="/es/(?:families|people|services)/[^"/]+/(\w*)/?"')
    usual = {
        "clothes",
        "service",
        "gate",
        "departure",
        "edit",
        "add",
        "split",
        "",
        "plan",
        "need",
        "cancel",
        "card",
    }
    assert set(offered.findall(volunteer.get(page).text)) == usual
    assert offered.findall(administrator.get(page).text.replace(f'"{page}"', "")) == []


def test_what_is_reserved_stays_reserved(administrator, glass, family, cast):
    factories.make_service(family.members.first(), "LEG-ASY", outcome_id="ASY-WISH")
    factories.make_note(family.members.first(), "pide asilo", by=cast.legal)
    page = administrator.get(f"/es/families/{family.pk}/").text
    assert "Reservado" in page
    assert "asilo" not in page
    assert administrator.get(f"/es/people/{family.members.first().pk}/notes/legal/").status_code == 404


@pytest.mark.parametrize(
    "page",
    [
        "admin/reports/", "admin/reports/records/", "admin/reports/census.csv?shelter=palillo",
        "admin/intake/cardbatch/", "admin/intake/lookalike/", "admin/intake/alert/", "presence/",
    ],
)  # fmt: skip
def test_no_files_no_reports_no_desk(administrator, glass, page):
    assert administrator.get(f"/es/{page}").status_code == 404


def test_the_trail_stays_that_of_accounts(administrator, glass, family, cast):
    factories.make_family(family.shelter, by=cast.volunteer)
    assert administrator.get(f"/es/admin/intake/family/{family.pk}/looked/").status_code == 404
    assert "/looked/" not in administrator.get(f"/es/admin/intake/family/{family.pk}/change/").text
    page = administrator.get("/es/admin/shelters/accessevent/")
    assert all(event.shelter_id is None for event in page.context["cl"].result_list)


def test_every_opening_is_on_the_trail(administrator, glass, family, cast):
    administrator.get(f"/es/families/{family.pk}/")
    administrator.get("/es/admin/intake/person/")
    of_them = AccessEvent.objects.filter(user=cast.administrator, shelter=family.shelter)
    assert {"family_opened", "listed", "family_shown"} <= set(of_them.values_list("action", flat=True))


def test_an_empty_list_is_told_to_that_shelter_alone(administrator, cast, annex, palillo):
    factories.make_glass(palillo, by=cast.administrator)
    administrator.get("/es/admin/intake/person/")
    listed = AccessEvent.objects.filter(user=cast.administrator, action="listed")
    assert [event.shelter for event in listed] == [palillo]


def test_whom_a_banner_would_tell_nothing_reads_none(coordinator, glass, family):
    for page in ("/es/", "/es/admin/", f"/es/families/{family.pk}/"):
        assert BANNER not in coordinator.get(page).text


def test_no_reason_no_request(administrator, palillo):
    for reason in ("", "   ", "\u202e", "x" * 301):
        answer = ask(administrator, palillo, reason=reason)
        assert (answer.status_code, "reason" in answer.context["form"].errors) == (422, True)
    answer = administrator.post(LIST, {"shelter": "999999", "reason": "Por si acaso"})
    assert (answer.status_code, "Por si acaso" in answer.text) == (422, True)
    assert administrator.post(LIST).status_code == 422
    assert not BreakGlass.objects.exists()


def test_who_asks_proves_who_is_there(cast, sign_in, palillo):
    client = sign_in(cast.administrator, proven=False)
    assert ASKS in client.get(LIST).text
    answer = ask(client, palillo)
    assert (answer.status_code, "Nadie puede venir." in answer.text) == (422, True)
    assert not BreakGlass.objects.exists()
    assert ask(client, palillo, proof=PASSWORD).status_code == 302


def test_who_grants_proves_it_too_and_who_refuses_need_not(cast, sign_in, administrator, palillo):
    client = sign_in(cast.coordinator, proven=False)
    ask(administrator, palillo)
    glass = BreakGlass.objects.get()
    assert ASKS in client.get(address(glass)).text
    for proof in ({}, {"proof": "otra cosa"}):
        assert client.post(address(glass), {"decision": "grant", **proof}).status_code == 422
    glass.refresh_from_db()
    assert glass.state == "waiting"
    client.post(address(glass), {"decision": "refuse"})
    glass.refresh_from_db()
    assert glass.state == "declined"
    assert [action for action, _who, _where in told()] == ["break_glass_asked", "break_glass_refused"]


def test_asking_twice_is_asking_once(administrator, coordinator, palillo):
    for _time in range(2):
        ask(administrator, palillo)
    coordinator.post(address(BreakGlass.objects.get()), {"decision": "grant"})
    ask(administrator, palillo)
    assert BreakGlass.objects.count() == 1


def test_nobody_grants_their_own_nor_what_is_decided(administrator, coordinator, palillo, cast):
    ask(administrator, palillo)
    glass = BreakGlass.objects.get()
    assert (
        "no se cambió nada"
        in administrator.post(address(glass), {"decision": "grant"}, follow=True).text.lower()
    )
    coordinator.post(address(glass), {"decision": "refuse"})
    coordinator.post(address(glass), {"decision": "grant"})
    glass.refresh_from_db()
    assert glass.state == "declined"


@pytest.mark.parametrize("word", ["", "prolong"])
def test_other_words_mean_nothing(coordinator, glass, word):
    assert coordinator.post(address(glass), {"decision": word}).status_code == 404


@pytest.mark.parametrize("role", ["volunteer", "legal", "health"])
def test_others_do_not_find_it(cast, sign_in, glass, role):
    client = sign_in(getattr(cast, role))
    for page in (LIST, address(glass)):
        assert client.get(page).status_code == 404
        assert client.post(page, {"decision": "end"}).status_code == 404


def test_elsewhere_it_is_not_there(sign_in, glass, annex, coordinator):
    client = sign_in(factories.make_user("coordinator", shelters=[annex]))
    assert client.get(address(glass)).status_code == 404
    assert "acceso de emergencia" not in client.get(INDEX).context["alarms"]
    assert client.get(INDEX).context["alarms"] == []
    assert client.post(LIST, {"reason": "x"}).status_code == 404  # coordinators do not ask


def test_all_coordinators_are_told_until_another_than_the_granter_has_looked(
    sign_in, coordinator, administrator, glass, palillo
):
    second = sign_in(factories.make_user("coordinator", shelters=[palillo]))
    for client in (coordinator, second):
        for page in (INDEX, "/es/"):
            assert "lee los expedientes de Estadio Palillo" in client.get(page).text
    administrator.post(address(glass), {"decision": "end"})
    coordinator.post(address(glass), {"decision": "review"})
    for client in (coordinator, second):
        assert "Alguien tiene que revisar" in client.get(INDEX).text
    second.post(address(glass), {"decision": "review"})
    for client in (coordinator, second):
        assert client.get(INDEX).context["alarms"] == []


def test_whoever_runs_the_machine_is_told_of_the_shelter_and_of_nobody(
    cast, officer, administrator, glass, palillo
):
    (alarm,) = [each for each in of_everything() if each.code == "break_glass"]
    assert str(palillo) in alarm.words
    assert not [each for each in vars(cast).values() if each.get_username() in alarm.words + alarm.advice]
    administrator.post(address(glass), {"decision": "end"})
    officer.post(address(glass), {"decision": "review"})
    assert "break_glass" not in {each.code for each in of_everything()}


def test_a_volunteer_is_not_told(volunteer, glass):
    assert "emergencia" not in volunteer.get("/es/").text


def test_a_coordinator_ends_it_before_its_time(coordinator, administrator, glass, family):
    coordinator.post(address(glass), {"decision": "end"})
    assert administrator.get(f"/es/families/{family.pk}/").status_code == 404


def test_the_review_shows_what_was_read_there_and_then(cast, administrator, officer, glass, palillo, annex):
    mine, theirs = (factories.make_family(each, {"given_names": "Neptalí"}) for each in (palillo, annex))
    administrator.get(f"/es/families/{mine.pk}/")
    AccessEvent.objects.create(
        user=cast.administrator, action="family_opened", shelter=annex, subject_id=str(theirs.pk)
    )
    page = officer.get(address(glass))
    opened = [line.event for line in page.context["lines"] if line.event.action == "family_opened"]
    assert [event.subject_id for event in opened] == [str(mine.pk)]
    assert AccessEvent.objects.filter(user=cast.data_officer, action="trail_opened").count() == 1
    assert "lines" not in administrator.get(address(glass)).context


def test_what_was_on_its_way_when_it_was_given_back_is_reviewed_as_well(
    cast, administrator, officer, glass, palillo
):
    administrator.post(address(glass), {"decision": "end"})
    AccessEvent.objects.create(user=cast.administrator, action="listed", shelter=palillo)
    lines = officer.get(address(glass)).context["lines"]
    assert "listed" in [line.event.action for line in lines]


def test_whose_other_role_reads_files_is_told_why_not(sign_in, palillo, cast):
    from shelters import roles

    roles.grant(cast.administrator, roles.Coordinator)
    client = sign_in(cast.administrator)
    page = client.get(LIST)
    assert (page.status_code, "Otra función de su cuenta" in page.text) == (200, True)
    assert ask(client, palillo).status_code == 404
