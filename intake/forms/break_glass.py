"""Why an administrator has to read the files of a shelter."""

from django import forms
from django.utils.translation import gettext_lazy

from shelters.forms import LineField
from shelters.models import Shelter


class AskForm(forms.Form):
    shelter = forms.ModelChoiceField(
        Shelter.objects.none(),
        label=gettext_lazy("Shelter"),
        error_messages={"required": gettext_lazy("Choose the shelter.")},
    )
    reason = LineField(
        label=gettext_lazy("What for?"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        help_text=gettext_lazy(
            "What has to be done that no coordinator can do now. No names of people who came."
        ),
        error_messages={"required": gettext_lazy("Write what it is for: one sentence is enough.")},
    )

    def __init__(self, *arguments, user, **options):
        super().__init__(*arguments, **options)
        self.fields["shelter"].queryset = Shelter.objects.visible_to(user)
