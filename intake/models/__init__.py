from intake.models.cards import Card
from intake.models.families import Family, Person, Relationship, Sex
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
from intake.models.stays import Stay
from intake.models.submissions import Submission

__all__ = [
    "Card",
    "Family",
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
    "SpecificNeed",
    "Stay",
    "Submission",
]
