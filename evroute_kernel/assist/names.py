"""Names that texts use: of variables, of called routes, of parameters. Read once from each text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final
from weakref import WeakKeyDictionary

from evroute_kernel.assist.defined import Defined
from evroute_kernel.lang.scanning import STRING
from evroute_kernel.records import dataclass
from evroute_kernel.source import Source

#: variables whose names are the user's own
NAMED: Final = frozenset({"avp", "dlg_val", "json", "json_compact", "json_pretty", "shv", "var", "xml"})
_NAME: Final = re.compile(
    r"\$\(?(?P<variable>avp|dlg_val|json_compact|json_pretty|json|shv|var|xml)\((?P<name>[^()$\s{}\[\],;\"'/]+)"
)
_ROUTE: Final = re.compile(r"\b(?P<kind>(?:[a-z]+_)?route)[ \t]*\[[ \t]*[\"']?(?P<name>[^\]\"'\n,]*)")
_PARAM: Final = re.compile(r"\$\(?param\((?P<name>[^()$\s{}\[\]\d][^()$\s{}\[\]]*)\)")
_CALLS: Final = re.compile(
    r"\broute\s*\(\s*(?P<quote>[\"']?)(?P<name>[^\s,()\"']+)(?P=quote)\s*(?:,(?P<rest>[^;\n]*))?"
)
#: what parts arguments or nests, and strings, of which the last may be open
_ARGUMENT_MARK: Final = re.compile(rf"{STRING} | [\"'].*+ | [(){{}},]", re.VERBOSE | re.DOTALL)


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
        """Event -> the parameters that its routes read."""
        found: dict[str, dict[str, None]] = {}
        headers = [*_ROUTE.finditer(self.text)]
        for index, header in enumerate(headers):
            end = headers[index + 1].start() if index + 1 < len(headers) else len(self.text)
            if header["kind"] == "event_route" and header["name"]:
                body = _PARAM.finditer(self.text, header.end(), end)
                found.setdefault(header["name"].strip(), {}).update((p["name"], None) for p in body)
        return {event: tuple(names) for event, names in found.items()}


_NAMES: Final[WeakKeyDictionary[Source, Names]] = WeakKeyDictionary()


def _names(defined: Defined) -> Iterator[Names]:
    for source in defined.texts:
        found = _NAMES.get(source)
        if found is None:
            found = _NAMES[source] = Names(source.text)
        yield found


def names_of(defined: Defined, variable: str, text: str, cursor: int) -> list[str]:
    """Names used with a variable, those of the text first; the one being typed at the cursor is no name yet."""
    variable = variable.partition("_")[0]
    here = (n for v, n, start, end in Names(text).variables if v == variable and not start <= cursor <= end)
    found = dict.fromkeys(here)
    for names in _names(defined):
        found.update(dict.fromkeys(names.by_variable.get(variable, ())))
    if variable == "shv":
        found.update(dict.fromkeys(defined.shared()))
    elif variable == "dlg":
        found.update(dict.fromkeys(defined.dialog_values()))
    return list(found)


def calls_of(defined: Defined, text: str) -> Iterable[tuple[str, list[str]]]:
    """`route(name, ...)` of the text and of the other texts: name and arguments."""
    yield from Names(text).calls
    for names in _names(defined):
        yield from names.calls


def params_used(defined: Defined, event: str, text: str) -> list[str]:
    """Parameters that texts read of an event, and those that it has been given."""
    found = dict.fromkeys(Names(text).params.get(event, ()))
    for names in _names(defined):
        found.update(dict.fromkeys(names.params.get(event, ())))
    found.update(dict.fromkeys(defined.given(event)))
    return list(found)


def route_calls(text: str) -> Iterator[tuple[str, list[str]]]:
    """The name and arguments of each `route(name, ...)` of a text, as written."""
    for found in _CALLS.finditer(text):
        yield found["name"], split_arguments(found["rest"]) if found["rest"] is not None else []


def split_arguments(text: str) -> list[str]:
    """What stands between commas, up to the parenthesis that closes the call."""
    pieces: list[str] = []
    depth = begin = 0
    for mark in _ARGUMENT_MARK.finditer(text):
        if mark[0] in ("(", "{"):
            depth += 1
        elif mark[0] in (")", "}"):
            depth -= 1
            if depth < 0:
                return [*pieces, text[begin : mark.start()].strip()]
        elif mark[0] == "," and depth == 0:
            pieces.append(text[begin : mark.start()].strip())
            begin = mark.end()
    return [*pieces, text[begin:].strip()]
