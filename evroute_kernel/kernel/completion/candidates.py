"""What can be offered, by kind: each function lists the candidates of one kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evroute_kernel.kernel.completion.seen import calls_of, names_of, raised_params
from evroute_kernel.kernel.notebook import Notebook
from evroute_kernel.kernel.scanning import Header
from evroute_kernel.library import catalogue
from evroute_kernel.library import everything as _everything  # noqa: F401 - fills the tables
from evroute_kernel.library.catalogue.declared import known_event
from evroute_kernel.library.catalogue.facts import Event, EventParam
from evroute_kernel.library.declarations import ANY_ROUTE, FUNCTIONS, TRANSFORMATIONS, VARIABLES, Function
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.values import decode

#: entries of a folder that are looked at
MOST_FILES: Final = 1000
#: arguments that route(name, ...) can pass
MOST_ARGUMENTS: Final = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that can stand at the cursor; `kind` chooses the icon, `signature` is shown beside it."""

    text: str
    kind: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """Candidates, and what has been typed of them. `near` finds what was meant when nothing begins like that."""

    word: str = ""
    candidates: Iterable[Candidate] = ()
    near: Callable[[str], Iterable[str]] | None = None

    def fitting(self) -> list[Candidate]:
        """The candidates that begin like the word; else those that hold it; else those it may be a mistake for."""
        known: dict[str, Candidate] = {}
        for candidate in self.candidates:
            # half characters cannot be sent, and line breaks not be shown
            if candidate.text.isprintable():
                known.setdefault(candidate.text, candidate)
        folded = self.word.casefold()
        found = [c for c in known.values() if c.text.casefold().startswith(folded)]
        if not found and len(folded) > 1 and self.near is not None:
            found = [c for c in known.values() if folded in c.text.casefold()]
            found = found or [known[name] for name in self.near(self.word) if name in known]
        return found


# -- events and their parameters -------------------------------------------------------------------------------------


def events(notebook: Notebook) -> Iterator[Candidate]:
    """Events that this notebook handles or declares, then those of OpenSIPS."""
    for name in route_names(notebook, "event_route"):
        yield Candidate(name, "event", f"{_signature_of(notebook, name)} handled here".lstrip())
    if notebook.has_session:
        for declared in notebook.session.declared_events.values():
            yield Candidate(declared.name, "event", declared.event().signature)
    for event in catalogue.events().values():
        yield Candidate(event.name, "event", f"{event.signature} {event.module}")


def _signature_of(notebook: Notebook, name: str) -> str:
    event = event_of(notebook, name)
    return event.signature if event else ""


def event_of(notebook: Notebook, name: str) -> Event | None:
    """What is known about an event, from the catalogue and from declarations."""
    return known_event(name, notebook.session.declared_events if notebook.has_session else {})


def near_events(word: str) -> list[str]:
    from evroute_kernel.library.catalogue.nearness import likely_events

    return likely_events(word) or catalogue.near_events(word)


def near_params(known: Iterable[Candidate]) -> Callable[[str], list[str]]:
    from evroute_kernel.library.catalogue.nearness import likely_params

    names = [c.text for c in known]
    return lambda word: [name for name, _ in likely_params(word, names)]


def params_of(notebook: Notebook, event: str, text: str = "") -> list[Candidate]:
    """Parameters of an event; of an unknown one those that the text and the notebook's other texts use."""
    known = event_of(notebook, event)
    # front ends show the kind, and of the signature nothing
    found = [Candidate(p.name, p.type, param_signature(p)) for p in known.params] if known else []
    if known is None or known.dynamic:
        listed = {c.text for c in found}
        used = raised_params(notebook, event, text)
        found += [Candidate(name, "param", f"used with {event}") for name in used if name not in listed]
    return found


def param_signature(param: EventParam) -> str:
    """`string, such as "192.0.2.66"`."""
    sample = f'"{param.sample}"' if isinstance(param.sample, str) else param.sample
    optional = ", may be absent" if param.optional else ""
    return f"{param.type}{optional}, such as {sample}"


def positions(notebook: Notebook, route: Header | None, text: str) -> Iterator[Candidate]:
    """The positions that a called route can ask for: as many as its callers give."""
    calls = [c for name, c in calls_of(notebook, text) if route is not None and name == route.name]
    count = max((len(arguments) for arguments in calls), default=1)
    for index in range(min(max(count, 1), MOST_ARGUMENTS)):
        sample = next((arguments[index] for arguments in calls if len(arguments) > index), "")
        yield Candidate(str(index + 1), "param", f"such as {sample}" if sample else f"argument {index + 1} of the call")


# -- routes ----------------------------------------------------------------------------------------------------------

_ROUTE_HEADER: Final = re.compile(r"\b(?P<kind>(?:[a-z]+_)?route)[ \t]*\[[ \t]*[\"']?(?P<name>[^\]\"'\n,]+)")


def route_names(notebook: Notebook, kind: str) -> list[str]:
    return [decode(name) for name in notebook.session.registry.names(kind)] if notebook.has_session else []


