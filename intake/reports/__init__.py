"""One file, one report. Importing a file that declares a Report is all it takes to be on the menu."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    if _module.name not in ("base", "urls", "views"):
        import_module(f"{__name__}.{_module.name}")
