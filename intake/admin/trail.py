"""The access trail: the list, and two questions to it. Who looked at this person? What did this account look at?"""

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.alarms import alarms_for, glass_alarms, waiting_exports
from intake.trail import Words, about, by_account, may_follow
from shelters.admin_base import ScopedAdmin
from shelters.admin_lists import CappedPaginator, days_filter
from shelters.audit import Action, record, record_all, unsaved
from shelters.models import AccessEvent, Shelter, User

A_PAGE = 50


def note_reading(reader, subject=None, *, shelters) -> None:
    """Opening the trail is on the trail, once for each shelter whose lines are shown."""
    record_all(
        unsaved(Action.TRAIL_OPENED, by=reader, shelter=shelter, subject=subject, detail={})
        for shelter in shelters
    )


def shelters_of(reader) -> list:
    """None stands for what belongs to no shelter, which is all that administrators read."""
    works_there = reader.has_perm("shelters.see_shelter_events")
    return list(Shelter.objects.visible_to(reader)) if works_there else [None]


def linked(words, address):
    return format_html('<a href="{}">{}</a>', address, words) if address else words


def page_of_trail(model_admin, request, events, template, **context):
    page = CappedPaginator(events.order_by("-at", "-id"), A_PAGE).get_page(request.GET.get("page", ""))
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "is_popup": False,
        "page": page,
        "lines": Words(page, request.user).lines(),
        **context,
    }
    return TemplateResponse(request, f"admin/trail/{template}", context)


class Looked:
    """For families and people: the page of who looked at them."""

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}_looked"
        view = self.admin_site.admin_view(self.looked)
        return [path("<path:object_id>/looked/", view, name=name), *super().get_urls()]

    def trail_link(self, request, obj):
        if not request.user.has_perm("shelters.see_shelter_events"):
            return super().trail_link(request, obj)
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_looked", args=[obj.pk]), _(
            "Who looked?"
        )

    def looked(self, request, object_id):
        """Without opening the record: that would be on its trail, beside this."""
        found = ScopedAdmin.get_object(self, request, unquote(object_id))
        if not request.user.has_perms(["shelters.view_accessevent", "shelters.see_shelter_events"]):
            raise PermissionDenied
        family = self.family_of(found)
        timezone.activate(family.shelter.tz)
        response = page_of_trail(
            self,
            request,
            about(found, request.user),
            "of_record.html",
            title=_("Who looked at this person?") if found is not family else _("Who looked at this family?"),
            record=found,
        )
        record(Action.TRAIL_OPENED, by=request.user, shelter=family.shelter, subject=found)
        return response


@admin.register(AccessEvent)
class AccessEventAdmin(ScopedAdmin):
    """Who did what: to read, and nothing else."""

    list_display = ("at", "account", "action", "shelter", "subject", "told", "desk_at")
    list_filter = ("action", "shelter", days_filter("at", gettext_lazy("day")))
    list_select_related = ("user", "shelter")
    search_fields = ("subject_id",)
    search_help_text = gettext_lazy("The key of a record, as in the address of its page.")
    fields = ("at", "account", "action", "shelter", "subject", "subject_id", "told", "desk_at", "address")
    readonly_fields = ("account", "subject", "told", "desk_at")

    def get_urls(self):
        view = self.admin_site.admin_view(self.of_account)
        return [path("account/<int:pk>/", view, name="shelters_accessevent_account"), *super().get_urls()]

    def get_search_results(self, request, queryset, search_term):
        return queryset.filter(subject_id=search_term.strip()) if search_term.strip() else queryset, False

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def changelist_view(self, request, extra_context=None):
        response = super().changelist_view(request, extra_context)
        if response.status_code == 200:
            note_reading(request.user, shelters=shelters_of(request.user))
        return response

    def prepare(self, request, rows):
        rows = super().prepare(request, rows)
        for line in Words(rows, request.user).lines():
            line.event.line = line
        return rows

    def get_object(self, request, object_id, from_field=None):
        event = super().get_object(request, object_id, from_field)
        (event.line,) = Words([event], request.user).lines()
        return event

    def of_account(self, request, pk):
        """What an account did and looked at."""
        account = User.objects.filter(pk=pk).first()
        if not account or not may_follow(request.user, account):
            raise Http404
        shelters = shelters_of(request.user)
        if request.shift is None and len(shelters) == 1 and shelters[0]:
            timezone.activate(shelters[0].tz)
        title, events = _("What did this account look at?"), by_account(account, request.user)
        response = page_of_trail(self, request, events, "of_account.html", title=title, account=account)
        note_reading(request.user, account, shelters=shelters)
        return response

    def alarms(self, request) -> list:
        """For the first page of the admin."""
        reader = request.user
        return [*glass_alarms(reader), *alarms_for(reader), *waiting_exports(reader)]

    @admin.display(description=gettext_lazy("account"))
    def account(self, event):
        return linked(str(event.user or ""), event.line.account)

    @admin.display(description=gettext_lazy("record"))
    def subject(self, event):
        return linked(*event.line.subject)

    @admin.display(description=gettext_lazy("detail"))
    def told(self, event):
        return event.line.detail

    @admin.display(description=gettext_lazy("desk"))
    def desk_at(self, event):
        return event.line.desk
