"""With whom a family's data may be shared, the file for a partner, and the register of what was handed over."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from intake import actions
from intake.hand_overs import FIELDS, people_for, rows
from intake.models import HandOver
from intake.reports.records_export import RecordsExport
from shelters import exports
from shelters.admin_base import ScopedAdmin
from shelters.forms import mistakes
from shelters.models import Organization, Shelter
from shelters.proof import ProofForm

ANSWERS = {"": None, "yes": True, "no": False}


class ConsentForm(forms.Form):
    """A switch for each partner that may still get data, and for those of which something was said."""

    def __init__(self, *args, family, **kwargs):
        super().__init__(*args, **kwargs)
        said = {consent.organization_id: consent.is_given for consent in family.consents.all()}
        known = Organization.objects.filter(pk__in=said)
        self.partners = {
            f"partner_{each.pk}": each for each in (Organization.objects.offered() | known).distinct()
        }
        usual = _("As they answered the notice: yes") if family.notice_answer == "accepted" else None
        usual = usual or _("As they answered the notice: no")
        words = {None: "", True: "yes", False: "no"}
        for name, partner in self.partners.items():
            self.fields[name] = forms.ChoiceField(
                label=partner.name,
                required=False,
                choices=[("", usual), ("yes", _("Yes, share")), ("no", _("No, do not share"))],
                initial=words[said.get(partner.pk)],
            )

    def answers(self) -> dict:
        return {partner: ANSWERS[self.cleaned_data[name]] for name, partner in self.partners.items()}


class Sharing:
    """For the page of a family: a switch for each partner."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.sharing)
        return [path("<uuid:pk>/sharing/", view, name="intake_family_sharing"), *super().get_urls()]

    def tools(self, request, family) -> list:
        if family.is_count_only or not request.user.has_perm("intake.change_family"):
            return []
        return [(reverse("admin:intake_family_sharing", args=[family.pk]), _("Sharing"))]

    def sharing(self, request, pk):
        family = self.get_object(request, str(pk))
        if family.is_count_only or not request.user.has_perm("intake.change_family"):
            raise PermissionDenied
        form = ConsentForm(request.POST if request.method == "POST" else None, family=family)
        if form.is_valid():
            actions.record_consents(family, form.answers(), by=request.user)
            messages.success(request, _("Saved."))
            return redirect("admin:intake_family_change", family.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("With whom their data may be shared"),
            "opts": self.opts,
            "is_popup": False,
            "family": family,
            "head": self.head(family),
            "form": form,
            "mistakes": mistakes(form) if form.is_bound else [],
        }
        status = 422 if form.is_bound else 200
        return TemplateResponse(request, "admin/intake/family/sharing.html", context, status=status)


class HandOverForm(forms.Form):
    shelter = forms.ModelChoiceField(Shelter.objects.none(), label=gettext_lazy("Shelter"))
    organization = forms.ModelChoiceField(Organization.objects.none(), label=gettext_lazy("For whom"))
    purpose = forms.ChoiceField(label=gettext_lazy("What is it for?"), choices=[])
    since = forms.DateField(
        label=gettext_lazy("Registered from"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    until = forms.DateField(
        label=gettext_lazy("Registered to"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        for field in self.fields.values():
            field.error_messages["required"] = _("Fill in: %(field)s") % {"field": field.label}
        self.fields["shelter"].queryset = Shelter.objects.filter(staff=user)
        self.fields["organization"].queryset = Organization.objects.offered()
        self.fields["purpose"].choices = [("", "—"), *HandOver.Purpose.choices[:2]]

    def clean(self):
        asked = super().clean()
        if self.errors:
            return asked
        if asked["until"] < asked["since"]:
            self.add_error("until", _("The last day comes before the first."))
            return asked
        wanted = ("organization", "shelter", "since", "until")
        asked["people"] = people_for(*(asked[name] for name in wanted), self.user)
        people = asked["people"].count()
        if not people:
            self.add_error("organization", _("Nobody of these days has agreed to share with this partner."))
        elif people > RecordsExport.most_alone:
            few = {"people": people, "most": RecordsExport.most_alone}
            words = _("%(people)s people are too many for one account. Choose days with %(most)s at most.")
            self.add_error("until", words % few)
        return asked


@admin.register(HandOver)
class HandOverAdmin(ScopedAdmin):
    """The register. What left as a file stands there by itself; what left on paper is written down."""

    list_display = ("handed_on", "organization", "what", "size", "basis", "shelter")
    list_filter = ("organization", "purpose", "basis", "shelter")
    list_select_related = ("organization", "shelter")
    ordering = ("-made_at",)
    fields = ("shelter", "organization", "handed_on", "what", "fields", "people", "purpose", "basis")

    @admin.display(description=gettext_lazy("of how many people"), ordering="people")
    def size(self, row):
        """With its word: on a phone no heading stands above it."""
        return ngettext("%(n)s person", "%(n)s people", row.people) % {"n": f"{row.people:,}"}

    def get_urls(self):
        view = self.admin_site.admin_view(self.file)
        return [path("file/", view, name="intake_handover_file"), *super().get_urls()]

    def has_change_permission(self, request, obj=None):
        return False

    def save_model(self, request, made, form, change):
        made.by = request.user
        super().save_model(request, made, form, change)

    def file(self, request):
        """Records of people for a partner: of whoever agreed to it, and of nobody else."""
        if not request.user.has_perms(["intake.add_handover", "intake.export_records"]):
            raise PermissionDenied
        sent = request.POST if request.method == "POST" else None
        form, proof = HandOverForm(sent, user=request.user), ProofForm(sent, request=request)
        if all([form.is_valid(), proof.is_valid()]):
            return self.send(request, form.cleaned_data)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Records for a partner"),
            "opts": self.opts,
            "is_popup": False,
            "form": form,
            "proof": proof,
            "mistakes": [*mistakes(form), *mistakes(proof)] if form.is_bound else [],
        }
        status = 422 if form.is_bound else 200
        return TemplateResponse(request, "admin/intake/handover/file.html", context, status=status)

    def send(self, request, asked):
        shelter, partner = asked["shelter"], asked["organization"]
        name = exports.file_name(f"for-{partner.code}"[:40], shelter, timezone.now(), "csv")
        actions.hand_over(
            shelter,
            partner,
            what=name[:80],
            purpose=asked["purpose"],
            fields=", ".join(FIELDS),
            people=asked["people"].count(),
            by=request.user,
        )
        lines = exports.csv_lines(FIELDS, rows(asked["people"], asked["until"]))
        return exports.download(lines, name=name, content_type="text/csv; charset=utf-8")
