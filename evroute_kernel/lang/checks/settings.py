"""Global settings, loadmodule and modparam."""

from __future__ import annotations

from typing import Final

from evroute_kernel.errors import Diagnostic, did_you_mean
from evroute_kernel.lang import nodes
from evroute_kernel.lang.checks.scope import Scope, module_of
from evroute_kernel.lang.checks.sockets import check_socket
from evroute_kernel.library.functions.mqueue import parse_queue
from evroute_kernel.library.sockets import SETTINGS
from evroute_kernel.runtime.patterns.posix import compile as compile_regex
from evroute_kernel.runtime.patterns.protocol import RegexError

#: a hint names no more parameters of a module
LISTED: Final = 12


def check_global(scope: Scope, node: nodes.Global) -> None:
    """Values outside what a setting takes."""
    name, value = node.name, node.value
    fact = scope.library.globals[name]
    if isinstance(value, int):
        low, high = fact.range or (value, value)
        if not low <= value <= high:
            scope.error("setting", f"{name} takes {low} to {high}, not {value}", node.span)
        return
    if fact.words:
        folded = {word.upper() if fact.any_case else word for word in fact.words}
        if (value.upper() if fact.any_case else value) not in folded:
            hint = did_you_mean(value, fact.words) or f"it takes {', '.join(sorted(fact.words))}"
            scope.error("setting", f"{value!r} is no value of {name}", node.span, hint)
    elif name == "mem-group":
        scope.error("setting", "mem-group works only in servers built for it", node.span, "remove it")
    elif name in ("dst_blacklist", "db_default_url"):
        scope.set_parameter("core", name, value)
    elif fact.kind == "socket":
        check_socket(scope, node, value)


def take_sockets(scope: Scope) -> None:
    """The sockets of a text count wherever they stand in it."""
    for item in scope.script.items:
        if isinstance(item, nodes.Global) and item.name in SETTINGS and isinstance(item.value, str):
            scope.set_parameter("core", item.name, item.value)


def check_loadmodule(scope: Scope, node: nodes.LoadModule) -> None:
    """A module that exists, once in a text, but for those that are part of the server. Those of the session may be
    named again."""
    name = module_of(node.path)
    if name not in scope.library.known_modules:
        hint = scope.library.successor("module", name) or did_you_mean(name, scope.library.module_words)
        scope.error("unknown-module", f"unknown module {name!r}", node.span, hint)
    elif name in scope.loaded_here and name != "event_route" and not scope.library.modules[name].linked:
        scope.error("module-twice", f"module {name} is loaded twice", node.span, "remove one of the two")
    scope.loaded_here.add(name)
    scope.modules.add(name)


def check_modparam(scope: Scope, node: nodes.ModParam) -> None:
    """A parameter that a loaded module has, with a value of its type. The module name is a regular expression."""
    try:
        pattern = compile_regex(f"^({node.module})$")
    except RegexError as error:
        scope.error("bad-regex", f"{node.module!r} is no regular expression: {error}", node.span)
        return
    matching = sorted(m for m in scope.modules - {"core"} if pattern.search(m))
    if not matching:
        _no_module(scope, node)
    for module in matching:
        if _check_value(scope, node, module):
            scope.set_parameter(module, node.name, node.value)


def _no_module(scope: Scope, node: nodes.ModParam) -> None:
    known = scope.library
    if node.module in known.known_modules:
        hint: str | None = f'write loadmodule "{node.module}.so" before it'
        scope.error("module-not-loaded", f"module {node.module} is not loaded", node.span, hint)
    else:
        hint = known.successor("module", node.module) or did_you_mean(node.module, known.module_words)
        scope.error("unknown-module", f"unknown module {node.module!r}", node.span, hint)


def _listed(known: list[str]) -> str:
    if not known:
        return "it has none"
    shown = known if len(known) <= LISTED else [*known[:LISTED], "..."]
    return f"it has {', '.join(shown)}"


def _check_value(scope: Scope, node: nodes.ModParam, module: str) -> bool:
    declared = scope.library.modules.get(module)
    if declared is None:
        return True
    expected = declared.params.get(node.name)
    given = "int" if isinstance(node.value, int) else "string"
    if expected is None:
        known = sorted(declared.params)
        hint = (
            scope.library.successor("modparam", node.name, module) or did_you_mean(node.name, known) or _listed(known)
        )
        scope.error("unknown-parameter", f"module {module} has no parameter {node.name!r}", node.span, hint)
    elif expected not in ("any", given):
        takes = "a number" if expected == "int" else "a text in quotes"
        scope.error("parameter-type", f"parameter {node.name} of module {module} takes {takes}", node.span)
    else:
        problem = declared.check(node.name, node.value) if declared.check is not None else None
        problem = problem or _defined_twice(scope, node, module)
        least = declared.least.get(node.name)
        if least is not None and isinstance(node.value, int) and node.value < least:
            said = f"parameter {node.name} of module {module} is at least {least}: the server takes its own value"
            scope.found.append(Diagnostic("warning", "parameter-value", said, node.span))
        if problem is None:
            return True
        scope.error("parameter-value", f"parameter {node.name} of module {module}: {problem}", node.span)
    return False


def _defined_twice(scope: Scope, node: nodes.ModParam, module: str) -> str | None:
    """A whole file defines a queue once; a cell may say it anew."""
    if not scope.whole or (module, node.name) != ("mqueue", "mqueue"):
        return None
    name = parse_queue(str(node.value)).name
    earlier = (parse_queue(str(value)).name for value in scope.modparams.get((module, node.name), ()))
    return f"the queue {name!r} is defined twice" if name in earlier else None
