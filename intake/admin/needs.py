"""What people need and what they plan."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from intake.admin.base import OfPerson
from intake.models import Intention, PersonNeed
from intake.models.needs import highest_tier
from shelters.admin_base import HistoryAdmin, ScopedAdmin
from shelters.admin_lists import days_filter


@admin.register(PersonNeed)
class PersonNeedAdmin(OfPerson, HistoryAdmin):
    """Tiers hold here too: in the list, in what may be chosen, and in earlier versions."""

    list_display = ("need", "person", "state", "reported_at", "by")
    list_filter = ("state", "need", days_filter("reported_at", _("reported at")))
    list_select_related = ("need", "person", "by")
    ordering = ("-reported_at",)
    autocomplete_fields = ("person",)
    fields = ("person", "need", "state", "reason", "reported_at", "ruled_out_at", "recorder")

    def get_readonly_fields(self, request, obj=None):
        settled = ("person", "need") if obj else ()
        if obj and obj.ruled_out_at:  # a need that comes back is a new row, so that past counts stand
            settled = (*settled, "state")
        return (*super().get_readonly_fields(request, obj), *settled, "ruled_out_at", "recorder")

    def get_field_queryset(self, db, db_field, request):
        rows = super().get_field_queryset(db, db_field, request)
        return rows.filter(tier__lte=highest_tier(request.user)) if db_field.name == "need" else rows

    def get_history_queryset(self, request, history_manager, pk_name, object_id):
        versions = super().get_history_queryset(request, history_manager, pk_name, object_id)
        return versions.filter(need__tier__lte=highest_tier(request.user))

    def save_model(self, request, need, form, change):
        if not change:
            need.by = request.user
        need.judge(need.state, need.reason, by=need.by)
        super().save_model(request, need, form, change)


@admin.register(Intention)
class IntentionAdmin(OfPerson, ScopedAdmin):
    list_display = ("person", "plan", "said_on", "by")
    list_filter = ("plan", days_filter("said_on", _("day")))
    list_select_related = ("person", "plan", "by")
    ordering = ("-said_at",)
    autocomplete_fields = ("person",)
    fields = ("person", "plan", "said_at", "recorder")

    def get_readonly_fields(self, request, obj=None):
        """A change of mind is a new row; what was said stays as it was said."""
        return self.fields if obj else ("recorder",)

    def save_model(self, request, intention, form, change):
        if not change:
            intention.by = request.user
        intention.said_on = self.shelter_of(intention).day_of(intention.said_at)
        super().save_model(request, intention, form, change)
