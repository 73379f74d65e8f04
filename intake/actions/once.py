"""Once means once.

Whatever a device may send twice takes the `Submission` of its form. The first copy inserts it; a second copy
fails on its primary key and gets the first one's family as its answer (`AlreadySaved`).
"""

from contextlib import contextmanager

from django.db import IntegrityError, transaction

from intake.models import Family, Submission, Tombstone


class AlreadySaved(Exception):
    """This form was saved before. `submission` tells what it made; `is_same` whether it said the same."""

    def __init__(self, submission, is_same):
        super().__init__(submission.key)
        self.submission = submission
        self.is_same = is_same


class Erased(Exception):
    """This form is of somebody who was erased since: it stays out, however late it comes."""


class Overtaken(Exception):
    """Somebody else was faster, and what was asked makes no sense any more: the page has to be looked at again."""


@contextmanager
def once(submission: Submission, *, brings_people=False):
    """A transaction that begins by taking the form's key; raises AlreadySaved when another copy has it.

    Raises Erased when what that copy made was erased. A form that brings people is asked for that also when no copy
    is known: a restored backup may be older than the first one.
    """
    try:
        with transaction.atomic():
            submission.save(force_insert=True)
            if brings_people and Tombstone.objects.holds(submission.pk):
                raise Erased
            yield
    except IntegrityError:
        if Tombstone.objects.holds(submission.pk):
            raise Erased from None
        first = Submission.objects.select_related("family").filter(pk=submission.pk).first()
        if first is None and Family.objects.filter(pk=submission.pk).exists():
            raise AlreadySaved(submission, is_same=False) from None  # the key is a family's, of another path
        if first is None:  # something else was violated
            raise
        same = (first.digest, first.by_id) == (submission.digest, submission.by_id)
        raise AlreadySaved(first, is_same=same) from None
