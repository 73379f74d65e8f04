"""A card at the gate, a number counted, people who leave together."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.cards import read_code
from intake.forms.family import MembersForm
from intake.forms.fields import OnePassSelect
from intake.forms.registration import SubmissionForm
from intake.models import Stay
from shelters.forms import LineField
from shelters.models import Zone

LONGEST_LIST = 20_000  # letters: two thousand cards


class CardForm(forms.Form):
    card = LineField(
        label=gettext_lazy("Card"),
        max_length=40,
        error_messages={"required": gettext_lazy("Scan a card, or type its code.")},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )


def zone_choices(places) -> list:
    """Each zone with its free places. A full one may be chosen: nobody is refused a bed."""
    return [("", _("Choose…")), *((place.zone.pk, zone_words(place)) for place in places)]


def zone_words(place) -> str:
    if place.free is None:
        return place.zone.name
    if place.is_full:
        return _("%(zone)s · full") % {"zone": place.zone}
    return _("%(zone)s · %(n)d free") % {"zone": place.zone, "n": place.free}


class GateForm(MembersForm):
    """One of three buttons: `move` and `back` take a zone, `out` takes where to."""

    zone = forms.ModelChoiceField(
        Zone.objects.none(),
        label=gettext_lazy("Zone"),
        required=False,
        widget=OnePassSelect(attrs={"class": "form-select"}),
    )
    to = forms.ChoiceField(
        label=gettext_lazy("Where to?"),
        choices=Stay.OutTo.choices,
        required=False,
        widget=OnePassSelect(attrs={"class": "form-select"}),
    )

    def __init__(self, *args, places, do, **kwargs):
        super().__init__(*args, **kwargs)
        self.do = do
        self.fields["zone"].queryset = Zone.objects.filter(pk__in=[place.zone.pk for place in places])
        self.fields["zone"].choices = zone_choices(places)
        self.fields["to"].choices = [("", _("Choose…")), *Stay.OutTo.choices]

    def clean(self):
        data = super().clean()
        if self.do == "move" and not data.get("zone") and "zone" not in self.errors:
            self.add_error("zone", _("Choose the zone they move to."))
        if self.do == "out" and not data.get("to") and "to" not in self.errors:
            self.add_error("to", _("Say where to, or “Not known”."))
        return data


class HeadcountForm(SubmissionForm):
    zone = forms.ModelChoiceField(
        Zone.objects.none(),
        label=gettext_lazy("Zone"),
        required=False,
        empty_label=gettext_lazy("The whole shelter"),
        widget=OnePassSelect(attrs={"class": "form-select"}),
    )
    people = forms.IntegerField(
        label=gettext_lazy("People counted"),
        min_value=0,
        max_value=100_000,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            gettext_lazy("Write how many people you counted: 112."),
        ),
    )

    def __init__(self, *args, shelter, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["zone"].queryset = Zone.objects.offered().filter(shelter=shelter)


class TogetherForm(SubmissionForm):
    """Who leaves together: everybody of a zone, or the families of a list of cards; and where to."""

    zone = forms.ModelChoiceField(
        Zone.objects.none(),
        label=gettext_lazy("Everybody in a zone"),
        required=False,
        empty_label=gettext_lazy("Choose…"),
        widget=OnePassSelect(attrs={"class": "form-select"}),
    )
    cards = LineField(
        label=gettext_lazy("Or the families of these cards"),
        required=False,
        max_length=LONGEST_LIST,
        widget=forms.Textarea(
            attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off", "class": "mono"}
        ),
        help_text=gettext_lazy("One card after another; the reader starts a new line by itself."),
    )
    to = forms.ChoiceField(
        label=gettext_lazy("Where to?"),
        choices=Stay.OutTo.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Say where to, or “Not known”.")},
    )

    def __init__(self, *args, shelter, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["zone"].queryset = Zone.objects.filter(shelter=shelter)

    def clean_cards(self):
        lines = [line.strip() for line in self.cleaned_data["cards"].splitlines() if line.strip()]
        if wrong := [line for line in lines if not read_code(line)]:
            raise ValidationError(_("Not a card: %(codes)s.") % {"codes": ", ".join(wrong[:5])})
        return list(dict.fromkeys(read_code(line) for line in lines))

    def clean(self):
        data = super().clean()
        if not self.errors and bool(data.get("zone")) == bool(data.get("cards")):
            self.add_error("zone", _("Choose a zone, or scan cards: one of the two."))
        return data
