"""Families, their people and their stays."""

from collections import Counter

from django import forms
from django.contrib import admin
from django.forms.models import BaseInlineFormSet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from intake import actions, ages
from intake.admin.base import CountryFilter, OfPerson, VersionedForm, containing, head_of
from intake.admin.data_requests import OwnData
from intake.admin.sharing import Sharing
from intake.admin.trail import Looked
from intake.forms.fields import AgeField, OnePassSelect
from intake.models import Family, Person, Relationship, Stay
from intake.reports.decisions import children_alone
from shelters.admin_base import HistoryAdmin, ScopedInline
from shelters.admin_lists import days_filter
from shelters.models import Shelter
from shelters.templatetags.desk import desk_name

REFUSED = _("This family refused the privacy notice: only counts are kept. Leave it empty.")
NOT_OF_REFUSED = ("given_names", "surnames", "known_as", "origin_region")


class PersonForm(VersionedForm):
    """A person as people say it: one field for the age or the birth date."""

    age_or_birth = AgeField(
        label=_("Age or birth date"), help_text=_("29 · 8m = months · 3s = weeks · 1991 · 3/1991 · 14/3/1991")
    )

    class Meta:
        widgets = {
            "origin_country": OnePassSelect,
            "origin_region": OnePassSelect,
            "relationship": OnePassSelect,
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["age_or_birth"] = ages.as_typed(self.instance.birth)

    def clean(self):
        super().clean()
        self.refuse_names_of_the_refused()
        self.keep_region_in_country()
        if "age_or_birth" in self.changed_data and "age_or_birth" in self.cleaned_data:
            self.instance.birth = self.cleaned_data["age_or_birth"]

    def refuse_names_of_the_refused(self):
        family = self.cleaned_data.get("family") or (self.instance.family_id and self.instance.family)
        if not family or not family.is_count_only:
            return
        for name in NOT_OF_REFUSED:
            if name in self.changed_data and self.cleaned_data.get(name):
                self.add_error(name, REFUSED)

    def keep_region_in_country(self):
        region, country = self.cleaned_data.get("origin_region"), self.cleaned_data.get("origin_country")
        if region and country and region.country != country:
            self.add_error("origin_region", _("That department is not in that country."))

    def _get_validation_exclusions(self):
        """The family is known though it is not on the form: it must not get a second head."""
        known = {"family"} if self.instance.family_id else set()
        return super()._get_validation_exclusions() - known

    def save(self, commit=True):
        person = self.instance
        if person.family.is_count_only:
            person.reduce_to_counts(person.family.shelter.today())
        if person._state.adding:
            person.position = person.family.members.count()
        return super().save(commit)


class MemberForm(PersonForm):
    def validate_constraints(self):
        """One head, seen over all rows together: two may be changing places. See MemberFormSet."""
        exclude = self._get_validation_exclusions() | {"relationship"}
        try:
            self.instance.validate_constraints(exclude=exclude)
        except forms.ValidationError as error:
            self._update_errors(error)


class MemberFormSet(BaseInlineFormSet):
    def clean(self):
        super().clean()
        heads = [form for form in self.forms if form.instance.relationship == Relationship.HEAD]
        if len(heads) > 1:
            heads[-1].add_error("relationship", _("This family already has a head."))
        if not heads and self.forms:
            self.forms[0].add_error("relationship", _("A family needs a head."))

    def save_existing_objects(self, commit=True):
        """Who stops being the head is stored before who becomes it: there is one at every moment."""
        known = self.initial_form_count()
        self.forms[:known] = sorted(
            self.forms[:known], key=lambda form: form.instance.relationship == Relationship.HEAD
        )
        return super().save_existing_objects(commit)


class MemberInline(ScopedInline):
    model = Person
    max_num = 0  # somebody new is added at the desk, with a stay
    form = MemberForm
    formset = MemberFormSet
    fields = (("given_names", "surnames"), ("age_or_birth", "sex", "relationship"), "origin", "seen")
    readonly_fields = ("origin",)
    verbose_name_plural = _("members")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("origin_region").order_by("position", "id")

    @admin.display(description=_("origin"))
    def origin(self, person):
        return person.origin_text if person.family_id else ""


class PeopleAdmin(Looked, OfPerson, HistoryAdmin):
    """Families and people, whose forms carry the version they were filled with."""

    form = VersionedForm

    def get_fieldsets(self, request, obj=None):
        """The version travels with the form while there is something to save."""
        fieldsets = super().get_fieldsets(request, obj)
        if (
            obj is None
            or getattr(request, "is_reading_history", False)
            or not self.has_change_permission(request, obj)
        ):
            return fieldsets
        return (*fieldsets, (None, {"fields": ("seen",)}))


@admin.register(Family)
class FamilyAdmin(Sharing, PeopleAdmin):
    list_display = ("head", "size", "origins", "arrived_on", "notice_answer", "shelter", "registered_on")
    list_filter = ("shelter", days_filter("arrived_on", _("arrived on")), "notice_answer")
    list_select_related = ("shelter",)
    ordering = ("-registered_at",)
    search_fields = ("members__name_key",)
    inlines = [MemberInline]
    facts = ("page", "registered_at", "registered_on", "recorder", "desk_at")
    readonly_fields = facts
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "shelter",
                    ("arrived_on", "left_home_on"),
                    "language",
                    ("notice", "notice_answer"),
                    "comments",
                )
            },
        ),
        (_("Registration"), {"fields": facts}),
    )

    def has_add_permission(self, request):
        """Families are registered at a desk, where their stay begins with them."""
        return False

    def get_readonly_fields(self, request, obj=None):
        settled = ("shelter", "notice") if obj else ()
        return (*super().get_readonly_fields(request, obj), *settled)

    @admin.display(description=_("page at the desk"))
    def page(self, family):
        return (
            format_html('<a href="{}">{}</a>', reverse("intake:family", args=[family.pk]), family)
            if family.pk
            else ""
        )

    @admin.display(description=_("desk"))
    def desk_at(self, family):
        return desk_name(family.desk)

    def named(self, queryset, words):
        return queryset.filter(
            pk__in=Person.objects.standing().filter(containing("name_key", words)).values("family")
        )

    def get_search_results(self, request, queryset, search_term):
        """With the members of all families at once: lists and choices name the head."""
        families, may_repeat = super().get_search_results(request, queryset, search_term)
        return families.prefetch_related("members"), may_repeat

    def autocomplete_text(self, family):
        return f"{self.head(family)} · {family}"

    def save_model(self, request, family, form, change):
        if not change:
            family.registered_by = request.user
            family.registered_on = family.shelter.day_of(family.registered_at)
        super().save_model(request, family, form, change)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        # They take back their agreement.
        if form.instance.is_count_only and "notice_answer" in form.changed_data:
            actions.reduce_to_counts(form.instance, by=request.user)

    @admin.display(description=_("Head of the family"))
    def head(self, family):
        return str(head_of(family) or family)

    @admin.display(description=_("people"))
    def size(self, family):
        return len(family.members.all())

    @admin.display(description=_("origin"))
    def origins(self, family):
        mix = Counter(person.origin_country.name for person in family.members.all())
        return ", ".join(
            f"{country} {n}" if len(mix) > 1 else str(country) for country, n in mix.most_common()
        )


