"""Freezing the census that a page shows, and withdrawing one."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.models import Cut
from intake.reports.filters import Filters, ShelterFilters


class FreezeForm(Filters):
    """The very moment that the page shows, so that pressing twice means the same one."""

    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=Cut._meta.get_field("note").max_length,
        help_text=gettext_lazy("For what it is frozen, such as a bulletin. No names."),
    )

    def clean_as_of(self):
        moment = super().clean_as_of()
        if moment > timezone.now():
            raise ValidationError(_("That moment has not come yet."), code="future")
        return moment


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why it is withdrawn"),
        max_length=Cut._meta.get_field("withdrawn_reason").max_length,
        help_text=gettext_lazy("The numbers stay here to be read, with this reason. No names."),
    )


class CutsFilters(ShelterFilters):
    """Whose frozen censuses are listed."""

    field_order = ("shelter",)
