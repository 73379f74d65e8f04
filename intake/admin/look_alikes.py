"""Possible duplicates: two families side by side, and a coordinator's verdict."""

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Prefetch, Window
from django.db.models.functions import Greatest, Least, RowNumber
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from intake.access import opened
from intake.admin.base import ListsPeople, head_of
from intake.admin.merges import join_page, merge_of
from intake.models import Family, LookAlike, Person
from intake.side_by_side import Side, certainty_words, day, family_lines, matches
from shelters.admin_base import ScopedAdmin
from shelters.audit import Action

Verdict = LookAlike.Verdict
JOINED = (Verdict.SAME, Verdict.OTHER_FAMILY)


class VerdictFilter(admin.SimpleListFilter):
    """Those that wait, unless asked otherwise."""

    title = gettext_lazy("verdict")
    parameter_name = "verdict"

    def lookups(self, request, model_admin):
        return [("not_same", _("Not the same")), ("joined", _("Joined")), ("all", _("All"))]

    def choices(self, changelist):
        first, *rest = super().choices(changelist)
        return [{**first, "display": _("To be judged")}, *rest]

    def queryset(self, request, queryset):
        match self.value():
            case "all":
                return queryset
            case "joined":
                return queryset.filter(verdict__in=JOINED)
            case "not_same":
                return queryset.filter(verdict=Verdict.NOT_SAME)
        return queryset.open()


def strongest(rows):
    """Of every two families the most certain pair; the page shows them all."""
    ends = (F("first__family"), F("second__family"))
    place = Window(
        RowNumber(),
        partition_by=[F("verdict"), Least(*ends), Greatest(*ends)],
        order_by=[F("certainty").desc(), F("pk").asc()],
    )
    return rows.annotate(place=place).filter(place=1)


