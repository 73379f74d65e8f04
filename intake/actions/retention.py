"""When somebody has been gone for long enough, their names, texts and history go; what reports count stays."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from intake import retention
from intake.actions.corrections import forget_merges
from intake.actions.families import with_absorbed
from intake.actions.steps import BIRTH
from intake.models import Card, DataRequest, Family, Merge, Person, ServiceReceived, Stay, Tally
from intake.models.families import joined_from
from intake.models.tracked import Tracked
from shelters.audit import Action, record

AT_ONCE = 500
BY_DAYS, BY_PURGE = (
    "days",
    "purge",
)  # which rule: so many days after the last presence, or the shelter's own date


@dataclass
class Due:
    """Whom a rule concerns at a shelter now."""

    shelter: object
    rule: str
    people: QuerySet

    def count(self) -> int:
        return self.people.count()


def due(shelter, *, days=retention.KEPT_DAYS) -> Due:
    """Who has been gone from every shelter for so many days; from the shelter's purge date on, whoever is gone.

    A request about one's own data that is not settled keeps what it asks about, whoever that was joined into.
    """
    now = timezone.now()
    is_purged = shelter.purge_on is not None and shelter.purge_on <= shelter.today()
    limit = now if is_purged else now - timedelta(days=days)
    here = Stay.objects.filter(Q(out_at__isnull=True) | Q(out_at__gt=limit), person=OuterRef("pk"))
    if is_purged and shelter.closed_on and shelter.closed_on < shelter.today():
        here = here.exclude(shelter=shelter)  # nobody is in a closed place, whoever forgot to write that down
    served = ServiceReceived.objects.filter(person=OuterRef("pk"), given_at__gt=limit)
    asked = DataRequest.objects.open().filter(person__isnull=False).values("person")
    # Whoever was named or corrected again after their names had gone has something to lose again.
    corrected = Person.history.filter(id=OuterRef("pk"))
    people = Person.objects.standing().filter(
        Q(anonymised_on=None) | ~Q(name_key="") | Exists(corrected),
        ~Exists(here),
        ~Exists(served),
        ~Q(pk__in=asked),
        ~Q(pk__in=joined_from(Person, asked)),
        family__shelter=shelter,
        family__registered_at__lte=limit,
    )
    return Due(shelter, BY_PURGE if is_purged else BY_DAYS, people.order_by("pk"))


def anonymise(shelter, *, days=retention.KEPT_DAYS, by=None) -> tuple[int, str]:
    """Do it for one shelter: (people, rule). In transactions of a few hundred; a second run finds nobody."""
    found, number = due(shelter, days=days), 0
    while keys := list(found.people.values_list("pk", flat=True)[:AT_ONCE]):
        done = anonymise_some(keys, shelter=shelter, days=days, rule=found.rule, by=by)
        if not done:
            break  # something came up for all of them meanwhile: the next run looks anew
        number += done
    return number, found.rule


@transaction.atomic
def anonymise_some(keys, *, shelter, days, rule, by) -> int:
    """How many of these it was done to: who came back before they were held keeps their name."""
    list(Person.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
    people = list(due(shelter, days=days).people.filter(pk__in=keys).select_related("family__shelter"))
    if not people:
        return 0
    everybody = with_absorbed(people)
    forget_people(everybody, on=shelter.today())
    families = Family.objects.filter(pk__in={person.family_id for person in everybody})
    forget_merges([family.pk for family in families])
    # A family that was joined into another goes with that one: until then it holds what they refused.
    standing = families.filter(merged_into=None)
    finished = list(standing.exclude(members__in=Person.objects.standing().filter(anonymised_on=None)))
    forget_families(with_absorbed(finished))
    record(Action.ANONYMISED, by=by, shelter=shelter, people=len(people), families=len(finished), why=rule)
    return len(people)


def forget_people(people, *, on) -> None:
    make_coarser(people)
    forget(Person, retention.TABLES["intake.Person"], Person._base_manager.filter(pk__in=keys_of(people)))
    for model, table in retention.tables_of("person"):
        forget(model, table, retention.rows_of(model, table, people))
    Person._base_manager.filter(pk__in=keys_of(people)).update(anonymised_on=on, version=F("version") + 1)


def forget_families(families) -> None:
    codes = list(Card.objects.filter(family__in=families).values_list("pk", flat=True))
    void_cards(families)
    Tally.objects.filter(card__in=codes).update(card="")
    forget(Family, retention.TABLES["intake.Family"], Family._base_manager.filter(pk__in=keys_of(families)))
    for model, table in retention.tables_of("family"):
        if model not in (Card, Merge):  # void, and final, by now
            forget(model, table, retention.rows_of(model, table, families))


def forget(model, table, rows) -> None:
    """What the policy says of the rows of one table, and of their versions."""
    keys = list(rows.values_list("pk", flat=True)) if issubclass(model, Tracked) else []
    if table.anonymised == retention.DELETED:
        rows.delete()  # before the versions: it writes a last one
    elif columns := retention.emptied(model, table):
        rows.update(**columns)
    if keys:
        model.history.filter(id__in=keys).delete()


def make_coarser(people) -> None:
    """A birth date becomes the bracket that was true while they were there, so that past counts stay."""
    first, last = presence_of(people)
    for person in people:
        day = person.family.shelter.day_of(person.family.registered_at) if person.pk not in first else None
        person.birth = person.birth.in_bracket(first.get(person.pk, day), last.get(person.pk, day))
    Person.objects.bulk_update(people, BIRTH)


def presence_of(people) -> tuple[dict, dict]:
    """The first and the last day of each in a shelter, or on which something was given to them."""
    stays = Stay.objects.filter(person__in=people).order_by().values_list("person")
    given = ServiceReceived.objects.filter(person__in=people).order_by().values_list("person")
    first, last = {}, {}
    for person, came, left, came_last in stays.annotate(Min("in_on"), Max("out_on"), Max("in_on")):
        first[person], last[person] = came, max(left or came_last, came_last)
    for person, one, other in given.annotate(Min("given_on"), Max("given_on")):
        first[person] = min(first.get(person, one), one)
        last[person] = max(last.get(person, other), other)
    return first, last


def void_cards(families) -> None:
    """Nobody is found by them any more, and they are not handed out again."""
    cards = Card.objects.filter(family__in=families)
    cards.filter(revoked_at=None).update(revoked_at=timezone.now(), revoked_as=Card.Why.VOIDED)
    cards.update(family=None, bound_at=None, bound_by=None)


def keys_of(rows) -> list:
    return [row.pk for row in rows]
