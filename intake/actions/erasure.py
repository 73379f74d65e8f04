"""Somebody is erased: rows, history and keys go, and a fingerprint stays so that nothing late brings them back."""

from django.contrib.messages.storage.session import SessionStorage
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from intake import retention
from intake.actions.corrections import forget_merges
from intake.actions.families import is_minor, with_absorbed
from intake.actions.late_forms import empty_late
from intake.actions.retention import forget_families, keys_of
from intake.matching.names import fold
from intake.models import (
    DataRequest,
    Family,
    GoodsMovement,
    LateForm,
    Person,
    Relationship,
    Submission,
    Tombstone,
)
from intake.models.families import joined_from
from intake.models.tracked import Tracked, correct
from shelters.audit import Action, record
from shelters.locking import KEPT, LOCKED
from shelters.scrub import scrub

SHORTEST = 3  # letters of a name that is looked for in texts


class Why(models.TextChoices):
    REQUEST = "request", _("They asked for it (cancellation)")
    OPPOSITION = "opposition", _("They object to being in the register")
    MISTAKE = "mistake", _("Should never have been recorded")
    ORDER = "order", _("An authority or a court said so")


@transaction.atomic
def erase(person, *, reason, by) -> None:
    """For good: no undo. The others of the family stay; the last one takes the family along.

    `reason`: a code of Why, because the trail keeps it. Once this is committed, what was deleted is overwritten.
    """
    family = Family.objects.select_for_update().select_related("shelter").get(pk=person.family_id)
    everyone = with_absorbed(Person.objects.filter(pk=person.pk))  # joined records are the same person
    words = words_of(everyone)
    homes = families_of(everyone)
    bury(everyone, homes)
    settle_requests(everyone)
    forget_merges(keys_of(homes))
    remove_people(everyone)
    is_empty = leave_or_remove(family, homes, words, by=by)
    forget_in_sessions()
    record(Action.PERSON_ERASED, by=by, shelter=family.shelter, subject=family, why=reason, whole=is_empty)
    transaction.on_commit(scrub, robust=True)  # they are gone by then: the answer must not say otherwise


def families_of(people) -> list[Family]:
    """Where these people are or once were, and what was joined into that."""
    keys = {person.family_id for person in people}
    keys |= set(Person.history.filter(id__in=keys_of(people)).values_list("family_id", flat=True))
    return with_absorbed(Family.objects.filter(pk__in=keys))


def words_of(people) -> set[str]:
    """The words of their names, now and before, that nobody else of the family bears."""
    named = ("given_names", "surnames", "known_as")
    ids, families = keys_of(people), {person.family_id for person in people}
    theirs = [*Person.objects.filter(pk__in=ids).values_list(*named)]
    theirs += Person.history.filter(id__in=ids).values_list(*named)
    others = Person.objects.filter(family__in=families).exclude(pk__in=ids).values_list(*named)
    found = {word for names in theirs for word in fold(*names).split() if len(word) >= SHORTEST}
    return found - {word for names in others for word in fold(*names).split()}


def bury(people, families) -> None:
    """Leave fingerprints of the people and of the forms that brought them; the forms keep their key alone."""
    forms = Submission.objects.filter(family__in=families)
    became = LateForm.objects.filter(saved_as__in=keys_of(families))  # also under other keys than their own
    # That key stands in other copies of the form; unless it is the key of a family of others, it goes as well.
    of_others = Submission.objects.filter(family__isnull=False).exclude(family__in=families)
    own = became.exclude(key__in=of_others.values("pk"))
    found = (forms.values_list("pk"), became.values_list("pk"), own.values_list("key"))
    keys = [*keys_of(people), *(key for rows in found for (key,) in rows)]
    Tombstone.objects.bulk_create([Tombstone.of(key) for key in keys], ignore_conflicts=True)
    Submission.objects.filter(pk__in=keys).update(family=None, digest="")
    empty_late(LateForm.objects.with_keys(keys))


