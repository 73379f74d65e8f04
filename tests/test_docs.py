"""What the documents name exists: files, headings, commands, settings. And they name no place of anybody's own."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from django.conf import settings
from django.core.management import get_commands

ROOT = Path(settings.BASE_DIR)
README = ROOT / "README.md"
DOCUMENTS = [README, *sorted((ROOT / "docs").rglob("*.md"))]
REQUIREMENTS = sorted(ROOT.glob("requirements*.txt"))
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
SETTING = re.compile(r"""(?:env\.\w+|switch)\(\s*["']([A-Z][A-Z_]+)["']""")  # env.str("X"), switch("X")
# `manage.py x`, or the script `sudo puente x` of docs/deploying.md.
MANAGED = re.compile(r"\b(?:manage\.py|sudo puente) ([a-z_]+)")
# Only in examples: nobody's host, this machine, or a shelter's own network.
EXAMPLE_HOSTS = re.compile(r"(.+\.)?example\.org|127\.0\.0\.1|localhost|192\.168(\.\d+){2}|")

every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def without_code(text) -> str:
    """Prose only: an indented example or words in backquotes are not links."""
    prose = [line for line in text.splitlines() if not line.startswith("    ")]
    return re.sub(r"`[^`]*`", "", "\n".join(prose))


def links_of(path) -> list[str]:
    return LINK.findall(without_code(path.read_text("utf-8")))


def anchors_of(path) -> set[str]:
    """Headings as repository pages turn them into anchors."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead(path, link) -> bool:
    parts = urlsplit(link)
    if parts.scheme:
        return False
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_relative_to(ROOT) or not target.exists():
        return True
    return bool(parts.fragment) and parts.fragment not in anchors_of(target)


def test_the_readme_is_short():
    assert len(README.read_text("utf-8").splitlines()) <= 150


@every_document
def test_every_link_and_image_leads_somewhere(path):
    assert [link for link in links_of(path) if dead(path, link)] == []


def test_the_links_are_found():
    """Else the test above would pass on anything."""
    assert "docs/deploying.md" in links_of(README)
    assert "docs/screenshots/census-laptop-es.png" in links_of(README)
    assert dead(README, "docs/no-such-file.md")
    assert dead(README, "docs/deploying.md#no-such-heading")


def test_every_setting_is_documented():
    found = SETTING.findall((ROOT / "shelters" / "settings.py").read_text("utf-8"))
    text = "\n".join(path.read_text("utf-8") for path in (README, ROOT / "docs" / "deploying.md"))
    assert {"DATABASE_URL", "HTTPS"} <= set(found)
    assert [name for name in found if f"`{name}`" not in text] == []


@every_document
def test_every_command_exists(path):
    text = path.read_text("utf-8")
    assert [name for name in MANAGED.findall(text) if name not in get_commands()] == []
    known = re.findall(r"""add_parser\(\s*"(\w+)\"""", (ROOT / "dev.py").read_text("utf-8"))
    assert "run" in known
    assert [name for name in re.findall(r"\bdev\.py ([a-z]+)", text) if name not in known] == []


@every_document
def test_documents_name_only_hosts_of_examples(path):
    found = re.findall(r"\w+://[^\s`\"'<>)$;]+", path.read_text("utf-8"))
    hosts = {urlsplit(url).hostname or "" for url in found}
    assert {host for host in hosts if not EXAMPLE_HOSTS.fullmatch(host)} == set()


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_requirements_name_no_place_to_load_from(path):
    text = path.read_text("utf-8")
    assert "--hash=sha256:" in text
    assert (
        re.findall(r"\S*://\S*|^\s*(?:--(?:extra-)?index-url|--find-links|-[if])\b.*", text, re.MULTILINE)
        == []
    )
