"""Who may do what, as tables that people read and the program asks.

An answer takes four questions. Which rights a role holds: `shelters/roles.py`. Which rights an address asks: PAGES and
ADMIN, before its view runs; an address without a line is nobody's (404). Whose rows are shown: `visible_to` of each
QuerySet, always of the shelters where the account works. Which right opens a kind of field: NEEDS, SERVICES and LINES.

`tests/test_matrix.py` asks every address as every role of this shelter, of another and of none, and compares.
"""

from typing import NamedTuple

OPENS_ADMIN = "opens the admin"  # of a role, not a permission of Django's

# --- kinds of fields -----------------------------------------------------------------------------------------

# What somebody needs, by the tier of the need: whoever holds the right sees this tier and those below.
NEEDS = {
    1: "intake.view_personneed",
    2: "intake.see_coordination_needs",
    3: "intake.see_protection_needs",
}
# What a service was, by the sensitivity of its type; others see that there was one, and no more.
SERVICES = {
    "open": "intake.view_servicereceived",
    "legal": "intake.handle_legal",
    "health": "intake.handle_health",
}
# What a side noted of a person. To everybody else there are no notes, and nothing says that there are.
NOTES = {"legal": SERVICES["legal"], "health": SERVICES["health"]}
# Whose number it is, by the line. Everybody at a desk sees the numbers.
LINES = {
    "clothing": "intake.view_family",
    "calls": "intake.view_family",
    "legal": "intake.handle_legal",
    "health": "intake.handle_health",
}

# --- addresses -----------------------------------------------------------------------------------------------


class Page(NamedTuple):
    """What an address asks of an account, and whose records it shows (`of`)."""

    rights: (
        tuple[str, ...] | None
    )  # all of them; none at all: an account is enough; None: not even an account
    of: str

    def is_open_to(self, user) -> bool:
        if self.rights is None:
            return True
        return user.is_authenticated and all(holds(user, right) for right in self.rights)


def holds(user, right) -> bool:
    return user.is_staff if right == OPENS_ADMIN else user.has_perm(right)


NOTHING = "nothing about anybody"
LISTED = "rows of the shelters where the account works"
SHIFT = "rows of the shelter of this shift"
RECORD = "the record in the address, when it is of a shelter where the account works; else 404"
OWN = "as RECORD, and only what the account itself did just now; a coordinator's goes further where access.py says so"
ANY = "the record in the address, whatever the shelter: a list, an account"


def asks(*rights, of) -> Page:
    return Page(rights, of)


OPEN = Page(None, NOTHING)  # tests/test_house.py says why
CLOSED = asks("nobody's", of=NOTHING)
SIGNED_IN = asks(of=NOTHING)
HANDS_OUT = ("intake.add_servicereceived", "intake.add_goodsmovement")
SCANS = ("intake.add_servicereceived", "intake.view_family")
REPORTS = (OPENS_ADMIN, "intake.view_reports")
FREEZES = (*REPORTS, "intake.freeze_census")
FOLLOWS = (OPENS_ADMIN, "shelters.view_accessevent")
OF_THEIR_SHELTERS = (*FOLLOWS, "shelters.see_shelter_events")
BEHIND_NUMBERS = ("family", "person", "stay", "servicereceived")

