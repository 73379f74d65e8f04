"""Requests about one's own data, the file that answers them, erasing somebody, and the policy as a page."""

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from intake import actions, retention, working_days
from intake.access import opened, standing
from intake.actions.families import with_absorbed
from intake.admin.base import OfPerson
from intake.models import DataRequest, Person
from intake.own_data import as_json, sections
from shelters import exports
from shelters.admin_base import ScopedAdmin
from shelters.audit import Action, record
from shelters.forms import mistakes
from shelters.proof import ProofForm

SOON = 5  # working days


class RequestForm(forms.ModelForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "person" in self.fields:  # may be gone later, not from the beginning
            self.fields["person"].required = True

    def clean_received_on(self):
        day = self.cleaned_data["received_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("That day has not come yet."))
        return day

    def _get_validation_exclusions(self):
        """The day it came is known though it is not on the form any more: nobody answers before."""
        return super()._get_validation_exclusions() - {"received_on"}


class OpenFilter(admin.SimpleListFilter):
    title = gettext_lazy("settled")
    parameter_name = "settled"

    def lookups(self, request, model_admin):
        return [("no", _("Waiting")), ("yes", _("Settled"))]

    def queryset(self, request, queryset):
        if self.value() == "no":
            return queryset.open()
        return queryset.exclude(pk__in=queryset.open()) if self.value() == "yes" else queryset


@admin.register(DataRequest)
class DataRequestAdmin(OfPerson, ScopedAdmin):
    form = RequestForm
    list_display = ("kind", "person", "received_on", "next_step", "state", "shelter")
    list_filter = (OpenFilter, "kind", "shelter")
    list_select_related = ("person__family", "shelter")
    ordering = ("due_on",)
    autocomplete_fields = ("person",)
    facts = ("next_step", "due_on", "carry_out_by", "recorder", "checked")
    fieldsets = (
        (None, {"fields": ("person", "kind", "received_on")}),
        (gettext_lazy("Who asks"), {"fields": ("identity",)}),
        (gettext_lazy("The answer"), {"fields": ("state", "answered_on", "note")}),
        (gettext_lazy("Days"), {"fields": facts}),
    )
    readonly_fields = facts

    def get_urls(self):
        view = self.admin_site.admin_view(self.policy)
        return [path("retention/", view, name="intake_datarequest_retention"), *super().get_urls()]

    def waiting(self, request) -> int:
        return DataRequest.objects.visible_to(request.user).open().count()

    def get_readonly_fields(self, request, obj=None):
        return (*super().get_readonly_fields(request, obj), *(("person", "received_on") if obj else ()))

    def get_fieldsets(self, request, obj=None):
        """The days are reckoned when it is saved."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj else fieldsets[:-1]

    def get_object(self, request, object_id, from_field=None):
        """The person may have been erased since; then nobody is opened."""
        asked = ScopedAdmin.get_object(self, request, object_id, from_field)
        timezone.activate(asked.shelter.tz)
        if asked.person:
            opened(request.user, asked.person.family)
        return asked

    def families_on(self, row) -> tuple:
        return (row.person.family_id,) if row.person else ()

    def shelter_of(self, asked):
        return asked.shelter

    def save_model(self, request, asked, form, change):
        if not change:
            asked.received_by, asked.shelter = request.user, asked.person.family.shelter
        asked.set_the_clock()
        if "identity" in form.changed_data or not change:
            asked.note_identity(by=request.user)
        super().save_model(request, asked, form, change)

    def tools(self, request, asked) -> list:
        person = asked.person
        return person_tools(request, person) if person and asked.is_open else []

    @admin.display(description=gettext_lazy("next step"))
    def next_step(self, asked):
        if not asked.is_open:
            return "—"
        words, is_late = due_words(asked, timezone.localdate())
        return format_html('<span class="{}">{}</span>', "due-late" if is_late else "due", words)

    @admin.display(description=gettext_lazy("received by"))
    def recorder(self, asked):
        return str(asked.received_by)

    @admin.display(description=gettext_lazy("identity checked"))
    def checked(self, asked):
        return f"{asked.identity_by} · {date_format(asked.identity_on)}" if asked.identity_by else "—"

    def policy(self, request):
        """What is kept of people, for how long and why; for whoever may read families."""
        if not request.user.has_perm("intake.view_family"):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("What is kept, and how long"),
            "opts": self.opts,
            "is_popup": False,
            "days": retention.KEPT_DAYS,
            "tables": [policy_of(*each) for each in retention.TABLES.items()],
            "account_years": retention.ACCOUNT_DAYS // 365,
            "accounts": [policy_of(*each) for each in retention.ACCOUNTS.items()],
            "others": retention.by_reason(),
        }
        return TemplateResponse(request, "admin/intake/datarequest/retention.html", context)


def due_words(asked, today) -> tuple[str, bool]:
    """(words, whether it is late or nearly): what has to be done next, and in how many working days."""
    doing = _("Answer") if asked.state == DataRequest.State.OPEN else _("Carry out")
    left = working_days.between(today, asked.next_day)
    day = date_format(asked.next_day, "SHORT_DATE_FORMAT")
    if left < 0:
        late = ngettext("%(n)d working day late", "%(n)d working days late", -left) % {"n": -left}
        return f"{doing}: {day} · {late}", True
    if left == 0:
        return f"{doing}: {day} · {_('today is the last day')}", True
    rest = ngettext("%(n)d working day left", "%(n)d working days left", left) % {"n": left}
    return f"{doing}: {day} · {rest}", left <= SOON


def policy_of(label, table) -> dict:
    model = apps.get_model(label)
    rules = [
        {
            "fields": columns_in_words(model, rule.fields.split()),
            "anonymised": rule.anonymised.label,
            "is_kept": rule.anonymised == retention.Then.KEPT,
            "why": rule.why,
        }
        for rule in table.rules
    ]
    return {
        "name": capfirst(retention.name_of(label)),
        "rules": rules,
        "erased": retention.Then(table.erased).label,
        "has_history": hasattr(model, "history"),
    }


def columns_in_words(model, names) -> str:
    """As the pages call them; what no page shows has no name in the languages of the readers."""
    told = [model._meta.get_field(name).verbose_name for name in names]
    named = [str(words) for words in told if isinstance(words, Promise)]
    if len(named) < len(told):
        named.append(_("keys and marks of the program"))
    return ", ".join(named)


# --- of one person ----------------------------------------------------------------------------------------------


class EraseForm(forms.Form):
    why = forms.ChoiceField(
        label=gettext_lazy("Why"),
        choices=[("", "—"), *actions.Why.choices],
        error_messages={"required": gettext_lazy("Choose why this person is erased.")},
    )
    sure = forms.BooleanField(
        label=gettext_lazy("Erase for good. I know that nobody can undo this."),
        error_messages={"required": gettext_lazy("Tick that you know: nobody can undo this.")},
    )

    def __init__(self, *args, person, **kwargs):
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_why(self):
        why = self.cleaned_data["why"]
        if why == actions.Why.REQUEST and not granted(self.person, DataRequest.Kind.CANCELLATION):
            raise forms.ValidationError(
                _("First write down their request, how you know who asks, and that it is granted.")
            )
        return why


def granted(person, kind) -> bool:
    """Whether they asked for this, somebody knows that it was them, and it was not refused or taken back.

    What they asked under a record that was joined into theirs since is asked by them.
    """
    people = with_absorbed(Person.objects.filter(pk=person.pk))
    return DataRequest.objects.open().filter(person__in=people, kind=kind).exclude(identity="").exists()


def person_tools(request, person) -> list[tuple[str, str]]:
    """Of whoever stands for this person, where the record was joined into another."""
    tools, pk = [], standing(Person, person.pk)
    if request.user.has_perm("intake.view_datarequest"):
        tools.append((reverse("admin:intake_person_own_data", args=[pk]), _("Own data")))
    if request.user.has_perm("intake.erase_person"):
        tools.append((reverse("admin:intake_person_erase", args=[pk]), _("Erase")))
    return tools


class OwnData:
    """For the page of a person: the file with all that is held, and the way to erase it."""

    def get_urls(self):
        pages = (("own-data", self.own_data), ("own-data.json", self.own_data_file), ("erase", self.erase))
        named = {"own-data": "own_data", "own-data.json": "own_data_file", "erase": "erase"}
        return [
            *(
                path(
                    f"<uuid:pk>/{end}/", self.admin_site.admin_view(view), name=f"intake_person_{named[end]}"
                )
                for end, view in pages
            ),
            *super().get_urls(),
        ]

    def tools(self, request, person) -> list:
        return person_tools(request, person)

    def person_for(self, request, pk, permission) -> Person:
        """Opened like any other page of a person."""
        if not request.user.has_perm(permission):
            raise PermissionDenied
        return self.get_object(request, unquote(str(pk)))

    def page(self, request, person, template, status=200, **context):
        base = {**self.admin_site.each_context(request), "opts": self.opts, "is_popup": False}
        context = {**base, "person": person, **context}
        return TemplateResponse(request, f"admin/intake/person/{template}", context, status=status)

    def own_data(self, request, pk):
        """To read and to print; only when it is known that it is theirs to have, and who hands it over."""
        person = self.person_for(request, pk, "intake.view_datarequest")
        is_known = granted(person, DataRequest.Kind.ACCESS)
        proof = ProofForm(request.POST if request.method == "POST" else None, request=request)
        is_proven = not proof.fields or proof.is_valid()
        is_shown = is_known and is_proven
        if is_shown:
            record(Action.OWN_DATA_GIVEN, by=request.user, shelter=person.family.shelter, subject=person)
        return self.page(
            request,
            person,
            "own_data.html",
            title=_("Everything held on this person"),
            status=422 if proof.errors else 200,
            is_known=is_known,
            is_proven=is_proven,
            proof=proof,
            sections=sections(person) if is_shown else (),
            made_at=timezone.now(),
        )

    def own_data_file(self, request, pk):
        person = self.person_for(request, pk, "intake.view_datarequest")
        if not granted(person, DataRequest.Kind.ACCESS) or ProofForm(request=request).fields:
            return redirect("admin:intake_person_own_data", person.pk)
        shelter = person.family.shelter
        record(Action.OWN_DATA_GIVEN, by=request.user, shelter=shelter, subject=person, format="json")
        name = exports.file_name("own_data", shelter, timezone.now(), "json")
        return exports.download(as_json(person), name=name, content_type="application/json; charset=utf-8")

    def erase(self, request, pk):
        """The one place in the program where somebody is erased by hand; a second person would be asked for here."""
        person = self.person_for(request, pk, "intake.erase_person")
        sent = request.POST if request.method == "POST" else None
        form, proof = EraseForm(sent, person=person), ProofForm(sent, request=request)
        if all([form.is_valid(), proof.is_valid()]):
            actions.erase(person, reason=form.cleaned_data["why"], by=request.user)
            messages.success(
                request, _("Erased. Nothing of this person is left, and no late form brings them back.")
            )
            return redirect("admin:intake_person_changelist")
        return self.page(
            request,
            person,
            "erase.html",
            status=422 if form.is_bound else 200,
            title=_("Erase for good"),
            form=form,
            proof=proof,
            mistakes=[*mistakes(form), *mistakes(proof)] if form.is_bound else [],
            others=person.family.members.exclude(pk=person.pk).count(),
            is_inside=person.stays.open().exists(),
            comments=person.family.comments,
        )
