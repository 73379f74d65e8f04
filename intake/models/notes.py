"""Notes of legal advisers and health workers: a key for each person and class, and what is sealed to it. See ADR 25."""

from collections import Counter

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pyrage import x25519

from intake import policy, seals
from intake.ids import uuid7
from intake.models.families import Person


class NoteKind(models.TextChoices):
    LEGAL = "legal", _("Legal notes")
    HEALTH = "health", _("Health notes")


def kinds_open_to(user) -> list[NoteKind]:
    return [kind for kind in NoteKind if user.has_perm(policy.NOTES[kind])]


def bearers(people) -> dict:
    """Id of each of these people, and of everybody who was joined into them, to the id of the one who stands.

    Notes and keys stay where they were written, whoever is joined: so undoing it finds them in their place.
    """
    found = newest = {person.pk: person.pk for person in people}
    while newest:
        joined = Person.objects.filter(merged_into__in=newest).values_list("pk", "merged_into")
        newest = {pk: found[into] for pk, into in joined}
        found = found | newest
    return found


class NoteKeyQuerySet(models.QuerySet):
    def of(self, people):
        """Those of these people and of whoever was joined into them. Deleted, they take the notes along."""
        return self.filter(person__in=bearers(people))


class NoteKey(models.Model):
    """The key of one person's notes of one class, sealed to the key of the class."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="note_keys")
    kind = models.CharField(max_length=6, choices=NoteKind)
    sealed = models.TextField()

    objects = NoteKeyQuerySet.as_manager()

    class Meta:
        default_permissions = []
        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="note_key_once_per_person_and_kind"),
            models.CheckConstraint(condition=Q(kind__in=NoteKind.values), name="note_key_of_a_known_kind"),
        ]

    def __str__(self):
        return str(self.pk)

    @property
    def about(self) -> tuple:
        return self.pk, self.person_id, self.kind

    def lock(self, private) -> None:
        """Seal it, to the newest key of its class. Raises NotesOff."""
        self.sealed = seals.seal(str(private), seals.class_keys(self.kind)[0], self.about)

    def opened(self):
        """The private key. Raises NotesOff and CannotOpen."""
        return x25519.Identity.from_str(seals.unseal(self.sealed, seals.class_keys(self.kind), self.about))

    @classmethod
    def of_person(cls, person, kind) -> "NoteKey":
        """The one there is, or a new one. Whoever calls holds the person, so nobody else makes one meanwhile."""
        if key := cls.objects.filter(person=person, kind=kind).first():
            return key
        key = cls(person=person, kind=kind)
        key.lock(x25519.Identity.generate())
        key.save(force_insert=True)
        return key


class NoteQuerySet(models.QuerySet):
    def visible_to(self, user):
        """By shelter, and each side its own. To everybody else there are none."""
        return self.filter(key__kind__in=kinds_open_to(user), key__person__family__shelter__staff=user)

    def of(self, person, kind):
        """Also those that were written about whoever was joined into this person."""
        return self.filter(key__person__in=bearers([person]), key__kind=kind)

    def numbers(self, people) -> Counter:
        """(id of the person, kind) to how many notes there are, without those that were corrected."""
        whose = bearers(people)
        rows = self.filter(key__person__in=whose, replaced_by=None).values_list("key__person", "key__kind")
        return Counter((whose[person], kind) for person, kind in rows.order_by())

    def opened(self) -> list["Note"]:
        """With their words. Raises NotesOff and CannotOpen, but not because of a single note."""
        notes = list(self.select_related("key", "written_by", "replaced_by"))
        private = {key.pk: key.opened() for key in {note.key for note in notes}}
        for note in notes:
            note.open(private[note.key_id])
        return notes


class Note(models.Model):
    """What an adviser or health worker wrote about a person. Never changed: a correction is a note of its own."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)  # the key of the form it came by
    key = models.ForeignKey(NoteKey, models.CASCADE, related_name="notes")
    sealed = models.TextField()
    replaces = models.OneToOneField(
        "self", models.SET_NULL, null=True, blank=True, related_name="replaced_by"
    )
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)

    objects = NoteQuerySet.as_manager()

    words: str | None = None  # once it was opened; None when it is not what was written

    class Meta:
        ordering = ["-written_at", "-id"]
        default_permissions = []
        constraints = [
            models.CheckConstraint(condition=~Q(replaces=models.F("id")), name="note_replaces_another"),
        ]

    def __str__(self):
        return str(self.pk)

    @property
    def is_corrected(self) -> bool:
        return hasattr(self, "replaced_by")

    @property
    def about(self) -> tuple:
        return self.pk, *self.key.about

    def lock(self, words) -> None:
        """Raises NotesOff and CannotOpen."""
        self.sealed = seals.seal(words, self.key.opened(), self.about)

    def open(self, private) -> None:
        try:
            self.words = seals.unseal(self.sealed, [private], self.about)
        except seals.CannotOpen:
            self.words = None
