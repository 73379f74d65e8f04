"""Every address of the program, with arguments from the records of a world (tests/world.py)."""

import re
from typing import NamedTuple
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.urls import URLPattern, get_resolver, reverse
from django.utils.http import urlencode

from intake import policy
from intake.ids import uuid7
from intake.models import Ticket
from intake.policy import Page, page_called
from intake.reports.base import REPORTS

# What stands at the variable place of a page's address, by the words before it.
NAMED_BY = {
    "families/<uuid:pk>": "family",
    "people/<uuid:pk>": "person",
    "services/<uuid:pk>": "servicereceived",
    "departures/<uuid:pk>": "departure",
    "queue/ticket/<uuid:pk>": "ticket",
    "look-alikes/<uuid:pk>": "lookalike",
    "clothes/<uuid:key>": "visit",
    "stock/<int:pk>": "station",
    "cuts/<uuid:pk>": "cut",
    "notes/<uuid:pk>": "note",
    "requests/<uuid:pk>": "exportrequest",
    "break-glass/<int:pk>": "breakglass",
    "offline/to-correct/<uuid:pk>": "lateform",
    "second-factor/<int:pk>": "user",
    "user/<id>": "user",
    "zones/<slug:code>": "zone",
}
# One of them stands for all: that each report keeps to its shelter is in its contract tests. Elsewhere each is asked.
ONE_REPORT = {"reports:csv": ["services"], "reports:xlsx": ["services"], "reports:hxl": ["partners"]}
ONE_REPORT["reports:records"] = ["census"]
VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")
INVENTED = {int: (0, 2**31, 2**63 - 1), UUID: (uuid7(), UUID(int=0))}


class Address(NamedTuple):
    """A pattern with its arguments. `table`: whose record it names, if any; `args` and `query` as they are sent.

    `besides`: rights it takes beyond those of its line, because of what is asked.
    """

    name: str
    route: str
    args: dict
    query: dict
    table: str = ""
    besides: tuple = ()

    @property
    def page(self) -> Page | None:
        return page_called(self.name)

    @property
    def path(self) -> str:
        return path_of(self.name, self.route, self.args)

    @property
    def full(self) -> str:
        return f"{self.path}?{urlencode(self.query, doseq=True)}" if self.query else self.path

    def of(self, key) -> "Address":
        """The same page of another record."""
        first = next(iter(self.args))
        return self._replace(args={**self.args, first: key})


def path_of(name, route, args) -> str:
    if route.endswith(")/$"):  # the two kinds of old patterns of the admin
        return reverse(name, args=list(args.values()))
    if not name.endswith(":"):
        return reverse(name, kwargs=args)
    path = route.replace("(?P<url>.*)$", "<url>").replace("^", "")
    return "/" + VARIABLE.sub(lambda found: str(args[found[1]]), path)


def patterns(resolver=None, route="", space=""):
    """(name as policy.py writes it, whole route, pattern) of everything that is resolved."""
    for each in (resolver or get_resolver()).url_patterns:
        here = route + str(each.pattern)
        if isinstance(each, URLPattern):
            yield space + (each.name or ""), here
        else:
            yield from patterns(each, here, f"{space}{each.namespace}:" if each.namespace else space)


def addresses(world) -> list[Address]:
    return [address for name, route in patterns() for address in filled(name, route, world)]


def filled(name, route, world):
    """A pattern once for each of what it branches on: reports, lines, fields with choices."""
    if name == "admin:autocomplete":
        for app, model, field in sorted(admin.site.autocomplete_fields(None)):
            chosen_from = apps.get_model(app, model)._meta.get_field(field).related_model._meta
            asked = {"app_label": app, "model_name": model, "field_name": field}
            besides = (f"{chosen_from.app_label}.view_{chosen_from.model_name}",)
            yield Address(name, route, {}, asked, besides=besides)
    elif name == "admin:app_list":
        for app in ("intake", "shelters"):
            yield Address(name, route, {"app_label": app}, {})
    elif name.startswith("admin:"):
        yield of_admin(name, route, world)
    elif "<slug:slug>" in route:
        for slug in ONE_REPORT.get(name, REPORTS):
            query = {"shelter": world.shelter.code}
            if name == "reports:records":
                query["cell"] = "total"
            yield Address(name, route, {"slug": slug}, query, "report", besides=(REPORTS[slug].permission,))
    elif "<slug:line>" in route:
        for line in Ticket.Line.values:
            yield Address(name, route, {"line": line}, {})
    elif "notes/<" in route:
        for kind in policy.NOTES if "<slug:kind>" in route else ["legal"]:
            about = {"kind": kind} if "<slug:kind>" in route else {}
            found = of_page(name, route, world)
            yield found._replace(args={**found.args, **about}, besides=(policy.NOTES[kind],))
    else:
        yield of_page(name, route, world)


def of_admin(name, route, world) -> Address:
    table = (re.search(r"admin/\w+/(\w+)/", route) or ["", ""])[1]
    table = "user" if "/account/<" in route else table
    args = {}
    if "([^/]+)" in route:
        args = {"pk": key_of(world, table), "version": getattr(world, table).history.latest().pk}
    elif "<" in route:
        variable = "url" if "url" in route else VARIABLE.search(route)[1]
        args = {variable: key_of(world, table) if table else "nowhere/"}
    return Address(name, route, args, {}, table if args else "")


def of_page(name, route, world) -> Address:
    table = next((table for words, table in NAMED_BY.items() if words in route), "")
    args = {}
    if table:
        variable = VARIABLE.search(route)[1]
        args = {variable: world.zone.code if table == "zone" else key_of(world, table)}
    if "<slug:code>" in route and table != "zone":
        args["code"] = "SOCKS"
    if "<str:token>" in route:
        args["token"] = world.token
    query = {"shelter": world.shelter.code} if name in ("reports:cuts", "reports:cut-freeze") else {}
    return Address(name, route, args, query, table or ("report" if query else ""))


def key_of(world, table):
    found = getattr(world, table)
    return getattr(found, "pk", found)


def invented(key) -> list:
    """Keys that are nobody's, and the neighbours of one that is somebody's."""
    if isinstance(key, UUID):
        return [*INVENTED[UUID], *(UUID(int=key.int + step) for step in (-2, -1, 1, 2))]
    if isinstance(key, int):
        return [*INVENTED[int], key + 1_000, key + 1_001]
    return ["nobodys"]
