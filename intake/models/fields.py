"""Columns of our own."""

from django.db import models

from intake.matching.names import fold, sound_keys


class FoldedField(models.CharField):
    """A searchable copy of other columns, folded; kept right by save() and bulk_create() alike."""

    def __init__(self, *args, of=(), **kwargs):
        self.of = tuple(of)
        kwargs.setdefault("max_length", 400)
        super().__init__(*args, **{**kwargs, "blank": True, "editable": False})

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "of": self.of}

    def pre_save(self, model_instance, add):
        # Folding may lengthen (ß, ﬁ): what is over is not needed to find somebody.
        value = fold(*(getattr(model_instance, name) for name in self.of))[: self.max_length]
        setattr(model_instance, self.attname, value)
        return value


class SoundField(models.CharField):
    """One of the sound keys of a person's names; kept right by save() and bulk_create() alike.

    `part`: given, given_2, surname or surname_2, as matching.names.SoundKeys calls them.
    """

    def __init__(self, *args, part=None, **kwargs):
        self.part = part
        super().__init__(*args, **{**kwargs, "max_length": 24, "blank": True, "editable": False})

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "part": self.part}

    def pre_save(self, model_instance, add):
        keys = sound_keys(model_instance.given_names, model_instance.surnames, model_instance.known_as)
        value = getattr(keys, self.part)[: self.max_length]
        setattr(model_instance, self.attname, value)
        return value
