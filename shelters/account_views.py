"""What an account does for itself: its second factor, and where it is signed in."""

import segno
from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shelters import second_factor
from shelters.forms import NewFactorForm
from shelters.models import User
from shelters.proof import ProofForm, SignInCodeForm, is_resting
from shelters.sessions import accounts_below, end_sessions, running

SECRET = "second_factor_secret"  # in the session until its first code was right; sealed


@login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login")
def code(request):
    """After the password: nothing but this page answers until the code is right."""
    stage = request._login_stage
    form = SignInCodeForm(request.POST or None, user=stage.login.user)
    if form.is_valid():
        form.save()
        if form.authenticator.type == Authenticator.Type.RECOVERY_CODES:
            tell_codes_left(request, stage.login.user)
        return stage.exit()
    if form.is_bound and is_resting(request, stage.login.user):
        messages.warning(request, _("Five wrong codes. Sign in anew in a quarter of an hour."))
        return stage.abort()
    return render(request, "mfa/authenticate.html", {"form": form}, status=422 if form.errors else 200)


def tell_codes_left(request, user):
    n = second_factor.codes_left(user)
    words = ngettext("%(n)d recovery code is left.", "%(n)d recovery codes are left.", n) % {"n": n}
    messages.warning(request, words)


def set_up(request):
    """The only page for whoever needs a second factor and has none. The codes it ends with are shown once."""
    if second_factor.has_factor(request.user):
        return redirect("mfa_index")
    secret = secret_of(request)
    form = NewFactorForm(request.POST or None, user=request.user, secret=secret)
    proof = ProofForm(request.POST or None, request=request)
    if all([form.is_valid(), proof.is_valid()]):
        codes = second_factor.set_up(request.user, secret)
        request.session.pop(SECRET)
        request.session.pop(second_factor.MUST_SET_UP, None)
        record_authentication(request, request.user, "mfa")
        return show_codes(request, codes) if codes else redirect("mfa_index")
    address = get_adapter().build_totp_url(request.user, secret)
    context = {
        "form": form,
        "proof": proof,
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "address": address,
        "picture": segno.make_qr(address).svg_data_uri(scale=5, border=2),
        "taken_off": second_factor.taken_off(request.user),
    }
    return render(request, "mfa/set_up.html", context, status=422 if form.errors or proof.errors else 200)


def secret_of(request) -> str:
    """The same one until it is used: a page drawn twice must not spoil what the phone has read."""
    if SECRET not in request.session:
        request.session[SECRET] = get_adapter().encrypt(generate_totp_secret())
    return get_adapter().decrypt(request.session[SECRET])


def show_codes(request, codes):
    return render(request, "mfa/codes.html", {"codes": codes, "next": reverse("shift")})


def index(request):
    """New recovery codes, or another phone: each asks for a code of the present one."""
    if not second_factor.has_factor(request.user):
        return redirect("mfa_activate_totp")
    proof = ProofForm(request.POST if request.method == "POST" else None, request=request)
    if proof.is_valid():
        if "another" in request.POST:
            second_factor.take_off(request.user, by=request.user)
            logout(request)
            return redirect("account_login")
        return show_codes(request, second_factor.make_codes(request.user))
    context = {"proof": proof, "codes_left": second_factor.codes_left(request.user)}
    return render(request, "mfa/index.html", context, status=422 if proof.errors else 200)


def take_off(request, pk):
    """An administrator helps somebody whose phone is lost. Nobody sees a secret."""
    if not request.user.has_perm("shelters.change_user"):
        raise Http404
    accounts = User.objects.exclude(pk=request.user.pk)
    account = get_object_or_404(
        accounts if request.user.is_superuser else accounts.exclude(is_superuser=True), pk=pk
    )
    if not second_factor.has_factor(account):
        raise Http404
    proof = ProofForm(request.POST if request.method == "POST" else None, request=request)
    if proof.is_valid():
        second_factor.take_off(account, by=request.user)
        messages.success(request, _("The second factor of %(account)s is off.") % {"account": account})
        return redirect("admin:shelters_user_change", account.pk)
    context = {"account": account, "proof": proof}
    return render(request, "mfa/take_off.html", context, status=422 if proof.errors else 200)


def sessions(request):
    """Where I am signed in; for whoever looks after others, where they are. Each can be ended."""
    below = accounts_below(request.user)
    if request.method == "POST":
        ended = end_asked(request, below)
        n = {"n": ended}
        messages.success(request, ngettext("%(n)d session ended.", "%(n)d sessions ended.", ended) % n)
        return redirect("sessions")
    context = {
        "mine": running(User.objects.filter(pk=request.user.pk)),
        "others": running(below),
        "may_end_others": request.user.has_perm("shelters.end_sessions"),
        "asks_for_factor": second_factor.asks_for_factor(request.user),
    }
    return render(request, "account/sessions.html", context)


def end_asked(request, below) -> int:
    """One, by its number, or all of mine but this one. Somebody else's is not there."""
    here = request.session.session_key
    if "others" in request.POST:
        return end_sessions(request.user, by=request.user, keep=here)
    number = request.POST.get("session", "")
    reachable = (
        UserSession.objects.filter(user__in=below.order_by().values("pk"))
        | request.user.usersession_set.all()
    )
    if not number.isdecimal() or len(number) > 18:
        raise Http404
    session = get_object_or_404(reachable.exclude(session_key=here), pk=number)
    return end_sessions(session.user, by=request.user, only=session.pk)
