"""Script text to compiled routes: parse, check, generate; the stages in order, and what they produce.

A compiled route is plain data. It travels to workers, which link it (`library.linker`) without knowing how it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from hashlib import sha256
from typing import Any, Final

from evroute_kernel.errors import Diagnostic, RouteCheckError
from evroute_kernel.lang import nodes
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.files import ScriptFiles
from evroute_kernel.lang.findings import collector_paused, examined, has_errors, order, refuse, too_deep
from evroute_kernel.lang.generation.codegen import RouteGenerator
from evroute_kernel.lang.generation.nesting import NestingError
from evroute_kernel.lang.parser import parse
from evroute_kernel.library import everything as _everything  # noqa: F401 - gives every name its behaviour
from evroute_kernel.library.table import Library
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.source import Source, Span

#: kinds of route that run here; the others are checked and kept for export
RUNNABLE: Final = frozenset({"event_route", "route", "startup_route", "timer_route", "error_route"})


@dataclass(frozen=True, slots=True)
class CompiledRoute:
    """One block, ready to be linked. `spans[i]`, `lines[i]`, `actions[i]` describe statement i.

    `code` is marshalled Python byte code, empty for a block without statements; `pool` is what the linker binds.
    Two routes with the same `digest` are the same program text at the same place.
    """

    kind: str
    name: str
    interval: int | None
    code: bytes = field(repr=False)
    pool: tuple[tuple[Any, ...], ...] = field(repr=False)
    spans: tuple[Span, ...] = field(repr=False)
    lines: tuple[int, ...] = field(repr=False)
    actions: tuple[str, ...] = field(repr=False)
    header: Span = field(repr=False)
    span: Span = field(repr=False)
    digest: str = ""
    #: False for an event_route that the server never registers: one that holds only `;`, and each that follows it
    subscribes: bool = True

    @property
    def title(self) -> str:
        return f"{self.kind}[{self.name}]" if self.name else self.kind

    @property
    def source(self) -> Source:
        return self.header.source


@dataclass(frozen=True, slots=True)
class Unit:
    """What one text defines: everything of it takes effect together, or nothing."""

    source: Source
    script: nodes.Script = field(repr=False)
    routes: tuple[CompiledRoute, ...]
    scratch: CompiledRoute | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def settings(self) -> list[nodes.Global]:
        return [i for i in self.script.items if isinstance(i, nodes.Global)]

    @property
    def modparams(self) -> list[nodes.ModParam]:
        return [i for i in self.script.items if isinstance(i, nodes.ModParam)]

    @property
    def modules(self) -> list[nodes.LoadModule]:
        return [i for i in self.script.items if isinstance(i, nodes.LoadModule)]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text that has been read, to be compiled as often as what is around it changes; and its syntax errors."""

    source: Source
    script: nodes.Script = field(repr=False)
    found: tuple[Diagnostic, ...] = ()

    def part(self, items: Sequence[nodes.TopLevel], scratch: Sequence[nodes.Statement | nodes.Display]) -> Parsed:
        """The same text with these of its definitions and statements alone."""
        return replace(self, script=replace(self.script, items=tuple(items), scratch=tuple(scratch)))


def compile_script(
    source: Source, environment: Environment, *, scratch: bool = False, files: ScriptFiles | None = None
) -> Unit:
    """The routes of a text. Raises ScriptError with every finding when one of them is an error.

    With `scratch`, bare statements are accepted too and become one nameless route. `files` reads what the text
    includes; by default any regular file.
    """
    with collector_paused():
        return _compile(_read(source, environment.version, scratch, files), environment)


def read_script(
    source: Source, version: ServerVersion, *, scratch: bool = False, files: ScriptFiles | None = None
) -> Parsed:
    """The first half of `compile_script`: parse a text of a server's version. Never raises for bad text."""
    with collector_paused():
        return _read(source, version, scratch, files)


def compile_parsed(parsed: Parsed, environment: Environment) -> Unit:
    """The second half of `compile_script`: check what was parsed, and make routes of it. Raises ScriptError."""
    with collector_paused():
        return _compile(parsed, environment)


def _read(source: Source, version: ServerVersion, scratch: bool, files: ScriptFiles | None) -> Parsed:
    script, found = parse(source, version=version, scratch=scratch, files=files)
    return Parsed(source, script, tuple(found))


def _compile(parsed: Parsed, environment: Environment) -> Unit:
    source, script = parsed.source, parsed.script
    found = examined(source, script, parsed.found, environment)
    routes, scratch_route = _generate(script, found, environment.library)
    if has_errors(found):
        refuse(source, found, RouteCheckError)
    return Unit(source, script, routes, scratch_route, tuple(sorted(found, key=order)))


def _generate(
    script: nodes.Script, found: list[Diagnostic], library: Library
) -> tuple[tuple[CompiledRoute, ...], CompiledRoute | None]:
    routes = []
    subscribes = True
    for item in script.items:
        if isinstance(item, nodes.Route):
            subscribes &= bool(item.body) or item.kind != "event_route"
            compiled = compile_route(item, found, library)
            routes += [replace(compiled, subscribes=subscribes)] if compiled else []
    if not script.scratch:
        return tuple(routes), None
    span = script.scratch[0].span
    block = nodes.Route("scratch", "", None, script.scratch, header=span, span=span.until(script.scratch[-1].span))
    return tuple(routes), compile_route(block, found, library)


def compile_route(route: nodes.Route, found: list[Diagnostic], library: Library) -> CompiledRoute | None:
    """One checked block; None when it nests too deeply, which `found` then says."""
    generator = RouteGenerator(library)
    code = b""
    if route.body:
        try:
            code = generator.generate(route.title, route.header, route.body)
        except NestingError as error:
            found.append(too_deep(error))
            return None
    pool = tuple(generator.pool)
    digest = sha256(code + repr((route.kind, route.name, route.interval, pool)).encode()).hexdigest()[:16]
    return CompiledRoute(
        route.kind,
        route.name,
        route.interval,
        code,
        pool,
        tuple(generator.spans),
        tuple(generator.lines),
        tuple(generator.actions),
        route.header,
        route.span,
        digest,
    )
