"""What can stand at the cursor in a script: events, parameters, routes, functions, variables, keywords and more.

Only the text before the cursor decides, and the text before it back to the start of the word is what gets replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from evroute_kernel.assist import candidates as of
from evroute_kernel.assist import values
from evroute_kernel.assist.defined import Defined
from evroute_kernel.assist.frames import COMMENT, FOREIGN, NAME, PARENTHESIS, SQUARE, TRANSFORMATION, VARIABLE
from evroute_kernel.assist.keywords import usage
from evroute_kernel.assist.names import NAMED
from evroute_kernel.assist.offers import Candidate, Completion, Offer
from evroute_kernel.assist.place import Place, place_at

_STATEMENTS: Final = (
    "assert async break case default drop else exit for if launch log return route switch while xdbg xlog"
)
STATEMENTS: Final = tuple(_STATEMENTS.split())
TOP_LEVEL: Final = tuple(
    """
    event_route route timer_route startup_route error_route local_route branch_route failure_route onreply_route
    loadmodule modparam include_file import_file
    """.split()
)
EXPRESSION_WORDS: Final = ("and", "or", "not", "null")
#: functions whose first argument names an event
_EVENT_FUNCTIONS: Final = frozenset({"raise_event", "subscribe_event", "notify_on_event", "wait_for_event"})
#: arguments that name a route
_ROUTE_ARGUMENTS: Final = frozenset({("route", 0), ("notify_on_event", 2)})
#: what takes a condition or an iterator in parentheses, unlike a function
_CONDITIONS: Final = frozenset({"if", "while", "for", "switch", "assert", "and", "or", "not", "return", "case", "else"})

_WORD: Final = re.compile(r"[A-Za-z_]?\w*\Z")
_DOLLAR: Final = re.compile(r"\$\(?(?P<word>[\w.]*)\Z")
_ROUTE_WORD: Final = re.compile(r"[^\s\[\]\"'(),$]*\Z")
_LOADED: Final = re.compile(r"\b(?:loadmodule|include_file|import_file)\s*\Z")
_SETTING: Final = re.compile(r"(?:\A|[;\n}])[ \t]*(?P<name>[a-z]\w*)[ \t]*=[ \t]*(?P<word>\w*)\Z")
_BEGINS: Final = re.compile(r"(?:\A|[;{}):]|\belse)\s*\Z")
_LITERAL: Final = re.compile(r"\(\s*([\"'])(?P<text>[^\"']*)\1")


def complete(defined: Defined, text: str, cursor: int) -> Completion:
    """What fits at a position of a script. Positions count code points; one outside the text is brought back."""
    place = place_at(text, cursor)
    return (offer_in_script(defined, place) or Offer()).at(place.cursor)


def offer_in_script(defined: Defined, place: Place) -> Offer | None:
    """What can stand at a place in a script; None where nothing is known, as in comments."""
    top = place.top
    if top in (COMMENT, FOREIGN):
        return None
    if top == NAME:
        return _inside_name(defined, place)
    if top == TRANSFORMATION:
        return _transformation(defined, place) or _dollar(defined, place)
    dollar = _dollar(defined, place)
    if dollar is not None:
        return dollar
    if top == VARIABLE:
        return None
    return _in_string(defined, place) if place.string else _in_code(defined, place)


def _word(place: Place, pattern: re.Pattern[str] = _WORD) -> str:
    found = pattern.search(place.near)
    return found[0] if found else ""


# -- variables -------------------------------------------------------------------------------------------------------


def _dollar(defined: Defined, place: Place) -> Offer | None:
    found = _DOLLAR.search(place.near)
    return Offer(found["word"], of.variables(defined.library)) if found else None


def _inside_name(defined: Defined, place: Place) -> Offer | None:
    """Between the parentheses of `$param(`, `$var(` and the like."""
    frame = place.frames[-1]
    word = place.text[place.text.index("(", frame.start) + 1 : place.cursor]
    dollar = _dollar(defined, place)
    if dollar is not None:
        return dollar
    if frame.word == "param":
        return _params(defined, place, word)
    if frame.word in NAMED:
        return Offer(word, of.variable_names(defined, frame.word, place.text, place.cursor))
    return None


def _params(defined: Defined, place: Place, word: str) -> Offer:
    route = place.route
    if route is not None and route.kind == "event_route":
        known = of.params_of(defined, route.name, _without(place.text, place.cursor - len(word), place.cursor))
        return Offer(word, known, of.near_params(known))
    return Offer(word, of.positions(defined, route, place.text))


def _without(text: str, start: int, end: int) -> str:
    """The text without what is being typed, which is no name that the text uses."""
    rest = re.match(r"[\w.-]*", text[end:])
    return text[:start] + text[end + (rest.end() if rest else 0) :]


def _transformation(defined: Defined, place: Place) -> Offer | None:
    word = place.before[1:]
    if re.fullmatch(r"[\w.]*", word) is None:
        return None
    library = defined.library
    return Offer(word, of.transformations(library) if "." in word else of.transformation_classes(library))


# -- strings ---------------------------------------------------------------------------------------------------------


def _in_string(defined: Defined, place: Place) -> Offer | None:
    string = place.string
    assert string is not None
    if place.frames[-1] is not string:
        return None
    word = place.text[string.start + 1 : place.cursor]
    ahead = place.text[max(0, string.start - 40) : string.start]
    if _LOADED.search(ahead):
        return _loaded(defined, word, "loadmodule" in ahead)
    if len(place.frames) > 1 and place.frames[-2].kind == SQUARE:
        return _route_name(defined, place, word, place.frames[-2].start)
    compared = values.in_string(defined, place, string.start, word)
    if compared is not None:
        return compared
    call = place.call
    if call is None or len(place.frames) < 2 or place.frames[-2].kind != PARENTHESIS:
        return None
    return _argument(defined, place, word)


def _loaded(defined: Defined, word: str, is_module: bool) -> Offer:
    if not is_module:
        return Offer(word, of.files(word))
    return Offer(word.rpartition("/")[2], (_library(c) for c in of.modules(defined.library)))


def _library(module: Candidate) -> Candidate:
    return Candidate(f"{module.text}.so", module.kind, module.signature)


def _argument(defined: Defined, place: Place, word: str) -> Offer | None:
    """A text in quotes that is an argument of a call."""
    call = place.call
    assert call is not None
    if call.name in _EVENT_FUNCTIONS and call.argument == 0:
        return Offer(word, of.events(defined, place.text), of.near_events(defined))
    if call.name == "xlog" and call.argument == 0 and len(word) < 9:
        return Offer(word, of.level_literals()) if "L_".startswith(word[:2]) else None
    if (call.name, call.argument) in _ROUTE_ARGUMENTS:
        return Offer(word, of.routes(defined, place.text))
    if call.name.startswith("cache_") and call.argument == 0:
        return Offer(word, (Candidate(name, "value", "memory of the session") for name in defined.collections))
    if call.name == "modparam" and call.argument == 0:
        return Offer(word, of.modules(defined.library))
    if call.name == "modparam" and call.argument == 1:
        module = _LITERAL.match(place.text, call.start)
        return Offer(word, of.module_params(defined.library, module["text"])) if module else None
    return Offer(word, values.of_argument(defined, call.name, call.argument))


# -- code ------------------------------------------------------------------------------------------------------------


def _in_code(defined: Defined, place: Place) -> Offer | None:
    if place.top == SQUARE:
        return _route_name(defined, place, _word(place, _ROUTE_WORD), place.frames[-1].start)
    compared = values.in_code(defined, place)
    if compared is not None:
        return compared
    word = _word(place)
    if word[:1].isdigit():
        return None
    if place.top == PARENTHESIS:
        return _in_parentheses(defined, place, word)
    if not place.frames and (setting := _SETTING.search(place.near)):
        known = [*of.setting_values(defined.library, setting["name"])]
        if known:
            return Offer(setting["word"], known)
    if _BEGINS.search(place.text, max(0, place.cursor - len(word) - 200), place.cursor - len(word)):
        return Offer(word, _statements(defined, place))
    if _at_line_start(place, word):
        return Offer(word, _statements(defined, place))
    return Offer(word, [*_keywords("null"), Candidate("route", "keyword")]) if word else None


def _at_line_start(place: Place, word: str) -> bool:
    """A statement is often begun while the one above it still lacks its `;`, and comments may stand above it."""
    line = place.text[: place.cursor - len(word)].rpartition("\n")[2]
    return not line.strip()


def _route_name(defined: Defined, place: Place, word: str, bracket: int) -> Offer | None:
    """The name in a route's header."""
    kind = place.word_before(bracket)
    if kind == "event_route":
        return Offer(word, of.events(defined), of.near_events(defined))
    if kind == "route":
        text = _without(place.text, place.cursor - len(word), place.cursor)
        return Offer(word, [*of.called_routes(defined, text), *of.routes(defined)])
    return Offer(word, of.routes(defined, kind=kind)) if kind.endswith("_route") else None


