"""What is known about a name: magic, route, event, function, variable or transformation, as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from evroute_kernel.kernel.display import text_bundle
from evroute_kernel.kernel.magics import MAGICS
from evroute_kernel.kernel.notebook import Notebook
from evroute_kernel.library import catalogue
from evroute_kernel.runtime.values import decode, encode

#: a name that can be asked about, wherever the cursor stands in it
_NAME: Final = re.compile(r"%{0,2}\$?\(?[A-Za-z][\w.]*(?:\[[\w.-]*\])?")


def inspect(notebook: Notebook, code: str, cursor: int, detail: int = 0) -> dict[str, Any]:
    """An inspect_reply about the name at the cursor, or else the function whose arguments it stands in."""
    for name in _names_at(code, cursor):
        text = describe(name, notebook)
        if text is not None:
            return {"status": "ok", "found": True, "data": text_bundle(text), "metadata": {}}
    return {"status": "ok", "found": False, "data": {}, "metadata": {}}


def _names_at(code: str, cursor: int) -> Iterator[str]:
    start = code.rfind("\n", 0, cursor) + 1
    end = code.find("\n", cursor)
    line = code[start : end if end >= 0 else len(code)]
    for found in _NAME.finditer(line):
        if found.start() <= cursor - start <= found.end():
            yield found[0]
    call = re.search(r"(\$?[A-Za-z]\w*)\s*[(\[][^()]*\Z", code[start:cursor])
    if call:
        yield call[1]


def describe(name: str, notebook: Notebook) -> str | None:
    """All that is known about a name, several things parted by blank lines; None for an unknown one."""
    plain = name.strip("%$()")
    title = re.fullmatch(r"\w+\[(?P<name>.*)\]", plain)
    found: list[str] = []
    for kind, describer in _DESCRIBERS.items():
        if {"%": "magic", "$": "variable"}.get(name[0], kind) != kind:
            continue
        text = describer(plain, notebook) or (title and describer(title["name"], notebook))
        if text and text not in found:
            found.append(text)
    return "\n\n".join(found) or None


def known_names() -> Iterable[str]:
    """Every name that `describe` knows, routes apart."""
    yield from (f"%{name}" for name in MAGICS)
    yield from MAGICS
    yield from catalogue.events()
    yield from catalogue.functions()
    yield from (f"${name}" for name in catalogue.variables())
    yield from catalogue.transformations()


def magic(name: str, notebook: Notebook) -> str | None:
    found = MAGICS.get(name)
    return f"{found.usage}\n\n{found.doc}" if found else None


def route(name: str, notebook: Notebook) -> str | None:
    if not notebook.has_session:
        return None
    texts = []
    for definition in notebook.session.registry.find(encode(name)):
        place = f"{definition.owner_name}, line {definition.route.header.line}"
        times = "once" if definition.runs == 1 else f"{definition.runs} times"
        texts.append(f"{decode(definition.title)}: defined in {place}, has run {times}\n\n{definition.route.span.text}")
    return "\n\n".join(texts) or None


def event(name: str, notebook: Notebook) -> str | None:
    found = catalogue.events().get(name)
    if found is None:
        return None
    lines = [f"event {found.name} of {found.module}", "", found.description]
    if found.params:
        width = max(len(p.name) for p in found.params)
        lines += ["", "parameters:"]
        for index, param in enumerate(found.params, 1):
            optional = ", may be absent" if param.optional else ""
            about = f"{param.type}{optional}, such as {param.sample!r}: {param.description}"
            lines.append(f"  {index} {param.name:<{width}}  {about}")
    lines += ["", *found.notes] if found.notes else []
    return "\n".join(lines)


def function(name: str, notebook: Notebook) -> str | None:
    found = catalogue.functions().get(name)
    if found is None:
        return None
    return f"{found.signature}\n{found.module}\n\n{found.description}\n\nreturns: {found.returns}"


def variable(name: str, notebook: Notebook) -> str | None:
    found = catalogue.variables().get(name)
    if found is None:
        return None
    access = "read and write" if found.writable else "read only"
    return f"${found.name} of {found.module}: {found.type}, {access}\n\n{found.description}"


def transformation(name: str, notebook: Notebook) -> str | None:
    found = catalogue.transformations().get(name)
    if found is None:
        return None
    params = "".join(f",{p}" for p in found.params)
    lines = [f"{{{found.full_name}{params}}} gives {found.result_type}", "", found.description]
    lines += [f"  {e.input!r} {e.transformation} -> {e.output!r}" for e in found.examples[:2]]
    return "\n".join(lines)


_DESCRIBERS: Final[dict[str, Callable[[str, Notebook], str | None]]] = {
    "magic": magic,
    "route": route,
    "event": event,
    "function": function,
    "variable": variable,
    "transformation": transformation,
}
