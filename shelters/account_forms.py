"""Accounts, as an administrator makes and changes them: before more is given, the administrator proves who is there."""

from django import forms
from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from django.utils.translation import gettext_lazy as _

from shelters.proof import Proves
from shelters.roles import BY_CODE


class RolesField(forms.ModelMultipleChoiceField):
    """The groups are the roles of roles.py; their names are codes."""

    def label_from_instance(self, group):
        return BY_CODE[group.name].label


class NewAccountForm(Proves, UserCreationForm):
    pass


class PasswordForm(Proves, AdminPasswordChangeForm):
    pass


class AccountForm(Proves, UserChangeForm):
    """Names may be corrected, and whatever an account has be taken away, at once."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        if "proof" in self.fields:
            self.fields["proof"].required = False
            self.fields["proof"].help_text = _(
                "Asked when roles, shelters or more days are given, or the account is switched on."
            )

    def clean(self):
        """Right or wrong, what was said is judged already; said nothing, it depends on what is given."""
        cleaned = super().clean()
        if "proof" in self.fields and "proof" not in self.errors and self.gives_more():
            self.add_error("proof", _("This gives the account more. Say first that it is you."))
        return cleaned

    def gives_more(self) -> bool:
        before, after = self.initial, self.cleaned_data
        if any(set(after.get(name) or ()) - set(before[name]) for name in ("groups", "shelters")):
            return True
        is_back = after.get("is_active") and not before["is_active"]
        return bool(is_back or self.is_longer(before["access_until"], after))

    @staticmethod
    def is_longer(last_day, after) -> bool:
        if "access_until" not in after or last_day is None:
            return False
        return after["access_until"] is None or after["access_until"] > last_day
