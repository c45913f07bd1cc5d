"""Declares magics: one decorated function each. Its docstring is the help, its usage line the signature."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.magics.arguments import Arguments, Signature, parse_arguments

if TYPE_CHECKING:
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.export.rehearsal import Rehearsal

#: what a magic does: (running cell, what its reader made of the line)
Action: TypeAlias = "Callable[[Cell, Any], Awaitable[None]]"
#: makes something of a magic line before anything of the cell takes effect; raises ScriptError for what is wrong
Reader: TypeAlias = Callable[[MagicLine], Any]

#: what a magic does to a notebook that is exported: (rehearsal, offset of the line, what its reader made of it)
Effect: TypeAlias = "Callable[[Rehearsal, int, Any], None]"


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
    #: whether `%%name` exists
    body: bool = False
    #: `%name` on a line beside a script means the same as `%%name` above it
    takes_script: bool = False
    #: None for one that leaves no trace in a configuration
    on_export: Effect | None = None

    @property
    def summary(self) -> str:
        """The first sentence of the help."""
        return self.doc.partition("\n")[0]


MAGICS: Final[dict[str, Magic]] = {}


def magic(
    name: str,
    usage: str = "",
    *,
    read: Reader | None = None,
    convert: Callable[[Arguments], Any] | None = None,
    body: bool = False,
    takes_script: bool = False,
    on_export: Effect | None = None,
) -> Callable[[Callable[[Cell, Any], Awaitable[None]]], Callable[[Cell, Any], Awaitable[None]]]:
    """Declare a magic. It is given the `Arguments` that its usage line describes, or what `convert` makes of them.

    A magic whose arguments are no words and keys has a reader of its own instead.
    """
    signature = Signature.of(usage)
    full_usage = f"%{name} {usage}".strip()

    def read_arguments(line: MagicLine) -> Any:
        arguments = parse_arguments(line, signature, full_usage)
        return convert(arguments) if convert else arguments

    def declare(run: Callable[[Cell, Any], Awaitable[None]]) -> Callable[[Cell, Any], Awaitable[None]]:
        if name in MAGICS:
            raise ValueError(f"magic {name} is declared twice")
        theme = run.__module__.rpartition(".")[2]
        doc = cleandoc(run.__doc__ or "")
        MAGICS[name] = Magic(
            name,
            full_usage,
            theme,
            doc,
            signature,
            read or read_arguments,
            run,
            body=body,
            takes_script=takes_script,
            on_export=on_export,
        )
        return run

    return declare


def find(line: MagicLine) -> Magic:
    """The magic that a line names; raises ArgumentError for an unknown one, or a `%%` where only `%` exists."""
    percent = "%" if line.body is None else "%%"
    found = MAGICS.get(line.name)
    if found is None:
        hint = did_you_mean(percent + line.name, [percent + name for name in MAGICS])
        name = f"{percent}{line.name}" if line.name else "a magic without a name"
        raise ArgumentError(f"unknown magic {name}", line.name_span, hint or "%lsmagic lists all magics")
    if line.body is not None and not found.body:
        raise ArgumentError(f"%%{line.name} does not exist", line.name_span, f"write %{line.name} on a line of its own")
    return found
