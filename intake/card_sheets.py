"""What is printed: the kinds of paper, and the square on every card. Exact sizes are in static/…/css/cards/."""

from dataclasses import dataclass

import segno
from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy


@dataclass(frozen=True)
class Variant:
    """One kind of paper: its stylesheet gives the page its size; `per_sheet` cards go on one page."""

    slug: str
    label: Promise
    per_sheet: int

    @property
    def stylesheet(self) -> str:
        return f"shelters/css/cards/{self.slug}.css"

    @property
    def is_sheet(self) -> bool:
        return self.per_sheet > 1


VARIANTS = [
    Variant("letter", gettext_lazy("Letter sheets: ten cards to cut out"), 10),
    Variant("a4", gettext_lazy("A4 sheets: ten cards to cut out"), 10),
    Variant("wristband", gettext_lazy("Wristbands: strips of 25.4 × 279.4 mm"), 1),
    Variant("label", gettext_lazy("Labels of 62 × 29 mm, on a roll"), 1),
]
BY_SLUG = {variant.slug: variant for variant in VARIANTS}


def square(code: str) -> SafeString:
    """The QR code as SVG, 25 units wide with its quiet zone. It holds the eight characters and nothing else.

    The smallest symbol has room for them at the strongest error correction: a card gets wet and creased.
    """
    symbol = segno.make_qr(code, version=1, error="h", mode="alphanumeric")
    return mark_safe(symbol.svg_inline(border=2, omitsize=True, svgclass="qr", lineclass=None))


def sheets(cards: list, variant: Variant) -> list[list]:
    """The cards by the page."""
    return [cards[i : i + variant.per_sheet] for i in range(0, len(cards), variant.per_sheet)]
