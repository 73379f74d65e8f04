"""The form that joins two families, or one person into another family: who is whom, and which value stays."""

import hashlib
from itertools import chain

from django import forms
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake import ages
from intake.models import Family, Person, Relationship, Sex
from intake.models.families import UNRECORDED

FIRST, SECOND, BOTH = "first", "second", "both"
PRECISION = ["unknown", "bracket", "age", "year", "month", "day"]
STRICTER = [Family.NoticeAnswer.ACCEPTED, Family.NoticeAnswer.NOT_SHARED, Family.NoticeAnswer.REFUSED]
DAYS = ("arrived_on", "left_home_on")
MOST_TEXT = Family._meta.get_field("comments").max_length


class Choice:
    """A value that may differ between two records: how it is read, shown and weighed (the heavier is preselected)."""

    def __init__(self, name, label, *, columns=None, shown=None, weight=None):
        self.name, self.label = name, label
        self.columns = columns or (name,)
        self.shown = shown or (lambda row: str(getattr(row, name) or ""))
        self.weight = weight or (lambda row: len(str(getattr(row, name) or "")))

    def values(self, row) -> dict:
        return {column: getattr(row, column) for column in self.columns}

    def differs(self, one, other) -> bool:
        """As far as words can say it: two that read the same are no choice."""
        return self.shown(one) != self.shown(other)


def day_of(name):
    return lambda family: date_format(day, "DATE_FORMAT") if (day := getattr(family, name)) else ""


def birth_shown(person) -> str:
    said = person.get_birth_precision_display()
    typed = ages.as_typed(person.birth) if person.birth_precision in ("day", "month", "year") else ""
    return " · ".join(filter(None, [person.age_text, str(said), typed]))


OF_FAMILY = [
    Choice(
        "arrived_on",
        gettext_lazy("arrived on"),
        shown=day_of("arrived_on"),
        weight=lambda family: -family.arrived_on.toordinal(),  # the earlier
    ),
    Choice("left_home_on", gettext_lazy("left home on"), shown=day_of("left_home_on")),
    Choice("language", gettext_lazy("language"), weight=lambda family: family.language_id != "spa"),
    Choice(
        "notice_answer",
        gettext_lazy("answer to the privacy notice"),
        shown=lambda family: family.get_notice_answer_display(),
        weight=lambda family: STRICTER.index(family.notice_answer),
    ),
    Choice("comments", gettext_lazy("comments")),
]
OF_PERSON = [
    Choice("given_names", gettext_lazy("given names")),
    Choice("surnames", gettext_lazy("surnames")),
    Choice("known_as", gettext_lazy("known as")),
    Choice(
        "sex",
        gettext_lazy("sex"),
        shown=lambda person: person.get_sex_display(),
        weight=lambda person: person.sex != Sex.UNKNOWN,
    ),
    Choice(
        "birth",
        gettext_lazy("age or birth date"),
        shown=birth_shown,
        weight=lambda person: PRECISION.index(person.birth_precision),
    ),
    Choice(
        "relationship",
        gettext_lazy("relationship to the head"),
        shown=lambda person: person.get_relationship_display(),
        weight=lambda person: person.relationship != Relationship.UNKNOWN,
    ),
    Choice(
        "origin",
        gettext_lazy("origin"),
        columns=("origin_country", "origin_region"),
        shown=lambda person: person.origin_text,
        weight=lambda person: (person.origin_country != UNRECORDED) + bool(person.origin_region_id),
    ),
]


def offered(one, other):
    """The choices between two records. Who is a head stays it: that is settled by which family stays."""
    for choice in OF_FAMILY if isinstance(one, Family) else OF_PERSON:
        heads = choice.name == "relationship" and Relationship.HEAD in (one.relationship, other.relationship)
        if choice.differs(one, other) and not heads:
            yield choice


