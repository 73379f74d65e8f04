"""What scan mode says of a card, in words that are understood at a glance. Knows no request."""

from collections import Counter
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy

from intake import ages
from intake.actions import OverLimit
from intake.ids import uuid7
from intake.models import ServiceType, Sex
from shelters.templatetags.desk import desk_name

GREEN, AMBER, RED, BLUE = "ok", "warn", "bad", "ask"
SIGNS = {GREEN: "✓", AMBER: "!", RED: "✕", BLUE: "?"}
BABY, ADULT = 2, 18
PORTIONS = {"meal", "ration"}


@dataclass
class Answer:
    """One result on the screen: colour, sign, words, and which buttons stand under it."""

    tone: str
    title: str
    kind: str
    lines: list = field(default_factory=list)
    code: str = ""
    key: object = None  # of the scan that may be corrected
    new_key: object = field(default_factory=uuid7)  # for what the next button sends
    portions: int | None = None  # of this scan, for the counter above
    members: list = field(default_factory=list)
    people: list = field(default_factory=list)  # whom the next button is about
    error: str = ""
    noted: bool = False

    @property
    def sign(self) -> str:
        return SIGNS[self.tone]

    @property
    def is_everybody(self) -> bool:
        return all(member.is_ticked for member in self.members)

    @property
    def is_several(self) -> bool:
        """Of one person, undoing says it all."""
        return len(self.members) > 1

    @property
    def shown_code(self) -> str:
        return f"{self.code[:4]}-{self.code[4:]}" if len(self.code) == 8 else self.code


@dataclass
class Member:
    """A line of the tick-off list."""

    pk: object
    name: str
    who: str
    is_ticked: bool
    is_inside: bool


def of_served(served, code) -> Answer:
    answer = ANSWERS[served.state](served)
    answer.code = code
    return answer


def served_all(served) -> Answer:
    given = served.given
    who = made_up_of([each for each in served.people if each.pk in {row.person_id for row in given}])
    lines = [who] if served.what.service_type.per == ServiceType.Per.PERSON else [_("for the family")]
    return Answer(
        GREEN,
        amount(served.what.service_type, len(given)),
        "served",
        lines,
        key=served.key,
        **counted(served),
    )


def served_some(served) -> Answer:
    answer = served_all(served)
    answer.tone, answer.kind = AMBER, "partly"
    answer.lines += [f"{name_of(person)}: {when_had(served, row)}" for person, row in served.had.items()]
    answer.people = list(served.had)
    return answer


def undone(served) -> Answer:
    lines = [_("Nothing stands recorded for this scan.")]
    return Answer(BLUE, _("Undone"), "undone", lines, key=served.key, **counted(served))


def already(served) -> Answer:
    newest = sorted((row for row in served.had.values() if row), key=lambda row: row.given_at, reverse=True)
    times = list(dict.fromkeys(when_had(served, row) for row in newest))[:3]
    is_daily = served.what.service_type.limit_per != ServiceType.LimitPer.STAY
    title = _("Already served today") if is_daily else _("Already received")
    return Answer(AMBER, title, "already", [*times, family_size(served)], people=list(served.had))


def left(served) -> Answer:
    day = served.left_on
    title = (
        _("They left on %(day)s") % {"day": date_format(day, "DATE_FORMAT")}
        if day
        else _("Nobody of them is in")
    )
    return Answer(AMBER, title, "left", [family_size(served)], people=served.people)


def asks(served) -> Answer:
    kind, number = served.what.service_type, len(served.asks)
    lines = [made_up_of(served.asks) if kind.per == ServiceType.Per.PERSON else _("for the family")]
    lines += [f"{name_of(person)}: {when_had(served, row)}" for person, row in served.had.items()]
    answer = Answer(BLUE, amount(kind, number), "asks", lines, people=served.asks)
    answer.tone = AMBER if served.had else BLUE
    return answer


ANSWERS = {
    "served": served_all,
    "partly": served_some,
    "undone": undone,
    "already": already,
    "left": left,
    "asks": asks,
}


def unknown(code) -> Answer:
    return Answer(
        BLUE,
        _("This card is not bound yet"),
        "unknown",
        [_("It belongs to no family of this shelter.")],
        code=code,
    )


def revoked(code) -> Answer:
    return Answer(
        RED,
        _("Card reported lost"),
        "revoked",
        [_("Nobody is turned away: hand out and note it, and send them to the desk for a new card.")],
        code=code,
    )


