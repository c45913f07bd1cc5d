"""What the cursor points at: the thing whose name it touches, or else the call that it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from evroute_kernel.kernel.inspection import describing as of
from evroute_kernel.kernel.inspection.pages import Page
from evroute_kernel.kernel.keywords import KEYWORDS
from evroute_kernel.kernel.notebook import Notebook
from evroute_kernel.kernel.scanning import (
    COMMENT,
    MAGIC,
    NAME,
    PARENTHESIS,
    SQUARE,
    STRING,
    TRANSFORMATION,
    VARIABLE,
    Call,
    Place,
    place_at,
)
from evroute_kernel.library.declarations import FUNCTIONS, TRANSFORMATIONS

_WORD: Final = re.compile(r"[\w.-]*")
_WORD_BACK: Final = re.compile(r"[\w.-]*\Z")
_MAGIC: Final = re.compile(r"[ \t\n]*%%?(?P<name>[\w-]+)[ \t]*(?P<event>[^\s=]*)")
#: characters that a name may take up
_REACH: Final = 200
#: functions whose first argument names an event
_EVENT_FUNCTIONS: Final = frozenset({"raise_event", "subscribe_event"})


def pages_at(notebook: Notebook, code: str, cursor: int) -> list[Page]:
    """What is known about the place of the cursor; the first that is known decides."""
    cursor = max(0, min(cursor, len(code)))
    start, word = word_at(code, cursor)
    place = place_at(code, start)
    for pages in _looks(notebook, place, code, word, cursor):
        if pages:
            return pages
    return []


def word_at(code: str, cursor: int) -> tuple[int, str]:
    """The word that the cursor touches, and where it begins."""
    left = _WORD_BACK.search(code[max(0, cursor - _REACH) : cursor])
    right = _WORD.match(code[cursor : cursor + _REACH])
    before, after = left[0] if left else "", right[0] if right else ""
    return cursor - len(before), before + after


def _looks(notebook: Notebook, place: Place, code: str, word: str, cursor: int) -> Iterator[list[Page]]:
    """Where to look, the nearest first."""
    top = place.top
    if top == COMMENT:
        yield of.pages_of("lint", word, notebook)
        return
    if top == MAGIC or _begins_magic(code, place.cursor):
        yield from _on_magic_line(notebook, code, place.cursor, word)
        return
    plain = word.rstrip(".-")
    if code[max(0, place.cursor - 2) : place.cursor].endswith(("$", "$(")):
        yield from _variable(notebook, plain)
    elif top in (NAME, VARIABLE, TRANSFORMATION):
        yield from _inside_variable(notebook, place, word)
    elif top == STRING:
        yield from _in_string(notebook, place)
    else:
        yield from _in_code(notebook, place, code, plain)
    yield call_help(notebook, place_at(code, cursor))


def _variable(notebook: Notebook, word: str) -> Iterator[list[Page]]:
    """`$(var(x){s.len})` has its name behind the parenthesis."""
    yield of.pages_of("variable", word, notebook)


def _inside_variable(notebook: Notebook, place: Place, word: str) -> Iterator[list[Page]]:
    frame = place.frames[-1]
    if place.top == TRANSFORMATION:
        name = re.match(r"\{\s*([\w.]*)", place.text[frame.start : place.cursor + _REACH])
        written = name[1] if name else ""
        yield of.pages_of("transformation", written if len(written) > 1 else word, notebook)
        if "." in written and written not in TRANSFORMATIONS:
            yield of.pages_of("transformation", written.partition(".")[0] + ".", notebook)
        return
    if frame.kind == NAME:
        if frame.word == "param" and place.route and place.route.kind == "event_route":
            page = of.param(place.route.name, word, notebook)
            yield [page] if page else []
        yield of.pages_of("variable", frame.word, notebook)


def _in_string(notebook: Notebook, place: Place) -> Iterator[list[Page]]:
    """Texts that name something: events, routes, modules."""
    string = place.frames[-1]
    end = place.text.find(string.word, string.start + 1)
    text = place.text[string.start + 1 : end if end >= 0 else string.start + _REACH]
    call, ahead = place.call, place.word_before(string.start)
    if ahead == "loadmodule":
        yield of.pages_of("module", text.rpartition("/")[2].removesuffix(".so"), notebook)
    if len(place.frames) > 1 and place.frames[-2].kind == SQUARE:
        yield _titled(notebook, place.word_before(place.frames[-2].start), text)
    elif call is not None and call.argument == 0:
        if call.name in _EVENT_FUNCTIONS:
            yield of.pages_of("event", text, notebook) + of.pages_of("route", f"event_route[{text}]", notebook)
        elif call.name == "route":
            yield of.pages_of("route", f"route[{text}]", notebook)
        elif call.name == "modparam":
            yield of.pages_of("module", text, notebook)


def _in_code(notebook: Notebook, place: Place, code: str, word: str) -> Iterator[list[Page]]:
    if place.top == SQUARE:
        yield _titled(notebook, place.word_before(place.frames[-1].start), word)
    call = place.call
    if call and call.name == "route" and call.argument == 0 and place.top == PARENTHESIS:
        yield of.pages_of("route", f"route[{word}]", notebook)
    if not word:
        return
    if word.endswith("route"):
        header = re.match(r"\s*\[\s*[\"']?([^\]\"',\n]*)", code[place.cursor + len(word) :][:_REACH])
        if header and word != "route":
            yield _titled(notebook, word, header[1].strip())
    for kind in ("keyword", "function", "event", "route", "lint"):
        yield of.pages_of(kind, word, notebook)


def _titled(notebook: Notebook, kind: str, name: str) -> list[Page]:
    """The route of a header, and its event."""
    found = of.pages_of("event", name, notebook) if kind == "event_route" else []
    return found + of.pages_of("route", f"{kind}[{name}]", notebook) or of.pages_of("keyword", kind, notebook)


# -- magics ----------------------------------------------------------------------------------------------------------


def _begins_magic(code: str, position: int) -> bool:
    """Whether the word at a position is the name of a magic that begins a line, right after its `%`."""
    line = code[code.rfind("\n", 0, position) + 1 : position]
    return re.fullmatch(r"[ \t]*%%?", line) is not None


def _on_magic_line(notebook: Notebook, code: str, position: int, word: str) -> Iterator[list[Page]]:
    start = 0 if code.lstrip().startswith("%%") else code.rfind("\n", 0, position) + 1
    end = code.find("\n", position)
    line = code[start : end if end >= 0 else len(code)]
    found = _MAGIC.match(line)
    if found is None:  # `?name`
        for kind in of.DESCRIBERS:
            yield of.pages_of(kind, word, notebook)
        return
    magic = of.pages_of("magic", found["name"], notebook)
    if position <= start + found.end("name"):
        yield magic
        return
    if found["name"] == "mi" and position == start + found.start("event"):
        yield of.management_command(word)
    if code[position + len(word) :].startswith("=") and of.takes_key(found["name"], word):
        yield magic
        return
    if line[: position - start].endswith("$"):
        yield of.pages_of("variable", word, notebook)
    if found["name"] == "raise" and position > start + found.end("event"):
        page = of.param(found["event"], word, notebook)
        yield [page] if page else []
    for kind in ("event", "route", "keyword", "function", "transformation", "lint", "magic"):
        yield of.pages_of(kind, word, notebook) if word else []
    yield magic


# -- calls -----------------------------------------------------------------------------------------------------------


def call_help(notebook: Notebook, place: Place) -> list[Page]:
    """The signature of the call that the cursor stands in, its current parameter marked."""
    call = place.call
    if call is None:
        return []
    if call.name == "route":
        name = re.match(r"\(\s*[\"']?([^\s,()\"']*)", place.text[call.start : call.start + _REACH])
        called = of.pages_of("route", f"route[{name[1]}]", notebook) if name else []
        return [_marked(page, call) for page in of.pages_of("keyword", "route", notebook)] + called
    kind = "keyword" if call.name in KEYWORDS else "function"
    return [_marked(page, call) for page in of.pages_of(kind, call.name, notebook)]


def _marked(page: Page, call: Call) -> Page:
    """The page with the parameter of this number marked in its title."""
    function = FUNCTIONS.get(call.name)
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
