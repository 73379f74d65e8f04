"""Giving a number, and moving the line on."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.forms.registration import MOST_PEOPLE, SubmissionForm
from intake.models import Ticket
from shelters.forms import LineField

AS_KNOWN = "known"


class TicketForm(SubmissionForm):
    """A card, or how many they are. `find` gives the family of a card that may be seen here, or None."""

    line = forms.ChoiceField(
        label=gettext_lazy("For which line?"),
        choices=Ticket.Line.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose the line.")},
    )
    card = LineField(
        label=gettext_lazy("Card"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("Scan it or type it. Without a card, leave this empty."),
        widget=forms.TextInput(
            attrs={"autofocus": True, "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    people = forms.IntegerField(
        label=gettext_lazy("How many people, without a card"),
        required=False,
        min_value=1,
        max_value=MOST_PEOPLE,
        initial=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    priority = forms.ChoiceField(
        label=gettext_lazy("Priority"),
        choices=[(AS_KNOWN, gettext_lazy("What the card tells")), *Ticket.Priority.choices],
        initial=AS_KNOWN,
        required=False,
        help_text=gettext_lazy("Goes after the next one, never first."),
    )

    def __init__(self, *args, find, **kwargs):
        super().__init__(*args, **kwargs)
        self.find = find

    def clean_card(self):
        if not self.cleaned_data["card"]:
            return None
        family = self.find(self.cleaned_data["card"])
        if family is None:
            raise ValidationError(
                _("No family here has this card. Look at the code again, or leave it empty.")
            )
        return family

    def clean(self):
        data = super().clean()
        if "card" in data and data["card"] is None and data.get("people", 0) is None:
            self.add_error("people", _("Write how many people, or scan their card."))
        return data


class StepForm(forms.Form):
    """One press in a line: which ticket, which call of it, and what happens to it."""

    STEPS = ("next", "call", "recall", "done", "no_show", "send_back")
    step = forms.ChoiceField(choices=[(step, step) for step in STEPS])
    ticket = forms.UUIDField(required=False)
    mark = forms.CharField(required=False, max_length=30)
