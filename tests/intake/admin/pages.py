"""What the tests of these pages share: their addresses, and a form sent back as a browser would."""

import re

from intake.models import Person, SpecificNeed
from tests import factories

INLINE_CODE = re.compile(r"<[^>]+\s(style|on[a-z]+)\s*=|<script(?![^>]*\bsrc=)[^>]*>|<style")
PEOPLE = ("family", "person", "stay", "personneed", "intention", "servicereceived")
LISTS = (
    "region",
    "language",
    "specificneed",
    "plan",
    "legaloutcome",
    "servicecategory",
    "servicetype",
    "privacynotice",
)
NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"


def address(model, page=""):
    return f"/es/admin/intake/{model}/{page}"


def records_of(family) -> dict:
    """One record of each table about people, all of this family."""
    person = Person.objects.select_related("family__shelter").filter(family=family).first()
    return {
        "family": family,
        "person": person,
        "stay": person.stays.first(),
        "personneed": factories.make_need(person, SpecificNeed.objects.filter(tier=1).first().pk),
        "intention": factories.make_intention(person),
        "servicereceived": factories.make_service(person),
    }


def sent_from(client, page):
    """What a browser would send back of this page, nothing changed."""
    context = client.get(page).context
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.initial_forms]
    sent = {}
    for field in (form[name] for form in forms for name in form.fields):
        value = field.value()
        parts = field.field.widget.decompress(value) if hasattr(field.field.widget, "decompress") else None
        if parts is not None:
            sent |= {
                f"{field.html_name}_{n}": "" if part is None else str(part) for n, part in enumerate(parts)
            }
        else:
            sent[field.html_name] = "" if value is None else value
    return sent


def change(client, obj, **fields):
    page = address(obj._meta.model_name, f"{obj.pk}/change/")
    return client.post(page, {**sent_from(client, page), **fields})


def errors(response):
    context = response.context
    found = [*context["adminform"].form.errors]
    for inline in context["inline_admin_formsets"]:
        found += [name for form in inline.formset.forms for name in form.errors]
    return found
