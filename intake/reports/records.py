"""The records behind a number, as a table whose rows lead to the record."""

from collections.abc import Callable
from typing import NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from intake.admin.base import head_of
from intake.ages import in_words
from intake.models import Family, Person, ServiceReceived, Stay, Tally, Ticket
from intake.reports.tables import DATE, NUMBER, Column, Linked, Table
from shelters.templatetags.desk import desk_name

AT_ONCE = 100


class Kind(NamedTuple):
    """How records of a model are listed: `prepare` orders the QuerySet and brings what `row` shows."""

    title: str
    columns: list[Column]
    prepare: Callable[[QuerySet, dict], QuerySet]
    row: Callable


def listed(records: QuerySet, asked: dict, number: str) -> tuple[Page, Table]:
    """One page of the records, and the table of it. A few queries; whatever `number` is, there is such a page."""
    kind = KINDS[records.model]
    pages = Paginator(kind.prepare(records, asked), AT_ONCE)
    pages.count = records.count()  # without what is only shown
    page = pages.get_page(number)
    shelter = asked["shelter"]
    day = shelter.day_of(asked["as_of"]) if "as_of" in asked else asked["until"]
    rows = [kind.row(record, day) for record in page]
    return page, Table("records", kind.title, kind.columns, lambda: rows, in_files=False)


def families_on(page) -> set:
    """Whose families a page names: by person, family or service; counts and numbers name nobody."""
    rows = [
        getattr(record, "person", record)
        for record in page
        if isinstance(record, (Person, Family, ServiceReceived))
    ]
    return {row.pk if isinstance(row, Family) else row.family_id for row in rows}


def unseen(number: int, page: Page) -> int:
    """How many of those counted are not listed: of a family that is another shelter's. A tally counts many."""
    pages = page.paginator
    return 0 if pages.object_list.model is Tally else number - pages.count


def link(record, words="") -> Linked:
    """To its page in the admin."""
    name = f"admin:{record._meta.app_label}_{record._meta.model_name}_change"
    return Linked(words or record, reverse(name, args=[record.pk]))


def people(records, asked):
    """With the zone where each slept last, as far as the report looks."""
    by_then = {"in_at__lte": asked["as_of"]} if "as_of" in asked else {"in_on__lte": asked["until"]}
    stays = Stay.objects.filter(shelter=asked["shelter"], **by_then).select_related("zone").order_by("-in_at")
    records = records.select_related("family", "origin_region")
    # Fetched for those of one page: beside each person, the database would look for everybody's before it sorts.
    records = records.prefetch_related(Prefetch("stays", stays, to_attr="newest_first"))
    return records.order_by("-family__registered_at", "family_id", "position", "id")


def person_row(person, day) -> tuple:
    age, sex = in_words(person.birth, day), person.get_sex_display()
    zone = next((stay.zone for stay in person.newest_first), None)
    return link(person), age, sex, person.origin_text, zone, link(person.family)


def family_row(family, _day) -> tuple:
    head, size = link(family, head_of(family)), len(family.members.all())
    return head, size, family.arrived_on, family.get_notice_answer_display()


def service_row(service, _day) -> tuple:
    what, who = link(service, service.service_type.label), link(service.person)
    return what, who, service.given_at, service.quantity, service.organization, service.recorded_by


def tally_row(tally, _day) -> tuple:
    what, who = link(tally, tally.service_type.label), tally.get_who_display()
    return what, tally.people, who, tally.counted_at, desk_name(tally.line), tally.recorded_by


def ticket_row(ticket, _day) -> tuple:
    """As on the public screen: whose number it is stays with the line."""
    what, desk = (ticket.get_line_display(), ticket.people, ticket.get_state_display()), ticket.desk
    return str(ticket), *what, ticket.queued_at, ticket.called_at, desk and desk_name(desk)


KINDS = {
    Person: Kind(
        gettext_lazy("People"),
        [
            Column("name", gettext_lazy("Name")),
            Column("age", gettext_lazy("Age")),
            Column("sex", gettext_lazy("Sex")),
            Column("origin", gettext_lazy("Origin")),
            Column("zone", gettext_lazy("Zone")),
            Column("family", gettext_lazy("Family")),
        ],
        people,
        person_row,
    ),
    Family: Kind(
        gettext_lazy("Families"),
        [
            Column("head", gettext_lazy("Head of the family")),
            Column("people", gettext_lazy("People"), NUMBER),
            Column("arrived", gettext_lazy("Arrived on"), DATE),
            Column("notice", gettext_lazy("Privacy notice")),
        ],
        lambda records, _asked: records.prefetch_related("members").order_by("-registered_at", "id"),
        family_row,
    ),
    ServiceReceived: Kind(
        gettext_lazy("Services received"),
        [
            Column("service", gettext_lazy("Service")),
            Column("person", gettext_lazy("Person")),
            Column("given", gettext_lazy("Given"), DATE),
            Column("quantity", gettext_lazy("Quantity"), NUMBER),
            Column("organization", gettext_lazy("Organization")),
            Column("by", gettext_lazy("Recorded by")),
        ],
        lambda records, _asked: records.select_related(
            "service_type", "person", "organization", "recorded_by"
        ).order_by("-given_at", "id"),
        service_row,
    ),
    Tally: Kind(
        gettext_lazy("Counts without names"),
        [
            Column("service", gettext_lazy("Service")),
            Column("people", gettext_lazy("People"), NUMBER),
            Column("who", gettext_lazy("Who")),
            Column("counted", gettext_lazy("Counted"), DATE),
            Column("desk", gettext_lazy("Desk")),
            Column("by", gettext_lazy("Recorded by")),
        ],
        lambda records, _asked: records.select_related("service_type", "recorded_by").order_by(
            "-counted_at", "id"
        ),
        tally_row,
    ),
    Ticket: Kind(
        gettext_lazy("Numbers taken"),
        [
            Column("number", gettext_lazy("Number")),
            Column("line", gettext_lazy("Line")),
            Column("people", gettext_lazy("People"), NUMBER),
            Column("state", gettext_lazy("State")),
            Column("taken", gettext_lazy("Taken"), DATE),
            Column("called", gettext_lazy("Called"), DATE),
            Column("desk", gettext_lazy("Desk")),
        ],
        lambda records, _asked: records.order_by("-queued_at", "id"),
        ticket_row,
    ),
}
