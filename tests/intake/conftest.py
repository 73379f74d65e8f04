"""A table and the family at it, for whoever names no other."""

import pytest

from tests import factories


@pytest.fixture
def station(palillo):
    return factories.make_station(palillo)


@pytest.fixture
def family(palillo, cast):
    members = [{"given_names": "Neptalí", "age": 34}, {"given_names": "Ale", "age": 11}]
    return factories.make_family(palillo, *members, by=cast.volunteer)


@pytest.fixture
def ale(family):
    return family.members.get(given_names="Ale")
