"""Home: what this desk does next, and what it did last."""

from django.shortcuts import redirect, render
from django.utils import timezone

from intake.models import Family, Person


def home(request):
    if not request.user.has_perm("intake.add_family"):  # who only reviews has no desk
        return redirect("admin:index")
    if not request.shift:
        return redirect("shift")
    here = Family.objects.visible_to(request.user).filter(
        shelter=request.shift.shelter_id, registered_on=timezone.localdate(), desk=request.shift.desk
    )
    context = {
        "latest": here.with_head().order_by("-registered_at")[:5],
        "families": here.count(),
        "people": Person.objects.filter(family__in=here).count(),
    }
    return render(request, "intake/desk.html", context)
