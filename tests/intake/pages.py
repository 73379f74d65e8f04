"""What the tests of screens share: a form sent back as a browser would, and all that is stored about people."""

import re
from html import unescape

import html5lib

from intake.models import Family, Intention, Person, PersonNeed, ServiceReceived, Stay

PEOPLE = (Family, Person, Stay, PersonNeed, Intention, ServiceReceived)
NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
TICKS = ("checkbox", "radio")


def sent_from(page) -> dict[str, list[str]]:
    """The form of a page as a browser sends it when nobody has touched it."""
    document = html5lib.parse(page.content.decode(), namespaceHTMLElements=False)
    form = next(form for form in document.iter("form") if "panel" in form.get("class", ""))
    sent = {}
    for control in form.iter():
        if control.get("name") and control.get("name") != "csrfmiddlewaretoken":
            sent.setdefault(control.get("name"), []).extend(values_of(control))
    return {name: values for name, values in sent.items() if values}


def values_of(control) -> list[str]:
    if control.tag == "textarea":
        return [(control.text or "").removeprefix("\n")]
    if control.tag == "select":
        options = list(control.iter("option"))
        chosen = [option for option in options if "selected" in option.attrib] or options[:1]
        return [option.get("value", "") for option in chosen]
    if control.tag != "input" or (control.get("type") in TICKS and "checked" not in control.attrib):
        return []
    return [control.get("value", "")]


def words_of(page) -> str:
    """What a reader sees of the page's main part, without its markup."""
    main = page.content.decode().partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def stored() -> list:
    """Every row about people, to tell that nothing has changed."""
    return [list(model.objects.order_by("pk").values()) for model in PEOPLE]


def export(client, address, **answers):
    """The file of a report's page, after what is asked before it leaves."""
    asked = {"purpose": "own_work", "outside": "no", "language": "es", "values": ""}
    return client.post(address, {**asked, **answers})
