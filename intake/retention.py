"""What is kept about people, for how long, and why: read by people (a page shows it) and obeyed by the program.

Every column of a table that holds or points at somebody has its rule here; a test refuses one without. What
`anonymise` and `erase` empty, unlink and delete, they read from these lines. A new table is one more entry.
"""

from collections.abc import Iterator
from typing import NamedTuple

from django.apps import apps
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

KEPT_DAYS = settings.RETENTION_DAYS  # after the last presence
ACCOUNT_DAYS = 2 * 365  # after the last act, of an account that is closed


class Then(models.TextChoices):
    """What becomes of a column, or of a whole row."""

    KEPT = "kept", _("stays as it is")
    EMPTIED = "emptied", _("emptied")
    COARSER = "coarser", _("made coarser")
    UNLINKED = "unlinked", _("points at nobody any more")
    DELETED = "deleted", _("deleted")


class Rule(NamedTuple):
    fields: str  # with spaces between them
    anonymised: Then
    why: object
    is_text: bool = False  # free text, in which anybody's name may stand


class Table(NamedTuple):
    """`of`: the ways from a row to the people or families it is about. `erased`: what becomes of the row then."""

    of: tuple[str, ...]
    rules: tuple[Rule, ...]
    anonymised: Then = Then.KEPT
    erased: Then = Then.DELETED

    def fields(self, then: Then) -> list[str]:
        return [name for rule in self.rules if rule.anonymised == then for name in rule.fields.split()]

    @property
    def loses(self) -> bool:
        """Whether anything ever goes from it."""
        return any(then != Then.KEPT for then in (self.erased, *(rule.anonymised for rule in self.rules)))

    @property
    def texts(self) -> list[str]:
        return [name for rule in self.rules if rule.is_text for name in rule.fields.split()]


KEPT, EMPTIED, COARSER, UNLINKED, DELETED = Then
COUNTED = _("Reports count it: past totals stay as they were.")
OWN_KEY = _("A random number that says nothing; the access trail names it.")
BY_WHOM = _("Which account recorded it; about staff, not about the person.")
NAMES = _("Says who it is.")
TEXT = _("Free text, which may say who it is.")
WHOLE = _("Only needed while people are here.")

