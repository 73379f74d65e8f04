"""A census as it was handed in: numbers that stay, whatever is corrected later."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.ids import uuid7
from shelters.models import Shelter


class CutQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Of one's shelters, for whoever may read their census."""
        if not user.has_perm("intake.view_reports"):
            return self.none()
        return self.filter(shelter__in=Shelter.objects.visible_to(user))

    def standing(self):
        """Without those that were withdrawn."""
        return self.filter(withdrawn_at__isnull=True)

    def before(self, cut):
        """The standing cut of the same shelter that a cut is compared with, or None."""
        earlier = self.standing().filter(shelter=cut.shelter_id, as_of__lt=cut.as_of)
        return earlier.order_by("-as_of").first()


class Cut(models.Model):
    """The census of a shelter at a moment, frozen. Triggers of the database refuse to change or delete it.

    `numbers` is cell code → people, as in the file of the census: total, adults …, families, sex.F …, origin.HN …
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shelter = models.ForeignKey(Shelter, models.PROTECT, related_name="cuts", verbose_name=_("shelter"))
    as_of = models.DateTimeField(_("as of"))
    frozen_at = models.DateTimeField(_("frozen at"), default=timezone.now)
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("frozen by")
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    numbers = models.JSONField(_("numbers"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("withdrawn by"),
    )
    withdrawn_reason = models.CharField(_("reason"), max_length=200, blank=True)

    objects = CutQuerySet.as_manager()

    class Meta:
        ordering = ["-as_of", "-frozen_at"]
        verbose_name = _("census cut")
        verbose_name_plural = _("census cuts")
        default_permissions = []
        permissions = [("freeze_census", _("Can freeze a census and withdraw it"))]
        constraints = [
            models.UniqueConstraint(
                fields=["shelter", "as_of"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_standing_cut_per_moment",
                violation_error_message=_("The census of this moment is frozen already."),
            ),
            models.CheckConstraint(
                condition=Q(frozen_at__gte=F("as_of")),
                name="cut_of_a_moment_that_has_come",
                violation_error_message=_("That moment has not come yet."),
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdrawn_reason="")
                | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_reason="")),
                name="cut_withdrawn_by_somebody_with_a_reason",
            ),
        ]

    def __str__(self):
        return f"{self.shelter} · {self.shelter.local(self.as_of):%Y-%m-%d %H:%M}"


def guard(schema_editor) -> None:
    """Make the database refuse to change the numbers, to withdraw twice and to delete, on either engine."""
    for statement in GUARDS[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def unguard(schema_editor) -> None:
    """For reversing the migration, for one that alters the table, and for tests that empty every table."""
    for statement in UNGUARDS[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


LASTING = "id, shelter_id, as_of, frozen_at, frozen_by_id, note, numbers"
WITHDRAWN = "withdrawn_at, withdrawn_by_id, withdrawn_reason"
SAYS = "A census that was frozen stays as it was"
TRIGGERS = {
    "cut_numbers_stay": f"UPDATE OF {LASTING} ON intake_cut",
    "cut_is_kept": "DELETE ON intake_cut",
    "cut_is_withdrawn_once": f"UPDATE OF {WITHDRAWN} ON intake_cut",
}
ONLY = {"cut_is_withdrawn_once": "WHEN (OLD.withdrawn_at IS NOT NULL)"}
GUARDS = {
    "sqlite": [
        f"CREATE TRIGGER {name} BEFORE {event} {ONLY.get(name, '')} BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
        for name, event in TRIGGERS.items()
    ],
    "postgresql": [
        f"""CREATE FUNCTION cut_refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION '{SAYS}'; END $$""",
        *(
            f"CREATE TRIGGER {name} BEFORE {event} FOR EACH ROW {ONLY.get(name, '')} EXECUTE FUNCTION cut_refuse()"
            for name, event in TRIGGERS.items()
        ),
        """CREATE TRIGGER cut_table_is_kept BEFORE TRUNCATE ON intake_cut
           FOR EACH STATEMENT EXECUTE FUNCTION cut_refuse()""",
    ],
}
UNGUARDS = {
    "sqlite": [f"DROP TRIGGER {name}" for name in TRIGGERS],
    "postgresql": [
        *(f"DROP TRIGGER {name} ON intake_cut" for name in (*TRIGGERS, "cut_table_is_kept")),
        "DROP FUNCTION cut_refuse()",
    ],
}
