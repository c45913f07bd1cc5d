"""`python -m evroute_kernel.library > docs/library.md`: what of OpenSIPS runs here, from the one table."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from evroute_kernel.library import everything as _everything  # noqa: F401 - gives every name its behaviour
from evroute_kernel.library import table
from evroute_kernel.library.table import Function, Library, Variable
from evroute_kernel.runtime.versions import DEFAULT_VERSION, VERSIONS

HEAD = """# What runs here

Written by `python -m evroute_kernel.library` from the tables that checker, code generator, completion and inspection
read. *Simulated* means that it does here what it does on OpenSIPS 3.6. *Stub* means that a call is accepted, checked
and recorded, but has no effect of its own: `%stub NAME returns 1` says what it returns, `%stubs` lists the calls.
"""


def document() -> Iterator[str]:
    """The page, line by line."""
    yield HEAD
    library = table.of(DEFAULT_VERSION)
    functions = sorted(library.functions.values(), key=lambda f: (f.module, f.name))
    simulated = [f for f in functions if not f.stub]
    yield f"## Functions\n\n{len(simulated)} simulated, {len(functions) - len(simulated)} stubs.\n"
    yield from _table(("module", "function", "in event_route", "here"), map(_function_row, functions))
    yield f"\n## Transformations\n\n{len(library.transformations)}, all simulated but those of the class `isup`.\n"
    rows = ((f"`{t.full_name}`", _first(t.doc)) for t in library.transformations.values())
    yield from _table(("transformation", "gives"), sorted(rows))
    variables = sorted({id(v): v for v in library.variables.values()}.values(), key=lambda v: (v.module, v.name))
    yield "\n## Variables\n"
    yield from _table(("module", "variable", "here"), map(_variable_row, variables))
    for version in VERSIONS:
        if version != DEFAULT_VERSION:
            yield from _otherwise(library, table.of(version))


def _otherwise(before: Library, after: Library) -> Iterator[str]:
    """What another version has, and has not."""
    yield f"\n## Otherwise in {after.version}\n"
    functions = [f for name, f in after.functions.items() if name not in before.functions]
    changed = [f for name, f in after.functions.items() if (b := before.functions.get(name)) and _call(b) != _call(f)]
    variables = [v for name, v in after.variables.items() if name not in before.variables]
    new = [(f"`{f.signature}`", f.module, *_function_row(f)[2:]) for f in (*functions, *changed)]
    new += [(f"`${v.name}`", v.module, "", _variable_row(v)[2]) for v in variables]
    yield from _table(("new or changed", "module", "in event_route", "here"), sorted(new))
    gone = [f"`{name}()`" for name in before.functions if name not in after.functions]
    gone += [f"`{name}`" for name in before.globals if name not in after.globals]
    yield f"\nGone: {', '.join(sorted(gone))}."


def _call(function: Function) -> tuple[object, ...]:
    return function.params, function.routes, function.async_only


def _function_row(function: Function) -> tuple[str, ...]:
    allowed = "yes" if "event" in function.routes else "from a `route[]` only"
    allowed = "in `async()` alone" if function.async_only else allowed
    here = "stub" if function.stub else "simulated"
    if function.simulated_when:
        here = f"simulated with `{function.simulated_when}`, else a stub"
    return function.module, f"`{function.signature}`", allowed, here


def _variable_row(variable: Variable) -> tuple[str, ...]:
    names = ", ".join(f"`${name}`" for name in (variable.name, *variable.aliases))
    here = "null until written" if variable.stub else "the dummy request's" if variable.message else "simulated"
    return variable.module, names, here


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _first(doc: str) -> str:
    """The first sentence of a docstring, on one line."""
    return " ".join(doc.split("\n\n")[0].split())


if __name__ == "__main__":
    sys.stdout.write("\n".join(document()) + "\n")
