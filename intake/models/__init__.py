from intake.models.alerts import Alert
from intake.models.cards import Card, CardBatch
from intake.models.cuts import Cut
from intake.models.export_requests import ExportRequest
from intake.models.families import Family, Person, Relationship, Sex
from intake.models.goods import Goods, GoodsMovement, Station
from intake.models.look_alikes import LookAlike, Merge
from intake.models.needs import Intention, PersonNeed
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
from intake.models.submissions import Submission
from intake.models.tallies import Tally
from intake.models.tickets import Ticket

__all__ = [
    "Alert",
    "Card",
    "CardBatch",
    "Cut",
    "Departure",
    "ExportRequest",
    "Family",
    "Goods",
    "GoodsMovement",
    "Headcount",
    "Intention",
    "Language",
    "LegalOutcome",
    "LookAlike",
    "Merge",
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
]
