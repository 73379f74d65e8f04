"""Who may sign in. (Who may see a family is decided in intake/access.py.)"""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.models import Group
from django.db.models import IntegerField
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from shelters import devices
from shelters.audit import Action, address_of, record
from shelters.break_glass import MAY_ASK, glasses_of
from shelters.locking import begin
from shelters.models import Shelter, User
from shelters.prepared import Blank, Prepared
from shelters.resting import note_resting
from shelters.roles import BreakGlassReader
from shelters.second_factor import MUST_SET_UP, asks_for_factor, has_factor

# Nearly every page asks for the rights of its account.
permissions_of = Prepared(
    lambda: Group.permissions.through.objects.filter(
        group__in=User.groups.through.objects.filter(user=Blank("user", IntegerField())).values("group")
    ).values_list("permission__content_type__app_label", "permission__codename")
)

# `Shelter.objects.visible_to`, for whoever does not see them all.
shelters_of = Prepared(
    lambda: Shelter.objects.filter(staff=Blank("user", IntegerField()), pk=Blank("shelter", IntegerField()))
)


class AccountBackend(AuthenticationBackend):
    """Asked at sign-in and on every request: an account past its last day stops at once."""

    def user_can_authenticate(self, user):
        return super().user_can_authenticate(user) and user.has_access

    def get_user_permissions(self, user, obj=None):
        """Rights come from roles alone; nobody holds one of their own, and no page pays to find that out."""
        return set()

    def get_group_permissions(self, user, obj=None):
        """Those of the roles, and for as long as it lasts what break-glass adds: asked for once in a request."""
        if user.is_superuser or not user.is_active or obj is not None:
            return super().get_group_permissions(user, obj)
        rights = {f"{app}.{codename}" for app, codename in permissions_of(user=user.pk)}
        return rights | BreakGlassReader.permissions if MAY_ASK in rights and glasses_of(user) else rights


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators, never by visitors."""

    def is_open_for_signup(self, request):
        return False

    def _get_login_attempts_cache_key(self, request, **credentials):
        """Tries are counted for the account alone: allauth adds the Host, which a visitor may write at will."""
        return credentials.get("username", "").strip().casefold()

    def pre_authenticate(self, request, **credentials):
        if not ratelimit.consume(request, **devices.limit_of(request), dry_run=True):
            raise self.validation_error("too_many_login_attempts")
        super().pre_authenticate(request, **credentials)

    def authenticate(self, request, **credentials):
        """allauth would let in an active account whose last day is over, to tell it so; it gets the usual words."""
        user = super().authenticate(request, **credentials)
        return user if user and user.has_access else None

    def authentication_failed(self, request, **credentials):
        """Without the name that was typed: it may be a password in the wrong box."""
        record(Action.SIGN_IN_REFUSED, by=None)
        ratelimit.consume(request, **devices.limit_of(request))
        key = self._get_login_attempts_cache_key(request, **credentials)
        if not ratelimit.consume(request, action="login_failed", key=key, dry_run=True):
            note_resting(User.objects.filter(username__iexact=key).first())

    def get_client_ip(self, request):
        """By our own rule; behind a socket there may be none."""
        return address_of(request) or "0.0.0.0"

    def login(self, request, user):
        super().login(request, user)
        begin(request, user)
        if asks_for_factor(user) and not has_factor(user):
            request.session[MUST_SET_UP] = True
        if user.is_demo:
            words = _("This is a demo account with invented people: its password alone lets it in.")
            messages.info(request, words)
        record(Action.SIGNED_IN, by=user)

    def post_login(self, request, user, **options):
        response = super().post_login(request, user, **options)
        devices.remember(response, user)
        return response

    def logout(self, request):
        record(Action.SIGNED_OUT, by=request.user)
        super().logout(request)


def current_shelter(request) -> Shelter:
    """The shelter of this shift, checked again; 404 when the account has lost it or never had one."""
    if not request.shift:
        raise Http404
    if request.user.has_perm("shelters.see_every_shelter"):
        return get_object_or_404(Shelter, pk=request.shift.shelter_id)
    for shelter in shelters_of(user=request.user.pk, shelter=request.shift.shelter_id):
        return shelter
    raise Http404
