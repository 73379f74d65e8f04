"""The list behind the origin type-ahead. Says nothing about anybody, so a browser may keep it for a day."""

from django.http import JsonResponse
from django.views.decorators.cache import cache_control

from intake import places


@cache_control(private=True, max_age=24 * 3600)
def place_list(request):
    """[[label, [own names], [full names], nearness, 1 for a department], …]; the page's language decides the labels."""
    known = [
        [each.place.label, each.own, each.full, each.nearness, int(bool(each.place.region))]
        for each in places.entries()
    ]
    return JsonResponse(known, safe=False)
