"""Statements that run otherwise than they read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Subject
from evroute_kernel.source import Span


@rule(
    "return-zero",
    "`return(0)` in a called route ends everything, not only the route",
    local=True,
    fires="""
        route[known] {
            if ($param(1) == "192.0.2.1")
                return(0);
            return(1);
        }
        event_route[E_PIKE_BLOCKED] {
            route(known, $param(ip));
        }
    """,
    quiet="""
        route[known] {
            if ($param(1) == "192.0.2.1")
                return(-1);
            return(1);
        }
        event_route[E_PIKE_BLOCKED] {
            route(known, $param(ip));
        }
    """,
)
def return_zero(subject: Subject) -> Iterator[Finding]:
    """A code of 0 means "end the script": nothing after the call runs, in no route. Codes above 0 are true, those
    below 0 are false."""
    for block in subject.blocks:
        for node in block.of(nodes.Return) if block.called else ():
            if isinstance(node.code, nodes.Number) and node.code.value == 0:
                message = f"a code of 0 ends the whole script, not only {block.title}"
                yield Finding(
                    message, node.code.span, "return(-1) for false, return(1) for true, exit to end the script"
                )


@rule(
    "empty-while",
    "a `while` without a body does not wait: it ends at once",
    local=True,
    fires=("while ($shv(ready) == 0) {}", "while (1);"),
    quiet="while ($shv(ready) == 0) { usleep(1000); }",
)
def empty_while(subject: Subject) -> Iterator[Finding]:
    """The server leaves a loop that has nothing to do, whatever its condition says."""
    for node in subject.of(nodes.While):
        if not node.body:
            span = node.span.source.span(node.span.start, node.test.span.end)
            yield Finding("this loop has no body: it ends at once", span, "give it a statement, such as usleep(1000);")


@rule(
    "assignment-in-condition",
    "`=` in a condition assigns and is true",
    local=True,
    fires=("if ($var(x) = 5) exit;", 'while ($var(next) = 0 and $var(y)) xlog("x\\n");'),
    quiet=("if ($var(x) == 5) exit;", 'if ($json(doc) := $param(ip)) xlog("parsed\\n");'),
)
def assignment_in_condition(subject: Subject) -> Iterator[Finding]:
    """The condition is true when the assignment succeeded, so for 0 and NULL too. `:=`, which nobody writes by
    accident, is not reported."""
    for test in _conditions(subject):
        for node in test.walk():
            if not isinstance(node, nodes.Action) or len(node.statements) != 1:
                continue
            [assign] = node.statements
            if isinstance(assign, nodes.Assign) and assign.op == "=":
                value = " ".join(assign.value.span.text.split())
                message = f"this assigns to {assign.target.text}, and is true whatever the value"
                yield Finding(message, assign.span, f"to compare write {assign.target.text} == {value}")


_WITH_CONDITIONS: Final[tuple[type[nodes.If | nodes.While | nodes.Assert], ...]] = (nodes.If, nodes.While, nodes.Assert)


def _conditions(subject: Subject) -> Iterator[nodes.Node]:
    """Those that may hold a statement."""
    for node in subject.of(*_WITH_CONDITIONS):
        condition = node.condition if isinstance(node, nodes.Assert) else node.test
        if type(condition) not in nodes.WITHOUT_STATEMENTS:
            yield condition


@rule(
    "switch-fallthrough",
    "a case without `break` runs into the next one",
    local=True,
    severity="info",
    fires="""
        switch ($param(ip)) {
            case "192.0.2.1":
                $var(who) = "monitoring";
            case "192.0.2.2":
                $var(who) = "test";
                break;
        }
    """,
    quiet="""
        switch ($param(ip)) {
            case "192.0.2.1":
            case "192.0.2.2":
                $var(who) = "test";
                break;
            default:
                $var(who) = "other";
        }
    """,
)
def switch_fallthrough(subject: Subject) -> Iterator[Finding]:
    """After the statements of a case those of the next case run, and in the end those of `default`, until a `break`."""
    for node in subject.of(nodes.Switch):
        for index, case in enumerate(node.cases):
            last = index + 1 == len(node.cases)
            if not case.body or _leaves(case.body) or (last and not node.default):
                continue
            into = "default" if last else f"case {node.cases[index + 1].label.span.text}"
            span = case.span.source.span(case.span.start, case.label.span.end)
            yield Finding(f"this case has no break and runs on into {into}", span, "end it with break;")


#: what may end a list of statements
_LEAVING: Final = frozenset({nodes.If, nodes.Break, nodes.Return, nodes.Exit, nodes.Drop})


def _leaves(body: tuple[nodes.Statement, ...]) -> bool:
    """Whether control never comes to the end of a list of statements."""
    if not body:
        return False
    end = body[-1]
    if isinstance(end, nodes.If):
        return _leaves(end.then) and _leaves(end.orelse)
    return isinstance(end, (nodes.Break, nodes.Return, nodes.Exit, nodes.Drop))


@rule(
    "duplicate-case",
    "of two cases with the same label only the first is ever chosen",
    fires="""
        switch ($param(ip)) {
            case "GW": $var(x) = 1; break;
            case "gw": $var(x) = 2; break;
        }
    """,
    quiet="""
        switch ($param(ip)) {
            case "gw1": $var(x) = 1; break;
            case "gw2": $var(x) = 2; break;
        }
    """,
)
def duplicate_case(subject: Subject) -> Iterator[Finding]:
    """Labels in quotes are compared without regard to letter case."""
    for node in subject.of(nodes.Switch):
        seen: dict[str | int, Span] = {}
        for case in node.cases:
            value = case.label.value
            key = value.lower() if isinstance(value, str) else value
            if key in seen:
                message = f"case {case.label.span.text} is never chosen: line {seen[key].line} has the same label"
                yield Finding(message, case.label.span, "remove one of them" + _case_note(value, seen[key].text))
            seen.setdefault(key, case.label.span)


def _case_note(value: str | int, first: str) -> str:
    return "; letter case makes no difference" if isinstance(value, str) and value not in first else ""


@rule(
    "for-without-all",
    "`for` over a variable without `[*]` is skipped",
    local=True,
    fires='for ($var(v) in $avp(list)) xlog("$var(v)\\n");',
    quiet='for ($var(v) in $(avp(list)[*])) xlog("$var(v)\\n");',
)
def for_without_all(subject: Subject) -> Iterator[Finding]:
    """The server logs an error and goes on after the loop."""
    for node in subject.of(nodes.ForEach):
        if "[*]" not in node.collection.text:
            text = node.collection.text
            inner = text[2:-1] if text.startswith("$(") else text[1:]
            yield Finding(
                "a for goes over [*] only: this loop is skipped", node.collection.span, f"write $({inner}[*])"
            )


@rule(
    "unreachable",
    "a statement after `exit`, `drop`, `return` or `break` never runs",
    local=True,
    fires='exit;\nxlog("never\\n");',
    quiet='if ($param(ip) == NULL)\n    exit;\nxlog("$param(ip)\\n");',
)
def unreachable(subject: Subject) -> Iterator[Finding]:
    """Nothing says so on the server; usually a statement was meant to be in the branch of an `if`."""
    for body in (body for block in subject.blocks for body in block.bodies() if len(body) > 1):
        for before, after in pairwise(body):
            if before.__class__ in _LEAVING and _leaves((before,)):
                word = before.span.text.split(maxsplit=1)[0].rstrip(";(")
                yield Finding(f"never runs: the {word} before it leaves this block", after.span, None)
                break


@rule(
    "return-literal",
    "a literal number among the values of `return` arrives as text",
    local=True,
    fires="""
        route[price] {
            return(1, -3);
        }
        event_route[E_PIKE_BLOCKED] {
            route(price);
            xlog("$return(0)\\n");
        }
    """,
    quiet="""
        route[price] {
            $var(price) = -3;
            return(1, $var(price));
        }
        event_route[E_PIKE_BLOCKED] {
            route(price);
            xlog("$return(0)\\n");
        }
    """,
)
def return_literal(subject: Subject) -> Iterator[Finding]:
    """`$return(0)` of it is text that cannot be computed with, and a negative number prints as 64 bits without sign:
    -3 is 18446744073709551613. A number in a variable arrives as it is."""
    for node in subject.of(nodes.Return):
        for value in node.values:
            if isinstance(value, nodes.Number):
                shown = f" that prints as {value.value + 2**64}" if value.value < 0 else ""
                yield Finding(
                    f"{value.value} arrives in $return as text{shown}, and $return(...) + 1 fails",
                    value.span,
                    f"put it into a variable: $var(x) = {value.value}; return(..., $var(x));",
                )
