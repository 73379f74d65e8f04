"""Starting a shift, and the answer to a machine that asks whether we live."""

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group
from django.core import signing
from django.db import connection, transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from shelters import roles
from shelters.audit import Action, record
from shelters.forms import FirstAdministratorForm, ShiftForm
from shelters.locking import DEVICE
from shelters.middleware import KEY
from shelters.models import Shelter, User


@login_not_required
def healthz(request):
    """200 and "ok" when the database answers; 503 otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
def whoami(request):
    """For a page about to send: may it, and with which token? Says nothing about anybody."""
    drawn_for = request.GET.get("as", "")  # a page that hid itself shows itself again to nobody else
    if not request.user.is_authenticated or drawn_for not in ("", str(request.user.pk)):
        return JsonResponse({}, status=401)
    return JsonResponse({"token": get_token(request)})


@login_not_required
def change_user(request):
    """For a shared device: out at once, and the next one finds its shelter and desk chosen already.

    The browser's cache is emptied; its storage is not, because there may be work in it that waits for a network.
    """
    if request.method == "POST" and request.user.is_authenticated:
        here = request.session.get(KEY)
        get_adapter(request).logout(request)
        request.session[DEVICE] = here
    response = redirect("account_login")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def shift(request):
    """Where do you work today? Remembered from the last time, or by the device whose user has changed."""
    user = request.user
    if user.is_staff and not user.has_perm("intake.add_family"):  # who only reviews works at no desk
        return redirect("admin:index")
    shelters = Shelter.objects.open().filter(staff=user)
    initial = ShiftForm.here(request.session.get(DEVICE)) or ShiftForm.last_of(user)
    form = ShiftForm(request.POST or None, shelters=shelters, initial=initial)
    if request.method == "POST" and form.is_valid():
        chosen = form.shift()
        chosen.start(request)
        shelter = form.cleaned_data["shelter"]
        user.last_shelter, user.last_desk = shelter, chosen.desk
        user.save(update_fields=["last_shelter", "last_desk"])
        record(Action.SHIFT_STARTED, by=user, shelter=shelter, desk=chosen.desk)
        return redirect("home")
    if not shelters and not user.is_staff:
        messages.warning(
            request, _("No shelter is open to your account. Ask the coordinator to add you to one.")
        )
    return render(
        request,
        "account/shift.html",
        {"form": form, "has_shelters": bool(shelters)},
        status=422 if form.errors else 200,
    )


FIRST_ADMINISTRATOR = "first-administrator"
ONE_DAY = 24 * 3600


@login_not_required
def first_administrator(request, token):
    """Opens once: with a signed link a day old at most, and only while nobody has an account."""
    try:
        signing.loads(token, salt=FIRST_ADMINISTRATOR, max_age=ONE_DAY)
    except signing.BadSignature as error:
        raise Http404 from error
    if User.objects.exists():
        raise Http404
    form = FirstAdministratorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            Group.objects.select_for_update().get(name=roles.Administrator.code)  # one at a time
            if User.objects.exists():
                raise Http404
            user = form.save()
            roles.grant(user, roles.Administrator)
            record(Action.ADMIN_ADDED, by=user, subject=user, first=True)
        messages.success(request, _("The account is ready. Sign in with it."))
        return redirect("account_login")
    return render(
        request, "account/first_administrator.html", {"form": form}, status=422 if form.errors else 200
    )
