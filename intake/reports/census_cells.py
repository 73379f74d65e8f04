"""Who is in each cell of the census: asked when they are counted, and again when a number is opened."""

from datetime import date, datetime
from functools import partial

from django.db.models import Exists, OuterRef, Q, QuerySet

from intake.ages import born_on_or_before
from intake.models import Person, PersonNeed, Relationship, Sex, SpecificNeed, Stay
from intake.models.families import UNRECORDED
from intake.models.needs import highest_tier
from intake.reports.tables import Counted
from shelters.models import Shelter

CountsAs = SpecificNeed.CountsAs
OF_NEEDS = {
    "pregnant": CountsAs.PREGNANT,
    "adults_with_disability": CountsAs.DISABILITY,
    "adults_lgbtttiq": CountsAs.LGBT,
    "unaccompanied_adolescents": CountsAs.UNACCOMPANIED,
}


def together(shelter: Shelter, moment: datetime) -> dict[str, Q]:
    """The cells that have to add up, and who is in each.

    The bounds are those of PersonQuerySet.adults, minors and aged; the tests hold the two together.
    """
    day = shelter.day_of(moment)
    grown = born_on_or_before(18, day)
    adolescent = Q(birth_date__gt=grown, birth_date__lte=born_on_or_before(12, day))
    return {
        "total": Q(),
        "adults": Q(birth_date__lte=grown),
        "minors": Q(birth_date__gt=grown),
        "age_0_5": Q(birth_date__gt=born_on_or_before(6, day)),
        "unknown_age": Q(birth_date__isnull=True),
        # The age stands first: it is cheap, and spares everybody else the look at their family.
        "unaccompanied_adolescents": adolescent & alone(shelter, moment, grown),
    }


def alone(shelter: Shelter, moment: datetime, grown: date) -> Q:
    """With no grown relative here, companions aside; what staff confirmed or ruled out goes first."""
    family_here = Stay.objects.covering(moment).filter(shelter=shelter, person__family=OuterRef("family"))
    grown_relative = family_here.filter(person__birth_date__lte=grown).exclude(
        person__relationship=Relationship.COMPANION
    )
    said = PersonNeed.objects.filter(person=OuterRef("pk"), need__counts_as=CountsAs.UNACCOMPANIED)
    standing = said.standing_at(moment)
    confirmed = standing.filter(confirmed_at__lte=moment)
    ruled_out = said.filter(ruled_out_at__lte=moment)
    by_itself = ~Exists(grown_relative) | Q(relationship=Relationship.COMPANION) | Exists(confirmed)
    return by_itself & (~Exists(ruled_out) | Exists(standing))


def behind(shelter: Shelter, moment: datetime, code: str) -> QuerySet:
    """The people, or the families, whom a line of the census counted."""
    there = Person.objects.present_at(moment, shelter)
    group, _dot, part = code.partition(".")
    cells = together(shelter, moment)
    if code in cells:
        return there.filter(cells[code])
    if code in OF_NEEDS:
        needs = PersonNeed.objects.standing_at(moment).filter(need__counts_as=OF_NEEDS[code])
        return there.filter(Q() if code == "pregnant" else cells["adults"], pk__in=needs.values("person"))
    if group == "sex":
        return there.filter(of("sex", part, Sex.UNKNOWN))
    if group == "origin":
        return there.filter(of("origin_country", part, UNRECORDED))
    return there.families()


def of(field: str, code: str, unknown: str) -> Q:
    """Who has that code there; whom nobody asked are also those who have none at all."""
    if code != unknown:
        return Q(**{field: code})
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__in": ("", unknown)})


def opening(lines: list, filters: dict) -> list:
    """The lines with numbers that open, but for needs of which the reader may not know who has them."""
    if not (reader := filters.get("reader")):
        return lines
    shelter, moment, secret = filters["shelter"], filters["as_of"], kept_from(reader)
    return [
        line
        if OF_NEEDS.get(line.code) in secret
        else line._replace(
            count=Counted(line.count, line.code, partial(behind, shelter, moment, line.code), line.label)
        )
        for line in lines
    ]


def kept_from(reader) -> set[str]:
    """The cells in which a need counts that this account may not see, whether or not anybody has it."""
    needs = SpecificNeed.objects.exclude(counts_as="").filter(tier__gt=highest_tier(reader))
    return set(needs.values_list("counts_as", flat=True))
