"""Assignments, comparisons, loops and log calls."""

from __future__ import annotations

import ipaddress
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.checks.scope import Scope
from evroute_kernel.library.template import TemplateError, VariableSpec, parse_variable
from evroute_kernel.runtime.patterns.posix import compile as compile_regex
from evroute_kernel.runtime.patterns.protocol import RegexError

_LEVELS: Final = frozenset("ACEWNID")
_ITERATORS: Final = "$var, $avp and $json"


def _spec(scope: Scope, node: nodes.Variable) -> VariableSpec | None:
    """The variable of a node that is checked elsewhere; None when it is none."""
    try:
        return parse_variable(node.text, scope.library)
    except TemplateError:
        return None


def check_assign(scope: Scope, node: nodes.Assign) -> None:
    """The left side can be written and has no transformations."""
    spec = _spec(scope, node.target)
    if spec is None:
        return
    if spec.transformations:
        hint = "assign to the variable itself, and transform on the right side"
        scope.error("left-side", "the left side of an assignment takes no transformations", node.target.span, hint)
    elif not spec.declaration.writable:
        scope.error("read-only", f"{spec.text} is read-only", node.target.span, "assign to a variable such as $var(x)")
    elif spec.declaration.named_read_only and spec.name is not None:
        hint = f"assign to ${spec.declaration.name}"
        scope.error("read-only", f"{spec.text} is read-only", node.target.span, hint)


def check_comparison(scope: Scope, node: nodes.Comparison) -> None:
    """A literal pattern compiles."""
    if node.op not in ("=~", "!~") or not isinstance(node.right, nodes.String):
        return
    try:
        compile_regex(node.right.value)
    except RegexError as error:
        scope.error("bad-regex", f"bad regular expression: {error}", node.right.span, "the syntax is POSIX extended")


def check_network(scope: Scope, node: nodes.Network) -> None:
    """An address that is none, a prefix that is too long."""
    address, _, mask = node.text.partition("/")
    try:
        version = ipaddress.ip_address(address).version
        if mask and not mask.isdigit():
            ipaddress.ip_address(mask)
    except ValueError:
        scope.error("bad-address", f"{node.text} is no IP address", node.span)
        return
    bits = 32 if version == 4 else 128
    if mask.isdigit() and (len(mask) > 3 or int(mask) > bits):
        scope.error("bad-address", f"{node.text}: an IPv{version} network has 0 to {bits} bits", node.span)


def check_for_each(scope: Scope, node: nodes.ForEach) -> None:
    """Only some variables can be iterators."""
    spec = _spec(scope, node.iterator)
    if spec is not None and not spec.declaration.iterator:
        message = f"{spec.text} cannot be the iterator of a for"
        scope.error("iterator", message, node.iterator.span, f"only {_ITERATORS} can")


def check_xlog(scope: Scope, node: nodes.XLog | nodes.XDbg) -> None:
    """Level and text."""
    level = node.level if isinstance(node, nodes.XLog) else None
    if level is not None:
        _check_level(scope, level)
    elif not node.text.value:
        word = "xlog" if isinstance(node, nodes.XLog) else "xdbg"
        scope.error("empty-text", f"{word} with an empty text", node.text.span, f'{word}("text\\n");')
    scope.format(node.text)


def _check_level(scope: Scope, level: nodes.String) -> None:
    hint = "L_ALERT, L_CRIT, L_ERR, L_WARN, L_NOTICE, L_INFO or L_DBG; the third letter decides"
    if level.value.startswith("$"):
        try:
            scope.available(parse_variable(level.value, scope.library), level.span)
        except TemplateError as error:
            scope.error(error.code, error.message, level.part(error.start, error.end), error.hint)
    elif not level.value:
        scope.error("log-level", "the log level is empty", level.span, hint)
    elif level.value[2:3] not in _LEVELS:
        shown = level.span.text if len(level.value) < 20 else "this text"
        scope.error("log-level", f"{shown} is no log level", level.span, hint)
