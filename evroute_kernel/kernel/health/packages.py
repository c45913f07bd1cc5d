"""What is installed beside the kernel: what it needs, what extras bring, and what others find of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any, Final

from evroute_kernel import __version__
from evroute_kernel.kernel.health.check import BROKEN, NOTE, OK, Check, told

NAME: Final = "evroute-kernel"
#: extras for users, and what each brings; the others are for who changes the kernel
EXTRAS: Final = {
    "lab": "JupyterLab, and what the notebooks use",
    "widgets": "the form of %raise EVENT ?",
    "usage": "memory and CPU in JupyterLab",
    "rabbitmq": "events to RabbitMQ",
    "kafka": "events to Kafka",
}
#: programs that show notebooks, and those that convert and test them, whose versions are worth knowing
_FRONT_ENDS: Final = ("jupyterlab", "notebook", "jupyter_server", "voila", "nbconvert", "papermill", "jupytext")
#: entry points by which others find the kernel's parts
_FOUND_BY: Final = {
    ("pygments.lexers", "opensips"): "colours in nbconvert and Sphinx",
    ("nbconvert.exporters", "opensips"): "exports as a server's configuration",
    ("pytest11", "evroute"): "the pytest fixture",
}


def look() -> Iterator[Check]:
    """The distribution itself, what it needs, extras, programs, entry points, JupyterLab's extension."""
    try:
        own = distribution(NAME)
    except PackageNotFoundError:
        yield Check(BROKEN, f"{NAME} is not installed here: only its folder is found", pip("install ."))
        return
    yield from _of_itself(own)
    yield from needs(own.requires or [])
    yield from extras(own.requires or [])
    there = [f"{name} {found}" for name in _FRONT_ENDS if (found := installed(name))]
    yield Check(OK, f"Jupyter's programs here: {', '.join(there)}" if there else "no Jupyter program is here")
    yield from _lab_extension()


def _of_itself(own: Distribution) -> Iterator[Check]:
    again = pip(f"install --force-reinstall --no-deps {NAME}") + ", or in a clone: pip install ."
    if own.version != __version__:
        yield Check(BROKEN, f"the code is {NAME} {__version__}, but {own.version} is what is installed", again)
    known = {(entry.group, entry.name) for entry in own.entry_points}
    missing = [what for key, what in _FOUND_BY.items() if key not in known]
    if missing:
        yield Check(BROKEN, f"the installation is older than the code; it lacks {', '.join(missing)}", again)


def needs(lines: Sequence[str]) -> Iterator[Check]:
    """What the kernel cannot do without."""
    found = []
    for requirement in _requirements(lines, ""):
        there = installed(requirement.name)
        if there is None or not requirement.specifier.contains(there, prereleases=True):
            is_what = "is missing" if there is None else f"is {there}"
            yield Check(
                BROKEN,
                f"{requirement.name} {is_what}; the kernel needs {_plain(requirement)}",
                pip(f"install '{_plain(requirement)}'"),
            )
        elif error := _import_error(requirement.name):
            remedy = pip(f"install --force-reinstall '{_plain(requirement)}'")
            yield Check(BROKEN, f"{requirement.name} {there} does not work: {error}", remedy)
        else:
            found.append(f"{requirement.name} {there}")
    yield Check(OK, f"{NAME} {__version__}, with {', '.join(found)}")


def _import_error(name: str) -> str:
    """Why a package that is there cannot be imported; "" where it can. Those that the kernel needs are named alike."""
    try:
        import_module(name.replace("-", "_"))
    except Exception as error:  # a package may fail in any way
        return told(error)
    return ""


def extras(lines: Sequence[str]) -> Iterator[Check]:
    """What the kernel can do without."""
    missing: list[str] = []
    there: list[str] = []
    for extra in EXTRAS:
        lacking = [r for r in _requirements(lines, extra) if installed(r.name) is None]
        old = [r for r in _requirements(lines, extra) if (v := installed(r.name)) and not r.specifier.contains(v)]
        for requirement in old:
            what = f"the extra {extra} ({EXTRAS[extra]}) needs {_plain(requirement)}"
            found = f"{requirement.name} is {installed(requirement.name)}; {what}"
            yield Check(BROKEN, found, pip(f"install '{_plain(requirement)}'"))
        (missing if lacking else there).append(extra)
    if there:
        yield Check(OK, f"extras: {', '.join(there)}")
    if missing:
        which = "; ".join(f"{extra} ({EXTRAS[extra]})" for extra in missing)
        names = ",".join(missing)
        remedy = pip(f"install '{NAME}[{names}]'") + f", or in a clone: pip install '.[{names}]'"
        yield Check(NOTE, f"extras that are not installed: {which}", remedy)


def _lab_extension() -> Iterator[Check]:
    """Is what colours scripts where JupyterLab looks?"""
    from jupyter_core.paths import jupyter_path

    if installed("jupyterlab") is None:
        return
    remedy = pip(f"install --force-reinstall --no-deps {NAME}") + ", or in a clone: pip install ."
    for folder in jupyter_path("labextensions"):
        file = Path(folder, NAME, "package.json")
        if file.is_file():
            found = json.loads(file.read_text("utf-8")).get("version")
            if found != __version__:
                yield Check(NOTE, f"{file.parent} colours scripts as version {found} did", remedy)
            else:
                yield Check(OK, f"JupyterLab's colours: {file.parent}")
            return
    yield Check(BROKEN, "JupyterLab shows scripts without colours: its extension is nowhere", remedy)


def installed(name: str) -> str | None:
    """The version of a distribution; None where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def pip(arguments: str) -> str:
    """The command that does something with the pip of this very environment."""
    return f"{sys.executable} -m pip {arguments}"


def _requirements(lines: Sequence[str], extra: str) -> Iterator[Any]:
    """What is needed for an extra alone, or with "" for the kernel itself."""
    from packaging.requirements import Requirement

    for requirement in map(Requirement, lines):
        marker = requirement.marker
        of_extra = marker is not None and not marker.evaluate({"extra": ""})
        if of_extra == bool(extra) and (marker is None or marker.evaluate({"extra": extra})):
            yield requirement


def _plain(requirement: Any) -> str:
    return f"{requirement.name}{requirement.specifier}"
