"""Two shelters that differ in a secret alone look the same to whoever may not know it, on every page and in every file.

The secret: which legal and which health service somebody had, what came of it and what was written beside it; and
which protection need somebody has. That there was one, a report tells as a total, and the family's page as "reserved".
"""

import io
import logging
import re
import zipfile
from types import SimpleNamespace

import pytest
import time_machine
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import RequestFactory
from django.urls import resolve, reverse
from django.utils import timezone

from intake.models import PersonNeed, ServiceReceived
from intake.reports.base import REPORTS
from intake.views import family as family_views
from tests import factories
from tests.addresses import addresses
from tests.intake.pages import export
from tests.world import accounts, one_of_each

pytestmark = pytest.mark.django_db
CANARY = "Canario azul"  # written beside what is reserved; stands nowhere else
UNLIKE = re.compile(  # what differs between two drawings of one page: keys and tokens
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|accessevent/\d+|n\.º \d+"
    r"|(?<=value=.)[\w-]{64}(?=\W)|(?<=.token.: .)\w{64}"
)
ONE = {
    "legal": {"service_type": "LEG-ASY", "outcome": "ASY-WISH", "words": CANARY},
    "health": {"service_type": "MED-CON", "outcome": None, "words": CANARY},
    "need": "SV-VO",
}
OTHER = {
    "legal": {"service_type": "LEG-RET", "outcome": "RET-DONE", "words": "Otra cosa"},
    "health": {"service_type": "MED-LAB", "outcome": None, "words": "Otra cosa"},
    "need": "SV-FM",
}
# Lists that hold a secret or stand beside one, and what their filters could ask about it.
BESIDE = (
    "family",
    "person",
    "servicereceived",
    "personneed",
    "tally",
    "intention",
    "goodsmovement",
    "accessevent",
)
VALUES = {"service_type": ("LEG-ASY", "MED-CON"), "need": ("SV-VO", "SV-FM"), "cancelled": ("yes", "no")}
# What each role may know, and so is left as it is.
KNOWS = {
    "volunteer": set(),
    "coordinator": set(),
    "data_officer": set(),
    "administrator": set(),
    "legal": {"legal", "need"},
    "health": {"health", "need"},
}
NEW_EACH_TIME = "mfa_activate_totp"  # a key for a phone, made anew


@pytest.fixture(autouse=True)
def one_moment():
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False):
        yield


@pytest.fixture
def world(palillo, annex):
    people = accounts(palillo, annex)
    world = one_of_each(palillo, by=people["volunteer", "own"], coordinator=people["coordinator", "own"])
    world.people = people
    world.secret = SimpleNamespace(
        legal=factories.make_service(world.person, "LEG-ASY", at=world.now, by=people["legal", "own"]),
        health=factories.make_service(world.person, "MED-CON", at=world.now, by=people["health", "own"]),
        need=factories.make_need(world.person, "SV-VO", at=world.now, by=people["legal", "own"]),
    )
    tell(world, ONE, {"legal", "health", "need"})
    return world


def tell(world, secret, kinds):
    """Write the secret into the records, without a version: it was never otherwise."""
    for kind in kinds & {"legal", "health"}:
        said, row = secret[kind], getattr(world.secret, kind)
        values = {"service_type": said["service_type"], "outcome": said["outcome"]}
        values["override_reason"] = said["words"]
        for rows in (ServiceReceived.objects.filter(pk=row.pk), ServiceReceived.history.filter(id=row.pk)):
            rows.update(**values)
    if "need" in kinds:
        for rows in (
            PersonNeed.objects.filter(pk=world.secret.need.pk),
            PersonNeed.history.filter(id=world.secret.need.pk),
        ):
            rows.update(need=secret["need"], reason=CANARY if secret is ONE else "Otra cosa")


# --- pages -------------------------------------------------------------------------------------------------------


def looks(client, asked) -> dict[str, str]:
    """What each of these answers, without what differs anyway. Asking leaves a trail, which is taken back."""
    found = {}
    with transaction.atomic():
        for path, data in asked:
            answer = client.get(path) if data is None else export(client, path, **data)
            found[path, str(data)] = f"{answer.status_code} {UNLIKE.sub('', text_of(answer))}"
        transaction.set_rollback(True)
    return found


def text_of(answer) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if not body.startswith(b"PK"):
        return body.decode() + answer.headers.get("Location", "")
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


def asked_by(world, role) -> list[tuple]:
    """(address, None to get it or answers for an export) of everything this role may open."""
    user = world.people[role, "own"]
    opened = [each for each in addresses(world) if each.page.is_open_to(user) and each.name != NEW_EACH_TIME]
    asked = [(each.full, None) for each in opened]
    for each in opened:
        if each.name.endswith("_changelist"):
            asked += [(f"{each.path}?{query}", None) for query in queries_of(each, user, world)]
    if user.has_perm("intake.view_reports"):
        asked += [(path, None) for path in numbers_of(world)]
        asked += files_of(world)
    return asked


