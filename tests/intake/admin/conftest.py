"""A family of ours and one of the annex, with one record of each table."""

import pytest

from tests import factories
from tests.intake.admin.pages import records_of


@pytest.fixture
def family(cast, palillo):
    members = [{"given_names": "Neptalí", "surnames": "Núñez", "age": 34}, {"given_names": "Olga", "age": 11}]
    return factories.make_family(palillo, *members, by=cast.volunteer)


@pytest.fixture
def ours(family):
    return records_of(family)


@pytest.fixture
def theirs(annex):
    return records_of(factories.make_family(annex, {"given_names": "Ajena", "surnames": "Zzyzx"}))


@pytest.fixture
def neptali(family):
    return family.members.get(given_names="Neptalí")
