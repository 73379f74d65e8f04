"""The Sphere board: a few numbers of a shelter beside the minimum standards of humanitarian aid. Pure functions.

The indicators are rows of intake/reports/sphere_indicators.csv. `op` says whether the value has to lie above or below;
up to `met` it is met, up to `near` it is near, beyond it is missed. `target` is what is written beside it.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import cache
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from intake.reports.tables import Coded

INDICATORS = Path(__file__).parent / "sphere_indicators.csv"
# What of the facts is divided among the people; those of `PER` are people for each one.
HAVE = {
    "SHL-OCC": "capacity",
    "SHL-AREA": "area",
    "WSH-TOI": "toilets",
    "WSH-SHW": "showers",
    "WSH-WAT": "water",
    "SHL-BLK": "blankets",
    "SHL-MAT": "mats",
    "SHL-CLO": "clothes",
    "FSC-MEAL": "meals",
}
PEOPLE = {"FSC-MEAL": "present_yesterday"}  # the others are divided by those present
PLACES = Decimal("0.1")


@dataclass(frozen=True)
class Indicator:
    code: str
    label_es: str
    label_en: str
    unit_es: str
    unit_en: str
    op: str
    target: Decimal
    met: Decimal
    near: Decimal
    source: str

    def in_words(self, name: str) -> str:
        return getattr(self, f"{name}_{'en' if get_language() == 'en' else 'es'}")

    def state(self, value) -> str:
        """met, near, missed, or none where there is no value."""
        if value is None:
            return "none"
        sign = 1 if self.op == "<=" else -1
        if sign * value <= sign * self.met:
            return "met"
        return "near" if sign * value <= sign * self.near else "missed"

    def value(self, have, people):
        """Exact; None while the shelter's row does not say, or nobody is there. Nobody's toilet is nobody's lack."""
        if have is None or not people:
            return None
        if self.op == ">=":
            return Decimal(have) / people
        if not have:
            return Decimal("Infinity")
        return Decimal(people) * (100 if self.code == "SHL-OCC" else 1) / have

    def needed(self, people):
        """How much of it the target takes for so many people, rounded up."""
        if people is None:
            return None
        if self.op == ">=":
            exact = people * self.target
        else:
            exact = people * (100 if self.code == "SHL-OCC" else 1) / self.target
        return int(exact.to_integral_value(ROUND_CEILING))


@cache
def indicators() -> list[Indicator]:
    with INDICATORS.open(newline="", encoding="utf-8") as file:
        return [
            Indicator(**row | {name: Decimal(row[name]) for name in ("target", "met", "near")})
            for row in csv.DictReader(file)
        ]


def board(facts: Mapping[str, int | None]) -> list[tuple]:
    """(indicator, state, value, unit, target, there is, it takes) for each.

    `facts`: present, present_yesterday, and what HAVE names; None is not known.
    """
    return [line(each, facts) for each in indicators()]


def line(each: Indicator, facts) -> tuple:
    people, have = facts[PEOPLE.get(each.code, "present")], facts[HAVE[each.code]]
    exact = each.value(have, people)
    state = each.state(exact)
    shown = None if exact is None or exact.is_infinite() else exact.quantize(PLACES)
    bound = _("at most %(target)s") if each.op == "<=" else _("at least %(target)s")
    return (
        Coded(each.code, each.in_words("label")),
        Coded(state, words()[state], mark=state),
        shown,
        each.in_words("unit"),
        bound % {"target": each.target},
        have,
        each.needed(people),
    )


def words() -> dict[str, str]:
    return {"met": _("Met"), "near": _("Near"), "missed": _("Missed"), "none": _("Not known")}
