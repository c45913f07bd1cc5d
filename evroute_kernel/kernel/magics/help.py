"""Help on magics, events, and what else has a name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.cell.failures import failure
from evroute_kernel.kernel.display.formats import Table, text_bundle
from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.declaration import MAGICS, Magic, Offers, magic
from evroute_kernel.kernel.questions.pages import bundle_of, known_names

if TYPE_CHECKING:
    from evroute_kernel.assist.offers import Candidate
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.cell.notebook import Notebook
    from evroute_kernel.kernel.questions.asked import Asked

#: modules that declare magics, in the order in which %lsmagic lists these; others come last
_THEMES: Final = """
    raising replaying subscriptions registry timers graph events checks findings migration state stubs files
    settings processes management live shell surroundings timing recalling help
""".split()

INTRODUCTION = """\
A cell holds OpenSIPS script: event_route[NAME] { ... } and other routes, globals, loadmodule and modparam. Running the
cell defines them. Statements outside a route run at once, and an expression at the end is shown as the cell's value.

    event_route[E_PIKE_BLOCKED] {
        xlog("blocked $param(ip)\\n");
    }
    %raise E_PIKE_BLOCKED ip=192.0.2.1

Lines that begin with % are magics; %help NAME tells more about one, and about an event, function, variable or
transformation. %lsmagic lists all magics. A line that begins with ! is a command for the shell.
"""


def offered_names(asked: Asked) -> Iterable[Candidate]:
    """All that %help knows."""
    from evroute_kernel.kernel.questions.names import every_name

    return every_name(asked)


@magic("help", "[NAME]", offers=Offers(words={"NAME": offered_names}))
async def help_(cell: Cell, arguments: Arguments) -> None:
    """Show help: on a magic, event, function, variable, transformation or route, or on cells in general.

    `NAME?` and `?NAME` on a line of their own do the same in the pager of the front end, where it has one; `%NAME
    --help` is for magics, and `?` alone for cells in general.
    """
    word = arguments.first
    if word is None:
        cell.outlet.display(text_bundle(f"{INTRODUCTION}\n{listed()}"))
        return
    found = bundle_of(word.text, cell.notebook)
    if found is None:
        raise failure("UnknownName", f"nothing is known about {word.text!r}", word.span, near(word.text, cell.notebook))
    if is_question(arguments.line):
        cell.page(found)
    else:
        cell.outlet.display(found)


def is_question(line: MagicLine) -> bool:
    """Whether `NAME?` or `?NAME` asks, not `%help NAME` or `%raise NAME ?`."""
    return line.name == "help" and line.name_span.text != "%help"


@magic("lsmagic")
async def lsmagic(cell: Cell, arguments: Arguments) -> None:
    """List all magics."""
    cell.outlet.display(Table(("magic", "does"), [(f"%{m.name}", m.summary) for m in by_theme()]).bundle())


def by_theme() -> list[Magic]:
    """All magics, raising events first."""
    return sorted(MAGICS.values(), key=lambda m: _THEMES.index(m.theme) if m.theme in _THEMES else len(_THEMES))


def listed() -> str:
    width = max(len(name) for name in MAGICS) + 3
    return "\n".join(f"{'%' + m.name:<{width}}{m.summary}" for m in by_theme())


def near(name: str, notebook: Notebook) -> str:
    return did_you_mean(name, known_names(notebook)) or "%lsmagic lists all magics, %events all events"
