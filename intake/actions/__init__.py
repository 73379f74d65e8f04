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
from intake.actions.once import AlreadySaved, Overtaken, once
from intake.actions.services import OverLimit, cancel_service, limit_keys, record_service

__all__ = [
    "AlreadySaved",
    "OverLimit",
    "Overtaken",
    "add_member",
    "cancel_service",
    "change_family",
    "change_person",
    "come_back",
    "depart",
    "limit_keys",
    "once",
    "record_intention",
    "record_need",
    "record_service",
    "reduce_to_counts",
    "register_family",
    "split_family",
    "undo_registration",
]
