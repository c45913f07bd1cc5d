"""Makes the kernel known to Jupyter from an environment of its own: what `evroute install` does.

A wheel brings a kernelspec for the environment it is installed in. This writes one that names this very interpreter, so
that a Jupyter of another environment can start the kernel too.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Final

from jupyter_client.kernelspec import KernelSpecManager

import evroute_kernel

NAME: Final = "evroute"


def install(
    user: bool = False,
    sys_prefix: bool = False,
    prefix: str | Path | None = None,
    name: str = NAME,
    display_name: str | None = None,
    server: str | None = None,
) -> Path:
    """Write a kernelspec and give its folder.

    It goes to the user's folder, to this Python's environment (`sys_prefix`), below `prefix`, or with none of them to
    where Jupyter keeps kernels for all users. `server` is the version of OpenSIPS that its notebooks begin with;
    without it their project decides. Raises ValueError for a name that Jupyter does not take, OSError when the
    folder cannot be written.
    """
    with TemporaryDirectory() as temporary:
        folder = Path(temporary, NAME)
        copytree(resources(), folder)
        file = folder / "kernel.json"
        spec = specification(file.read_text("utf-8"), display_name, server)
        file.write_text(json.dumps(spec, indent=2) + "\n", "utf-8")
        where = sys.prefix if sys_prefix else None if prefix is None else str(prefix)
        return Path(KernelSpecManager().install_kernel_spec(str(folder), name, user=user, prefix=where))


def specification(text: str, display_name: str | None = None, server: str | None = None) -> dict[str, object]:
    """The contents of kernel.json with this interpreter in it."""
    spec: dict[str, object] = json.loads(text)
    assert isinstance(spec["argv"], list)
    spec["argv"] = [sys.executable, *spec["argv"][1:]]
    if server is not None:
        spec["argv"].append(f"--EvrouteKernel.server={server}")
        display_name = display_name or f"{spec['display_name']} ({server})"
    if display_name is not None:
        spec["display_name"] = display_name
    return spec


def resources() -> Path:
    """The folder with kernel.json and the logos: of the source tree, or where the wheel has put it."""
    tree = Path(evroute_kernel.__file__).parent.parent / "kernelspec"
    if (tree / "kernel.json").is_file():
        return tree
    try:
        files = distribution("evroute-kernel").files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        if file.parts[-2:] == (NAME, "kernel.json"):
            return Path(str(file.locate())).resolve().parent
    raise FileNotFoundError("the kernelspec's files are missing from this installation; install evroute-kernel again")
