"""What the cursor points at: the thing whose name it touches, or else the call that it stands in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from evroute_kernel.assist import describing as of
from evroute_kernel.assist.defined import Defined
from evroute_kernel.assist.frames import COMMENT, FOREIGN, NAME, PARENTHESIS, SQUARE, STRING, TRANSFORMATION, VARIABLE
from evroute_kernel.assist.keywords import KEYWORDS
from evroute_kernel.assist.pages import Page
from evroute_kernel.assist.place import Call, Place, place_at

#: finds the place of a position in a text
Finder: TypeAlias = Callable[[str, int], Place]

_WORD: Final = re.compile(r"[\w.-]*")
_WORD_BACK: Final = re.compile(r"[\w.-]*\Z")
#: characters that a name may take up
_REACH: Final = 200
#: functions whose first argument names an event
_EVENT_FUNCTIONS: Final = frozenset({"raise_event", "subscribe_event", "notify_on_event", "wait_for_event"})


def pages_at(defined: Defined, text: str, cursor: int, find: Finder = place_at) -> list[Page]:
    """What is known about a position of a script; the first that is known decides. Positions count code points.

    `find` is for texts that hold more than script. Of places where none is, nothing is known.
    """
    cursor = max(0, min(cursor, len(text)))
    start, word = word_at(text, cursor)
    place = find(text, start)
    for pages in _looks(defined, place, text, word):
        if pages:
            return pages
    return [] if place.top in (COMMENT, FOREIGN) else call_help(defined, find(text, cursor))


def word_at(code: str, cursor: int) -> tuple[int, str]:
    """The word that the cursor touches, and where it begins."""
    left = _WORD_BACK.search(code[max(0, cursor - _REACH) : cursor])
    right = _WORD.match(code[cursor : cursor + _REACH])
    before, after = left[0] if left else "", right[0] if right else ""
    return cursor - len(before), before + after


def _looks(defined: Defined, place: Place, code: str, word: str) -> Iterator[list[Page]]:
    """Where to look, the nearest first."""
    top = place.top
    if top == COMMENT:
        yield of.pages_of("lint", word, defined)
        return
    if top == FOREIGN:
        return
    plain = word.rstrip(".-")
    if code[max(0, place.cursor - 2) : place.cursor].endswith(("$", "$(")):
        yield from _variable(defined, plain)
    elif top in (NAME, VARIABLE, TRANSFORMATION):
        yield from _inside_variable(defined, place, word)
    elif top == STRING:
        yield from _in_string(defined, place)
    else:
        yield from _in_code(defined, place, code, plain)


def _variable(defined: Defined, word: str) -> Iterator[list[Page]]:
    """`$(var(x){s.len})` has its name behind the parenthesis."""
    yield of.pages_of("variable", word, defined)


def _inside_variable(defined: Defined, place: Place, word: str) -> Iterator[list[Page]]:
    frame = place.frames[-1]
    if place.top == TRANSFORMATION:
        name = re.match(r"\{\s*([\w.]*)", place.text[frame.start : place.cursor + _REACH])
        written = name[1] if name else ""
        yield of.pages_of("transformation", written if len(written) > 1 else word, defined)
        if "." in written and written not in defined.library.transformations:
            yield of.pages_of("transformation", written.partition(".")[0] + ".", defined)
        return
    if frame.kind == NAME:
        if frame.word == "param" and place.route and place.route.kind == "event_route":
            page = of.param(place.route.name, word, defined)
            yield [page] if page else []
        yield of.pages_of("variable", frame.word, defined)


def _in_string(defined: Defined, place: Place) -> Iterator[list[Page]]:
    """Texts that name something: events, routes, modules."""
    string = place.frames[-1]
    end = place.text.find(string.word, string.start + 1)
    text = place.text[string.start + 1 : end if end >= 0 else string.start + _REACH]
    call, ahead = place.call, place.word_before(string.start)
    if ahead == "loadmodule":
        yield of.pages_of("module", text.rpartition("/")[2].removesuffix(".so"), defined)
    if len(place.frames) > 1 and place.frames[-2].kind == SQUARE:
        yield _titled(defined, place.word_before(place.frames[-2].start), text)
    elif call is not None and (call.name, call.argument) == ("notify_on_event", 2):
        yield of.pages_of("route", f"route[{text}]", defined)
    elif call is not None and call.argument == 0:
        if call.name in _EVENT_FUNCTIONS:
            yield of.pages_of("event", text, defined) + of.pages_of("route", f"event_route[{text}]", defined)
        elif call.name == "route":
            yield of.pages_of("route", f"route[{text}]", defined)
        elif call.name == "modparam":
            yield of.pages_of("module", text, defined)


def _in_code(defined: Defined, place: Place, code: str, word: str) -> Iterator[list[Page]]:
    if place.top == SQUARE:
        yield _titled(defined, place.word_before(place.frames[-1].start), word)
    call = place.call
    if call and call.name == "route" and call.argument == 0 and place.top == PARENTHESIS:
        yield of.pages_of("route", f"route[{word}]", defined)
    if not word:
        return
    if word.endswith("route"):
        header = re.match(r"\s*\[\s*[\"']?([^\]\"',\n]*)", code[place.cursor + len(word) :][:_REACH])
        if header and word != "route":
            yield _titled(defined, word, header[1].strip())
    for kind in ("keyword", "function", "event", "route", "lint"):
        yield of.pages_of(kind, word, defined)


def _titled(defined: Defined, kind: str, name: str) -> list[Page]:
    """The route of a header, and its event."""
    found = of.pages_of("event", name, defined) if kind == "event_route" else []
    return found + of.pages_of("route", f"{kind}[{name}]", defined) or of.pages_of("keyword", kind, defined)


# -- calls -----------------------------------------------------------------------------------------------------------


def call_help(defined: Defined, place: Place) -> list[Page]:
    """The signature of the call that the cursor stands in, its current parameter marked."""
    call = place.call
    if call is None:
        return []
    if call.name == "route":
        name = re.match(r"\(\s*[\"']?([^\s,()\"']*)", place.text[call.start : call.start + _REACH])
        called = of.pages_of("route", f"route[{name[1]}]", defined) if name else []
        return [_marked(defined, page, call) for page in of.pages_of("keyword", "route", defined)] + called
    kind = "keyword" if call.name in KEYWORDS else "function"
    return [_marked(defined, page, call) for page in of.pages_of(kind, call.name, defined)]


def _marked(defined: Defined, page: Page, call: Call) -> Page:
    """The page with the parameter of this number marked in its title."""
    function = defined.library.functions.get(call.name)
    if function is None or not function.params:
        return _marked_usage(page, call)
    start = len(function.name) + 1
    for index, param in enumerate(function.params):
        if index == min(call.argument, len(function.params) - 1):
            break
        start += len(str(param)) + 2
    return of.marked(page, start, start + len(str(param)))


def _marked_usage(page: Page, call: Call) -> Page:
    """The same for a statement; a first argument may be the optional one or the next, so it is left unmarked."""
    usage = re.match(r"\w+\(([^)]*)\)", page.title)
    words = [*re.finditer(r"\w+", usage[1])] if usage else []
    if usage is None or not 0 < call.argument < len(words):
        return page
    word = words[call.argument]
    return of.marked(page, usage.start(1) + word.start(), usage.start(1) + word.end())
