"""Writing a file as a whole: either all of it is there in the end, or what was there before."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, data: str | bytes, *, force: bool = False) -> None:
    """Write bytes, or UTF-8 text, to a new file; with `force`, in place of an old one, whose permissions it keeps.

    Raises FileExistsError, or another OSError; the old file is then as it was.
    """
    path = path.resolve()  # the file that a link names, not the link
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no ordinary file", str(path))
    if path.exists() and not force:
        raise FileExistsError(errno.EEXIST, "it exists", str(path))
    # in the same folder, since only within a file system a file can take another's place at once
    new = path.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        _write(new, data.encode("utf-8", "replace") if isinstance(data, str) else data)
        if path.exists():
            new.chmod(path.stat().st_mode & 0o7777)
        new.replace(path)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise


def of_node(name: str, node: str) -> str:
    """The file of another node beside that of the notebook's own: `x.cfg` is `x.b.cfg` for the node b."""
    if name == "-":
        return name
    path = Path(name)
    return str(path.with_name(f"{path.stem}.{node}{path.suffix}"))


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
