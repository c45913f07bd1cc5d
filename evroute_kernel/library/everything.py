"""Importing this module gives every name its behaviour: it imports every module that registers some."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from evroute_kernel.library import functions, table, transformations, variables

for _package in (functions, transformations, variables):
    for _module in iter_modules(_package.__path__, f"{_package.__name__}."):
        import_module(_module.name)

# what somebody asked for before this is joined anew
table.forget()
