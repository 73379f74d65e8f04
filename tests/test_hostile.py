"""What nobody means, sent to every form, address and parameter: an answer always comes, soon, and nothing slips in.

The forms are those that stand on the pages (tests/forms_found.py). Everything that is sent is taken back.
"""

import re
import time
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import quote, urlencode

import pytest
import time_machine
from django.apps import apps
from django.db import connection, models, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.access import forget_guessers
from intake.ids import newest_of
from intake.models import Card, Submission
from intake.views import handbook
from intake.views.look_alikes import _asked
from shelters import roles
from shelters.models import AccessEvent, User
from tests import factories
from tests.addresses import addresses
from tests.forms_found import forms_on, query_names
from tests.world import accounts, one_of_each

pytestmark = pytest.mark.django_db
SECONDS = 5  # of this process: how busy the machine is says nothing about a page
A_LONG_LINE = 3_000  # gunicorn refuses a longer address
NASTY = [
    *("", " ", "\0", "Ana\0", "\x07\x1b[31m", "\r\nSet-Cookie: a=b", "\ud800", "\udfff\ud800", "🏕️𠀋", "\u202eanA"),
    *("\u200b", "\ufeff", "x" * 100_000, "ñ " * 50_000, "9" * 5_000, "' OR 1=1 --", '"; DROP TABLE intake_family; --'),
    *("%", "_%_", "\\", "(a+)+$", "(?P<", "[", "{{ 31337|add:31337 }}", "{% load zz %}", "%s %(n)s {0} {zz}", "%00"),
    *("<script>zz", "'\"><b>zz", "=cmd|' /C calc'!A0", "../../etc/passwd", "None", "null", "on", "[]", '{"a":1}'),
    *("0", "-1", "1", "41", str(2**31), str(2**63), "-" + "9" * 30, "1e400", "NaN", "1,5", "1_0", "٣", "²", "１"),
    *("0001-01-01", "9999-12-31", "1/1/0001", "31/12/9999", "2018-02-30", "0001-01-01T00:00", "9999-12-31T23:59"),
    *("24:00", "00000000-0000-0000-0000-000000000000", "01890a5d-ac96-774b-bcce-b302099a8057"),
]  # fmt: skip
RUN_AS_CODE = (
    b"<script>zz",
    b"'\"><b>zz",
    b"62674",
)  # what would stand in an answer if text were more than text
KEYS = [
    "0",
    "-1",
    "9" * 400,
    "\0",
    "\ud800",
    "..",
    "' OR 1=1 --",
    "{{ 31337|add:31337 }}",
    "🏕️",
    "a" * 2_000,
    "_",
    "_5F",
]
EVERYWHERE = [
    "page",
    "q",
    "o",
    "p",
    "e",
    "all",
    "next",
    "shelter",
    "cell",
    "table",
    "_popup",
    "_to_field",
    "pk__gt",
]
EVERYWHERE += ["zz", "a[]", "__class__", "_changelist_filters", "id__in", "family__shelter__name"]


PARAMETERS = 5
# Columns of random values, or of values made from the keys of new rows.
MADE_UP = {AccessEvent: {"mark"}, User: {"password"}, Card: {"code"}, Submission: {"digest"}}

# --- the walk ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def walk(django_db_setup, django_db_blocker, sign_in):
    """`forms`: (client, form); `addresses`: (client, address, names of its parameters). By a role that opens it."""
    patched = pytest.MonkeyPatch()
    patched.setattr("django.test.client.store_rendered_templates", lambda *_args, **_options: None)
    with patched.context(), django_db_blocker.unblock(), transaction.atomic():
        ours, theirs = factories.make_shelter("palillo"), factories.make_shelter("anexo")
        people = accounts(ours, theirs)
        world = one_of_each(ours, by=people["volunteer", "own"], coordinator=people["coordinator", "own"])
        found = SimpleNamespace(forms=[], addresses=[], theirs=theirs, card=world.card.code)
        visitors = [
            ("coordinator", "own"),
            ("administrator", "own"),
            *((role, "own") for role in roles.BY_CODE),
        ]
        known, asked = set(), set()
        for who in dict.fromkeys(visitors):
            as_one_role(sign_in(people[who]), people[who], addresses(world), found, known, asked)
        visitor = Client()
        login = forms_on("/es/account/login/", visitor.get("/es/account/login/"), known)
        found.forms += [(visitor, form) for form in login]
        yield found
        transaction.set_rollback(True)
    patched.undo()


