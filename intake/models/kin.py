"""What people are, and what they are to each other, in the words of the lists everybody uses."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Sex(models.TextChoices):
    FEMALE = "F", _("Woman")
    MALE = "M", _("Man")
    OTHER = "X", _("Other")
    UNKNOWN = "U", _("Not recorded")


class Relationship(models.TextChoices):
    """To the head of the family. Codes as in UNICEF HOPE, with free union, godparents and companions added."""

    HEAD = "HEAD", _("Head of the family")
    PARTNER = "PARTNER", _("Partner")
    SPOUSE = "SPOUSE", _("Wife or husband")
    CHILD = "CHILD", _("Daughter or son")
    STEPCHILD = "STEPCHILD", _("Stepdaughter or stepson")
    FOSTER_CHILD = "FOSTER-CHILD", _("Child in their care")
    PARENT = "PARENT", _("Mother or father")
    STEPPARENT = "STEPPARENT", _("Stepmother or stepfather")
    SIBLING = "SIBLING", _("Sister or brother")
    HALF_SIBLING = "HALF-SIBLING", _("Half-sister or half-brother")
    GRANDPARENT = "GRANDPARENT", _("Grandmother or grandfather")
    GRANDCHILD = "GRANDCHILD", _("Granddaughter or grandson")
    AUNT_UNCLE = "AUNT-UNCLE", _("Aunt or uncle")
    NIECE_NEPHEW = "NIECE-NEPHEW", _("Niece or nephew")
    COUSIN = "COUSIN", _("Cousin")
    EX_PARTNER = "EX-SPOUSE", _("Former partner")
    PARENT_IN_LAW = "PARENT-IN-LAW", _("Mother-in-law or father-in-law")
    CHILD_IN_LAW = "CHILD-IN-LAW", _("Daughter-in-law or son-in-law")
    SIBLING_IN_LAW = "SIBLING-IN-LAW", _("Sister-in-law or brother-in-law")
    GODCHILD = "GODCHILD", _("Goddaughter or godson")
    GODPARENT = "GODPARENT", _("Godmother or godfather")
    GUARDIAN = "GUARDIAN", _("Legal guardian")
    OTHER_RELATIVE = "OTHER-RELATIVE", _("Other relative")
    COMPANION = "COMPANION", _("Travel companion, not family")
    UNKNOWN = "UNKNOWN", _("Not known")
