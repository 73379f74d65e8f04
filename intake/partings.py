"""Families that a departure tears apart. Pure: who is in the shelter and who goes in, people and reasons out."""

from collections import defaultdict

from intake.models import Alert, Relationship

Kind = Alert.Kind


def partings(present, going, day) -> dict:
    """Family id to [(person, kind of alert)], for every family of `present` that would be torn apart.

    `present`: people in the shelter, those who go among them. `going`: ids. An adult is somebody known to be 18 or
    over who belongs to the family: a companion is none (see computed.py; a false alarm is looked at).
    """
    families = defaultdict(lambda: ([], []))
    for person in present:
        families[person.family_id][person.pk not in going].append(person)
    found = {}
    for pk, (leaving, staying) in families.items():
        if torn := parting(leaving, staying, day):
            found[pk] = torn
    return found


def parting(leaving, staying, day) -> list:
    if not leaving:
        return []
    found = [] if has_adult(leaving, day) else [(child, Kind.LEFT_ALONE) for child in minors(leaving, day)]
    if len(minors(leaving, day)) < len(leaving) and not has_adult(staying, day):
        found += [(child, Kind.LEFT_BEHIND) for child in minors(staying, day)]
    return found or ([(leaving[0], Kind.SPLIT)] if staying else [])


def minors(people, day) -> list:
    return [person for person in people if (age := person.age_on(day)) is not None and age < 18]


def has_adult(people, day) -> bool:
    kin = [person for person in people if person.relationship != Relationship.COMPANION]
    return any((person.age_on(day) or 0) >= 18 for person in kin)
