"""What touches several tables at once: atomic, by somebody, and on the trail. One file an aggregate."""

from intake.actions.corrections import (
    change_family,
    change_person,
    record_intention,
    record_need,
    reduce_to_counts,
)
from intake.actions.families import (
    add_member,
    come_back,
    depart,
    register_family,
    split_family,
    undo_registration,
)
from intake.actions.look_alikes import not_the_same, remember_look_alikes
from intake.actions.merging import CannotMerge, merge
from intake.actions.once import AlreadySaved, Overtaken, once
from intake.actions.services import OverLimit, cancel_service, limit_keys, record_service
from intake.actions.unmerging import CannotUndo, Kept, undo_merge

__all__ = [
    "AlreadySaved",
    "CannotMerge",
    "CannotUndo",
    "Kept",
    "OverLimit",
    "Overtaken",
    "add_member",
    "cancel_service",
    "change_family",
    "change_person",
    "come_back",
    "depart",
    "limit_keys",
    "merge",
    "not_the_same",
    "once",
    "record_intention",
    "record_need",
    "record_service",
    "reduce_to_counts",
    "register_family",
    "remember_look_alikes",
    "split_family",
    "undo_merge",
    "undo_registration",
]