class MergeForm(forms.Form):
    """`first` and `second` are families with their `people`; `matches` pairs them as the program would.

    Which pairs are judged depends on what is sent: choices that were not on the page yet are drawn and asked for.
    """

    def __init__(self, data=None, *, first, second, matches, whole):
        self.first, self.second, self.whole = first, second, whole
        super().__init__(data.copy() if data is not None else None)
        self.label_suffix = ""
        self.choices, self.unseen = {}, []
        self.add_families()
        self.guess = {row.other.pk: row.one.pk for row in matches if row.one and row.other}
        for person in second.people:
            self.add_person(person)
        if whole:
            self.offer(first.family, second.family)
        for one, other in self.pairs_sent():
            self.offer(one, other)

    def add_families(self):
        sides = [(FIRST, self.first), (SECOND, self.second)]
        label = _("Which family stays?") if self.whole else _("In which family do they stay?")
        self.fields["stays"] = forms.ChoiceField(
            label=label,
            choices=[(key, f"{side.head} · {side.size} · {side.registered}") for key, side in sides],
            widget=forms.RadioSelect,
            initial=FIRST,
        )
        self.fields["seen"] = forms.CharField(
            widget=forms.HiddenInput, initial=self.versions(), required=False
        )

    def versions(self) -> str:
        """What the page was drawn from; the same as long as nobody changes a record."""
        rows = [
            self.first.family,
            self.second.family,
            *chain(self.first.people, self.second.people),
        ]
        return hashlib.sha256(repr([(str(row.pk), row.version) for row in rows]).encode()).hexdigest()[:16]

    def add_person(self, person):
        nobody = (
            _("somebody else: stays a member of the joined family")
            if self.whole
            else _("another person: stays where they are")
        )
        known = [(str(each.pk), f"{each} · {each.age_text}") for each in self.first.people]
        self.fields[f"same-{person.pk}"] = forms.ChoiceField(
            label=_("%(name)s · %(age)s is") % {"name": person, "age": person.age_text},
            choices=[("", nobody), *((pk, _("the same as %(name)s") % {"name": name}) for pk, name in known)],
            required=False,
            initial=str(self.guess.get(person.pk, "")),
        )

    def pairs_sent(self) -> list[tuple[Person, Person]]:
        """(of the first family, of the second): as sent, or as guessed while nothing was sent."""
        by_pk = {str(person.pk): person for person in self.first.people}
        found = []
        for person in self.second.people:
            name = f"same-{person.pk}"
            one = by_pk.get(self.data.get(name, "") if self.is_bound else self.fields[name].initial)
            if one:
                found.append((one, person))
        return found

    def offer(self, one, other):
        for choice in offered(one, other):
            name = f"pick-{one.pk}-{other.pk}-{choice.name}"
            options = [(FIRST, choice.shown(one) or "—"), (SECOND, choice.shown(other) or "—")]
            default = SECOND if choice.weight(other) > choice.weight(one) else FIRST
            if (
                choice.name == "comments"
                and one.comments
                and other.comments
                and len(joined(one, other)) <= MOST_TEXT
            ):
                options.append((BOTH, _("Both, one after the other")))
                default = BOTH
            self.fields[name] = forms.ChoiceField(
                label=capfirst(choice.label), choices=options, widget=forms.RadioSelect, initial=default
            )
            self.choices[name] = (choice, one, other)
            if self.is_bound and name not in self.data:
                self.data[name] = default
                self.unseen.append(name)

    def clean(self):
        data = super().clean()
        taken = set()
        for person in self.second.people:
            pk = data.get(f"same-{person.pk}")
            if pk and pk in taken:
                self.add_error(f"same-{person.pk}", _("Somebody else is already the same as this person."))
            taken.add(pk)
        if not self.whole and not any(taken) and not self.errors:
            raise forms.ValidationError(_("Say who is the same person."))
        for name in self.unseen:
            self.add_error(name, _("This choice is new on the page: look at it, then send again."))
        self.refuse_days_in_disorder()
        return data

    def refuse_days_in_disorder(self):
        """Each family's days are in order; one of each may not be."""
        if not self.whole or self.errors:
            return
        kept, _gone = self.families
        took = self.picks().get(kept, {})
        arrived, left = (took.get(name, getattr(kept, name)) for name in ("arrived_on", "left_home_on"))
        if left and left > arrived:
            name = next(name for name in reversed(self.choices) if self.choices[name][0].name in DAYS)
            self.add_error(name, _("They cannot have left home after they arrived."))

    def clean_seen(self):
        if self.cleaned_data["seen"] != self.versions():
            self.data["seen"] = self.versions()
            raise forms.ValidationError(
                _("Meanwhile somebody changed one of these records. Look at them again, then send.")
            )
        return self.cleaned_data["seen"]

    # What was chosen

    @property
    def turned(self) -> bool:
        return self.cleaned_data["stays"] == SECOND

    @property
    def families(self) -> tuple[Family, Family]:
        """(the one that stays, the one that goes)"""
        kept, gone = self.first.family, self.second.family
        return (gone, kept) if self.turned else (kept, gone)

    def pairs(self) -> list[tuple[Person, Person]]:
        return [(other, one) if self.turned else (one, other) for one, other in self.pairs_sent()]

    def picks(self) -> dict:
        """Row that stays to the values it takes over from the other.

        The answer to the notice is always said when it was asked: unsaid, the stricter one would win.
        """
        found = {}
        for name, (choice, one, other) in self.choices.items():
            kept, gone = (other, one) if self.turned else (one, other)
            chosen = self.cleaned_data[name]
            if chosen == BOTH:
                found.setdefault(kept, {})["comments"] = joined(one, other)
            elif (chosen == SECOND) != self.turned:
                found.setdefault(kept, {}).update(choice.values(gone))
            elif choice.name == "notice_answer":
                found.setdefault(kept, {}).update(choice.values(kept))
        return found

    # How it is drawn

    def people_fields(self):
        return [self[f"same-{person.pk}"] for person in self.second.people]

    def groups(self):
        """The choices of the family, then of each pair: [(heading, fields)]."""
        found = {}
        for name, (_choice, one, _other) in self.choices.items():
            heading = _("The family") if isinstance(one, Family) else str(one)
            found.setdefault((one.pk, heading), []).append(self[name])
        return [(heading, fields) for (_pk, heading), fields in found.items()]


def joined(one, other) -> str:
    return f"{one.comments}\n{other.comments}"
