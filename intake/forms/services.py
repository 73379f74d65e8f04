"""Recording a service for a family."""

from itertools import groupby

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.forms.family import MembersForm
from intake.forms.fields import OnePassSelect
from intake.models import LegalOutcome, ServiceReceived, ServiceType
from shelters.forms import LineField
from shelters.models import Organization


class ServiceForm(MembersForm):
    """What was given, by whom, and to which members; exceptions are ticked off."""

    field_order = ["service_type", "people", "quantity", "organization", "outcome", "override_reason"]
    service_type = forms.ModelChoiceField(
        ServiceType.objects.none(),
        label=gettext_lazy("Service"),
        widget=OnePassSelect,
        empty_label=gettext_lazy("Choose…"),
        error_messages={"required": gettext_lazy("Choose what was given.")},
    )
    quantity = forms.IntegerField(
        label=gettext_lazy("How many for each person"),
        min_value=1,
        max_value=500,
        initial=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    organization = forms.ModelChoiceField(
        Organization.objects.none(),
        label=gettext_lazy("Given by"),
        required=False,
        empty_label=gettext_lazy("Not said"),
    )
    outcome = forms.ModelChoiceField(
        LegalOutcome.objects.none(),
        label=gettext_lazy("Outcome of the legal advice"),
        required=False,
        empty_label=gettext_lazy("Not yet"),
        widget=OnePassSelect,
    )
    override_reason = LineField(
        label=gettext_lazy("Why is it given again?"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Only when somebody has had it: lost food, newborn, wrong size…"),
        widget=forms.HiddenInput,  # until somebody has had it
    )

    def __init__(self, *args, sensitivities, **kwargs):
        super().__init__(*args, **kwargs)
        types = ServiceType.objects.offered().filter(sensitivity__in=sensitivities).select_related("category")
        self.fields["service_type"].queryset = types
        self.fields["service_type"].choices = grouped(types)
        self.fields["organization"].queryset = Organization.objects.offered()
        if ServiceType.Sensitivity.LEGAL in sensitivities:
            self.fields["outcome"].queryset = LegalOutcome.objects.offered()
        else:
            del self.fields["outcome"]
        if self.data.get("override_reason"):
            self.ask_for_a_reason()

    def clean(self):
        data = super().clean()
        kind = data.get("service_type")
        if data.get("outcome") and kind and kind.sensitivity != ServiceType.Sensitivity.LEGAL:
            self.add_error("outcome", _("Only legal advice has an outcome. Leave it at “Not yet”."))
        return data

    def ask_for_a_reason(self):
        self.fields["override_reason"].widget = forms.TextInput()

    def service(self, *, shelter, desk, by) -> ServiceReceived:
        """What each ticked person received, not yet anybody's."""
        data = self.cleaned_data
        return ServiceReceived(
            service_type=data["service_type"],
            organization=data["organization"],
            outcome=data.get("outcome"),
            quantity=data["quantity"],
            shelter=shelter,
            given_at=timezone.now(),
            desk=desk,
            recorded_by=by,
        )


def grouped(types):
    """Options of the select under their category, drawn once."""
    by_category = sorted(types, key=lambda each: (each.category.position, each.position))
    groups = groupby(by_category, key=lambda each: each.category)
    return [
        ("", _("Choose…")),
        *((category.label, [(each.pk, each.label) for each in group]) for category, group in groups),
    ]


class CancelForm(forms.Form):
    reason = LineField(
        label=gettext_lazy("Why is it cancelled?"),
        max_length=200,
        error_messages={"required": gettext_lazy("Write why: “wrong family”, “not given”…")},
    )
