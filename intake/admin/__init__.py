"""The admin of families and services: corrections by coordinators, the lists they own, possible duplicates."""

from intake.admin import (
    alerts,
    cards,
    data_requests,
    families,
    goods,
    lists,
    look_alikes,
    merges,
    needs,
    services,
    sharing,
    stays,
    tallies,
    trail,
)

__all__ = [
    "alerts",
    "cards",
    "data_requests",
    "families",
    "goods",
    "lists",
    "look_alikes",
    "merges",
    "needs",
    "services",
    "sharing",
    "stays",
    "tallies",
    "trail",
]
