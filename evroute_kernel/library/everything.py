"""Importing this module fills the tables of `declarations`: it imports every module that declares something."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from evroute_kernel.library import functions, transformations, variables
from evroute_kernel.library.stubs import declare_stubs

for _package in (functions, transformations, variables):
    for _module in iter_modules(_package.__path__, f"{_package.__name__}."):
        import_module(_module.name)

# last: what nobody has declared
declare_stubs()
