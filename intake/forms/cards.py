"""Cards at the desk, and the batches they are printed from."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.card_sheets import VARIANTS
from intake.forms.fields import CardField
from intake.forms.registration import SubmissionForm
from intake.models import Card
from shelters.models import Shelter

MOST_IN_A_BATCH = 2000
MOST_PRINTED = 500  # a second of work; more at once would keep the desks waiting
NUMBER = {"inputmode": "numeric", "autocomplete": "off"}


class BindForm(forms.Form):
    card = CardField(
        label=gettext_lazy("Card"),
        error_messages={"required": gettext_lazy("Scan a card, or type its code.")},
        help_text=gettext_lazy(
            "Take a new card from the pile and scan it, or type its eight letters and digits."
        ),
        widget=forms.TextInput(attrs={"autofocus": True}),
    )


class ReplaceForm(SubmissionForm):
    """Which card is given up and why; another one may follow at once."""

    WHYS = (Card.Why.LOST, Card.Why.DAMAGED, Card.Why.WRONG)
    old = forms.ModelChoiceField(
        Card.objects.none(),
        label=gettext_lazy("Which card?"),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": gettext_lazy("Choose the card that is no longer valid.")},
    )
    why = forms.ChoiceField(
        label=gettext_lazy("What happened?"),
        choices=[(why.value, why.label) for why in WHYS],
        initial=Card.Why.LOST,
        widget=forms.RadioSelect,
    )
    card = CardField(
        label=gettext_lazy("New card"),
        required=False,
        help_text=gettext_lazy("Scan it, or type its code. Left empty, the old card just stops being valid."),
    )

    def __init__(self, *args, family, **kwargs):
        super().__init__(*args, **kwargs)
        cards = family.cards.usable()
        self.fields["old"].queryset = cards
        if not self.is_bound:
            self.initial["old"] = cards.first()


class BatchForm(SubmissionForm):
    """How many cards to make, and for which shelter."""

    shelter = forms.ModelChoiceField(
        Shelter.objects.none(), label=gettext_lazy("Shelter"), widget=forms.RadioSelect, empty_label=None
    )
    size = forms.IntegerField(
        label=gettext_lazy("How many cards"),
        min_value=1,
        max_value=MOST_IN_A_BATCH,
        initial=200,
        widget=forms.TextInput(attrs=NUMBER),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            gettext_lazy("Write how many cards as a number from 1 to 2000."),
        ),
    )

    def __init__(self, *args, shelters, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["shelter"].queryset = shelters
        if len(shelters) == 1:  # nothing to choose
            self.fields["shelter"].widget = forms.HiddenInput()
            self.initial["shelter"] = shelters[0]


class PrintForm(forms.Form):
    """On what to print, and which cards of the batch: the blank ones, from here to there."""

    on = forms.ChoiceField(
        label=gettext_lazy("Print on"),
        choices=[(variant.slug, variant.label) for variant in VARIANTS],
        initial=VARIANTS[0].slug,
        widget=forms.RadioSelect,
    )
    first = forms.IntegerField(
        label=gettext_lazy("from card"),
        min_value=1,
        max_value=MOST_IN_A_BATCH,
        widget=forms.TextInput(attrs=NUMBER),
    )
    last = forms.IntegerField(
        label=gettext_lazy("to card"),
        min_value=1,
        max_value=MOST_IN_A_BATCH,
        widget=forms.TextInput(attrs=NUMBER),
    )

    def __init__(self, *args, size, **kwargs):
        super().__init__(*args, initial={"first": 1, "last": min(size, MOST_PRINTED)}, **kwargs)
        wrong = _("Write from which card to which, as numbers from 1 to %(size)d.") % {"size": size}
        for name in ("first", "last"):
            self.fields[name].error_messages = dict.fromkeys(
                ("required", "invalid", "min_value", "max_value"), wrong
            )

    def clean(self):
        data = super().clean()
        first, last = data.get("first"), data.get("last")
        if first and last and not first <= last:
            self.add_error("last", _("Write the smaller number first."))
        elif first and last and last - first >= MOST_PRINTED:
            raise ValidationError(_("Print at most %(most)d cards at a time.") % {"most": MOST_PRINTED})
        return data
