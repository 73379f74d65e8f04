"""What waits for somebody in a shelter: counted as it stands now, each with the page where it is settled."""

from collections.abc import Callable
from typing import NamedTuple

from django.db.models import Count, Exists, F, OuterRef, Sum
from django.db.models.functions import Greatest, Least
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from intake.ages import born_on_or_before
from intake.alarms import open_alarms
from intake.models import Alert, LookAlike, Person, PersonNeed, Ticket
from intake.presence import places_of, quiet_ids
from intake.reports import gaps
from intake.reports.census_cells import CountsAs, alone
from intake.reports.tables import Coded
from shelters.break_glass import BreakGlass

OF_A_CHILD_HERE = (Alert.Kind.UNACCOMPANIED, Alert.Kind.LEFT_BEHIND)


class Waiting(NamedTuple):
    """How many, and how many people that is, where the number does not say it and nobody is in two of them."""

    number: int
    people: int | None = None


def look_alikes(shelter) -> Waiting:
    """Pairs of families, as the list of the admin shows them."""
    rows = LookAlike.objects.open().filter(first__family__shelter=shelter).order_by()
    ends = (F("first__family"), F("second__family"))
    return Waiting(rows.values("verdict", one=Least(*ends), other=Greatest(*ends)).distinct().count())


def alerts(shelter) -> Waiting:
    return Waiting(Alert.objects.open().filter(shelter=shelter).order_by().count())


def children_alone(shelter):
    """Under 18, here, alone as the census sees it; no alert was ever raised, and nobody confirmed it."""
    now = timezone.now()
    grown = born_on_or_before(18, shelter.day_of(now))
    told = Alert.objects.filter(person=OuterRef("pk"), kind__in=OF_A_CHILD_HERE)
    said = PersonNeed.objects.standing_at(now).filter(
        person=OuterRef("pk"), need__counts_as=CountsAs.UNACCOMPANIED, confirmed_at__lte=now
    )
    children = Person.objects.present_at(now, shelter).filter(birth_date__gt=grown)
    return children.filter(alone(shelter, now, grown), ~Exists(told), ~Exists(said))


def unheard_children(shelter) -> Waiting:
    return Waiting(children_alone(shelter).order_by().count())


def crowded(shelter) -> Waiting:
    over = [place.over for place in places_of(shelter) if place.over]
    return Waiting(len(over), sum(over))


def quiet(shelter) -> Waiting:
    sizes = quiet_ids(shelter)
    return Waiting(len(sizes), sum(sizes.values()))


def without_advice(shelter) -> Waiting:
    """As the report on gaps counts them."""
    stays = gaps.without_advice(gaps.Asked(shelter, timezone.now(), tier=0))
    families, people = Count("person__family", distinct=True), Count("person", distinct=True)
    return Waiting(**stays.aggregate(number=families, people=people))


def tickets(shelter) -> Waiting:
    rows = Ticket.objects.waiting().filter(shelter=shelter, queued_on=shelter.today()).order_by()
    return Waiting(**rows.aggregate(number=Count("pk"), people=Sum("people", default=0)))


def break_glass(shelter) -> Waiting:
    return Waiting(BreakGlass.objects.unsettled().filter(shelter=shelter).order_by().count())


def readers(shelter) -> Waiting:
    return Waiting(open_alarms([shelter]).order_by().values("user").distinct().count())


class Decision(NamedTuple):
    """`address` leads to where it is settled, for whoever has the `permission`.

    `of_shift`: that page is of the shelter of the reader's shift, so it is offered to nobody on shift elsewhere.
    """

    code: str
    label: str
    unit: str
    count: Callable[..., Waiting]
    permission: str
    address: Callable[..., str]
    of_shift: bool = False

    def address_for(self, reader, shelter) -> str:
        """Empty for whoever may not open it, and without an account."""
        if not reader or not reader.has_perm(self.permission):
            return ""
        is_elsewhere = reader.last_shelter_id not in (None, shelter.pk)
        return "" if self.of_shift and is_elsewhere else self.address(shelter)


# In the order of what cannot wait.
DECISIONS = (
    Decision(
        "alerts",
        gettext_lazy("Open alerts about children and parted families"),
        "alerts",
        alerts,
        "intake.view_alert",
        lambda _shelter: reverse("admin:intake_alert_changelist"),
    ),
    Decision(
        "children_alone",
        gettext_lazy("Children without an adult and without an alert"),
        "children",
        unheard_children,
        "intake.view_person",
        lambda shelter: f"{reverse('admin:intake_person_changelist')}?alone={shelter.code}",
    ),
    Decision(
        "break_glass",
        gettext_lazy("Emergency accesses to answer or to review"),
        "requests",
        break_glass,
        "shelters.view_breakglass",
        lambda _shelter: reverse("intake:break-glass"),
    ),
    Decision(
        "readers",
        gettext_lazy("Accounts that opened very many families"),
        "accounts",
        readers,
        "shelters.view_accessevent",
        lambda _shelter: reverse("admin:index"),
    ),
    Decision(
        "crowded",
        gettext_lazy("Zones over their capacity"),
        "zones",
        crowded,
        "intake.change_stay",
        lambda _shelter: reverse("intake:presence"),
        of_shift=True,
    ),
    Decision(
        "not_seen",
        gettext_lazy("Families not seen for 36 hours"),
        "families",
        quiet,
        "intake.add_departure",
        lambda _shelter: reverse("intake:quiet"),
        of_shift=True,
    ),
    Decision(
        "no_advice",
        gettext_lazy("Families here for two days without legal advice"),
        "families",
        without_advice,
        "intake.view_ticket",
        lambda _shelter: reverse("intake:queue-line", args=[Ticket.Line.LEGAL]),
        of_shift=True,
    ),
    Decision(
        "look_alikes",
        gettext_lazy("Pairs of families who may be the same"),
        "pairs",
        look_alikes,
        "intake.view_lookalike",
        lambda _shelter: reverse("admin:intake_lookalike_changelist"),
    ),
    Decision(
        "tickets",
        gettext_lazy("Numbers waiting in line today"),
        "tickets",
        tickets,
        "intake.view_ticket",
        lambda _shelter: reverse("intake:queue"),
        of_shift=True,
    ),
)
UNITS = {
    "accounts": gettext_lazy("accounts"),
    "alerts": gettext_lazy("alerts"),
    "children": gettext_lazy("children"),
    "zones": gettext_lazy("zones"),
    "families": gettext_lazy("families"),
    "requests": gettext_lazy("requests"),
    "pairs": gettext_lazy("pairs of families"),
    "tickets": gettext_lazy("numbers"),
}


class Line(NamedTuple):
    """A decision with its numbers, as the page shows it."""

    what: Coded
    unit: Coded
    waiting: Waiting
    address: str


def lines(shelter, reader) -> list[Line]:
    """Eleven queries, however many people."""
    return [
        Line(
            Coded(each.code, str(each.label)),
            Coded(each.unit, str(UNITS[each.unit])),
            each.count(shelter),
            each.address_for(reader, shelter),
        )
        for each in DECISIONS
    ]
