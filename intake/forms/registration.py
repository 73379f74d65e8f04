"""The registration screen: one family form beside a grid of people."""

import hashlib
from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import TOTAL_FORM_COUNT
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from intake.forms.fields import AgeField, CardField, DayField, OnePassSelect, PlaceField
from intake.ids import uuid7
from intake.models import (
    Family,
    Language,
    Person,
    Plan,
    PrivacyNotice,
    Relationship,
    Sex,
    SpecificNeed,
    Submission,
)
from intake.models.families import UNRECORDED
from shelters.forms import LineField
from shelters.models import Zone

MOST_PEOPLE = 40
BLANK_ROWS = 8  # without JavaScript; a script shows them one at a time
OTHERS = [choice for choice in Relationship.choices if choice[0] != Relationship.HEAD]


class SubmissionForm(forms.Form):
    """A form whose key makes sending it twice the same as sending it once."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)

    def clean_key(self):
        key = self.cleaned_data["key"]
        if key.version not in (4, 7):
            raise ValidationError(_("This page is damaged. Load it again."))
        return key

    def submission(self, by, family=None) -> Submission:
        """What to store so that a second copy of this form is recognized: the key, and a digest of what was sent."""
        sent = sorted(
            (name, values) for name, values in self.data.lists() if name not in ("csrfmiddlewaretoken", "key")
        )
        return Submission(
            key=self.cleaned_data["key"],
            digest=hashlib.sha256(repr(sent).encode()).hexdigest(),
            by=by,
            family=family,
        )

    def saved_before(self, by) -> Submission | None:
        """What an earlier copy of this very form made, after which this copy may fit no longer."""
        key = self.cleaned_data.get("key") if self.is_bound else None  # unbound: an empty form was sent
        if not key:
            return None
        return Submission.objects.filter(pk=key, by=by, digest=self.submission(by).digest).first()

    def renew_key(self):
        """Let the form be sent again as something new, with everything typed kept."""
        self.data = self.data.copy()
        self.data["key"] = str(uuid7())

    def ask_again(self, words=None):
        """Other words came under a key that was used (the Back button): keep them, and ask."""
        usual = _("This form was already saved once. If this is something else, save again.")
        self.add_error(None, words or usual)
        self.renew_key()


class FamilyForm(SubmissionForm):
    """What a family has in common."""

    card = CardField(label=gettext_lazy("Card"), required=False)
    origin = PlaceField(
        label=gettext_lazy("Origin"),
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("Country or department")}),
    )
    arrived_on = DayField(
        label=gettext_lazy("Arrived"),
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("today, 5/11…")}),
    )
    days = forms.IntegerField(
        label=gettext_lazy("Days of travel"),
        required=False,
        min_value=0,
        max_value=3650,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), gettext_lazy("Write the days of travel as a number: 22.")
        ),
    )
    language = forms.ModelChoiceField(
        Language.objects.all(),
        label=gettext_lazy("Language"),
        required=False,
        empty_label=None,
        widget=OnePassSelect,
    )
    zone = forms.ModelChoiceField(
        Zone.objects.none(),
        label=gettext_lazy("Zone"),
        required=False,
        empty_label=gettext_lazy("Not yet"),
        widget=OnePassSelect,
    )
    plan = forms.ModelChoiceField(
        Plan.objects.all(),
        label=gettext_lazy("What do they plan?"),
        required=False,
        widget=forms.RadioSelect,
        empty_label=None,
    )
    notice = forms.ModelChoiceField(PrivacyNotice.objects.all(), widget=forms.HiddenInput)
    notice_answer = forms.ChoiceField(
        label=gettext_lazy("Privacy notice read aloud"),
        choices=Family.NoticeAnswer.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy(
                "Read the privacy notice aloud and mark what they answer. Any answer is fine."
            )
        },
    )
    comments = LineField(
        label=gettext_lazy("Comments"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("No health or legal details here."),
    )

    def __init__(self, *args, shelter, known=None, said_on=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.shelter = shelter
        for field in self.fields.values():
            kind = "form-select" if isinstance(field.widget, OnePassSelect) else "form-control"
            if not isinstance(field.widget, forms.RadioSelect):  # drawn as chips
                field.widget.attrs |= {"autocomplete": "off", "class": kind}
        self.fields["origin"].known = known
        self.fields["arrived_on"].said_on = said_on
        self.fields["zone"].queryset = Zone.objects.offered().filter(shelter=shelter)
        self.fields["plan"].queryset = Plan.objects.offered().filter(at_registration=True)
        self.fields["language"].queryset = Language.objects.offered()

    @staticmethod
    def left_home(data):
        """The day they set out, from the day they arrived and the days on the road."""
        return data["arrived_on"] - timedelta(days=data["days"]) if data["days"] is not None else None

    def family(self, *, desk, by) -> Family:
        """The family as it is to be stored; its identity is the key of the form."""
        data = self.cleaned_data
        return Family(
            id=data["key"],
            shelter=self.shelter,
            registered_on=self.shelter.today(),
            registered_by=by,
            desk=desk,
            arrived_on=data["arrived_on"],
            left_home_on=self.left_home(data),
            language_id=data["language"].pk if data["language"] else "spa",
            notice=data["notice"],
            notice_answer=data["notice_answer"],
            comments=data["comments"],
        )


class MemberForm(forms.Form):
    """One row of the grid. A row where nothing was said about anybody is no person."""

    use_required_attribute = False
    given_names = LineField(label=gettext_lazy("Given names"), required=False, max_length=80)
    surnames = LineField(label=gettext_lazy("Surnames"), required=False, max_length=80)
    age = AgeField(label=gettext_lazy("Age or birth date"))
    sex = forms.ChoiceField(
        label=gettext_lazy("Sex"), required=False, choices=Sex.choices, widget=forms.RadioSelect
    )
    relationship = forms.ChoiceField(
        label=gettext_lazy("Relationship"),
        required=False,
        choices=[("", gettext_lazy("By age")), *OTHERS],
        widget=OnePassSelect(attrs={"class": "form-select"}),
        error_messages={
            "invalid_choice": gettext_lazy(
                "The family has a head: the first row. Choose what this person is to the head."
            )
        },
    )
    known_as = LineField(label=gettext_lazy("Known as"), required=False, max_length=60)
    origin = PlaceField(label=gettext_lazy("Origin, if another"))
    needs = forms.MultipleChoiceField(
        label=gettext_lazy("Needs attention"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args, is_head=False, known=None, need_choices=(), said_on=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.is_head = is_head
        self.fields["age"].said_on = said_on
        self.fields["origin"].known = known
        self.fields["needs"].choices = need_choices

    def says_something(self) -> bool:
        said = self.cleaned_data
        birth = said.get("age")
        return bool(
            self.errors
            or any(said[name] for name in said if name not in ("age", "relationship"))
            or (birth and birth.born)
        )


def new_person(data, *, place, relationship) -> Person:
    """An unsaved person from the cleaned data of a row; `place` is where they come from when the row does not say."""
    place = data["origin"] or place
    person = Person(
        given_names=data["given_names"],
        surnames=data["surnames"],
        known_as=data["known_as"],
        sex=data["sex"] or Sex.UNKNOWN,
        relationship=relationship,
        origin_country=place.country if place else UNRECORDED,
        origin_region_id=place.region or None if place else None,
    )
    person.birth = data["age"]
    return person


class BaseMembers(forms.BaseFormSet):
    """The grid: the head on the first row, blank rows ignored."""

    def __init__(self, *args, known=None, said_on=None, **kwargs):
        super().__init__(*args, prefix="m", **kwargs)
        self.said_on = said_on
        needs = SpecificNeed.objects.offered().filter(at_registration=True)
        self.needs = tuple((need.pk, need.label) for need in needs)
        self.form_kwargs = {"known": known, "need_choices": self.needs, "said_on": said_on}

    def get_form_kwargs(self, index):
        return {**super().get_form_kwargs(index), "is_head": index == 0}

    @cached_property
    def filled(self) -> list[MemberForm]:
        return [form for form in self.forms if form.says_something()]

    @property
    def rows(self) -> list[int]:
        """Where in the grid the filled forms stand."""
        return [index for index, form in enumerate(self.forms) if form in self.filled]

    def clean(self):
        if not self.filled:
            raise ValidationError(
                _("Write at least one person: a name, an age or a sex is enough."), code="nobody"
            )
        if len(self.filled) > MOST_PEOPLE:
            message = ngettext(
                "A family can have at most %(most)d person. Register the others as another family.",
                "A family can have at most %(most)d people. Register the others as another family.",
                MOST_PEOPLE,
            )
            raise ValidationError(message % {"most": MOST_PEOPLE}, code="too_many")

    def people(self, *, place) -> tuple[list[Person], list[tuple[Person, str]]]:
        """Unsaved people, the head first, and the needs said of them."""
        people, needs = [], []
        today = self.said_on or timezone.localdate()
        for form in self.filled:
            said = form.cleaned_data
            relationship = relationship_of(said["relationship"], said["age"], people, today)
            people.append(new_person(said, place=place, relationship=relationship))
            needs += [(people[-1], code) for code in said["needs"]]
        return people, needs


def relationship_of(said, birth, before, today) -> Relationship:
    """The first is the head; another one is what was said, or what is usual beside those before."""
    if not before:
        return Relationship.HEAD
    taken = {person.relationship for person in before}
    return said or usual_relationship(birth, before[0], taken, today)


def usual_relationship(birth, head, taken, today) -> Relationship:
    """What somebody of this age usually is to the head; the volunteer sees it and may say otherwise.

    A child under 18 is the head's, unless the head is hardly older: then a sister or brother. The first
    other adult is the partner. Whoever else, or of unknown age, nobody knows.
    """
    if not birth.born:
        return Relationship.UNKNOWN
    age, head_age = Person(birth_date=birth.born).age_on(today), head.age_on(today)
    if age < 18:
        return Relationship.CHILD if head_age is None or head_age >= age + 12 else Relationship.SIBLING
    if (
        Relationship.PARTNER in taken
        or Relationship.SPOUSE in taken
        or (head_age is not None and head_age < 18)
    ):
        return Relationship.UNKNOWN
    return Relationship.PARTNER


MemberFormSet = forms.formset_factory(
    MemberForm, formset=BaseMembers, extra=BLANK_ROWS, max_num=MOST_PEOPLE, absolute_max=5 * MOST_PEOPLE
)


def as_typed(data) -> tuple[dict, list[dict]]:
    """What was typed so far, as initial values of fresh forms: judged by nobody, lost by nobody."""
    rows = data.get(f"m-{TOTAL_FORM_COUNT}") or ""
    count = min(int(rows), 5 * MOST_PEOPLE) if rows.isdecimal() and len(rows) < 5 else 0
    names = [name for name in MemberForm.base_fields if name != "needs"]
    people = [
        {name: data.get(f"m-{i}-{name}", "") for name in names} | {"needs": data.getlist(f"m-{i}-needs")}
        for i in range(count)
    ]
    while people and not any(people[-1].values()):
        people.pop()
    return {name: data.get(name, "") for name in FamilyForm.base_fields}, people
