"""Departures and headcounts, to read; undoing a departure has its page at the desk."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.models import Departure, Headcount
from shelters.admin_base import ScopedAdmin
from shelters.admin_lists import days_filter


class ReadOnlyAdmin(ScopedAdmin):
    actions = None

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    @admin.display(description=gettext_lazy("recorded by"))
    def recorder(self, obj):
        return str(obj.by)

    def shelter_of(self, obj):
        return obj.shelter


@admin.register(Departure)
class DepartureAdmin(ReadOnlyAdmin):
    list_display = ("left_at", "to", "shelter", "recorder", "undone_at")
    list_filter = ("to", days_filter("left_on", gettext_lazy("day")))
    list_select_related = ("shelter", "by")
    fields = ("left_at", "to", "shelter", "recorder", "undone_at", "undo")

    @admin.display(description=gettext_lazy("page at the desk"))
    def undo(self, departure):
        return format_html(
            '<a href="{}">{}</a>', reverse("intake:departure-done", args=[departure.pk]), _("Look or undo")
        )


@admin.register(Headcount)
class HeadcountAdmin(ReadOnlyAdmin):
    list_display = ("counted_at", "place", "people", "without_card", "registered", "gap", "recorder")
    list_filter = (days_filter("counted_on", gettext_lazy("day")),)
    list_select_related = ("shelter", "zone", "by")
    fields = ("counted_at", "place", "people", "without_card", "registered", "gap", "recorder")

    @admin.display(description=gettext_lazy("zone"))
    def place(self, headcount):
        return str(headcount.zone or headcount.shelter)

    @admin.display(description=gettext_lazy("difference"))
    def gap(self, headcount):
        return headcount.difference
