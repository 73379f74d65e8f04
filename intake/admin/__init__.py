"""The admin of families and services: corrections by coordinators, and the lists they own."""

from intake.admin import families, lists, needs, services

__all__ = ["families", "lists", "needs", "services"]