@admin.register(LookAlike)
class LookAlikeAdmin(ListsPeople, ScopedAdmin):
    list_display = ("people", "how_certain", "both_families", "alike", "found_at", "verdict_now")
    list_filter = (VerdictFilter,)
    list_select_related = ("first__family__shelter", "second__family__shelter")
    ordering = ("-verdict", "-certainty", "-found_at")  # those not judged yet before those put off
    actions = None

    def has_add_permission(self, request):
        """They are found by comparing, at every registration."""
        return False

    def get_urls(self):
        joins = [
            path(
                f"<path:object_id>/{name}/", self.admin_site.admin_view(view), name=f"intake_lookalike_{name}"
            )
            for name, view in (("join", self.join_families), ("join-person", self.join_person))
        ]
        return [*joins, *super().get_urls()]

    # The list

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        is_list = request.resolver_match.url_name.endswith("_changelist")
        if not is_list:
            return rows
        families = ("first__family__members", "second__family__members")
        return strongest(rows).prefetch_related(*(Prefetch(path, Person.objects.all()) for path in families))

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(
            request, {"title": _("Who may be here twice?"), **(extra_context or {})}
        )

    def waiting(self, request) -> int:
        """For the first page of the admin: how many pairs of families there are to judge."""
        return strongest(LookAlike.objects.visible_to(request.user).open()).order_by()[:1000].count()

    def prepare(self, request, rows):
        rows = super().prepare(request, rows)
        families = {person.family_id for row in rows for person in (row.first, row.second)}
        pairs = LookAlike.objects.filter(first__family__in=families, second__family__in=families)
        alike = {}
        for ends in pairs.values_list("first__family", "first", "second__family", "second"):
            one, first, other, second = ends
            sides = alike.setdefault(frozenset((one, other)), {})
            sides.setdefault(one, set()).add(first)
            sides.setdefault(other, set()).add(second)
        for row in rows:
            sides = alike[frozenset((row.first.family_id, row.second.family_id))]
            row.alike = min(len(people) for people in sides.values())
        return rows

    def families_on(self, row):
        return row.first.family_id, row.second.family_id

    def history_view(self, request, object_id, extra_context=None):
        pair = self.get_object(request, unquote(object_id))
        for person in (pair.first, pair.second):
            opened(request.user, person.family)
        return super().history_view(request, object_id, extra_context)

    @admin.display(description=gettext_lazy("who"))
    def people(self, row):
        return f"{row.first} · {row.second}"

    @admin.display(description=gettext_lazy("certainty"), ordering="certainty")
    def how_certain(self, row):
        return f"{certainty_words(row.certainty)} · {row.certainty} %"

    @admin.display(description=gettext_lazy("both families"))
    def both_families(self, row):
        return format_html("{}<br>{}", *(self.short(person.family) for person in (row.first, row.second)))

    def short(self, family):
        # Of a family that was joined into another everybody counts: nobody of it stands any more.
        n = sum(bool(family.merged_into_id) or not each.merged_into_id for each in family.members.all())
        size = ngettext("%(n)s person alone", "family of %(n)s", n) % {"n": n}
        return _("%(head)s, %(size)s, arrived %(day)s") % {
            "head": head_of(family) or family,
            "size": size,
            "day": day(family.arrived_on),
        }

    @admin.display(description=gettext_lazy("people alike"))
    def alike(self, row):
        return row.alike

    @admin.display(description=gettext_lazy("verdict"))
    def verdict_now(self, row):
        return row.get_verdict_display()

    # The page of two families

    def pair_or_404(self, request, object_id, permission):
        pair = self.get_object(request, unquote(object_id))
        if not request.user.has_perm(permission):
            raise PermissionDenied
        return pair

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if object_id is None:
            raise PermissionDenied
        pair = self.pair_or_404(request, object_id, "intake.view_lookalike")
        if request.method == "POST":
            return self.judged(request, pair)
        sides = sides_of(request.user, pair)
        if not sides:
            return self.settled(request, pair)
        return TemplateResponse(
            request, "admin/intake/lookalike/review.html", self.context(request, pair, sides)
        )

    def context(self, request, pair, sides):
        one, other = sides
        return {
            **self.admin_site.each_context(request),
            "title": _("Are these the same people?"),
            "opts": self.opts,
            "pair": pair,
            "one": one,
            "other": other,
            "matches": matches(one, other),
            "family_lines": family_lines(one, other),
            "refused": one.family.is_count_only or other.family.is_count_only,
            "is_judged": pair.verdict != Verdict.OPEN,
            "seen": state_of(pair),
            "may_judge": self.has_change_permission(request, pair),
            "may_join": request.user.has_perm("intake.add_merge"),
            "is_popup": False,
        }

    def settled(self, request, pair):
        """Nothing is left to judge: show what was joined, where it can be undone."""
        if merge := merge_of(request.user, pair):
            return redirect("admin:intake_merge_change", merge.pk)
        messages.info(request, _("These records are joined already, or one of them is no longer here."))
        return redirect("admin:intake_lookalike_changelist")

    def judged(self, request, pair):
        if not self.has_change_permission(request, pair):
            raise PermissionDenied
        verdict = request.POST.get("verdict")
        if verdict in JOINED:
            name = "join" if verdict == Verdict.SAME else "join-person"
            return redirect(f"admin:intake_lookalike_{name}", pair.pk)
        if verdict not in (Verdict.NOT_SAME, Verdict.LATER):
            messages.error(request, _("Choose one of the buttons."))
            return redirect(request.path)
        with transaction.atomic():
            return self.store(request, pair, verdict)

    def store(self, request, pair, verdict):
        """The verdict holds for everybody of the two families."""
        families = (pair.first.family, pair.second.family)
        rows = LookAlike.objects.between(*families).order_by("pk")
        rows = list(rows.select_for_update(of=("self",)))
        now = next((row for row in rows if row.pk == pair.pk), None)
        if now is None:
            return self.settled(request, pair)
        if state_of(now) != request.POST.get("seen") and now.judged_by_id != request.user.pk:
            who = {"who": now.judged_by, "verdict": now.get_verdict_display()}
            messages.warning(
                request, _("Meanwhile %(who)s decided: %(verdict)s. Look again before you change it.") % who
            )
            return redirect(request.path)
        for row in rows:
            row.judge(verdict, by=request.user)
        LookAlike.objects.bulk_update(rows, ["verdict", "judged_at", "judged_by"])
        self.trail(request, Action.LOOK_ALIKE_JUDGED, pair, verdict=verdict, pairs=len(rows))
        told = {
            Verdict.NOT_SAME: _("Noted: not the same."),
            Verdict.LATER: _("Put off: it stays in the list."),
        }
        messages.success(request, told[verdict])
        return redirect("admin:intake_lookalike_changelist")

    def shelter_of(self, obj):
        return obj.first.family.shelter

    # Joining

    def join_families(self, request, object_id):
        return self.joined(request, object_id, whole=True)

    def join_person(self, request, object_id):
        return self.joined(request, object_id, whole=False)

    def joined(self, request, object_id, *, whole):
        pair = self.pair_or_404(request, object_id, "intake.add_merge")
        sides = sides_of(request.user, pair)
        if not sides:
            return self.settled(request, pair)
        if any(side.family.is_count_only for side in sides):
            messages.error(
                request, _("A family that refused the privacy notice keeps only counts: it cannot be joined.")
            )
            return redirect("admin:intake_lookalike_change", pair.pk)
        return join_page(self, request, pair, sides, whole=whole)


def state_of(pair) -> str:
    return f"{pair.verdict} {pair.judged_at.isoformat() if pair.judged_at else ''}"


def sides_of(user, pair) -> list[Side] | None:
    """Both families, the one registered first before the other; None when there is nothing left to compare."""
    people = (pair.first, pair.second)
    families = Family.objects.visible_to(user).filter(pk__in=[person.family_id for person in people])
    families = families.select_related("shelter", "language", "registered_by").prefetch_related("cards")
    families = list(families.order_by("registered_at", "pk"))
    if len(families) < 2 or any(person.merged_into_id for person in people):
        return None
    return [Side(opened(user, family), user) for family in families]
