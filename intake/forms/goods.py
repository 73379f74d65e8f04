"""The clothes table: who gets what; what came in; what was counted."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.allowances import Thing
from intake.forms.fields import OnePassSelect
from intake.forms.registration import SubmissionForm
from shelters.forms import LineField
from shelters.models import Organization

MOST_ROWS = 30
BLANK_ROWS = 6  # without JavaScript; a script makes a row of each tap
MOST_COUNTED = 100_000


class CardForm(forms.Form):
    """Whose card lies on the table."""

    code = LineField(
        label=gettext_lazy("Card of the family"),
        max_length=40,
        error_messages={"required": gettext_lazy("Scan the card, or type its code.")},
    )


class Number(forms.IntegerField):
    """A whole number, typed; whatever is wrong with it, the message says what is possible."""

    def clean(self, value):
        try:
            return super().clean(value)
        except ValidationError:
            limits = {"least": self.min_value, "most": self.max_value}
            words = _("Write a whole number from %(least)s to %(most)s.")
            raise ValidationError(words, params=limits) from None


def typed_number(least, most, **kwargs):
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    return Number(min_value=least, max_value=most, widget=widget, **kwargs)


class WhatForm(forms.Form):
    """A row: something of a size, and how many."""

    what = forms.ChoiceField(
        label=gettext_lazy("Thing and size"),
        widget=OnePassSelect(attrs={"class": "form-select"}),
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), gettext_lazy("Choose the thing and its size.")
        ),
    )

    def __init__(self, *args, goods, drawn, **kwargs):
        super().__init__(*args, **kwargs)
        self.goods = goods
        self.fields["what"].choices = drawn
        self.fields["quantity"].widget.attrs["class"] = "form-control"

    def chosen(self) -> tuple:
        """(goods, size, quantity)"""
        code, _bar, size = self.cleaned_data["what"].partition("|")
        return self.goods[code], size, self.cleaned_data["quantity"]


class ThingForm(WhatForm):
    """For whom, and what."""

    field_order = ["person", "what", "quantity"]
    person = forms.ChoiceField(
        label=gettext_lazy("For whom"),
        widget=OnePassSelect(attrs={"class": "form-select"}),
        error_messages=dict.fromkeys(("required", "invalid_choice"), gettext_lazy("Choose for whom it is.")),
    )
    quantity = typed_number(1, 50, initial=1, label=gettext_lazy("How many"))

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person in people}
        nobody = [] if len(people) == 1 else [("", _("Choose…"))]
        self.fields["person"].choices = [*nobody, *((key, person) for key, person in self.people.items())]

    def thing(self) -> Thing:
        return Thing(self.people[self.cleaned_data["person"]], *self.chosen())


class LineForm(WhatForm):
    """What came in."""

    quantity = typed_number(1, 10_000, label=gettext_lazy("How many"))


class RowsForm(SubmissionForm):
    """A form with a few rows of the same kind; those that were left blank are none."""

    def __init__(self, data, *, row, goods, **kwargs):
        super().__init__(data)
        self.row, self.drawn = row, choices_of(goods)
        self.kwargs = {"goods": {each.pk: each for each in goods}, "drawn": self.drawn, **kwargs}
        self.filled = [self.made(data, n) for n in self.numbers()] if data is not None else []

    def numbers(self) -> list[int]:
        names = ("what", "person") if len(self.kwargs.get("people", ())) > 1 else ("what",)
        return [n for n in range(MOST_ROWS) if any(self.data.get(f"t-{n}-{name}") for name in names)]

    def made(self, data, number):
        return self.row(data, prefix=f"t-{number}", **self.kwargs)

    def rows(self):
        """Those that were filled in, then blank ones up to the usual number."""
        taken = set(self.numbers()) if self.is_bound else set()
        blank = [n for n in range(MOST_ROWS) if n not in taken][: max(0, BLANK_ROWS - len(taken))]
        return [*self.filled, *(self.made(None, n) for n in blank)]

    def clean(self):
        data = super().clean()
        if not self.filled:
            raise ValidationError(_("Choose at least one thing."), code="nothing")
        return data

    def is_valid(self):
        are_right = [row.is_valid() for row in self.filled]  # all of them, so that each says what is wrong
        return super().is_valid() and all(are_right)


def choices_of(goods) -> list:
    """Every size of every thing in one list, so that no impossible size can be chosen."""
    return [("", _("Choose…")), *((each.label, sizes_of(each)) for each in goods)]


def sizes_of(goods) -> list[tuple[str, str]]:
    sized = [(f"{goods.pk}|{size}", f"{goods.label} · {size}") for size in goods.size_list]
    unsized = f"{goods.label} · {_('any size')}" if sized else goods.label
    return [*sized, (f"{goods.pk}|", unsized)]


class HandOutForm(RowsForm):
    """One visit to the clothes table."""

    override_reason = LineField(
        label=gettext_lazy("Why is it given again?"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Only when somebody has had it: lost, wet, wrong size…"),
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )

    def __init__(self, data, *, people, goods):
        super().__init__(data, row=ThingForm, people=people, goods=goods)

    def things(self) -> list[Thing]:
        """Equal ones together: two taps on the same thing are two of it."""
        found = {}
        for person, goods, size, quantity in (row.thing() for row in self.filled):
            found[person, goods, size] = found.get((person, goods, size), 0) + quantity
        return [Thing(*key, quantity) for key, quantity in found.items()]


class CameInForm(RowsForm):
    """A donation."""

    organization = forms.ModelChoiceField(
        Organization.objects.none(),
        label=gettext_lazy("Given by"),
        required=False,
        empty_label=gettext_lazy("Not said"),
        widget=OnePassSelect(attrs={"class": "form-select"}),
    )

    def __init__(self, data, *, goods):
        super().__init__(data, row=LineForm, goods=goods)
        self.fields["organization"].queryset = Organization.objects.offered()

    def lines(self) -> list[tuple]:
        return [row.chosen() for row in self.filled]


class CountForm(SubmissionForm):
    """How many of each size lie there now; what is left empty was not counted."""

    def __init__(self, *args, goods, sizes, **kwargs):
        super().__init__(*args, **kwargs)
        self.goods, self.sizes = goods, {f"n-{place}": size for place, size in enumerate(sizes)}
        for name, size in self.sizes.items():
            label = size or (_("any size") if goods.size_list else _("How many"))
            self.fields[name] = typed_number(0, MOST_COUNTED, required=False, label=label)

    def clean(self):
        data = super().clean()
        if not self.errors and not self.counted():
            raise ValidationError(_("Write how many there are of at least one size."), code="nothing")
        return data

    def counted(self) -> dict:
        data = self.cleaned_data
        found = {name: data.get(name) for name in self.sizes}
        return {(self.goods, self.sizes[n]): number for n, number in found.items() if number is not None}