TABLES = {
    "intake.Family": Table(
        (),
        (
            Rule("id shelter merged_into version", KEPT, OWN_KEY),
            Rule("registered_at registered_on arrived_on notice notice_answer", KEPT, COUNTED),
            Rule("registered_by desk", KEPT, BY_WHOM),
            Rule("left_home_on", EMPTIED, _("The story of their journey; no report counts it.")),
            Rule("language", EMPTIED, _("An indigenous language tells of an origin; becomes “not known”.")),
            Rule("comments", EMPTIED, TEXT, is_text=True),
        ),
        erased=KEPT,  # it is the others' as well; it goes with the last of them
    ),
    "intake.Person": Table(
        (),
        (
            Rule("given_names surnames known_as", EMPTIED, NAMES),
            Rule("name_key given_key given_key_2 surname_key surname_key_2", EMPTIED, NAMES),
            Rule("birth_date birth_precision age_said_on", COARSER, _("An age bracket stays, for counting.")),
            Rule("origin_region", EMPTIED, _("The country stays, for counting.")),
            Rule("sex origin_country relationship", KEPT, COUNTED),
            Rule("id family position merged_into version", KEPT, OWN_KEY),
            Rule("anonymised_on", KEPT, _("When the names went.")),
        ),
    ),
    "intake.Stay": Table(
        ("person",),
        (Rule("id person shelter zone in_at in_on out_at out_on out_to departure", KEPT, COUNTED),),
    ),
    "intake.ServiceReceived": Table(
        ("person",),
        (
            Rule("id person service_type organization shelter given_at given_on slot", KEPT, COUNTED),
            Rule("quantity outcome limit_key scan cancelled_at", KEPT, COUNTED),
            Rule("desk recorded_by", KEPT, BY_WHOM),
            Rule("override_reason cancel_reason", EMPTIED, TEXT, is_text=True),
        ),
    ),
    "intake.PersonNeed": Table(
        ("person",),
        (
            Rule("id person need state reported_at confirmed_at ruled_out_at", KEPT, COUNTED),
            Rule("by", KEPT, BY_WHOM),
            Rule("reason", EMPTIED, TEXT, is_text=True),
        ),
    ),
    "intake.Intention": Table(
        ("person",),
        (Rule("id person plan said_at said_on", KEPT, COUNTED), Rule("by", KEPT, BY_WHOM)),
    ),
    "intake.Sighting": Table(
        ("person",), (Rule("id person zone seen_at by", DELETED, WHOLE),), anonymised=DELETED
    ),
    "intake.NoteKey": Table(
        ("person",),
        (Rule("id person kind sealed", DELETED, _("Without it nobody can read what was noted.")),),
        anonymised=DELETED,
    ),
    "intake.Note": Table(
        ("key__person",),
        (Rule("id key sealed replaces written_by written_at", DELETED, WHOLE),),
        anonymised=DELETED,
    ),
    "intake.Alert": Table(
        ("person",),
        (
            Rule("id shelter kind person departure raised_at settled_at", KEPT, COUNTED),
            Rule("settled_by", KEPT, BY_WHOM),
            Rule("note", EMPTIED, TEXT, is_text=True),
        ),
    ),
    "intake.LookAlike": Table(
        ("first", "second"),
        (Rule("id first second certainty found_at verdict judged_at judged_by", DELETED, WHOLE),),
        anonymised=DELETED,
    ),
    "intake.Merge": Table(
        ("kept", "gone"),
        (
            Rule("id shelter kept gone at is_final undone_at", KEPT, _("That records were joined, and when.")),
            Rule("by undone_by", KEPT, BY_WHOM),
            Rule("steps", EMPTIED, _("Holds what stood in the records; after that the joining is final.")),
        ),
        erased=EMPTIED,
    ),
    "intake.Card": Table(
        ("family",),
        (
            Rule("family bound_at bound_by", UNLINKED, _("Whoever finds the card finds nobody by it.")),
            Rule("code batch revoked_at revoked_as revoked_by", KEPT, _("A void card says nothing.")),
        ),
        erased=KEPT,  # it is the family's
    ),
    "intake.Consent": Table(
        ("family",),
        (Rule("id family organization is_given said_at by", DELETED, WHOLE),),
        anonymised=DELETED,
        erased=KEPT,
    ),
    "intake.Ticket": Table(
        ("family",),
        (
            Rule("family", UNLINKED, WHOLE),
            Rule("id shelter line queued_on number turn people priority state no_shows", KEPT, COUNTED),
            Rule("desk queued_at called_at ended_at queued_by", KEPT, BY_WHOM),
        ),
        erased=KEPT,
    ),
    "intake.Submission": Table(
        ("family",),
        (
            Rule("family", UNLINKED, WHOLE),
            Rule("digest", EMPTIED, _("A fingerprint of what was typed.")),
            Rule("key at by", KEPT, _("So that the same form, sent late, makes nobody a second time.")),
        ),
        erased=EMPTIED,
    ),
    "intake.LateForm": Table(
        (),
        (
            Rule("sealed", EMPTIED, _("Names, sealed: until the night after its correction, or for as many days.")),
            Rule("id key shelter came_at settled_at saved_as", KEPT, OWN_KEY),
            Rule("by", KEPT, BY_WHOM),
        ),
        erased=EMPTIED,
    ),
    "intake.GoodsMovement": Table(
        ("service__person",),
        (
            Rule("id station goods size kind change moved_at moved_on organization form by", KEPT, COUNTED),
            Rule("service", KEPT, _("The stock stays right; erasing takes the link away.")),
        ),
        erased=UNLINKED,
    ),
    "intake.DataRequest": Table(
        ("person",),
        (
            Rule("person", KEPT, _("Proof that a request was answered in time; erasing takes the link away.")),
            Rule("id shelter kind received_on due_on carry_out_by state answered_on", KEPT, COUNTED),
            Rule("identity identity_on identity_by received_by", KEPT, BY_WHOM),
            Rule("note", EMPTIED, TEXT, is_text=True),
        ),
        erased=UNLINKED,
    ),
    "intake.Tally": Table(
        (),
        (
            Rule("card", EMPTIED, _("The code of a card that is void by then.")),
            Rule("id shelter service_type line counted_at counted_on slot who people", KEPT, COUNTED),
            Rule("recorded_by cancelled_at", KEPT, BY_WHOM),
        ),
        erased=KEPT,
    ),
    "intake.Tombstone": Table(
        (),
        (Rule("digest erased_at", KEPT, _("A fingerprint of a random number, so that nothing late comes back.")),),
        erased=KEPT,
    ),
    "shelters.AccessEvent": Table(
        (),
        (
            Rule("subject_type subject_id", KEPT, OWN_KEY),
            Rule("detail", KEPT, _("Counts, codes and names of fields, never a value about a person.")),
            Rule("id at user action shelter address desk mark", KEPT, _("Who looked at whom: it must not change.")),
        ),
        erased=KEPT,
    ),
    "sessions.Session": Table(
        (),
        (
            Rule("session_key expire_date", KEPT, _("Ends after eight hours at the latest.")),
            Rule("session_data", KEPT, _("A message may name somebody until it is shown; erasing empties those.")),
        ),
        erased=EMPTIED,
    ),
}  # fmt: skip

