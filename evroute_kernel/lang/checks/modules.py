"""What a whole file lacks of modules: those that the modules which it loads need, and their parameters and sockets.

A server resolves it when it has read all of its configuration, so the order of the lines does not count. A file that is
no configuration, with neither a socket nor a request route, is a part of one: the rest may load what it lacks.
"""

from __future__ import annotations

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import nodes
from evroute_kernel.lang.checks.scope import Scope, module_of
from evroute_kernel.lang.needs import Need, missing_parameters, missing_sockets, needs_of
from evroute_kernel.library.sockets import SETTINGS
from evroute_kernel.library.table import Module
from evroute_kernel.source import Span

#: what a need of "any KIND" means, and modules to choose from
_KINDS = {
    "any sqldb": ("a database", "such as db_mysql, db_postgres or db_sqlite"),
    "any cachedb": ("a key-value store", "such as cachedb_local or cachedb_redis"),
    "any aaa": ("an AAA protocol", "of aaa_radius and aaa_diameter"),
}


def check_needs(scope: Scope) -> None:
    """The modules that others cannot do without, of a whole file that is a configuration."""
    if not scope.whole or not _is_configuration(scope.script):
        return
    loaded = loaded_in(scope)
    seen: set[tuple[str, str]] = set()
    for node in scope.script.items:
        module = scope.library.modules.get(module_of(node.path)) if isinstance(node, nodes.LoadModule) else None
        if module is None:
            continue
        for need in needs_of(module, scope.modparams):
            if need.is_met(loaded - {module.name}, scope.library) or (module.name, need.need) in seen:
                continue
            seen.add((module.name, need.need))
            scope.found.append(_unmet(module, need, node.span))


def check_required(scope: Scope) -> None:
    """The parameters and sockets that modules do not start without, of a whole file that is a configuration."""
    if not scope.whole or not _is_configuration(scope.script):
        return
    places = {module_of(i.path): i.span for i in reversed(scope.script.items) if isinstance(i, nodes.LoadModule)}
    written = {(item.module, item.name) for item in scope.script.items if isinstance(item, nodes.ModParam)}
    for missing in missing_parameters(loaded_in(scope), scope.modparams, scope.library):
        required = missing.requirement
        if written & {(missing.module, name) for name in required.one_of}:
            continue  # with a wrong value, which is told
        one, *others = required.one_of
        names = f"one of its parameters {one}, {', '.join(others)}" if others else f"its parameter {one}"
        values = [(c.param, scope.modparams[c.module or missing.module, c.param][-1]) for c in required.when]
        cause = " and ".join(f"{name} is {_shown(value)}" for name, value in values)
        message = f"module {missing.module} does not start without {names}{cause and f', where {cause}'}"
        hint = f"write {missing.line} after it"
        hint += f", or the setting {required.setting}" if required.setting else ""
        scope.error("missing-parameter", message, places[missing.module], hint)
    sockets = [str(value) for name in SETTINGS for value in scope.modparams.get(("core", name), ())]
    # in 3.6 a file without sockets may be given some by the server's command line
    told = sockets or scope.library.version != "3.6"
    for module, socket in missing_sockets(loaded_in(scope), sockets, scope.library) if told else ():
        message = f"module {module} does not start without a socket of its protocol"
        scope.error("missing-socket", message, places[module], f"write socket={socket}")


def _unmet(module: Module, need: Need, span: Span) -> Diagnostic:
    what, choice = _KINDS.get(need.need, (f"module {need.need}", ""))
    first = need.need.partition(" or ")[0]
    hint = f"load one {choice}" if choice else f'write loadmodule "{first}.so"'
    cause = f" where {need.param} is {_shown(need.value)}" if need.param else ""
    message = f"module {module.name} needs {what}{cause}, and none is loaded"
    if not choice:
        message = f"module {module.name} needs {what}{cause}, which is not loaded"
    return Diagnostic("warning" if need.warns else "error", "unmet-need", message, span, hint)


def check_backend(scope: Scope, node: nodes.Call) -> None:
    """A call of the cache names a backend whose module the whole file does not load: each such call fails."""
    backend = node.arguments[0] if node.arguments else None
    if not scope.whole or not isinstance(backend, nodes.String) or "$" in backend.value:
        return
    module = f"cachedb_{backend.value.partition(':')[0]}"
    if module in scope.library.modules and module not in loaded_in(scope):
        message = f"{node.name}() fails: the backend {backend.value!r} belongs to module {module}, which is not loaded"
        hint = f'write loadmodule "{module}.so"'
        scope.found.append(Diagnostic("warning", "unmet-need", message, backend.span, hint))


def _is_configuration(script: nodes.Script) -> bool:
    return any(
        (isinstance(item, nodes.Global) and item.name in SETTINGS)
        or (isinstance(item, nodes.Route) and (item.kind, item.name) == ("route", "0"))
        for item in script.items
    )


def loaded_in(scope: Scope) -> set[str]:
    """All modules of the file, those after this place too."""
    return {module_of(item.path) for item in scope.script.items if isinstance(item, nodes.LoadModule)}


def _shown(value: int | str) -> str:
    return str(value) if isinstance(value, int) else f'"{value[:30]}"'
