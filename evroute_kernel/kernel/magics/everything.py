"""Importing this module declares all magics: it imports every module of this package."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from evroute_kernel.kernel import magics

for _module in iter_modules(magics.__path__, f"{magics.__name__}."):
    import_module(_module.name)
