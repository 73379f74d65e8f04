"""Registrations that a device sealed while there was no network, opened again on the server."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.core.exceptions import SuspiciousOperation
from django.http import QueryDict
from django.utils import timezone

from intake.models import LateForm
from shelters.models import Shelter, User
from shelters.sealing import CannotUnseal, shift_of, unseal

MOST_AT_ONCE = 20
MOST_BYTES = 256 * 1024  # of one request


class DeviceForm(NamedTuple):
    """What was typed and when, at which desk of which shelter, and by whom; and how it came, sealed."""

    key: UUID
    sealed: str
    typed: QueryDict
    by: User
    shelter: Shelter
    desk: str
    said_at: datetime

    @property
    def said_on(self):
        return self.shelter.day_of(self.said_at)

    @property
    def minutes(self) -> int:
        """That it waited."""
        return (timezone.now() - self.said_at) // timedelta(minutes=1)

    @property
    def is_of_staff(self) -> bool:
        """Whether its author may still register there: the word of a shift does not end."""
        may = self.by.has_access and self.by.has_perm("intake.add_family")
        return may and self.by.shelters.contains(self.shelter)

    def late(self) -> LateForm:
        """A row that keeps it as it came."""
        key = LateForm.id_of(self.key, self.sealed)
        return LateForm(id=key, key=self.key, shelter=self.shelter, by=self.by, sealed=self.sealed)


def opened(key, sealed) -> DeviceForm:
    """`key`: of the form, under which it was sealed. Raises CannotUnseal, also for what no device of ours sends."""
    if not (isinstance(key, str) and isinstance(sealed, str)):
        raise CannotUnseal
    try:
        inside = json.loads(unseal(sealed, key))
        shift = shift_of(inside["shift"])
        inside["form"].encode()  # half a character would break the page that shows it
        typed, said_at = QueryDict(inside["form"]), moment(inside["at"], shift.began_at)
        user, shelter = User.objects.get(pk=shift.user), Shelter.objects.get(pk=shift.shelter)
        number = UUID(key)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, SuspiciousOperation):
        raise CannotUnseal from None
    except (User.DoesNotExist, Shelter.DoesNotExist):
        raise CannotUnseal from None
    # In another spelling it could not be opened a second time.
    if not typed.get("key") == key == str(number):
        raise CannotUnseal
    return DeviceForm(number, sealed, typed, user, shelter, shift.desk, said_at)


def said_on(late) -> date:
    """The day on which it was said; of one that cannot be opened any more, that on which it came."""
    try:
        return opened(str(late.key), late.sealed).said_on
    except CannotUnseal:
        return late.shelter.day_of(late.came_at)


def moment(milliseconds, earliest) -> datetime:
    """What the clock of the device says, which may be wrong: not before that sign-in, and not after now."""
    said = now = timezone.now()
    with suppress(ValueError, OverflowError, OSError):
        said = datetime.fromtimestamp(float(milliseconds) / 1000, UTC)
    return max(earliest, min(said, now))
