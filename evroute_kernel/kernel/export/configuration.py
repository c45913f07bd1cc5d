"""Writes down what a rehearsal has left in force, as the text of an `opensips.cfg`.

The text of the cells stays as it is, in their order, comments included. Magics, bare statements, refused cells and what
is no longer in force become comments. Before it stands what a session has and a server lacks: the modules that the text
needs and does not load itself, a socket, and the level that shows every xlog. A module that does not start without a
parameter gets it where it is loaded, with a value that is to be filled in. After the cells, one `startup_route` does
what the notebook did once; statements that may end it early are in routes of their own, though `exit` still ends them
all.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from textwrap import dedent, indent
from typing import Final

from evroute_kernel.engine.state.settings import module_name
from evroute_kernel.errors import Diagnostic, ScriptError, rendered
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.export.members import MODULE, MODULES
from evroute_kernel.kernel.export.page import Page, commented, prose
from evroute_kernel.kernel.export.rehearsal import Rehearsal, Section, compile_with
from evroute_kernel.kernel.export.startup import Startup, state, statement_runs
from evroute_kernel.lang import nodes
from evroute_kernel.lang.compiler import read_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.lexer import tokens
from evroute_kernel.lang.needs import MissingParameter, completed, missing_sockets, modules
from evroute_kernel.lang.preprocess import Expanded, directives
from evroute_kernel.library.sockets import SETTINGS, module_of_socket
from evroute_kernel.library.table import Library
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.patterns import posix as regex
from evroute_kernel.runtime.values import decode
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from evroute_kernel.source import Source, Span

#: a server has to listen somewhere
SOCKET: Final = "udp:127.0.0.1:5060"
#: a session shows every xlog, a server does not
XLOG_LEVEL: Final = 4
#: above a parameter that the cells have not set
_TO_FILL_IN: Final = "to be filled in, no server starts without it:"
_REST_OF_LINE: Final = re.compile(r"[ \t]*(?:#[^\n]*)?(?=\n|\Z)")


#: before a directive
_UNREAD: Final = "(lies outside of the notebook's folder and was not read: what it defines and needs is not known here)"


@dataclass(frozen=True, slots=True)
class Directive:
    """An include_file of a cell, and the path in it."""

    line: Span
    path: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """A text that holds so many `routes`. `refused`: the cells and files left out; `findings`: errors of the whole,
    such as a route that is called and was forgotten; `unread`: files outside of the notebook's folder, whose routes are
    not counted; `version`: that of the server it is for."""

    text: str
    routes: int
    refused: tuple[str, ...]
    findings: tuple[Diagnostic, ...]
    unread: tuple[str, ...] = ()
    version: ServerVersion = DEFAULT_VERSION

    @property
    def summary(self) -> str:
        """What it holds and what it lacks, in one line."""
        routes = "1 route" if self.routes == 1 else f"{self.routes} routes"
        them = "it" if len(self.refused) == 1 else "them"
        why = f"OpenSIPS {self.version} refuses {them} (a comment there says why)"
        lacking = f"; {', '.join(self.refused)} left out, because {why}" if self.refused else ""
        unread = f"; not read, because outside of the folder: {', '.join(self.unread)}" if self.unread else ""
        return routes + lacking + unread


def configuration(rehearsal: Rehearsal, title: str) -> Configuration:
    """The configuration of a server that has what the rehearsal has left in force."""
    text = _Writer(rehearsal, title).text()
    findings: list[Diagnostic] = []
    try:
        parsed = read_script(Source("configuration", text), rehearsal.version, files=rehearsal.files)
        around = Environment(modules=frozenset(), whole=True, version=rehearsal.version)
        compile_with(rehearsal.files, parsed, around)
    except ScriptError as error:
        findings = [diagnostic for diagnostic in error.diagnostics if diagnostic.severity == "error"]
    sections = [s for section in rehearsal.sections for s in (section, *section.loaded.values())]
    refused = tuple(section.source.name for section in sections if section.refused)
    routes, unread = len(rehearsal.routes_in_force()), tuple(rehearsal.files.unread)
    return Configuration(text, routes, refused, tuple(findings), unread, rehearsal.version)


class _Writer:
    """Writes one configuration, from its first line to its last."""

    def __init__(self, rehearsal: Rehearsal, title: str) -> None:
        self.rehearsal = rehearsal
        self.title = title
        self.library = rehearsal.world.library
        self.in_force = rehearsal.items_in_force()
        self.titles = {route.title for route in rehearsal.routes_in_force()}
        #: the definitions that stand, in the order of the text
        self.items = [item for p in rehearsal.sections for item in p.all_items() if id(item) in self.in_force]
        self.startups = self._startups()
        #: the bare statements among what is done at the start
        self.prepared = {id(statement) for startup in self.startups for statement in startup.statements}
        own = [item for section in rehearsal.sections for item in section.own_items() if id(item) in self.in_force]
        self.mpath = next((i for i in own if isinstance(i, nodes.Global) and i.name == "mpath"), None)
        #: parameters that are not in the cells
        self.missing: list[MissingParameter] = []
        #: all that are loaded anywhere in the configuration
        self.all_modules: list[str] = []
        self.needed = self._needed()
        #: the modules that are loaded where the writer is
        self.loaded = set(self.needed)

    def text(self) -> str:
        parts = [self._head(), *(self._section(section) for section in self.rehearsal.sections)]
        if self.startups:
            parts.append(self._startup_route())
        text = "\n\n".join(filter(None, parts)) + "\n"
        return text.encode("utf-8", "replace").decode()

    def _startups(self) -> list[Startup]:
        """What the configuration's own startup_route must do; nothing, where the only one can stay where it is."""
        named = frozenset[str]().union(
            *(state(item, self.library) for item in self.items if isinstance(item, nodes.Route))
        )
        found = [chosen for startup in self.rehearsal.startups if (chosen := startup.preparing(named))]
        return [] if len(found) == 1 and found[0].route is not None else found

    # -- before the cells -------------------------------------------------------------------------------------------

    def _head(self) -> str:
        lines = [commented(self.title), commented(f"for OpenSIPS {self.rehearsal.version}"), ""]
        names = {item.name for item in self.items if isinstance(item, nodes.Global)}
        names |= {name for section in self.rehearsal.sections for found in section.settings.values() for name in found}
        if "xlog_level" not in names:
            lines.append(f"xlog_level={XLOG_LEVEL}")
        lines += [f"socket={socket}" for socket in self._given_sockets()]
        for _, socket in missing_sockets(self.all_modules, self._sockets(), self.library):
            lines += [commented(_TO_FILL_IN), f"socket={socket}"]
        if self.mpath is not None:
            lines.append(self.mpath.span.text)
        for name in self.needed:
            lines += [f'loadmodule "{name}.so"', *self._filled(name)]
        return "\n".join(lines)

    def _filled(self, module: str) -> list[str]:
        """What follows the line that loads a module."""
        missing = [line for m in self.missing if m.module == module for line in (commented(_TO_FILL_IN), m.line)]
        return [*missing, *(_modparam(MODULE, name, value) for name, value in self._of_node() if module == MODULE)]

    def _of_node(self) -> list[tuple[str, int | str]]:
        """What module clusterer is told of the nodes of the notebook, unless the cells say it themselves."""
        members = self.rehearsal.members
        if members is None:
            return []
        said = {i.name for i in self.items if isinstance(i, nodes.ModParam) and MODULE in _meant(i, self.library)}
        return [(name, value) for name, value in members.modparams() if name not in said]

    def _needed(self) -> list[str]:
        """The modules that the text uses before it loads them, the protocols of its sockets first, and those that they
        all need."""
        loads = {module_name(item.path) for item in self.items if isinstance(item, nodes.LoadModule)}
        needed = dict.fromkeys(name for name in self._protocols() if name not in loads)
        if self.rehearsal.members is not None:
            needed |= dict.fromkeys(name for name in MODULES if name not in loads)
        loaded: set[str] = set()
        for item in self.items:
            if isinstance(item, nodes.LoadModule):
                loaded.add(module_name(item.path))
            elif isinstance(item, nodes.ModParam):
                needed |= dict.fromkeys(name for name in _meant(item, self.library) if name not in loaded)
            elif isinstance(item, nodes.Route):
                needed |= dict.fromkeys(name for name in modules(item, self.library) if name not in loaded)
        for statement in (statement for startup in self.startups for statement in startup.statements):
            needed |= dict.fromkeys(name for name in modules(statement, self.library) if name not in loaded)
        added, self.missing = completed([*needed, *loaded], self._modparams(), self.library)
        self.all_modules = list(dict.fromkeys([*needed, *loaded, *added]))
        return [*needed, *added]

    def _protocols(self) -> list[str]:
        """The modules of the protocols that sockets have."""
        named = (module_of_socket(socket) for socket in self._sockets())
        return [name for name in named if name is not None and name in self.library.known_modules]

    def _sockets(self) -> list[str]:
        """Those of the text, or the one that it gets."""
        return [*self._own_sockets(), *self._given_sockets()]

    def _own_sockets(self) -> list[str]:
        return [str(i.value) for i in self.items if isinstance(i, nodes.Global) and i.name in SETTINGS]

    def _given_sockets(self) -> list[str]:
        """Those that the text does not have and gets."""
        own, members = self._own_sockets(), self.rehearsal.members
        if members is None:
            return [] if own else [SOCKET]
        is_reached = any(socket.startswith("bin:") for socket in own)
        return [*([] if own else [members.sip_socket]), *([] if is_reached else [members.bin_socket])]

    def _modparams(self) -> dict[tuple[str, str], list[int | str]]:
        """Every value of every module parameter, in order, and of the setting that takes the place of some."""
        found: dict[tuple[str, str], list[int | str]] = {}
        for item in self.items:
            if isinstance(item, nodes.Global) and item.name == "db_default_url":
                found["core", item.name] = [item.value]
            elif isinstance(item, nodes.ModParam):
                for module in _meant(item, self.library):
                    found.setdefault((module, item.name), []).append(item.value)
        for name, value in self._of_node():
            found.setdefault((MODULE, name), []).append(value)
        return found

    # -- cells ------------------------------------------------------------------------------------------------------

    def _section(self, section: Section) -> str:
        if section.is_prose:
            return prose(section.source.text)
        page = Page()
        self._write(page, section)
        return str(page)

    def _write(self, page: Page, section: Section) -> None:
        if section.refused:
            self._refusal(page, section)
            page.comment(section.source.text)
            return
        text, done = section.source.text, 0
        for span, part in sorted(self._parts(section), key=lambda pair: pair[0].start):
            page.code(text[done : span.start])
            if part is None:
                self._statements(page, section, span)
            elif isinstance(part, MagicLine):
                page.comment(text[span.start : span.end])
                self._effect(page, section, span.start)
            elif isinstance(part, Directive):
                self._include(page, section, part)
            else:
                self._item(page, part)
            done = span.end
        page.code(text[done:])

    def _refusal(self, page: Page, section: Section) -> None:
        page.comment(f"{section.source.name} is left out: it is refused.")
        errors = [d for d in section.refused if d.severity == "error"]
        page.comment("\n".join(f"    {line}" for line in rendered(errors, str)))

    def _parts(self, section: Section) -> Iterator[tuple[Span, nodes.TopLevel | MagicLine | Directive | None]]:
        """Everything but blanks and comments, by place: definitions, magics, directives, and (None) statements."""
        source = section.source
        items = [(item.span, item) for item in section.own_items()]
        magics = [(_whole(line), line) for line in section.magics]
        included = [(found.line, found) for found in _directives(section)]
        yield from items
        yield from magics
        yield from included
        script = Source(source.name, section.script)
        for run in statement_runs(script, [span for span, _ in (*items, *magics, *included)], self.library):
            rest = _REST_OF_LINE.match(source.text, run[-1].span.end)
            yield source.span(run[0].span.start, rest.end() if rest else run[-1].span.end), None

    def _item(self, page: Page, item: nodes.TopLevel) -> None:
        """A definition: as it is, or why it is not there."""
        module = module_name(item.path) if isinstance(item, nodes.LoadModule) else ""
        if any(startup.route is item for startup in self.startups):
            page.comment("startup_route: see the end of this file")
        elif id(item) not in self.in_force:
            is_replaced = isinstance(item, nodes.Route) and item.title in self.titles
            page.comment(f"{_label(item)}: left out, {'defined anew' if is_replaced else 'taken back'} below")
        elif module in self.loaded or item is self.mpath:
            page.comment(f"{_label(item)}: see above")
        else:
            self.loaded |= {module} - {""}
            page.code("\n".join([item.span.text, *self._filled(module)]))

    def _statements(self, page: Page, section: Section, span: Span) -> None:
        """Bare statements."""
        places = [s.span.start for unit in section.units for s in unit.script.scratch if id(s) in self.prepared]
        if any(span.start <= place < span.end for place in places):
            page.comment("(in the startup_route at the end of this file)")
        page.comment(section.source.text[span.start : span.end])

    def _effect(self, page: Page, section: Section, offset: int) -> None:
        """What a magic did to the session."""
        if offset in section.remarks:
            page.comment(section.remarks[offset])
        page.code("\n".join(f"{name}={value}" for name, value in section.settings.get(offset, {}).items()))
        if offset in section.loaded:
            self._load(page, section.loaded[offset], is_undone=offset < section.undone_until)

    def _include(self, page: Page, section: Section, directive: Directive) -> None:
        """A directive: as it is, or why it is not there."""
        reason = self._left_out(section, is_undone=directive.line.start < section.undone_until)
        if reason is not None:
            page.comment(f"{directive.line.text.strip()}: left out, {reason}")
            return
        if directive.path in self.rehearsal.files.unread:
            page.comment(_UNREAD)
        page.code(directive.line.text)

    def _load(self, page: Page, file: Section, *, is_undone: bool) -> None:
        """A loaded file: a directive, or why there is none."""
        line, reason = _directive(file.source.name), self._left_out(file, is_undone=is_undone)
        if file.refused:
            self._refusal(page, file)
        elif reason is not None:
            page.comment(f"(left out, {reason})")
        elif line is None:
            page.comment("(left out: include_file takes no path with such characters)")
        else:
            if file.is_unread:
                page.comment(_UNREAD)
            page.code(line)

    def _left_out(self, section: Section, *, is_undone: bool) -> str | None:
        """Why the files that a section names are not wanted, as far as they were read; None where they are."""
        items = section.foreign_items()
        if not items and not is_undone:
            return "it holds bare statements" if section.foreign_statements() else None
        if any(id(item) in self.in_force for item in items):
            return None
        is_replaced = any(isinstance(item, nodes.Route) and item.title in self.titles for item in items)
        return "defined anew below" if is_replaced else "taken back below"

    # -- after the cells --------------------------------------------------------------------------------------------

    def _startup_route(self) -> str:
        routes, calls = [], []
        for startup in self.startups:
            calls.append(f"    {commented(startup.source.name)}")
            if startup.needs_route:
                name = self._free_name()
                routes.append(f"route[{name}] {{\n{_indented(startup)}\n}}\n")
                calls.append(f"    route({name});")
            else:
                calls.append(_indented(startup))
        head = "# What the notebook did once, in the order of its cells."
        return "\n".join([head, *routes, "startup_route {", *calls, "}"])

    def _free_name(self) -> str:
        """A name for a route that no other has."""
        name = next(f"at_start_{n}" for n in count(1) if f"route[at_start_{n}]" not in self.titles)
        self.titles.add(f"route[{name}]")
        return name


