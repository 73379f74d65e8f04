"""The records that a partner gets: a short fixed list of fields, of whoever agreed to that partner alone."""

from collections.abc import Iterator

from django.db.models import QuerySet

from intake.models import Person
from intake.models.consents import shareable_with

# No department, no comments, no needs, no services, no code of a card.
FIELDS = (
    *("family_id", "person_id", "given_names", "surnames", "sex", "age"),
    *("relationship", "origin_country", "arrived_on"),
)


def people_for(organization, shelter, since, until, reader) -> QuerySet:
    """Registered in these days, whose family agreed to this partner; those whose names are gone are not handed over."""
    people = Person.objects.visible_to(reader).filter(
        family__in=shareable_with(organization).values("pk"),
        family__shelter=shelter,
        family__registered_on__range=(since, until),
        anonymised_on=None,
    )
    return people.select_related("family").order_by("family_id", "position", "pk")


def rows(people, day) -> Iterator[tuple]:
    for person in people.iterator(chunk_size=2000):
        age = person.age_on(day)
        who = (person.given_names, person.surnames, person.sex, age, person.relationship)
        yield (
            *(str(person.family_id), str(person.pk)),
            *who,
            *(person.origin_country.code, person.family.arrived_on),
        )
