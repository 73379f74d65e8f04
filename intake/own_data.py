"""Everything that is held on one person, and nobody else: for the page that is handed over, and for the file.

Which tables are asked, and by which way they lead to the person, stands in retention.py: a new table is in the file as
soon as it has its rule. Names of others are left out: of the family, of look-alikes, and of whoever works here.
"""

import json
from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import ForeignKey, OneToOneField
from django.utils import timezone
from django.utils.formats import localize
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from intake import retention
from intake.actions.erasure import mentions, words_of
from intake.actions.families import with_absorbed
from intake.models import Family, Note, NoteKey, Person, PrivacyNotice, Submission
from intake.models.tracked import Tracked
from shelters.models import OF_NOTES, AccessEvent, Organization, Shelter, Zone
from shelters.templatetags.desk import desk_name

# Kept to search and to count by, it says what stands beside it, or nothing. Of a card it is told when, not which:
# whoever has the code finds the whole family by it.
NOT_TOLD = {
    *("id", "version", "position", "name_key", "given_key", "given_key_2", "surname_key", "surname_key_2"),
    *("limit_key", "scan", "digest", "key", "certainty", "steps", "form", "code", "turn"),
}
# Whose words a value may be; every other link leads to a record of somebody.
LISTS = (Shelter, Zone, Organization, PrivacyNotice)
BIRTH = ("birth_date", "birth_precision", "age_said_on")


class Section(NamedTuple):
    title: str
    records: Iterator[list[tuple[str, str]]]  # each a list of (what it is, what stands there)


def sections(person) -> Iterator[Section]:
    """In the words of the reader's language and on the clock that is active, one table after the other."""
    people = with_absorbed(Person.objects.filter(pk=person.pk))
    families = Family.objects.filter(members__in=people) | Family.objects.filter(pk=person.family_id)
    families = families.distinct()
    yield Section(_("Person"), map(told, people))
    yield Section(_("Earlier versions: %s") % _("Person"), versions(Person, people))
    yield Section(_("Registration"), (told_family(family, people) for family in families))
    for model, table in retention.tables_of("person"):
        if model in (Note, NoteKey):
            continue  # sealed, and for whoever makes this file not even there
        rows = retention.rows_of(model, table, people)
        yield Section(capfirst(retention.name_of(model._meta.label)), map(told, with_lists(rows)))
        if issubclass(model, Tracked):
            title = _("Earlier versions: %s") % model._meta.verbose_name_plural
            yield Section(title, versions(model, rows))
    for model, table in retention.tables_of("family"):
        if model is not Submission:  # the trail says the same
            title = capfirst(retention.name_of(model._meta.label))
            yield Section(title, map(told, with_lists(retention.rows_of(model, table, families))))
    yield Section(_("Legal and health notes"), iter([[(_("Notes"), whom_to_ask())]]))
    yield Section(_("Who looked, and what was recorded"), looks(people, families))


def whom_to_ask() -> str:
    """The same for everybody: that there are notes is for those alone who read them."""
    return _("If there are any, the legal or the health side reads them out: nobody else can open them.")


def told(row, *, left_out=()) -> list[tuple[str, str]]:
    """The columns of a row that are about the person."""
    fields = [field for field in row._meta.concrete_fields if is_told(field) and field.name not in left_out]
    found = [(str(capfirst(field.verbose_name)), words(row, field)) for field in fields]
    return [(name, value) for name, value in found if value]


def with_lists(rows):
    """With the words that its columns lead to, in one query for all rows."""
    links = [field.name for field in rows.model._meta.concrete_fields if field.is_relation and is_told(field)]
    return rows.select_related(*links) if links else rows


def is_told(field) -> bool:
    if field.name in NOT_TOLD or field.name.startswith("history_"):
        return False
    if not isinstance(field, ForeignKey | OneToOneField):
        return True
    target = field.related_model
    return target in LISTS or hasattr(target, "label_es")


def words(row, field) -> str:
    if field.name == "birth_date" and row.birth_precision != Person.BirthPrecision.DAY:
        return Person(**{name: getattr(row, name) for name in BIRTH}).age_text
    if field.choices:
        return str(getattr(row, f"get_{field.name}_display")())
    value = getattr(row, field.name)
    if hasattr(value, "name") and hasattr(value, "alpha3"):  # a country
        value = value.name
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if value in (None, ""):
        return ""
    return desk_name(value) if field.name == "desk" else str(localize(timezone.template_localtime(value)))


def versions(model, rows) -> Iterator[list]:
    keys = [row.pk for row in rows]
    found = with_lists(model.history.filter(id__in=keys).order_by("history_date", "history_id"))
    for version in found.iterator():
        yield [(_("Until"), str(localize(timezone.template_localtime(version.history_date)))), *told(version)]


def told_family(family, people) -> list[tuple[str, str]]:
    """What was noted of the family; its comments only where they can be about nobody else."""
    others = Person.objects.filter(family=family).exclude(pk__in=[person.pk for person in people])
    is_alone = not others.exists()
    is_named = any(mentions(family.comments, words_of([other])) for other in others)
    found = told(family, left_out=() if is_alone or not is_named else ("comments",))
    if is_named and not is_alone:
        found.append((_("Comments"), _("They name others as well. Have the data officer read them out.")))
    return found


def looks(people, families) -> Iterator[list]:
    """The trail about them: what and when, from which shelter. Not which account."""
    keys = [str(row.pk) for rows in (people, families) for row in rows]
    events = AccessEvent.objects.filter(subject_id__in=keys).select_related("shelter").order_by("at", "id")
    events = events.exclude(action__in=[action for actions in OF_NOTES.values() for action in actions])
    for event in events.iterator():
        yield [
            (_("When"), str(localize(timezone.template_localtime(event.at)))),
            (_("What"), event.get_action_display()),
            (_("Where"), str(event.shelter or "")),
        ]


def as_json(person) -> Iterator[str]:
    """The file, section by section, so that memory stays flat."""
    made = timezone.localtime().isoformat(timespec="minutes")
    head = {"puente": "own data", "made_at": made, "person": str(person.pk)}
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "sections": ['
    for number, section in enumerate(sections(person)):
        yield ("," if number else "") + f'\n{{"title": {quoted(section.title)}, "records": ['
        for place, each in enumerate(section.records):
            yield ("," if place else "") + "\n  " + json.dumps(dict(each), ensure_ascii=False)
        yield "]}"
    yield "\n]}\n"


def quoted(text) -> str:
    return json.dumps(text, ensure_ascii=False)
