"""Names as people write them, reduced to what can be compared. Pure functions."""

import unicodedata


def fold(*parts: str) -> str:
    """Lower case, no accents, single spaces, letters and digits only: "NÚÑEZ  López" becomes "nunez lopez".

    The same on every database, which ILIKE and icontains are not.
    """
    bare = unicodedata.normalize("NFKD", " ".join(part for part in parts if part)).casefold()
    kept = (c if c.isalnum() else " " for c in bare if not unicodedata.combining(c) and c not in "'’")
    return " ".join("".join(kept).split())
