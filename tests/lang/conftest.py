"""Shared by the tests of the front end: parsing with a plain name, and trees as S-expressions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import nodes
from evroute_kernel.lang.parser import parse
from evroute_kernel.source import Source

#: what a node shows before its children
_HEADS: dict[type[nodes.Node], Callable[..., list[str]]] = {
    nodes.Number: lambda n: [str(n.value)],
    nodes.String: lambda n: [repr(n.value)],
    nodes.Variable: lambda n: [n.text],
    nodes.Null: lambda n: ["NULL"],
    nodes.Network: lambda n: ["network", n.text],
    nodes.Name: lambda n: ["name", n.text],
    nodes.BinaryOp: lambda n: [n.op],
    nodes.UnaryOp: lambda n: ["~"],
    nodes.Comparison: lambda n: [n.op],
    nodes.BoolOp: lambda n: [n.op],
    nodes.Not: lambda n: ["not"],
    nodes.Assign: lambda n: [n.op],
    nodes.Call: lambda n: ["call", n.name],
    nodes.Log: lambda n: ["log", str(n.level)],
    nodes.Global: lambda n: ["global", n.name, repr(n.value)],
    nodes.LoadModule: lambda n: ["loadmodule", n.path],
    nodes.ModParam: lambda n: ["modparam", n.module, n.name, repr(n.value)],
    nodes.Route: lambda n: [n.kind, repr(n.name), *([str(n.interval)] if n.interval is not None else [])],
}
_ATOMS = (nodes.Number, nodes.String, nodes.Variable, nodes.Null)


def dump(node: object) -> str:
    """A node as an S-expression; a tuple of nodes in square brackets, what is left out as `-`."""
    if node is None:
        return "-"
    if isinstance(node, tuple):
        return "[" + " ".join(map(dump, node)) + "]"
    assert isinstance(node, nodes.Node)
    head = _HEADS.get(type(node), lambda n: [type(n).__name__.lower()])(node)
    if isinstance(node, _ATOMS):
        return head[0]
    return "(" + " ".join([*head, *(dump(value) for value in _parts(node))]) + ")"


def _parts(node: nodes.Node) -> list[object]:
    values = [
        getattr(node, name)
        for name in type(node).__dataclass_fields__
        if name not in ("span", "name_span", "header", "interval")
    ]
    return [v for v in values if v is None or isinstance(v, (tuple, nodes.Node))]


@pytest.fixture(name="dump")
def dump_fixture() -> Callable[[object], str]:
    return dump


@pytest.fixture
def script_of() -> Callable[..., nodes.Script]:
    """The script of a text that has no errors."""

    def script_of(text: str, *, scratch: bool = False) -> nodes.Script:
        script, found = parse(Source("test", text), scratch=scratch, version="3.6")
        assert [str(d) for d in found] == []
        return script

    return script_of


@pytest.fixture
def body_of(script_of: Callable[..., nodes.Script]) -> Callable[[str], tuple[nodes.Statement, ...]]:
    """The statements of a text that stands in the body of a route."""

    def body_of(text: str) -> tuple[nodes.Statement, ...]:
        (route,) = script_of(f"route[r] {{\n{text}\n}}").items
        assert isinstance(route, nodes.Route)
        return route.body

    return body_of


@pytest.fixture
def errors_of() -> Callable[..., list[Diagnostic]]:
    def errors_of(text: str, *, scratch: bool = False) -> list[Diagnostic]:
        return parse(Source("test", text), scratch=scratch, version="3.6")[1]

    return errors_of
