"""The forms of every page, as a role finds them: a new form comes in by standing on a page.

Two forms are the same when they go to the same view with the same names, whatever row or record they are about.
"""

import re
from html import unescape
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import html5lib
from django.urls import Resolver404, resolve

from tests.intake.pages import values_of

FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
NUMBER = re.compile(r"\d+")
SENDS = ("submit", "image")
# What somebody types where the page leaves it empty, by the last word of its name; elsewhere a name.
TYPED = {
    "age": "34",
    "origin": "Honduras",
    "birth": "34",
    "login": "volunteer-own",
    "password": "puente de papel",
}
TYPED |= dict.fromkeys("on at until card limit count".split(), "")
TYPED |= dict.fromkeys("people quantity capacity position m n cards toilets showers".split(), "7")
TYPED |= {"code": "nuevo", "from": "13:00", "q": "Ana"}
BY_TYPE = {"number": "7", "date": "2018-11-06", "time": "12:00"}
BY_CARD = {
    "intake:scan",
    "intake:presence",
    "intake:round",
    "intake:clothes",
    "intake:departures",
    "intake:card-bind",
}


class Form(NamedTuple):
    """`sent`: what a browser sends when it is filled in plainly; `buttons`: (name, value), one of which is pressed."""

    page: str
    action: str
    method: str
    sent: dict
    buttons: tuple
    view: str
    before: tuple = ()  # forms that are sent first: this one stands on what they led to

    def __str__(self):
        return " → ".join([*(each.view for each in self.before), f"{self.method} {self.view} on {self.page}"])

    @property
    def names(self) -> list[str]:
        return [name for name in (*self.sent, *dict(self.buttons)) if name]

    @property
    def plain(self) -> dict:
        """As it is sent by its own button, which bears no name, or else by the first."""
        return (
            self.sent
            if not self.buttons
            else self.pressing(min(self.buttons, key=lambda each: each[0] != ""))
        )

    def pressing(self, button) -> dict:
        name, value = button
        return {**self.sent, name: [value]} if name else {**self.sent}


def forms_on(page, answer, known: set, card="") -> list[Form]:
    """Those of this page that are not known yet; where a card is asked for, this one is typed.

    Only a new one is parsed as a browser does: that takes long.
    """
    found = []
    for written in FORM.findall(answer.content.decode()):
        action = unescape((re.search(r'<form[^>]*\saction="([^"]*)"', written) or ["", ""])[1])
        names = {NUMBER.sub("#", name) for name in re.findall(r'\sname="([^"]*)"', written)}
        view = view_of(action or page, page)
        key = (view, frozenset(names))
        if view and key not in known:
            known.add(key)
            found.append(parsed(written, page, action or page, view, card))
    return found


def view_of(action, page) -> str:
    """Its view, and which of the few things in a list it is about: a report, a line."""
    if action.startswith("?"):
        action = urlsplit(page).path
    try:
        match = resolve(urlsplit(action).path)
    except Resolver404:
        return ""
    few = [str(value) for name, value in match.kwargs.items() if name in ("slug", "line", "kind")]
    return " ".join([match.view_name, *few])


def parsed(written, page, action, view, card) -> Form:
    (form,) = html5lib.parseFragment(written, namespaceHTMLElements=False).iter("form")
    sent, buttons = {}, []
    for control in form.iter():
        name = control.get("name")
        if control.tag == "button" or control.get("type") in SENDS:
            buttons.append((name or "", control.get("value", "")))
        elif name and name != "csrfmiddlewaretoken" and "disabled" not in control.attrib:
            plain = [card] if view in BY_CARD and name in ("card", "cards", "code") else filled(control, sent)
            sent.setdefault(name, []).extend(plain)
    if action.startswith("?"):
        action = urlsplit(page).path + action
    return Form(page, action, form.get("method", "get").upper(), sent, tuple(buttons), view)


def filled(control, sent) -> list[str]:
    """As it stands, or else with something plain: most forms are refused before their end while fields are empty."""
    name, kind = control.get("name"), control.get("type", "text")
    values = values_of(control)
    if control.tag == "select":
        offered = [value for option in control.iter("option") if (value := option.get("value"))]
        return values if any(values) else offered[:1] or values
    if kind == "radio" or (kind == "checkbox" and control.get("value")):
        return values or ([] if sent.get(name) else [control.get("value", "on")])
    if any(values) or kind in ("hidden", "checkbox") or control.tag not in ("input", "textarea"):
        return values
    last_word = re.split(r"[-_]", name.rstrip("0123456789-_"))[-1]
    return [BY_TYPE.get(kind, TYPED.get(last_word, "Ana"))]


def query_names(answer) -> set[str]:
    """What the links and the searches of a page write into addresses."""
    links = re.findall(r'(?:href|action)="[^"?]*\?([^"#]+)"', answer.content.decode())
    return {name for query in links for name, _value in parse_qsl(unescape(query), keep_blank_values=True)}
