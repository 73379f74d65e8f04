"""The admin of families and services: corrections by coordinators, the lists they own, possible duplicates."""

from intake.admin import families, lists, look_alikes, merges, needs, services

__all__ = ["families", "lists", "look_alikes", "merges", "needs", "services"]