class AloneFilter(admin.SimpleListFilter):
    """Behind a line of the situation page: who of a shelter has no adult there, and no alert."""

    title = _("children without an adult and without an alert")
    parameter_name = "alone"

    def lookups(self, request, model_admin):
        return [(shelter.code, shelter.name) for shelter in Shelter.objects.visible_to(request.user)]

    def queryset(self, request, queryset):
        shelter = Shelter.objects.visible_to(request.user).filter(code=self.value()).first()
        return queryset.filter(pk__in=children_alone(shelter).values("pk")) if shelter else queryset


@admin.register(Person)
class PersonAdmin(OwnData, PeopleAdmin):
    form = PersonForm

    def has_add_permission(self, request):
        """Somebody new is added at the desk, where their stay begins with them."""
        return False

    list_display = ("name", "age", "sex", "relationship", "origin_country", "family_link", "shelter_name")
    list_filter = ("sex", "relationship", "birth_precision", CountryFilter, "family__shelter", AloneFilter)
    list_select_related = ("family__shelter",)
    ordering = ("-id",)
    name_path = "name_key"
    search_fields = ("name_key",)
    autocomplete_fields = ("family",)
    fieldsets = (
        (None, {"fields": ("family", ("given_names", "surnames"), "known_as")}),
        (None, {"fields": ("age_or_birth", "sex", "relationship")}),
        (_("Origin"), {"fields": ("origin_country", "origin_region")}),
    )

    def get_readonly_fields(self, request, obj=None):
        return (*super().get_readonly_fields(request, obj), *(["family"] if obj else []))

    def further_changes(self, newer, older):
        if newer.instance.birth == older.instance.birth:
            return []
        old, new = (ages.as_typed(version.instance.birth) for version in (older, newer))
        return [{"field": _("Age or birth date"), "old": old, "new": new}]

    def autocomplete_text(self, person):
        return f"{person} · {person.age_text} · {person.origin_country.name}"

    @admin.display(description=_("name"), ordering="name_key")
    def name(self, person):
        return str(person)

    @admin.display(description=_("age"), ordering="birth_date")
    def age(self, person):
        return person.age_text

    @admin.display(description=_("Age or birth date"))
    def age_or_birth(self, person):
        return ages.as_typed(person.birth)

    @admin.display(description=_("family"))
    def family_link(self, person):
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:intake_family_change", args=[person.family_id]),
            person.family,
        )

    @admin.display(description=_("shelter"))
    def shelter_name(self, person):
        return person.family.shelter.name


