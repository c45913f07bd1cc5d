"""What is known of each kind of thing, as pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from evroute_kernel.assist.defined import Defined, DefinedRoute
from evroute_kernel.assist.keywords import KEYWORDS
from evroute_kernel.assist.pages import Page
from evroute_kernel.lang.language import EXPECTED
from evroute_kernel.lang.lints import LINTS
from evroute_kernel.library import everything as _everything  # noqa: F401 - gives every name its behaviour
from evroute_kernel.library.catalogue.facts import EventParam
from evroute_kernel.library.table import ANY_ROUTE, ROUTE_KINDS, Library, Transformation
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion

#: examples of a transformation that are shown
_EXAMPLES: Final = 4


# -- routes and events -----------------------------------------------------------------------------------------------


def route(name: str, defined: Defined) -> list[Page]:
    """The routes of a title or name."""
    return [_route_page(route) for route in defined.find(name)]


def _route_page(route: DefinedRoute) -> Page:
    about = f"defined in {route.owner}, line {route.header.line}"
    if route.runs is not None:
        about += ", has run once" if route.runs == 1 else f", has run {route.runs} times"
    return Page(route.title, about, source=route.span.text)


def event(name: str, defined: Defined) -> Page | None:
    found = defined.event(name)
    if found is None:
        return None
    tables = []
    if found.params:
        rows = tuple((str(i), p.name, p.type, param_about(p)) for i, p in enumerate(found.params, 1))
        tables.append(("parameters", rows))
    paragraphs = [found.description]
    if found.extra_params:
        paragraphs.append(f"More parameters come from {found.extra_params.configured_by}.")
    paragraphs += [*found.notes, _handlers(name, defined)]
    return Page(found.signature, f"event of {found.module}", tuple(filter(None, paragraphs)), tuple(tables))


def _handlers(name: str, defined: Defined) -> str:
    if not defined.runs:
        return ""
    found = [route for route in defined.named("event_route") if route.name == name]
    return "".join(f"Handled by {route.title} of {route.owner}." for route in found) or "Nothing handles it here."


def param_about(param: EventParam) -> str:
    """What a parameter holds, with its values or a sample."""
    sample = f'"{param.sample}"' if isinstance(param.sample, str) else str(param.sample)
    values = _one_of(param.values) if param.values else f"such as {sample}"
    optional = "may be absent; " if param.optional else ""
    stale = " May hold what an earlier event of the same process left." if param.stale else ""
    return f"{optional}{values}{': ' if param.description else ''}{param.description}{stale}"


def _one_of(values: Iterable[int | str]) -> str:
    return f"one of {', '.join(map(str, values))}"


def param(event_name: str, name: str, defined: Defined) -> Page | None:
    """One parameter of an event."""
    found = defined.event(event_name)
    known = found.param(name) if found else None
    if known is None and found is not None and name.isdigit() and 0 < int(name) <= len(found.params):
        known = found.params[int(name) - 1]
    if known is None:
        return None
    return Page(f"$param({known.name})", f"{known.type}, of {event_name}", (param_about(known),))


# -- functions, variables, transformations ---------------------------------------------------------------------------


def function(name: str, defined: Defined) -> Page | None:
    library = defined.library
    declared, statement = library.functions.get(name), library.statements.get(name)
    if declared is None:  # KEYWORDS tells more of a statement
        if statement is None or name in KEYWORDS:
            return None
        return Page(statement.signature, "", (statement.description,))
    rows = [("returns", declared.returns), ("routes", _routes(declared.routes))]
    if declared.is_async:
        how = "stands in async() and launch() alone" if declared.async_only else "may stand in async() and launch()"
        rows.append(("async", how))
    rows += [(param.name, _one_of(param.values)) for param in declared.params if param.values]
    about = f"function of {declared.module}" + (", not simulated: calls are recorded" if declared.stub else "")
    hint = (f"Say what it does here with %stub {name}.",) if declared.stub else ()
    return Page(declared.signature, about, (declared.doc, *hint), (("facts", tuple(rows)),))


def _routes(kinds: frozenset[str]) -> str:
    return "any" if kinds == ANY_ROUTE else ", ".join(kind for kind in ROUTE_KINDS if kind in kinds)


def keyword(name: str, defined: Defined) -> Page | None:
    """A statement, a top-level keyword, or a global setting."""
    if name in KEYWORDS:
        usage, doc = KEYWORDS[name]
        fact = defined.library.statements.get(name)
        returns = (("facts", (("returns", fact.returns),)),) if fact else ()
        return Page(usage, "statement of core" if fact else "keyword", (doc,), returns)
    return setting(name, defined)


def setting(name: str, defined: Defined) -> Page | None:
    fact = defined.library.globals.get(name)
    if fact is None:
        return None
    now = (f"Here it is {defined.settings[name]}.",) if name in defined.settings else ()
    return Page(f"{name} = ...", f"global setting, {EXPECTED[fact.kind]}", now)


def variable(name: str, defined: Defined) -> Page | None:
    found = defined.library.variables.get(name)
    if found is None:
        return None
    access = "read and write" if found.writable else "read only"
    about = f"{found.type}, {access}"
    notes = []
    if found.values:
        notes.append(f"It is {_one_of(found.values)}.")
    if found.stub:
        notes.append("Not simulated here: null until it is written.")
    if found.message:
        what = "is null" if found.in_event_route == "null" else "belongs to a request that is made up"
        notes.append(f"In an event route it {what}.")
    if found.aliases:
        notes.append(
            f"Other names: {', '.join(f'${alias}' for alias in (found.name, *found.aliases) if alias != name)}."
        )
    return Page(f"${name}{_name_part(found.subname)} of {found.module}", about, (found.doc, *notes))


def _name_part(subname: str) -> str:
    return {"required": "(NAME)", "optional": "[(NAME)]"}.get(subname, "")


def transformation(name: str, defined: Defined) -> Page | None:
    """A transformation by its full name, or all of a class such as `s` by `s.`."""
    found = defined.library.transformations.get(name)
    if found is None:
        return _transformation_class(name.removesuffix("."), defined.library) if name.endswith(".") else None
    params = "".join(f",{p}" for p in found.params)
    tables = (("examples", tuple(_examples(found))),) if found.examples else ()
    return Page(f"{{{name}{params}}}", f"transformation, gives {found.result}", (found.doc,), tables)


def _examples(found: Transformation) -> Iterator[tuple[str, str, str]]:
    for example in found.examples[:_EXAMPLES]:
        yield (
            repr(example.input),
            example.transformation,
            f"-> {'null' if example.output is None else repr(example.output)}",
        )


def _transformation_class(cls: str, library: Library) -> Page | None:
    rows = tuple(
        (f"{{{name}}}", t.doc.partition("\n")[0]) for name, t in sorted(library.transformations.items()) if t.cls == cls
    )
    return Page(f"{{{cls}.}}", "class of transformations", (), (("transformations", rows),)) if rows else None


# -- the rest --------------------------------------------------------------------------------------------------------


def module(name: str, defined: Defined) -> Page | None:
    library = defined.library
    found = library.modules.get(name)
    if found is None or name == "core":
        return None
    params = tuple(sorted((found.params or {}).items()))
    offered = [f.name for f in library.functions.values() if f.module == name]
    offered += [f"${v.name}" for v in {id(v): v for v in library.variables.values()}.values() if v.module == name]
    offers = (f"Offers {', '.join(offered)}.",) if offered else ()
    return Page(f'loadmodule "{name}.so"', "module", offers, (("parameters", params),) if params else ())


def lint(name: str, defined: Defined) -> Page | None:
    found = LINTS.get(name)
    if found is None:
        return None
    example = found.fires[0].rstrip() if found.fires else ""
    told = (found.summary, found.why, "It finds, for example:" if example else "")
    return Page(found.code, f"{found.severity} of the checker", tuple(filter(None, told)), source=example)


def _pages(found: Page | list[Page] | None) -> list[Page]:
    return found if isinstance(found, list) else [found] if found else []


#: kind of thing -> what finds it by name
DESCRIBERS: Final[dict[str, Callable[[str, Defined], Page | list[Page] | None]]] = {
    "route": route,
    "event": event,
    "keyword": keyword,
    "function": function,
    "variable": variable,
    "transformation": transformation,
    "lint": lint,
    "module": module,
}


def pages_of(kind: str, name: str, defined: Defined) -> list[Page]:
    """What is known about a thing of this kind and name; of one that only another version has, with that remark."""
    found = _pages(DESCRIBERS[kind](name, defined))
    return [*_with_its_end(kind, name, defined, found)] or [*_of_other_versions(kind, name, defined)]


#: kind of thing -> what `Library.successor` calls those of its names that not every version has
_VERSIONED: Final = {
    "event": "event",
    "keyword": "global",
    "function": "function",
    "variable": "variable",
    "transformation": "transformation",
    "module": "module",
}


def _of_other_versions(kind: str, name: str, defined: Defined) -> Iterator[Page]:
    hint = defined.library.successor(_VERSIONED[kind], name) if kind in _VERSIONED else None
    for version in VERSIONS if hint is not None else ():
        for page in _pages(DESCRIBERS[kind](name, replace(defined, version=version))):
            yield replace(page, paragraphs=(_missing(defined.version, hint), *page.paragraphs))


def _with_its_end(kind: str, name: str, defined: Defined, pages: Iterable[Page]) -> Iterator[Page]:
    """The pages, which say last in which later versions there is no such name, and what took its place."""
    ends = list[str]()
    for version in VERSIONS[VERSIONS.index(defined.version) + 1 :] if kind in _VERSIONED else ():
        later = replace(defined, version=version)
        hint = later.library.successor(_VERSIONED[kind], name)
        if hint is not None and not _pages(DESCRIBERS[kind](name, later)):
            ends.append(_missing(version, hint))
    yield from (replace(page, paragraphs=(*page.paragraphs, *ends)) for page in pages)


def _missing(version: ServerVersion, hint: str | None) -> str:
    """That a version does not have something, and what there is instead."""
    said = (hint or "").removeprefix(f"gone since {version}").removeprefix(": ")
    return f"Not in OpenSIPS {version}: {said}." if said else f"Not in OpenSIPS {version}."


def marked(page: Page, start: int, end: int) -> Page:
    return replace(page, mark=(start, end))


def named(name: str, defined: Defined) -> list[Page]:
    """The pages about a name as people write it: `xlog`, `$avp(x)`, `{s.len}`, `route[x]`, `E_X`."""
    only = {"$": "variable", "{": "transformation"}.get(name[:1])
    plain_name = name.strip("$(){}")
    if only == "variable":
        plain_name = plain_name.partition("(")[0].partition("{")[0]
    inside = plain_name.partition("[")[2].removesuffix("]")
    found: list[Page] = []
    for kind in DESCRIBERS if only is None else (only,):
        pages = pages_of(kind, plain_name, defined)
        if not pages and inside and kind == "event":
            pages = pages_of(kind, inside, defined)
        found += (page for page in pages if page not in found)
    return found if name else []


def known_names(library: Library) -> Iterable[str]:
    """Every name that has a page, whatever is defined."""
    yield from KEYWORDS
    yield from library.events
    yield from library.functions
    yield from library.statements
    yield from (f"${name}" for name in library.variables)
    yield from library.transformations
    yield from LINTS