def settle_requests(people) -> None:
    """What they asked is carried out by this; that it was asked in time stays on record."""
    asked = DataRequest.objects.filter(person__in=people, kind=DataRequest.Kind.CANCELLATION)
    asked.filter(state=DataRequest.State.GRANTED).update(state=DataRequest.State.DONE)
    DataRequest.objects.filter(person__in=people).update(note="", person=None)


def remove_people(people) -> None:
    """The stock on the tables stays as it is; all else of theirs goes, with the versions."""
    moved = GoodsMovement.objects.filter(service__person__in=people)
    moved.filter(
        service__cancelled_at__isnull=False
    ).delete()  # taken back: counted as nothing, linked or not
    moved.update(service=None)
    for person in reversed(people):  # who was joined into somebody goes first
        pk = person.pk
        person.delete()
        person.pk = pk
    # Deleting writes a last version of each row, with what stood in it.
    Person.history.filter(id__in=keys_of(people)).delete()
    for model, _table in retention.tables_of("person"):
        if issubclass(model, Tracked):
            model.history.filter(person_id__in=keys_of(people)).delete()


def leave_or_remove(family, homes, words, *, by) -> bool:
    """Whether the family went too, because nobody is left in it."""
    for home in reversed(homes):  # what was joined into another goes first
        is_joined = Family.objects.filter(merged_into=home).exists()
        # What was joined into a family that stays holds what those people refused: it stays as well.
        onward = [home.pk, *joined_from(Family, [home.pk])]
        if is_joined or Person.objects.filter(family__in=onward).exists():
            forget_mentions(home, words)
        else:
            remove_family(home)
    if not Family.objects.filter(pk=family.pk).exists():
        return True
    give_a_head(family, by=by)
    return False


def remove_family(family) -> None:
    forget_families([family])
    pk = family.pk
    family.delete()
    Family.history.filter(id=pk).delete()
    Tombstone.objects.bulk_create([Tombstone.of(pk)], ignore_conflicts=True)


def give_a_head(family, *, by) -> None:
    """If it has none any more: the first adult, else the first.

    What the others are to that head nobody has said yet.
    """
    members = list(family.members.order_by("position", "pk"))
    if not members or any(person.relationship == Relationship.HEAD for person in members):
        return
    today = family.shelter.today()
    head = next((person for person in members if not is_minor(person, today)), members[0])
    for person in members:
        if person.relationship != Relationship.COMPANION or person is head:
            person.relationship = Relationship.HEAD if person is head else Relationship.UNKNOWN
        person.version += 1
    correct(members, ["relationship", "version"], by=by)


# --- texts in which the name may stand ----------------------------------------------------------------------------


def mentions(text: str, words) -> bool:
    return not words.isdisjoint(fold(text).split())


def forget_mentions(family, words) -> None:
    """Texts about the others go where they name who is erased; so do their earlier versions."""
    people = Person.objects.filter(family=family)
    owned = [
        (model, table, retention.rows_of(model, table, people))
        for model, table in retention.tables_of("person")
    ]
    own = Family.objects.filter(pk=family.pk)
    for model, table, rows in [*owned, (Family, retention.TABLES["intake.Family"], own)]:
        for name in table.texts:
            blank_where_named(rows, name, words)
            if issubclass(model, Tracked):
                blank_where_named(model.history.filter(id__in=rows.values("pk")), name, words)


def blank_where_named(rows, name, words) -> None:
    texts = rows.exclude(**{name: ""}).order_by().values_list("pk", name)
    named = [pk for pk, text in texts if mentions(text, words)]
    rows.model._base_manager.filter(pk__in=named).update(**{name: ""})


def forget_in_sessions() -> None:
    """A message that waits to be shown, or a form under seal, may name them. All go unread; nobody is signed out."""
    for session in Session.objects.select_for_update().order_by("pk"):
        kept = session.get_decoded()
        texts = [kept.pop(SessionStorage.session_key, None), kept.pop(KEPT, None)]
        if LOCKED in kept:
            texts.append(kept[LOCKED]["form"])
            kept[LOCKED]["form"] = None
        if any(texts):
            session.session_data = Session.objects.encode(kept)
            session.save(update_fields=["session_data"])
