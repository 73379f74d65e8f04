"""Recording what a family received, and taking a record back."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake import actions
from intake.access import family_or_404, require, sensitivities, service_or_404
from intake.forms.services import CancelForm, ServiceForm
from intake.models import Stay
from intake.views.family import form_page, look_again


def add(request, pk):
    """One service for all or some members."""
    require(request.user, "intake.add_servicereceived")
    family = family_or_404(request.user, pk)
    form = ServiceForm(
        request.POST or None,
        everybody=family.members.all(),
        ticked=family.members.filter(stays__in=Stay.objects.open()),
        sensitivities=sensitivities(request.user),
        initial={"service_type": request.GET.get("type", "")},
    )
    if request.method == "POST" and form.is_valid() and record(request, family, form):
        return redirect("intake:family", pk)
    return form_page(request, form, family=family, title=_("Record a service"))


def record(request, family, form) -> bool:
    """True when it is stored, by this request or by an earlier copy of the same form."""
    desk = request.shift.desk if request.shift else ""
    try:
        rows = actions.record_service(
            submission=form.submission(request.user),
            service=form.service(shelter=family.shelter, desk=desk, by=request.user),
            people=list(form.cleaned_data["people"].select_related("family")),
            override_reason=form.cleaned_data["override_reason"],
            by=request.user,
        )
    except actions.AlreadySaved as saved:
        if not saved.is_same:
            form.ask_again()
        return saved.is_same
    except actions.OverLimit as over:
        say_who_had_it(form, over.people)
        return False
    except actions.Overtaken:
        form.add_error("people", look_again())
        return False
    label = rows[0].service_type.label
    done = ngettext(
        "%(service)s recorded for %(n)d person.", "%(service)s recorded for %(n)d people.", len(rows)
    )
    messages.success(request, done % {"service": label, "n": len(rows)})
    return True


def say_who_had_it(form, people):
    """Nobody is refused: it can be given again, with a reason, or those people's ticks taken off."""
    for person, last in people.items():
        if last is None:  # more at once than the limit of one person
            form.add_error("people", _("%(name)s: that is more than the limit.") % {"name": person})
            continue
        when = date_format(timezone.localtime(last), "DATETIME_FORMAT")
        form.add_error("people", _("%(name)s has had it: %(when)s.") % {"name": person, "when": when})
    form.ask_for_a_reason()
    form.add_error(
        "override_reason", _("Take off the tick of who has had it, or write here why it is given again.")
    )


def cancel(request, pk):
    require(request.user, "intake.add_servicereceived")
    service = service_or_404(request.user, pk)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if service.cancelled_at is None:
            actions.cancel_service(service, reason=form.cleaned_data["reason"], by=request.user)
        messages.success(request, _("Cancelled. It stays visible, crossed out."))
        return redirect("intake:family", service.person.family_id)
    title = _("Cancel “%(service)s” for %(name)s") % {"service": service.service_type, "name": service.person}
    return form_page(request, form, family=service.person.family, title=title)
