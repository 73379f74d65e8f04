"""Scan mode: what is handed out in this round, and what a page sends for each card."""

import re
import uuid
from dataclasses import asdict, dataclass

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.cards import read_code
from intake.forms.fields import OnePassSelect
from intake.forms.services import grouped
from intake.models import ServiceReceived, ServiceType
from shelters.forms import LineField, ShiftForm
from shelters.models import Organization

KEPT_AS = "scan"  # in the session, until the shift is another
MEALS = {"breakfast": "FOOD-BRK", "lunch": "FOOD-LUN", "dinner": "FOOD-DIN"}


@dataclass(frozen=True)
class Round:
    """What a line hands out. Signed into the page: what another tab chose changes nothing here."""

    service: str
    meal: str
    organization: int | None
    shelter: int
    desk: str
    day: str

    @property
    def token(self) -> str:
        return signing.dumps(asdict(self), salt=KEPT_AS)

    @classmethod
    def read(cls, token, shift) -> "Round | None":
        """None when it was not made here, or for another shelter or desk."""
        try:
            found = cls(**signing.loads(token, salt=KEPT_AS))
        except (signing.BadSignature, TypeError, ValueError):
            return None
        return found if found.is_of(shift) else None

    @classmethod
    def kept(cls, request) -> "Round | None":
        kept = request.session.get(KEPT_AS)
        found = cls(**kept) if kept else None
        return found if found and found.is_of(request.shift) else None

    def keep(self, request) -> None:
        request.session[KEPT_AS] = asdict(self)

    def is_of(self, shift) -> bool:
        return (self.shelter, self.desk) == (shift.shelter_id, shift.desk)

    def given_now(self, kind, by) -> ServiceReceived:
        """What each member receives, not yet anybody's. A chosen meal ends with the day it was chosen on."""
        now = timezone.now()
        return ServiceReceived(
            service_type=kind,
            organization_id=self.organization,
            shelter_id=self.shelter,
            given_at=now,
            slot=self.meal if self.day == timezone.localdate(now).isoformat() else "",
            desk=self.desk,
            recorded_by=by,
        )


class RoundForm(forms.Form):
    """Chosen once; then card after card."""

    service_type = forms.ModelChoiceField(
        ServiceType.objects.none(),
        label=gettext_lazy("What is handed out here?"),
        widget=OnePassSelect,
        empty_label=gettext_lazy("Choose…"),
        error_messages={"required": gettext_lazy("Choose what is handed out.")},
    )
    meal = forms.ChoiceField(
        label=gettext_lazy("Which meal does it count as?"),
        choices=[("", gettext_lazy("By the clock")), *ServiceReceived.Slot.choices],
        required=False,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Only for a line that runs late; it ends at midnight."),
    )
    organization = forms.ModelChoiceField(
        Organization.objects.none(),
        label=gettext_lazy("Given by"),
        required=False,
        empty_label=gettext_lazy("Not said"),
    )

    def __init__(self, *args, sensitivities, **kwargs):
        super().__init__(*args, **kwargs)
        types = ServiceType.objects.offered().filter(sensitivity__in=sensitivities).select_related("category")
        self.fields["service_type"].queryset = types
        self.fields["service_type"].choices = meals_first(grouped(types))
        self.fields["organization"].queryset = Organization.objects.offered()

    @staticmethod
    def usual(shift, shelter) -> dict:
        """At a food desk the meal of the hour is probably meant."""
        is_kitchen = shift.desk.startswith(ShiftForm.Desk.FOOD)
        return {"service_type": MEALS[shelter.meal_at(timezone.now())] if is_kitchen else ""}

    def round(self, shift) -> Round:
        data = self.cleaned_data
        return Round(
            service=data["service_type"].pk,
            meal=data["meal"],
            organization=data["organization"].pk if data["organization"] else None,
            shelter=shift.shelter_id,
            desk=shift.desk,
            day=timezone.localdate().isoformat(),
        )


def meals_first(choices):
    """The kitchen scans more than everybody else together."""
    empty, *groups = choices
    return [
        empty,
        *sorted(groups, key=lambda group: not {pk for pk, _label in group[1]} & set(MEALS.values())),
    ]


class CardForm(forms.Form):
    """What a card reader, a camera or a hand sends for one card."""

    key = forms.UUIDField()
    code = LineField(max_length=60)

    def clean_code(self):
        """Readers add what they like, and under a Spanish layout write a hyphen as an apostrophe."""
        code = read_code(re.sub(r"[\W_]", "", self.cleaned_data["code"]))
        if not code:
            raise ValidationError(_("This is no code of a card."), code="mistyped")
        return code

    @property
    def shown(self) -> str:
        """What was typed, as far as it can be shown back."""
        return "".join(c for c in self.data.get("code", "")[:20] if c.isprintable())


class ScanForm(CardForm):
    """A card held out; in a second step with what was answered on the screen."""

    class Again(models.TextChoices):
        LOST = "lost", gettext_lazy("The food was lost or spoiled")
        NEWBORN = "newborn", gettext_lazy("Newborn, or somebody new")
        ERROR = "error", gettext_lazy("Recorded by mistake")

    ANSWERS = frozenset(("confirmed", "here", "again"))  # one of them is sent with every answer

    confirmed = forms.BooleanField(required=False)
    here = forms.BooleanField(required=False)
    again = forms.BooleanField(required=False)
    reason = forms.ChoiceField(choices=[("", ""), *Again.choices], required=False)
    other_reason = LineField(required=False, max_length=200)

    def clean(self):
        data = super().clean()
        reason = data.get("reason")
        data["override_reason"] = data.get("other_reason") or (
            str(self.Again(reason).label) if reason else ""
        )
        if data.get("again") and not data["override_reason"]:
            self.add_error("other_reason", _("Choose why it is handed out again, or write it."))
        return data


class AdjustForm(forms.Form):
    """One's own scan, corrected: so many, or these members."""

    key = forms.UUIDField()
    to = forms.IntegerField(required=False, min_value=0, max_value=500)


class NoteForm(CardForm):
    """Handed out without knowing to whom."""

    people = forms.IntegerField(min_value=1, max_value=40)


def ids_in(values) -> set:
    """The ids among what was sent."""
    found = set()
    for value in values:
        try:
            found.add(uuid.UUID(value))
        except ValueError:
            continue
    return found
