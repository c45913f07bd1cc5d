"""Declares magics: one decorated function each. Its docstring is the help, its usage line the signature.

All that is known of a magic stands in its declaration: what completion and inspection tell about its line, what an
export makes of it, what its body is. Whoever wants to know asks `MAGICS`; no other module knows a magic by its name.

    @magic("tick", "NAME...", offers=Offers(words={"NAME": lambda asked: asked.routes("timer_route")}))
    async def tick(cell: Cell, arguments: Arguments) -> None: ...

A new module of this package is found by `everything`; nothing else needs to be told of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import field
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.errors import did_you_mean, shortened
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.magics.arguments import Arguments, Signature, parse_arguments
from evroute_kernel.kernel.magics.habits import HABITS
from evroute_kernel.records import dataclass

if TYPE_CHECKING:
    from evroute_kernel.assist.offers import Candidate, Offer
    from evroute_kernel.assist.pages import Page
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.export.rehearsal import Rehearsal
    from evroute_kernel.kernel.questions.asked import Asked
    from evroute_kernel.lang.environment import Environment

#: what a magic does: (running cell, what its reader made of the line)
Action: TypeAlias = "Callable[[Cell, Any], Awaitable[None]]"
#: makes something of a magic line before anything of the cell takes effect; raises ScriptError for what is wrong
Reader: TypeAlias = Callable[[MagicLine], Any]

#: what a magic does to a notebook that is exported: (rehearsal, offset of the line, what its reader made of it)
Effect: TypeAlias = "Callable[[Rehearsal, int, Any], None]"

#: what script below the line will find, when that is known before anything takes effect: (what its reader made of it,
#: what script finds now)
Preparation: TypeAlias = "Callable[[Any, Environment], Environment]"

#: what a word, or the keys of a line, may be
Lister: TypeAlias = "Callable[[Asked], Iterable[Candidate]]"
#: what stands below `%%name`: a JSON object, script, or text that only the magic can read
Body: TypeAlias = Literal["json", "script", "text"]


@dataclass(frozen=True, slots=True)
class Offers:
    """What completion offers on the line of a magic, beyond what its usage line says."""

    #: name of a word in the usage -> what it may be
    words: Mapping[str, Lister] = field(default_factory=dict)
    #: what may stand behind `key=`, where the usage does not list the values: (asked, key)
    values: Callable[[Asked, str], Offer | None] | None = None
    #: keys that the usage does not list
    keys: Lister | None = None
    #: what alone stands behind the first word, flags apart
    behind: Lister | None = None
    #: for a magic that reads in its own way what follows its first word: what that may be
    rest: Callable[[Asked], Offer] | None = None
    #: the keys of a JSON body; `asked.given` is the first word of the line
    body: Callable[[Asked], list[Candidate]] | None = None


@dataclass(frozen=True, slots=True)
class Entrance:
    """What a magic does before anything of its cell is read: it says in what world that is run."""

    #: whether a line is such a one
    is_meant: Callable[[MagicLine], bool]
    read: Reader
    enter: Action


@dataclass(frozen=True, slots=True)
class Magic:
    """A magic: `%name arguments`, or with a body `%%name arguments`."""

    name: str
    usage: str
    theme: str
    doc: str
    signature: Signature
    read: Reader
    run: Action
    #: its line is not what the usage says, word for word: it may be a command, or script
    has_own_reader: bool = False
    #: None where `%%name` does not exist
    body: Body | None = None
    #: the rest of its line, and what stands below `%%name`, are lines and script of the cell; it begins before them,
    #: and ends behind them as a line that `closes`
    is_around: bool = False
    #: `%name` on a line beside a script means the same as `%%name` above it
    takes_script: bool = False
    offers: Offers = field(default_factory=Offers)
    #: pages about a word of its line: (asked with that word, the text before it)
    describes: Callable[[Asked, str], list[Page]] | None = None
    #: its line names an event and then parameters of that event, which completion learns from
    names_params: bool = False
    #: None for one that leaves no trace in a configuration
    on_export: Effect | None = None
    #: None for one that changes nothing that script is checked against
    prepares: Preparation | None = None
    #: None for one that says nothing about the cell that it stands in
    entrance: Entrance | None = None
    #: a `#` on its line is no comment
    takes_hashes: bool = False
    #: whether, with what its reader made of the line, it tells of what the cell runs below, and of nothing else
    is_head: Callable[[Any], bool] | None = None

    @property
    def summary(self) -> str:
        """The first sentence of the help."""
        return self.doc.partition("\n")[0]


MAGICS: Final[dict[str, Magic]] = {}
#: letters of a name up to which nearly every other one is like it, so that none is guessed
SHORT: Final = 3


def magic(
    name: str,
    usage: str = "",
    *,
    read: Reader | None = None,
    convert: Callable[[Arguments], Any] | None = None,
    doc: str | None = None,
    body: Body | None = None,
    is_around: bool = False,
    takes_script: bool = False,
    offers: Offers | None = None,
    describes: Callable[[Asked, str], list[Page]] | None = None,
    names_params: bool = False,
    on_export: Effect | None = None,
    prepares: Preparation | None = None,
    entrance: Entrance | None = None,
    takes_hashes: bool = False,
    is_head: Callable[[Any], bool] | None = None,
) -> Callable[[Callable[[Cell, Any], Awaitable[None]]], Callable[[Cell, Any], Awaitable[None]]]:
    """Declare a magic. It is given the `Arguments` that its usage line describes, or what `convert` makes of them.

    A magic whose arguments are no words and keys has a reader of its own instead. Its help is the function's docstring,
    or `doc`. The rest is as in `Magic`.
    """
    signature = Signature.of(usage)
    full_usage = f"%{name} {usage}".strip()

    def read_arguments(line: MagicLine) -> Any:
        arguments = parse_arguments(line, signature, full_usage)
        return convert(arguments) if convert else arguments

    def read_line(line: MagicLine) -> Any:
        return (read or read_arguments)(line if takes_hashes else line.without_comment)

    def declare(run: Callable[[Cell, Any], Awaitable[None]]) -> Callable[[Cell, Any], Awaitable[None]]:
        if name in MAGICS:
            raise ValueError(f"magic {name} is declared twice")
        theme = run.__module__.rpartition(".")[2]
        MAGICS[name] = Magic(
            name,
            full_usage,
            theme,
            cleandoc(doc or run.__doc__ or ""),
            signature,
            read_line,
            run,
            has_own_reader=read is not None,
            body=body,
            is_around=is_around,
            takes_script=takes_script,
            offers=offers or Offers(),
            describes=describes,
            names_params=names_params,
            on_export=on_export,
            prepares=prepares,
            entrance=entrance,
            takes_hashes=takes_hashes,
            is_head=is_head,
        )
        return run

    return declare


def takes_script_below(name: str) -> bool:
    """Whether what stands below `%%name` is script."""
    return name in MAGICS and MAGICS[name].body == "script"


def find(line: MagicLine) -> Magic:
    """The magic that a line names; raises ArgumentError for an unknown one, or a `%%` where only `%` exists."""
    found = MAGICS.get(line.name)
    if found is None:
        raise unknown(line)
    if line.is_misplaced:
        text = f"%%{line.name}{line.text.rstrip()}"
        hint = "move it, and what stands below it, to a cell of its own"
        raise ArgumentError(f"{text} must stand on the first line of its cell", line.name_span, hint)
    if line.body is not None and not found.body:
        raise ArgumentError(f"%%{line.name} does not exist", line.name_span, f"write %{line.name} on a line of its own")
    return found


def unknown(line: MagicLine) -> ArgumentError:
    """The error of a line whose magic there is not: what does the job of one of IPython's, else what may be meant."""
    percent = "%" if line.body is None else "%%"
    if line.name in HABITS:
        # `!ls` does it: with all that was written behind it
        instead = HABITS[line.name].replace(f"`!{line.name}`", f"`!{line.name}{shortened(line.text.rstrip())}`")
        return ArgumentError(f"{percent}{line.name} is a magic of IPython", line.name_span, f"here {instead}")
    if not line.name:
        return ArgumentError(f"a magic has a name behind {percent}", line.name_span, "%lsmagic lists all magics")
    near = None
    if len(line.name) > SHORT:
        near = did_you_mean(percent + line.name, [percent + known for known in MAGICS])
    return ArgumentError(f"unknown magic {percent}{line.name}", line.name_span, near or "%lsmagic lists all magics")
