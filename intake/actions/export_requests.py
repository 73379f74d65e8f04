"""A file with many people in it is asked for by one account and let go by another."""

from django.db import transaction

from intake.models import ExportRequest
from shelters.audit import Action, record


@transaction.atomic
def ask_export(asked: dict, kind: str, table: str, people: int, *, by) -> ExportRequest:
    """`asked` is the choice of the page and of the form. One that waits already is not asked for twice."""
    answers = {name: asked[name] for name in ("purpose", "outside", "language", "codes")}
    days = {"since": asked["since"], "until": asked["until"]}
    what = {"shelter": asked["shelter"], "kind": kind, "table": table, **days, "answers": answers}
    if waiting := ExportRequest.objects.waiting().filter(asked_by=by, **what).first():
        return waiting
    request = ExportRequest.objects.create(asked_by=by, people=people, **what)
    detail = {"format": kind, "table": table, "people": people, "purpose": answers["purpose"]}
    record(Action.EXPORT_ASKED, by=by, shelter=request.shelter, subject=request, **detail)
    return request


@transaction.atomic
def decide_export(request: ExportRequest, is_approved: bool, *, by) -> bool:
    """False when it is too late, decided already, or one's own."""
    done = request.decide(is_approved, by=by)
    if done:
        action = Action.EXPORT_APPROVED if is_approved else Action.EXPORT_DECLINED
        record(action, by=by, shelter=request.shelter, subject=request, people=request.people)
    return done
