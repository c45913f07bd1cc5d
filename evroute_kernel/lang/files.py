"""Files that hold script: their text, and which of them `include_file` may open.

`ScriptFiles` stands between a script and what it names: `/etc/shadow` is nobody's script.
"""

from __future__ import annotations

import os
from dataclasses import field
from pathlib import Path

from evroute_kernel.records import dataclass
from evroute_kernel.runtime.files import FileError, read_bytes


def read_text(path: Path) -> str:
    """The text of a script file, line breaks as they are. Raises FileError, also for bytes that are no UTF-8."""
    return decoded(read_bytes(path))


def decoded(data: bytes) -> str:
    """Bytes as the UTF-8 that they have to be; raises FileError with the place of the first that is none."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        byte = f"{data[error.start]:02x}"
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        hint = f"convert the file, or write \\x{byte} in a string"
        raise FileError(f"byte 0x{byte} is not UTF-8", hint, line, column) from None


@dataclass(slots=True)
class ScriptFiles:
    """The files that `include_file` finds: those at a path from `start`, else from the folder of the including file.

    With `within`, what lies outside of that folder (links followed) is not opened; without `opens` nothing is. A file
    that must not be opened counts as empty. `unread` gathers their paths as written.
    """

    #: stands for the server's current directory
    start: Path = field(default_factory=Path)
    within: Path | None = None
    opens: bool = True
    unread: dict[str, None] = field(default_factory=dict)

    def read(self, name: str, folder: Path) -> tuple[Path, str] | None:
        """Path and text of a file; None when it must not be opened. Bytes that are no UTF-8 become surrogates. Raises
        FileError."""
        path = self._find(name, folder)
        if path is None:
            self.unread[name] = None
            return None
        return path, read_bytes(path).decode("utf-8", "surrogateescape")

    def may_open(self, path: Path) -> bool:
        """Whether a file may be opened; so may what cannot be: the attempt tells why."""
        if self.within is None or not self.opens:
            return self.opens
        try:
            return path.resolve().is_relative_to(self.within.resolve())
        except (OSError, RuntimeError, ValueError):
            return True

    def _find(self, name: str, folder: Path) -> Path | None:
        """The first of both places where something is; else the last, and the attempt to read it tells why."""
        allowed = [path for path in (self.start / name, folder / name) if self.may_open(path)]
        # Path.exists() raises what it meets: no right to look, a name that is too long
        found = next((path for path in allowed if os.path.exists(path)), None)  # noqa: PTH110
        return found or (allowed[-1] if allowed else None)
