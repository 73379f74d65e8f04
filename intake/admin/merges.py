"""Joining the records of two families, what was moved, and taking it back."""

from collections import Counter

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db import IntegrityError
from django.db.models import Prefetch, Q, prefetch_related_objects
from django.http import HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake import actions
from intake.access import opened
from intake.admin.base import ListsPeople, head_of
from intake.forms.merging import MergeForm
from intake.models import Merge, Person, PersonNeed
from intake.side_by_side import matches
from shelters.admin_base import ScopedAdmin
from shelters.forms import mistakes

MOVING = (
    "servicereceived",
    "stay",
    "intention",
    "card",
)  # not needs: that there are any is not for everybody
BOOKKEEPING = {"version", "merged_into", "family", "position", "person"}
MODELS = {
    name: model
    for model in apps.get_app_config("intake").get_models()
    for name in (model._meta.label, model._meta.label_lower, model._meta.db_table, model._meta.model_name)
}


# --- joining -------------------------------------------------------------------------------------------------


def join_page(model_admin, request, pair, sides, *, whole):
    """Who is whom, which values stay; then join. A second click finds them joined."""
    one, other = sides
    data = request.POST if request.method == "POST" else None
    form = MergeForm(data, first=one, second=other, matches=matches(one, other), whole=whole)
    if form.is_valid():
        kept, gone = form.families
        try:
            merge = actions.merge(
                kept, gone, pairs=form.pairs(), picks=form.picks(), whole=whole, by=request.user
            )
        except actions.Overtaken:
            form.add_error(
                None, _("Meanwhile somebody changed one of these records. Look at them again, then send.")
            )
        except actions.CannotMerge as refusal:
            form.add_error(None, str(refusal) or _("These two cannot be joined."))
        else:
            messages.success(request, told_with(merge, _("Joined. You can undo this.")))
            return redirect("admin:intake_lookalike_changelist")
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Join two families") if whole else _("The same person, in another family"),
        "opts": model_admin.opts,
        "pair": pair,
        "one": one,
        "other": other,
        "form": form,
        "whole": whole,
        "mistakes": mistakes(form) if form.is_bound else [],
        "is_popup": False,
    }
    status = 422 if form.is_bound else 200
    return TemplateResponse(request, "admin/intake/lookalike/join.html", context, status=status)


def told_with(merge, text):
    """The sentence with the way to the record of the joining, where it is undone."""
    address = reverse("admin:intake_merge_change", args=[merge.pk])
    return format_html('{} <a href="{}">{}</a>', text, address, _("See what was joined"))


def merge_of(user, pair) -> Merge | None:
    """The joining that answered a pair: of those of their families the one that wrote most of the two people."""
    families = {pair.first.family_id, pair.second.family_id}
    people = {str(pair.first_id), str(pair.second_id)}
    merges = Merge.objects.visible_to(user).standing()
    merges = merges.filter(Q(kept__in=families) | Q(gone__in=families))
    return max(merges, key=lambda merge: len(people & {step[1] for step in merge.steps}), default=None)


# --- what was joined -----------------------------------------------------------------------------------------


class UndoneFilter(admin.SimpleListFilter):
    title = gettext_lazy("undone")
    parameter_name = "undone"

    def lookups(self, request, model_admin):
        return [("no", _("Joined")), ("yes", _("Undone"))]

    def queryset(self, request, queryset):
        undone = {"yes": True, "no": False}.get(self.value())
        return queryset if undone is None else queryset.filter(undone_at__isnull=not undone)