def as_one_role(client, user, everything, found, known, asked):
    for address in everything:
        if not address.page.is_open_to(user):
            continue
        answer = client.get(address.full)
        is_page = is_html(answer)
        if answer.status_code in (200, 302) and address.full not in asked:
            asked.add(address.full)
            names = [*EVERYWHERE, *address.query, *(query_names(answer) if is_page else ())]
            found.addresses.append((client, address, sorted(set(names))))
        if is_page:
            add_forms(client, forms_on(address.full, answer, known, found.card), found, known)


def add_forms(client, forms, found, known):
    """These, and those on the pages that they lead to."""
    for form in forms:
        found.forms.append((client, form))
        if form.method == "POST" and len(form.before) < 2:
            with taken_back(client):
                answer = send(client, form, form.plain, follow=True)
            if is_html(answer):
                page = answer.request["PATH_INFO"]
                later = forms_on(page, answer, known, found.card)
                add_forms(
                    client, [each._replace(before=(*form.before, form)) for each in later], found, known
                )


def is_html(answer) -> bool:
    return answer.status_code in (200, 422) and "text/html" in answer.headers["Content-Type"]


# --- sending -------------------------------------------------------------------------------------------------


@contextmanager
def taken_back(client):
    """Whatever is done inside: rows, sessions and limits, and the cookies of this client."""
    _asked.clear()
    forget_guessers()
    kept = {name: morsel.value for name, morsel in client.cookies.items()}
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        client.cookies.clear()
        for name, value in kept.items():
            client.cookies[name] = value


def encoded(sent, longest=None) -> str:
    pairs = [(name, value[:longest]) for name, values in sent.items() for value in values]
    return urlencode(pairs, errors="surrogatepass")


def send(client, form, sent, *, follow=False):
    for earlier in form.before:
        send(client, earlier._replace(before=()), earlier.plain)
    if form.method == "GET":
        address = form.action.partition("?")[0]
        return client.get(f"{address}?{encoded(sent, A_LONG_LINE)}"[: A_LONG_LINE * 2], follow=follow)
    kind = "application/x-www-form-urlencoded"
    return client.post(form.action, encoded(sent), content_type=kind, follow=follow)


def wrong_with(client, ask) -> str:
    """What is wrong with what comes of it; nothing when it was answered."""
    try:
        with taken_back(client):
            started = time.process_time()
            answer = ask()
            took = time.process_time() - started
            if answer.status_code == 302:
                connection.check_constraints()  # as a commit would
    except (Exception, pytest.fail.Exception) as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    if answer.status_code >= 500 or took > SECONDS:
        return f"{answer.status_code} after {took:.1f} s"
    ran = [mark for mark in RUN_AS_CODE if not answer.streaming and mark in answer.content]
    return f"in the page as it is: {ran}" if ran else ""


def bounded(examples):
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    return settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=checks
    )


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)
ANY_NUMBER = st.integers().map(str)
ANY_DAY = st.datetimes().map(lambda moment: moment.strftime("%d/%m/%Y")) | st.dates().map(str)
VALUES = st.sampled_from(NASTY) | ANY_TEXT | ANY_NUMBER | ANY_DAY


@st.composite
def spoiled(draw, form):
    """Mostly as it was meant: what is wrong at once in every field is refused at the first."""
    sent = form.pressing(draw(st.sampled_from(form.buttons))) if form.buttons else {**form.sent}
    for name in draw(st.lists(st.sampled_from(form.names), min_size=1, max_size=3, unique=True)):
        sent[name] = draw(st.lists(VALUES, min_size=draw(st.sampled_from([0, 1, 1, 1])), max_size=2))
    return sent


@st.composite
def parameters(draw, names):
    asked = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True))
    return {name: draw(st.lists(VALUES, min_size=1, max_size=2)) for name in asked}


def complaints(examples, strategy, client, ask) -> list[str]:
    """The simplest of what is wrong, as hypothesis finds it."""

    @bounded(examples)
    @given(strategy)
    def never(sent):
        nonlocal last
        last = (wrong_with(client, lambda: ask(sent)), sent)
        assert not last[0]

    last = ("", None)
    try:
        never()
    except AssertionError:
        return [f"{last[0]} ← {str(last[1])[:600]}"]
    return []


def columns(theirs) -> dict[str, str]:
    """Each column, and the name of its relation, with a value that it could take."""
    found = {}
    for app in ("shelters", "intake"):
        for field in (
            field for model in apps.get_app_config(app).get_models() for field in model._meta.fields
        ):
            kind = "on" if isinstance(field, models.BooleanField) else str(theirs.pk)
            found |= {field.name: kind, field.attname: kind}
    return {**found, "groups": "1", "user_permissions": "1", "shelters": str(theirs.pk)}


