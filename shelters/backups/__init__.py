"""Everything in the database as one sealed file, and back, on either engine. What is in such a file: docs/adr/0022."""


class Refused(Exception):
    """Why a file, a key or a database cannot be used, in a sentence for whoever gave the command."""
