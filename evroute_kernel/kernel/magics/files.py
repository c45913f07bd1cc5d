"""Scripts in files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from evroute_kernel.engine.arguments import ArgumentError
from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.kernel.execution import CellRun

#: bytes up to which a file is taken for a script
LARGEST = 16 * 2**20


@magic("load", "FILE")
async def load(cell: CellRun, arguments: Arguments) -> None:
    """Load a script from a file, as if its text stood in a cell of its own.

    Loading the file again replaces its routes and drops those it no longer defines.
    """
    word = arguments.words[0]
    path = Path(word.text).expanduser().absolute()
    text = await cell.compute(lambda: read(path, word))
    await cell.load(Source(str(path), text, str(path)), f"file:{path}")


def read(path: Path, word: Word) -> str:
    """The text of a script file; raises ArgumentError."""
    try:
        if path.stat().st_size > LARGEST:
            raise ArgumentError(f"{path} is too large for a script", word.span)
        data = path.read_bytes()
    except OSError as error:
        raise ArgumentError(f"cannot read {path}: {(error.strerror or str(error)).lower()}", word.span) from error
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ArgumentError(
            f"{path}:{line}: byte 0x{data[error.start]:02x} is not UTF-8",
            word.span,
            f"convert the file, or write the byte as \\x{data[error.start]:02x} in a string",
        ) from error