def _directives(section: Section) -> Iterator[Directive]:
    """The directives that stand in no definition and in no statement: those go with what they stand in."""
    spans = [item.span for item in section.own_items()]
    spans += [s.span for unit in section.units for s in unit.script.scratch if s.span.source is unit.source]
    spans.sort(key=lambda span: span.start)
    starts = [span.start for span in spans]
    for line, path in directives(Source(section.source.name, section.script)):
        before = bisect_right(starts, line.start)
        if not before or spans[before - 1].end <= line.start:
            yield Directive(line, path.text)


def _directive(path: str) -> str | None:
    """The line that includes a file that a magic has loaded; None where no such line can name it."""
    if path.startswith("~"):
        path = str(Path(path).expanduser())
    if len(path) < 2:
        path = f"./{path}"
    quote = next((quote for quote in "\"'" if quote not in path), None)
    return f"include_file {quote}{path}{quote}" if quote and path.isprintable() else None


def _whole(line: MagicLine) -> Span:
    """The place of a magic; of one that takes the cell's text, all of it."""
    return line.span if line.body is None else line.source.span(0, len(line.source.text))


def _label(item: nodes.TopLevel) -> str:
    """What a comment calls a definition."""
    return decode(item.title) if isinstance(item, nodes.Route) else item.span.text


def _modparam(module: str, name: str, value: int | str) -> str:
    return (
        f'modparam("{module}", "{name}", {value})'
        if isinstance(value, int)
        else f'modparam("{module}", "{name}", "{value}")'
    )


def _meant(item: nodes.ModParam, library: Library) -> list[str]:
    """The modules that a modparam is for, whose name is a regular expression."""
    if item.module in library.known_modules:
        return [item.module]
    pattern = regex.compile(f"^({item.module})$")
    return sorted(name for name in library.default_modules if pattern.search(name))


def _indented(startup: Startup) -> str:
    """The statements, indented where no text runs over the end of a line."""
    text = startup.text.strip("\n")
    found, _ = tokens(Expanded(text, [0], [(Source("startup", text), 0)]), startup.library.version)
    return text if any("\n" in token.text for token in found) else indent(dedent(text), "    ")
