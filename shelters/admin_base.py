"""What every admin page has in common: whose records it shows, what may be asked, what goes on the trail."""

import unicodedata
from itertools import pairwise

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import flatten_fieldsets, get_fields_from_path, unquote
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, transaction
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from simple_history.admin import SimpleHistoryAdmin
from simple_history.template_utils import HistoricalRecordContextHelper

from shelters import audit
from shelters.admin_lists import CappedPaginator, PreparedList
from shelters.forms import refuse_invisible
from shelters.models import AccessEvent, Shelter

MOST_WORDS = 8
ADMIN_ACTIONS = (audit.Action.ADMIN_ADDED, audit.Action.ADMIN_CHANGED, audit.Action.ADMIN_DELETED)
UNREADABLE = (ValueError, OverflowError, ValidationError, DataError)  # a key or number that no column holds


def seen_by(user, rows):
    """Where a table has a policy it decides; lists that have none are for everybody who opens the admin."""
    return rows.visible_to(user) if hasattr(rows, "visible_to") else rows


def plain(text) -> str:
    """Lower case, no accents: for the search in short lists."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in bare if not unicodedata.combining(c))


# --- forms -------------------------------------------------------------------------------------------------


class ScopedAutocompleteSelect(AutocompleteSelect):
    """Draws the chosen record again after an error; a key that cannot be one is drawn as nothing chosen."""

    def optgroups(self, name, value, attr=None):
        return super().optgroups(name, [key for key in value if self.is_key(key)], attr)

    def is_key(self, key):
        try:
            self.choices.queryset.model._meta.pk.to_python(key)
        except ValidationError:
            return False
        return True


class LastingCodeForm(forms.ModelForm):
    """A new row takes the code that is typed, an old one keeps its own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "code" in self.fields and not self.instance._state.adding:
            self.fields["code"].widget.attrs["readonly"] = True

    def clean_code(self):
        return self.cleaned_data["code"] if self.instance._state.adding else self.instance.code


class Scoped:
    """For pages and for the rows inside them: only what the account may see, to look at or to choose."""

    def get_queryset(self, request):
        return seen_by(request.user, super().get_queryset(request))

    def get_field_queryset(self, db, db_field, request):
        rows = super().get_field_queryset(db, db_field, request)
        if rows is None:
            rows = db_field.remote_field.model._default_manager.all()
        return seen_by(request.user, rows)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name in self.autocomplete_fields:
            kwargs["widget"] = ScopedAutocompleteSelect(db_field, self.admin_site)
        rows = self.get_field_queryset(None, db_field, request)
        if request.resolver_match.url_name.endswith("_add") and hasattr(rows.model, "retired_on"):
            rows = rows.exclude(retired_on__lte=timezone.localdate())
        return super().formfield_for_foreignkey(db_field, request, **{"queryset": rows, **kwargs})

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field:  # browsers keep what was typed in a file of their own
            field.widget.attrs.setdefault("autocomplete", "off")
        if isinstance(field, forms.CharField):
            field.validators.append(refuse_invisible)
        if isinstance(field, forms.SplitDateTimeField):  # Django names its two boxes to the eye alone
            for box, name in zip(field.widget.widgets, (_("date"), _("time")), strict=True):
                box.attrs["aria-label"] = f"{field.label}, {name}"
        return field

    def has_delete_permission(self, request, obj=None):
        """Rows are retired or corrected; people are erased by the data officer, not here."""
        return False


class ScopedInline(Scoped, admin.StackedInline):
    extra = 0
    can_delete = False
    show_change_link = True


# --- pages -------------------------------------------------------------------------------------------------


