"""History that costs nothing until somebody corrects something."""

from django.db import models


class Tracked(models.Model):
    """Keeps every version of a row, the first one included, from the first correction on.

    Rows made in bulk (a registration, a meal for a family) write no history: their first version is
    the row itself. Before the first change that version is copied, so nothing is ever lost. What is
    changed in bulk goes through `correct()` below, never through QuerySet.update().
    """

    class Meta:
        abstract = True

    first_version_needs = ()  # relations that `begun` reads

    def save(self, *args, **kwargs):
        if not self._state.adding:
            keep_first_versions(type(self), [self.pk])
        super().save(*args, **kwargs)

    def begun(self):
        """Who wrote the first version, and when: (account or None, moment)."""
        raise NotImplementedError


def keep_first_versions(model, pks) -> None:
    """Copy the stored rows that have no history yet into it, as their first version."""
    known = set(model.history.filter(id__in=pks).values_list("id", flat=True))
    stored = model._base_manager.filter(pk__in=pks).select_related(*model.first_version_needs)
    first = [row for row in stored if row.pk not in known]
    for row in first:
        row._history_user, row._history_date = row.begun()
    if first:
        model.history.bulk_history_create(first, default_change_reason="first version")


def correct(rows, fields, *, by) -> None:
    """Save these columns of many rows of one table, with their history. Three queries, however many rows."""
    if not rows:
        return
    model = type(rows[0])
    keep_first_versions(model, [row.pk for row in rows])
    columns = [model._meta.get_field(name).attname for name in fields]
    values = {tuple(getattr(row, column) for column in columns) for row in rows}
    if len(values) == 1:  # all alike, as when many leave together: a case for each row would cost seconds
        model.objects.filter(pk__in=[row.pk for row in rows]).update(
            **dict(zip(columns, *values, strict=True))
        )
    else:
        model.objects.bulk_update(rows, fields)
    model.history.bulk_history_create(rows, update=True, default_user=by)
