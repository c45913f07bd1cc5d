"""Functions that are not simulated: what they return, and how they were called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from evroute_kernel.engine.state.stubs import USAGE, StubRule, StubValue, parse_stub
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.cell.failures import failure
from evroute_kernel.kernel.display.formats import MOST_ROWS, Table, shown
from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.kernel.magics.patterns import chosen
from evroute_kernel.library import table

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import StubCall
    from evroute_kernel.kernel.cell.cell import Cell


def read_rule(line: MagicLine) -> StubRule:
    """Read `%stub`; raises ArgumentError."""
    return parse_stub(line.text, table.of(line.version), line.source, line.offset)


@magic("stub", USAGE, read=read_rule, offers=Offers(words={"NAME": lambda asked: asked.stubs()}))
async def stub(cell: Cell, rule: StubRule) -> None:
    """Say what a function that is not simulated returns, and which variables it sets.

    A call of such a function is recorded (%stubs shows it) and does nothing else. Without a rule it warns once and
    returns -1. The rule holds from here on; a second one for the same function replaces it.

        %stub rest_get returns 200 sets $var(body)="{\\"blocked\\": \\"$param(ip)\\"}" $var(type)="application/json"

    returns  the return code, 1 when it is not said; 0 ends the script
    sets     variables, to an integer, to NULL, or to a text in quotes, in which variables are expanded at each call
    """
    cell.session.stub(rule)


@magic("unstub", "[NAME]", offers=Offers(words={"NAME": lambda asked: asked.stubs()}))
async def unstub(cell: Cell, arguments: Arguments) -> None:
    """Take back what %stub said about a function, or about all of them."""
    word = arguments.first
    if word is not None and word.text not in cell.session.settings.stubs:
        raise failure("UnknownStub", f"there is no rule for {word.text!r}", word.span, "%stubs lists them")
    cell.session.unstub(word.text if word else None)


@magic("stubs", "[PATTERN] [--clear]", offers=Offers(words={"PATTERN": lambda asked: asked.stubs()}))
async def stubs(cell: Cell, arguments: Arguments) -> None:
    """List the rules that %stub made, and the calls of functions that are not simulated, with their arguments.

    A pattern such as `rest_*` keeps the functions whose name matches. --clear forgets the calls so far instead.
    """
    await cell.settle()
    if "clear" in arguments.flags:
        cell.session.forget_stub_calls()
        return
    pattern = arguments.first.text if arguments.first else None
    rules = chosen(cell.session.settings.stubs.values(), pattern, lambda rule: (rule.name,))
    if rules:
        rows = [(rule.name, rule.returns, assignments(rule.sets)) for rule in rules]
        others = "%stubs PATTERN shows those that match"
        cell.outlet.display(Table(("function", "returns", "sets"), rows, others=others).bundle())
    calls = chosen(cell.session.stub_calls, pattern, lambda call: (call.name,))
    if len(calls) > MOST_ROWS:
        cell.outlet.write(f"the last {MOST_ROWS} of {len(calls):,} calls; %stubs PATTERN shows those that match:\n")
    headings = ("event", "route", "line", "call")
    found = [(c.event, c.route, c.span.line if c.span else None, written(c)) for c in calls[-MOST_ROWS:]]
    cell.outlet.display(Table(headings, found, "no such function has been called").bundle())


def assignments(sets: Mapping[str, StubValue]) -> str:
    """`$var(x)="text" $avp(y)=5`: as %stub takes it."""
    return " ".join(f"{variable}={'NULL' if value is None else shown(value)}" for variable, value in sets.items())


def written(call: StubCall) -> str:
    """`rest_get("http://x/", $var(body)=<null>)`: a variable with the value that it had before the call."""
    arguments = list(call.arguments)
    while arguments and arguments[-1] is None:
        arguments.pop()
    texts = ("" if a is None else a if a.startswith("$") else shown(a) for a in arguments)
    return f"{call.name}({', '.join(texts)})"
