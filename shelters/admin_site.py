"""The admin's doors: who may come in, what a stranger is told, which tables there are.

Loaded while the apps are being set up, so models are imported inside the functions.
"""

from functools import wraps

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import DataError
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

# The order of the first page: what is used daily comes first.
APPS = ("intake", "shelters")
ORDER = (
    "Family",
    "Person",
    "LookAlike",
    "Merge",
    "Alert",
    "Stay",
    "Departure",
    "Headcount",
    "ServiceReceived",
    "Tally",
    "PersonNeed",
    "Intention",
    "DataRequest",
    "HandOver",
    "CardBatch",
    "ServiceCategory",
    "ServiceType",
    "Station",
    "Goods",
    "GoodsMovement",
    "PrivacyNotice",
    "SpecificNeed",
    "Plan",
    "LegalOutcome",
    "Region",
    "Language",
    "Shelter",
    "Zone",
    "Organization",
    "User",
    "AccessEvent",
)


class PuenteAdminConfig(AdminConfig):
    default_site = "shelters.admin_site.PuenteAdminSite"


class ScopedAutocomplete(AutocompleteJsonView):
    """Answers only for fields that a page of ours offers; anything else is no address at all."""

    def process_request(self, request):
        asked = tuple(request.GET.get(name, "") for name in ("app_label", "model_name", "field_name"))
        if asked not in self.admin_site.autocomplete_fields(request):
            raise Http404
        return super().process_request(request)

    def get_context_data(self, **kwargs):
        """What is offered to choose from is a list like any other: veiled, and on the trail."""
        context = super().get_context_data(**kwargs)
        return {**context, "object_list": self.model_admin.prepare(self.request, context["object_list"])}

    def serialize_result(self, obj, to_field_name):
        text = self.model_admin.autocomplete_text(obj)
        return {**super().serialize_result(obj, to_field_name), "text": text}


class PuenteAdminSite(AdminSite):
    site_title = site_header = "Puente"
    index_title = _("Administration")
    empty_value_display = "—"
    enable_nav_sidebar = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.disable_action("delete_selected")  # nothing about people is deleted by the dozen

    def register(self, model_or_iterable, admin_class=None, **options):
        """Our own tables only: groups are code (roles.py), and libraries' tables are nobody's business."""
        models = model_or_iterable if isinstance(model_or_iterable, (list, tuple)) else [model_or_iterable]
        ours = [model for model in models if model._meta.app_label in APPS]
        super().register(ours, admin_class, **options)

    def get_urls(self):
        """Without "view on site", which would find any record of any table by its key."""
        return [url for url in super().get_urls() if getattr(url, "name", None) != "view_on_site"]

    def admin_view(self, view, cacheable=False):
        """A missing right, a malformed key and a record that is not there get the same answer: 404."""

        @wraps(view)
        def answered(request, *args, **kwargs):
            try:
                return view(request, *args, **kwargs)
            except PermissionDenied as refusal:
                raise Http404 from refusal
            except (OverflowError, DataError) as error:  # a number that no column holds
                raise BadRequest from error

        guarded = super().admin_view(answered, cacheable)

        @wraps(guarded)
        def inner(request, *args, **kwargs):
            if request.user.is_authenticated and not self.has_permission(request):
                raise Http404
            if "\0" in request.path or any(
                "\0" in text for _key, texts in request.GET.lists() for text in texts
            ):
                raise BadRequest
            return guarded(request, *args, **kwargs)

        return inner

    @method_decorator(never_cache)
    @login_not_required
    def login(self, request, extra_context=None):
        """There is one sign-in, with one lock-out; it is not here."""
        from django.contrib.auth.views import redirect_to_login

        index = reverse("admin:index", current_app=self.name)
        if request.user.is_authenticated:
            if not self.has_permission(request):
                raise Http404
            return redirect(index)
        wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
        is_here = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
        return redirect_to_login(wanted if is_here else index, reverse("account_login"))

    def logout(self, request, extra_context=None):
        return redirect("account_logout")

    def password_change(self, request, extra_context=None):
        return redirect("account_change_password")

    def password_change_done(self, request, extra_context=None):
        return redirect("admin:index")

    def autocomplete_view(self, request):
        return ScopedAutocomplete.as_view(admin_site=self)(request)

    def autocomplete_fields(self, request) -> set[tuple[str, str, str]]:
        """(app, model, field) of every field with an autocomplete box, inlines included."""
        admins = [each for admin in self._registry.values() for each in (admin, *admin.inlines)]
        return {
            (admin.model._meta.app_label, admin.model._meta.model_name, field)
            for admin in admins
            for field in admin.autocomplete_fields
        }

    def get_app_list(self, request, app_label=None):
        """Put together where a page shows it: every page of the admin asks, and the reports have no place for it."""
        return SimpleLazyObject(lambda: self.in_order(self._build_app_dict(request, app_label)))

    def in_order(self, apps) -> list[dict]:
        for app in apps.values():
            app["models"].sort(key=lambda model: ORDER.index(model["object_name"]))
        return [apps[label] for label in APPS if label in apps]

    def index(self, request, extra_context=None):
        """Beside a table with work in it stands how much is waiting; above them, what somebody has to look into."""
        from shelters import alarms as of_the_machine

        apps = self.get_app_list(request)
        for model in (model for app in apps for model in app["models"]):
            if waiting := getattr(self._registry[model["model"]], "waiting", None):
                model["name"] = f"{model['name']} ({waiting(request)})"
        raised = (getattr(each, "alarms", None) for each in self._registry.values())
        context = {
            "app_list": apps,
            "alarms": [alarm for alarms in raised if alarms for alarm in alarms(request)],
            "of_the_machine": of_the_machine.shown_to(request.user),
        }
        if request.user.has_perm("shelters.change_user"):
            context["last_done"] = of_the_machine.last_done()
        return super().index(request, {**context, **(extra_context or {})})

    def get_log_entries(self, request):
        """Django's own log keeps the names of records, so nothing is written there: see the access events."""
        return super().get_log_entries(request).none()
