"""The lists that coordinators own. Rows are retired, never deleted; codes stay as they were given."""

from django.contrib import admin
from django.db.models import Max
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from intake.models import (
    Family,
    Language,
    LegalOutcome,
    Plan,
    PrivacyNotice,
    Region,
    ServiceCategory,
    ServiceType,
    SpecificNeed,
)
from shelters.admin_base import HistoryAdmin, LastingCodeForm, Retirable, ScopedAdmin, ScopedInline
from shelters.admin_lists import RetiredFilter

LABELS = ("code", ("label_es", "label_en"), ("position", "retired_on"))


class ReferenceAdmin(Retirable, ScopedAdmin):
    list_display = ("code", "label_es", "label_en", "position", "retired_on")
    list_filter = (RetiredFilter,)
    search_fields = ("code", "label_es", "label_en")
    fields = LABELS

    def get_list_display(self, request):
        """Where a list has room for one of the two names, it is the one of the page."""
        shown = super().get_list_display(request)
        if get_language() != "en" or "label_en" in shown:
            return shown
        return tuple("label_en" if name == "label_es" else name for name in shown)


class OccurringCountryFilter(admin.SimpleListFilter):
    title = _("country")
    parameter_name = "country"

    def lookups(self, request, model_admin):
        codes = model_admin.model.objects.order_by("country").values_list("country", flat=True).distinct()
        return sorted(((code, str(countries.name(code))) for code in codes), key=lambda choice: choice[1])

    def queryset(self, request, queryset):
        return queryset.filter(country=self.value()) if self.value() else queryset


@admin.register(Region)
class RegionAdmin(ReferenceAdmin):
    list_display = ("code", "label_es", "country", "pcode", "retired_on")
    list_filter = (OccurringCountryFilter, RetiredFilter)
    fields = (*LABELS, ("country", "pcode"))


@admin.register(Language)
class LanguageAdmin(ReferenceAdmin):
    pass


@admin.register(SpecificNeed)
class SpecificNeedAdmin(ReferenceAdmin, HistoryAdmin):
    list_display = ("code", "label_es", "category", "tier", "counts_as", "at_registration", "retired_on")
    list_filter = ("tier", "counts_as", "at_registration", RetiredFilter)
    list_select_related = ("category",)
    fields = (*LABELS, "category", "tier", "counts_as", "at_registration")


@admin.register(Plan)
class PlanAdmin(ReferenceAdmin, HistoryAdmin):
    list_display = ("code", "label_es", "label_en", "group", "at_registration", "retired_on")
    list_filter = ("group", RetiredFilter)
    fields = (*LABELS, "group", "at_registration")


@admin.register(LegalOutcome)
class LegalOutcomeAdmin(ReferenceAdmin, HistoryAdmin):
    pass


RULES = (
    ("unit", "per"),
    ("limit_per", "limit_count"),
    ("sensitivity", "asks_first"),
)


class ServiceTypeInline(ScopedInline):
    model = ServiceType
    form = LastingCodeForm
    fields = (*LABELS, *RULES)
    readonly_fields = ("sensitivity",)  # chosen once, on the page of a new service


@admin.register(ServiceCategory)
class ServiceCategoryAdmin(ReferenceAdmin, HistoryAdmin):
    list_display = ("code", "label_es", "label_en", "position", "sector", "retired_on")
    fields = (*LABELS, "sector")
    inlines = [ServiceTypeInline]


@admin.register(ServiceType)
class ServiceTypeAdmin(ReferenceAdmin, HistoryAdmin):
    list_display = (
        "code",
        "label_es",
        "category",
        "limit_per",
        "limit_count",
        "sensitivity",
        "asks_first",
        "retired_on",
    )
    list_filter = ("category", "sensitivity", "limit_per", RetiredFilter)
    list_select_related = ("category",)
    fields = ("category", *LABELS, *RULES, "sector")

    def get_readonly_fields(self, request, obj=None):
        """Opening a reserved kind of service would open all that was ever given of it."""
        return (*super().get_readonly_fields(request, obj), *(["sensitivity"] if obj else []))


@admin.register(PrivacyNotice)
class PrivacyNoticeAdmin(ScopedAdmin):
    """What was read aloud to somebody stays as it was read; a change is a new version."""

    list_display = ("version", "published_at")
    fields = ("version", "published_at", "text_es", "text_en")

    def get_readonly_fields(self, request, obj=None):
        return ("version",) if obj else ()

    def get_changeform_initial_data(self, request):
        latest = PrivacyNotice.objects.aggregate(Max("version"))["version__max"] or 0
        return {**super().get_changeform_initial_data(request), "version": latest + 1}

    def has_change_permission(self, request, obj=None):
        is_answered = obj is not None and Family.objects.filter(notice=obj).exists()
        return super().has_change_permission(request, obj) and not is_answered
