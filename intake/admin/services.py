"""Services that were given. What a legal or health service was is told to those who give such services."""

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.access import sensitivities
from intake.actions.services import limit_keys
from intake.admin.base import OfPerson, OfService, unless_veiled
from intake.models import ServiceReceived
from shelters.admin_base import HistoryAdmin
from shelters.admin_lists import days_filter

TELLING = ("service_type", "outcome", "organization", "override_reason", "cancel_reason", "desk", "recorder")
PLACED_BY = {"service_type", "shelter", "given_at", "quantity"}


class ServiceForm(forms.ModelForm):
    def save(self, commit=True):
        service = self.instance
        service.given_on = service.shelter.day_of(service.given_at)
        service.slot = service.shelter.meal_at(service.given_at)
        self.mark_cancelled(service)
        self.take_or_leave_limit(service)
        return super().save(commit)

    def mark_cancelled(self, service):
        if not service.cancel_reason:
            service.cancelled_at = None
        elif not service.cancelled_at:
            service.cancelled_at = timezone.now()

    def take_or_leave_limit(self, service):
        """A new row takes its place in the limit if there is one. A corrected row gives its place up when it
        moves: better one meal too many than somebody sent away for a typing mistake."""
        if service.cancelled_at or service.override_reason or PLACED_BY & set(self.changed_data):
            service.limit_key = None
        if service._state.adding and not (service.cancelled_at or service.override_reason):
            service.limit_key = limit_keys(service, [service.person])[service.person][0]


class CancelledFilter(admin.SimpleListFilter):
    title = _("cancelled")
    parameter_name = "cancelled"

    def lookups(self, request, model_admin):
        return [("no", _("No")), ("yes", _("Yes"))]

    def queryset(self, request, queryset):
        given = {"no": True, "yes": False}.get(self.value())
        return queryset if given is None else queryset.filter(cancelled_at__isnull=given)


@admin.register(ServiceReceived)
class ServiceReceivedAdmin(OfService, OfPerson, HistoryAdmin):
    form = ServiceForm
    list_display = (
        "given_on",
        "what",
        "person",
        "giver",
        "quantity",
        "shelter",
        "recorder",
        "is_cancelled",
    )
    list_filter = (
        days_filter("given_on", _("given on")),
        "service_type",
        "organization",
        CancelledFilter,
        "shelter",
    )
    list_select_related = ("service_type", "person", "organization", "shelter", "recorded_by")
    ordering = ("-given_at",)
    autocomplete_fields = ("person",)
    facts = ("given_on", "slot", "desk", "recorder", "cancelled_at")
    fields = ("person", "what", "service_type", "organization", "shelter", "given_at", "quantity", "outcome")
    further_fields = ("override_reason", "cancel_reason", *facts)

    def get_fields(self, request, obj=None):
        hidden = set(TELLING) if obj and self.is_reserved(request, obj.service_type) else {"what"}
        if not request.user.has_perm("intake.handle_legal"):
            hidden.add("outcome")
        return [name for name in (*self.fields, *self.further_fields) if name not in hidden]

    def get_readonly_fields(self, request, obj=None):
        settled = ("person", "what") if obj else ()
        if obj and obj.cancelled_at:  # an old page must not bring it back
            settled = [name for name in (*self.fields, *self.further_fields) if name not in self.facts]
        return (*super().get_readonly_fields(request, obj), *settled, *self.facts)

    def get_queryset(self, request):
        """Whoever asks for one organization is shown nothing that is reserved: it would tell who gave it."""
        rows = super().get_queryset(request)
        if any(name.startswith("organization__") for name in request.GET):
            rows = rows.filter(service_type__sensitivity__in=sensitivities(request.user))
        return rows

    def kept_back(self, request, newer, older):
        is_reserved = any(self.is_reserved(request, version.service_type) for version in (newer, older))
        return set(TELLING) if is_reserved else set()

    def set_history_delta_changes(self, request, historical_records, foreign_keys_are_objs=True):
        super().set_history_delta_changes(request, historical_records, foreign_keys_are_objs)
        for version in historical_records:
            if self.is_reserved(request, version.service_type):
                version.history_user = None  # on this copy: an adviser's name would tell

    def save_model(self, request, service, form, change):
        if not change:
            service.recorded_by = request.user
        super().save_model(request, service, form, change)

    @admin.display(description=_("organization"))
    def giver(self, service):
        return unless_veiled(service, service.organization)

    @admin.display(description=_("recorded by"))
    def recorder(self, service):
        return unless_veiled(service, service.recorded_by)

    @admin.display(description=_("cancelled"))
    def is_cancelled(self, service):
        return _("Cancelled") if service.cancelled_at else ""
