"""Fields for text that people type, and what a page says about its mistakes."""

import unicodedata

from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.totp.internal.auth import validate_totp_code
from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from shelters.middleware import Shift
from shelters.models import Shelter, User
from shelters.second_factor import take_code

# They turn the text around them about, so that one name looks like another.
TURNING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def refuse_invisible(text):
    if any((unicodedata.category(c) == "Cc" and c not in "\n\r\t") or c in TURNING for c in text):
        raise ValidationError(
            _("There are invisible characters in this text. Type it again here."), code="invisible"
        )


class LineField(forms.CharField):
    """Text as typed, in NFC, single spaces, without control or text-turning characters."""

    default_validators = [refuse_invisible]

    def to_python(self, value):
        text = super().to_python(value)
        if "\n" in (text or "") and not isinstance(self.widget, forms.Textarea):
            text = " ".join(text.split())
        return unicodedata.normalize("NFC", text) if text else text


def mistakes(*sources):
    """Every error of forms and formsets, in the order of the page: [(id of the field or "", message), …]."""
    found = []
    for form in sources:
        found += [("", message) for message in form.non_field_errors()]
        for name, messages in form.errors.items():
            if name in form.fields:
                # Choices drawn as several inputs have no id of their own: their first input has.
                target = form[name].id_for_label or f"{form[name].auto_id}_0"
                found += [(target, message) for message in messages]
    return found


class ShiftForm(forms.Form):
    """Where somebody works today: shelter, kind of desk and its number."""

    class Desk(models.TextChoices):
        REGISTRATION = "registration", _("Registration")
        FOOD = "food", _("Food")
        CLOTHING = "clothing", _("Clothing")
        HEALTH = "health", _("Health")
        LEGAL = "legal", _("Legal")

    shelter = forms.ModelChoiceField(Shelter.objects.none(), label=_("Shelter"), empty_label=None)
    desk = forms.ChoiceField(
        label=_("Where are you working?"), choices=Desk.choices, widget=forms.RadioSelect
    )
    number = forms.IntegerField(
        label=_("Desk number"),
        min_value=1,
        max_value=99,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )

    def __init__(self, *args, shelters, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["shelter"].queryset = shelters
        if len(shelters) == 1:  # nothing to choose
            self.fields["shelter"].widget = forms.HiddenInput()
            self.initial["shelter"] = shelters[0]

    @staticmethod
    def last_of(user) -> dict:
        return ShiftForm.choice(user.last_shelter_id, user.last_desk)

    @staticmethod
    def here(shift: dict | None) -> dict | None:
        """The choice of whoever worked at this device before."""
        return shift and ShiftForm.choice(shift["shelter_id"], shift["desk"])

    @staticmethod
    def choice(shelter_id, at: str) -> dict:
        desk, _space, number = at.partition(" ")
        return {"shelter": shelter_id, "desk": desk or ShiftForm.Desk.REGISTRATION, "number": number or 1}

    def shift(self) -> Shift:
        shelter = self.cleaned_data["shelter"]
        desk = f"{self.cleaned_data['desk']} {self.cleaned_data['number']}"
        return Shift(shelter_id=shelter.pk, shelter_name=shelter.name, timezone=shelter.timezone, desk=desk)


class NewFactorForm(forms.Form):
    """The first code of a phone: proof that it has read the secret."""

    code = forms.CharField(
        label=_("The code it shows"),
        max_length=20,
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, *args, user, secret, **kwargs):
        super().__init__(*args, **kwargs)
        self.user, self.secret = user, secret

    def clean_code(self):
        forget_tries = check_rate_limit(self.user, error_key="rate_limited")
        if not validate_totp_code(self.secret, self.cleaned_data["code"]):
            raise ValidationError(
                _(
                    "This code does not fit. Wait for the next one, and see that the clock of the phone is right."
                )
            )
        forget_tries()
        take_code(self.user, self.cleaned_data["code"])
        return self.cleaned_data["code"]


class FirstAdministratorForm(UserCreationForm):
    class Meta:
        model = User
        fields = ["username", "first_name", "last_name"]
