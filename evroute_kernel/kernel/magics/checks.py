"""Expectations: cells that fail unless their log or state is as it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evroute_kernel.engine.arguments import ArgumentError
from evroute_kernel.kernel.cells import MagicLine
from evroute_kernel.kernel.failures import failure
from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.declaration import magic

if TYPE_CHECKING:
    from evroute_kernel.kernel.execution import CellRun

#: lines of the log that a failed %expect shows
LINES = 10


@magic("expect", "TEXT...")
async def expect(cell: CellRun, arguments: Arguments) -> None:
    """Fail the cell unless its log so far holds the text (each of the texts).

    The log of a cell is all that the routes it raised have logged, diagnostics included.
    """
    await cell.settle()
    log = "".join(record.text if record.text.endswith("\n") else record.text + "\n" for record in cell.outlet.records)
    for word in arguments.words:
        if word.text not in log:
            hint = "this cell has logged nothing"
            if log:
                lines = log.splitlines()[-LINES:]
                hint = "it ends with:\n" + "\n".join(f"    {line}" for line in lines)
            raise failure("ExpectationFailed", f"the log of this cell does not hold {word.text!r}", word.span, hint)


@dataclass(frozen=True, slots=True)
class Condition:
    """The condition of an `%assert`, as written, and its offset in the cell."""

    line: MagicLine
    text: str
    offset: int


def read_condition(line: MagicLine) -> Condition:
    text = line.text.strip()
    if not text:
        raise ArgumentError("the condition is missing", line.name_span, "usage: %assert EXPRESSION")
    return Condition(line, text, line.offset + line.text.index(text))


@magic("assert", "EXPRESSION", read=read_condition)
async def assert_(cell: CellRun, condition: Condition) -> None:
    """Fail the cell unless a condition holds, such as `$shv(calls) == 2 and $var(ip) =~ "^192"`.

    It is evaluated in the first worker, where `$var` has the values that the last run left.
    """
    await cell.settle()
    if not await cell.holds(condition.text, condition.offset):
        span = cell.source.span(condition.offset, condition.offset + len(condition.text))
        values = await cell.values_in(condition.text)
        hint = ", ".join(f"{variable} is {value}" for variable, value in values) or None
        raise failure("AssertionFailed", f"not true: {condition.text}", span, hint)
