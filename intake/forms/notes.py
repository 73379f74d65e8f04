"""A note, and what everybody is to know without reading it."""

from django import forms
from django.utils.translation import gettext_lazy

from intake.forms.registration import SubmissionForm
from intake.models import SpecificNeed
from shelters.forms import LineField

NEXT = "X-NX"  # the category of needs that say what to do, and nothing about why
LONGEST = 10_000


class NoteForm(SubmissionForm):
    words = LineField(
        label=gettext_lazy("Note"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Write the note.")},
    )
    flags = forms.ModelMultipleChoiceField(
        SpecificNeed.objects.none(),
        label=gettext_lazy("What should the others know?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "This shows on the family’s page as a need, also to coordinators. The note itself does not."
        ),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["flags"].queryset = SpecificNeed.objects.offered().filter(category=NEXT)
