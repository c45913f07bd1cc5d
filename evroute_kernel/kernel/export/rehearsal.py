"""What the cells of a notebook amount to: they are taken up one after another as the kernel does, but no route runs.

What a cell defines, sets and loads is kept in the same `World` that a session has, so the same cells are refused, the
same routes replaced. Of the magics, those count that change what is defined or set; each says so where it is declared
(`on_export`), by the methods of `Rehearsal`. What only a run can tell is not known: a cell that fails half-way counts
whole.

A notebook may come from anybody, so files that it names are read in its own folder alone, for what they define; and
nothing keeps their text, which has no business in a configuration that names them. One that is not read may define
anything: routes and modules that are nowhere else are then taken to be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field, replace
from math import inf
from pathlib import Path

from evroute_kernel.engine.state.defined import defined
from evroute_kernel.engine.state.settings import Limits
from evroute_kernel.engine.state.world import World
from evroute_kernel.errors import Diagnostic, ScriptError
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.export.members import Members
from evroute_kernel.kernel.export.startup import Startup, State, reached, state
from evroute_kernel.lang import nodes
from evroute_kernel.lang.callgraph import Vertex, call_graph
from evroute_kernel.lang.compiler import Parsed, Unit, compile_parsed, read_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.files import ScriptFiles
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import decode, encode
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from evroute_kernel.source import Source, Span


@dataclass(slots=True)
class Section:
    """A part of a notebook and what became of it: a cell, a file that a cell loaded, or prose.

    `refused`: why nothing took effect.
    `script` is the text with blanks in place of its magic lines. Of a file there is no text; `is_unread`: it was not
    opened.
    """

    source: Source
    is_prose: bool = False
    is_file: bool = False
    is_unread: bool = False
    script: str = ""
    magics: tuple[MagicLine, ...] = ()
    units: list[Unit] = field(default_factory=list)
    refused: list[Diagnostic] = field(default_factory=list)
    #: offset of a magic line -> globals that it set
    settings: dict[int, dict[str, int]] = field(default_factory=dict)
    #: offset of a %load -> the file
    loaded: dict[int, Section] = field(default_factory=dict)
    #: offset of a magic line -> what there is to say of it to whoever reads the configuration
    remarks: dict[int, str] = field(default_factory=dict)
    #: what stands before was undone by a %reset
    undone_until: float = 0

    def items(self) -> Iterator[tuple[int, nodes.TopLevel]]:
        """The definitions in the order of the text, each with its offset there: one of an included file with that of
        the definition before it."""
        for unit in self.units:
            offset = 0
            for item in unit.script.items:
                offset = item.span.start if item.span.source is unit.source else offset
                yield offset, item

    def own_items(self) -> list[nodes.TopLevel]:
        """The definitions that stand in the text itself, not in a file."""
        return [] if self.is_file else [i for u in self.units for i in u.script.items if i.span.source is u.source]

    def foreign_items(self) -> list[nodes.TopLevel]:
        """The definitions that stand in files."""
        own = set(map(id, self.own_items()))
        return [item for _, item in self.items() if id(item) not in own]

    def foreign_statements(self) -> bool:
        """Whether files have brought statements that stand outside of every route."""
        return any(self.is_file or s.span.source is not u.source for u in self.units for s in u.script.scratch)

    def all_items(self) -> Iterator[nodes.TopLevel]:
        """The definitions, those of loaded files where these were loaded."""
        found: list[tuple[int, nodes.TopLevel | Section]] = [*self.items(), *self.loaded.items()]
        for _, one in sorted(found, key=lambda pair: pair[0]):
            if isinstance(one, Section):
                yield from one.all_items()
            else:
                yield one


class Rehearsal:
    """A session without processes. `folder` is where relative paths start; files outside of it are read only with
    `reads_outside`."""

    def __init__(
        self,
        folder: Path = Path(),
        *,
        reads_outside: bool = False,
        version: ServerVersion = DEFAULT_VERSION,
        is_version_fixed: bool = False,
        members: Members | None = None,
    ) -> None:
        self.folder = folder
        #: where relative paths of magics start now, and did before it was changed
        self.current = self.before = folder
        #: of a notebook of several nodes: which of them this is
        self.members = members
        #: whether no cell may change the version of the server
        self.is_version_fixed = is_version_fixed
        self.files = ScriptFiles(folder, None if reads_outside else folder)
        self.world = World(Limits(), version=version)
        if members is not None:
            self.world.settings.node = members.id
        self.sections: list[Section] = []
        #: the statements that ran once, in order
        self.startups: list[Startup] = []
        #: owner -> the `id` of what it defined last, but for routes
        self._items: dict[str, set[int]] = {}
        self._routes: dict[Span, nodes.Route] = {}
        self._touched: State = frozenset()
        #: who leads to whom, of the routes that were in force when it was last asked for
        self._drawn: list[nodes.Route] = []
        self._graph = call_graph(())

    def another(self, members: Members) -> Rehearsal:
        """A new one, of another node of the same notebook."""
        fixed, folder = self.is_version_fixed, self.files.within
        made = Rehearsal(self.folder, reads_outside=folder is None, version=self.version, is_version_fixed=fixed)
        made.members, made.world.settings.node = members, members.id
        return made

    @property
    def version(self) -> ServerVersion:
        """That of the server which the cells are for, as far as they have been taken up."""
        return self.world.settings.version

    def begin(self, section: Section) -> None:
        """What happens from now on happens in this section."""
        self.sections.append(section)

    def routes_in_force(self) -> list[nodes.Route]:
        """The routes that nothing has replaced or taken back, in the order they were defined."""
        return [self._routes[definition.route.span] for definition in self.world.registry]

    def items_in_force(self) -> set[int]:
        """The `id` of every definition that nothing has replaced or taken back."""
        return {id(route) for route in self.routes_in_force()}.union(*self._items.values())

    # -- script -----------------------------------------------------------------------------------------------------

    def compile(self, parsed: Parsed, environment: Environment) -> Unit:
        """A text that was parsed, compiled with the files that may be read. Raises ScriptError."""
        return compile_with(self.files, parsed, environment)

    def define(self, section: Section, unit: Unit, owner: str | None) -> None:
        """Let script of a section take effect. Raises ScriptError."""
        source = unit.source
        self.world.define(unit, owner)
        section.units.append(unit)
        routes = [item for item in unit.script.items if isinstance(item, nodes.Route)]
        self._routes |= {route.span: route for route in routes}
        if owner is not None:  # without one there are only statements
            self._items[owner] = {id(item) for item in unit.script.items if not isinstance(item, nodes.Route)}
        if section.is_file:  # what it does at the start stays in it
            return
        own = [route for route in routes if route.span.source is source]
        self.startups += [Startup(source, r.body, self.world.library, r) for r in own if r.kind == "startup_route"]
        # nobody would see the value of a last expression
        statements = [s for s in unit.script.scratch if not isinstance(s, nodes.Display) and s.span.source is source]
        self.startups.append(Startup(source, tuple(statements), self.world.library, touched=self._touched))

    # -- what magics do ---------------------------------------------------------------------------------------------

    def load(self, offset: int, name: str, path: Path, read: Callable[[Path], str]) -> None:
        """A script file is loaded at this place of the last section; `read` gives its text, or raises ScriptError."""
        section = Section(Source(name, "", str(path)), is_file=True)
        self.sections[-1].loaded[offset] = section
        if not self.files.may_open(path):
            section.is_unread = True
            self.files.unread[name] = None
            return
        owner = f"file:{path}"
        try:
            environment = self.world.environment(owner)
            source = Source(name, read(path), str(path))
            parsed = read_script(source, environment.version, scratch=True, files=self.files)
            self.define(section, self.compile(parsed, environment), owner)
        except ScriptError as error:
            section.refused = without_foreign_text(error)

    def change_folder(self, folder: Path) -> None:
        """Relative paths of magics start in another folder from now on."""
        self.before, self.current = self.current, folder

    def set(self, offset: int, values: dict[str, int]) -> None:
        """Globals are set at this place of the last section."""
        self.sections[-1].settings[offset] = values

    def choose_version(self, version: ServerVersion, span: Span) -> None:
        """Go on as a server of another version, where nothing is defined. Raises ScriptError."""
        if self.is_version_fixed or version == self.version:
            return
        if found := defined(self.world):
            message = f"a session is of one version: to leave {self.version} would lose {', '.join(found)}"
            raise ScriptError([Diagnostic("error", "version-in-use", message, span, "%reset first")])
        outside = self.world.settings.outside()
        self.world.forget_all(version)
        self.world.settings.update(outside)

    def remark(self, offset: int, text: str) -> None:
        """Say something of a magic line at this place of the last section."""
        self.sections[-1].remarks[offset] = text

    def touch(self, start: Vertex) -> None:
        """An event was raised or a route run, with all that it leads to."""
        routes = self.routes_in_force()
        if routes != self._drawn:
            self._drawn, self._graph = routes, call_graph(routes)
        titles = reached(self._graph, start)
        for route in routes:
            if titles is None or decode(route.title) in titles:
                self._touched |= state(route, self.world.library)

    def reset(self, offset: int) -> None:
        """Forget what was defined, set, loaded and prepared before this place of the last section."""
        self.world.forget_all()
        self._items.clear()
        self.startups.clear()
        self._touched = frozenset()
        self.files.unread.clear()
        for section in self.sections:
            section.settings.clear()
            section.undone_until = inf
        self.sections[-1].undone_until = offset


def compile_with(files: ScriptFiles, parsed: Parsed, environment: Environment) -> Unit:
    """A text compiled with the files that may be read; those that were not may hold the routes and modules it lacks.
    Raises ScriptError."""
    try:
        return compile_parsed(parsed, environment)
    except ScriptError as error:
        if not files.unread:
            raise
        missing = [d.span.text for d in error.diagnostics if d.code == "unknown-route" and d.span is not None]
        routes = {**environment.routes, **{("route", encode(name)): "a file" for name in missing}}
        return compile_parsed(parsed, replace(environment, routes=routes, modules=environment.library.known_modules))


def without_foreign_text(error: ScriptError) -> list[Diagnostic]:
    """The findings of an error; of those about a file only where they are, since messages name what they are about."""
    found = dict[Diagnostic, None]()
    for d in error.diagnostics:
        if d.span is not None and d.span.source.path != f"<{d.span.source.name}>":
            d = replace(d, message="here the file has an error", hint=None)
        found[d] = None
    return list(found)
