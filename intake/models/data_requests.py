"""What people ask about their own data, and until when they have to be answered."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from intake import working_days
from intake.ids import uuid7
from intake.models.families import Person
from shelters.models import Shelter

TO_ANSWER, TO_CARRY_OUT = 20, 15  # working days


class DataRequestQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_datarequest"):
            return self.none()
        return self.filter(shelter__staff=user)

    def open(self):
        """Waiting for an answer, or for what was promised."""
        return self.filter(state__in=[DataRequest.State.OPEN, DataRequest.State.GRANTED])


class DataRequest(models.Model):
    """Access, rectification, cancellation, opposition: answered within 20 working days, carried out within 15 more."""

    class Kind(models.TextChoices):
        ACCESS = "access", _("Access: see what is held")
        RECTIFICATION = "rectification", _("Rectification: correct it")
        CANCELLATION = "cancellation", _("Cancellation: erase it")
        OPPOSITION = "opposition", _("Opposition: stop using it for something")

    class Identity(models.TextChoices):
        NONE = "", _("Not checked yet")
        CARD = "card", _("Their card, and answers that only they know")
        DOCUMENT = "document", _("A document was looked at, not copied")
        KNOWN = "known", _("Known to somebody who works here")
        REPRESENTATIVE = "representative", _("Mother, father, guardian or representative")

    class State(models.TextChoices):
        OPEN = "open", _("To be answered")
        GRANTED = "granted", _("Granted, to be carried out")
        DONE = "done", _("Carried out")
        REFUSED = "refused", _("Refused, with the reason")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shelter = models.ForeignKey(
        Shelter, models.PROTECT, related_name="+", verbose_name=_("shelter"), editable=False
    )
    person = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="requests", verbose_name=_("person")
    )
    kind = models.CharField(_("what they ask for"), max_length=13, choices=Kind)
    received_on = models.DateField(_("received on"), help_text=_("The day on which they asked."))
    due_on = models.DateField(_("to be answered by"), editable=False)
    carry_out_by = models.DateField(_("to be carried out by"), editable=False)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("received by"),
        editable=False,
    )
    identity = models.CharField(
        _("how we know who asks"),
        max_length=14,
        choices=Identity,
        blank=True,
        help_text=_("Nothing is handed over before. No copies, no document numbers."),
    )
    identity_on = models.DateField(_("identity checked on"), null=True, editable=False)
    identity_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("identity checked by"),
        editable=False,
    )
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.OPEN)
    answered_on = models.DateField(_("answered on"), null=True, blank=True)
    note = models.CharField(
        _("note"), max_length=200, blank=True, help_text=_("What was answered, and why. No names.")
    )

    objects = DataRequestQuerySet.as_manager()

    class Meta:
        ordering = ["due_on"]
        verbose_name = _("request about one's own data")
        verbose_name_plural = _("requests about one's own data")
        default_permissions = ["view", "add", "change"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=("open", "withdrawn")) | Q(answered_on__isnull=False),
                name="data_request_answered_has_its_day",
                violation_error_message=_("Write on which day it was answered."),
            ),
            models.CheckConstraint(
                condition=Q(answered_on__isnull=True) | Q(answered_on__gte=models.F("received_on")),
                name="data_request_answered_after_it_came",
                violation_error_message=_("It cannot have been answered before it came."),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("granted", "done")) | ~Q(identity=""),
                name="data_request_granted_to_somebody_known",
                violation_error_message=_("First write how we know who asks."),
            ),
            models.CheckConstraint(
                condition=Q(identity="", identity_on__isnull=True, identity_by__isnull=True)
                | (~Q(identity="") & Q(identity_on__isnull=False, identity_by__isnull=False)),
                name="data_request_identity_by_somebody",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} · {date_format(self.received_on, 'DATE_FORMAT')}"

    def set_the_clock(self) -> None:
        """20 working days to answer; 15 more, from the answer on, to carry it out."""
        self.due_on = working_days.after(self.received_on, TO_ANSWER)
        self.carry_out_by = working_days.after(self.answered_on or self.due_on, TO_CARRY_OUT)

    def note_identity(self, *, by) -> None:
        """Who looked, and when; taken back, it was nobody."""
        self.identity_on, self.identity_by = (self.shelter.today(), by) if self.identity else (None, None)

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.OPEN, self.State.GRANTED)

    @property
    def next_day(self):
        """The day until which the next step has to be done."""
        return self.due_on if self.state == self.State.OPEN else self.carry_out_by
