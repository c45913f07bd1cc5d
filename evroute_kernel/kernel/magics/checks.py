"""Expectations: cells that fail unless their log or state is as it should be."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.errors import Diagnostic, RouteSyntaxError, ScriptError
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.cell.failures import CellFailure, failure
from evroute_kernel.kernel.cell.scripts import value_of
from evroute_kernel.kernel.display.formats import shown
from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.records import dataclass
from evroute_kernel.source import Source, Span

if TYPE_CHECKING:
    from evroute_kernel.kernel.cell.cell import Cell

#: lines of the log that a failed %expect shows
LINES: Final = 10


@magic("expect", "TEXT... [--not]")
async def expect(cell: Cell, arguments: Arguments) -> None:
    r"""Fail the cell unless its log so far holds the text (each of the texts).

    The log of a cell is all that the routes it raised have logged, as they logged it, diagnostics included, each on a
    line of its own. `\n` and `\t` mean a line break and a tab.

    --not  fail the cell if its log holds one of the texts
    """
    await cell.settle()
    log = "".join(record.text + "\n" * record.diagnostic for record in cell.outlet.records)
    unwanted = "not" in arguments.flags
    for word in arguments.words:
        text = word.text.replace("\\n", "\n").replace("\\t", "\t")
        if (text in log) is unwanted:
            end = "\n".join(f"    {line}" for line in log.splitlines()[-LINES:])
            hint = f"it ends with:\n{end}" if log else "this cell has logged nothing"
            fault = "holds" if unwanted else "does not hold"
            raise failure("ExpectationFailed", f"the log of this cell {fault} {word.text!r}", word.span, hint)


# -- conditions -----------------------------------------------------------------------------------------------------

#: holds the outcome of a condition; an AVP, since those end with their run
_VERDICT: Final = "$avp(%assert)"
_BEFORE: Final = f"{_VERDICT} = 0; if ("
_AFTER: Final = f"\n) {_VERDICT} = 1;\n{_VERDICT}"
#: a variable in an expression; those with parentheses inside their transformations are left out
_VARIABLE: Final = re.compile(r"\$(?:\w+\([^()]*\)|\([^()]*(?:\([^()]*\)[^()]*)*\)|\w+)")


@dataclass(frozen=True, slots=True)
class Condition:
    """The condition of an `%assert`, and where it stands in the cell."""

    text: str
    span: Span

    @property
    def script(self) -> str:
        """A script whose value is 1 when the condition is true, else 0."""
        return _BEFORE + self.text + _AFTER

    def placed(self, diagnostic: Diagnostic) -> Diagnostic:
        """A finding about `script` with its place in the cell."""
        if diagnostic.span is None:
            return replace(diagnostic, span=self.span)
        start, end = diagnostic.span.start - len(_BEFORE), diagnostic.span.end - len(_BEFORE)
        if start >= len(self.text):
            # it is about what stands around the condition, which the user has never seen
            end_of_text = replace(self.span, start=self.span.end)
            return Diagnostic("error", "unfinished", "the condition is not finished", end_of_text)
        start, end = max(0, start), min(end, len(self.text))
        return replace(diagnostic, span=replace(self.span, start=self.span.start + start, end=self.span.start + end))


def read_condition(line: MagicLine) -> Condition:
    """The condition of a line; raises ArgumentError when there is none, ScriptError when it is no condition."""
    from evroute_kernel.lang.parser import parse

    text = line.text.strip()
    if not text:
        raise ArgumentError("the condition is missing", line.name_span, "usage: %assert EXPRESSION")
    start = line.offset + line.text.index(text)
    condition = Condition(text, line.source.span(start, start + len(text)))
    _, wrong = parse(Source("condition", condition.script), version=line.version, scratch=True)
    if wrong:
        raise RouteSyntaxError([condition.placed(diagnostic) for diagnostic in wrong[:1]])
    return condition


@magic("assert", "EXPRESSION", read=read_condition)
async def assert_(cell: Cell, condition: Condition) -> None:
    """Fail the cell unless a condition holds, such as `$shv(calls) == 2 and $var(ip) =~ "^192"`.

    It is evaluated in the first worker, where `$var` has the values that the last run left.
    """
    await cell.settle()
    try:
        value = await value_of(cell, condition.script)
    except ScriptError as error:
        raise type(error)([condition.placed(diagnostic) for diagnostic in error.diagnostics]) from error
    if value != 1:
        message, values = f"not true: {condition.text}", await values_in(cell, condition.text)
        raise failure("AssertionFailed", message, condition.span, ", ".join(values) or None)


async def values_in(cell: Cell, text: str) -> list[str]:
    """`$x is value` for each variable of an expression, as far as it can be read alone."""
    found = []
    for variable in dict.fromkeys(_VARIABLE.findall(text)):
        try:
            found.append(f"{variable} is {shown(await value_of(cell, variable))}")
        except (ScriptError, CellFailure):
            continue
    return found
