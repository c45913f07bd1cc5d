"""Importing this module gives every name its behaviour: it imports every module that registers some."""

from __future__ import annotations

from evroute_kernel.discovery import import_modules
from evroute_kernel.library import functions, table, transformations, variables

for _package in (functions, transformations, variables):
    import_modules(_package.__name__)

# what somebody asked for before this is joined anew
table.forget()
