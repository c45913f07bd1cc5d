"""Which strings of a script are formats, and where the variables in a text stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import CACHE_SIZE, MARKER, TemplateError, VariableSpec, parse_variable

#: characters of one variable; what is longer is passed over, so that no text takes long
_MAX_VARIABLE: Final = 512

_NAME = re.compile(r"\$[A-Za-z0-9_.]*")
_PAREN = re.compile(r"[()]")


def variables_in(text: str, library: Library) -> Iterator[tuple[int, VariableSpec]]:
    """Each variable of a format and its offset; what is none is passed over, the checker has refused it."""
    return iter(_variables_in(text, library)) if "$" in text else iter(())


@lru_cache(CACHE_SIZE)
def _variables_in(text: str, library: Library) -> tuple[tuple[int, VariableSpec], ...]:
    return tuple(_found_variables(text, library))


def _found_variables(text: str, library: Library) -> Iterator[tuple[int, VariableSpec]]:
    position = text.find("$")
    while position >= 0:
        if text.startswith("$$", position):
            position = text.find("$", position + 2)
            continue
        spec = variable_of(text[position : _end(text, position)], library)
        if spec is not None and spec.declaration is not MARKER:
            yield position, spec
        position = text.find("$", position + (len(spec.text) if spec else 1))


def variable_of(text: str, library: Library) -> VariableSpec | None:
    """The variable at the beginning of a text."""
    try:
        return parse_variable(text, library)
    except TemplateError:
        return None


def _end(text: str, start: int) -> int:
    """Where the variable at `start` ends at the latest."""
    name = _NAME.match(text, start)
    end = name.end() if name else start + 1
    if text[end : end + 1] != "(":
        return end
    depth = 0
    for mark in _PAREN.finditer(text, end, end + _MAX_VARIABLE):
        depth += 1 if mark[0] == "(" else -1
        if depth == 0:
            return mark.end()
    return end


def parameters(call: nodes.Call, library: Library) -> list[tuple[str, bool]]:
    """Type of each parameter, and whether a literal there is a format."""
    known = library.functions.get(call.name) or library.statements.get(call.name)
    return [(p.type, p.type == "string" and p.format) for p in known.params] if known else []


def outputs(call: nodes.Call, library: Library) -> Iterator[nodes.Variable]:
    """Arguments that the function takes as variables, so that it may write them."""
    for argument, (kind, _) in zip(call.arguments, parameters(call, library), strict=False):
        if kind == "var" and isinstance(argument, nodes.Variable):
            yield argument


#: kinds of node that hold format strings
FORMAT_OWNERS: Final[tuple[type[nodes.Node], ...]] = (
    nodes.XLog, nodes.XDbg, nodes.Launch, nodes.RouteCall, nodes.Call,
)  # fmt: skip


def formats_of(node: nodes.Node, library: Library) -> Iterator[nodes.String]:
    """The format strings that a node holds itself."""
    if isinstance(node, nodes.XLog):
        yield node.text
        if node.level is not None:
            yield node.level
    elif isinstance(node, (nodes.XDbg, nodes.Launch)) and node.text is not None:
        yield node.text
    elif isinstance(node, nodes.RouteCall) and isinstance(node.target, nodes.String):
        yield node.target
    elif isinstance(node, nodes.Call):
        for argument, (_, is_format) in zip(node.arguments, parameters(node, library), strict=False):
            if is_format and isinstance(argument, nodes.String):
                yield argument
