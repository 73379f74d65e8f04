"""Cards of one family: handed out, lost, replaced. A code comes by POST and stands in no address."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from intake import actions
from intake.access import TooManyCodes, family_or_404, note_unknown, refuse_guessers, require
from intake.forms.cards import BindForm, ReplaceForm
from intake.views.family import form_page, look_again


def bind(request, pk):
    """One more card for this family. Scanning the same card twice is no mistake."""
    require(request.user, "intake.add_family")
    family = family_or_404(request.user, pk)
    form = BindForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["card"]
        try:
            refuse_guessers(request.user)
            actions.bind_card(code=code, family=family, by=request.user)
        except (actions.CannotBind, TooManyCodes) as refusal:
            form.add_error("card", str(refusal))
            note_unknown(request.user, family.shelter, [code])
        except actions.Overtaken:
            form.add_error(None, look_again())
        else:
            messages.success(request, _("The card belongs to this family now."))
            return redirect("intake:family", family.pk)
    return form_page(request, form, family=family, title=_("Hand out a card"))


def replace(request, pk):
    """A lost card stops being valid; another one may take its place in the same step."""
    require(request.user, "intake.add_family")
    family = family_or_404(request.user, pk)
    form = ReplaceForm(request.POST or None, family=family)
    if request.method == "POST" and form.is_valid() and replaced(request, form, family):
        return redirect("intake:family", family.pk)
    if form.saved_before(request.user):  # a double click
        return redirect("intake:family", family.pk)
    return form_page(request, form, family=family, title=_("The card is lost or damaged"))


def replaced(request, form, family) -> bool:
    """True when it is stored, by this request or by an earlier copy of the same form."""
    old, why, code = (form.cleaned_data[name] for name in ("old", "why", "card"))
    try:
        if code:
            refuse_guessers(request.user)
        with actions.once(form.submission(request.user, family)):
            if code:
                actions.replace_card(old, why=why, code=code, by=request.user)
            else:
                actions.revoke_card(old, why=why, by=request.user)
    except actions.AlreadySaved as saved:
        if not saved.is_same:
            form.ask_again()
        return saved.is_same
    except (actions.CannotBind, TooManyCodes) as refusal:
        form.add_error("card", str(refusal))
        note_unknown(request.user, family.shelter, [code])
        return False
    except actions.Overtaken:
        form.add_error("old", look_again())
        return False
    done = (
        _("The old card is not valid any more; the new one is.")
        if code
        else _("The card is not valid any more.")
    )
    messages.success(request, done)
    return True
