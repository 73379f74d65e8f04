"""Two families beside each other: who of one may be whom of the other, and what differs."""

from dataclasses import dataclass
from functools import cached_property
from itertools import product

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake import ages, look_alikes
from intake.access import sensitivities
from intake.matching.score import compare
from intake.models import LookAlike, ServiceReceived
from intake.views.family import flags, members_of
from shelters.templatetags.desk import desk_name


@dataclass(frozen=True)
class Line:
    """One thing said of both. `differs` is marked; what always differs (who wrote it down when) is not."""

    label: str
    one: str
    other: str
    differs: bool = False

    @classmethod
    def of(cls, label, one, other):
        return cls(capfirst(label), one or "—", other or "—", bool(one and other and one != other))


@dataclass(frozen=True)
class Match:
    """Somebody of the first family and who they may be in the other. One of the two may be missing."""

    one: object = None
    other: object = None
    certainty: int = 0
    reasons: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()

    @property
    def alone(self):
        """Who looks like nobody in the other family."""
        return None if self.one and self.other else self.one or self.other

    @property
    def summary(self) -> str:
        """All that is said of somebody who looks like nobody, on one line below the name."""
        said = (line.one if self.one else line.other for line in self.lines)
        return " · ".join(text for text in said if text not in ("—", str(self.alone)))


class Side:
    """One family, with what the reader may know about it."""

    def __init__(self, family, user):
        self.family, self.user = family, user
        self.people = [person for person in members_of(family) if not person.merged_into_id]
        self.flags = flags(self.people, user)

    @property
    def head(self):
        return self.people[0] if self.people else self.family

    @cached_property
    def where(self) -> str:
        stays = [stay for person in self.people for stay in person.open_stays]
        zones = sorted({stay.zone.name for stay in stays if stay.zone})
        return " · ".join([str(_("In the shelter")), *zones]) if stays else _("Left")

    @cached_property
    def services(self) -> str:
        """How many, never what another counter's were."""
        open_to = sensitivities(self.user)
        rows = ServiceReceived.objects.visible_to(self.user).given().filter(person__in=self.people)
        kinds = list(rows.order_by().values_list("service_type__sensitivity", flat=True))
        reserved = sum(kind not in open_to for kind in kinds)
        text = ngettext("%(n)d service", "%(n)d services", len(kinds) - reserved)
        text %= {"n": len(kinds) - reserved}
        return f"{text} · {_('reserved: %(n)d') % {'n': reserved}}" if reserved else text

    @cached_property
    def cards(self) -> str:
        return ", ".join(str(card) for card in self.family.cards.all() if not card.revoked_at)

    @property
    def size(self) -> str:
        n = len(self.people)
        return ngettext("%(n)s person alone", "family of %(n)s", n) % {"n": n}

    @property
    def registered(self) -> str:
        at = date_format(timezone.localtime(self.family.registered_at), "DATETIME_FORMAT")
        return " · ".join(
            filter(None, [at, desk_name(self.family.desk).strip(), str(self.family.registered_by)])
        )

    def told(self, person) -> dict:
        """What is said of a person, in words."""
        inside = _("In the shelter") if person.open_stays else _("Left")
        born = ages.as_typed(person.birth) if person.birth_precision in ("day", "month", "year") else ""
        return {
            "name": str(person) if person.full_name else "",
            "known_as": person.known_as,
            "age": f"{person.age_text} ({born})" if born else person.age_text,
            "sex": person.get_sex_display(),
            "relationship": person.get_relationship_display(),
            "origin": person.origin_text,
            "needs": ", ".join(str(need) for need in self.flags[person]),
            "plan": str(person.plans[0]) if person.plans else "",
            "where": inside,
        }


def day(value) -> str:
    return date_format(value, "DATE_FORMAT") if value else ""


def family_lines(one: Side, other: Side) -> list[Line]:
    def both(label, read):
        return Line.of(label, read(one), read(other))

    lines = [
        Line(capfirst(_("Registered")), one.registered, other.registered),
        both(_("people"), lambda side: side.size),
        both(_("arrived on"), lambda side: day(side.family.arrived_on)),
        both(_("left home on"), lambda side: day(side.family.left_home_on)),
        both(_("where they are"), lambda side: side.where),
        both(_("language"), lambda side: str(side.family.language)),
        both(_("answer to the privacy notice"), lambda side: side.family.get_notice_answer_display()),
        Line(capfirst(_("cards")), one.cards or "—", other.cards or "—"),
        Line(capfirst(_("services received")), one.services, other.services),
        both(_("comments"), lambda side: side.family.comments),
    ]
    return [line for line in lines if (line.one, line.other) != ("—", "—")]


def person_lines(one: Side, first, other: Side, second) -> tuple[Line, ...]:
    labels = {
        "name": _("name"),
        "known_as": _("known as"),
        "age": _("age"),
        "sex": _("sex"),
        "relationship": _("relationship to the head"),
        "origin": _("origin"),
        "needs": _("needs"),
        "plan": _("plan"),
        "where": _("where they are"),
    }
    a = one.told(first) if first else {}
    b = other.told(second) if second else {}
    lines = (Line.of(label, a.get(key, ""), b.get(key, "")) for key, label in labels.items())
    return tuple(line for line in lines if (line.one, line.other) != ("—", "—"))


def matches(one: Side, other: Side) -> list[Match]:
    """Everybody once: the pairs in the order of the first family, then those who look like nobody."""
    found = sorted(paired(one, other), key=lambda match: one.people.index(match.one))
    taken = {each.one for each in found} | {each.other for each in found}
    left, right = ([person for person in side.people if person not in taken] for side in (one, other))
    rows = [*found, *(Match(a, b) for a, b in ((*((a, None) for a in left), *((None, b) for b in right))))]
    return [
        Match(
            row.one,
            row.other,
            row.certainty,
            row.reasons,
            row.doubts,
            person_lines(one, row.one, other, row.other),
        )
        for row in rows
    ]


def paired(one: Side, other: Side):
    """The best pairing, greedily: at most one each."""
    known = look_alikes.vocabulary()
    noted = {
        frozenset((row.first_id, row.second_id))
        for row in LookAlike.objects.between(one.family, other.family)
    }
    scored = [
        look_alikes.judge(a, one.people, b, other.people, known)
        for a, b in promising(one, other, noted, known)
    ]
    taken = set()
    for pair in sorted(scored, key=lambda pair: -pair.certainty):
        is_noted = frozenset((pair.asked.pk, pair.found.pk)) in noted
        if taken & {pair.asked, pair.found} or (pair.certainty < look_alikes.LIST_AT and not is_noted):
            continue
        taken |= {pair.asked, pair.found}
        yield Match(pair.asked, pair.found, pair.certainty, pair.reasons, pair.doubts)


def promising(one: Side, other: Side, noted, known) -> list:
    """The pairs to look at with both families beside them: in large families nearly all are out of the question."""
    left, right = ([(each, look_alikes.profile(each)) for each in side.people] for side in (one, other))
    scored = [
        (compare(a, b, known).certainty, frozenset((first.pk, second.pk)) in noted, first, second)
        for (first, a), (second, b) in product(left, right)
    ]
    scored.sort(key=lambda found: (not found[1], -found[0]))
    likely = [found for found in scored if found[1] or found[0] * 100 >= look_alikes.LIST_AT / 20]
    return [(first, second) for _certainty, _noted, first, second in likely[: look_alikes.MOST_JUDGED]]


def certainty_words(percent) -> str:
    if percent >= look_alikes.LIKELY_AT:
        return _("Very likely")
    return _("Likely") if percent >= look_alikes.WARN_AT else _("Perhaps")
