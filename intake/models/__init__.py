from intake.models.alerts import Alert
from intake.models.cards import Card, CardBatch
from intake.models.consents import Consent, HandOver
from intake.models.cuts import Cut
from intake.models.data_requests import DataRequest
from intake.models.export_requests import ExportRequest
from intake.models.families import Family, Person
from intake.models.goods import Goods, GoodsMovement, Station
from intake.models.kin import Relationship, Sex
from intake.models.look_alikes import LookAlike, Merge
from intake.models.needs import Intention, PersonNeed
from intake.models.notes import Note, NoteKey, NoteKind
from intake.models.reference import (
    Language,
    LegalOutcome,
    Plan,
    PrivacyNotice,
    Region,
    ServiceCategory,
    ServiceType,
    SpecificNeed,
)
from intake.models.services import ServiceReceived
from intake.models.stays import Departure, Headcount, Sighting, Stay
from intake.models.submissions import LateForm, Submission, Tombstone
from intake.models.tallies import Tally
from intake.models.tickets import Ticket

__all__ = [
    "Alert",
    "Card",
    "CardBatch",
    "Consent",
    "Cut",
    "DataRequest",
    "Departure",
    "ExportRequest",
    "Family",
    "Goods",
    "GoodsMovement",
    "HandOver",
    "Headcount",
    "Intention",
    "Language",
    "LateForm",
    "LegalOutcome",
    "LookAlike",
    "Merge",
    "Note",
    "NoteKey",
    "NoteKind",
    "Person",
    "PersonNeed",
    "Plan",
    "PrivacyNotice",
    "Region",
    "Relationship",
    "ServiceCategory",
    "ServiceReceived",
    "ServiceType",
    "Sex",
    "Sighting",
    "SpecificNeed",
    "Station",
    "Stay",
    "Submission",
    "Tally",
    "Ticket",
    "Tombstone",
]
