"""Correcting a family and its people, and what changes about them in days."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake import ages
from intake.forms.fields import AgeField, DayField, OnePassSelect, PlaceField
from intake.forms.registration import FamilyForm, MemberForm, SubmissionForm, new_person, usual_relationship
from intake.forms.versioned import VersionedForm
from intake.models import Family, Language, Person, Plan, Relationship, Sex, SpecificNeed, Stay
from intake.models.families import UNRECORDED
from intake.places import Place
from shelters.forms import LineField
from shelters.models import Zone


class FamilyEditForm(VersionedForm):
    arrived_on = DayField(label=gettext_lazy("Arrived"))
    days = FamilyForm.base_fields["days"]
    language = forms.ModelChoiceField(
        Language.objects.all(), label=gettext_lazy("Language"), empty_label=None, widget=OnePassSelect
    )
    notice_answer = forms.ChoiceField(
        label=gettext_lazy("Answer to the privacy notice"),
        choices=Family.NoticeAnswer.choices,
        widget=OnePassSelect,
    )
    zone = FamilyForm.base_fields["zone"]
    comments = FamilyForm.base_fields["comments"]

    def __init__(self, *args, instance, **kwargs):
        super().__init__(*args, instance=instance, **kwargs)
        self.fields["zone"].queryset = Zone.objects.offered().filter(shelter=instance.shelter)

    def values_of(self, family):
        stay = Stay.objects.open().filter(person__family=family, zone__isnull=False).first()
        return {
            "zone": stay.zone_id if stay else None,
            "arrived_on": DayField().prepare_value(family.arrived_on),
            "days": family.days_on_the_road,
            "language": family.language_id,
            "notice_answer": family.notice_answer,
            "comments": family.comments,
        }

    def apply(self) -> Family:
        """The row with what was typed, not saved yet."""
        data, family = self.cleaned_data, self.instance
        family.arrived_on = data["arrived_on"]
        family.left_home_on = FamilyForm.left_home(data)
        family.language, family.notice_answer, family.comments = (
            data["language"],
            data["notice_answer"],
            data["comments"],
        )
        if family.is_count_only:  # what was stored goes; what is typed now the constraint refuses in words
            changed = self.changed_names()
            family.comments = family.comments if "comments" in changed else ""
            family.left_home_on = family.left_home_on if "days" in changed else None
        return family


class PersonEditForm(VersionedForm):
    given_names = LineField(label=gettext_lazy("Given names"), required=False, max_length=80)
    surnames = LineField(label=gettext_lazy("Surnames"), required=False, max_length=80)
    known_as = LineField(label=gettext_lazy("Known as"), required=False, max_length=60)
    age = AgeField(
        label=gettext_lazy("Age or birth date"),
        help_text=gettext_lazy("29 · 8m = months · 3s = weeks · 1991 · 14/3/1991"),
    )
    sex = forms.ChoiceField(label=gettext_lazy("Sex"), choices=Sex.choices, widget=OnePassSelect)
    relationship = forms.ChoiceField(
        label=gettext_lazy("Relationship to the head"), choices=Relationship.choices, widget=OnePassSelect
    )
    origin = PlaceField(
        label=gettext_lazy("Origin"), help_text=gettext_lazy("Country or department: “ola” is Olancho.")
    )
    names = ("given_names", "surnames", "known_as")

    def __init__(self, *args, instance, **kwargs):
        super().__init__(*args, instance=instance, **kwargs)
        self.fields["origin"].stored = self.stored["origin"]
        if instance.family.is_count_only:  # they refused the notice: no names, not even by mistake
            for name in self.names:
                del self.fields[name]
                del self.stored[name]

    def values_of(self, person):
        return {
            "given_names": person.given_names,
            "surnames": person.surnames,
            "known_as": person.known_as,
            "age": ages.as_typed(person.birth),
            "sex": person.sex,
            "relationship": person.relationship,
            "origin": "" if person.origin_country == UNRECORDED else person.origin_text,
        }

    def clean_relationship(self):
        relationship = self.cleaned_data["relationship"]
        if self.instance.relationship == Relationship.HEAD != relationship:
            raise forms.ValidationError(
                _("A family needs a head. Open the person who is to be head, and choose it there.")
            )
        return relationship

    def apply(self) -> Person:
        """The row with what was typed, not saved yet."""
        data, person = self.cleaned_data, self.instance
        for name in (*self.names, "sex", "relationship"):
            if name in data:
                setattr(person, name, data[name])
        if "age" in self.changed_names():  # otherwise what was said keeps its day
            person.birth = data["age"]
        if "origin" in self.changed_names():
            place = data["origin"]
            person.origin_country = place.country if place else UNRECORDED
            person.origin_region_id = place.region or None if place else None
        return person


class NewMemberForm(SubmissionForm, MemberForm):
    """One more person for a family that is here already."""

    zone = FamilyForm.base_fields["zone"]

    def __init__(self, *args, family, **kwargs):
        needs = SpecificNeed.objects.offered().filter(at_registration=True)
        super().__init__(*args, need_choices=[(need.pk, need.label) for need in needs], **kwargs)
        self.fields["zone"].queryset = Zone.objects.offered().filter(shelter=family.shelter)
        if family.is_count_only:
            for name in (*PersonEditForm.names, "needs"):
                del self.fields[name]

    def clean(self):
        data = super().clean()
        if (
            not self.errors
            and not any(data.get(name) for name in ("given_names", "surnames", "known_as", "sex"))
            and not data["age"].born
        ):
            raise forms.ValidationError(_("Write a name, an age or a sex: one of them is enough."))
        return data

    def newcomer(self, family) -> Person:
        """The person as it is to be stored; from where the head is, and what their age makes them, unless said."""
        data = {name: self.cleaned_data.get(name, "") for name in MemberForm.base_fields}
        members = {person.relationship: person for person in family.members.select_related("origin_region")}
        head = members.get(Relationship.HEAD)
        place = data["origin"] or (head and Place(head.origin_country.code, head.origin_region_id or "", ""))
        usual = (
            usual_relationship(data["age"], head, members, timezone.localdate())
            if head
            else Relationship.UNKNOWN
        )
        return new_person(data, place=place, relationship=data["relationship"] or usual)


class MembersForm(SubmissionForm):
    """Ticks some members of a family; `everybody` are those on offer, ticked unless somebody takes the tick off."""

    people = forms.ModelMultipleChoiceField(
        Person.objects.none(),
        label=gettext_lazy("Who?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick at least one person.")},
    )

    def __init__(self, *args, everybody, ticked=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["people"].queryset = everybody
        self.fields["people"].initial = [person.pk for person in (everybody if ticked is None else ticked)]


class SplitForm(MembersForm):
    def clean_people(self):
        people = self.cleaned_data["people"]
        if len(people) == len(self.fields["people"].queryset):
            raise forms.ValidationError(
                _("Somebody has to stay in this family. Leave at least one person without a tick.")
            )
        return people


class DepartureForm(MembersForm):
    to = forms.ChoiceField(
        label=gettext_lazy("Where to?"),
        choices=Stay.OutTo.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Say where to, or “Not known”.")},
    )


class ReturnForm(MembersForm):
    zone = FamilyForm.base_fields["zone"]

    def __init__(self, *args, shelter, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["zone"].queryset = Zone.objects.offered().filter(shelter=shelter)


class PlanForm(forms.Form):
    plan = forms.ModelChoiceField(
        Plan.objects.none(),
        label=gettext_lazy("What do they plan now?"),
        empty_label=gettext_lazy("Choose…"),
        error_messages={"required": gettext_lazy("Choose what they say, or “Prefers not to say”.")},
        widget=OnePassSelect,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["plan"].queryset = Plan.objects.offered()


def by_category(needs) -> list:
    """Options in groups: a category first among its own needs; local needs, which have none, together at the end."""
    groups = {}
    for need in needs:
        home = need.category or (need if not need.pk.startswith("X-") else None)
        groups.setdefault(home.label if home else _("Other needs"), []).append((need.pk, need.label))
    other = groups.pop(_("Other needs"), [])
    return [*groups.items(), *([(_("Other needs"), other)] if other else [])]


class NeedForm(forms.Form):
    """A need of a person: newly reported, confirmed, or ruled out with a reason."""

    need = forms.ModelChoiceField(
        SpecificNeed.objects.none(),
        label=gettext_lazy("Need"),
        empty_label=gettext_lazy("Choose…"),
        widget=OnePassSelect,
        error_messages={"required": gettext_lazy("Choose a need.")},
    )
    state = forms.ChoiceField(label=gettext_lazy("State"), widget=OnePassSelect)
    reason = LineField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "Needed to rule something out, or to overrule what ages and relationships say."
        ),
    )

    def __init__(self, *args, tier, states, **kwargs):
        super().__init__(*args, **kwargs)
        needs = SpecificNeed.objects.offered().filter(tier__lte=tier).select_related("category")
        self.fields["need"].queryset = needs
        self.fields["need"].choices = [("", _("Choose…")), *by_category(needs)]
        self.fields["state"].choices = states

    def clean(self):
        data = super().clean()
        if data.get("state") == "ruled_out" and not data.get("reason"):
            self.add_error("reason", _("Write why it is ruled out."))
        return data

    def judgement(self) -> dict:
        return {name: self.cleaned_data[name] for name in ("state", "reason")}