class ScopedAdmin(Scoped, admin.ModelAdmin):
    """The base of every page. Name the fields of the form; subclasses say the rest."""

    view_on_site = False
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_select_related = ()
    paginator = CappedPaginator

    # What an address may ask

    def get_object(self, request, object_id, from_field=None):
        try:
            obj = super().get_object(request, object_id, from_field)
        except UNREADABLE:
            obj = None
        if obj is None:
            raise Http404
        self.veil(request, obj)
        return obj

    def veil(self, request, obj) -> None:
        """Cover, on this copy, what the account may not read of a record it may see."""

    def lookup_allowed(self, lookup, value, request):
        return lookup in self.offered_lookups(request)

    def offered_lookups(self, request) -> set[str]:
        """Exactly the parameters of the filters on the page."""
        offered = set()
        for item in self.get_list_filter(request):
            if not isinstance(item, str):
                offered.add(item.parameter_name)
                continue
            field = get_fields_from_path(self.model, item)[-1]
            target = f"{item}__{field.target_field.name}" if field.remote_field else item
            offered |= {f"{target}__exact", f"{item}__isnull"}
        return offered

    def get_changelist(self, request, **kwargs):
        return PreparedList

    def get_changelist_instance(self, request):
        try:
            return super().get_changelist_instance(request)
        except (*UNREADABLE, IncorrectLookupParameters) as error:
            if ERROR_FLAG in request.GET:  # sent back to the plain list once, and still wrong
                raise Http404 from error
            raise IncorrectLookupParameters from error

    def prepare(self, request, rows):
        """The rows of one page of the list, before they are drawn."""
        rows = list(rows)
        for row in rows:
            self.veil(request, row)
        return rows

    def changelist_view(self, request, extra_context=None):
        for key in request.POST.getlist(ACTION_CHECKBOX_NAME):
            self.refuse_impossible(key)
        return super().changelist_view(request, extra_context)

    def refuse_impossible(self, key) -> None:
        try:
            self.opts.pk.run_validators(self.opts.pk.to_python(key))
        except ValidationError as error:
            raise Http404 from error
        if "\0" in key:
            raise Http404

    def get_changeform_initial_data(self, request):
        """Nothing is taken from the address: it would be drawn without having been checked."""
        return {}

    def get_search_results(self, request, queryset, search_term):
        """In short lists: every word, accents aside. The same on both databases, which icontains is not."""
        words = plain(search_term).split()[:MOST_WORDS]
        if not words:
            return queryset, False
        rows = queryset.order_by().values_list("pk", *self.search_fields)
        found = [pk for pk, *texts in rows if all(word in plain(" ".join(map(str, texts))) for word in words)]
        return queryset.filter(pk__in=found), False

    def autocomplete_text(self, obj) -> str:
        return str(obj)

    # What is stored, and what goes on the trail

    def trail_link(self, request, obj) -> tuple[str, str]:
        """(address, words) of a question to the trail about this record."""
        return "", ""

    def tools(self, request, obj) -> list[tuple[str, str]]:
        """(address, words) of what else can be done with this record."""
        return []

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj and request.user.has_perm("shelters.view_accessevent"):
            context["trail_address"], context["trail_words"] = self.trail_link(request, obj)
        if obj:
            context["tools"] = self.tools(request, obj)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError:  # two people at once; what one alone does wrong, the form has said already
            text = _(
                "Nothing was stored: somebody saved the same at the same moment. Look before you save again."
            )
            self.message_user(request, text, messages.ERROR)
            return redirect(request.path)

    def shelter_of(self, obj) -> Shelter | None:
        return obj if isinstance(obj, Shelter) else getattr(obj, "shelter", None)

    def trail(self, request, action, obj, **detail) -> None:
        audit.record(action, by=request.user, shelter=self.shelter_of(obj), subject=obj, **detail)

    def construct_change_message(self, request, form, formsets, add=False):
        """The names of the fields, never what is in them."""
        return sorted(form.changed_data)

    def log_addition(self, request, obj, message):
        self.trail(request, audit.Action.ADMIN_ADDED, obj)

    def log_change(self, request, obj, message):
        self.trail(request, audit.Action.ADMIN_CHANGED, obj, fields=message)

    def log_deletions(self, request, queryset):
        for obj in queryset:
            self.trail(request, audit.Action.ADMIN_DELETED, obj)

    def save_formset(self, request, form, formset, change):
        super().save_formset(request, form, formset, change)
        for obj in formset.new_objects:
            self.log_addition(request, obj, [])
        for obj, fields in formset.changed_objects:
            self.log_change(request, obj, sorted(fields))

    def history_view(self, request, object_id, extra_context=None):
        """For tables without kept versions: who changed which fields, from the trail."""
        obj = self.get_object(request, unquote(object_id))
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        events = AccessEvent.objects.filter(
            subject_type=self.opts.label, subject_id=str(obj.pk), action__in=ADMIN_ACTIONS
        ).select_related("user")
        context = {
            **self.admin_site.each_context(request),
            "title": _("History"),
            "module_name": self.opts.verbose_name_plural,
            "object": obj,
            "opts": self.opts,
            "events": events[:200],
        }
        return TemplateResponse(request, "admin/object_history.html", context)


