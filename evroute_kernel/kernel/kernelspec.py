"""Makes the kernel known to Jupyter from an environment of its own, and unknown: `evroute install`, `uninstall`.

A wheel brings kernelspecs for the environment it is installed in. This writes ones that name this very interpreter, so
that a Jupyter of another environment can start the kernel too. What is written comes from the package (`specs/`), never
from the folders that the wheel has filled: those a user may have removed.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import TemporaryDirectory
from typing import Final

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_core.paths import jupyter_data_dir

from evroute_kernel.runtime.versions import DEFAULT_VERSION, VERSIONS

NAME: Final = "evroute"
#: the kernelspecs that a wheel brings -> the version that each names, None where the project of a notebook decides
BROUGHT: Final = {NAME: None, **{f"{NAME}-{version}": version for version in VERSIONS if version != DEFAULT_VERSION}}
#: what starts the kernel, in the command of every kernelspec that is ours
_MODULE: Final = "evroute_kernel"


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
        write = partial(KernelSpecManager().install_kernel_spec, str(folder), name, user=user, prefix=where)
        try:
            return Path(write())
        except FileExistsError as error:
            there = Path(error.filename)
            if not there.is_symlink():
                raise
            there.unlink()  # a link that leads nowhere, left by an environment that is gone
            return Path(write())


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
    """The folder with kernel.json and the logos, in the package itself."""
    return Path(__file__).parent / "specs" / NAME


def user_folder() -> Path:
    """Where the kernels of this user are, in any environment."""
    return Path(jupyter_data_dir(), "kernels")


def prefix_folder(prefix: str | Path) -> Path:
    """Where the kernels of an environment are."""
    return Path(prefix, "share", "jupyter", "kernels")


def is_ours(folder: Path) -> bool:
    """Whether a kernelspec starts this kernel, of whatever environment and version. Unreadable ones are not."""
    try:
        command = json.loads((folder / "kernel.json").read_text("utf-8"))["argv"]
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return isinstance(command, list) and _MODULE in command


def uninstall(name: str, kernels: Path) -> Path | None:
    """Remove a kernelspec of ours from a folder of kernels, and give its folder; None where there is none.

    Raises ValueError where another kernel has the name, OSError when it cannot be removed.
    """
    folder = kernels / name.lower()  # as Jupyter writes it
    if not folder.is_dir():
        return None
    if not is_ours(folder):
        raise ValueError(f"{folder} is not a kernelspec of this kernel; `jupyter kernelspec remove {name}` removes it")
    if folder.is_symlink():
        folder.unlink()  # as `jupyter kernelspec remove` does
    else:
        rmtree(folder)
    return folder
