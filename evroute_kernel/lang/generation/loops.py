"""What to do about a loop that runs too often, as far as its text tells: mostly there is no end that it could reach."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from evroute_kernel.lang import nodes

#: a variable that changes by what the script does and by nothing else, its name known
_PLAIN: Final = re.compile(r"\$(?P<inner>\(\s*)?(?P<kind>var|avp|param)\((?P<name>[^()$]+)\)(?(inner)[^$]*\))")
#: ways out of a loop that its condition knows nothing of, or that lead to where more is done than can be seen
_WAYS_OUT: Final = (
    nodes.Break,
    nodes.Return,
    nodes.Exit,
    nodes.Drop,
    nodes.Assert,
    nodes.RouteCall,
    nodes.Async,
    nodes.Launch,
)

#: kind and name, such as ("var", "i")
Named: TypeAlias = tuple[str, str]


def too_long(loop: nodes.While) -> str:
    """What to tell whose loop has run as often as it may."""
    return never_ends(loop) or "raise the global max_while_loops"


def never_ends(loop: nodes.While) -> str | None:
    """Why a loop, once it runs, has no end that it could reach; None when it may have one."""
    if isinstance(loop.test, nodes.Number) and not any(isinstance(n, (*_WAYS_OUT, nodes.Call)) for n in _body(loop)):
        return "nothing in the loop ends it"
    unchanged = _unchanged(loop)
    if unchanged:
        return f"nothing in the loop changes {' or '.join(f'${kind}({name})' for kind, name in unchanged)}"
    return None


def _unchanged(loop: nodes.While) -> list[Named]:
    """The variables of the condition; none when one of them may change in the loop, or the loop end otherwise."""
    tested = list(dict.fromkeys(_tested(loop.test)))
    known = [name for name in tested if name is not None]
    if len(known) < len(tested) or any(_may_end(node, known) for node in _body(loop)):
        return []
    return known


def _tested(test: nodes.Condition) -> Iterator[Named | None]:
    """What the truth of a condition depends on; None for what may change by itself."""
    for node in test.walk():
        if isinstance(node, nodes.Variable):
            yield _named(node)
        elif isinstance(node, nodes.Action) or (isinstance(node, nodes.String) and "$" in node.value):
            yield None


def _may_end(node: nodes.Node, tested: list[Named]) -> bool:
    """Whether a part of the body may change one of these variables, or leave the loop."""
    if isinstance(node, nodes.Assign):
        return _may_be(node.target, tested)
    if isinstance(node, nodes.ForEach):
        return _may_be(node.iterator, tested)
    if isinstance(node, nodes.Call):  # it writes what its arguments name, and modules may write AVPs of their own
        texts = [argument.span.text for argument in node.arguments if argument is not None]
        return any(kind == "avp" or any(name in text for text in texts) for kind, name in tested)
    return isinstance(node, _WAYS_OUT)


def _may_be(target: nodes.Variable, tested: list[Named]) -> bool:
    """Whether it may be one of them that is written."""
    named = _named(target)
    return named in tested if named is not None else any(f"{kind}(" in target.text for kind, _ in tested)


def _named(variable: nodes.Variable) -> Named | None:
    found = _PLAIN.fullmatch(variable.text)
    return (found["kind"], found["name"].strip()) if found else None


def _body(loop: nodes.While) -> Iterator[nodes.Node]:
    for statement in loop.body:
        yield from statement.walk()
