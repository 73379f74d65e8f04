"""The admin's lists: pages that do not count to the end, filters that tell nothing about what is hidden."""

from datetime import datetime, time, timedelta

from django.contrib.admin import FieldListFilter, RelatedFieldListFilter, SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _


class CappedPaginator(Paginator):
    """Counts to ten thousand and stops: beyond that nobody turns pages, and counting all is slow."""

    cap = 10_000

    @cached_property
    def count(self):
        return self.object_list.order_by()[: self.cap].count()

    @property
    def is_cut(self):
        return self.count >= self.cap


class PreparedList(ChangeList):
    def get_results(self, request):
        super().get_results(request)
        self.result_list = self.model_admin.prepare(request, self.result_list)


class ScopedRelatedFilter(RelatedFieldListFilter):
    """Offers what the account may see, and takes no other value: a filter must not tell what is hidden."""

    def field_choices(self, field, request, model_admin):
        return [(row.pk, str(row)) for row in model_admin.get_field_queryset(None, field, request)]

    def queryset(self, request, queryset):
        if not set(self.lookup_val or ()) <= {str(pk) for pk, _label in self.lookup_choices}:
            raise IncorrectLookupParameters
        return super().queryset(request, queryset)


FieldListFilter.register(lambda field: field.remote_field, ScopedRelatedFilter, take_priority=True)


class RetiredFilter(SimpleListFilter):
    title = _("use")
    parameter_name = "retired"

    def lookups(self, request, model_admin):
        return [("no", _("In use")), ("yes", _("Retired"))]

    def queryset(self, request, queryset):
        retired = Q(retired_on__lte=timezone.localdate())
        match self.value():
            case "yes":
                return queryset.filter(retired)
            case "no":
                return queryset.exclude(retired)
        return queryset


def days_filter(field, label):
    """A filter by the last days of a date or moment: fixed choices, so that no address can ask for others."""

    class DaysFilter(SimpleListFilter):
        title = label
        parameter_name = f"{field}_days"

        def lookups(self, request, model_admin):
            choices = {
                "1": _("Today"),
                "2": _("Since yesterday"),
                "7": _("Last 7 days"),
                "30": _("Last 30 days"),
            }
            return list(choices.items())

        def queryset(self, request, queryset):
            if self.value() not in dict(self.lookup_choices):
                return queryset
            first = timezone.localdate() - timedelta(days=int(self.value()) - 1)
            if isinstance(queryset.model._meta.get_field(field), models.DateTimeField):
                first = timezone.make_aware(datetime.combine(first, time.min))
            return queryset.filter(**{f"{field}__gte": first})

    return DaysFilter
