"""Files whose text a test has made a script of, under their name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from evroute_kernel.lang.files import read_text
from evroute_kernel.runtime.files import FileError
from evroute_kernel.source import Source


def named_file(source: Source, folders: Iterable[Path]) -> Path | None:
    """The file of this name, from one of the folders if it is not absolute. None where there is no such file, or its
    text is another one: lines of the one would be taken for those of the other."""
    if source.path != f"<{source.name}>":
        return None  # it comes from a file
    return next((path for folder in folders if _holds(path := folder / source.name, source.text)), None)


def _holds(path: Path, text: str) -> bool:
    """Whether a file has this text. Python's `read_text` has other line breaks than a file of Windows."""
    try:
        return path.is_file() and _lines(read_text(path)) == _lines(text)
    except (FileError, OSError):
        return False  # a name that cannot be one of a file, or a file that holds no script


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")
