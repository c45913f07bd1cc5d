"""Modules of a script of 3.6 that 4.0 loads under another name, with other parameters, or not at all.

Observed on 3.6.8 and 4.0.1: parameters are gone, of usrloc those that said the same as newer ones; a transport module
without a socket of its own stops the start, where 3.6 left it unused; `sqlops` takes the domain of a user into account
unless it is told not to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from evroute_kernel.lang.lexer import string_value
from evroute_kernel.lang.migration.gone import NEW, OLD, gone_entry
from evroute_kernel.lang.migration.legacy import Code, Doubt, Edit, Remark
from evroute_kernel.lang.migration.modparams import Modparam, modparams
from evroute_kernel.library.table import of

#: db_mode of usrloc by number
_PRESETS: Final = (
    "single-instance-no-db", "single-instance-sql-write-through", "single-instance-sql-write-back", "sql-only",
)  # fmt: skip


def gone_modules(code: Code) -> Iterator[Edit | Doubt]:
    """`loadmodule` and `modparam` of what is gone."""
    yield from _module_names(code)
    for param in modparams(code):
        old, new = of(OLD).modules.get(param.module), of(NEW).modules.get(param.module)
        if old is None:
            yield from _by_pattern(param)
        if old is None or new is None or param.name not in old.params or param.name in new.params:
            continue
        rewrite = _REWRITTEN.get((param.module, param.name))
        text = rewrite(param.value) if rewrite is not None else None
        if text is not None:
            start, end = code.span(param.index + 4).start, param.end - 1
            yield Edit(start, end, text, "gone-modparam", f"it is said in words by {text.partition(',')[0]} now")
        else:
            notes = (f"{param.name} was {param.value}: 4.0 has nothing in its place",)
            why = f"module {param.module} has no parameter {param.name!r} in 4.0"
            yield Edit(*code.whole_lines(param.start, param.end), "", "gone-modparam", why, notes)


def _by_pattern(param: Modparam) -> Iterator[Doubt]:
    """A `modparam` whose module is a pattern, as in `"usrloc|registrar"`."""
    for name in re.findall(r"\w+", param.module):
        old, new = of(OLD).modules.get(name), of(NEW).modules.get(name)
        if old is not None and new is not None and param.name in old.params and param.name not in new.params:
            why = f"module {name} has no parameter {param.name!r} in 4.0"
            yield Doubt(param.start, param.end, "gone-modparam", why)


def _preset(value: str) -> str | None:
    is_known = value.isdigit() and int(value) < len(_PRESETS)
    return f'"working_mode_preset", "{_PRESETS[int(value)]}"' if is_known else None


def _pinging(value: str) -> str | None:
    if not value.lstrip("-").isdigit():
        return None
    return f'"pinging_mode", "{"ownership" if int(value) else "cooperation"}"'


#: name and value that take the place of those of a gone parameter; None where there are none
_REWRITTEN: Final[dict[tuple[str, str], Callable[[str], str | None]]] = {
    ("usrloc", "db_mode"): _preset,
    ("usrloc", "shared_pinging"): _pinging,
}


def _module_names(code: Code) -> Iterator[Edit]:
    """Modules that have another name."""
    for index, token in enumerate(code.tokens):
        at = index + {"LOADMODULE": 1, "MODPARAM": 2}.get(token.type, 0)
        if at == index or code.kind(at) != "STRING":
            continue
        path, slash, name = string_value(code.tokens[at])[0].rpartition("/")
        bare, dot, ending = name.partition(".")
        gone = gone_entry("module", bare)
        if gone is not None and gone.successor and bare not in of(NEW).modules:
            text = f'"{path}{slash}{gone.successor}{dot}{ending}"'
            span = code.span(at)
            yield Edit(span.start, span.end, text, "renamed-module", f"{bare} is {gone.successor} in 4.0")


def transports(code: Code) -> Iterator[Edit | Doubt]:
    """`loadmodule "proto_tcp.so"` where no socket speaks TCP; what other files hold is not seen."""
    sockets = [i for i, token in enumerate(code.tokens) if token.type == "SET_SOCKET"]
    spoken = {code.tokens[i + 2].text.lower() for i in sockets if code.kinds(i + 1, "ASSIGN", "ID", "COLON")}
    if len(sockets) == 0 or any(not code.kinds(i + 1, "ASSIGN", "ID", "COLON") for i in sockets):
        return
    loaded = list(_loaded(code))
    told = set[str]()
    for name, index in loaded:
        protocols = of(NEW).modules[name].sockets
        if not protocols or of(OLD).modules[name].sockets or spoken.intersection(protocols):
            continue
        why = f"there is no {protocols[0]}: socket, and 4.0 does not start then; 3.6 left the module unused"
        start, end = code.span(index).start, code.span(index + 1).end
        needed = [other for other, _ in loaded if name in of(NEW).modules[other].needs]
        if needed or "include_file" in code.text or "import_file" in code.text:
            yield Doubt(start, end, "unused-transport", f"{why}, unless another file has one")
            continue
        notes = (f"module {name} is taken away: {why}",)
        yield Edit(*code.whole_lines(start, end), "", "unused-transport", why, notes)
        if name in told:  # a module may be loaded twice
            continue
        told.add(name)
        for param in modparams(code):
            if param.module == name:
                yield Edit(*code.whole_lines(param.start, param.end), "", "unused-transport", why)


def _loaded(code: Code) -> Iterator[tuple[str, int]]:
    """The modules that are loaded, and where."""
    for index, token in enumerate(code.tokens):
        if token.type == "LOADMODULE" and code.kind(index + 1) == "STRING":
            name = string_value(code.tokens[index + 1])[0].rpartition("/")[2].removesuffix(".so")
            if name in of(NEW).modules and name in of(OLD).modules:
                yield name, index


def domains(code: Code) -> Iterator[Edit | Remark]:
    """`sqlops` of 3.6 left the domain of a user out, unless `use_domain` was set."""
    uses = [t for i, t in enumerate(code.tokens) if t.text.startswith("sql_avp_") and code.kind(i + 1) == "LPAR"]
    if not uses or any((param.module, param.name) == ("sqlops", "use_domain") for param in modparams(code)):
        return
    why = "4.0 looks for user and domain by default, 3.6 for the user alone"
    index = dict(_loaded(code)).get("sqlops")
    if index is not None:
        end = code.span(index + 1).end
        indent, _ = code.indent(code.span(index).start)
        text = f'{code.line_break}{indent}modparam("sqlops", "use_domain", 0)'
        notes = (f"use_domain is set to 0: {why}",)
        yield Edit(end, end, text, "use-domain", why, notes, instead=text.strip())
        return
    span = uses[0].span
    yield Remark(span.start, span.end, "use-domain", f'{why}: modparam("sqlops", "use_domain", 0) keeps it so')


def module_forms(code: Code) -> Iterator[Edit | Remark | Doubt]:
    """All of it."""
    yield from gone_modules(code)
    yield from transports(code)
    yield from domains(code)
