"""The message catalogue without gettext's programs: a bare Debian has neither xgettext nor msgfmt."""

import ast
import re
from pathlib import Path

import polib
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation.template import templatize

CALLS = {
    "_": (0, None),
    "gettext": (0, None),
    "gettext_lazy": (0, None),
    "gettext_noop": (0, None),
    "ngettext": (0, 1),
    "ngettext_lazy": (0, 1),
}
LANGUAGES = ("es", "en")
# Django's Spanish catalogue has three forms; another number would be merged wrongly.
PLURALS = {
    "es": "nplurals=3; plural=n == 1 ? 0 : n != 0 && n % 1000000 == 0 ? 1 : 2;",
    "en": "nplurals=2; plural=(n != 1);",
}


class Command(BaseCommand):
    help = "Collects the strings of the code into the catalogues and compiles them."

    def add_arguments(self, parser):
        parser.add_argument("--compile", action="store_true", help="only make the .mo files")
        parser.add_argument(
            "--check", action="store_true", help="fail when a string is missing or untranslated"
        )

    def handle(self, *, compile, check, **_options):
        if not compile:
            wanted = collect(settings.BASE_DIR)
            if check:
                return self.verify(wanted)
            for language in LANGUAGES:
                update(catalogue_path(language), wanted, language)
        for language in LANGUAGES:
            path = catalogue_path(language)
            polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))
        return None

    def verify(self, wanted):
        missing = untranslated(wanted, polib.pofile(str(catalogue_path("es"))))
        if missing:
            raise CommandError("Without Spanish:\n" + "\n".join(missing))


def catalogue_path(language) -> Path:
    return settings.LOCALE_PATHS[0] / language / "LC_MESSAGES" / "django.po"


def collect(root) -> dict:
    """Every message of the code: {singular: plural or None}."""
    found = {}
    for folder in ("templates", "shelters", "intake"):
        for path in sorted((root / folder).rglob("*.py")):
            take_in(found, messages_of(path.read_text("utf-8")), path)
        for path in sorted((root / folder).rglob("*.html")):
            take_in(found, messages_of_template(path.read_text("utf-8")), path)
    return found


def take_in(found, more, path) -> None:
    """A message has one plural everywhere: a catalogue can hold no second."""
    for singular, plural in more.items():
        if plural and found.get(singular) and found[singular] != plural:
            raise CommandError(f"“{singular}” has another plural in {path}. Say one of them otherwise.")
        found[singular] = plural or found.get(singular)


def messages_of(source) -> dict:
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (
            places := CALLS.get(getattr(node.func, "id", getattr(node.func, "attr", None)))
        ):
            words = [node.args[i] if i is not None and i < len(node.args) else None for i in places]
            if isinstance(words[0], ast.Constant) and isinstance(words[0].value, str):
                found[words[0].value] = words[1].value if words[1] is not None else None
    return found


TEMPLATE_CALL = re.compile(
    r"""\b(n?gettext|_)\(u?(\"(?:[^"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')(?:\s*,\s*u?(\"(?:[^"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'))?"""
)


def messages_of_template(source) -> dict:
    """Django turns a template into something like Python for xgettext; the calls are read from that."""
    found = {}
    for _name, first, second in TEMPLATE_CALL.findall(templatize(source)):
        found[plain(first)] = plain(second) if second else None
    return found


def plain(literal) -> str:
    """The text of a literal; %% stands for one % in it only when something is filled in."""
    return ast.literal_eval(literal)


def update(path, wanted, language) -> None:
    """Add new messages, drop those that nobody says any more, keep every translation."""
    path.parent.mkdir(parents=True, exist_ok=True)
    old = {entry.msgid: entry for entry in polib.pofile(str(path))} if path.exists() else {}
    catalogue = polib.POFile(wrapwidth=110)
    catalogue.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": language,
        "Plural-Forms": PLURALS[language],
    }
    for msgid, plural in sorted(wanted.items()):
        catalogue.append(old.get(msgid) if fits(old.get(msgid), plural) else blank(msgid, plural, language))
    catalogue.save(str(path))


def fits(entry, plural) -> bool:
    return entry is not None and (entry.msgid_plural or None) == plural


def blank(msgid, plural, language):
    if language == "en":  # the code speaks English already
        forms = {0: msgid, 1: plural} if plural else {}
        return polib.POEntry(
            msgid=msgid, msgid_plural=plural or "", msgstr="" if plural else msgid, msgstr_plural=forms
        )
    return polib.POEntry(
        msgid=msgid,
        msgid_plural=plural or "",
        msgstr="",
        msgstr_plural={0: "", 1: "", 2: ""} if plural else {},
    )


def untranslated(wanted, catalogue) -> list[str]:
    done = {entry.msgid: entry for entry in catalogue if entry.translated() and "fuzzy" not in entry.flags}
    return sorted(msgid for msgid, plural in wanted.items() if not fits(done.get(msgid), plural))
