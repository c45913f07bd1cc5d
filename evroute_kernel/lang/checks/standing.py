"""What really runs here of a script: each name that it calls or reads is simulated, stubbed, or needs a SIP message.

`evroute check --report`, `%check --report` and `Session.what_runs` show it. Texts that cannot be read count as far as
they can be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, Literal, TypeAlias

from evroute_kernel.lang import nodes
from evroute_kernel.lang.compiler import RUNNABLE
from evroute_kernel.lang.lints.subject import Block, Subject
from evroute_kernel.library.table import Function, Library, Variable
from evroute_kernel.records import dataclass
from evroute_kernel.source import Source, Span

#: simulated: as on a server; stubbed: accepted, recorded, answered as a rule says; message: needs a SIP message, and
#: here there is none but the dummy request
How: TypeAlias = Literal["simulated", "stubbed", "message"]
WORDS: Final[dict[How, str]] = {"simulated": "simulated", "stubbed": "stubbed", "message": "needs a SIP message"}

#: modules of behaviour that work on the message
_ON_MESSAGE: Final = frozenset({"bodies", "branches", "message", "sending", "sipmsgops", "textops"})
_STATEMENTS: Final[dict[type[nodes.Node], str]] = {
    nodes.XLog: "xlog", nodes.XDbg: "xdbg", nodes.Log: "log", nodes.RouteCall: "route", nodes.Return: "return",
    nodes.Exit: "exit", nodes.Drop: "drop", nodes.Async: "async", nodes.Launch: "launch", nodes.Assert: "assert",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """One name at one place of a script. `note` tells what a stub answers, or what the dummy request holds."""

    name: str
    how: How
    span: Span
    note: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.note})" if self.note else self.name


@dataclass(frozen=True, slots=True)
class Line:
    """What one line has of one kind, each name once."""

    source: Source
    number: int
    how: How
    names: tuple[Standing, ...]

    def __str__(self) -> str:
        return f"{WORDS[self.how]}: {', '.join(map(str, self.names))}"


@dataclass(frozen=True, slots=True)
class Report:
    """Every name that a script calls or reads, in the order of the text."""

    names: tuple[Standing, ...]

    def lines(self) -> Iterator[Line]:
        """Line by line, and in each line kind by kind."""
        found: dict[tuple[Source, int, How], dict[str, Standing]] = {}
        for standing in self.names:
            key = standing.span.source, standing.span.line, standing.how
            found.setdefault(key, {}).setdefault(standing.name, standing)
        for (source, number, how), names in found.items():
            yield Line(source, number, how, tuple(names.values()))

    @property
    def totals(self) -> dict[How, int]:
        """How many places there are of each kind."""
        counted = Counter(standing.how for standing in self.names)
        return {how: counted[how] for how in WORDS}

    @property
    def summary(self) -> str:
        """`14 of 17 names are simulated, 2 stubbed, 1 needs a SIP message`."""
        totals = self.totals
        count = len(self.names)
        needs = "needs" if totals["message"] == 1 else "need"
        return (
            f"{totals['simulated']} of {count} names are simulated, {totals['stubbed']} stubbed,"
            f" {totals['message']} {needs} a SIP message"
        )


def what_runs(
    script: nodes.Script, library: Library, answers: Mapping[str, str] | None = None, met: Collection[str] = ()
) -> Report:
    """What of a script runs here, as on a server of the library's version. `answers` tells of functions what a stub
    rule lets them do, in words; `met` are the conditions that hold of those under which functions are simulated."""
    subject = Subject(script, library, {})
    found = (standing for block in subject.blocks for standing in _of_block(block, answers or {}, met))
    return Report(tuple(sorted(found, key=lambda standing: standing.span.start)))


def joined(reports: Iterable[Report]) -> Report:
    """Several texts as one."""
    return Report(tuple(standing for report in reports for standing in report.names))


def _of_block(block: Block, answers: Mapping[str, str], met: Collection[str]) -> Iterator[Standing]:
    title = "the request route" if block.kind == "route" and block.name == "0" else block.title
    runs = block.kind == "scratch" or (block.kind in RUNNABLE and (block.kind, block.name) != ("route", "0"))
    for standing in _names(block, answers, met):
        if runs:
            yield standing
        else:  # of requests and replies, which never come here
            yield Standing(standing.name, "message", standing.span, f"{title} runs on a server only")


def _names(block: Block, answers: Mapping[str, str], met: Collection[str]) -> Iterator[Standing]:
    for node in block.of(*_STATEMENTS):
        yield Standing(_STATEMENTS[type(node)], "simulated", node.span)
    for call in block.of(nodes.Call):
        function = block.library.functions.get(call.name)
        if function is not None:
            yield Standing(f"{call.name}()", *_of_function(function, call.name_span, answers.get(call.name), met))
    for use in block.uses:
        how, note = _of_variable(use.spec.declaration)
        yield Standing(use.spec.text, how, use.span, note)


def _of_function(function: Function, span: Span, answer: str | None, met: Collection[str]) -> tuple[How, Span, str]:
    if function.takes_rules and function.simulated_when not in met:
        note = answer or "returns -1: no rule of %stub says otherwise"
        when = f"{function.simulated_when} simulates it; else it " if function.simulated_when else ""
        return "stubbed", span, when + note
    behaviour = function.behaviour
    module = behaviour.call.__module__.rpartition(".")[2] if behaviour else ""
    return ("message", span, "works on the dummy request") if module in _ON_MESSAGE else ("simulated", span, "")


def _of_variable(variable: Variable) -> tuple[How, str]:
    if variable.stub:
        return "stubbed", "null until it is written"
    if variable.in_event_route == "null":
        return "message", "null here"
    if variable.message:
        prints = (variable.prints or "").partition("\r")[0]
        return "message", f"of the dummy request: {prints}" if prints else "of the dummy request"
    return "simulated", ""
