"""Break-glass: an administrator asks, a coordinator of the shelter answers, and somebody looks at what was read."""

from django.db import transaction

from shelters.audit import Action, record
from shelters.break_glass import BreakGlass
from shelters.models import User


@transaction.atomic
def ask_break_glass(shelter, reason, *, by) -> BreakGlass:
    """What waits or is open already is not asked for twice, however often the form comes."""
    User.objects.select_for_update().get(pk=by.pk)
    asked = BreakGlass.objects.filter(asked_by=by, shelter=shelter)
    if standing := (asked.waiting() | asked.open()).first():
        return standing
    glass = BreakGlass.objects.create(asked_by=by, shelter=shelter, reason=reason)
    record(Action.GLASS_ASKED, by=by, shelter=shelter, subject=glass)
    return glass


@transaction.atomic
def decide_break_glass(glass: BreakGlass, is_granted: bool, *, by) -> bool:
    """False when it is too late, decided already, or one's own."""
    done = glass.decide(is_granted, by=by)
    if done:
        action = Action.GLASS_GRANTED if is_granted else Action.GLASS_REFUSED
        record(action, by=by, shelter=glass.shelter, subject=glass)
    return done


@transaction.atomic
def end_break_glass(glass: BreakGlass, *, by) -> bool:
    done = glass.end(by=by)
    if done:
        record(Action.GLASS_ENDED, by=by, shelter=glass.shelter, subject=glass)
    return done


@transaction.atomic
def review_break_glass(glass: BreakGlass, *, by) -> bool:
    """False when it is not over, reviewed already, or somebody else's to review."""
    done = glass.review(by=by)
    if done:
        record(Action.GLASS_REVIEWED, by=by, shelter=glass.shelter, subject=glass)
    return done
