"""Batches of cards: made before people come, printed, and voided when a pile goes astray."""

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from intake import actions
from intake.card_sheets import BY_SLUG, sheets, square
from intake.forms.cards import BatchForm, PrintForm
from intake.models import Card, CardBatch
from shelters.admin_base import ScopedAdmin
from shelters.audit import Action
from shelters.forms import mistakes
from shelters.models import Shelter

COUNTS = {
    "size": Count("pk"),
    "bound": Count("pk", filter=Q(family__isnull=False, revoked_at=None)),
    "blank": Count("pk", filter=Q(family=None, revoked_at=None)),
    "revoked": Count("pk", filter=Q(revoked_at__isnull=False)),
}


@admin.register(CardBatch)
class CardBatchAdmin(ScopedAdmin):
    list_display = ("name", "shelter", "made", "maker", "size", "bound", "blank", "revoked", "state")
    list_select_related = ("shelter", "made_by")
    actions = None

    def get_urls(self):
        pages = [
            path(
                f"<path:object_id>/{name}/", self.admin_site.admin_view(view), name=f"intake_cardbatch_{name}"
            )
            for name, view in (("print", self.printed), ("void", self.voided))
        ]
        return [*pages, *super().get_urls()]

    # The list

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {"title": _("Batches of cards"), **(extra_context or {})})

    def prepare(self, request, rows):
        rows = super().prepare(request, rows)
        count(rows)
        return rows

    @admin.display(description=gettext_lazy("batch"), ordering="number")
    def name(self, batch):
        return _("Batch %(n)d") % {"n": batch.number}

    @admin.display(description=gettext_lazy("made"), ordering="made_at")
    def made(self, batch):
        return date_format(localtime(batch.made_at), "DATETIME_FORMAT")

    @admin.display(description=gettext_lazy("made by"))
    def maker(self, batch):
        return str(batch.made_by)

    @admin.display(description=gettext_lazy("cards"))
    def size(self, batch):
        return batch.counts["size"]

    @admin.display(description=gettext_lazy("with families"))
    def bound(self, batch):
        return batch.counts["bound"]

    @admin.display(description=gettext_lazy("blank"))
    def blank(self, batch):
        return batch.counts["blank"]

    @admin.display(description=gettext_lazy("no longer valid"))
    def revoked(self, batch):
        return batch.counts["revoked"]

    @admin.display(description=gettext_lazy("state"))
    def state(self, batch):
        return _("Voided") if batch.voided_at else _("In use")

    # Making one, and its page

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if object_id is None:
            return self.made_here(request)
        batch = self.batch_or_404(request, object_id)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        return self.page(request, batch, PrintForm(size=batch.counts["size"]))

    def batch_or_404(self, request, object_id, permission="intake.view_cardbatch"):
        batch = self.get_object(request, unquote(object_id))
        if not request.user.has_perm(permission):
            raise PermissionDenied
        count([batch])
        return batch

    def made_here(self, request):
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = BatchForm(request.POST or None, shelters=Shelter.objects.visible_to(request.user))
        if form.is_valid():
            try:
                with actions.once(form.submission(request.user)):
                    shelter, size = form.cleaned_data["shelter"], form.cleaned_data["size"]
                    batch = actions.make_batch(shelter=shelter, size=size, by=request.user)
            except actions.AlreadySaved as saved:
                if saved.is_same:  # a double click
                    return redirect("admin:intake_cardbatch_changelist")
                form.ask_again()
            else:
                messages.success(request, _("The cards are made. Print them now, or later."))
                return redirect("admin:intake_cardbatch_change", batch.pk)
        context = {"title": _("Make cards"), "form": form}
        return self.answer(request, "add.html", form, context)

    def page(self, request, batch, form):
        context = {
            "title": _("Batch %(n)d") % {"n": batch.number},
            "batch": batch,
            "form": form,
            "may_void": self.has_change_permission(request, batch) and not batch.voided_at,
        }
        return self.answer(request, "batch.html", form, context)

    def answer(self, request, template, form, context):
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "is_popup": False,
            "mistakes": mistakes(form) if form.is_bound else [],
            **context,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, f"admin/intake/cardbatch/{template}", context, status=status)

    # Printing and voiding

    def printed(self, request, object_id):
        """A page that holds nothing but cards. Only blank ones: a second copy of a family's card helps a thief."""
        batch = self.batch_or_404(request, object_id)
        form = PrintForm(request.GET, size=batch.counts["size"])
        if not form.is_valid():
            return self.page(request, batch, form)
        variant, first, last = (
            BY_SLUG[form.cleaned_data["on"]],
            form.cleaned_data["first"],
            form.cleaned_data["last"],
        )
        numbered = list(enumerate(batch.cards.order_by("code"), start=1))[first - 1 : last]
        cards = [
            {"number": number, "card": card, "square": square(card.code)}
            for number, card in numbered
            if not card.family_id and not card.revoked_at
        ]
        if not cards:
            form.add_error(None, _("There is no blank card among these: nothing to print."))
            return self.page(request, batch, form)
        self.trail(request, Action.CARDS_MADE, batch, printed=len(cards), on=variant.slug)
        context = {"batch": batch, "variant": variant, "sheets": sheets(cards, variant), "cards": len(cards)}
        return TemplateResponse(request, "admin/intake/cardbatch/print.html", context)

    def voided(self, request, object_id):
        batch = self.batch_or_404(request, object_id, "intake.change_cardbatch")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        blank = actions.void_batch(batch, by=request.user)
        no_more = ngettext(
            "Voided: %(n)d blank card is no longer valid.",
            "Voided: %(n)d blank cards are no longer valid.",
            blank,
        )
        messages.success(request, no_more % {"n": blank})
        return redirect("admin:intake_cardbatch_change", batch.pk)


def count(batches) -> None:
    """How many cards of each, and in which state, as `counts`: one query for all."""
    cards = Card.objects.filter(batch__in=batches).order_by().values("batch").annotate(**COUNTS)
    found = {row["batch"]: row for row in cards}
    for batch in batches:
        batch.counts = found.get(batch.pk, dict.fromkeys(COUNTS, 0))
