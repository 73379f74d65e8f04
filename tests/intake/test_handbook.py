"""The volunteer's handbook: one page in each language, saying what the buttons say."""

import re
from html import unescape

import html5lib
import polib
import pytest
from django.test import Client

from shelters.management.commands.catalogue import catalogue_path

HEADINGS = {
    "es": [
        "Guía en cinco minutos",
        "Registrar una familia",
        "El Aviso de privacidad",
        "Anotar servicio",
        "Niñas, niños y adolescentes solos",
        "Si algo falla",
        "Teclas",
    ],
    "en": [
        "The handbook, in five minutes",
        "Registering a family",
        "The privacy notice",
        "Recording a service",
        "Children on their own",
        "When something goes wrong",
        "Keys",
    ],
}
languages = pytest.mark.parametrize("language", HEADINGS)


def page(client, language) -> str:
    answer = client.get(f"/{language}/handbook/")
    assert answer.status_code == 200
    return answer.content.decode()


def said_in(tags, html) -> list[str]:
    return [unescape(text) for _tag, text in re.findall(rf"<({tags})>([^<]*)</\1>", html)]


@languages
def test_a_volunteer_reads_it_in_either_language(volunteer, language):
    html = page(volunteer, language)
    assert f'<html lang="{language}">' in html
    headings = said_in("h1|h2", html)
    assert [heading for heading in HEADINGS[language] if heading not in headings] == []


@languages
def test_the_tab_of_the_handbook_is_marked(volunteer, language):
    assert 'handbook/" aria-current="page"' in page(volunteer, language)


@languages
def test_buttons_are_called_what_the_screens_call_them(volunteer, language):
    """Whatever stands in <b> is on a screen, letter by letter."""
    on_screens = {entry.msgstr for entry in polib.pofile(str(catalogue_path(language)))}
    article = re.search(r"<article.*</article>", page(volunteer, language), re.DOTALL)[0]
    named = said_in("b", article)
    assert len(named) > 20
    assert [label for label in named if label not in on_screens] == []


@languages
def test_it_is_sound_html_without_style_or_script_of_its_own(volunteer, language):
    html = page(volunteer, language)
    html5lib.HTMLParser(strict=True).parse(html)
    article = re.search(r"<article.*</article>", html, re.DOTALL)[0]
    assert not re.search(r"<script|<style|style=|on\w+=", article)


@languages
def test_both_have_the_same_parts(volunteer, language):
    html = page(volunteer, language)
    assert len(said_in("h2", html)) == len(said_in("h2", page(volunteer, "es")))


@languages
def test_a_stranger_signs_in_first(db, language):
    answer = Client().get(f"/{language}/handbook/")
    assert answer.status_code == 302
    assert answer.url == f"/{language}/account/login/?next=/{language}/handbook/"