class VersionText(HistoricalRecordContextHelper):
    """Old and new values as people read them: labels instead of codes, the shelter's clock instead of UTC."""

    def prepare_delta_change_value(self, change, value):
        labels = dict(self.model._meta.get_field(change.field).flatchoices)
        return localize(timezone.template_localtime(labels.get(value, value)))


class HistoryAdmin(ScopedAdmin, SimpleHistoryAdmin):
    """For tables that keep every version. Who may not see the record sees none of its versions."""

    def history_view(self, request, object_id, extra_context=None):
        # The library would go on to the last version of a record it cannot find: another shelter's, that is.
        obj = self.get_object(request, unquote(object_id))
        return SimpleHistoryAdmin.history_view(self, request, str(obj.pk), extra_context)

    def history_form_view(self, request, object_id, version_id, extra_context=None):
        if request.method not in ("GET", "HEAD"):  # the library would write the old values back
            raise Http404
        obj = self.get_object(request, unquote(object_id))
        versions = self.get_history_queryset(request, self.model.history, self.opts.pk.attname, obj.pk)
        try:
            is_shown = versions.filter(history_id=version_id).exists()
        except UNREADABLE:
            is_shown = False
        if not is_shown:
            raise Http404
        request.is_reading_history = True
        return super().history_form_view(request, str(obj.pk), version_id, extra_context)

    def get_readonly_fields(self, request, obj=None):
        if getattr(request, "is_reading_history", False):
            return flatten_fieldsets(self.get_fieldsets(request, obj))
        return super().get_readonly_fields(request, obj)

    def history_view_title(self, request, obj):
        return _("History")

    history_form_view_title = history_view_title

    def render_history_view(self, request, template, context, **kwargs):
        for key in context.keys() & {"object", "original"}:
            self.veil(request, context[key])
        return super().render_history_view(request, template, context, **kwargs)

    def get_historical_record_context_helper(self, request, historical_record):
        return VersionText(self.model, historical_record)

    def set_history_delta_changes(self, request, historical_records, foreign_keys_are_objs=True):
        for newer, older in pairwise(historical_records):
            delta = newer.diff_against(
                older, excluded_fields=self.kept_back(request, newer, older), foreign_keys_are_objs=True
            )
            helper = self.get_historical_record_context_helper(request, newer)
            newer.history_delta_changes = helper.context_for_delta_changes(delta) + self.further_changes(
                newer, older
            )

    def kept_back(self, request, newer, older) -> set[str]:
        """Fields whose change this account is not told."""
        return set()

    def further_changes(self, newer, older) -> list[dict]:
        """Changes in what the form does not show as it is stored."""
        return []


@admin.action(permissions=["change"], description=_("Retire: no longer offered from today"))
def retire(modeladmin, request, queryset):
    set_retired(
        modeladmin, request, queryset.exclude(retired_on__lte=timezone.localdate()), timezone.localdate()
    )


@admin.action(permissions=["change"], description=_("Bring back: offered again"))
def bring_back(modeladmin, request, queryset):
    set_retired(modeladmin, request, queryset.filter(retired_on__isnull=False), None)


@transaction.atomic
def set_retired(modeladmin, request, rows, day) -> None:
    rows = list(rows)
    for row in rows:  # one by one: each keeps its version
        row.retired_on = day
        row.save()
        modeladmin.log_change(request, row, ["retired_on"])
    text = ngettext("%(n)d row changed.", "%(n)d rows changed.", len(rows)) % {"n": len(rows)}
    modeladmin.message_user(request, text, messages.SUCCESS)


class Retirable:
    """Rows that are retired, never deleted: what was given long ago still has its name."""

    form = LastingCodeForm
    actions = (retire, bring_back)
