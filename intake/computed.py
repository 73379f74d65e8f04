"""Needs that ages and relationships tell by themselves. Pure: people in, codes out.

UNHCR codes. An adult is somebody known to be 18 or over; a child whose elders' ages nobody wrote down is
listed as unaccompanied until somebody says: a false alarm is looked at, a missed child is not. Staff overrule
a code with a confirmed or ruled-out PersonNeed and its reason.
"""

from intake.models.families import Relationship as R

UNACCOMPANIED, SEPARATED, CHILD_HEAD = "SC-UC", "SC-SC", "SC-CH"
SINGLE_PARENT, SINGLE_GRANDPARENT = "SP-PT", "SP-GP"
OLDER_ALONE, OLDER_WITH_CHILDREN, NEWBORN = "ER-NF", "ER-MC", "X-NB"
CODES = (
    UNACCOMPANIED,
    SEPARATED,
    CHILD_HEAD,
    SINGLE_PARENT,
    SINGLE_GRANDPARENT,
    OLDER_ALONE,
    OLDER_WITH_CHILDREN,
    NEWBORN,
)

# With an adult of this relationship to the head, a child of that one has its carer.
CARERS = {
    R.CHILD: {R.HEAD, R.PARTNER, R.SPOUSE},
    R.STEPCHILD: {R.HEAD, R.PARTNER, R.SPOUSE},
    R.GRANDCHILD: {R.CHILD, R.CHILD_IN_LAW},
    R.SIBLING: {R.PARENT, R.STEPPARENT, R.GUARDIAN},
    R.HEAD: {R.PARENT, R.STEPPARENT, R.GUARDIAN},
    R.NIECE_NEPHEW: {R.SIBLING, R.SIBLING_IN_LAW},
    R.COUSIN: {R.AUNT_UNCLE},
}
PARENTLESS = {R.FOSTER_CHILD, R.HALF_SIBLING, R.GODCHILD, R.OTHER_RELATIVE}


def computed_needs(people, day) -> dict:
    """Person to the list of codes that hold on that day, for the members of one family."""
    ages = {person: person.age_on(day) for person in people}
    kin = [person for person in people if person.relationship != R.COMPANION]
    adults = [person for person in kin if (ages[person] or 0) >= 18]
    minors = [person for person in people if ages[person] is not None and ages[person] < 18]
    return {person: codes_of(person, ages[person], kin, adults, minors, day) for person in people}


def codes_of(person, age, kin, adults, minors, day) -> list[str]:
    codes = []
    if age is not None and age < 18:
        codes += child_codes(person, adults, minors)
    elif person in adults and adults == [person]:
        codes += lone_adult_codes(person, age, kin, minors)
    if is_newborn(person, day):
        codes.append(NEWBORN)
    return codes


def is_newborn(person, day) -> bool:
    """28 days or less, as a date or an age in weeks says it; "0 years" only says that it is no year yet."""
    if person.birth_precision not in ("day", "age") or person.birth_date == person.age_said_on:
        return False
    return 0 <= (day - person.birth_date).days <= 28


def child_codes(child, adults, minors) -> list[str]:
    codes = [CHILD_HEAD] if child.relationship == R.HEAD and len(minors) > 1 and not adults else []
    if child.relationship == R.COMPANION or not adults:
        return [UNACCOMPANIED, *codes]
    carers = CARERS.get(child.relationship, set())
    has_carer = any(adult.relationship in carers for adult in adults)
    known = child.relationship in CARERS or child.relationship in PARENTLESS
    return [SEPARATED, *codes] if known and not has_carer else codes


def lone_adult_codes(adult, age, kin, minors) -> list[str]:
    codes = []
    family_minors = {child.relationship for child in minors if child in kin}
    if family_minors & {R.CHILD, R.STEPCHILD, R.FOSTER_CHILD} and adult.relationship == R.HEAD:
        codes.append(SINGLE_PARENT)
    elif R.GRANDCHILD in family_minors and adult.relationship == R.HEAD:
        codes.append(SINGLE_GRANDPARENT)
    if age >= 60 and family_minors:
        codes.append(OLDER_WITH_CHILDREN)
    if age >= 60 and len(kin) == 1:
        codes.append(OLDER_ALONE)
    return codes