PAGES = {
    "healthz": OPEN,
    "whoami": OPEN,
    "account_login": OPEN,
    "account_logout": OPEN,
    "first_administrator": OPEN,
    "intake:queue-screen": OPEN,
    "worker": OPEN,
    "send": OPEN,  # whoever may not send is told so, and led nowhere
    "account_change_password": SIGNED_IN,
    "change_user": OPEN,
    "sessions": SIGNED_IN,  # one's own, and those of whoever one looks after
    "mfa_authenticate": OPEN,  # after the password, and before anything else
    "mfa_index": SIGNED_IN,
    "mfa_activate_totp": SIGNED_IN,
    "factor-take-off": asks("shelters.change_user", of=ANY),
    "shift": SIGNED_IN,
    "handbook": SIGNED_IN,
    "home": asks(of=SHIFT),  # whoever has no desk is led to the admin
    "intake:places": SIGNED_IN,
    "intake:own-acts": SIGNED_IN,  # one's own lines of the trail; nobody is named
    "intake:break-glass": asks("shelters.view_breakglass", of=LISTED),
    "intake:break-glass-one": asks("shelters.view_breakglass", of=RECORD),
    # families and people
    "intake:search": asks("intake.add_family", of=SHIFT),
    "intake:register": asks("intake.add_family", of=SHIFT),
    "intake:offline": asks("intake.add_family", of=NOTHING),
    "intake:late-forms": asks("intake.add_family", of=SHIFT),
    "intake:late-form": asks("intake.add_family", of=OWN),
    "intake:look-alikes": asks("intake.add_family", of=SHIFT),
    "intake:look-alike-dismiss": asks("intake.add_family", of=OWN),
    "intake:family": asks("intake.view_family", of=RECORD),
    "intake:family-undo": asks("intake.add_family", of=OWN),
    "intake:family-edit": asks("intake.change_family", of=RECORD),
    "intake:family-split": asks("intake.change_family", of=RECORD),
    "intake:person-add": asks("intake.add_person", of=RECORD),
    "intake:person-edit": asks("intake.change_person", of=RECORD),
    "intake:intention-add": asks("intake.add_intention", of=RECORD),
    "intake:need-add": asks("intake.add_personneed", of=RECORD),
    "intake:notes": asks("intake.view_family", of=RECORD),  # and which kind, see NOTES
    "intake:note-correct": asks("intake.view_family", of=RECORD),
    "intake:card-bind": asks("intake.add_family", of=RECORD),
    "intake:card-revoke": asks("intake.add_family", of=RECORD),
    # comings and goings
    "intake:departure": asks("intake.change_stay", of=RECORD),
    "intake:come-back": asks("intake.add_stay", of=RECORD),
    "intake:gate": asks("intake.change_stay", of=RECORD),
    "intake:presence": asks("intake.change_stay", of=SHIFT),
    "intake:count": asks("intake.add_headcount", of=SHIFT),
    "intake:quiet": asks("intake.add_departure", of=SHIFT),
    "intake:round": asks("intake.add_sighting", of=RECORD),
    "intake:departures": asks("intake.add_departure", of=SHIFT),
    "intake:departure-done": asks("intake.change_stay", of=OWN),
    "intake:departure-undo": asks("intake.change_stay", of=OWN),
    # services and goods
    "intake:service-add": asks("intake.add_servicereceived", of=RECORD),
    "intake:service-cancel": asks("intake.add_servicereceived", of=RECORD),
    "intake:scan": asks(*SCANS, of=SHIFT),
    "intake:scan-start": asks(*SCANS, of=SHIFT),
    "intake:scan-adjust": asks(*SCANS, of=SHIFT),
    "intake:scan-note": asks(*SCANS, "intake.add_tally", of=SHIFT),
    "intake:tally": asks("intake.add_tally", of=SHIFT),
    "intake:tally-service": asks("intake.add_tally", of=SHIFT),
    "intake:tally-press": asks("intake.add_tally", of=SHIFT),
    "intake:tally-back": asks("intake.add_tally", of=SHIFT),
    "intake:clothes": asks(*HANDS_OUT, of=SHIFT),
    "intake:station-choose": asks(*HANDS_OUT, of=SHIFT),
    "intake:hand-out": asks(*HANDS_OUT, of=RECORD),
    "intake:hand-out-undo": asks(*HANDS_OUT, of=OWN),
    "intake:stock": asks("intake.view_goodsmovement", of=SHIFT),
    "intake:station-stock": asks("intake.view_goodsmovement", of=RECORD),
    "intake:came-in": asks("intake.add_goodsmovement", of=RECORD),
    "intake:count-anew": asks("intake.add_goodsmovement", of=RECORD),
    # lines; who may call in which, see LINES
    "intake:queue": asks("intake.view_ticket", of=SHIFT),
    "intake:queue-line": asks("intake.view_ticket", of=SHIFT),
    "intake:queue-give": asks("intake.add_ticket", of=SHIFT),
    "intake:queue-step": asks("intake.change_ticket", of=SHIFT),
    "intake:ticket": asks("intake.view_ticket", of=RECORD),
    # reports, and the files made of them
    "reports:index": asks(*REPORTS, of=NOTHING),
    "reports:page": asks(*REPORTS, of=LISTED),
    "reports:csv": asks(*REPORTS, of=LISTED),
    "reports:hxl": asks(*REPORTS, of=LISTED),
    "reports:xlsx": asks(*REPORTS, of=LISTED),
    "reports:records": asks(*REPORTS, *(f"intake.view_{name}" for name in BEHIND_NUMBERS), of=LISTED),
    "reports:requests": asks(OPENS_ADMIN, "intake.approve_exports", of=LISTED),
    "reports:request": asks(OPENS_ADMIN, "intake.approve_exports", of=RECORD),
    "reports:cuts": asks(*REPORTS, of=LISTED),
    "reports:cut": asks(*REPORTS, of=RECORD),
    "reports:cut-csv": asks(*REPORTS, of=RECORD),
    "reports:cut-freeze": asks(*FREEZES, of=LISTED),
    "reports:cut-withdraw": asks(*FREEZES, of=RECORD),
    # the admin, apart from its tables
    "admin:login": OPEN,  # leads to the one sign-in
    "admin:index": asks(OPENS_ADMIN, of=LISTED),
    "admin:app_list": asks(OPENS_ADMIN, of=LISTED),
    "admin:autocomplete": asks(OPENS_ADMIN, of=LISTED),  # and the right to view what is chosen from
    "admin:logout": asks(OPENS_ADMIN, of=NOTHING),
    "admin:password_change": asks(OPENS_ADMIN, of=NOTHING),
    "admin:password_change_done": asks(OPENS_ADMIN, of=NOTHING),
    "admin:jsi18n": asks(OPENS_ADMIN, of=NOTHING),
    "admin:": asks(OPENS_ADMIN, of=NOTHING),  # addresses without a name: they only lead on to one that has
    "admin:auth_user_password_change": asks(OPENS_ADMIN, "shelters.change_user", of=ANY),
    "admin:intake_cardbatch_print": asks(OPENS_ADMIN, "intake.view_cardbatch", of=RECORD),
    "admin:intake_cardbatch_void": asks(OPENS_ADMIN, "intake.change_cardbatch", of=RECORD),
    "admin:intake_family_looked": asks(*OF_THEIR_SHELTERS, "intake.view_family", of=RECORD),
    "admin:intake_person_looked": asks(*OF_THEIR_SHELTERS, "intake.view_person", of=RECORD),
    "admin:shelters_accessevent_account": asks(*FOLLOWS, of=RECORD),  # administrators: of every account
    "admin:intake_datarequest_retention": asks(OPENS_ADMIN, "intake.view_family", of=NOTHING),
    "admin:intake_handover_file": asks(
        OPENS_ADMIN, "intake.add_handover", "intake.export_records", of=LISTED
    ),
    "admin:intake_family_sharing": asks(OPENS_ADMIN, "intake.change_family", of=RECORD),
    "admin:intake_person_own_data": asks(OPENS_ADMIN, "intake.view_datarequest", of=RECORD),
    "admin:intake_person_own_data_file": asks(OPENS_ADMIN, "intake.view_datarequest", of=RECORD),
    "admin:intake_person_erase": asks(OPENS_ADMIN, "intake.erase_person", of=RECORD),
    "admin:intake_lookalike_join": asks(OPENS_ADMIN, "intake.add_merge", of=RECORD),
    "admin:intake_lookalike_join-person": asks(OPENS_ADMIN, "intake.add_merge", of=RECORD),
}

