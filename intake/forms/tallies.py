"""Counting without names: which service, and one press of a button."""

from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.forms.fields import OnePassSelect
from intake.forms.services import grouped
from intake.ids import uuid7
from intake.models import ServiceReceived, ServiceType, Tally
from shelters.models import Organization

LONGEST_KEPT = 12 * 3600 * 1000  # milliseconds a press may wait for a connection: a shift
AT_ONCE = (1, 5, 10)


def open_services():
    """What may be counted: health and legal services are never counted by thumb."""
    return ServiceType.objects.offered().filter(sensitivity=ServiceType.Sensitivity.OPEN)


class RoundForm(forms.Form):
    """What is given here for the next hours, chosen once. Shared with scan mode through the session."""

    service = forms.ModelChoiceField(
        ServiceType.objects.none(),
        label=gettext_lazy("What is given here?"),
        widget=OnePassSelect,
        error_messages={"required": gettext_lazy("Choose what is given.")},
    )
    slot = forms.ChoiceField(
        label=gettext_lazy("Which meal?"),
        choices=[("", gettext_lazy("By the clock")), *ServiceReceived.Slot.choices],
        required=False,
    )
    organization = forms.ModelChoiceField(
        Organization.objects.none(),
        label=gettext_lazy("Given by"),
        required=False,
        empty_label=gettext_lazy("Not said"),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["service"].queryset = open_services()
        self.fields["service"].choices = grouped(open_services().select_related("category"))
        self.fields["organization"].queryset = Organization.objects.offered()

    def chosen(self) -> dict:
        """As the session keeps it."""
        organization = self.cleaned_data["organization"]
        return {
            "service": self.cleaned_data["service"].pk,
            "slot": self.cleaned_data["slot"],
            "organization": organization.pk if organization else None,
        }


class PressForm(forms.Form):
    """One press. The key comes from the page; `ago` says how many milliseconds it waited for a connection."""

    key = forms.UUIDField(initial=uuid7)
    service = forms.ModelChoiceField(ServiceType.objects.none())
    slot = forms.ChoiceField(choices=[("", ""), *ServiceReceived.Slot.choices], required=False)
    who = forms.ChoiceField(choices=Tally.Who.choices)
    people = forms.TypedChoiceField(choices=[(n, str(n)) for n in AT_ONCE], coerce=int)
    ago = forms.IntegerField(min_value=0, max_value=LONGEST_KEPT, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["service"].queryset = open_services()

    def clean_key(self):
        key = self.cleaned_data["key"]
        if key.version not in (4, 7):
            raise ValidationError(_("This page is damaged. Load it again."))
        return key

    def tally(self, *, shelter, line, by) -> Tally:
        data = self.cleaned_data
        counted_at = timezone.now() - timedelta(milliseconds=data["ago"] or 0)
        return Tally(
            pk=data["key"],
            shelter=shelter,
            service_type=data["service"],
            line=line,
            counted_at=counted_at,
            counted_on=shelter.day_of(counted_at),
            slot=data["slot"] or shelter.meal_at(counted_at),
            who=data["who"],
            people=data["people"],
            recorded_by=by,
        )


class TakeBackForm(forms.Form):
    tally = forms.UUIDField()
