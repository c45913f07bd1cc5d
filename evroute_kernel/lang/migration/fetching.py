"""`fetch_event_params` of OpenSIPS 2.x: reading its list of variables, and the assignments that take its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from evroute_kernel.lang.lexer import string_value
from evroute_kernel.lang.migration.legacy import FETCH, OLD_AVP, STATEMENT_ENDS, TARGET, Code, Doubt, Edit
from evroute_kernel.library import table
from evroute_kernel.library.catalogue.facts import Event
from evroute_kernel.library.catalogue.nearness import likely_params
from evroute_kernel.records import dataclass

_CODE: Final = "fetch-event-params"
#: versions of 2.x that had event routes; where they differ, a script is taken to be for the newest
_VERSIONS: Final = ("2.1", "2.2", "2.3")
_NEWEST: Final = "2.4"
_ENTRY: Final = re.compile(r"\s*(?:(?P<name>[\w.-]+)\s*=\s*)?(?P<target>\$.+?)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One entry of the list: the variable, and what `$param` has to read."""

    target: str
    param: str

    @property
    def assignment(self) -> str:
        return f"{self.target} = $param({self.param})"


def fetches(code: Code) -> Iterator[Edit | Doubt]:
    """Every call of `fetch_event_params`, as statement or in a condition."""
    for index, token in enumerate(code.tokens):
        if token.type != "ID" or token.text != FETCH or code.kind(index + 1) != "LPAR":
            continue
        if not code.kinds(index + 1, "LPAR", "STRING", "RPAR"):
            end = code.span(min(index + 1, len(code.tokens) - 1)).end
            yield Doubt(token.span.start, end, _CODE, "the list of variables is no plain text")
            continue
        name = code.events[index]
        if name is None:
            why = "parameters of an event are visible in its event_route only: read them there and pass them on"
            yield Doubt(token.span.start, code.span(index + 3).end, _CODE, why)
            continue
        entries = list(_entries(string_value(code.tokens[index + 2])[0], table.of(TARGET).events.get(name)))
        if not entries or None in entries:
            yield Doubt(
                token.span.start, code.span(index + 3).end, _CODE, "the list holds something that is no variable"
            )
            continue
        yield from _replacement(code, index, [e for e in entries if e is not None], tuple(_notes(code, index, name)))


def _entries(text: str, event: Event | None) -> Iterator[Fetched | None]:
    """The list `name=$var(x);$var(y)`; None for an entry that is no variable."""
    parts = [part for part in text.split(";") if part.strip()]
    positions = _positions(event, len(parts)) if event else []
    for number, part in enumerate(parts, 1):
        found = _ENTRY.fullmatch(part)
        if found is None:
            yield None
            continue
        by_position = positions[number - 1] if number <= len(positions) else str(number)
        yield Fetched(OLD_AVP.sub("", found["target"]), found["name"] or by_position)


def _positions(event: Event, count: int, version: str = _NEWEST) -> list[str]:
    """Names by position, as a version of 2.x sent them. Parameters that may be absent did not count, unless the list is
    too long without them; those behind what configuration adds have no fixed position."""
    earlier = table.of(TARGET).facts.earlier_events.get(event.name, {}).get(version)
    if earlier is None:
        extra, params = event.extra_params, event.params
        if extra is not None:
            params = params[: next((i + 1 for i, p in enumerate(params) if p.name == extra.after), 0)]
        earlier = [f"{p.name}?" if p.optional else p.name for p in params]
    fixed = list(takewhile(lambda name: not name.startswith("<"), earlier))
    required = [name for name in fixed if not name.endswith("?")]
    return required if count <= len(required) else [name.removesuffix("?") for name in fixed]


def _versions_differ(event: Event, entries: list[str]) -> Iterator[str]:
    """Where versions of 2.x had other parameters at the positions that a list reads."""
    read = [n for n, entry in enumerate(entries) if (found := _ENTRY.fullmatch(entry)) and not found["name"]]
    newest = _positions(event, len(entries))
    for version in _VERSIONS:
        positions = _positions(event, len(entries), version)
        for number in read:
            before, now = (names[number : number + 1] for names in (positions, newest))
            if before != now:
                what = before[0] if before else "nothing"
                yield f"in {version} parameter {number + 1} of {event.name} was {what}: this is for {_NEWEST}"
                break
    for name in (newest[number] for number in read if number < len(newest)):
        if event.param(name) is None and not event.dynamic:
            yield f"{event.name} has no parameter {name!r} any more: it has {', '.join(p.name for p in event.params)}"


