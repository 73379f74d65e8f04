"""Whose turn it is: people are called by a number, never by name."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from intake.ids import uuid7
from intake.models.families import Family
from shelters.models import Shelter


class TicketQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_ticket"):
            return self.none()
        return self.filter(shelter__staff=user)

    def waiting(self):
        """In the order they will be called."""
        return self.filter(state=Ticket.State.WAITING).order_by("turn", "number")

    def called(self):
        """At a desk now, the newest call first."""
        return self.filter(state=Ticket.State.CALLED).order_by("-called_at")

    def ended(self):
        """Served or gone, the newest first."""
        return self.filter(state__in=[Ticket.State.DONE, Ticket.State.GONE]).order_by("-ended_at")


class Ticket(models.Model):
    """A turn in one line on one day."""

    class Line(models.TextChoices):
        CLOTHING = "clothing", _("Clothing")
        HEALTH = "health", _("Health")
        LEGAL = "legal", _("Legal")
        CALLS = "calls", _("Phone calls")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        CALLED = "called", _("Called")
        DONE = "done", _("Served")
        GONE = "gone", _("Did not come")

    class Priority(models.TextChoices):
        NONE = "", _("None")
        PREGNANT = "pregnant", _("Pregnancy")
        INFANT = "infant", _("Baby")
        OLDER = "older", _("60 or older")
        DISABILITY = "disability", _("Disability")
        OTHER = "other", _("Other reason")

    LETTERS = {Line.CLOTHING: "A", Line.HEALTH: "B", Line.LEGAL: "C", Line.CALLS: "D"}

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shelter = models.ForeignKey(Shelter, models.PROTECT, related_name="tickets", verbose_name=_("shelter"))
    line = models.CharField(_("line"), max_length=8, choices=Line)
    queued_on = models.DateField(_("day"), help_text=_("The shelter's local day."))
    number = models.PositiveIntegerField(_("number"))
    turn = models.PositiveIntegerField(help_text="Order among those who wait; small first.")
    family = models.ForeignKey(
        Family, models.SET_NULL, null=True, blank=True, related_name="tickets", verbose_name=_("family")
    )
    people = models.PositiveSmallIntegerField(_("people"), default=1)
    priority = models.CharField(_("priority"), max_length=10, choices=Priority, blank=True)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.WAITING)
    no_shows = models.PositiveSmallIntegerField(_("times called in vain"), default=0)
    desk = models.CharField(_("desk"), max_length=40, blank=True)
    queued_at = models.DateTimeField(_("queued at"))
    called_at = models.DateTimeField(_("called at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    queued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    objects = TicketQuerySet.as_manager()

    class Meta:
        ordering = ["queued_on", "turn", "number"]
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        default_permissions = ["view", "add", "change"]
        indexes = [
            models.Index(fields=["shelter", "line", "queued_on", "state", "turn"], name="ticket_in_line")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["shelter", "line", "queued_on", "number"], name="ticket_number_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", called_at__isnull=True)
                | Q(state__in=["called", "done"], called_at__isnull=False)
                | Q(state="gone"),
                name="ticket_called_at_some_moment",
            ),
        ]

    def __str__(self):
        return f"{self.LETTERS[self.line]} {self.number:03}"

    @property
    def call_mark(self) -> str:
        """Which call of this ticket a page speaks of: a press that comes late names one that is over."""
        return f"{self.called_at.timestamp():.6f}" if self.called_at else ""
