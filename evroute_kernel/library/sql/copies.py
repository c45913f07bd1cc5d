"""Copies of databases that all workers of a session have in common: what their scripts change there, they alone see.

They lie in the folder of the shared memory, are made when one is first opened, and go with the session, or by `drop`.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Final

FOLDER: Final = "databases"


def place(folder: Path, url: str) -> Path:
    """Where the copy of a database lies, given the folder of the shared memory."""
    return folder / FOLDER / f"{sha256(url.encode('latin-1')).hexdigest()[:32]}.db"


def drop(folder: Path) -> None:
    """Forget the copies; they are made anew from what the databases hold then. No statement may be under way."""
    shutil.rmtree(folder / FOLDER, ignore_errors=True)


def make(path: Path, original: Path, timeout: float) -> None:
    """Make a copy of a file, unless there is one. Raises sqlite3.Error.

    A file that does not exist is empty, as SQLite would make it, if its folder does.
    """
    if path.exists():
        return
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as into:
        into.execute("pragma user_version")
        if original.exists() or not original.parent.is_dir():
            fill(original, into, timeout)
    path.touch()


def fill(original: Path, into: sqlite3.Connection, timeout: float) -> None:
    """Put what a file holds into a database, and leave the file alone. Raises sqlite3.Error."""
    with closing(sqlite3.connect(f"{original.absolute().as_uri()}?mode=ro", timeout=timeout, uri=True)) as file:
        file.backup(into)


def held(folder: Path, url: str) -> tuple[str, ...]:
    """The statements that would make a copy what it is; none where it has not been opened."""
    path = place(folder, url)
    if not path.exists():
        return ()
    with closing(sqlite3.connect(path)) as base:
        base.text_factory = lambda data: data.decode("utf-8", "backslashreplace")
        return tuple(base.iterdump())
