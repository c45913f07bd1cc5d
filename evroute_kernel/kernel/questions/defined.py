"""What a notebook has defined, as `assist` wants to know it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from evroute_kernel.assist.defined import Defined, DefinedRoute
from evroute_kernel.kernel.cell.notebook import Notebook
from evroute_kernel.kernel.magics.declaration import MAGICS
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import decode
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.engine.state.registry import Definition

_LINE: Final = re.compile(r"(?m)^[ \t]*%(?P<magic>[A-Za-z][\w-]*)[ \t]+(?P<event>\S+)(?P<rest>[^\n]*)")
#: the line that gives a cell to a node
_NODE: Final = re.compile(r"\s*%node[ \t]+(?P<node>[\w-]+)")
_LOADED: Final = re.compile(r"\bloadmodule\s*[\"'](?:[^\"'\n]*/)?(\w+)\.so[\"']")
_KEY: Final = re.compile(r"(?<!\S)(?P<key>[A-Za-z_][\w.-]*)=")


@dataclass(frozen=True)
class Question:
    """What a front end asks about: a notebook, and the text of the cell where that has something to say."""

    notebook: Notebook
    text: str = ""

    @property
    def node(self) -> str:
        """The node that the cell belongs to; nothing where that is the notebook's own session, or not there yet."""
        found = _NODE.match(self.text)
        return found["node"] if found and self.notebook.has_node(found["node"]) else ""

    @cached_property
    def defined(self) -> Defined:
        """All that other cells have defined; nothing before there is a session."""
        notebook = self.notebook
        # the word is found much faster than the pattern
        loaded = frozenset(_LOADED.findall(self.text) if "loadmodule" in self.text else ())
        if not notebook.has_session:
            return Defined(
                modules=loaded, given=lambda event: _given(self.text).get(event, ()), version=notebook.version
            )
        session = notebook.session_of(self.node)
        definitions = [*session.registry]
        sources = {d.route.source.name: d.route.source for d in definitions}
        # texts of cells too: statements of theirs define nothing
        sources |= {source.name: source for source in tuple(notebook.texts.values())}
        texts = tuple(sources.values())
        return Defined(
            routes=tuple(map(_route, definitions)),
            events=session.declared_events,
            modules=loaded | session.settings.modules_in_force(),
            settings=session.settings,
            texts=texts,
            shared=lambda: (decode(str(key)) for key, _ in session.shared.items("shv")),
            dialog_values=lambda: (name for dialog in session.dialogs.values() for name in dialog.vals),
            given=lambda event: _given_anywhere(event, self.text, texts),
            runs=True,
            version=session.version,
        )


def _route(definition: Definition) -> DefinedRoute:
    route = definition.route
    runs = definition.runs if definition.counts_runs else None
    return DefinedRoute(route.kind, decode(route.name), route.header, route.span, runs)


# -- parameters of raised events -------------------------------------------------------------------------------------

_GIVEN: Final[WeakKeyDictionary[Source, Mapping[str, tuple[str, ...]]]] = WeakKeyDictionary()


def _given_anywhere(event: str, text: str, sources: Iterable[Source]) -> list[str]:
    found = dict.fromkeys(_given(text).get(event, ()))
    for source in sources:
        known = _GIVEN.get(source)
        if known is None:
            known = _GIVEN[source] = _given(source.text)
        found.update(dict.fromkeys(known.get(event, ())))
    return list(found)


def _given(text: str) -> dict[str, tuple[str, ...]]:
    """Event -> the parameters that magic lines of a text give it."""
    found: dict[str, dict[str, None]] = {}
    for line in _LINE.finditer(text):
        if line["magic"] in MAGICS and MAGICS[line["magic"]].names_params:
            found.setdefault(line["event"], {}).update((k["key"], None) for k in _KEY.finditer(line["rest"]))
    return {event: tuple(names) for event, names in found.items()}
