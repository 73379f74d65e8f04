"""One file, one report. Importing a file that declares a Report is all it takes to be on the menu."""

from importlib import import_module
from pkgutil import iter_modules

from intake.reports.base import REPORTS

for _module in iter_modules(__path__):
    if _module.name not in ("base", "urls", "views", "cut_views"):
        import_module(f"{__name__}.{_module.name}")

# One report may import another first: the menu is by name all the same.
_by_slug = sorted(REPORTS.items())
REPORTS.clear()
REPORTS.update(_by_slug)
