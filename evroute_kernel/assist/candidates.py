"""What can be offered, by kind: each function lists the candidates of one kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from evroute_kernel.assist.defined import Defined
from evroute_kernel.assist.names import calls_of, names_of, params_used
from evroute_kernel.assist.offers import Candidate
from evroute_kernel.assist.place import Header
from evroute_kernel.lang.language import EXPECTED
from evroute_kernel.lang.lints import LINTS
from evroute_kernel.library import everything as _everything  # noqa: F401 - gives every name its behaviour
from evroute_kernel.library.catalogue.facts import EventParam
from evroute_kernel.library.catalogue.nearness import likely_params
from evroute_kernel.library.table import ANY_ROUTE, Function, Library
from evroute_kernel.runtime import levels

#: variables that are offered before the others
FIRST_VARIABLES: Final = ("param", "var", "avp", "shv", "json")
#: entries of a folder that are looked at
MOST_FILES: Final = 1000
#: arguments that route(name, ...) can pass
MOST_ARGUMENTS: Final = 8


# -- events and their parameters -------------------------------------------------------------------------------------


def events(defined: Defined, text: str = "") -> Iterator[Candidate]:
    """Events that the text or others handle, those declared here, those of modules that are loaded, then the others."""
    in_text = (found["name"].strip() for found in _ROUTE_HEADER.finditer(text) if found["kind"] == "event_route")
    for name in (*in_text, *(route.name for route in defined.named("event_route"))):
        event = defined.event(name)
        yield Candidate(name, "event", f"{event.signature if event else ''} handled here".lstrip())
    for declared in defined.events.values():
        yield Candidate(declared.name, "event", declared.event().signature)
    for event in sorted(defined.library.events.values(), key=lambda event: event.module not in defined.modules):
        yield Candidate(event.name, "event", f"{event.signature} {event.module}")


def near_events(defined: Defined) -> Callable[[str], list[str]]:
    library = defined.library
    return lambda word: library.likely_events(word) or library.near_events(word)


def near_params(known: Iterable[Candidate]) -> Callable[[str], list[str]]:
    names = [c.text for c in known]
    return lambda word: [name for name, _ in likely_params(word, names)]


def params_of(defined: Defined, event: str, text: str = "") -> list[Candidate]:
    """Parameters of an event; of an unknown one those that the text and other texts use."""
    known = defined.event(event)
    # front ends show the kind, and of the signature nothing
    found = [Candidate(p.name, p.type, param_signature(p)) for p in known.params] if known else []
    if known is None or known.dynamic:
        listed = {c.text for c in found}
        used = params_used(defined, event, text)
        found += [Candidate(name, "param", f"used with {event}") for name in used if name not in listed]
    return found


def param_signature(param: EventParam) -> str:
    """`string, such as "192.0.2.66"`."""
    sample = f'"{param.sample}"' if isinstance(param.sample, str) else param.sample
    optional = ", may be absent" if param.optional else ""
    return f"{param.type}{optional}, such as {sample}"


def positions(defined: Defined, route: Header | None, text: str) -> Iterator[Candidate]:
    """The positions that a called route can ask for: as many as its callers give."""
    calls = [c for name, c in calls_of(defined, text) if route is not None and name == route.name]
    count = max((len(arguments) for arguments in calls), default=1)
    for index in range(min(max(count, 1), MOST_ARGUMENTS)):
        sample = next((arguments[index] for arguments in calls if len(arguments) > index), "")
        yield Candidate(str(index + 1), "param", f"such as {sample}" if sample else f"argument {index + 1} of the call")


# -- routes ----------------------------------------------------------------------------------------------------------

_ROUTE_HEADER: Final = re.compile(r"\b(?P<kind>(?:[a-z]+_)?route)[ \t]*\[[ \t]*[\"']?(?P<name>[^\]\"'\n,]+)")


def routes(defined: Defined, text: str = "", kind: str = "route") -> Iterator[Candidate]:
    """Routes of one kind, those of the text first."""
    for found in _ROUTE_HEADER.finditer(text):
        if found["kind"] == kind:
            yield Candidate(found["name"].strip(), "route", f"{kind} of this cell")
    for route in defined.named(kind):
        yield Candidate(route.name, "route", f"{kind} of {route.owner}")


def called_routes(defined: Defined, text: str) -> Iterator[Candidate]:
    """Names that calls ask for: those a new route may want to have."""
    known = {route.name for route in defined.named("route")}
    for name, arguments in calls_of(defined, text):
        if name not in known and "$" not in name:
            yield Candidate(name, "route", f"called with {len(arguments)} arguments" if arguments else "called")


def all_routes(defined: Defined) -> Iterator[Candidate]:
    """Every route by its name, or by its title when it has none."""
    for route in defined.routes:
        yield Candidate(route.name or route.title, "route", f"{route.title} of {route.owner}")


# -- variables and transformations -----------------------------------------------------------------------------------


def variables(library: Library) -> Iterator[Candidate]:
    """All variables; what event routes use most comes first."""
    for name in dict.fromkeys((*FIRST_VARIABLES, *sorted(library.variables, key=str.casefold))):
        variable = library.variables[name]
        access = "" if variable.writable else ", read only"
        not_simulated = ", not simulated" if variable.stub else ""
        yield Candidate(name, "variable", f"{variable.type}{access}{not_simulated}")


def variable_names(defined: Defined, variable: str, text: str, cursor: int) -> Iterator[Candidate]:
    """The names that the text and the other texts use with $var, $avp, $shv or $json."""
    for name in names_of(defined, variable, text, cursor):
        yield Candidate(name, "variable", f"${variable}({name})")


def transformation_classes(library: Library) -> Iterator[Candidate]:
    counted: dict[str, int] = {}
    for transformation in library.transformations.values():
        counted[transformation.cls] = counted.get(transformation.cls, 0) + 1
    return (Candidate(f"{cls}.", "class", f"{n} transformations") for cls, n in sorted(counted.items()))


def transformations(library: Library) -> Iterator[Candidate]:
    for name, transformation in sorted(library.transformations.items()):
        params = "".join(f",{p}" for p in transformation.params)
        yield Candidate(name, "transformation", f"{{{name}{params}}} gives {transformation.result}")


# -- functions and modules -------------------------------------------------------------------------------------------


def functions(library: Library, kind: str | None = None) -> Iterator[Candidate]:
    """The functions that a kind of route ("event", None: any) may call; what is simulated comes first."""
    for function in sorted(library.functions.values(), key=lambda f: (f.stub, f.name)):
        if function.async_only:
            continue
        if kind is None or kind in function.routes or function.routes == ANY_ROUTE:
            yield function_candidate(function)


def async_functions(library: Library) -> Iterator[Candidate]:
    return (function_candidate(f) for _, f in sorted(library.functions.items()) if f.is_async)


def function_candidate(function: Function) -> Candidate:
    return Candidate(function.name, "function", function.signature + " (not simulated)" * function.stub)


def modules(library: Library) -> Iterator[Candidate]:
    """All that loadmodule takes."""
    for name in sorted(library.known_modules):
        count = len(library.modules[name].params or ())
        yield Candidate(name, "module", f"{count} parameters known" if count else "")


def module_params(library: Library, module: str) -> Iterator[Candidate]:
    found = library.modules.get(module)
    known = found.params if found else None
    return (Candidate(name, "property", kind) for name, kind in sorted((known or {}).items()))


def lints() -> Iterator[Candidate]:
    return (Candidate(lint.code, "lint", lint.summary) for lint in LINTS.values())


# -- levels, settings, files -----------------------------------------------------------------------------------------


def level_literals() -> Iterator[Candidate]:
    """What the first argument of xlog may be; the server looks at the third character alone."""
    for name, short in zip(levels.NUMBERS, ("ALERT", "CRIT", "ERR", "WARN", "NOTICE", "INFO", "DBG"), strict=True):
        yield Candidate(f"L_{short}", "level", name)


def level_names() -> Iterator[Candidate]:
    return (Candidate(name, "level") for name in levels.NUMBERS)


def settings(library: Library) -> Iterator[Candidate]:
    """Globals that stand at the top level."""
    return (Candidate(n, "property", f"= {EXPECTED[fact.kind]}") for n, fact in sorted(library.globals.items()))


def setting_values(library: Library, name: str) -> Iterator[Candidate]:
    known = library.globals.get(name)
    return (Candidate(word, "value") for word in ("yes", "no") if known is not None and known.kind == "flag")


def files(start: str, suffixes: frozenset[str] | None = frozenset({".cfg", ".opensips"})) -> Iterator[Candidate]:
    """Files (None: of any suffix) and folders that a path may go on with; what cannot be read holds nothing."""
    folder, slash, name = start.rpartition("/")
    try:
        inside = sorted(Path(folder + slash or ".").expanduser().iterdir())[:MOST_FILES]
    except (OSError, ValueError, RuntimeError):  # not there, no right to look, NUL in the name, no such user
        return
    for path in inside:
        hidden = path.name.startswith(".") and not name.startswith(".")
        is_folder = _is_folder(path)
        if not hidden and (is_folder or suffixes is None or path.suffix in suffixes):
            yield Candidate(folder + slash + path.name + "/" * is_folder, "file")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
