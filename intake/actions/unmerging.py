"""Taking back that two records were joined: every row as it was, except what somebody has changed since."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.actions.merging import HEAD, UNKNOWN, first_without_head, hold_families, hold_people
from intake.actions.once import Overtaken
from intake.actions.steps import BIRTH, TABLES, plain, put, save
from intake.models import Card, Family, Intention, Merge, Person, PersonNeed, ServiceReceived, Stay, Ticket
from shelters.audit import Action, record

# Columns that mean something only together: one that was changed since keeps the others.
OUT = ("out_at", "out_on", "out_to", "departure_id")
LIMIT = ("limit_key", "override_reason")
TOGETHER = [BIRTH, ("origin_country", "origin_region_id"), ("in_at", "in_on"), OUT, LIMIT]
PLACE = ("family_id", "position", "relationship")  # goes back as long as the family is still the one moved to
WHOSE = ("merged_into_id", "person_id")  # contradict nothing


class CannotUndo(Overtaken):
    """This merge cannot be taken back. `reason`: undone, final or built_on; the message says it in words."""

    def __init__(self, reason):
        self.reason = reason
        super().__init__(self.words)

    @property
    def words(self) -> str:
        return {
            "undone": _("This was undone already."),
            "final": _("This cannot be undone any more: the family took back its agreement."),
            "built_on": _("These records were joined further since. Undo that first."),
        }[self.reason]


@dataclass(frozen=True)
class Kept:
    """What undoing left as it is: a column changed since (`now`, and what it was `before` the merge), or a new row.

    A new row has the column `person`: it stays with the one who was kept.
    """

    row: models.Model
    column: str
    now: Any
    before: Any = None


@transaction.atomic
def undo_merge(merge, *, by) -> list[Kept]:
    """Put back what the merge wrote, step by step from the last. Returns what was left. Raises CannotUndo."""
    merge = Merge.objects.select_for_update().get(pk=merge.pk)
    people = hold(merge)
    found = new_rows(merge) + close_folded(merge)
    for (table, is_removed), steps in groupby(
        reversed(merge.steps), key=lambda step: (step[0], len(step) > 3)
    ):
        give_back = insert if is_removed else change_back
        found += give_back(TABLES[table], list(steps), by)
    found += still_joined(merge, by)
    give_heads({merge.kept_id, merge.gone_id}, people, by)
    raise_versions(merge, by)
    merge.undone_at, merge.undone_by, merge.steps = timezone.now(), by, []  # they held values about people
    merge.save()
    detail = {"merge": str(merge.pk), "gone": str(merge.gone_id), "left": len(found)}
    record(Action.MERGE_UNDONE, by=by, shelter=merge.shelter, subject=merge.kept, **detail)
    return found


def hold(merge) -> list:
    """Lock whoever is concerned, and look whether it can be undone. Returns the ids of the people."""
    people = [step[1] for step in merge.steps if step[0] == "person"]
    families = hold_families({merge.kept_id, merge.gone_id})
    hold_people(pk__in={*people, *kept_ids(merge).values()})
    if merge.undone_at:
        raise CannotUndo("undone")
    if merge.is_final:
        raise CannotUndo("final")
    later = Merge.objects.standing().filter(at__gt=merge.at).exclude(pk=merge.pk)
    built_on = later.filter(Q(kept__in=families) | Q(gone__in=families)).exists()
    if built_on or joined_further(merge, people, later):
        raise CannotUndo("built_on")
    return people


def joined_further(merge, people, later) -> bool:
    """Somebody of them has moved on, and was joined with others in another family."""
    same = kept_ids(merge)
    people = {*people, *same.values()}
    others = Person.objects.filter(merged_into__in=people).exclude(pk__in=list(same))
    onward = Person.objects.filter(pk__in=people, merged_into__isnull=False).exclude(pk__in=list(same))
    return onward.exists() or later.filter(gone__in=others.values("family")).exists()


def kept_ids(merge) -> dict:
    """Id of who was joined to id of who they were joined into."""
    return {
        key: columns["merged_into_id"][1]
        for table, key, columns, *_removed in merge.steps
        if table == "person" and "merged_into_id" in columns
    }


def raise_versions(merge, by) -> None:
    """Of those no step has saved: whoever has their page open learns that it is an old one."""
    saved = [step[1] for step in merge.steps if step[0] in ("family", "person")]
    families = Family.objects.filter(pk__in={merge.kept_id, merge.gone_id})
    people = Person.objects.filter(pk__in=set(kept_ids(merge).values()))
    for rows in (families, people):
        save(rows.model, list(rows.exclude(pk__in=saved)), set(), by=by)


def last_id(merge) -> UUID:
    """Ids are in order of time: what was recorded since the merge has a greater one."""
    return UUID(int=milliseconds(merge.at) << 80 | (1 << 80) - 1)


def new_rows(merge) -> list[Kept]:
    """What was recorded since on the people who were kept."""
    since = last_id(merge)
    people = set(kept_ids(merge).values())
    return [
        Kept(row, "person", str(row.person_id))
        for model in (Stay, ServiceReceived, PersonNeed, Intention)
        for row in model.objects.filter(person__in=people, pk__gt=since)
    ]


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def close_folded(merge) -> list[Kept]:
    """Who left since has left in both records: a folded stay comes back as closed as the one it was part of."""
    same = kept_ids(merge)
    open_ones = [
        columns for table, _key, columns, *removed in merge.steps if removed and is_open(table, columns)
    ]
    people = {same.get(columns["person_id"]) for columns in open_ones}
    then = Stay.objects.filter(person__in=people - {None}, pk__lte=last_id(merge)).order_by("in_at")
    part_of = {str(stay.person_id): stay for stay in then}  # the last: a stay still open has none after it
    left = []
    for columns in open_ones:
        stands = part_of.get(same.get(columns["person_id"]))
        if stands and stands.out_at:
            row = built(Stay, columns)
            ends = (stands.out_at, stands.out_on) if stands.out_at > row.in_at else (row.in_at, row.in_on)
            (row.out_at, row.out_on), row.out_to, row.departure_id = ends, stands.out_to, stands.departure_id
            columns |= {name: plain(row, name) for name in OUT}  # which is what will be inserted
            left.append(Kept(row, "out_at", row.out_at))
    return left


def is_open(table, columns) -> bool:
    return TABLES[table] is Stay and columns["out_at"] is None


def still_joined(merge, by) -> list[Kept]:
    """A family to which nobody came back stays joined, with its cards and turns: everybody has moved on since."""
    gone = Family.objects.get(pk=merge.gone_id)
    if gone.merged_into_id or Person.objects.standing().filter(family=gone).exists():
        return []
    gone.merged_into_id = merge.kept_id
    save(Family, [gone], {"merged_into"}, by=by)
    left = []
    for model in (Card, Ticket):
        rows = list(model.objects.filter(family=gone))
        for row in rows:
            row.family_id = merge.kept_id
        save(model, rows, {"family"}, by=by)
        left += [Kept(row, "family", merge.kept_id, gone.pk) for row in rows]
    return [Kept(gone, "merged_into", merge.kept_id), *left]


def change_back(model, steps, by) -> list[Kept]:
    """Columns that still hold what the merge wrote hold again what was there before."""
    rows = {str(row.pk): row for row in model.objects.filter(pk__in=[step[1] for step in steps])}
    found, written, restored = [], set(), set()
    limits = {row: (row.limit_key, row.override_reason) for row in rows.values() if model is ServiceReceived}
    for _table, key, columns in steps:
        if row := rows.get(key):
            left = restore(row, columns)
            found += left
            written |= set(columns)
            if "relationship" in columns and row.relationship == HEAD:
                restored.add(row)
    if model is Person:
        found += one_head_each(list(rows.values()), restored)
        written.add("relationship")
    found += one_of_each_limit(limits)
    save(model, list(rows.values()), written, by=by)
    return found


def restore(row, columns) -> list[Kept]:
    """Three ways: what it was, what the merge made of it, what it is now."""
    back, left = {}, []
    for unit, ruled_by in units(row, columns):
        if all(plain(row, name) == columns[name][1] for name in ruled_by):
            back |= {name: columns[name][0] for name in unit}
        elif not (
            isinstance(row, ServiceReceived) and row.cancelled_at
        ):  # whose limit is free: nobody's edit
            left += unit
    now = {name: plain(row, name) for name in columns}
    for name, value in back.items():
        put(row, name, value)
    if back and contradicts(row):  # with what was changed since
        values = [name for name in back if name not in (*PLACE, *WHOSE)]
        left += values
        for name in values:
            put(row, name, now[name])
    return [Kept(row, name, getattr(row, name), value_of(row, columns[name][0], name)) for name in left]


def units(row, columns):
    """(columns that go back together, those that decide it)"""
    names = set(columns)
    if isinstance(row, ServiceReceived) and row.cancelled_at:
        names -= {"limit_key"}  # a cancelled service holds no limit
    groups = [PLACE, *TOGETHER] if "family_id" in names else TOGETHER
    for group in groups:
        if unit := [name for name in group if name in names]:
            yield unit, (["family_id"] if group is PLACE else unit)
            names -= set(unit)
    yield from (([name], [name]) for name in sorted(names))


def contradicts(row) -> bool:
    if not isinstance(row, Family | Person | Stay | ServiceReceived):
        return False
    try:
        for constraint in row._meta.constraints:
            if isinstance(constraint, models.CheckConstraint):
                constraint.validate(type(row), row)
    except ValidationError:
        return True
    return False


def value_of(row, value, column):
    """A value of a step, as the row would hold it."""
    blank = type(row)()
    put(blank, column, value)
    return getattr(blank, column)


def one_head_each(rows, restored) -> list[Kept]:
    """Who became head since stays it: the former one comes back without."""
    others = Person.objects.filter(family__in={row.family_id for row in rows}, relationship=HEAD)
    headed = set(others.exclude(pk__in=[row.pk for row in rows]).values_list("family_id", flat=True))
    left = []
    for row in sorted(rows, key=lambda row: (row in restored, row.position)):
        if row.relationship == HEAD and row.family_id in headed:
            row.relationship = UNKNOWN
            left.append(Kept(row, "relationship", UNKNOWN, HEAD))
        elif row.relationship == HEAD:
            headed.add(row.family_id)
    return left


def one_of_each_limit(limits) -> list[Kept]:
    """A limit that somebody used since stays theirs. `limits`: {service: (its limit, its reason) until now}."""
    people = {row.person_id for row in limits}
    others = ServiceReceived.objects.filter(person__in=people, limit_key__isnull=False)
    columns = ("person_id", "service_type_id", "limit_key")
    taken = set(others.exclude(pk__in=[row.pk for row in limits]).values_list(*columns))
    left = []
    for row, until_now in limits.items():
        if (row.person_id, row.service_type_id, row.limit_key) in taken:
            changes = zip(LIMIT, until_now, (row.limit_key, row.override_reason), strict=True)
            left += [Kept(row, name, now, before) for name, now, before in changes if now != before]
            row.limit_key, row.override_reason = until_now
    return left


def give_heads(families, people, by) -> None:
    """Every family with members has a head."""
    families |= set(Person.objects.filter(pk__in=people).values_list("family_id", flat=True))
    members = list(Person.objects.standing().filter(family__in=families))
    rows = [first_without_head(family, members) for family in Family.objects.filter(pk__in=families)]
    heads = [row for row in rows if row]
    for head in heads:
        head.relationship = HEAD
    save(Person, heads, {"relationship"}, by=by)


def insert(model, steps, by) -> list[Kept]:
    """Rows that were folded stand again as they were, unless a new one has taken their place."""
    left = []
    for _table, _key, columns, _removed in steps:
        row = built(model, columns)
        row._history_user = by
        try:
            row.validate_constraints()
        except ValidationError:
            left.append(Kept(row, "person", None, str(row.person_id)))
        else:
            row.save(force_insert=True)
    return left


def built(model, columns):
    """A row from its noted columns."""
    row = model()
    for name, value in columns.items():
        put(row, name, value)
    return row
