"""Importing this module declares all magics: it imports every module of this package."""

from __future__ import annotations

from evroute_kernel.discovery import import_modules
from evroute_kernel.kernel import magics

import_modules(magics.__name__)
