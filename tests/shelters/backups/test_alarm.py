"""A missing or late backup stands on the administrator's first page, and on nobody else's."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shelters.models import AccessEvent

INDEX = "/es/admin/"


@pytest.fixture
def made():
    def made_before(**age):
        AccessEvent.objects.create(action="backed_up", at=timezone.now() - timedelta(**age))

    return made_before


@pytest.fixture
def first_page(cast, sign_in):
    return lambda: sign_in(cast.administrator).get(INDEX).text


def test_without_a_key_it_says_so(first_page, settings):
    settings.BACKUP_PUBLIC_KEY = []
    assert "falta la clave pública" in first_page()


def test_before_the_first_backup_it_says_so(first_page, key):
    assert "Todavía no se ha hecho ninguna copia" in first_page()


def test_a_backup_of_the_last_day_is_not_worth_a_word(first_page, key, made):
    made(hours=30)
    made(hours=23, minutes=59)
    assert "errornote" not in first_page()


def test_after_a_day_it_says_when_the_last_one_was(first_page, key, made):
    made(hours=24, minutes=1)
    assert "La última copia de seguridad tiene más de 24 horas: " in first_page()


@pytest.mark.parametrize("role", ["coordinator", "data_officer"])
def test_it_is_not_the_business_of_others(cast, sign_in, role):
    assert "copia de seguridad" not in sign_in(getattr(cast, role)).get(INDEX).text
