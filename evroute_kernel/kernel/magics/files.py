"""Scripts in files."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.kernel.cell.scripts import load as load_script
from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.lang.files import read_text
from evroute_kernel.runtime.files import FileError
from evroute_kernel.source import Source, Span

if TYPE_CHECKING:
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.export.rehearsal import Rehearsal


@magic("export", "FILE [--force] [--read-outside]")
async def export(cell: Cell, arguments: Arguments) -> None:
    """Write the configuration of a server that does what this notebook defines.

    Routes and settings stand in it as in the cells that were run, in that order; magics and bare statements are
    comments, and so is what was refused. Statements that set what the routes need are in its startup_route. The prose
    between the cells is not known here: `evroute export` and nbconvert keep it.

    What files hold is not copied: include_file stays as it is, and %load becomes one. For the modules that they need
    and the routes that they define, those in the current folder are read, no others.

    A notebook of several nodes (%node) has a configuration for each: that of node b is FILE with .b before its ending.

    --force         replace a file that exists
    --read-outside  read files outside of the current folder too
    """
    from evroute_kernel.kernel.cell.notebook import HOME
    from evroute_kernel.kernel.export.files import of_node
    from evroute_kernel.kernel.export.notebooks import NotebookCell, title_of
    from evroute_kernel.kernel.export.rehearsing import export_nodes

    word = arguments.words[0]
    path = word.path
    cells = [NotebookCell("code", source.text, source.name, owner) for owner, source in cell.notebook.texts.items()]
    reads_outside = "read-outside" in arguments.flags
    title, version = title_of(path.stem), cell.session.version
    all_made = await cell.compute(lambda: export_nodes(cells, title, reads_outside=reads_outside, version=version))
    for node, made in all_made.items():
        target = path if node == HOME else Path(of_node(str(path), node))
        await cell.compute(partial(write, target, made.text, word.span, force="force" in arguments.flags))
        cell.outlet.write(f"{target.name}: {made.summary}\n")
        cell.tell(made.findings)


def read_writing(arguments: Arguments) -> Arguments:
    """Raises ArgumentError for a line that has no lines below it."""
    if arguments.line.body is None:
        raise ArgumentError("%writefile needs lines to write", arguments.line.name_span, "write %%writefile above them")
    return arguments


@magic("writefile", "FILE [-a|--append]", convert=read_writing, body="text")
async def writefile(cell: Cell, arguments: Arguments) -> None:
    """Write the lines below `%%writefile FILE` to a file, in place of what it held.

    --append  add them to its end (-a)
    """
    word, text = arguments.words[0], arguments.line.body or ""
    text += "\n" * (text[-1:] not in ("", "\n"))
    is_there, is_appending = word.path.exists(), "append" in arguments.flags
    await cell.compute(lambda: write(word.path, text, word.span, append=is_appending, force=True))
    what = "Writing" if not is_there else "Appending to" if is_appending else "Overwriting"
    cell.outlet.write(f"{what} {word.text}\n")


def write(path: Path, text: str, span: Span, *, append: bool = False, force: bool | None = None) -> None:
    """Write a text to a new file, at the end of one, or with `force` in place of one; None: the magic cannot be forced.
    Raises ArgumentError."""
    from evroute_kernel.kernel.export.files import write_whole

    try:
        if append:
            with path.open("a", encoding="utf-8", errors="replace", newline="") as file:
                file.write(text)
        else:
            write_whole(path, text, force=bool(force))
    except FileExistsError:
        hint = "name another file" if force is None else "write --force to replace it"
        raise ArgumentError(f"{path} exists", span, hint) from None
    except OSError as error:
        raise ArgumentError(f"cannot write {path}: {(error.strerror or str(error)).lower()}", span) from error


def exported_load(rehearsal: Rehearsal, offset: int, arguments: Arguments) -> None:
    """The configuration includes the file, which stays one of its own."""
    word = arguments.words[0]
    path, name = word.path_in(rehearsal.current), word.text
    if rehearsal.current != rehearsal.folder and not Path(name).expanduser().is_absolute():
        name = os.path.relpath(path, rehearsal.folder.absolute())
    rehearsal.load(offset, name, path, lambda path: read(path, word))


@magic("load", "FILE", on_export=exported_load)
async def load(cell: Cell, arguments: Arguments) -> None:
    """Load a script from a file, as if its text stood in a cell of its own.

    Loading the file again replaces its routes and drops those it no longer defines.
    """
    word = arguments.words[0]
    path = word.path
    text = await cell.compute(lambda: read(path, word))
    await load_script(cell, Source(str(path), text, str(path)), f"file:{path}")


def read(path: Path, word: Word) -> str:
    """The text of a script file; raises ArgumentError."""
    try:
        return read_text(path)
    except FileError as error:
        place = f"{path}:{error.line}" if error.line else f"cannot read {path}"
        raise ArgumentError(f"{place}: {error.reason}", word.span, error.hint) from error
