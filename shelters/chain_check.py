"""Goes once through the seals and the lines of the trail, and tells what does not fit. In constant memory."""

from collections.abc import Iterator

from django.db.models import Count, Min
from django.utils import timezone

from shelters.chain import mark_for, runs, runs_of
from shelters.marks import link_of, mark_of, of_lines
from shelters.models import AccessEvent, AuditSeal

AT_A_TIME = 2000
BELOW_ALL = -(2**63)  # lines are numbered from 1; what somebody put below is looked at, too
UNREADABLE = (ValueError, TypeError, AttributeError)  # what the column of such a value cannot hold


class Check:
    """`findings()` yields a sentence for each. Afterwards: how many lines, which are not sealed."""

    def __init__(self):
        self.lines = self.young = 0
        self.reach = BELOW_ALL
        self.late = set()  # lines that no seal so far holds, between lines that are sealed
        self.is_marked = False

    def findings(self) -> Iterator[str]:
        before = None
        for seal in AuditSeal.objects.order_by("number").iterator(AT_A_TIME):
            yield from self.in_its_place(seal, before)
            try:
                sealed = runs_of(seal)
            except ValueError:
                yield f"Seal {seal.number} is not readable: it was changed."
            else:
                yield from self.of_its_lines(seal, sealed, sealed[0][0], sealed[-1][1])
            before = seal
        for line in lines(self.reach + 1):
            self.young += 1
            yield from self.of_a_line(line)
        yield from copies()

    def in_its_place(self, seal, before) -> Iterator[str]:
        expected = before.number + 1 if before else 1
        if seal.number > expected:
            told = (
                f"Seal {expected} is"
                if seal.number == expected + 1
                else f"Seals {expected} to {seal.number - 1} are"
            )
            yield f"{told} missing."
        elif seal.link != link_of(seal, before.link if before else ""):
            yield f"Seal {seal.number} of {written(seal.made_at)} was changed."

    def of_its_lines(self, seal, sealed, first, last) -> Iterator[str]:
        """Those that it holds and that are there, and no others."""
        is_late = last <= self.reach
        held, missing, found, wrong = holding(sealed), [], [], False
        wanted = next(held, None)
        for line in lines(first if is_late else self.reach + 1, last):
            if not is_late:
                for finding in self.of_a_line(line):
                    wrong = True
                    yield finding
            while wanted is not None and wanted < line.pk:
                missing.append(wanted)
                wanted = next(held, None)
            if wanted == line.pk:
                found.append((line.pk, readable(mark_for, line)))
                self.late.discard(line.pk)
                wanted = next(held, None)
            elif not is_late:
                self.late.add(line.pk)
                if line.mark is None and not self.is_marked:
                    yield f"Line {line.pk} was put in between lines of seal {seal.number}."
        missing += [*filter(None, [wanted]), *held]
        self.reach = max(self.reach, last)
        for one, other in runs(missing):
            told = f"Line {one} is" if one == other else f"Lines {one} to {other} are"
            yield f"{told} missing: sealed by {written(seal.made_at)} with seal {seal.number}."
        if not missing and not wrong and of_lines(found) != seal.lines:
            yield (
                f"Of lines {first} to {last}, sealed with seal {seal.number}, some were exchanged, overwritten "
                "with others, or changed (if they are from before lines had marks)."
            )

    def of_a_line(self, line) -> Iterator[str]:
        self.lines += 1
        if line.pk < 1:
            yield f"Line {line.pk} has a number that no database gives."
        if line.mark is None:
            if self.is_marked:
                yield f"Line {line.pk} of {written(line.at)} has no mark: it was not written by Puente, or changed."
            return
        self.is_marked = True
        if line.mark != readable(mark_of, line):
            yield f"Line {line.pk} was changed: it says {line.action}, {written(line.at)}, and its mark says otherwise."


def readable(marking, line) -> str:
    """The mark; nothing for a line that no mark can be made of, which then fits none."""
    try:
        return marking(line)
    except UNREADABLE:
        return ""


def lines(first, last=None):
    of_these = {"id__gte": first} if last is None else {"id__range": (first, last)}
    return AccessEvent.objects.filter(**of_these).order_by("id").iterator(AT_A_TIME)


def holding(sealed) -> Iterator[int]:
    for first, last in sealed:
        yield from range(first, last + 1)


def copies() -> Iterator[str]:
    """A line with its mark can be put in a second time; nobody does the same twice in one microsecond."""
    twice = AccessEvent.objects.filter(mark__isnull=False).order_by().values("mark")
    for row in twice.annotate(n=Count("pk"), first=Min("pk")).filter(n__gt=1).iterator(AT_A_TIME):
        ids = AccessEvent.objects.filter(mark=row["mark"], pk__gt=row["first"]).order_by("pk")
        for number in ids.values_list("pk", flat=True):
            yield f"Line {number} is a copy of line {row['first']}."


def fits_key() -> bool:
    """False when neither the newest line nor the newest seal fits: then it is the key that is another one."""
    line = AccessEvent.objects.filter(mark__isnull=False).order_by("-id").first()
    first = AuditSeal.objects.first()
    of_line = not line or line.mark == mark_of(line)
    return of_line or bool(first and first.link == link_of(first, ""))


def against(kept: str) -> str:
    """What a head that was kept elsewhere tells about the trail; nothing when it fits. Raises ValueError."""
    number, *link = kept.strip().lower().split("-")
    number, link = int(number), "".join(link)
    if len(link) < 16:
        raise ValueError
    head, seal = AuditSeal.objects.last(), AuditSeal.objects.filter(number=number).first()
    if not seal and (not head or head.number < number):
        ends = f"ends with seal {head.number} of {written(head.made_at)}" if head else "has no seal at all"
        return f"The trail is cut off: the kept head is seal {number}, and the trail {ends}."
    if not seal or not seal.link.startswith(link):
        return f"Seal {number} is not the one that was kept: the trail was cut off or rewritten since."
    return ""


def written(at) -> str:
    if at is None:
        return "no moment"
    return f"{timezone.localtime(at, timezone.get_default_timezone()):%Y-%m-%d %H:%M:%S %z}"
