"""The cells of a notebook file, read without nbformat, which a kernel does not need otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from evroute_kernel.records import dataclass
from evroute_kernel.runtime.files import FileError, read_bytes
from evroute_kernel.runtime.versions import DEFAULT_VERSION, VERSIONS, ServerVersion, server_version

CellKind: TypeAlias = Literal["code", "prose"]

#: tag of a cell that notebook runners pass over
SKIPPED: Final = "skip-execution"
#: tag of a cell that is to fail
FAILS: Final = "raises-exception"
#: bytes of a notebook file, pictures and all
LARGEST: Final = 2**30
#: characters of the name of a version that are looked at
LONGEST: Final = 40


class NotebookError(ValueError):
    """A file that is no notebook of this kernel. The text says why."""


@dataclass(frozen=True, slots=True)
class NotebookCell:
    """A cell in a file: `text` as written; `name` is what people call it; `owner` tells whose definitions its own
    replace; `may_fail`, that it says itself that it is to fail."""

    kind: CellKind
    text: str
    name: str = ""
    owner: str = ""
    may_fail: bool = False


@dataclass(frozen=True, slots=True)
class NotebookFile:
    """What a file holds. `version`: that of the server it was written for, where it says so."""

    cells: Sequence[NotebookCell]
    version: ServerVersion | None = None


def read_notebook(path: Path) -> list[NotebookCell]:
    """The cells of a notebook file. Raises NotebookError."""
    return list(read_file(path).cells)


def read_file(path: Path) -> NotebookFile:
    """A notebook file. Raises NotebookError."""
    try:
        notebook = json.loads(read_bytes(path, LARGEST))
    except FileError as error:
        raise NotebookError(f"cannot read {path}: {error.reason}") from None
    except (ValueError, RecursionError) as error:  # no UTF-8 is a ValueError too
        raise NotebookError(f"{path} is no notebook: it is not JSON ({error})") from None
    if not isinstance(notebook, dict) or not isinstance(_raw_cells(notebook), list):
        raise NotebookError(f"{path} is no notebook: it has no list of cells")
    language = language_of(notebook)
    if language not in ("", "opensips"):
        raise NotebookError(f"{path} is a notebook of {language}, not of OpenSIPS script")
    try:
        version = version_of(notebook)
    except ValueError as error:
        raise NotebookError(f"{path}: {error}") from None
    return NotebookFile(list(cells_of(_raw_cells(notebook))), version)


def version_of(notebook: Mapping[str, Any]) -> ServerVersion | None:
    """The version of the server that a notebook says it was written for; None where it does not say.

    Its metadata may name one, `"evroute": {"server": "4.0"}`. Else there is what the kernel was that last ran it, which
    front ends keep; whoever chose nothing ran it under the default, so that alone says nothing, and then there is the
    kernel that was chosen, such as `evroute-4.0`. Raises ValueError.
    """
    metadata = _mapping(notebook.get("metadata"))
    own = metadata.get("evroute")
    if own is not None and not isinstance(own, Mapping):
        example = json.dumps({"evroute": {"server": VERSIONS[-1]}})
        raise ValueError(f'its metadata have a value "evroute", which is to be an object: {example}')
    if own and own.get("server") is not None:
        try:
            return server_version(str(own["server"])[:LONGEST])
        except ValueError as error:
            raise ValueError(f"its metadata name a version in evroute.server, but {error}") from None
    return _version_it_ran_under(notebook) or _version_of_kernel(_mapping(metadata.get("kernelspec")))


def _version_it_ran_under(notebook: Mapping[str, Any]) -> ServerVersion | None:
    """What a kernel said of itself, unless it was of the default version."""
    metadata = _mapping(notebook.get("metadata"))
    ran = str(_mapping(metadata.get("language_info")).get("version") or "")
    try:
        found = server_version(ran) if language_of(notebook) == "opensips" else DEFAULT_VERSION
    except ValueError:  # a version to come, or of another kernel of the language
        return None
    return None if found == DEFAULT_VERSION else found


def _version_of_kernel(spec: Mapping[str, Any]) -> ServerVersion | None:
    """What the name says that `evroute install --server VERSION` gives a kernel."""
    return next((version for version in VERSIONS if spec.get("name") == f"evroute-{version}"), None)


def title_of(name: str) -> str:
    """What a configuration says of where it comes from; one text however it was made."""
    return f"{name.removesuffix('.ipynb')}, exported from a notebook by evroute_kernel"


def language_of(notebook: Mapping[str, Any]) -> str:
    """The language that a notebook names, "" when it names none."""
    metadata = _mapping(notebook.get("metadata"))
    info, spec = _mapping(metadata.get("language_info")), _mapping(metadata.get("kernelspec"))
    return str(info.get("name") or spec.get("language") or "").lower()


def cells_of(raw: Iterable[Any]) -> Iterator[NotebookCell]:
    """The cells of the list that a notebook holds; code cells are named as a run from the top numbers them."""
    count = 0
    for found in map(_mapping, raw):
        text = _joined(found.get("source", found.get("input", "")))
        tags = _mapping(found.get("metadata")).get("tags") or ()
        if found.get("cell_type") == "code" and SKIPPED not in tags:
            if text.strip():  # nobody runs an empty cell
                count += 1
                name = f"In[{count}]"
                yield NotebookCell("code", text, name, str(found.get("id") or name), FAILS in tags)
        else:
            yield NotebookCell("prose", text)


def _raw_cells(notebook: Mapping[str, Any]) -> Any:
    """The list of cells; until version 3 of the format it was kept in a worksheet."""
    sheets = notebook.get("worksheets")
    return _mapping(sheets[0]).get("cells") if isinstance(sheets, list) and sheets else notebook.get("cells")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _joined(source: Any) -> str:
    """A text, or a list of its lines."""
    return "".join(map(str, source)) if isinstance(source, list) else str(source)
