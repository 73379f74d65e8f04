"""Which forms were saved, which wait to be corrected, and which stay out for good."""

import hashlib
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shelters.models import Shelter


class Submission(models.Model):
    """A form that was saved, by the key its device gave it. A second copy of the same form finds this row and stops.

    The key is the primary key, so the database decides the race between two copies, not a look beforehand.
    """

    key = models.UUIDField(primary_key=True)
    digest = models.CharField(
        max_length=64, help_text="SHA-256 of what was sent, to tell a resend from a reused key."
    )
    family = models.ForeignKey("intake.Family", models.SET_NULL, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = []

    def __str__(self):
        return str(self.key)


class LateFormQuerySet(models.QuerySet):
    def visible_to(self, user):
        """One's own; a coordinator's go further: those of the shelter."""
        if not user.has_perm("intake.add_family"):
            return self.none()
        here = self.filter(shelter__staff=user)
        return here if user.has_perm("intake.view_lateform") else here.filter(by=user)

    def with_keys(self, keys):
        """Their own key, or that of the form that is sealed in them."""
        return self.filter(models.Q(pk__in=keys) | models.Q(key__in=keys))

    def open(self):
        """Still to be corrected."""
        return self.filter(settled_at=None)


class LateForm(models.Model):
    """A registration that came from a device and could not be stored as it was: kept sealed until it is corrected.

    The device has deleted it by then. Sealed as it came, so no word of it is in the database. When it has become a
    family the text stays until the night, so that an undo gives it back.
    """

    id = models.UUIDField(primary_key=True)
    key = models.UUIDField(help_text="Of the form, under which it was sealed.")
    shelter = models.ForeignKey(Shelter, models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    sealed = models.TextField(blank=True)
    came_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)
    saved_as = models.UUIDField(null=True, help_text="Key of the family that it became.")

    objects = LateFormQuerySet.as_manager()

    class Meta:
        ordering = ["came_at"]
        verbose_name = _("form of a device")
        verbose_name_plural = _("forms of devices, to be corrected")
        default_permissions = ["view"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(settled_at__isnull=True, saved_as__isnull=True), ~models.Q(sealed="")
                )
                | models.Q(settled_at__isnull=False, sealed="")
                | models.Q(settled_at__isnull=False, saved_as__isnull=False),
                name="late_form_settled_is_empty_or_a_family",
            )
        ]

    def __str__(self):
        return str(self.id)

    @staticmethod
    def id_of(key, sealed) -> UUID:
        """The same sealed form, sent twice, is one row."""
        return UUID(bytes=hashlib.sha256(f"{key} {sealed}".encode()).digest()[:16])


class TombstoneQuerySet(models.QuerySet):
    def holds(self, *keys) -> bool:
        """Whether what has one of these keys was erased, and stays out."""
        return self.filter(pk__in=[Tombstone.digest_of(key) for key in keys]).exists()


class Tombstone(models.Model):
    """Somebody was erased, or the form that brought them: fingerprints of random keys, and nothing about anybody."""

    digest = models.CharField(max_length=64, primary_key=True)
    erased_at = models.DateTimeField(default=timezone.now)

    objects = TombstoneQuerySet.as_manager()

    class Meta:
        default_permissions = []

    def __str__(self):
        return self.digest[:8]

    @staticmethod
    def digest_of(key) -> str:
        return hashlib.sha256(str(key).encode()).hexdigest()

    @classmethod
    def of(cls, key) -> "Tombstone":
        return cls(digest=cls.digest_of(key))
