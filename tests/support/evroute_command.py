"""The command as a process that hears Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path


def listening(command: Sequence[str | Path]) -> subprocess.Popen[str]:
    """Start a command that SIGINT ends, even where whoever runs the tests ignores it: such as a shell's `&`."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
