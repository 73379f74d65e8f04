"""Who may sign in. (Who may see a family is decided in intake/access.py.)"""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import Permission
from django.http import Http404
from django.shortcuts import get_object_or_404

from shelters.audit import Action, record
from shelters.models import Shelter


class AccountBackend(AuthenticationBackend):
    """Asked at sign-in and on every request: an account past its last day stops at once."""

    def user_can_authenticate(self, user):
        return super().user_can_authenticate(user) and user.has_access

    def _get_user_permissions(self, user):
        """Rights come from roles alone; nobody holds one of their own, and no page pays to find that out."""
        return Permission.objects.none()


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators, never by visitors."""

    def is_open_for_signup(self, request):
        return False

    def _get_login_attempts_cache_key(self, request, **credentials):
        """Tries are counted for the account alone: allauth adds the Host, which a visitor may write at will."""
        return credentials.get("username", "").strip().casefold()

    def authenticate(self, request, **credentials):
        """allauth would let in an active account whose last day is over, to tell it so; it gets the usual words."""
        user = super().authenticate(request, **credentials)
        return user if user and user.has_access else None

    def authentication_failed(self, request, **_credentials):
        """Without the name that was typed: it may be a password in the wrong box."""
        record(Action.SIGN_IN_REFUSED, by=None)

    def login(self, request, user):
        super().login(request, user)
        record(Action.SIGNED_IN, by=user)

    def logout(self, request):
        record(Action.SIGNED_OUT, by=request.user)
        super().logout(request)


def current_shelter(request) -> Shelter:
    """The shelter of this shift, checked again; 404 when the account has lost it or never had one."""
    if not request.shift:
        raise Http404
    return get_object_or_404(Shelter.objects.visible_to(request.user), pk=request.shift.shelter_id)
