"""What a script of OpenSIPS 3.6 has that 4.0 refuses or takes for something else, and what takes its place.

What is gone and what took its place is in the catalogue. Observed on 3.6.8 and 4.0.1:

- five settings are gone; `log_stderror` set two of the new ones at once;
- some words are keywords now, so that a route or host of that name needs quotes;
- parameters of modules are gone, of usrloc those that said the same as newer ones;
- `sqlops` takes the domain of a user into account unless it is told not to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from evroute_kernel.lang import language
from evroute_kernel.lang.lexer import string_value
from evroute_kernel.lang.migration.legacy import Code, Doubt, Edit, Remark
from evroute_kernel.library.catalogue import Event, Renamed, of
from evroute_kernel.records import dataclass

_OLD: Final = "3.6"
_NEW: Final = "4.0"
_ON: Final = frozenset({"yes", "true", "on", "enable"})
#: db_mode of usrloc by number
_PRESETS: Final = (
    "single-instance-no-db", "single-instance-sql-write-through", "single-instance-sql-write-back", "sql-only",
)  # fmt: skip


def _gone(kind: str, name: str, module: str | None = None) -> Renamed | None:
    """What the catalogue of 4.0 says of a name that 3.6 still had."""
    found = of(_NEW).renamed.get((kind, name), ())
    return next((e for e in found if e.versions[1] == _OLD and e.module == module and not e.still_accepted), None)


# -- settings and words -----------------------------------------------------------------------------------------------


def settings(code: Code) -> Iterator[Edit]:
    """`name = value` at the top level."""
    for index, token in enumerate(code.tokens):
        name = token.text
        if code.kind(index + 1) != "ASSIGN" or name not in _gone_settings():
            continue
        start, end = token.span.start, code.span(index + 2).end if code.kind(index + 2) else token.span.end
        if name == "tcp_parallel_read_on_workers":
            why = "4.0 reads TCP connections in threads of their own, one for each processor"
            notes = ("tcp_threads = N sets another number of threads",)
            yield Edit(*code.whole_lines(start, end), "", "gone-setting", why, notes)
        elif name == "log_stderror":
            yield _two_logs(code, index)
        else:
            gone = _gone_settings()[name]
            yield Edit(start, token.span.end, gone, "gone-setting", f"it is {gone} in 4.0, and in 3.6 already")


@cache
def _gone_settings() -> dict[str, str]:
    """What took the place of each setting that is gone."""
    names = [name for name in of(_OLD).globals if name not in of(_NEW).globals]
    entries = {name: entry for name in names if (entry := _gone("global", name)) is not None}
    return {name: entry.successor or "" for name, entry in entries.items()}


def _two_logs(code: Code, index: int) -> Edit:
    start, value = code.span(index).start, code.tokens[index + 2]
    is_number = value.text.isdigit()
    is_on = value.text != "0" if is_number else value.text.lower() in _ON
    other = ("0" if is_on else "1") if is_number else "no" if is_on else "yes"
    indent, _ = code.indent(start)
    text = f"stderror_enabled={value.text}\n{indent}syslog_enabled={other}"
    return Edit(start, value.span.end, text, "gone-setting", "log_stderror switched both logs at once")


def reserved_words(code: Code) -> Iterator[Edit]:
    """Names of routes, hosts of sockets: each name that is no call."""
    reserved = language.of(_NEW).keywords.keys() - language.of(_OLD).keywords.keys()
    for index, token in enumerate(code.tokens):
        if token.type == "ID" and token.text in reserved and code.kind(index + 1) not in ("LPAR", "ASSIGN"):
            why = f"{token.text} is a word of the language in 4.0, and a name in quotes only"
            yield Edit(token.span.start, token.span.end, f'"{token.text}"', "reserved-word", why)


# -- modules ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Modparam:
    """`modparam("module", "name", value)`; `value` is the text of it, `start` and `end` are those of the whole."""

    module: str
    name: str
    value: str
    index: int
    start: int
    end: int


def _modparams(code: Code) -> Iterator[Modparam]:
    for index, token in enumerate(code.tokens):
        if token.type != "MODPARAM" or not code.kinds(index + 1, "LPAR", "STRING", "COMMA", "STRING", "COMMA"):
            continue
        closing = next((i for i in range(index + 6, min(index + 10, len(code.tokens))) if code.kind(i) == "RPAR"), None)
        if closing is not None:
            module, name = (string_value(code.tokens[index + i])[0] for i in (2, 4))
            value = code.text[code.span(index + 6).start : code.span(closing - 1).end]
            yield Modparam(module, name, value, index, token.span.start, code.span(closing).end)


def modules(code: Code) -> Iterator[Edit | Doubt]:
    """`loadmodule` and `modparam` of what is gone."""
    yield from _module_names(code)
    for param in _modparams(code):
        old, new = of(_OLD).modules.get(param.module), of(_NEW).modules.get(param.module)
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
        gone = _gone("module", bare)
        if gone is not None and gone.successor and bare not in of(_NEW).modules:
            text = f'"{path}{slash}{gone.successor}{dot}{ending}"'
            span = code.span(at)
            yield Edit(span.start, span.end, text, "renamed-module", f"{bare} is {gone.successor} in 4.0")


def domains(code: Code) -> Iterator[Edit | Remark]:
    """`sqlops` of 3.6 left the domain of a user out, unless `use_domain` was set."""
    uses = [t for i, t in enumerate(code.tokens) if t.text.startswith("sql_avp_") and code.kind(i + 1) == "LPAR"]
    if not uses or any((param.module, param.name) == ("sqlops", "use_domain") for param in _modparams(code)):
        return
    why = "4.0 looks for user and domain by default, 3.6 for the user alone"
    for index, token in enumerate(code.tokens):
        if token.type != "LOADMODULE" or code.kind(index + 1) != "STRING":
            continue
        if string_value(code.tokens[index + 1])[0].rpartition("/")[2] in ("sqlops.so", "sqlops"):
            end = code.span(index + 1).end
            indent, _ = code.indent(token.span.start)
            text = f'\n{indent}modparam("sqlops", "use_domain", 0)'
            yield Edit(end, end, text, "use-domain", why, instead=text.strip())
            return
    span = uses[0].span
    yield Remark(span.start, span.end, "use-domain", f'{why}: modparam("sqlops", "use_domain", 0) keeps it so')


# -- functions --------------------------------------------------------------------------------------------------------


def functions(code: Code) -> Iterator[Edit | Doubt]:
    """Calls of functions that are gone, or that want more arguments."""
    for index, token in enumerate(code.tokens):
        name = token.text
        if token.type != "ID" or code.kind(index + 1) != "LPAR" or name not in _changed_functions():
            continue
        gone = _gone("function", name, of(_OLD).functions[name].module)
        if gone is not None and gone.successor:
            why = f"it is {gone.successor} in 4.0"
            yield Edit(token.span.start, token.span.end, gone.successor, "gone-function", why)
        elif name not in of(_NEW).functions:
            yield Doubt(token.span.start, token.span.end, "gone-function", f"4.0 has no function {name}()")
        elif code.kind(index + 2) == "RPAR":
            required = ", ".join(p.name for p in of(_NEW).functions[name].params if not p.optional)
            yield Doubt(token.span.start, token.span.end, "gone-function", f"4.0 wants an argument: {name}({required})")


@cache
def _changed_functions() -> frozenset[str]:
    """Functions of 3.6 that are gone, or that may not be called without arguments any more."""
    old, new = of(_OLD).functions, of(_NEW).functions
    return frozenset(name for name in old if name not in new or _wants_more(name))


def _wants_more(name: str) -> bool:
    before, after = of(_OLD).functions[name].params, of(_NEW).functions[name].params
    return any(not p.optional for p in after) and all(p.optional for p in before)


def events(code: Code) -> Iterator[Remark]:
    """Event routes of events that have other parameters in 4.0."""
    old, new = of(_OLD).events, of(_NEW).events
    for index, token in enumerate(code.tokens):
        if (
            token.text != "event_route"
            or code.kind(index + 1) != "LSQB"
            or code.kind(index + 2) not in ("ID", "STRING")
        ):
            continue
        word = code.tokens[index + 2]
        name = string_value(word)[0] if word.type == "STRING" else word.text
        if name in old and name in new and _names(old[name]) != _names(new[name]):
            why = f"in 4.0 {name} has the parameters {', '.join(_names(new[name]))}"
            yield Remark(token.span.start, word.span.end, "event-parameters", why)


def _names(event: Event) -> list[str]:
    return [p.name for p in event.params]


def inner_events(code: Code) -> Iterator[Remark]:
    """The first event that is raised in an event route; the lints tell where that makes a difference."""
    for index, token in enumerate(code.tokens):
        if token.text == "raise_event" and code.events[index] is not None and code.kind(index + 1) == "LPAR":
            why = "an event raised in an event route runs at once in 4.0, inside raise_event, and not after that route"
            yield Remark(token.span.start, token.span.end, "inner-event", why)
            return


def upgraded(code: Code) -> Iterator[Edit | Remark | Doubt]:
    """All of it."""
    yield from settings(code)
    yield from reserved_words(code)
    yield from modules(code)
    yield from domains(code)
    yield from functions(code)
    yield from events(code)
    yield from inner_events(code)
