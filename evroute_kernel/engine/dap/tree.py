"""Values that stand still as the tree that front ends unfold.

Each node with something below it has a number (`variablesReference`), good until its worker goes on. A value's `type`
is `str` or `int`: JupyterLab shows the name of any other type instead of the value.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any, Final

from evroute_kernel.records import dataclass

#: how scripts write a variable of a scope
NAMES: Final = {
    "$param": "$param({})",
    "$var": "$var({})",
    "$avp": "$avp({})",
    "$shv": "$shv({})",
    "$json": "$json({})",
}
_ENTRY: Final = "$(avp({})[{}])"


@dataclass(frozen=True, slots=True)
class Node:
    """Something that can be unfolded. `parent`: how scripts write it, "" where they cannot."""

    worker: int
    frame: int
    scope: str
    parent: str
    children: tuple[tuple[str, Any], ...]


class Tree:
    """The nodes that have a number. Any thread may use it."""

    def __init__(self) -> None:
        self._nodes: dict[int, Node] = {}
        self._count = 0
        self._lock = threading.Lock()

    def __getitem__(self, reference: int) -> Node | None:
        return self._nodes.get(reference)

    def add(self, node: Node) -> int:
        """The number of a node; 0 if there is nothing below it."""
        if not node.children:
            return 0
        with self._lock:
            self._count += 1
            self._nodes[self._count] = node
            return self._count

    def forget(self, worker: int) -> None:
        """It goes on: its values are others from now on."""
        with self._lock:
            self._nodes = {number: node for number, node in self._nodes.items() if node.worker != worker}

    def shown(self, node: Node) -> Iterator[dict[str, Any]]:
        """What is below a node, as the protocol has it."""
        for name, value in node.children:
            written = written_as(node, name)
            children = _children(value)
            below = Node(node.worker, node.frame, node.scope, written, children)
            yield {
                "name": name,
                "value": text_of(value),
                "type": "int" if isinstance(value, int) else "str",
                **({"evaluateName": written} if written else {}),
                "variablesReference": self.add(below),
            }


def written_as(node: Node, name: str) -> str:
    """How scripts write what has a name below a node; "" where they cannot."""
    if not node.parent:
        return NAMES[node.scope].format(name) if node.scope in NAMES else name if name.startswith("$") else ""
    if node.scope == "$avp":
        return _ENTRY.format(node.parent[len("$avp(") : -1], name)
    return ""


def text_of(value: Any) -> str:
    """A value on one line: text stands in quotes where it is inside of something."""
    return "<null>" if value is None else value if isinstance(value, str) else _inside(value)


def _inside(value: Any) -> str:
    if isinstance(value, tuple):
        kind, parts = value
        if kind == "list":
            return "[" + ", ".join(map(_inside, parts)) + "]"
        return "{" + ", ".join(f"{json.dumps(name)}: {_inside(each)}" for name, each in parts) + "}"
    return "<null>" if value is None else json.dumps(value, ensure_ascii=False)


def _children(value: Any) -> tuple[tuple[str, Any], ...]:
    if not isinstance(value, tuple):
        return ()
    kind, parts = value
    return tuple((str(i), each) for i, each in enumerate(parts)) if kind == "list" else parts
