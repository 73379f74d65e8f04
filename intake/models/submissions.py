"""Which forms were saved, and which stay out for good."""

import hashlib

from django.conf import settings
from django.db import models
from django.utils import timezone


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


class TombstoneQuerySet(models.QuerySet):
    def holds(self, key) -> bool:
        """Whether what has this key was erased, and stays out."""
        return self.filter(pk=Tombstone.digest_of(key)).exists()


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