@admin.register(Merge)
class MergeAdmin(ListsPeople, ScopedAdmin):
    list_display = ("at", "by_name", "kept_head", "gone_head", "undone_at")
    list_filter = (UndoneFilter,)
    list_select_related = ("kept__shelter", "gone", "by")
    ordering = ("-at",)
    actions = None

    def has_add_permission(self, request):
        """Joined from the page of two families, where both are seen."""
        return False

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        if request.resolver_match.url_name.endswith("_changelist"):
            gone = Prefetch("gone__members", Person.objects.all())  # those who were joined, too
            return rows.prefetch_related("kept__members", gone)
        return rows

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {"title": _("Joined records"), **(extra_context or {})})

    def families_on(self, merge):
        return merge.kept_id, merge.gone_id

    @admin.display(description=gettext_lazy("recorded by"))
    def by_name(self, merge):
        return str(merge.by)

    @admin.display(description=gettext_lazy("family that stays"))
    def kept_head(self, merge):
        return str(head_of(merge.kept) or merge.kept)

    @admin.display(description=gettext_lazy("family joined into it"))
    def gone_head(self, merge):
        if not getattr(merge.gone, "_prefetched_objects_cache", None):
            prefetch_related_objects([merge.gone], Prefetch("members", Person.objects.all()))
        return str(head_of(merge.gone) or merge.gone)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if object_id is None:
            raise PermissionDenied
        merge = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, merge):
            raise PermissionDenied
        if request.method == "POST":
            return self.undone(request, merge)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        return self.page(request, merge)

    def page(self, request, merge, kept_later=()):
        opened(request.user, merge.kept)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Joined records"),
            "opts": self.opts,
            "merge": merge,
            "kept_head": self.kept_head(merge),
            "gone_head": self.gone_head(merge),
            **told(merge),
            "kept_later": [
                (table_name(each.row), *shown(each)) for each in readable(kept_later, request.user)
            ],
            "may_undo": self.may_undo(request, merge),
            "is_popup": False,
        }
        return TemplateResponse(request, "admin/intake/merge/page.html", context)

    def may_undo(self, request, merge) -> bool:
        return not (merge.undone_at or merge.is_final) and self.has_change_permission(request, merge)

    def undone(self, request, merge):
        if not self.has_change_permission(request, merge):
            raise PermissionDenied
        try:
            kept_later = actions.undo_merge(merge, by=request.user)
        except actions.CannotUndo as refusal:
            messages.error(request, str(refusal))
            return redirect(request.path)
        except IntegrityError:  # a safety net: undoing looks for itself what stands in its way
            text = _(
                "Nothing was undone: something recorded since stands in the way. Both records are as before."
            )
            messages.error(request, text)
            return redirect(request.path)
        messages.success(request, _("Undone: both families are as they were."))
        if not kept_later:
            return redirect(request.path)
        return self.page(request, self.get_object(request, str(merge.pk)), kept_later)

    def shelter_of(self, obj):
        return obj.shelter


# --- steps in words ------------------------------------------------------------------------------------------


def told(merge) -> dict:
    """Who was joined, who moved along, what is theirs now and which values changed. Nothing once it was undone."""
    steps = [] if merge.is_final or merge.undone_at else merge.steps
    people = [(key, columns) for table, key, columns, *_rest in steps if table == "person"]
    same = [(key, columns["merged_into_id"][1]) for key, columns in people if "merged_into_id" in columns]
    along = [key for key, columns in people if "family_id" in columns]
    keys = {key for key, _columns in people} | {kept for _gone, kept in same}
    names = {str(person.pk): str(person) for person in Person.objects.filter(pk__in=keys)}
    return {
        "same": [(names.get(gone, "—"), names.get(kept, "—")) for gone, kept in same],
        "along": [names.get(key, "—") for key in along],
        "theirs": theirs(steps),
        "changed": changed(steps, names),
    }


def theirs(steps) -> list[str]:
    """How many records of each kind stand on somebody else than before."""
    owner = {"card": "family_id"}
    counts = Counter(
        table
        for table, _key, columns, *removed in steps
        if table in MOVING and not removed and owner.get(table, "person_id") in columns
    )
    return [f"{MODELS[table]._meta.verbose_name_plural} {counts[table]}" for table in MOVING if counts[table]]


def changed(steps, names) -> list[tuple[str, str, str, str]]:
    """The values that were picked: (whose, field, before, after)."""
    found = []
    for table, key, columns, *rest in steps:
        model = MODELS[table]
        if rest or model._meta.model_name not in ("family", "person"):
            continue
        whose = names.get(key, "—") if model is Person else _("The family")
        for column, (before, after) in columns.items():
            field = field_of(model, column)
            if field and field.name not in BOOKKEEPING and not field.name.endswith("_key"):
                words = (words_of(field, value) for value in (before, after))
                found.append((whose, capfirst(field.verbose_name), *words))
    return found


def field_of(model, column):
    try:
        field = model._meta.get_field(column)
    except FieldDoesNotExist:
        field = next((each for each in model._meta.fields if each.attname == column), None)
    return field


def words_of(field, value) -> str:
    """A stored value as people read it."""
    if field.remote_field and value:
        return str(field.remote_field.model.objects.filter(pk=value).first() or value)
    return str(dict(field.flatchoices).get(value, value) or "—")


def table_name(row) -> str:
    return capfirst(row._meta.verbose_name)


def readable(kept_later, user) -> list:
    """Without needs of a tier that this account may not see."""
    needs = [each.row.pk for each in kept_later if isinstance(each.row, PersonNeed)]
    may_see = set(PersonNeed.objects.visible_to(user).filter(pk__in=needs).values_list("pk", flat=True))
    return [each for each in kept_later if not isinstance(each.row, PersonNeed) or each.row.pk in may_see]


def shown(kept) -> tuple[str, str, str]:
    """What undoing left as it is: (field, now, before the joining). A new row: itself, and with whom it stays."""
    if kept.column == "person":
        return str(kept.row), str(kept.row.person), "—"
    field = field_of(type(kept.row), kept.column)
    return capfirst(field.verbose_name), words_of(field, kept.now), words_of(field, kept.before)
