"""The building and the people who work in it. Nothing here knows of families."""

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shelters.break_glass import BreakGlass  # noqa: F401  (a table of this app)
from shelters.marks import mark_of
from shelters.places import Organization, Shelter, Zone, validate_timezone  # noqa: F401


class User(AbstractUser):
    """Somebody who works in one or more shelters."""

    shelters = models.ManyToManyField(
        "Shelter",
        related_name="staff",
        blank=True,
        verbose_name=_("shelters"),
        help_text=_("The shelters where this person works. Records of other shelters stay invisible."),
    )
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=settings.LANGUAGES,
        default="es",
        help_text=_("The language of the screens."),
    )
    access_until = models.DateField(
        _("access until"),
        null=True,
        blank=True,
        help_text=_("Last day on which the account opens. Give volunteers a date: two weeks is usual."),
    )
    last_shelter = models.ForeignKey(
        "Shelter", models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    last_desk = models.CharField(max_length=40, blank=True, editable=False)
    is_demo = models.BooleanField(default=False, editable=False)  # its password was printed by `dev.py run`

    objects = UserManager()

    class Meta(AbstractUser.Meta):
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        permissions = [("end_sessions", _("Can end the sessions of others"))]

    def __str__(self):
        return self.get_full_name() or self.username

    @property
    def has_access(self) -> bool:
        return self.is_active and (self.access_until is None or self.access_until >= timezone.localdate())


OF_NOTES = {  # the right that shows a line, and its actions
    "intake.handle_legal": ["legal_notes_opened", "legal_note_written"],
    "intake.handle_health": ["health_notes_opened", "health_note_written"],
}


class AccessEventQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Events of one's shelters; who works in none sees those of no shelter alone: accounts and lists.

        That there are notes about somebody is for those alone who read them: so are the lines that would tell it.
        """
        if not user.has_perm("shelters.see_shelter_events"):
            return self.filter(shelter__isnull=True)
        return self.filter(shelter__in=Shelter.objects.visible_to(user)).without_notes(user)

    def without_notes(self, user):
        hidden = [kind for right, kinds in OF_NOTES.items() if not user.has_perm(right) for kind in kinds]
        return self.exclude(action__in=hidden)


class MarkField(models.CharField):
    """Written with the line, whoever stores it."""

    def pre_save(self, event, add):
        event.mark = mark_of(event)
        return event.mark


class AccessEvent(models.Model):
    """Who did or read what, when, from where. Append-only: a trigger of the database refuses the rest.

    `detail` holds counts, codes and names of fields; never a value about a person.
    """

    class Action(models.TextChoices):
        SIGNED_IN = "signed_in", _("Signed in")
        SIGN_IN_REFUSED = "sign_in_refused", _("Sign-in refused")
        SIGNED_OUT = "signed_out", _("Signed out")
        CODE_REFUSED = "code_refused", _("Code of the second factor refused")
        ACCOUNT_LOCKED = "account_locked", _("Locked after five wrong passwords or codes")
        MANY_LOCKED = "many_locked", _("Many accounts locked in an hour")
        FACTOR_SET_UP = "factor_set_up", _("Second factor set up")
        FACTOR_TAKEN_OFF = "factor_taken_off", _("Second factor taken off")
        CODES_MADE = "codes_made", _("Recovery codes made")
        SESSION_ENDED = "session_ended", _("Sessions ended")
        SHIFT_STARTED = "shift_started", _("Shift started")
        FAMILY_REGISTERED = "family_registered", _("Family registered")
        FORM_KEPT = "form_kept", _("Form of a device kept to be corrected")
        FORM_OPENED = "form_opened", _("Form of a device opened")
        FORM_SETTLED = "form_settled", _("Form of a device corrected or thrown away")
        FAMILY_OPENED = "family_opened", _("Family opened")
        FAMILY_CHANGED = "family_changed", _("Family changed")
        PERSON_ADDED = "person_added", _("Person added")
        PERSON_CHANGED = "person_changed", _("Person changed")
        FAMILY_SPLIT = "family_split", _("Family split")
        DEPARTED = "departed", _("Departure recorded")
        DEPARTURE_UNDONE = "departure_undone", _("Departure undone")
        RETURNED = "returned", _("Return recorded")
        SERVICE_RECORDED = "service_recorded", _("Service recorded")
        SERVICE_CANCELLED = "service_cancelled", _("Service cancelled")
        INTENTION_RECORDED = "intention_recorded", _("Intention recorded")
        NEED_RECORDED = "need_recorded", _("Need recorded")
        CARDS_MADE = "cards_made", _("Cards made or printed")
        CARD_BOUND = "card_bound", _("Card bound")
        CARD_REVOKED = "card_revoked", _("Card revoked")
        CARD_SCANNED = "card_scanned", _("Card scanned")
        TALLIED = "tallied", _("People counted without names")
        QUEUED = "queued", _("Ticket given or called")
        SEEN = "seen", _("Seen in the shelter")
        COUNTED = "counted", _("Zone counted")
        ALERT_SETTLED = "alert_settled", _("Alert settled")
        GOODS_MOVED = "goods_moved", _("Goods recorded")
        SEARCHED = "searched", _("Searched")
        LOOK_ALIKES_SHOWN = "look_alikes_shown", _("Shown possible duplicates")
        LOOK_ALIKE_JUDGED = "look_alike_judged", _("Possible duplicate judged")
        MERGED = "merged", _("Records joined")
        MERGE_UNDONE = "merge_undone", _("Joining undone")
        CENSUS_FROZEN = "census_frozen", _("Census frozen")
        CENSUS_WITHDRAWN = "census_withdrawn", _("Frozen census withdrawn")
        REPORT_OPENED = "report_opened", _("Report opened")
        RECORDS_OPENED = "records_opened", _("Records behind a number opened")
        EXPORTED = "exported", _("Data exported")
        EXPORT_ASKED = "export_asked", _("Approval of an export asked")
        EXPORT_APPROVED = "export_approved", _("Export approved")
        EXPORT_DECLINED = "export_declined", _("Export declined")
        FAMILY_SHOWN = "family_shown", _("Shown in a list or a search")
        LISTED = "listed", _("List opened")
        LEGAL_NOTES_OPENED = "legal_notes_opened", _("Legal notes opened")
        LEGAL_NOTE_WRITTEN = "legal_note_written", _("Legal note written")
        HEALTH_NOTES_OPENED = "health_notes_opened", _("Health notes opened")
        HEALTH_NOTE_WRITTEN = "health_note_written", _("Health note written")
        TRAIL_OPENED = "trail_opened", _("Access trail opened")
        MANY_OPENED = "many_opened", _("Very many families opened in an hour")
        READING_STOPPED = "reading_stopped", _("Stopped: too many families in an hour")
        TRAIL_VERIFIED = "trail_verified", _("Access trail looked through: whole")
        TRAIL_BROKEN = "trail_broken", _("Access trail looked through: changed")
        FINDINGS_KNOWN = "findings_known", _("What was found in the access trail is known")
        CLOCK_MOVED = "clock_moved", _("Clock moved")
        ANONYMISED = "anonymised", _("Names and history deleted, counts kept")
        ACCOUNT_ANONYMISED = "account_anonymised", _("Closed account became a number")
        PERSON_ERASED = "person_erased", _("Person erased for good")
        OWN_DATA_GIVEN = "own_data_given", _("Own data handed over")
        BACKED_UP = "backed_up", _("Backup made")
        RESTORED = "restored", _("Backup restored")
        GLASS_ASKED = "break_glass_asked", _("Emergency access asked")
        GLASS_GRANTED = "break_glass_granted", _("Emergency access granted")
        GLASS_REFUSED = "break_glass_refused", _("Emergency access refused")
        GLASS_ENDED = "break_glass_ended", _("Emergency access ended")
        GLASS_REVIEWED = "break_glass_reviewed", _("Emergency access reviewed")
        ADMIN_ADDED = "admin_added", _("Added in the admin")
        ADMIN_CHANGED = "admin_changed", _("Changed in the admin")
        ADMIN_DELETED = "admin_deleted", _("Deleted in the admin")

    at = models.DateTimeField(_("at"), default=timezone.now, editable=False)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("account"))
    action = models.CharField(_("action"), max_length=20, choices=Action)
    shelter = models.ForeignKey(
        Shelter, models.PROTECT, null=True, related_name="+", verbose_name=_("shelter")
    )
    subject_type = models.CharField(_("kind of record"), max_length=60, blank=True)
    subject_id = models.CharField(_("record"), max_length=40, blank=True)
    address = models.GenericIPAddressField(_("network address"), null=True)
    detail = models.JSONField(_("detail"), default=dict)
    # Empty in lines from before there were any. Nullable both, so that a guarded table can be given them.
    desk = models.CharField(_("desk"), max_length=40, null=True, blank=True)
    mark = MarkField(max_length=64, null=True, editable=False)

    objects = AccessEventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("access event")
        verbose_name_plural = _("access events")
        default_permissions = ["view"]
        permissions = [("see_shelter_events", _("Can see what was done at their shelters"))]
        indexes = [
            models.Index(fields=["shelter", "-at"], name="access_event_by_shelter"),
            models.Index(fields=["subject_id", "-at"], name="access_event_by_subject"),
            models.Index(fields=["user", "action", "-at"], name="access_event_by_user"),
        ]

    def __str__(self):
        return f"{self.get_action_display()} {self.at:%Y-%m-%d %H:%M}"


class AuditSeal(models.Model):
    """Lines of the trail, linked to all that were sealed before them. Append-only, like the trail. See ADR 23."""

    number = models.PositiveBigIntegerField(primary_key=True)
    made_at = models.DateTimeField(default=timezone.now)
    ids = models.TextField()  # of its lines, as runs: 1-37 39-120
    events = models.PositiveIntegerField()
    reach = models.PositiveBigIntegerField()  # the highest id that was sealed so far
    lines = models.CharField(max_length=64)
    link = models.CharField(max_length=64)

    class Meta:
        ordering = ["number"]
        default_permissions = []

    def __str__(self):
        """The head of the trail, to be kept on paper: enough of the link that nobody can make another one fit."""
        return "-".join([str(self.number), *(self.link[at : at + 4] for at in range(0, 20, 4))])
