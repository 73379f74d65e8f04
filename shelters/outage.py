"""When the database does not answer, has no room or cannot be written: 503 in words, with the way on."""

import sqlite3
import sys

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpResponse
from django.template.loader import get_template
from django.views.defaults import bad_request, server_error

TRY_AGAIN_IN = 10  # seconds
DRIVER = connection.Database
READ_ONLY = "42501"  # PostgreSQL calls a disk that it cannot write a missing privilege
# The driver's own as well: Django hands them on as they are when a cursor on the server is closed.
OUTAGES = (OperationalError, InterfaceError, DRIVER.OperationalError, DRIVER.InterfaceError)


def broken(request):
    """Answers for whatever broke in a page or before it. Django calls it while the error is being handled."""
    return away(request) if is_outage(sys.exc_info()[1]) else server_error(request)


def refused(request, exception):
    """A session that cannot be stored is called interrupted, which Django would answer as a bad request."""
    return away(request) if is_outage(exception) else bad_request(request, exception)


def is_outage(error) -> bool:
    """Also when it is the reason of another error, raised on the way out."""
    while error and not is_trouble(error):
        error = error.__cause__ or error.__context__
    return error is not None and not is_mistake(error)


def is_trouble(error) -> bool:
    """When the line breaks in the midst of an answer, the driver calls it an error of the database, of no kind."""
    if isinstance(error, OUTAGES) or type(error) is DRIVER.DatabaseError:
        return True
    return getattr(error, "pgcode", None) == READ_ONLY


def is_mistake(error) -> bool:
    """SQLite calls a missing table and a wrong word of SQL operational errors too; to try again helps with neither."""
    codes = [getattr(each, "sqlite_errorcode", None) for each in (error, error.__cause__)]
    return sqlite3.SQLITE_ERROR in codes


def away(request):
    """Whether what was sent got lost on its way to the disk, or only its answer on the way back, nobody knows here.

    So nothing is called saved, and the same form can be sent again. Nothing is asked of database, session or account.
    """
    page = get_template("503.html").render(
        {
            "is_sent": request.method == "POST",
            "fields": form_to_repeat(request),
            "address": request.get_full_path(),
        }
    )
    return HttpResponse(page, status=503, headers={"Retry-After": str(TRY_AGAIN_IN)})


def form_to_repeat(request) -> list[tuple[str, str]]:
    """What was typed, of a form whose key makes sending it again harmless. No form with a password has a key."""
    if request.method != "POST" or "key" not in request.POST:
        return []
    return [(name, value) for name, values in request.POST.lists() for value in values]
