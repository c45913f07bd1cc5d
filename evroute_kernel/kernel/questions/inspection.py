"""What is known about the thing at the cursor of a cell, as a front end wants to have it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from evroute_kernel.assist import describing
from evroute_kernel.assist import inspection as of_script
from evroute_kernel.assist.frames import COMMENT, FOREIGN
from evroute_kernel.assist.pages import Page, bundle
from evroute_kernel.kernel.cell.cells import SHELL_LINE
from evroute_kernel.kernel.cell.notebook import Notebook
from evroute_kernel.kernel.magics import everything as _everything  # noqa: F401 - fills the table
from evroute_kernel.kernel.magics.declaration import MAGICS, takes_script_below
from evroute_kernel.kernel.questions.asked import Asked
from evroute_kernel.kernel.questions.defined import Question
from evroute_kernel.kernel.questions.pages import magic_pages
from evroute_kernel.kernel.questions.places import place_in_cell

_MAGIC: Final = re.compile(r"[ \t\n]*%%?(?P<name>[\w-]+)")


def inspect(notebook: Notebook, code: str, cursor: int, detail: int = 0) -> dict[str, Any]:
    """An inspect_reply about the thing at the cursor, or the call it stands in. `detail` 1: with all of its source."""
    pages = _pages_at(Asked(notebook, Question(notebook, code).defined), code, cursor)
    if not pages:
        return {"status": "ok", "found": False, "data": {}, "metadata": {}}
    shown = pages if detail else [page.shortened() for page in pages]
    return {"status": "ok", "found": True, "data": bundle(shown), "metadata": {}}


def _pages_at(asked: Asked, code: str, cursor: int) -> list[Page]:
    cursor = max(0, min(cursor, len(code)))
    start, word = of_script.word_at(code, cursor)
    top = place_in_cell(code, start).top
    if top == FOREIGN or (top != COMMENT and _begins_magic(code, start)):
        return next(filter(None, _on_magic_line(asked, code, start, word)), [])
    return of_script.pages_at(asked.defined, code, cursor, place_in_cell)


def _begins_magic(code: str, position: int) -> bool:
    """Whether the word at a position is the name of a magic that begins a line, right after its `%`."""
    line = code[code.rfind("\n", 0, position) + 1 : position]
    return re.fullmatch(r"[ \t]*%%?", line) is not None


def _on_magic_line(asked: Asked, code: str, position: int, word: str) -> Iterator[list[Page]]:
    start, defined = _start_of_magic(code, position), asked.defined
    end = code.find("\n", position)
    line = code[start : end if end >= 0 else len(code)]
    if SHELL_LINE.fullmatch(line):
        yield magic_pages("sh")
        return
    found = _MAGIC.match(line)
    if found is None:  # `?name`
        yield magic_pages(word)
        for kind in describing.DESCRIBERS:
            yield describing.pages_of(kind, word, defined)
        return
    magic = magic_pages(found["name"])
    if position <= start + found.end("name"):
        yield magic
        return
    if code[position + len(word) :].startswith("=") and _takes_key(found["name"], word):
        yield magic
        return
    if line[: position - start].endswith("$"):
        yield describing.pages_of("variable", word, defined)
    if (named := MAGICS.get(found["name"])) is not None and named.describes is not None:
        yield named.describes(replace(asked, word=word), line[found.end("name") : position - start])
    for kind in ("event", "route", "keyword", "function", "transformation", "lint"):
        yield describing.pages_of(kind, word, defined) if word else []
    yield magic_pages(word)
    yield magic


def _start_of_magic(code: str, position: int) -> int:
    """Where the magic begins that the position belongs to: behind those that are around it, such as `%time`."""
    start = code.rfind("\n", 0, position) + 1
    cell_magic = _MAGIC.match(code) if code.lstrip().startswith("%%") else None
    if cell_magic is not None and not takes_script_below(cell_magic["name"]):
        return 0
    found = _MAGIC.match(code, start)
    while found and found["name"] in MAGICS and MAGICS[found["name"]].is_around and position > found.end():
        start = found.end()
        found = _MAGIC.match(code, start)
    return start


def _takes_key(name: str, key: str) -> bool:
    """Whether a magic takes `key=VALUE`."""
    return name in MAGICS and key in MAGICS[name].signature.keys
