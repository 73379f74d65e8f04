"""People counted without names: looked at, and taken back when somebody counted wrongly."""

from django.contrib import admin, messages
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from intake.actions import NoFamily, Overtaken
from intake.actions.tallies import cancel_tally, name_tally
from intake.admin.base import OfService, unless_veiled
from intake.models import Tally
from shelters.admin_base import ScopedAdmin
from shelters.admin_lists import days_filter
from shelters.templatetags.desk import desk_name


@admin.action(permissions=["change"], description=_("Cancel: they count no more"))
def cancel(modeladmin, request, queryset):
    rows = list(queryset.standing().select_related("shelter"))
    for row in rows:
        cancel_tally(row, by=request.user)
    text = ngettext("%(n)d row changed.", "%(n)d rows changed.", len(rows)) % {"n": len(rows)}
    modeladmin.message_user(request, text, messages.SUCCESS)


@admin.action(permissions=["change"], description=_("Record them for the family that holds the card now"))
def name(modeladmin, request, queryset):
    named, waiting = 0, 0
    for row in queryset.standing().exclude(card="").select_related("shelter"):
        try:
            name_tally(row, by=request.user)
            named += 1
        except NoFamily:
            waiting += 1
        except Overtaken:
            continue
    text = ngettext("%(n)d row changed.", "%(n)d rows changed.", named) % {"n": named}
    modeladmin.message_user(request, text, messages.SUCCESS if named else messages.WARNING)
    if waiting:
        words = ngettext(
            "%(n)d card is nobody's yet: hand it out on the page of its family first.",
            "%(n)d cards are nobody's yet: hand them out on the pages of their families first.",
            waiting,
        )
        modeladmin.message_user(request, words % {"n": waiting}, messages.WARNING)


class OfACard(admin.SimpleListFilter):
    """Noted in scan mode for a card that was nobody's: a family may be found for it."""

    title, parameter_name = _("card"), "noted"

    def lookups(self, request, model_admin):
        return [("yes", _("On a card without a family"))]

    def queryset(self, request, queryset):
        return queryset.standing().exclude(card="") if self.value() == "yes" else queryset


@admin.register(Tally)
class TallyAdmin(OfService, ScopedAdmin):
    """Never corrected: a wrong one is cancelled and stays on record."""

    list_display = (
        "counted_at",
        "what",
        "who",
        "people",
        "shown_card",
        "at_desk",
        "shelter",
        "recorder",
        "is_cancelled",
    )
    list_filter = (
        days_filter("counted_on", _("counted on")),
        OfACard,
        "who",
        "service_type",
        "shelter",
    )
    list_select_related = ("service_type", "shelter", "recorded_by")
    ordering = ("-counted_at",)
    actions = (cancel, name)
    fields = (
        "what",
        "who",
        "people",
        "shown_card",
        "counted_at",
        "slot",
        "at_desk",
        "shelter",
        "recorder",
        "cancelled_at",
    )
    readonly_fields = fields

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return obj is None and super().has_change_permission(request)

    @admin.display(description=_("card"), ordering="card", empty_value="")
    def shown_card(self, tally):
        return f"{tally.card[:4]}-{tally.card[4:]}" if tally.card else ""

    @admin.display(description=_("desk"))
    def at_desk(self, tally):
        return unless_veiled(tally, desk_name(tally.line))

    @admin.display(description=_("recorded by"))
    def recorder(self, tally):
        """The name, without a link: accounts are the administrator's."""
        return unless_veiled(tally, tally.recorded_by)

    @admin.display(description=_("cancelled"))
    def is_cancelled(self, tally):
        return _("Cancelled") if tally.cancelled_at else ""
