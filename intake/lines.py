"""What is known of a line: who has priority, how long one takes, how long somebody waits."""

from datetime import timedelta
from math import ceil

from django.utils import timezone

from intake.models import PersonNeed, SpecificNeed, Stay, Ticket
from intake.models.needs import highest_tier

LATELY = 10  # so many of the last served tell how long one takes
BABY, OLDER = 2, 60  # years: under, and from


def present_members(family, shelter) -> list:
    """Who of a family is in the shelter now; everybody when nobody is, for they stand here with their card."""
    members = list(family.members.all())
    inside = (
        Stay.objects.open().filter(person__in=members, shelter=shelter).values_list("person_id", flat=True)
    )
    inside = set(inside)
    return [person for person in members if person.pk in inside] or members


def known_priority(people, *, user, day) -> str:
    """The first reason for priority that this account may know of: a Ticket.Priority, or ""."""
    needs = PersonNeed.objects.filter(person__in=people, need__tier__lte=highest_tier(user))
    needs = needs.exclude(state=PersonNeed.State.RULED_OUT).exclude(need__counts_as="")
    tiers = {}
    for cell, tier in needs.values_list("need__counts_as", "need__tier"):
        tiers[cell] = min(tier, tiers.get(cell, tier))
    ages = [age for age in (person.age_on(day) for person in people) if age is not None]
    if SpecificNeed.CountsAs.PREGNANT in tiers:
        return told(Ticket.Priority.PREGNANT, tiers[SpecificNeed.CountsAs.PREGNANT])
    if any(age < BABY for age in ages):
        return Ticket.Priority.INFANT
    if any(age >= OLDER for age in ages):
        return Ticket.Priority.OLDER
    if SpecificNeed.CountsAs.DISABILITY in tiers:
        return told(Ticket.Priority.DISABILITY, tiers[SpecificNeed.CountsAs.DISABILITY])
    return Ticket.Priority.NONE


def told(reason, tier):
    """A reason that not every volunteer may know moves somebody up all the same, and is not named."""
    return reason if tier == SpecificNeed.Tier.INTAKE else Ticket.Priority.OTHER


def minutes_each(tickets) -> int | None:
    """How long one takes: the mean of the last served of these tickets, in whole minutes; None before any was."""
    served = tickets.filter(state=Ticket.State.DONE).order_by("-ended_at")
    spans = [ended - called for called, ended in served.values_list("called_at", "ended_at")[:LATELY]]
    return ceil(sum(spans, timedelta()) / len(spans) / timedelta(minutes=1)) if spans else None


def minutes_to_wait(each, *, before, desks) -> int | None:
    """For somebody with so many before them, while so many desks serve."""
    return None if each is None else ceil(each * (before + 1) / max(desks, 1))


def minutes_since(moment) -> int:
    return max(0, int((timezone.now() - moment) / timedelta(minutes=1)))
