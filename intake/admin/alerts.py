"""What a coordinator has to look at: children without their adults, families that were torn apart."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake import actions
from intake.admin.base import OfPerson
from intake.models import Alert
from shelters.admin_base import ScopedAdmin
from shelters.forms import LineField


class StateFilter(admin.SimpleListFilter):
    """Those that wait, unless asked otherwise."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("settled", _("Settled")), ("all", _("All"))]

    def choices(self, changelist):
        first, *rest = super().choices(changelist)
        return [{**first, "display": _("Waiting for somebody")}, *rest]

    def queryset(self, request, queryset):
        if self.value() == "all":
            return queryset
        return queryset.filter(settled_at__isnull=False) if self.value() == "settled" else queryset.open()


class SettleForm(forms.ModelForm):
    note = LineField(
        label=gettext_lazy("What was done?"),
        max_length=200,
        help_text=gettext_lazy(
            "“The aunt arrived”, “handed to the DIF at 15:40”… No health or legal details."
        ),
        error_messages={"required": gettext_lazy("Write what was done: one line is enough.")},
    )

    class Meta:
        model = Alert
        fields = ["note"]


@admin.register(Alert)
class AlertAdmin(OfPerson, ScopedAdmin):
    form = SettleForm
    list_display = ("person", "kind", "raised_at", "settled_at", "note")
    list_filter = (StateFilter, "kind")
    list_select_related = ("person",)
    ordering = ("-raised_at",)
    actions = None

    def has_add_permission(self, request):
        """Registrations and departures raise them."""
        return False

    def has_change_permission(self, request, obj=None):
        """What was done stays as it was said."""
        return super().has_change_permission(request, obj) and not (obj and obj.settled_at)

    def get_fields(self, request, obj=None):
        settled = ("settled_at", "settler") if obj and obj.settled_at else ()
        return ("person", "kind", "raised_at", *settled, "note")

    def get_readonly_fields(self, request, obj=None):
        names = self.get_fields(request, obj)
        return names if obj and obj.settled_at else names[:-1]

    @admin.display(description=gettext_lazy("settled by"))
    def settler(self, alert):
        return str(alert.settled_by or "")

    def waiting(self, request) -> int:
        """For the first page of the admin: how many nobody has dealt with."""
        return Alert.objects.visible_to(request.user).open().order_by()[:1000].count()

    def save_model(self, request, alert, form, change):
        actions.settle_alert(alert, form.cleaned_data["note"], by=request.user)

    def shelter_of(self, obj):
        return obj.shelter
