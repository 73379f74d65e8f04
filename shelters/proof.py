"""Who is there? Asked again before what would hurt most in other hands. See ADR 26."""

import time

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.core import context, ratelimit
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shelters.audit import Action, record
from shelters.resting import note_resting
from shelters.second_factor import has_factor, take_code

FIVE_MINUTES = 5 * 60  # seconds


class Once:
    """A code is taken once, as long as it would fit. What is refused is on the trail."""

    def clean_code(self):
        code = super().clean_code()
        if self.authenticator.type == Authenticator.Type.TOTP:
            take_code(self.user, code)
        return code

    def _emit_authentication_failed(self, authenticator):
        record(Action.CODE_REFUSED, by=self.user, subject=self.user)
        if is_resting(context.request, self.user):
            note_resting(self.user)


class SignInCodeForm(Once, AuthenticateForm):
    pass


class CodeAgainForm(Once, ReauthenticateForm):
    pass


def is_resting(request, user) -> bool:
    """After five wrong codes in 15 minutes no code is looked at."""
    key = f"mfa-auth-user-{user.pk}"
    return not ratelimit.consume(request, action="login_failed", key=key, dry_run=True)


def proven_lately(request, *, by_code: bool) -> bool:
    """In this session, in the last five minutes; whoever has a second factor proves it with that."""
    method = "mfa" if by_code else "password"
    proofs = [each for each in get_authentication_records(request, request.user) if each["method"] == method]
    return bool(proofs) and time.time() - proofs[-1]["at"] < FIVE_MINUTES


class Proves:
    """A form that asks it in a field of its own, so that nothing typed beside it is lost; none when proven lately."""

    request = None  # the admin makes its forms without one

    def __init__(self, *arguments, request=None, **options):
        super().__init__(*arguments, **options)
        self.request = request or self.request
        self.by_code = has_factor(self.request.user)
        if proven_lately(self.request, by_code=self.by_code):
            return
        if self.by_code:
            label, widget = gettext_lazy("Code from your app, or a recovery code"), forms.TextInput
            attributes = {"autocomplete": "one-time-code", "inputmode": "numeric"}
        else:
            label, widget = gettext_lazy("Your password, once more"), forms.PasswordInput
            attributes = {"autocomplete": "current-password"}
        self.fields["proof"] = forms.CharField(label=label, max_length=200, widget=widget(attributes))

    def clean_proof(self):
        said, user = self.cleaned_data["proof"], self.request.user
        if not said:  # where it may be left out
            return said
        if self.by_code:
            form = CodeAgainForm(data={"code": said}, user=user)
            if not form.is_valid():
                raise ValidationError(form.errors["code"])
            form.save()
        elif not ratelimit.consume(self.request, action="reauthenticate", user=user):
            raise ValidationError(_("Too many tries. Wait a quarter of an hour."))
        elif not user.check_password(said):
            record(Action.SIGN_IN_REFUSED, by=user)
            raise ValidationError(_("This is not your password."))
        else:
            reauthenticate_by_password(self.request)
        return said

    def clean(self):
        """Once answered it is not asked again, also when something else has to be mended."""
        cleaned = super().clean()
        if self.cleaned_data.get("proof"):
            del self.fields["proof"]
        return cleaned


class ProofForm(Proves, forms.Form):
    """Stands beside the form of what is asked for."""
