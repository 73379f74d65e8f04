"""The registration form while somebody still types: read for what it says, judged for nothing."""

import re
from functools import lru_cache
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils import timezone

from intake.cards import read_code
from intake.forms.fields import known_places
from intake.forms.registration import MOST_PEOPLE, MemberForm, as_typed, new_person, relationship_of
from intake.look_alikes import vocabulary
from intake.matching.names import PARTICLES, fold, sound
from intake.models import Person
from shelters.forms import LineField

PAIR = re.compile(r"(\d{1,3}):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
MOST_PAIRS = 200
LONGEST_SEARCH = 160


def typed_people(data) -> dict[int, Person]:
    """Unsaved people by the row they stand in. What cannot be read of them is not known."""
    family, rows = as_typed(data)
    fields = MemberForm(known=known_places()).fields
    read = lru_cache(lambda name, text: understood(fields[name], text))  # one origin for many rows
    place, today, people = read("origin", family["origin"]), timezone.localdate(), {}
    for index, row in enumerate(rows):
        said = {name: read(name, text) for name, text in row.items() if name != "needs"}
        if len(people) < MOST_PEOPLE and is_about_somebody(said):
            beside = list(people.values())
            relationship = relationship_of(said["relationship"], said["age"], beside, today)
            people[index] = new_person(said, place=place, relationship=relationship)
    return people


def understood(field, text):
    try:
        return field.clean(text)
    except ValidationError:
        return field.clean("")


def is_about_somebody(said) -> bool:
    return any(said[name] for name in ("given_names", "surnames", "known_as", "sex")) or bool(
        said["age"].born
    )


def said_not_same(data) -> set[tuple[int, UUID]]:
    """Rows of the form and the registered people they were said not to be."""
    found = (PAIR.fullmatch(text) for text in data.getlist("not_same")[:MOST_PAIRS])
    return {(int(pair[1]), UUID(pair[2])) for pair in found if pair}


def searched_name(text) -> dict[str, str]:
    """What was typed into the search as the name of a first person; nothing when it is no name."""
    try:
        text = LineField(required=False, max_length=LONGEST_SEARCH).clean(text)
    except ValidationError:
        return {}
    if not fold(text) or read_code(text) or any(c.isdigit() for c in text):
        return {}
    given_names, surnames = guessed_name(text)
    return {"given_names": given_names, "surnames": surnames}


def guessed_name(text: str) -> tuple[str, str]:
    """Given names and surnames, spelled as typed; "de la Cruz" stays together. The volunteer sees and corrects it."""
    parts, start = [], []
    for word in text.split():
        start.append(word)
        if fold(word) not in PARTICLES:
            parts.append(" ".join(start))
            start = []
    if start:  # ends in a particle: somebody stopped in the middle
        parts.append(" ".join(start))
    given = 2 if len(parts) > 3 or (len(parts) == 3 and is_given(parts[1])) else 1
    return capitalised(parts[:given]), capitalised(parts[given:])


def is_given(word: str) -> bool:
    """Whether more people here bear it as a given name than as a surname."""
    known, key = vocabulary(), sound(fold(word))
    return known.given.counts[key] > known.surnames.counts[key]


def capitalised(parts) -> str:
    """Names that were typed small into the search, as they are written in a register."""
    found = " ".join(parts).split()
    return " ".join(
        word.capitalize() if word.islower() and fold(word) not in PARTICLES else word for word in found
    )
