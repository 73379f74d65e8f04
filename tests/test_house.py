"""The conventions of the house, held by a test each."""

import ast
import re
from itertools import chain
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(settings.BASE_DIR)
SOURCES = sorted(
    path
    for app in ("shelters", "intake")
    for path in (ROOT / app).rglob("*.py")
    if "migrations" not in path.parts
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# Pages that open without an account, each with its reason.
OPEN = {
    "healthz": "asked by a machine",
    "whoami": "tells a page whether it may send; says nothing about anybody",
    "account_login": "the way in",
    "account_logout": "asks nobody who is not in",
    "change_user": "signs out and leads to the sign-in",
    "mfa_authenticate": "the second half of the way in, after the password",
    "queue-screen": "a signed link for a week: numbers on a wall, and nothing about anybody",
    "worker": "a script and the addresses of files; asked anew after a sign-out as well",
    "send": "says 401 itself: a redirect would look like an answer",
    "first_administrator": "a signed link, once, while nobody has an account",
}


def name_of(path):
    return str(path.relative_to(ROOT))


def imports_of(path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def functions_of(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node, node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("path", [path for path in SOURCES if "shelters" in path.parts], ids=name_of)
def test_shelters_knows_nothing_of_families(path):
    if path.name in ("urls.py", "first_steps.py"):  # they only name what stands above them
        pytest.skip("wires the two together")
    assert not {name for name in imports_of(path) if name.split(".")[0] == "intake"}


@pytest.mark.parametrize("path", [path for path in SOURCES if "intake" in path.parts], ids=name_of)
def test_imports_run_one_way(path):
    above = {
        "models": ("views", "forms", "actions", "access"),
        "forms": ("views", "actions"),
        "matching": ("models", "views"),
    }
    layer = path.relative_to(ROOT / "intake").parts[0].removesuffix(".py")
    wrong = {f"intake.{name}" for name in above.get(layer, ())}
    assert not {
        name
        for name in imports_of(path)
        if any(name == each or name.startswith(each + ".") for each in wrong)
    }


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_source_files_and_functions_fit(path):
    assert len(path.read_text("utf-8").splitlines()) <= 400
    assert [node.name for node, length in functions_of(path) if length > 50] == []


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_test_files_fit(path):
    assert len(path.read_text("utf-8").splitlines()) <= 600


def test_functions_are_short_on_the_whole():
    lengths = sorted(length for path in SOURCES for _node, length in functions_of(path))
    assert lengths[len(lengths) // 2] <= 8


def test_there_is_no_junk_drawer():
    assert [name_of(path) for path in SOURCES if path.stem in ("utils", "helpers", "common", "misc")] == []


def views(patterns, found=()):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield pattern.name, pattern.callback


def test_every_page_needs_an_account_but_these():
    opened = {
        name for name, view in views(get_resolver().url_patterns) if not getattr(view, "login_required", True)
    }
    ours = {
        name for name in opened if name not in (None, "login", "jsi18n")
    }  # the admin's own door leads to ours
    assert ours == set(OPEN)


def test_no_migration_is_missing(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_no_template_is_unused():
    called = set(
        chain.from_iterable(
            re.findall(r"""["']([\w/]+\.html)["']""", path.read_text("utf-8"))
            for path in (*SOURCES, *TEMPLATES)
        )
    )
    # Found by their names: by Django, by the admin and by allauth.
    known = re.compile(r"^(400|404|500|403_csrf)\.html$|^(admin|account|simple_history)/")
    names = [str(path.relative_to(ROOT / "templates")) for path in TEMPLATES]
    handbooks = {"help/handbook_es.html", "help/handbook_en.html"}
    assert [name for name in names if name not in called | handbooks and not known.match(name)] == []


@pytest.mark.parametrize("path", [path for path in TEMPLATES if "500" not in path.name], ids=name_of)
def test_templates_hold_no_inline_script_or_style(path):
    text = path.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?://", text)


def test_personal_tables_are_never_updated_behind_their_history():
    """QuerySet.update() on a tracked table would leave no trace; `correct()` is the way."""
    tracked = r"\b(Family|Person|Stay|PersonNeed|ServiceReceived)\.objects\b[^\n]*\.update\("
    assert [name_of(path) for path in SOURCES if re.search(tracked, path.read_text("utf-8"))] == []
