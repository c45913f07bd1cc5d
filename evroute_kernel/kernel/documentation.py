"""The page docs/magics.md, made by `python -m evroute_kernel.kernel.documentation` from the declarations of magics."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from evroute_kernel.kernel.magics import everything as _everything  # noqa: F401 - fills the table
from evroute_kernel.kernel.magics.declaration import Magic
from evroute_kernel.kernel.magics.habits import groups
from evroute_kernel.kernel.magics.help import by_theme

_INTRODUCTION = """\
# Magics

Lines of a cell that begin with `%`. `%help NAME` shows in a notebook what stands here.

This page is made from the magics themselves: `python -m evroute_kernel.kernel.documentation > docs/magics.md`.
"""
_HABITS = """\
## From IPython

Magics of IPython that are called otherwise here. `!COMMAND` runs a command, `NAME?`, `?NAME` and `%NAME --help` show
help, as there.
"""
_BELOW = {
    "json": "`%%{name}` takes a JSON object from the lines below.",
    "script": "`%%{name}` takes the script below.",
    "text": "`%%{name}` takes the lines below.",
}


def page() -> str:
    """The whole page: a table of all magics, then the help of each."""
    magics = by_theme()
    table = ["| magic | does |", "| --- | --- |"]
    table += [f"| [`%{magic.name}`](#{magic.name}) | {_escaped(magic.summary)} |" for magic in magics]
    sections = ("\n".join(_section(magic)) for magic in magics)
    return "\n".join([_INTRODUCTION, "\n".join(table) + "\n", *sections, "\n".join(_habits())])


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _section(magic: Magic) -> Iterator[str]:
    # the help is laid out for a terminal
    yield from (f"## {magic.name}", "", "```", magic.usage, "", magic.doc, "```", "")
    if magic.body is not None:
        yield from (_BELOW[magic.body].format(name=magic.name), "")


def _habits() -> Iterator[str]:
    """What IPython's users type."""
    yield from (_HABITS, "| in IPython | here |", "| --- | --- |")
    for names, instead in groups():
        typed = " ".join(f"`%{name}`" for name in names)
        yield f"| {typed} | {_escaped(instead)} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
