"""Who is in a shelter at a moment and still lacks something: numbers, never names; and the same by zone.

Where a number would tell about one family what the reader may not know, it stands once for the whole shelter, and opens
nothing: who is without legal advice tells of the others that they had it.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import cache, partial
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.models import Card, PersonNeed, ServiceReceived, ServiceType, SpecificNeed, Stay
from intake.presence import without_sign
from intake.reports.base import Report, as_text, share
from intake.reports.charts import Chart
from intake.reports.readers import seen_by, tier_of
from intake.reports.tables import COUNT, NUMBER, Coded, Column, Counted, Table

Tier = SpecificNeed.Tier
LEGAL_ADVICE, BLANKET = "LEG", "NFI-BLK"
TWO_DAYS = timedelta(days=2)


class Asked(NamedTuple):
    """What is asked, and of whom: everybody's stay in the shelter at that moment."""

    shelter: object
    moment: object
    tier: int  # the highest tier of needs that is counted

    @property
    def stays(self):
        return Stay.objects.covering(self.moment).filter(shelter=self.shelter).order_by()

    def given(self, **what):
        """What was given here by then, whenever that was."""
        return ServiceReceived.objects.given().filter(shelter=self.shelter, given_at__lte=self.moment, **what)

    def of_family(self, rows) -> Exists:
        """Whether there is one of these rows of anybody of the family; said so, databases look person by person."""
        return Exists(rows.filter(person__family=OuterRef("person__family")))


def here_two_days(asked: Asked):
    """Of families of whom somebody has been here for two days."""
    return asked.stays.filter(asked.of_family(asked.stays.filter(in_at__lte=asked.moment - TWO_DAYS)))


def without_advice(asked: Asked):
    """A talk to many is no advice."""
    individual = ServiceType.objects.filter(category=LEGAL_ADVICE, sensitivity=ServiceType.Sensitivity.LEGAL)
    # Their codes, not their table: what one person received of these is found in one look.
    advised = asked.given(service_type__in=list(individual.values_list("pk", flat=True)))
    return here_two_days(asked).filter(~asked.of_family(advised))


def without_blanket(asked: Asked):
    return asked.stays.filter(~Exists(asked.given(service_type=BLANKET, person=OuterRef("person"))))


def without_card(asked: Asked):
    """A card that was revoked by then is no card."""
    cards = Card.objects.filter(family=OuterRef("person__family"), bound_at__lte=asked.moment)
    bound = cards.filter(Q(revoked_at__isnull=True) | Q(revoked_at__gt=asked.moment))
    return asked.stays.filter(~Exists(bound))


def unseen(asked: Asked):
    """Of families of whom nobody was seen, as in the sweep."""
    calm = without_sign(asked.stays, asked.moment)
    seen = asked.stays.exclude(pk__in=calm.values("pk"))
    return calm.filter(~asked.of_family(seen))


def with_need(asked: Asked):
    return asked.stays.filter(person__in=standing_needs(asked).values("person"))


def unconfirmed(asked: Asked):
    open_ones = standing_needs(asked).filter(Q(confirmed_at__isnull=True) | Q(confirmed_at__gt=asked.moment))
    return asked.stays.filter(person__in=open_ones.values("person"))


def standing_needs(asked: Asked):
    return PersonNeed.objects.standing_at(asked.moment).filter(need__tier__lte=asked.tier)


def everybody(asked: Asked):
    return asked.stays


class Gap(NamedTuple):
    """Whose stays lack it, and of whose stays that is a part."""

    code: str
    label: Promise
    lacking: Callable
    among: Callable


GAPS = [
    Gap("legal", gettext_lazy("Two days here, without legal advice"), without_advice, here_two_days),
    Gap("blanket", gettext_lazy("Without a blanket"), without_blanket, everybody),
    Gap("card", gettext_lazy("Without a card"), without_card, everybody),
    Gap("unseen", gettext_lazy("Not seen for 36 hours"), unseen, everybody),
    Gap("needs", gettext_lazy("With a need nobody has confirmed"), unconfirmed, with_need),
]


def told_to(reader) -> set[str]:
    """The gaps of which this account may know whose they are."""
    may = {
        "legal": ServiceType.Sensitivity.LEGAL in seen_by(reader),
        "needs": tier_of(reader) == Tier.PROTECTION,
    }
    return {gap.code for gap in GAPS if may.get(gap.code, True)}