def _notes(code: Code, index: int, name: str) -> Iterator[str]:
    """What the catalogue has to say about reading by position, or by a name that the event lacks."""
    event = table.of(TARGET).events.get(name)
    entries = [p for p in string_value(code.tokens[index + 2])[0].split(";") if p.strip()]
    by_name = [found["name"] for p in entries if (found := _ENTRY.fullmatch(p)) and found["name"]]
    if event is None:
        if len(by_name) < len(entries):
            yield f"{name} is not in the catalogue: positions stay positions"
        return
    for unknown in (n for n in by_name if event.param(n) is None and not event.dynamic):
        likely = [param for param, _ in likely_params(unknown, (p.name for p in event.params))]
        offer = f"did you mean {likely[0]!r}?" if likely else f"it has {', '.join(p.name for p in event.params)}"
        yield f"{name} has no parameter {unknown!r}: {offer}"
    yield from _versions_differ(event, entries)
    optional = [p.name for p in event.params if p.optional]
    if optional and len(by_name) < len(entries) and not event.dynamic:
        yield f"{name} sends {', '.join(optional)} only at times: check that the names are those you meant"
    if event.dynamic and len(entries) > len(by_name) and len(entries) > len(_positions(event, len(entries))):
        yield f"parameters of {name} depend on configuration: positions that move stay positions"


def _replacement(code: Code, index: int, entries: list[Fetched], notes: tuple[str, ...]) -> Iterator[Edit]:
    start, end = code.span(index).start, code.span(index + 3).end
    before, after = code.kind(index - 1), code.kind(index + 4)
    plain = f"{_line(entries)};"
    why = "$param reads the parameters of an event"
    if after == "SEMICOLON" and before in (*STATEMENT_ENDS, "RPAR", "ELSE"):
        text = _joined(code, start, entries)
        if before in ("RPAR", "ELSE") and len(entries) > 1:
            # the body of an if that has no braces
            yield Edit(start, code.span(index + 4).end, f"{{ {_line(entries)}; }}", _CODE, why, notes, plain)
        else:
            yield Edit(start, end, text, _CODE, why, notes, plain)
        return
    if len(entries) > 1:
        notes = (*notes, _ANY)
    yield from _in_condition(code, index, entries, why, notes)


#: `scriptroute_fetch` of 2.4 gave the number of parameters that it had found
_ANY: Final = "fetch_event_params was true when it found one of the parameters; now all of them must be there"


def _line(entries: list[Fetched]) -> str:
    return "; ".join(e.assignment for e in entries)


def _joined(code: Code, start: int, entries: list[Fetched]) -> str:
    """The assignments without their last semicolon: each in its own line where the call began one."""
    indent, first = code.indent(start)
    return (f";{code.line_break}{indent}" if first else "; ").join(e.assignment for e in entries)


def _in_condition(code: Code, index: int, entries: list[Fetched], why: str, notes: tuple[str, ...]) -> Iterator[Edit]:
    """The call becomes a test for null; the assignments go before the `if`, or into the condition of any other."""
    negated = code.kind(index - 1) == "NOT"
    first = index - 1 if negated else index
    op, word = ("==", "or") if negated else ("!=", "and")
    test = f" {word} ".join(f"{e.target} {op} NULL" for e in entries)
    head = code.heads[first]
    alone = head is not None and head + 2 == first and code.kind(index + 4) == "RPAR"
    start, end = code.span(first).start, code.span(index + 3).end
    if head is not None and code.kind(head) == "IF" and code.kind(head - 1) in STATEMENT_ENDS:
        at = code.span(head).start
        indent, leads = code.indent(at)
        separator = f";{code.line_break}{indent}" if leads else "; "
        yield Edit(at, at, _joined(code, at, entries) + separator, _CODE, why, notes)
        text = test if alone or len(entries) == 1 else f"({test})"
        yield Edit(start, end, text, _CODE, why, instead=f"{_line(entries)};")
        return
    assigned = " and ".join(e.assignment for e in entries)
    text = f"{assigned} and {test if len(entries) == 1 else f'({test})'}"
    text = text if alone else f"({text})"
    yield Edit(start, end, text, _CODE, why, notes, f"{_line(entries)};")
