"""What the check finds is kept for the review; what the desk says about it too."""

from django.db import transaction

from intake import look_alikes
from intake.models import LookAlike
from shelters.audit import Action, record


def remember_look_alikes(family, *, people=None, not_same=(), by) -> list[LookAlike]:
    """Check the stored members of a family and put whom they resemble into the review list, each pair once.

    `people`: the members, when the caller has just stored them. `not_same`: pairs of ids (member, registered person)
    that were said to be two; those that the check does not find are not believed.
    """
    if family.is_count_only:  # nobody has a name
        return []
    are_new, members = people is not None, people or list(family.members.all())
    found, least = [], look_alikes.LIST_AT
    for pair in look_alikes.pairs(members, shelter=family.shelter, at_least=least, are_new=are_new):
        found.append(LookAlike.of(pair.asked, pair.found, certainty=pair.certainty))
        if (pair.asked.pk, pair.found.pk) in not_same:
            found[-1].judge(LookAlike.Verdict.NOT_SAME, by=by)
    judged = sum(row.verdict == LookAlike.Verdict.NOT_SAME for row in found)
    LookAlike.objects.bulk_create(found, ignore_conflicts=True)
    if judged:  # without the family as its subject: it must stay possible to take the registration back
        told_apart(family.shelter, judged, by=by)
    return found


@transaction.atomic
def not_the_same(look_alike, *, by) -> int:
    """The families of these two are two families: every pair of theirs that waits is judged. Returns how many."""
    theirs = LookAlike.objects.between(look_alike.first.family_id, look_alike.second.family_id)
    waiting = theirs.open().select_for_update(of=("self",))
    if not by.has_perm("intake.change_lookalike"):  # what a coordinator has put off is hers
        waiting = waiting.filter(verdict=LookAlike.Verdict.OPEN)
    waiting = list(waiting)
    for row in waiting:
        row.judge(LookAlike.Verdict.NOT_SAME, by=by)
    LookAlike.objects.bulk_update(waiting, ["verdict", "judged_at", "judged_by"])
    if waiting:
        told_apart(look_alike.first.family.shelter, len(waiting), by=by, subject=look_alike)
    return len(waiting)


def told_apart(shelter, pairs, *, by, subject=None) -> None:
    verdict = LookAlike.Verdict.NOT_SAME.value
    record(Action.LOOK_ALIKE_JUDGED, by=by, shelter=shelter, subject=subject, verdict=verdict, pairs=pairs)