def queries_of(address, user, world):
    """Searched, ordered by each column, and filtered by everything the secret could be."""
    request = RequestFactory().get("/")
    request.user, request.resolver_match = user, resolve(address.path)
    name = address.name.removesuffix("_changelist").rpartition("_")[2]
    if name not in BESIDE:
        return
    table = next(each for model, each in admin.site._registry.items() if model._meta.model_name == name)
    yield "q=zzyzx"
    yield from (f"o={number}" for number in range(1, len(table.list_display) + 1))
    for lookup in table.offered_lookups(request):
        for value in VALUES.get(lookup.partition("__")[0], (world.organization.pk,)):
            yield f"{lookup}={value}"


def numbers_of(world):
    """The records behind some numbers of each report."""
    for slug in REPORTS:
        for cell in ("total", "reserved", "LEG", "MED", "legal"):
            yield reverse("reports:records", args=[slug], query={"shelter": world.shelter.code, "cell": cell})


def files_of(world):
    for slug, report in REPORTS.items():
        shown = {"shelter": world.shelter, "reader": world.coordinator, "codes": False, "as_of": world.now}
        shown |= {"since": world.shelter.today(), "until": world.shelter.today()}
        codes = [table.code for table in report.tables(shown) if table.in_files]
        for kind in ("csv", "hxl", "xlsx"):
            for code in codes if kind != "xlsx" else codes[:1]:
                query = {"shelter": world.shelter.code, "table": code}
                for outside in ("no", "yes"):
                    yield reverse(f"reports:{kind}", args=[slug], query=query), {"outside": outside}


@pytest.mark.parametrize("role", KNOWS)
def test_a_secret_changes_no_answer_for_who_may_not_know_it(world, sign_in, role, caplog):
    caplog.set_level(logging.DEBUG)
    client, asked = sign_in(world.people[role, "own"]), asked_by(world, role)
    hidden = {"legal", "health", "need"} - KNOWS[role]
    one = looks(client, asked)
    tell(world, OTHER, hidden)
    other = looks(client, asked)
    assert [where for where in one if one[where] != other[where]] == []
    if not KNOWS[role]:
        assert [where for where, text in one.items() if CANARY in text] == []
    assert CANARY not in caplog.text


@pytest.mark.parametrize("role", ["volunteer", "coordinator", "data_officer"])
def test_no_page_about_people_tells_who_has_a_protection_need_or_who_gave_a_reserved_service(
    world, sign_in, role
):
    """Reports count them all together, the services by organization too; nothing else may tell that there is one."""
    client = sign_in(world.people[role, "own"])
    asked = [each for each in asked_by(world, role) if "/admin/reports/" not in each[0]]
    one = looks(client, asked)
    PersonNeed.history.filter(id=world.secret.need.pk).delete()
    PersonNeed.objects.filter(pk=world.secret.need.pk).delete()
    beside = {"organization": world.organization, "recorded_by": world.by, "desk": "legal 7"}
    for rows in (ServiceReceived.objects, ServiceReceived.history):
        rows.filter(id__in=[world.secret.legal.pk, world.secret.health.pk]).update(**beside)
    other = looks(client, asked)
    assert [where for where in one if one[where] != other[where]] == []


def test_who_may_know_it_finds_it(world, sign_in):
    """Else the tests above would pass on empty pages."""
    page = f"/es/families/{world.family.pk}/"
    assert "refugio en México" in sign_in(world.people["legal", "own"]).get(page).content.decode()
    assert "Consulta médica general" in sign_in(world.people["health", "own"]).get(page).content.decode()


# --- the shell, and errors ---------------------------------------------------------------------------------------


def printed(world) -> dict[tuple, str]:
    found = {}
    for slug in REPORTS:
        for kind in ("csv", "json", "hxl"):
            try:
                found[slug, kind] = call_command(
                    "report", slug, shelter=world.shelter.code, format=kind, period="today"
                )
            except CommandError as error:
                found[slug, kind] = str(error)
    out = io.StringIO()
    call_command("census", shelter=world.shelter.code, format="json", stdout=out)
    return {**found, ("census", "command"): out.getvalue()}


def test_the_shell_is_told_no_secret_either(world):
    one = printed(world)
    tell(world, OTHER, set(ONE))
    assert printed(world) == one


def test_an_error_tells_no_secret(world, sign_in, monkeypatch, caplog):
    def broken(people, user):
        raise RuntimeError(f"{[row.reason for row in PersonNeed.objects.all()]}")

    monkeypatch.setattr(family_views, "timeline", broken)
    client = sign_in(world.people["legal", "own"])
    client.raise_request_exception = False
    answer = client.get(f"/es/families/{world.family.pk}/")
    assert answer.status_code == 500
    assert CANARY not in answer.content.decode()
    written = logging.getLogger("django").handlers[0].formatter
    assert CANARY not in "".join(written.format(record) for record in caplog.records)
