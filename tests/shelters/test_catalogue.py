"""The catalogue: nothing is said in English on a Spanish page, and collecting finds what the code says."""

import re

import polib
import pytest
from django.conf import settings
from django.utils import translation

from shelters.management.commands import catalogue

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w*\}")


@pytest.fixture(scope="module")
def spanish():
    return polib.pofile(str(catalogue.catalogue_path("es")))


def test_every_message_of_the_code_has_spanish(spanish):
    assert catalogue.untranslated(catalogue.collect(settings.BASE_DIR), spanish) == []


def test_spanish_fills_in_what_the_english_does(spanish):
    for entry in spanish:
        wanted = {*PLACEHOLDER.findall(entry.msgid), *PLACEHOLDER.findall(entry.msgid_plural)}
        for said in [entry.msgstr, *entry.msgstr_plural.values()]:
            if said:
                assert set(PLACEHOLDER.findall(said)) == wanted, f"{entry.msgid!r} → {said!r}"


def test_spanish_has_a_word_for_one_for_millions_and_for_the_rest(spanish):
    assert spanish.metadata["Plural-Forms"] == catalogue.PLURALS["es"]
    for entry in spanish:
        if entry.msgid_plural:
            assert set(entry.msgstr_plural) == {0, 1, 2}
            assert all(entry.msgstr_plural.values())


def test_spanish_keeps_the_spaces_at_the_ends(spanish):
    for entry in spanish:
        for said in filter(None, [entry.msgstr, *entry.msgstr_plural.values()]):
            assert (said == said.strip()) == (entry.msgid == entry.msgid.strip()), repr(entry.msgid)


def test_the_compiled_catalogues_say_what_the_sources_say():
    for language in catalogue.LANGUAGES:
        path = catalogue.catalogue_path(language)
        source = {
            each.msgid: (each.msgstr, each.msgstr_plural)
            for each in polib.pofile(str(path)).translated_entries()
        }
        compiled = polib.mofile(str(path.with_suffix(".mo")))
        assert {each.msgid: (each.msgstr, each.msgstr_plural) for each in compiled} == source


def test_numbers_choose_the_form():
    with translation.override("es"):
        said = [translation.ngettext("%(n)d year", "%(n)d years", n) % {"n": n} for n in (0, 1, 2)]
    assert said == ["0 años", "1 año", "2 años"]


# --- collecting --------------------------------------------------------------------------------------------


def test_finds_messages_in_python():
    source = """
from django.utils.translation import gettext as _, gettext_lazy, ngettext
label = gettext_lazy("Zone")
long = _(
    "Nobody is refused: "
    "what is not known stays blank."
)
rows = ngettext("%(n)d row", "%(n)d rows", len(found)) % {"n": len(found)}
other = print("not for people"), _(label), f"{label}"
"""
    assert catalogue.messages_of(source) == {
        "Zone": None,
        "Nobody is refused: what is not known stays blank.": None,
        "%(n)d row": "%(n)d rows",
    }


def test_finds_messages_in_templates():
    source = """{% load i18n %}<h1 title="{% translate 'Who?' %}">{% translate "Desk" %}</h1>
{% blocktranslate with day=family.arrived_on %}Arrived {{ day }}{% endblocktranslate %}
{% blocktranslate count n=people|length %}{{ n }} person{% plural %}{{ n }} people{% endblocktranslate %}
{% firstof name _("Without name") %}{# {% translate "a remark" %} #}"""
    assert catalogue.messages_of_template(source) == {
        "Who?": None,
        "Desk": None,
        "Arrived %(day)s": None,
        "%(n)s person": "%(n)s people",
        "Without name": None,
    }


def test_finds_quotes_and_lines_as_the_page_will_ask_for_them():
    source = """{% load i18n %}{% translate "It reads nobody's file." %}
{% blocktranslate trimmed %}
  Two
  lines
{% endblocktranslate %}"""
    assert catalogue.messages_of_template(source) == {"It reads nobody's file.": None, "Two lines": None}


# --- keeping -----------------------------------------------------------------------------------------------


def entry(path, msgid):
    return polib.pofile(str(path)).find(msgid)


def test_keeps_translations_and_drops_what_nobody_says(tmp_path):
    path = tmp_path / "es" / "django.po"
    catalogue.update(path, {"Desk": None, "Old": None, "%(n)s day": "%(n)s days"}, "es")
    translated = polib.pofile(str(path))
    translated.find("Desk").msgstr = "Mesa"
    translated.find("Old").msgstr = "Viejo"
    translated.find("%(n)s day").msgstr_plural = {0: "%(n)s día", 1: "%(n)s de días", 2: "%(n)s días"}
    translated.save()
    catalogue.update(path, {"Desk": None, "%(n)s day": "%(n)s days", "New": None}, "es")
    assert entry(path, "Desk").msgstr == "Mesa"
    assert entry(path, "%(n)s day").msgstr_plural[2] == "%(n)s días"
    assert entry(path, "Old") is None
    assert entry(path, "New").msgstr == ""


def test_asks_again_when_a_message_gets_a_plural(tmp_path):
    path = tmp_path / "django.po"
    catalogue.update(path, {"day": None}, "es")
    translated = polib.pofile(str(path))
    translated.find("day").msgstr = "día"
    translated.save()
    catalogue.update(path, {"day": "days"}, "es")
    assert entry(path, "day").msgstr_plural == {0: "", 1: "", 2: ""}
    assert catalogue.untranslated({"day": "days"}, polib.pofile(str(path))) == ["day"]


def test_english_says_what_the_code_says(tmp_path):
    path = tmp_path / "django.po"
    catalogue.update(path, {"Desk": None, "day": "days"}, "en")
    assert entry(path, "Desk").msgstr == "Desk"
    assert entry(path, "day").msgstr_plural == {0: "day", 1: "days"}


def test_names_what_has_no_spanish():
    source = polib.POFile()
    source.append(polib.POEntry(msgid="Desk", msgstr="Mesa"))
    source.append(polib.POEntry(msgid="Zone", msgstr="Zona", flags=["fuzzy"]))
    wanted = {"Desk": None, "Zone": None, "Who?": None}
    assert catalogue.untranslated(wanted, source) == ["Who?", "Zone"]