def routes(notebook: Notebook, text: str = "", kind: str = "route") -> Iterator[Candidate]:
    """Routes of one kind, those of the cell first."""
    for found in _ROUTE_HEADER.finditer(text):
        if found["kind"] == kind:
            yield Candidate(found["name"].strip(), "route", f"{kind} of this cell")
    if notebook.has_session:
        for definition in notebook.session.registry:
            if definition.route.kind == kind:
                yield Candidate(decode(definition.route.name), "route", f"{kind} of {definition.owner_name}")


def called_routes(notebook: Notebook, text: str) -> Iterator[Candidate]:
    """Names that calls ask for: those a new route may want to have."""
    defined = set(route_names(notebook, "route"))
    for name, arguments in calls_of(notebook, text):
        if name not in defined and "$" not in name:
            yield Candidate(name, "route", f"called with {len(arguments)} arguments" if arguments else "called")


def all_routes(notebook: Notebook) -> Iterator[Candidate]:
    """Every route by its name, or by its title when it has none."""
    if notebook.has_session:
        for d in notebook.session.registry:
            yield Candidate(decode(d.route.name or d.title), "route", f"{decode(d.title)} of {d.owner_name}")


# -- variables and transformations -----------------------------------------------------------------------------------


def variables() -> Iterator[Candidate]:
    for name, variable in sorted(VARIABLES.items()):
        access = "" if variable.writable else ", read only"
        not_simulated = ", not simulated" if variable.stub else ""
        yield Candidate(name, "variable", f"{variable.type}{access}{not_simulated}")


def variable_names(notebook: Notebook, variable: str, text: str, cursor: int) -> Iterator[Candidate]:
    """The names that the cell and the notebook's routes use with $var, $avp, $shv or $json."""
    for name in names_of(notebook, variable, text, cursor):
        yield Candidate(name, "variable", f"${variable}({name})")


def transformation_classes() -> Iterator[Candidate]:
    counted: dict[str, int] = {}
    for transformation in TRANSFORMATIONS.values():
        counted[transformation.cls] = counted.get(transformation.cls, 0) + 1
    return (Candidate(f"{cls}.", "class", f"{n} transformations") for cls, n in sorted(counted.items()))


def transformations() -> Iterator[Candidate]:
    for name, transformation in sorted(TRANSFORMATIONS.items()):
        params = "".join(f",{p}" for p in transformation.params)
        yield Candidate(name, "transformation", f"{{{name}{params}}} gives {transformation.result}")


# -- functions and modules -------------------------------------------------------------------------------------------


def functions(kind: str | None = None) -> Iterator[Candidate]:
    """The functions that a kind of route ("event", None: any) may call; what is simulated comes first."""
    for function in sorted(FUNCTIONS.values(), key=lambda f: (f.stub, f.name)):
        if kind is None or kind in function.routes or function.routes == ANY_ROUTE:
            yield function_candidate(function)


def async_functions() -> Iterator[Candidate]:
    return (function_candidate(f) for _, f in sorted(FUNCTIONS.items()) if f.is_async)


def function_candidate(function: Function) -> Candidate:
    return Candidate(function.name, "function", function.signature + " (not simulated)" * function.stub)


def modules() -> Iterator[Candidate]:
    """All that loadmodule takes."""
    from evroute_kernel.lang.environment import known_modules, module_declaration

    for name in sorted(known_modules()):
        declared = module_declaration(name)
        count = len(declared.params) if declared else 0
        yield Candidate(name, "module", f"{count} parameters known" if count else "")


def module_params(module: str) -> Iterator[Candidate]:
    from evroute_kernel.lang.environment import module_declaration

    found = module_declaration(module)
    return (Candidate(name, "property", kind) for name, kind in sorted(found.params.items())) if found else iter(())


def lints() -> Iterator[Candidate]:
    from evroute_kernel.lang.lints import LINTS

    return (Candidate(lint.code, "lint", lint.summary) for lint in LINTS.values())


# -- levels, settings, files -----------------------------------------------------------------------------------------


def level_literals() -> Iterator[Candidate]:
    """What the first argument of xlog may be; the server looks at the third character alone."""
    for name, short in zip(levels.NUMBERS, ("ALERT", "CRIT", "ERR", "WARN", "NOTICE", "INFO", "DBG"), strict=True):
        yield Candidate(f"L_{short}", "level", name)


def level_names() -> Iterator[Candidate]:
    return (Candidate(name, "level") for name in levels.NUMBERS)


def settings() -> Iterator[Candidate]:
    """Globals that stand at the top level."""
    from evroute_kernel.lang.scriptglobals import EXPECTED, GLOBALS

    return (Candidate(name, "property", f"= {EXPECTED[kind]}") for name, kind in sorted(GLOBALS.items()))


def setting_values(name: str) -> Iterator[Candidate]:
    from evroute_kernel.lang.scriptglobals import GLOBALS

    return (Candidate(word, "value") for word in ("yes", "no") if GLOBALS.get(name) == "flag")


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
