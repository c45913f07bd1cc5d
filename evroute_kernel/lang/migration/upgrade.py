"""What a script of OpenSIPS 3.6 has that 4.0 refuses or takes for something else, and what takes its place.

What is gone and what took its place is in the catalogue. Observed on 3.6.8 and 4.0.1:

- five settings are gone; `log_stderror` set two of the new ones at once;
- some words are keywords now, so that a route or host of that name needs quotes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from evroute_kernel.lang import language
from evroute_kernel.lang.lexer import string_value
from evroute_kernel.lang.migration.gone import NEW, OLD, gone_entry
from evroute_kernel.lang.migration.legacy import Code, Doubt, Edit, Remark
from evroute_kernel.lang.migration.upgraded_modules import module_forms
from evroute_kernel.library.catalogue import Event
from evroute_kernel.library.table import of

#: kinds of tokens between `socket =` and a word of the same setting
_OF_SOCKETS: Final = frozenset(
    "ACCEPT_SUBDOMAIN ANYCAST AS COLON DOT FRAG ID IPV4 IPV6 LSQB MINUS NUMBER REUSE_PORT RSQB SOCKET_TOS STAR STRING "
    "TAG USE_PROFILE USE_WORKERS".split()
)
_ON: Final = frozenset({"yes", "true", "on", "enable"})


# -- settings and words -----------------------------------------------------------------------------------------------


def settings(code: Code) -> Iterator[Edit | Doubt]:
    """`name = value` at the top level."""
    for index, token in enumerate(code.tokens):
        name = token.text
        if code.kind(index + 1) != "ASSIGN" or name not in _gone_settings():
            continue
        start, end = token.span.start, code.span(index + 2).end if code.kind(index + 2) else token.span.end
        if name == "tcp_parallel_read_on_workers":
            why = "4.0 reads TCP connections in threads of their own, one for each processor"
            notes = (f"{name} is taken away: {why} (tcp_threads = N sets another number)",)
            yield Edit(*code.whole_lines(start, end), "", "gone-setting", why, notes)
        elif name == "log_stderror":
            yield _two_logs(code, index)
        else:
            gone = _gone_settings()[name]
            yield Edit(start, token.span.end, gone, "gone-setting", f"it is {gone} in 4.0, and in 3.6 already")


@cache
def _gone_settings() -> dict[str, str]:
    """What took the place of each setting that is gone."""
    names = [name for name in of(OLD).globals if name not in of(NEW).globals]
    entries = {name: entry for name in names if (entry := gone_entry("global", name)) is not None}
    return {name: entry.successor or "" for name, entry in entries.items()}


def _two_logs(code: Code, index: int) -> Edit | Doubt:
    start = code.span(index).start
    if code.kind(index + 2) != "NUMBER":  # that of on and off too; 3.6 takes nothing else
        return Doubt(start, code.span(index).end, "gone-setting", "log_stderror takes yes or no")
    value = code.tokens[index + 2]
    is_number = value.text.isdigit()
    is_on = value.text != "0" if is_number else value.text.lower() in _ON
    other = ("0" if is_on else "1") if is_number else "no" if is_on else "yes"
    indent, _ = code.indent(start)
    text = f"stderror_enabled={value.text}{code.line_break}{indent}syslog_enabled={other}"
    return Edit(start, value.span.end, text, "gone-setting", "log_stderror switched both logs at once")


def reserved_words(code: Code) -> Iterator[Edit | Doubt]:
    """Names of routes, hosts of sockets: each name that is no call, and no word of 4.0 already."""
    reserved = language.of(NEW).keywords.keys() - language.of(OLD).keywords.keys()
    for index, token in enumerate(code.tokens):
        if token.type == "ID" and token.text in reserved and not _is_word(code, index):
            if not _may_be_quoted(code, index):
                why = f"{token.text} is a word of the language in 4.0, and no name here: choose another one"
                yield Doubt(token.span.start, token.span.end, "reserved-word", why)
                continue
            why = f"{token.text} is a word of the language in 4.0, and a name in quotes only"
            yield Edit(token.span.start, token.span.end, f'"{token.text}"', "reserved-word", why)


def _is_word(code: Code, index: int) -> bool:
    """Whether what could be a name is none: `tcp_threads = 2`, `socket = bond:...`, an option behind a socket."""
    if code.kind(index + 1) in ("LPAR", "ASSIGN"):
        return True
    start = index - 1
    while code.kind(start) in _OF_SOCKETS:
        start -= 1
    if not code.kinds(start - 1, "SET_SOCKET", "ASSIGN"):
        return False
    if index == start + 1:
        return code.tokens[index].text.lower() == "bond" and code.kind(index + 1) == "COLON"
    return code.kind(index - 1) not in ("COLON", "AS", "TAG", "USE_PROFILE")


def _may_be_quoted(code: Code, index: int) -> bool:
    """Names of tags, profiles and blacklists may not, in either version."""
    is_set = code.kinds(index - 2, "SET_BLACKLIST", "ASSIGN") or code.kinds(index - 2, "SET_PROFILE", "ASSIGN")
    return not is_set and code.kind(index - 1) not in ("TAG", "USE_PROFILE")


# -- functions --------------------------------------------------------------------------------------------------------


def functions(code: Code) -> Iterator[Edit | Doubt]:
    """Calls of functions that are gone, or that want more arguments."""
    for index, token in enumerate(code.tokens):
        name = token.text
        if token.type != "ID" or code.kind(index + 1) != "LPAR" or name not in _changed_functions():
            continue
        gone = gone_entry("function", name, of(OLD).functions[name].module)
        if gone is not None and gone.successor:
            why = f"it is {gone.successor} in 4.0"
            yield Edit(token.span.start, token.span.end, gone.successor, "gone-function", why)
        elif name not in of(NEW).functions:
            yield Doubt(token.span.start, token.span.end, "gone-function", f"4.0 has no function {name}()")
        elif code.kind(index + 2) == "RPAR":
            required = ", ".join(p.name for p in of(NEW).functions[name].params if not p.optional)
            yield Doubt(token.span.start, token.span.end, "gone-function", f"4.0 wants an argument: {name}({required})")


@cache
def _changed_functions() -> frozenset[str]:
    """Functions of 3.6 that are gone, or that may not be called without arguments any more."""
    old, new = of(OLD).functions, of(NEW).functions
    return frozenset(name for name in old if name not in new or _wants_more(name))


def _wants_more(name: str) -> bool:
    before, after = of(OLD).functions[name].params, of(NEW).functions[name].params
    return any(not p.optional for p in after) and all(p.optional for p in before)


def events(code: Code) -> Iterator[Remark]:
    """Event routes of events that have other parameters in 4.0."""
    old, new = of(OLD).events, of(NEW).events
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
    yield from module_forms(code)
    yield from functions(code)
    yield from events(code)
    yield from inner_events(code)