def stored_after(client, form, sent) -> tuple[int, str]:
    """(status, all rows), without what is made up anew each time."""
    new_key = re.compile(str(newest_of(timezone.now()))[:13] + r"-[0-9a-f-]{22}")
    with taken_back(client):
        status, rows = send(client, form, sent).status_code, []
        for app in ("shelters", "intake"):
            for model in apps.get_app_config(app).get_models(include_auto_created=True):
                kept = [
                    f.attname for f in model._meta.concrete_fields if f.attname not in MADE_UP.get(model, ())
                ]
                texts = (f"{model.__name__} {row}" for row in model.objects.values_list(*kept))
                rows += sorted(new_key.sub("new", text) for text in texts)
    return status, "\n".join(rows)


# --- what must hold ------------------------------------------------------------------------------------------


def test_the_walk_finds_the_forms(walk):
    """Also those that stand behind another; else the tests below would pass on nothing."""
    views = {form.view for _client, form in walk.forms}
    assert {
        "account_login",
        "shift",
        "intake:search",
        "intake:register",
        "intake:scan",
        "intake:tally-press",
    } <= views
    assert {"intake:departures", "intake:hand-out", "reports:xlsx services xlsx"} <= views
    assert {"admin:intake_family_change", "admin:shelters_user_add", "admin:intake_lookalike_join"} <= views
    assert len(walk.forms) > 180


def test_what_breaks_is_told(walk, monkeypatch):
    """Else the tests below would pass on anything."""

    def broken(*_args, **_options):
        raise RuntimeError("Neptalí")

    client, _form = walk.forms[0]
    assert complaints(5, VALUES, client, lambda sent: client.get("/es/handbook/")) == []
    monkeypatch.setattr(handbook, "render", broken)
    (told,) = complaints(5, VALUES, client, lambda sent: client.get("/es/handbook/"))
    assert "RuntimeError: Neptalí" in told


def test_no_form_breaks(walk, capsys):
    found, sent = [], 0
    for client, form in walk.forms:
        if form.names:
            examples = min(4 + len(form.names), 30)
            wrong = complaints(
                examples, spoiled(form), client, lambda sent, f=form, c=client: send(c, f, sent)
            )
            found += [f"{form}: {each}" for each in wrong]
            sent += examples
    with capsys.disabled():
        print(f"\n{len(walk.forms)} forms, sent {sent:,} times")
    assert not found, "\n".join(found)


def test_no_address_breaks(walk, capsys):
    """Neither with a key that cannot be one, nor with parameters of any kind."""
    found, asked = [], 0
    for client, address, names in walk.addresses:
        for path in spoiled_paths(address):
            wrong = wrong_with(client, lambda path=path, client=client: client.get(path))
            found += [f"{address.name}: {wrong} ← {path[:200]}"] if wrong else []
            asked += 1

        def ask(sent, client=client, address=address):
            return client.get(f"{address.path}?{encoded({**address.query, **sent}, A_LONG_LINE)}")

        found += [
            f"{address.name}: {each}" for each in complaints(PARAMETERS, parameters(names), client, ask)
        ]
        asked += PARAMETERS
    with capsys.disabled():
        print(f"\n{len(walk.addresses)} addresses, asked {asked:,} times")
    assert not found, "\n".join(found)


def spoiled_paths(address):
    """Each with what is no key in the place of its own."""
    for value in map(str, address.args.values()):
        for key in KEYS:
            yield address.path.replace(value, quote(key.encode("utf-8", "surrogatepass"), safe=""), 1)


def test_further_fields_change_nothing(walk):
    """Every column of every table beside what the form asks: what is stored is what would be without."""
    if connection.vendor == "postgresql":
        pytest.skip("numbers of a sequence are not taken back there; what a form reads is the same on both")
    compared, found = 0, []
    further = columns(walk.theirs)
    with time_machine.travel(timezone.now() + timedelta(seconds=1), tick=False):
        for client, form in walk.forms:
            if form.method == "POST" and not form.view.startswith("intake:note"):  # sealed anew each time
                asked_for = {
                    name for _client, each in walk.forms if each.view == form.view for name in each.names
                }
                beside = {name: [value] for name, value in further.items() if name not in asked_for}
                status, without = stored_after(client, form, form.plain)
                is_same = (status, without) == stored_after(client, form, {**beside, **form.plain})
                found += [] if is_same else [str(form)]
                compared += status == 302
    assert found == []
    assert compared > 70
