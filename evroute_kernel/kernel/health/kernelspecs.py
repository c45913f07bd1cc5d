"""The kernelspecs by which Jupyter starts this kernel: those that are found, and where each leads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from jupyter_client.kernelspec import KernelSpecManager

from evroute_kernel import __version__
from evroute_kernel.kernel.health.check import BROKEN, NOTE, OK, Check
from evroute_kernel.kernel.kernelspec import BROUGHT, is_ours, prefix_folder, user_folder

#: seconds for another interpreter, or another Jupyter, to answer
_PATIENCE: Final = 30
_ASK: Final = "import evroute_kernel; print(evroute_kernel.__version__)"


def look() -> Iterator[Check]:
    """Every kernelspec of this kernel that Jupyter finds from here, in the order in which it looks."""
    seen: dict[str, Path] = {}
    for kernels in map(Path, KernelSpecManager().kernel_dirs):
        for folder in sorted(path for path in _folders(kernels) if path.name in BROUGHT or is_ours(path)):
            yield from _in_turn(folder, seen)
    yield from (_missing(name) for name in BROUGHT if name not in seen)
    yield from _other_jupyter()


def _folders(kernels: Path) -> list[Path]:
    try:
        return [path for path in kernels.iterdir() if (path / "kernel.json").is_file()]
    except OSError:
        return []


def _in_turn(folder: Path, seen: dict[str, Path]) -> Iterator[Check]:
    """Jupyter takes the first kernelspec of a name, even if it is broken; another environment may see a later one."""
    first = seen.setdefault(folder.name, folder)
    found = looked_at(folder)
    if first == folder:
        yield found
    elif found.state != OK:
        yield Check(NOTE, f"{found.found}; Jupyter does not see it behind {first}", found.remedy)


def looked_at(folder: Path) -> Check:
    """Where a kernelspec leads."""
    what = f"kernelspec {folder.name}: {folder}"
    try:
        command = json.loads((folder / "kernel.json").read_text("utf-8"))["argv"]
        program = str(command[0])
    except (OSError, ValueError, LookupError, TypeError) as error:
        return Check(BROKEN, f"{what}: its kernel.json cannot be read ({type(error).__name__})", _written_again(folder))
    if not is_ours(folder):
        return Check(NOTE, f"{what} starts another kernel than this one", _written_again(folder))
    python = _started_by_jupyter(program)
    if python is None:
        return Check(BROKEN, f"{what} starts {program}, which is gone", _written_again(folder))
    if os.path.realpath(python) == os.path.realpath(sys.executable) and _same_environment(python):
        return Check(OK, what)
    return _of_another(python, what, folder)


def _started_by_jupyter(program: str) -> str | None:
    """The program that is run: Jupyter puts its own interpreter in the place of a bare `python`."""
    if program in ("python", "python3", f"python{sys.version_info[0]}.{sys.version_info[1]}"):
        return sys.executable
    return shutil.which(program)


def _same_environment(python: str) -> bool:
    """Two environments may have links to one interpreter; where the link lies tells them apart."""
    return Path(python).parent.resolve() == Path(sys.executable).parent.resolve()


def _of_another(python: str, what: str, folder: Path) -> Check:
    """A kernelspec of another environment: does that one still have the kernel?"""
    try:
        done = subprocess.run(
            [python, "-c", _ASK], capture_output=True, text=True, timeout=_PATIENCE, check=False, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(BROKEN, f"{what} starts {python}, which does not run ({error})", _written_again(folder))
    if done.returncode:
        return Check(BROKEN, f"{what} starts {python}, which has no evroute_kernel", _written_again(folder))
    found = done.stdout.strip()
    if found != __version__:
        return Check(NOTE, f"{what} starts version {found} in {python}; here is {__version__}", _written_again(folder))
    return Check(OK, f"{what}, which starts {python}")


def _written_again(folder: Path) -> str:
    """The command that makes a kernelspec start this environment's kernel, and the one that removes it."""
    places = {user_folder(): "--user", prefix_folder(sys.prefix): "--sys-prefix"}
    place = places.get(folder.parent)
    if place is None or (not is_ours(folder) and folder.name not in BROUGHT):
        return f"remove {folder}"
    if folder.name in BROUGHT:
        server = BROUGHT[folder.name]
        name = f" --server {server}" if server else ""
        return f"{evroute(f'install {place}{name}')} writes it again; or remove {folder}"
    return f"{evroute(f'install {place} --name {folder.name}')} writes it again; or remove {folder}"


def _missing(name: str) -> Check:
    state: Any = BROKEN if BROUGHT[name] is None else NOTE
    return Check(state, f"Jupyter finds no kernelspec {name}", evroute("install --sys-prefix") + " (or --user)")


def _other_jupyter() -> Iterator[Check]:
    """The `jupyter` that a shell starts may be of another environment, which looks in other folders."""
    program = shutil.which("jupyter")
    if program is None or Path(program).parent.resolve() == Path(sys.executable).parent.resolve():
        return
    try:
        done = subprocess.run(
            [program, "kernelspec", "list", "--json"], capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
        names = set(json.loads(done.stdout)["kernelspecs"])
    except (OSError, subprocess.SubprocessError, ValueError, LookupError) as error:
        yield Check(NOTE, f"{program} does not say which kernels it knows ({type(error).__name__})")
        return
    if set(BROUGHT) & names:
        yield Check(OK, f"{program}, of another environment, knows the kernel")
    else:
        yield Check(BROKEN, f"{program}, of another environment, does not know the kernel", evroute("install --user"))


def evroute(arguments: str) -> str:
    """The command of this very environment."""
    command = Path(sys.executable).with_name("evroute")
    return f"{command if command.is_file() else f'{sys.executable} -m evroute_kernel'} {arguments}"
