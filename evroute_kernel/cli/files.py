"""Scripts as the command reads them, and findings as it prints them."""

from __future__ import annotations

import sys
from pathlib import Path

from evroute_kernel.cli.outcome import UsageError
from evroute_kernel.errors import Diagnostic
from evroute_kernel.source import Source


def read(file: str) -> str:
    """The text of a file, line breaks as they are; raises UsageError."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"error: cannot read {file}: {error.strerror}") from None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        byte = f"{data[error.start]:02x}"
        hint = f"convert the file, or write \\x{byte} in a string"
        raise UsageError(f"{file}:{line}:{column}: error: byte 0x{byte} is not UTF-8 ({hint})") from None


def source_of(file: str, text: str) -> Source:
    """Named as the user named it; included files are looked for beside it."""
    return Source(file, text) if file == "-" else Source(file, text, str(Path(file).absolute()))


def on_one_line(finding: Diagnostic, file: str) -> str:
    """A finding on one line, with a place in any case, and its code."""
    return f"{finding if finding.span else f'{file}:1:1: {finding}'} [{finding.code}]"
