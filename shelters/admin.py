"""The admin of the building and of the people who work in it."""

from copy import copy
from functools import partial

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.forms import CheckboxSelectMultiple
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from shelters.account_forms import AccountForm, NewAccountForm, PasswordForm, RolesField
from shelters.admin_base import HistoryAdmin, LastingCodeForm, Retirable, ScopedAdmin, ScopedInline
from shelters.admin_lists import RetiredFilter
from shelters.models import Organization, Shelter, User, Zone
from shelters.roles import BY_CODE
from shelters.second_factor import asks_for_factor, has_factor
from shelters.sessions import end_sessions


class ZoneInline(ScopedInline):
    model = Zone
    form = LastingCodeForm
    fields = (("code", "name"), ("meant_for", "capacity"), "retired_on")


@admin.register(Shelter)
class ShelterAdmin(HistoryAdmin):
    form = LastingCodeForm
    list_display = ("name", "code", "region", "opened_on", "closed_on", "capacity")
    search_fields = ("name", "code", "address")
    inlines = [ZoneInline]
    fieldsets = (
        (None, {"fields": ("code", "name", "address", "region", "timezone")}),
        (_("Dates"), {"fields": ("opened_on", "closed_on", "purge_on")}),
        (_("Meals"), {"fields": ("lunch_from", "dinner_from")}),
        (
            _("Room and water"),
            {"fields": ("capacity", "covered_area_m2", "toilets", "showers", "water_litres_a_day")},
        ),
    )


@admin.register(Zone)
class ZoneAdmin(Retirable, HistoryAdmin):
    list_display = ("name", "code", "shelter", "meant_for", "capacity", "retired_on")
    list_filter = ("shelter", "meant_for", RetiredFilter)
    list_select_related = ("shelter",)
    search_fields = ("name", "code")
    fields = ("shelter", "code", "name", "meant_for", "capacity", "retired_on")

    def get_readonly_fields(self, request, obj=None):
        return (*super().get_readonly_fields(request, obj), *(["shelter"] if obj else []))


@admin.register(Organization)
class OrganizationAdmin(Retirable, HistoryAdmin):
    list_display = ("name", "code", "kind", "retired_on")
    list_filter = ("kind", RetiredFilter)
    search_fields = ("name", "code")
    fields = ("code", "name", "kind", "retired_on")


class RoleFilter(SimpleListFilter):
    title = _("role")
    parameter_name = "role"

    def lookups(self, request, model_admin):
        return [(role.code, role.label) for role in BY_CODE.values()]

    def queryset(self, request, queryset):
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


@admin.register(User)
class UserAdmin(ScopedAdmin, StockUserAdmin):
    """Accounts. Rights come from roles alone, and an account of our own we cannot raise."""

    add_form_template = None
    change_user_password_template = "admin/shelters/user/password.html"
    form, add_form = AccountForm, NewAccountForm
    list_display = (
        "username",
        "full_name",
        "role_names",
        "shelter_names",
        "access_until",
        "is_active",
        "last_login",
    )
    list_filter = ("is_active", RoleFilter, "shelters")
    search_fields = ("username", "first_name", "last_name")
    ordering = ("username",)
    own_limits = ("groups", "shelters", "access_until", "is_active")
    work = (_("Work"), {"fields": ("groups", "shelters", "language", "access_until")})
    add_fieldsets = (
        (None, {"fields": ("username", "password1", "password2", "first_name", "last_name")}),
        work,
    )
    fieldsets = (
        (None, {"fields": ("username", "password", "first_name", "last_name", "is_active")}),
        work,
        (_("Last seen"), {"fields": ("last_login", "date_joined", "factor")}),
    )
    readonly_fields = ("last_login", "date_joined", "factor")

    def trail_link(self, request, account):
        return reverse("admin:shelters_accessevent_account", args=[account.pk]), _("What this account did")

    def get_queryset(self, request):
        """An account above the roles is nobody's to change: its password would be the key to everything."""
        accounts = super().get_queryset(request)
        return accounts if request.user.is_superuser else accounts.exclude(is_superuser=True)

    def get_form(self, request, obj=None, **options):
        """It asks who is there, of this request."""
        form = super().get_form(request, obj, **options)
        return type(form)(form.__name__, (form,), {"request": request})

    def get_readonly_fields(self, request, obj=None):
        own = self.own_limits if obj == request.user else ()
        return (*super().get_readonly_fields(request, obj), *own)

    def user_change_password(self, request, id, form_url=""):
        """One's own is changed where the old one is asked, and where the session stays one that can be ended."""
        if self.get_object(request, unquote(id)) == request.user:  # "01" is 1, too
            return redirect("account_change_password")
        asking = copy(self)
        asking.change_password_form = partial(PasswordForm, request=request)
        return super(UserAdmin, asking).user_change_password(request, id, form_url)

    def has_delete_permission(self, request, obj=None):
        """Only an account that never signed in; the others are switched off and stay on the trail."""
        may = request.user.has_perm("shelters.delete_user")
        return may and obj != request.user and (obj is None or obj.last_login is None)

    def get_deleted_objects(self, objs, request):
        """What stands in the way is counted, not listed: it is about people."""
        _deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        reasons = [_("Records that this account made")] if protected else []
        return [str(obj) for obj in objs], counts, lacking, reasons

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        rows = self.get_field_queryset(None, db_field, request)
        if db_field.name == "groups":
            kwargs |= {"form_class": RolesField, "label": _("Roles"), "help_text": ""}
            rows = rows.filter(name__in=BY_CODE)
        widget = CheckboxSelectMultiple()
        return super().formfield_for_manytomany(
            db_field, request, **{"queryset": rows, "widget": widget, **kwargs}
        )

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        account = form.instance
        opens = [BY_CODE[name].opens_admin for name in account.groups.values_list("name", flat=True)]
        account.is_staff = account.is_superuser or any(opens)
        account.save(update_fields=["is_staff"])
        if not account.has_access or (asks_for_factor(account) and not has_factor(account)):
            end_sessions(account, by=request.user)  # out at once; a new role begins with its second factor

    def prepare(self, request, rows):
        return super().prepare(request, rows.prefetch_related("groups", "shelters"))

    @admin.display(description=_("second factor"))
    def factor(self, account):
        """Whether there is one, and the way to take it off: never what it is."""
        if not has_factor(account):
            return _("none")
        return format_html(
            '{} · <a href="{}">{}</a>',
            _("set up"),
            reverse("factor-take-off", args=[account.pk]),
            _("Take it off"),
        )

    @admin.display(description=_("name"), ordering="first_name")
    def full_name(self, account):
        return account.get_full_name()

    @admin.display(description=_("roles"))
    def role_names(self, account):
        return ", ".join(
            str(BY_CODE[group.name].label) for group in account.groups.all() if group.name in BY_CODE
        )

    @admin.display(description=_("shelters"))
    def shelter_names(self, account):
        return ", ".join(shelter.name for shelter in account.shelters.all())
