"""Every address, as every role of this shelter, of another and of none: intake/policy.py says what must come."""

import hashlib
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.test import Client

from intake import policy
from intake.models import ServiceType, SpecificNeed, Ticket
from intake.models.needs import highest_tier
from shelters import roles
from tests import factories
from tests.addresses import addresses, invented, patterns
from tests.test_house import OPEN
from tests.world import NAME, RELATIONS, accounts, one_of_each

pytestmark = pytest.mark.django_db
OPENED = {200, 302, 405, 422}
ANSWERED = OPENED | {400, 401, 404}  # to an empty form, which may be none at all: a press without its key
DENIED = {404, 405}
TRAIL = "AccessEvent"  # the one table that reading writes
EVERYWHERE = ("shelter", "zone", "user")  # whoever sets up shelters sees them all
ACTOR = "volunteer"  # who did what the world holds


@pytest.fixture(autouse=True)
def thousands_of_answers_in_less_time(monkeypatch, settings):
    """Sessions from memory, and no copies of templates that nobody looks at: a quarter of the time."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
    monkeypatch.setattr("django.test.client.store_rendered_templates", lambda *_args, **_options: None)


@pytest.fixture
def world(palillo, annex):
    people = accounts(palillo, annex)
    world = one_of_each(palillo, by=people[ACTOR, "own"], coordinator=people["coordinator", "own"])
    world.people = people
    return world


def by_break_glass(world, annex) -> dict:
    """Administrators who read by break-glass here, elsewhere, and until a moment ago."""
    made = {
        ("administrator who reads here", "own"): world.shelter,
        ("administrator who reads elsewhere", "other"): annex,
        ("administrator who gave it back", "own"): world.shelter,
    }
    for number, (who, shelter) in enumerate(made.items()):
        made[who] = factories.make_user("administrator", shelters=[shelter], username=f"glass-{number}")
        glass = factories.make_glass(shelter, by=made[who])
        if "back" in who[0]:
            glass.end(by=made[who])
        made[who] = type(made[who]).objects.get(pk=made[who].pk)  # with the rights of this moment
    return made


def stored() -> dict[str, str]:
    """A digest of every table of ours but the trail."""
    models = [model for app in ("shelters", "intake") for model in apps.get_app_config(app).get_models()]
    return {
        model.__name__: hashlib.sha256(repr(list(model.objects.order_by("pk").values())).encode()).hexdigest()
        for model in models
        if model.__name__ != TRAIL
    }


def post(client, address, *, takes_back):
    """An empty form. Where it may do something, that is taken back, signing out as well."""
    kept = {name: morsel.value for name, morsel in client.cookies.items()}
    with transaction.atomic():
        answer = client.post(address.full, address.query)
        transaction.set_rollback(takes_back)
    for name, value in kept.items():
        client.cookies[name] = value
    return answer


def is_hidden(address, user, relation) -> bool:
    """Whether this account must not find the record in the address, whatever its rights."""
    if address.table == "accessevent" and not user.has_perm("shelters.see_shelter_events"):
        return True  # what belongs to a shelter; accounts and lists are theirs
    if relation == "own":
        return False
    if address.table in EVERYWHERE and user.has_perm("shelters.see_every_shelter"):
        return False
    return address.page.of in (policy.RECORD, policy.OWN) or address.table == "report"


def says_nothing(answer) -> bool:
    """Not here; not this way; or first say where you work."""
    return answer.status_code in DENIED or answer.headers.get("Location") == "/es/shift/"


def wrong(address, who, user, method, answer) -> str:
    """What is wrong with an answer; nothing when the table says so."""
    (role, relation), page, status = who, address.page, answer.status_code
    if page.rights is None:
        is_right = status in ANSWERED
    elif not user.is_authenticated:
        is_right = status == 302 and "/login/" in answer.url
    elif not page.is_open_to(user):
        is_right = status == 404
    elif not user.has_perms(address.besides):
        is_right = status in DENIED
    elif address.name == "admin:":  # leads on to an address of its own, or nowhere
        is_right = status in (302, 404)
    elif is_hidden(address, user, relation):
        is_right = says_nothing(answer)
    elif method == "POST":
        is_right = status in ANSWERED
    elif relation == "none" and page.of in (policy.SHIFT, policy.LISTED):
        is_right = says_nothing(answer) or (status in OPENED)
    else:
        is_right = status in OPENED or (page.of == policy.OWN and role != ACTOR and status == 404)
    if is_right and not (NAME in text_of(answer) and not may_read(user, relation)):
        return ""
    return f"{role} of {relation}: {method} {address.full} ({address.name}): {status}"


def may_read(user, relation) -> bool:
    return relation == "own" and user.has_perm("intake.view_person")


def text_of(answer) -> str:
    return "" if answer.streaming else answer.content.decode(errors="replace")


def test_every_address_is_in_the_table_and_every_line_has_an_address():
    names = {name for name, _route in patterns()}
    assert {name for name in names if policy.page_called(name) is None} == set()
    assert set(policy.PAGES) - names == set()


def test_what_needs_no_account_is_said_twice():
    """In the table, and with its reason beside the test of the house."""
    opened = {name.removeprefix("intake:") for name, page in policy.PAGES.items() if page.rights is None}
    assert opened - {"admin:login"} == set(OPEN)  # the admin's own door leads to ours


def test_every_right_of_the_table_is_held_by_some_role():
    held = set.union(*(role.permissions for role in roles.ROLES)) | {policy.OPENS_ADMIN}
    asked = {right for page in policy.PAGES.values() for right in page.rights or ()}
    asked |= {*policy.NEEDS.values(), *policy.SERVICES.values(), *policy.LINES.values()}
    assert asked - held == set()


# The table of docs/security.md: what is to be read, and the rights it takes.
READ = {
    "names, ages, origin, who belongs together": ["intake.view_person"],
    "comings and goings": ["intake.view_stay"],
    "plans": ["intake.view_intention"],
    "needs that a desk must know": [policy.NEEDS[1]],
    "needs for coordination": [policy.NEEDS[2]],
    "protection needs: violence, torture, danger": [policy.NEEDS[3]],
    "food, clothes and other open services": [policy.SERVICES["open"]],
    "what a legal service was, and what came of it": [policy.SERVICES["legal"]],
    "what a health service was": [policy.SERVICES["health"]],
    "whose number it is in the line for legal help": [policy.LINES["legal"]],
    "whose number it is in the line for health": [policy.LINES["health"]],
    "lists of people": [policy.OPENS_ADMIN, "intake.view_person"],
    "reports and their files": list(policy.REPORTS),
    "records of people as a file": [*policy.REPORTS, "intake.export_records"],
    "who looked at a person": list(policy.PAGES["admin:intake_person_looked"].rights),
    "the access trail of a shelter": list(policy.OF_THEIR_SHELTERS),
    "accounts": [policy.OPENS_ADMIN, "shelters.view_user"],
}


def security_document() -> str:
    return " ".join((Path(settings.BASE_DIR) / "docs" / "security.md").read_text("utf-8").split())


TIERS = {right: tier for tier, right in policy.NEEDS.items()}


def test_the_document_says_who_sees_what(cast):
    """And the tables branch on what the models know, no more and no less."""
    written = security_document()
    for words, rights in READ.items():
        seen = [all(reads(getattr(cast, role), right) for right in rights) for role in roles.BY_CODE]
        assert f"| {words} | {' | '.join('yes' if each else '–' for each in seen)} |" in written
    assert set(policy.NEEDS) == set(SpecificNeed.Tier.values)
    assert set(policy.SERVICES) == set(ServiceType.Sensitivity.values)
    assert set(policy.LINES) == set(Ticket.Line.values)


def reads(user, right) -> bool:
    """Whoever sees a tier sees those below it."""
    if right in TIERS:
        return highest_tier(user) >= TIERS[right]
    return policy.holds(user, right)


def test_every_address_as_every_role_of_every_shelter(world, annex, sign_in, capsys):
    """Nothing else than the table says; nobody else's name; nothing stored by who may not, nor by reading."""
    visitors = {
        **world.people, **by_break_glass(world, annex), ("anonymous", "none"): AnonymousUser(),
    }  # fmt: skip
    clients = {who: sign_in(user) if user.is_authenticated else Client() for who, user in visitors.items()}
    everything, before, found = addresses(world), stored(), []
    for who, user in visitors.items():
        client = clients[who]
        for address in everything:
            found += [wrong(address, who, user, *each) for each in answers(client, address, user, who[1])]
    assert not any(found), "\n".join(filter(None, found))
    assert {name for name, digest in stored().items() if digest != before[name]} == set()
    size = f"{len(everything)} addresses as {len(roles.ROLES)} roles of {len(RELATIONS)} kinds of shelter"
    with capsys.disabled():
        print(f"\n{size}, by break-glass and as a visitor: {len(found):,} answers")
    assert (
        f"asks each of {size}, by break-glass and as a visitor: {len(found):,} answers" in security_document()
    )


def answers(client, address, user, relation):
    """(method, answer) of reading it and of an empty form. Without the right the shelter is not even asked about:
    there a form is sent for one of the three."""
    is_open = address.page.is_open_to(user)
    yield "GET", client.get(address.full)
    if is_open or relation == "own":
        may_do = is_open and not is_hidden(address, user, relation)
        yield "POST", post(client, address, takes_back=may_do)


@pytest.mark.parametrize("role", ["volunteer", "coordinator", "administrator"])
def test_keys_of_nobody_answer_like_keys_of_another_shelter(world, sign_in, role):
    """Neighbours and invented ones: an address tells nobody that something exists."""
    own, other = (sign_in(world.people[role, relation]) for relation in ("own", "other"))
    named = [address for address in addresses(world) if address.args and address.table not in ("", "report")]
    for address in named:
        foreign = other.get(address.full).status_code
        for key in invented(next(iter(address.args.values()))):
            answer = own.get(address.of(key).full)
            assert says_nothing(answer) or address.name == "admin:", (address.name, key)
            if is_hidden(address, world.people[role, "other"], "other") and address.name != "admin:":
                assert answer.status_code == foreign, (address.name, key)
