"""The interpreter, and whose it is."""

from __future__ import annotations

import platform
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from evroute_kernel.kernel.health.check import BROKEN, NOTE, OK, Check

#: how an environment of one's own is made
VENV = "python3 -m venv venv && . venv/bin/activate, then pip install there"


def look() -> Iterator[Check]:
    """System, version, environment."""
    if sys.platform != "linux":
        yield Check(BROKEN, f"this is {platform.system()}", "use Linux: a container, or WSL on Windows")
    what = f"Python {platform.python_version()}, {sys.executable}"
    if sys.prefix != sys.base_prefix:
        yield Check(OK, f"{what}, in the virtual environment {sys.prefix}")
    elif is_managed():
        yield Check(NOTE, f"{what}, which the system manages: pip refuses to install there (PEP 668)", VENV)
    else:
        yield Check(OK, f"{what}, in no virtual environment")


def is_managed() -> bool:
    """Whether pip refuses to install for this interpreter: the system's own, outside a virtual environment."""
    return Path(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED").is_file()
