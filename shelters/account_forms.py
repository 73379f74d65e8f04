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
    """Without Django's switch that takes the password away: here nobody signs in by anything else."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.fields.pop("usable_password", None)
        self.fields["password1"].required = self.fields["password2"].required = True


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
        """Of one's own account these fields are not on the form, so nothing is given."""
        before, after = self.initial, self.cleaned_data
        added = (set(after.get(name) or ()) - set(before.get(name) or ()) for name in ("groups", "shelters"))
        is_back = after.get("is_active") and not before["is_active"]
        return bool(any(added) or is_back or self.is_longer())

    def is_longer(self) -> bool:
        last_day = self.initial.get("access_until")
        if "access_until" not in self.cleaned_data or last_day is None:
            return False
        new = self.cleaned_data["access_until"]
        return new is None or new > last_day
