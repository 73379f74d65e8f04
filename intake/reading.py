"""How much an account reads. Every family it is shown is on the trail; very many in an hour are told to a coordinator.

Counted on the trail, where all processes see it and nobody can take it back.
"""

import time
from collections import Counter
from datetime import timedelta

from django.db.models import DateTimeField, IntegerField
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.models import Family
from intake.models.families import where_works
from shelters.audit import Action, record, record_all, unsaved
from shelters.models import AccessEvent, Shelter
from shelters.prepared import Blank, Prepared

AN_HOUR = timedelta(hours=1)
MOST_SHOWN_AN_HOUR = 600  # families by search or as look-alikes: about three times what a busy desk needs
MANY_OPENED, MOST_OPENED = 60, 200  # families in an hour: the alarm, and the stop
MOST_REMEMBERED = 10_000
_opened: dict[
    tuple, float
] = {}  # (account, family) to when it is new again; in this process: a form pays no query
IN_FRONT = (Action.CARD_SCANNED, Action.FAMILY_REGISTERED)  # whose card was held out, or who has just arrived


def of_account(actions, *columns):
    """What an account did of these since then."""
    of_it = AccessEvent.objects.filter(
        user=Blank("user", IntegerField()), action__in=actions, at__gt=Blank("since", DateTimeField())
    )
    return of_it.values_list(*columns)


shown_to = Prepared(
    lambda: of_account(
        [Action.SEARCHED, Action.LOOK_ALIKES_SHOWN, Action.FAMILY_SHOWN],
        "action",
        "at",
        "detail",
        "subject_id",
    ).order_by("-at")
)
opened_by = Prepared(
    lambda: (
        of_account(
            [Action.FAMILY_OPENED, *IN_FRONT, Action.MANY_OPENED, Action.READING_STOPPED],
            "action",
            "subject_id",
        )
        .order_by()
        .distinct()
    )
)


# --- shown in searches, warnings and lists -----------------------------------------------------------------------


def shown_lately(user) -> list[tuple]:
    """(action, at, detail, record) of each time families were shown to this account in the last hour, newest first."""
    return shown_to(user=user.pk, since=timezone.now() - AN_HOUR)


def are_many(shown) -> bool:
    """Whether these are more families than anybody at a desk leafs through in an hour."""
    numbers = (told.get("found", 0) + told.get("families", 0) for _action, _at, told, _record in shown)
    return sum(numbers) >= MOST_SHOWN_AN_HOUR


def note_shown(user, shelter_of: dict, *, shown=None, beside=()) -> None:
    """One event for each family that this account was not shown within the hour; in one query with those `beside`.

    `shelter_of`: id of the family to id of its shelter. `shown`: of `shown_lately`, where that was asked already.
    """
    before = shown_before(user, shelter_of) if shown is None else {each[3] for each in shown}
    new = [
        unsaved(Action.FAMILY_SHOWN, by=user, shelter=Shelter(pk=shelter), subject=Family(pk=pk), detail={})
        for pk, shelter in shelter_of.items()
        if str(pk) not in before
    ]
    record_all([*beside, *new])


def shown_before(user, families) -> set[str]:
    of_these = AccessEvent.objects.filter(
        user=user, action=Action.FAMILY_SHOWN, at__gt=timezone.now() - AN_HOUR
    )
    return set(of_these.filter(subject_id__in=map(str, families)).values_list("subject_id", flat=True))


def note_listed(user, model, families, **detail) -> None:
    """A page of a list of the admin: that it was asked for, at each shelter, and whom it shows."""
    shelter_of = dict(Family.objects.filter(pk__in=families).values_list("pk", "shelter"))
    sizes = Counter(shelter_of.values()) or dict.fromkeys(
        where_works(user).values_list("shelter", flat=True), 0
    )
    listings = [
        unsaved(
            Action.LISTED,
            by=user,
            shelter=Shelter(pk=shelter),
            subject=None,
            detail={"families": n, **detail},
        )
        for shelter, n in sizes.items()
    ]
    for each in listings:
        each.subject_type = model._meta.label
    note_shown(user, shelter_of, beside=listings)


# --- opened ------------------------------------------------------------------------------------------------------


class TooManyFamilies(Exception):
    """This account opened more families in an hour than work explains. `is_new`: nobody was told yet."""

    def __init__(self, family, *, is_new):
        super().__init__()
        self.family, self.is_new = family, is_new

    def __str__(self):
        return _(
            "You opened very many families in one hour, so no other opens for now. Those you opened before still do,"
            " and so does every family whose card you scan. Registering and handing out go on, and nothing you saved"
            " is lost. Wait a while, or ask a coordinator."
        )


def count_opening(user, family) -> None:
    """Before a family is opened. Raises TooManyFamilies, but never because of a card in somebody's hand.

    Whoever has the lists of the admin leafs through them anyway: for them there is the alarm and no stop.
    """
    if _opened.get((user.pk, family.pk), 0) > time.monotonic():
        return
    look_back(user, family)
    if len(_opened) >= MOST_REMEMBERED:
        _opened.clear()
    _opened[user.pk, family.pk] = time.monotonic() + AN_HOUR.total_seconds()


def look_back(user, family) -> None:
    rows = opened_by(user=user.pk, since=timezone.now() - AN_HOUR)
    in_front = {subject for action, subject in rows if action in IN_FRONT}
    opened = {subject for action, subject in rows if action == Action.FAMILY_OPENED}
    if str(family.pk) in opened | in_front:
        return
    done, n = {action for action, _subject in rows}, len(opened - in_front) + 1
    if n > MOST_OPENED and not has_lists(user):
        raise TooManyFamilies(family, is_new=Action.READING_STOPPED not in done)
    if n >= MANY_OPENED and Action.MANY_OPENED not in done:
        record(Action.MANY_OPENED, by=user, shelter=family.shelter, subject=user, families=n)


def was_opened_lately(user, family) -> bool:
    lately = AccessEvent.objects.filter(
        user=user, action=Action.FAMILY_OPENED, at__gt=timezone.now() - AN_HOUR
    )
    return lately.filter(subject_id=str(family.pk)).exists()


def has_lists(user) -> bool:
    return user.is_staff and user.has_perm("intake.view_family")
