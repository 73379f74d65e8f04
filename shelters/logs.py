"""What broke and where, without what was typed: a database error quotes the whole row it refused."""

import logging
import traceback


class PlacesOnly(logging.Formatter):
    """Formats an exception as the places it passed through and its kind, never its words."""

    def formatException(self, ei):
        kind, _error, places = ei
        return "".join(traceback.format_tb(places)) + kind.__qualname__