def mistyped(shown) -> Answer:
    lines = [_("A letter or digit is wrong. Scan it again, or type the eight characters.")]
    return Answer(RED, _("This is no code of a card"), "mistyped", lines, code=shown)


def again(code) -> Answer:
    return Answer(
        AMBER, _("Scan it once more"), "again", [_("Another counter was busy with this card.")], code=code
    )


def slowed(refusal, code) -> Answer:
    return Answer(RED, _("Wait a minute"), "again", [str(refusal)], code=code)


def cannot(error, code) -> Answer:
    words = (
        _("Somebody of them had it at another counter meanwhile.")
        if isinstance(error, OverLimit)
        else _("More than ten minutes passed. Correct it on the page of the family.")
    )
    return Answer(AMBER, _("Nothing was changed"), "again", [words], code=code)


def noted(tally, code) -> Answer:
    is_standing = tally.cancelled_at is None
    title = amount(tally.service_type, tally.people) if is_standing else _("Undone")
    lines = [_("Noted without a name.")] if is_standing else [_("Nothing stands recorded for this scan.")]
    return Answer(
        GREEN if is_standing else BLUE,
        title,
        "served" if is_standing else "undone",
        lines,
        code=code,
        key=tally.pk,
        portions=None,
        noted=True,
    )


def counted(served) -> dict:
    """What a result about a scan that may be corrected carries: its portions and the ticks."""
    given = {row.person_id for row in served.given}
    if served.what.service_type.per == ServiceType.Per.FAMILY:
        return {"portions": len(given)}
    today = served.what.given_on
    members = [
        Member(each.pk, name_of(each), described(each, today), each.pk in given, each.is_inside)
        for each in served.people
    ]
    return {"portions": len(given), "members": members}


def amount(kind, number) -> str:
    """ "4 portions", "4 × Blanket"."""
    if kind.unit in PORTIONS:
        return ngettext("%(n)d portion", "%(n)d portions", number) % {"n": number}
    return f"{number} × {kind.label}"


def family_size(served) -> str:
    number = len(served.people)
    return _("family of %(n)d") % {"n": number} if number > 1 else _("person alone")


def when_had(served, row) -> str:
    """ "12:08, desk Food 1", with the day when it was another."""
    if row is None:
        return _("had it already")
    local = timezone.localtime(row.given_at, served.family.shelter.tz)
    shape = (
        _("%(service)s at %(time)s")
        if row.given_on == served.what.given_on
        else _("%(service)s on %(day)s at %(time)s")
    )
    service = served.what.service_type.label
    words = shape % {
        "service": service,
        "time": date_format(local, "H:i"),
        "day": date_format(local, "DATE_FORMAT"),
    }
    return words + (_(", desk %(desk)s") % {"desk": desk_name(row.desk)} if row.desk else "")


def name_of(person) -> str:
    """The first given name: enough to call somebody, and no more than a queue needs to hear."""
    return (person.given_names.split() or person.known_as.split() or [_("No name")])[0]


WORDS = {
    "adult": ngettext_lazy("%(n)d adult", "%(n)d adults", "n"),
    "girl": ngettext_lazy("%(n)d girl", "%(n)d girls", "n"),
    "boy": ngettext_lazy("%(n)d boy", "%(n)d boys", "n"),
    "child": ngettext_lazy("%(n)d child", "%(n)d children", "n"),
    "baby": ngettext_lazy("%(n)d baby", "%(n)d babies", "n"),
    "person": ngettext_lazy("%(n)d person of unknown age", "%(n)d people of unknown age", "n"),
}


def group_of(person, day) -> str:
    age = person.age_on(day)
    if age is None:
        return "person"
    if age >= ADULT:
        return "adult"
    if age < BABY:
        return "baby"
    return {Sex.FEMALE: "girl", Sex.MALE: "boy"}.get(person.sex, "child")


def made_up_of(people) -> str:
    """ "2 adults · 1 girl · 1 baby"."""
    today = timezone.localdate()
    found = Counter(group_of(each, today) for each in people)
    return " · ".join(str(words % {"n": found[group]}) for group, words in WORDS.items() if found[group])


def described(person, today) -> str:
    """ "woman, 34 years"."""
    group = group_of(person, today)
    words = {
        "adult": {Sex.FEMALE: _("woman"), Sex.MALE: _("man")}.get(person.sex, _("adult")),
        "girl": _("girl"),
        "boy": _("boy"),
        "child": _("child"),
        "baby": _("baby"),
        "person": _("person"),
    }
    return f"{words[group]}, {ages.in_words(person.birth, today)}" if group != "person" else words[group]
