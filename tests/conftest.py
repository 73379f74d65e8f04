"""The cast, the same in every test: one stadium, one annex, and who works there."""

from types import SimpleNamespace

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import timezone, translation

from intake import look_alikes
from intake.access import forget_guessers
from intake.models import cuts
from intake.views.look_alikes import _asked
from intake.views.offline import _sent
from shelters import audit
from shelters.middleware import KEY
from tests import factories
from tests.live import chromium, gunicorn, open_browser, server  # noqa: F401  (fixtures)

IN_2100 = 4_102_444_800

# Time is measured in tests/bench; a busy machine must not fail a property.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture
def palillo(db):
    return factories.make_shelter("palillo", name="Estadio Palillo", capacity=5500, toilets=140, showers=60)


@pytest.fixture
def annex(db):
    return factories.make_shelter("anexo", name="Anexo Gimnasio")


@pytest.fixture
def cast(palillo, annex):
    """One of each role at the stadium, and a stranger: a volunteer of the annex."""
    people = {
        role: factories.make_user(role, shelters=[palillo], username=role) for role in factories.roles.BY_CODE
    }
    return SimpleNamespace(
        **people, stranger=factories.make_user("volunteer", shelters=[annex], username="stranger")
    )


@pytest.fixture(scope="session")
def sign_in():
    """A client on shift: `sign_in(user)` works at the first of the account's shelters.

    It has just proved who it is, whatever the clock of the test; `proven=False` came in long ago.
    """

    def signed_in(user, desk="registration 2", *, proven=True):
        client = Client(headers={"accept-language": "es"})
        client.force_login(user)
        session, shelter = client.session, user.shelters.first()
        if proven:
            session["account_authentication_methods_user"] = str(user.pk)
            session["account_authentication_methods"] = [
                {"method": method, "at": IN_2100} for method in ("password", "mfa")
            ]
        if shelter:
            session[KEY] = {
                "shelter_id": shelter.pk,
                "shelter_name": shelter.name,
                "timezone": shelter.timezone,
                "desk": desk,
            }
        session.save()
        return client

    return signed_in


@pytest.fixture
def volunteer(cast, sign_in):
    return sign_in(cast.volunteer)


@pytest.fixture
def coordinator(cast, sign_in):
    return sign_in(cast.coordinator)


@pytest.fixture
def stranger(cast, sign_in):
    return sign_in(cast.stranger)


@pytest.fixture(autouse=True)
def names_are_counted_anew():
    """Each test has people of its own."""
    look_alikes.forget_vocabulary()
    _asked.clear()
    _sent.clear()
    forget_guessers()


@pytest.fixture(autouse=True)
def each_test_begins_in_spanish_without_a_place():
    """A request leaves its language and its shelter's clock active in this thread; the next test has its own."""
    with translation.override(settings.LANGUAGE_CODE), timezone.override(None):
        yield


@pytest.fixture(scope="session", autouse=True)
def emptying_tables_lifts_the_guard():
    """Tests that commit empty every table afterwards, which the guards of trail and cuts refuse by design."""
    teardown = TransactionTestCase._fixture_teardown

    def without_guard(case):
        with connection.schema_editor() as editor:
            audit.unguard(editor)
            cuts.unguard(editor)
        teardown(case)
        with connection.schema_editor() as editor:
            audit.guard(editor)
            cuts.guard(editor)

    TransactionTestCase._fixture_teardown = without_guard
    yield
    TransactionTestCase._fixture_teardown = teardown
