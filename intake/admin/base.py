"""What the pages about people share: search by folded names, whose shelter, what is reserved, the version."""

from copy import copy

from django import forms
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from intake.access import opened, sensitivities
from intake.matching.names import fold
from intake.models import Family, Person
from intake.models.families import STATELESS, UNRECORDED
from intake.reading import note_listed
from shelters.admin_base import MOST_WORDS


class ListsPeople:
    """For lists with names: that a page was asked for is on the trail, and who is on it. So are choices by a name."""

    def prepare(self, request, rows):
        rows = super().prepare(request, rows)
        asked, families = request.GET, {pk for row in rows for pk in self.families_on(row)}
        page, words = asked.get("p") or asked.get("page", ""), asked.get("q") or asked.get("term", "")
        note_listed(
            request.user,
            self.model,
            families,
            page=int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
            search=bool(words),
            filters=sorted(asked.keys() & self.offered_lookups(request)),
        )
        return rows

    def families_on(self, row) -> tuple:
        return (row.pk if isinstance(row, Family) else getattr(row, "person", row).family_id,)


class OfPerson(ListsPeople):
    """For records of one person: found by name, accents aside, and filed under the family's shelter."""

    name_path = "person__name_key"
    search_fields = ("person__name_key",)
    search_help_text = _("Part of a name, with or without accents.")

    def get_object(self, request, object_id, from_field=None):
        """Opening a record about people is on the trail, here as at the desk, and read by its shelter's clock."""
        obj = super().get_object(request, object_id, from_field)
        opened(request.user, self.family_of(obj))
        return obj

    def get_search_results(self, request, queryset, search_term):
        words = fold(search_term).split()[:MOST_WORDS]
        if not words:
            return queryset, False
        return self.named(queryset, words), False

    def named(self, queryset, words):
        return queryset.filter(containing(self.name_path, words))

    @admin.display(description=_("recorded by"))
    def recorder(self, obj):
        """The name, without a link: accounts are the administrator's."""
        fields = ("registered_by", "recorded_by", "by")
        return next((str(getattr(obj, name)) for name in fields if hasattr(obj, name)), "")

    def family_of(self, obj):
        person = getattr(obj, "person", obj)
        return getattr(person, "family", person)

    def shelter_of(self, obj):
        return self.family_of(obj).shelter


class OfService:
    """For rows of a service type: of another counter's they say that it is reserved, and nothing that tells which."""

    def is_reserved(self, request, kind) -> bool:
        return kind.sensitivity not in sensitivities(request.user)

    def get_field_queryset(self, db, db_field, request):
        """Neither a filter nor a choice tells which reserved services there were."""
        rows = super().get_field_queryset(db, db_field, request)
        if db_field.name == "service_type":
            rows = rows.filter(sensitivity__in=sensitivities(request.user))
        return rows

    def veil(self, request, row):
        """Under it stands a copy of its type that says no more than that."""
        kind = row.service_type
        row.is_veiled = self.is_reserved(request, kind)
        if row.is_veiled:
            row.service_type = copy(kind)
            row.service_type.label_es = row.service_type.label_en = gettext("Reserved")

    @admin.display(description=_("service"))
    def what(self, row):
        """The name, without a link, which would hold its code; and nothing to order by."""
        return row.service_type.label


def unless_veiled(row, text) -> str:
    return "" if getattr(row, "is_veiled", False) else str(text or "")


def containing(path, words) -> Q:
    return Q(*((f"{path}__contains", word) for word in words))


class CountryFilter(SimpleListFilter):
    """The usual countries by name, the rest together: 249 choices would help nobody."""

    title = _("country of origin")
    parameter_name = "country"
    usual = ("HN", "GT", "SV", "NI", "MX", STATELESS, UNRECORDED)

    def lookups(self, request, model_admin):
        return [*((code, countries.name(code)) for code in self.usual), ("other", _("Another country"))]

    def queryset(self, request, queryset):
        if self.value() == "other":
            return queryset.exclude(origin_country__in=self.usual)
        return queryset.filter(origin_country=self.value()) if self.value() in self.usual else queryset


class VersionedForm(forms.ModelForm):
    """Counts the version up; does not write over what somebody else changed since the page was opened."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["seen"] = self.instance.version

    def clean_seen(self):
        now = self.instance.version
        if self.cleaned_data["seen"] in (None, now):
            return now
        self.data = self.data.copy()
        self.data[self.add_prefix("seen")] = now  # the next save is a decision, not an accident
        raise forms.ValidationError(
            _("Meanwhile somebody else changed this. Look in another window; save again to keep yours.")
        )

    def save(self, commit=True):
        if self.has_changed() and not self.instance._state.adding:
            self.instance.version += 1
        return super().save(commit)


def head_of(family) -> Person | None:
    """From the members at hand, without another query."""
    members = list(family.members.all())
    heads = [person for person in members if person.relationship == "HEAD"]
    return next(iter(heads or members), None)