class Group:
    """The people of some stays, read once and counted as a whole and by zone: who is in two zones is one person."""

    def __init__(self, stays):
        self.stays = stays
        rows = set(stays.values_list("zone", as_text("person"), as_text("person__family")))
        self.people = len({person for _zone, person, _family in rows})
        self.families = len({family for _zone, _person, family in rows})
        self.by_zone = Counter(zone for zone, _person, _family in rows)


def rows_of(group: Callable, opens: set[str]) -> list[tuple]:
    """(gap, people, families, of how many people, share)."""
    lines = []
    for gap in GAPS:
        lacking, of = group(gap.lacking), group(gap.among).people
        people, families = lacking.people, lacking.families
        if gap.code in opens:
            people = Counted(people, f"{gap.code}.people", lacking.stays.people)
            families = Counted(families, f"{gap.code}.families", partial(families_of, lacking.stays))
        lines.append((Coded(gap.code, str(gap.label)), people, families, of, share(people, of)))
    return lines


def families_of(stays):
    return stays.people().families()


def zone_rows(zones, columns: dict[str, Group]) -> list[tuple]:
    """(zone, people of each column), of the zones where somebody is. The first column is of everybody."""
    there = columns["present"].by_zone
    places = [(zone.pk, Coded(zone.code, zone.name)) for zone in zones if zone.pk in there]
    places.append((None, Coded("", _("No zone"))))

    def people(code, pk, word):
        key = f"{f'zone.{word.code}' if pk else 'no_zone'}.{code}"
        of = columns[code]
        return Counted(of.by_zone[pk], key, lambda: of.stays.filter(zone=pk).people())

    return [(word, *(people(code, pk, word) for code in columns)) for pk, word in places]


class GapsReport(Report):
    slug = "gaps"
    title = gettext_lazy("Gaps")
    about = gettext_lazy("Who is here and still without legal advice, blanket or card, or was not seen.")
    columns = (
        Column("gap", gettext_lazy("Missing"), hxl="#indicator+name"),
        Column(
            "people",
            gettext_lazy("People"),
            NUMBER,
            "#affected+migrants+ind",
            gettext_lazy("Present and concerned, each person once in the line."),
            COUNT,
        ),
        Column(
            "families",
            gettext_lazy("Families"),
            NUMBER,
            "#affected+migrants+hh",
            gettext_lazy("With at least one of these people."),
            COUNT,
        ),
        Column(
            "of_people",
            gettext_lazy("Of how many"),
            NUMBER,
            "#x_denominator+ind",
            gettext_lazy(
                "Everybody present; for legal advice, the families here two days or more; for needs, whoever has one."
            ),
        ),
        Column("share", gettext_lazy("Share (%)"), NUMBER, "#indicator+value+num"),
    )

    def tables(self, filters) -> list[Table]:
        shelter, moment, reader = filters["shelter"], filters["as_of"], filters["reader"]
        opens = told_to(reader)
        gaps = [gap for gap in GAPS if gap.code != "legal" or gap.code in opens]

        read = cache(lambda which, tier: Group(which(Asked(shelter, moment, tier))))

        def group(which, tier=Tier.PROTECTION):
            return read(which, tier)

        def present():
            return Counted(group(everybody).people, "present", group(everybody).stays.people)

        def by_zone():
            tiers = {"needs": tier_of(reader)}
            told = {gap.code: group(gap.lacking, tiers.get(gap.code, Tier.PROTECTION)) for gap in gaps}
            return zone_rows(shelter.zones.all(), {"present": group(everybody), **told})

        zone = Column("zone", _("Zone"), hxl="#loc+zone+name")
        here = Column("present", _("Present"), NUMBER, "#affected+migrants+ind+total")
        lacking = [Column(gap.code, gap.label, NUMBER, f"#x_gap+{gap.code}+ind") for gap in gaps]
        return [
            Table(
                "gaps",
                _("What is missing"),
                self.columns,
                lambda: rows_of(group, opens),
                note=_("The lines cannot be added: the same person may stand in several."),
                draw=draw,
                foot=lambda _rows: (_("All people"), present(), None, None, None),
            ),
            Table(
                "zones",
                _("By zone, people"),
                [zone, here, *lacking],
                by_zone,
                inside_only=True,
                note=_(
                    "Each person once in a zone. Legal advice stands here only for whoever may see it; needs likewise."
                ),
            ),
        ]


def draw(rows) -> Chart | None:
    if not any(row[1] for row in rows):
        return None
    about = _("People who are here and lack something.")
    return Chart(
        "bars",
        "lacking",
        _("What is missing"),
        about,
        [row[0] for row in rows],
        [(_("People"), [row[1] for row in rows])],
    )
