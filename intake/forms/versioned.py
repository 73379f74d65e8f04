"""Two people correct the same record: what only one of them touched is kept, what both touched is asked."""

from django import forms
from django.utils.translation import gettext as _


class VersionedForm(forms.Form):
    """Edits a row that has a `version`.

    The page carries the values it was filled with (`before-…`). When the row has moved on since, each field is
    compared three ways: unchanged here, theirs is taken; changed here alone, ours stands; changed by both to
    different things, ours stays in the field and theirs is said beside it. Saving again then decides.
    """

    def __init__(self, data=None, *, instance, **kwargs):
        self.instance = instance
        self.stored = {name: text_of(value) for name, value in self.values_of(instance).items()}
        self.theirs = {}
        if data is not None:
            data = self.caught_up(data.copy())
        super().__init__(data, initial=self.stored, **kwargs)

    def values_of(self, instance) -> dict:
        """Field name to the value the form shows for it."""
        raise NotImplementedError

    def caught_up(self, data):
        """What was sent, merged with what is stored now; what both changed is noted in `self.theirs`."""
        if data.get("version") == self.seen:
            return data
        for name, now in self.stored.items():
            before, typed = text_of(data.get(f"before-{name}")), text_of(data.get(name))
            if typed == before:
                data[name] = now
            elif now not in (before, typed):
                self.theirs[name] = now
        return data

    def clean(self):
        for name, now in self.theirs.items():
            choices = dict(getattr(self.fields[name], "choices", None) or [])
            words = choices.get(now, now) or _("nothing")
            self.add_error(
                name,
                _("Meanwhile somebody else wrote here: %(theirs)s. Save again to keep yours.")
                % {"theirs": words},
            )
        return super().clean()

    @property
    def seen(self) -> str:
        """Which row, at which version: an old address may lead to the row that this one was joined into."""
        return f"{self.instance.pk}:{self.instance.version}"

    @property
    def carried(self) -> list[tuple[str, str]]:
        """Hidden values of the page: the version it shows and what was stored at that version."""
        return [
            ("version", self.seen),
            *((f"before-{name}", value) for name, value in self.stored.items()),
        ]

    def changed_names(self) -> list[str]:
        return [
            name
            for name in self.stored
            if name not in self.errors and text_of(self.data.get(name)) != self.stored[name]
        ]


def text_of(value) -> str:
    return "" if value is None else str(value).strip()
