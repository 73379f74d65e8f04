"""What touches several tables at once: atomic, by somebody, and on the trail. One file an aggregate."""

from intake.actions.accounts import accounts_due, anonymise_accounts, forget_devices
from intake.actions.alerts import settle_alert
from intake.actions.break_glass import (
    ask_break_glass,
    decide_break_glass,
    end_break_glass,
    review_break_glass,
)
from intake.actions.cards import CannotBind, bind_card, make_batch, replace_card, revoke_card, void_batch
from intake.actions.corrections import (
    change_family,
    change_person,
    record_intention,
    record_need,
    reduce_to_counts,
)
from intake.actions.cuts import freeze, withdraw
from intake.actions.erasure import Why, erase
from intake.actions.export_requests import ask_export, decide_export
from intake.actions.families import add_member, register_family, split_family, undo_registration
from intake.actions.goods import count_anew, hand_out, take_back, take_in
from intake.actions.late_forms import UNDO_FOR, forget_late, keep_late, late_due, settle_late
from intake.actions.look_alikes import not_the_same, remember_look_alikes
from intake.actions.merging import CannotMerge, merge
from intake.actions.notes import OtherNote, read_notes, write_note
from intake.actions.once import AlreadySaved, Erased, Overtaken, once
from intake.actions.queue import call, call_next, end_turn, give_ticket, recall, send_back
from intake.actions.retention import anonymise, due
from intake.actions.scans import NoFamily, Served, adjust, adjust_note, note, serve, set_the_clock
from intake.actions.services import OverLimit, cancel_service, limit_keys, record_service
from intake.actions.sharing import hand_over, record_consents
from intake.actions.stays import (
    come_back,
    count,
    depart,
    depart_together,
    move,
    see,
    staying_of,
    undo_departure,
)
from intake.actions.tallies import cancel_tally, count_people, name_tally
from intake.actions.unmerging import CannotUndo, Kept, undo_merge

__all__ = [
    "UNDO_FOR",
    "AlreadySaved",
    "CannotBind",
    "CannotMerge",
    "CannotUndo",
    "Erased",
    "Kept",
    "NoFamily",
    "OtherNote",
    "OverLimit",
    "Overtaken",
    "Served",
    "Why",
    "accounts_due",
    "add_member",
    "adjust",
    "adjust_note",
    "anonymise",
    "anonymise_accounts",
    "ask_break_glass",
    "ask_export",
    "bind_card",
    "call",
    "call_next",
    "cancel_service",
    "cancel_tally",
    "change_family",
    "change_person",
    "come_back",
    "count",
    "count_anew",
    "count_people",
    "decide_break_glass",
    "decide_export",
    "depart",
    "depart_together",
    "due",
    "end_break_glass",
    "end_turn",
    "erase",
    "forget_devices",
    "forget_late",
    "freeze",
    "give_ticket",
    "hand_out",
    "hand_over",
    "keep_late",
    "late_due",
    "limit_keys",
    "make_batch",
    "merge",
    "move",
    "name_tally",
    "not_the_same",
    "note",
    "once",
    "read_notes",
    "recall",
    "record_consents",
    "record_intention",
    "record_need",
    "record_service",
    "reduce_to_counts",
    "register_family",
    "remember_look_alikes",
    "replace_card",
    "review_break_glass",
    "revoke_card",
    "see",
    "send_back",
    "serve",
    "set_the_clock",
    "settle_alert",
    "settle_late",
    "split_family",
    "staying_of",
    "take_back",
    "take_in",
    "undo_departure",
    "undo_merge",
    "undo_registration",
    "void_batch",
    "withdraw",
    "write_note",
]
