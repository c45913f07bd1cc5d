"""Names that the texts of a notebook use: of variables, of called routes, of parameters. Read once from each text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from weakref import WeakKeyDictionary

from evroute_kernel.kernel.notebook import Notebook
from evroute_kernel.kernel.scanning import route_calls
from evroute_kernel.runtime.values import decode
from evroute_kernel.source import Source

#: variables whose names are the user's own
NAMED: Final = frozenset({"avp", "json", "json_compact", "json_pretty", "shv", "var", "xml"})
_NAME: Final = re.compile(
    r"\$\(?(?P<variable>avp|json_compact|json_pretty|json|shv|var|xml)\((?P<name>[^()$\s{}\[\],;\"'/]+)"
)
_RAISE: Final = re.compile(r"(?m)^[ \t]*%raise[ \t]+(?P<event>\S+)(?P<rest>[^\n]*)")
_RAISE_KEY: Final = re.compile(r"(?<!\S)(?P<key>[A-Za-z_][\w.-]*)=")
_ROUTE: Final = re.compile(r"\b(?P<kind>(?:[a-z]+_)?route)[ \t]*\[[ \t]*[\"']?(?P<name>[^\]\"'\n,]*)")
_PARAM: Final = re.compile(r"\$\(?param\((?P<name>[^()$\s{}\[\]\d][^()$\s{}\[\]]*)\)")


@dataclass(frozen=True)
class Names:
    """What one text uses, each looked for when it is first asked for."""

    text: str

    @cached_property
    def variables(self) -> tuple[tuple[str, str, int, int], ...]:
        """(variable, name, start, end) of each use, json variants as `json`."""
        return tuple(
            (f["variable"].partition("_")[0], f["name"], f.start("name"), f.end("name"))
            for f in _NAME.finditer(self.text)
        )

    @cached_property
    def by_variable(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, dict[str, None]] = {}
        for variable, name, _, _ in self.variables:
            found.setdefault(variable, {})[name] = None
        return {variable: tuple(names) for variable, names in found.items()}

    @cached_property
    def calls(self) -> tuple[tuple[str, list[str]], ...]:
        return tuple(route_calls(self.text))

    @cached_property
    def params(self) -> dict[str, tuple[str, ...]]:
        """Event -> the parameters that its routes read and that %raise lines give it."""
        found: dict[str, dict[str, None]] = {}
        for line in _RAISE.finditer(self.text):
            found.setdefault(line["event"], {}).update((k["key"], None) for k in _RAISE_KEY.finditer(line["rest"]))
        headers = [*_ROUTE.finditer(self.text)]
        for index, header in enumerate(headers):
            end = headers[index + 1].start() if index + 1 < len(headers) else len(self.text)
            if header["kind"] == "event_route" and header["name"]:
                body = _PARAM.finditer(self.text, header.end(), end)
                found.setdefault(header["name"].strip(), {}).update((p["name"], None) for p in body)
        return {event: tuple(names) for event, names in found.items()}


_NAMES: Final[WeakKeyDictionary[Source, Names]] = WeakKeyDictionary()


def _sources(notebook: Notebook) -> Iterator[Names]:
    """The texts whose routes are defined now, and those of the cells: statements of theirs define nothing."""
    if not notebook.has_session:
        return
    sources = {d.route.source.name: d.route.source for d in notebook.session.registry}
    sources |= {source.name: source for source in tuple(notebook.texts.values())}
    for source in sources.values():
        found = _NAMES.get(source)
        if found is None:
            found = _NAMES[source] = Names(source.text)
        yield found


def names_of(notebook: Notebook, variable: str, text: str, cursor: int) -> list[str]:
    """Names used with a variable, those of the cell first; the one being typed at the cursor is no name yet."""
    variable = variable.partition("_")[0]
    here = (n for v, n, start, end in Names(text).variables if v == variable and not start <= cursor <= end)
    found = dict.fromkeys(here)
    for names in _sources(notebook):
        found.update(dict.fromkeys(names.by_variable.get(variable, ())))
    if variable == "shv" and notebook.has_session:
        found.update(dict.fromkeys(decode(str(key)) for key, _ in notebook.session.shared.items("shv")))
    return list(found)


def calls_of(notebook: Notebook, text: str) -> Iterable[tuple[str, list[str]]]:
    """`route(name, ...)` of the cell and of the notebook's other texts: name and arguments."""
    yield from Names(text).calls
    for names in _sources(notebook):
        yield from names.calls


def raised_params(notebook: Notebook, event: str, text: str) -> list[str]:
    """Parameters that the notebook's texts use with an event."""
    found = dict.fromkeys(Names(text).params.get(event, ()))
    for names in _sources(notebook):
        found.update(dict.fromkeys(names.params.get(event, ())))
    return list(found)