class StayForm(forms.ModelForm):
    def clean(self):
        super().clean()
        zone, shelter = self.cleaned_data.get("zone"), self.cleaned_data.get("shelter")
        if zone and shelter and zone.shelter_id != shelter.pk:
            self.add_error("zone", _("That zone is in another shelter."))
        for name in ("in_at", "out_at"):
            moment = self.cleaned_data.get(name)
            if moment and moment > timezone.now():
                self.add_error(name, _("That moment has not come yet."))

    def _get_validation_exclusions(self):
        """The person is known though not on the form: nobody is in two places."""
        known = {"person"} if self.instance.person_id else set()
        return super()._get_validation_exclusions() - known

    def save(self, commit=True):
        stay = self.instance
        stay.in_on = stay.shelter.day_of(stay.in_at)
        stay.out_on = stay.shelter.day_of(stay.out_at) if stay.out_at else None
        return super().save(commit)


class InsideFilter(admin.SimpleListFilter):
    title = _("where they are")
    parameter_name = "inside"

    def lookups(self, request, model_admin):
        return [("yes", _("Still here")), ("no", _("Left"))]

    def queryset(self, request, queryset):
        now_in = {"yes": True, "no": False}.get(self.value())
        return queryset if now_in is None else queryset.filter(out_at__isnull=now_in)


@admin.register(Stay)
class StayAdmin(OfPerson, HistoryAdmin):
    form = StayForm
    list_display = ("person", "shelter", "zone", "in_at", "out_at", "out_to")
    list_filter = ("shelter", InsideFilter, days_filter("in_on", _("day")), "out_to")
    list_select_related = ("person", "shelter", "zone")
    ordering = ("-in_at",)
    autocomplete_fields = ("person",)
    fields = ("person", "shelter", "zone", "in_at", "out_at", "out_to")

    def get_readonly_fields(self, request, obj=None):
        return (*super().get_readonly_fields(request, obj), *(["person"] if obj else []))