# Whoever works here: the trail points at accounts, so a closed one stays as a number.
ACCOUNTS = {
    "shelters.User": Table(
        (),
        (
            Rule(
                "username first_name last_name email", EMPTIED, _("Says who it is; “ex-” and a number stay.")
            ),
            Rule("password last_desk", EMPTIED, _("Opens nothing any more.")),
            Rule(
                "id is_superuser is_staff is_active date_joined last_login",
                KEPT,
                _("The access trail names it."),
            ),
            Rule("language access_until last_shelter is_demo", KEPT, _("Says nothing about who it was.")),
        ),
    ),
    "account.EmailAddress": Table(
        ("user",), (Rule("id user email verified primary", DELETED, NAMES),), anonymised=DELETED
    ),
    "account.EmailConfirmation": Table(
        ("email_address__user",),
        (Rule("id email_address created sent key", DELETED, NAMES),),
        anonymised=DELETED,
    ),
    "mfa.Authenticator": Table(
        ("user",),
        (Rule("id user type data created_at last_used_at", DELETED, _("The second factor of their phone.")),),
        anonymised=DELETED,
    ),
    "usersessions.UserSession": Table(
        ("user",),
        (
            Rule(
                "id user created_at last_seen_at session_key data ip user_agent",
                DELETED,
                _("From where somebody signed in; goes when that session is over."),
            ),
        ),
        anonymised=DELETED,
    ),
}

# Versions of records are kept in tables of their own, and go whole: at anonymising, and at erasing.
HISTORIES = DELETED

# No row of these is about somebody who came to a shelter; each with its reason.
OTHERS = (
    (_("A list."), "intake.Region intake.Language intake.SpecificNeed intake.Plan intake.LegalOutcome"),
    (_("A list."), "intake.ServiceCategory intake.ServiceType intake.Goods intake.PrivacyNotice"),
    (_("The place, and what is in it."), "shelters.Shelter shelters.Zone shelters.Organization"),
    (_("The place, and what is in it."), "intake.Station intake.CardBatch"),
    (
        _("Numbers of people, and nobody by name."),
        "intake.Cut intake.Headcount intake.Departure intake.HandOver intake.ExportRequest",
    ),
    (
        _("Who may what, and where."),
        "shelters.User_shelters shelters.User_groups shelters.User_user_permissions shelters.BreakGlass",
    ),
    (_("The program's own."), "auth.Permission auth.Group auth.Group_permissions contenttypes.ContentType"),
    (_("The program's own."), "shelters.AuditSeal admin.LogEntry"),
)
NOT_ABOUT_THEM = {label: why for why, labels in OTHERS for label in labels.split()}
WITHOUT_MODEL = {"shared_cache": _("Counts of the last minutes for each account.")}


# Tables that no page of the admin shows have no name of their own in the languages of their readers.
NAMES_OF = {
    "intake.Submission": _("forms that were saved"),
    "intake.Tombstone": _("fingerprints of whom was erased"),
    "intake.Card": _("cards"),
    "intake.Note": _("legal and health notes"),
    "intake.NoteKey": _("keys of the notes"),
    "sessions.Session": _("open sessions"),
    "account.EmailAddress": _("e-mail addresses"),
    "account.EmailConfirmation": _("e-mails to confirm an address"),
    "mfa.Authenticator": _("second factors"),
    "usersessions.UserSession": _("devices where accounts were signed in"),
}


def name_of(label: str) -> str:
    return str(NAMES_OF.get(label) or apps.get_model(label)._meta.verbose_name_plural)


def by_reason() -> dict[str, list[str]]:
    """Reason to the tables that hold nothing about whoever came."""
    found = {}
    for label, why in NOT_ABOUT_THEM.items():
        if apps.get_model(label)._meta.auto_created:  # between two tables that stand here
            continue
        found.setdefault(str(why), []).append(name_of(label))
    return found


def losing() -> list[str]:
    """The tables of the database from which anything ever goes, versions included: written anew at night."""
    models = [apps.get_model(label) for label, table in {**TABLES, **ACCOUNTS}.items() if table.loses]
    models += [model.history.model for model in models if hasattr(model, "history")]
    return [model._meta.db_table for model in models]


def tables_of(owner: str) -> Iterator[tuple[type[models.Model], Table]]:
    """The tables whose rows are about a "person" or a "family", with the model of each."""
    for label, table in TABLES.items():
        if table.of and is_about(label) == owner:
            yield apps.get_model(label), table


def is_about(label: str) -> str:
    """The last step of the way: a card is a family's, a service a person's."""
    field = apps.get_model(label)
    for step in TABLES[label].of[0].split("__"):
        field = field._meta.get_field(step).related_model
    return field._meta.model_name


def rows_of(model, table: Table, owners) -> models.QuerySet:
    """The rows of a table that are about these people or families."""
    ways = models.Q()
    for way in table.of:
        ways |= models.Q(**{f"{way}__in": owners})
    return model._base_manager.filter(ways)


def empty(model, name: str):
    """What stands in a column when nothing does."""
    field = model._meta.get_field(name)
    if name == "language":
        return "und"
    if isinstance(field, models.JSONField):
        return []
    return None if field.null else ""


def emptied(model, table: Table) -> dict:
    """Column to what stands there afterwards."""
    names = table.fields(EMPTIED) + table.fields(UNLINKED)
    return {name: empty(model, name) for name in names}
