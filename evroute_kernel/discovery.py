"""Imports all modules of a folder that holds one file for each thing: functions, lints, magics, MI commands.

Each registers what it declares, so a new thing is a new file, or a declaration in one that is there: no list names it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import iter_modules


def import_modules(package: str) -> None:
    """Import every module of a package that is imported itself, in the order of their names, but for `__main__`."""
    for module in iter_modules(sys.modules[package].__path__, f"{package}."):
        if not module.name.endswith(".__main__"):
            import_module(module.name)
