"""Tables with a stock, the things that may lie on them, and what moved: for coordinators."""

from django import forms
from django.contrib import admin
from django.core.validators import validate_slug
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from intake.admin.base import OfService
from intake.admin.lists import LABELS, ReferenceAdmin
from intake.models import Goods, GoodsMovement, Station
from shelters.admin_base import HistoryAdmin, LastingCodeForm, Retirable, ScopedAdmin
from shelters.admin_lists import RetiredFilter, days_filter

LONGEST_SIZE = 20


@admin.register(Station)
class StationAdmin(Retirable, HistoryAdmin):
    list_display = ("name", "code", "shelter", "retired_on")
    list_filter = ("shelter", RetiredFilter)
    list_select_related = ("shelter",)
    search_fields = ("name", "code")
    fields = ("shelter", "code", "name", "retired_on")

    def get_readonly_fields(self, request, obj=None):
        return (*super().get_readonly_fields(request, obj), *(["shelter"] if obj else []))


class GoodsForm(LastingCodeForm):
    def clean_code(self):
        """It stands in addresses."""
        code = super().clean_code()
        if self.instance._state.adding:
            validate_slug(code)
        return code

    def clean_sizes(self):
        sizes = list(dict.fromkeys(self.cleaned_data["sizes"].split()))
        if too_long := next((size for size in sizes if len(size) > LONGEST_SIZE), None):
            words = gettext("“%(size)s” is too long for a size. Put spaces between the sizes: S M L XL.")
            raise forms.ValidationError(words % {"size": too_long})
        return " ".join(sizes)


@admin.register(Goods)
class GoodsAdmin(OfService, ReferenceAdmin, HistoryAdmin):
    """What is handed out at a table is no reserved service."""

    form = GoodsForm
    list_display = ("code", "label_es", "label_en", "service_type", "sizes", "position", "retired_on")
    list_filter = (RetiredFilter,)
    list_select_related = ("service_type",)
    fields = (*LABELS, "service_type", "sizes")


@admin.register(GoodsMovement)
class GoodsMovementAdmin(ScopedAdmin):
    """To read: a wrong stock is put right by counting anew."""

    list_display = ("moved_on", "station", "kind", "goods", "size", "change", "organization", "is_taken_back")
    list_filter = (days_filter("moved_on", _("day")), "kind", "station", "goods")
    list_select_related = ("station", "goods", "organization", "service")
    ordering = ("-moved_at",)
    fields = (
        "station",
        "kind",
        "goods",
        "size",
        "change",
        "moved_at",
        "organization",
        "recorder",
        "is_taken_back",
    )
    readonly_fields = fields

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def shelter_of(self, obj):
        return obj.station.shelter

    @admin.display(description=_("recorded by"))
    def recorder(self, movement):
        return str(movement.by)

    @admin.display(description=_("taken back"))
    def is_taken_back(self, movement):
        return _("Taken back") if movement.service and movement.service.cancelled_at else ""
