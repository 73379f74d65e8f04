"""What is asked before a report becomes a file: what for, whether it leaves the shelter, in which words."""

from django import forms
from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class Purpose(TextChoices):
    """Kept in the access trail. A list, so that nobody writes about a person there."""

    OWN_WORK = "own_work", gettext_lazy("Work in the shelter")
    CITY = "city", gettext_lazy("City government")
    PARTNERS = "partners", gettext_lazy("UNHCR and partners")
    DONOR = "donor", gettext_lazy("Donor")
    PRESS = "press", gettext_lazy("Press")
    REQUEST = "request", gettext_lazy("Request of a person")


PUBLIC = (Purpose.DONOR, Purpose.PRESS)  # whatever they get is outside


class ExportForm(forms.Form):
    """Adds {"purpose": code, "outside": bool, "language": code, "codes": bool} to what a report is asked for."""

    hint = gettext_lazy(
        "Outside, every count is told to the nearest 5. Fewer than 15 are not told, and totals add only what is told, "
        "so that nobody can be reckoned from two files. Shares and finer tables stay in the shelter."
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("What is it for?"), choices=[("", gettext_lazy("Choose")), *Purpose.choices]
    )
    outside = forms.TypedChoiceField(
        label=gettext_lazy("Will it be shared outside the shelter?"),
        choices=[
            ("no", gettext_lazy("No: exact numbers")),
            ("yes", gettext_lazy("Yes: small numbers are hidden")),
        ],
        coerce=lambda word: word == "yes",
        widget=forms.RadioSelect,
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)
    values = forms.ChoiceField(
        label=gettext_lazy("In the file"),
        required=False,
        choices=[("", gettext_lazy("Words")), ("codes", gettext_lazy("Codes"))],
    )

    def clean(self):
        asked = super().clean()
        if asked.get("purpose") in PUBLIC and asked.get("outside") is False:
            self.add_error("outside", _("What a donor or the press gets is shared outside. Choose yes."))
        return {**asked, "codes": asked.get("values") == "codes"}