def _in_parentheses(defined: Defined, place: Place, word: str) -> Offer | None:
    call = place.call
    if call is None or call.name in _CONDITIONS or place.frames[-1].start != call.start:
        return Offer(word, [*_functions(defined, place), *_keywords("route", *EXPRESSION_WORDS)]) if word else None
    if call.name == "route" and call.argument == 0:
        return Offer(_word(place, _ROUTE_WORD), of.routes(defined, place.text))
    if call.name in ("async", "launch") and call.argument == 1:
        return Offer(word, of.routes(defined, place.text))
    if call.name in ("async", "launch"):
        return Offer(word, of.async_functions(defined.library))
    return None


def _statements(defined: Defined, place: Place) -> Iterator[Candidate]:
    """What a statement can begin with; a cell may hold statements at its top level too."""
    if not place.frames:
        yield from _keywords(*TOP_LEVEL)
    yield from _keywords(*STATEMENTS)
    yield from _functions(defined, place)
    if not place.frames:
        yield from of.settings(defined.library)


def _keywords(*words: str) -> Iterator[Candidate]:
    return (Candidate(word, "keyword", usage(word)) for word in words)


def _functions(defined: Defined, place: Place) -> Iterator[Candidate]:
    """The functions that may be called here; a plain route may be called from anywhere."""
    route = place.route
    kind = route.kind.removesuffix("_route") if route and route.kind != "route" else None
    return of.functions(defined.library, kind)
