"""The cells that have been run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.kernel.magics.files import write
from evroute_kernel.records import dataclass

if TYPE_CHECKING:
    from evroute_kernel.kernel.cell.cell import Cell

#: `4`, `4-6`, `4-`: the last one counts, as in IPython
_RANGE: Final = re.compile(r"(?P<first>[0-9]{1,9})(?P<to>-(?P<last>[0-9]{1,9})?)?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cells, and how they are shown."""

    #: what a history_request asks for, one after another
    requests: Sequence[dict[str, Any]]
    numbers: bool
    outputs: bool
    file: Word | None


def read_history(arguments: Arguments) -> Wanted:
    """Raises ArgumentError for what is no range."""
    last, pattern = arguments.flags.get("last"), arguments.flags.get("search")
    requests: list[dict[str, Any]] = [range_of(word) for word in arguments.words]
    if last is not None:
        requests.append({"kind": "tail", "n": last.whole(1, "the number of cells")})
    if pattern is not None:
        text = pattern.text
        requests.append({"kind": "search", "pattern": text if re.search(r"[*?\[]", text) else f"*{text}*"})
    flags = arguments.flags
    return Wanted(requests or [{"kind": "range"}], "numbers" in flags, "outputs" in flags, flags.get("file"))


def range_of(word: Word) -> dict[str, Any]:
    found = _RANGE.fullmatch(word.text)
    if found is None:
        raise ArgumentError(f"expected numbers of cells such as 4 or 4-6, not {word.text!r}", word.span)
    first = int(found["first"])
    last = first if found["to"] is None else int(found["last"]) if found["last"] else None
    return {"kind": "range", "start": first, "stop": None if last is None else last + 1}


@magic(
    "history",
    "[RANGE...] [-n|--numbers] [-o|--outputs] [-l|--last N] [-g|--search TEXT] [-f|--file FILE]",
    convert=read_history,
)
async def history(cell: Cell, wanted: Wanted) -> None:
    """Show the cells that were run: all since the kernel was started, or those of a range such as `4` or `4-6`.

    --numbers      the number of each cell before it (-n)
    --outputs      the value that a cell had below it (-o)
    --last N       the last N cells, also of earlier days and other notebooks (-l)
    --search TEXT  all that hold a text, or match a pattern with `*` and `?`, from any day and notebook (-g)
    --file FILE    write them to a new file (-f)
    """
    texts = [text for request in wanted.requests for text in entries(cell, request, wanted)]
    file = wanted.file
    if file is None:
        cell.outlet.write("".join(texts))
        return
    await cell.compute(lambda: write(file.path, "".join(texts), file.span))
    cell.outlet.write(f"{file.text}: {len(texts)} cell{'s' * (len(texts) != 1)}\n")


def entries(cell: Cell, request: dict[str, Any], wanted: Wanted) -> Iterator[str]:
    """The cells that a request finds, each as lines."""
    is_foreign = request["kind"] != "range"
    for session, line, (text, output) in cell.notebook.history(**request, output=True):
        number = f"{session}/{line}: " if is_foreign else f"{line}: "
        value = f"\n{output}" if wanted.outputs and output is not None else ""
        yield f"{number if wanted.numbers else ''}{text.rstrip()}{value}\n"