# The pages of each table of the admin ask Django's own permission on it. Saving asks "change" besides.
ADMIN = {
    "changelist": "view",
    "change": "view",
    "history": "view",
    "simple_history": "view",
    "add": "add",
    "delete": "delete",
}
# Made at the desks, by comparing or by what people do: the admin adds none, whoever asks.
NEVER_ADDED = set(
    "family person departure headcount tally goodsmovement alert lookalike merge accessevent".split()
)
DELETED = {"user"}  # an account that never signed in; everything else is retired or corrected
# Tables of which an account sees every row, whatever its shelters.
SHARED = set(
    "region language specificneed plan legaloutcome servicecategory servicetype privacynotice goods"
    " organization user".split()
)


def page_of(match) -> Page | None:
    """What the table says of an address that was resolved; None when it says nothing."""
    return page_called(":".join([*match.namespaces, match.url_name or ""]))


def page_called(name: str) -> Page | None:
    if name in PAGES:
        return PAGES[name]
    space, _colon, rest = name.partition(":")
    app, _bar, rest = rest.partition("_")
    model, _bar, kind = rest.partition("_")
    if space != "admin" or kind not in ADMIN:
        return None
    if (kind == "add" and model in NEVER_ADDED) or (kind == "delete" and model not in DELETED):
        return CLOSED
    shown = LISTED if kind == "changelist" else ANY if kind == "add" or model in SHARED else RECORD
    return asks(OPENS_ADMIN, f"{app}.{ADMIN[kind]}_{model}", of=shown)
