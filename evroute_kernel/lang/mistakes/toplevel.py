"""Mistakes between routes and in the heads of routes."""

from __future__ import annotations

from typing import Final

from evroute_kernel.errors import near_misses
from evroute_kernel.lang.language import EXPECTED, ROUTES
from evroute_kernel.lang.lexer import Token
from evroute_kernel.lang.mistakes.situation import Mistake, Situation, describe
from evroute_kernel.library.successors import kamailio_event

_STATEMENTS: Final = frozenset(
    "VARIABLE XLOG XDBG LOG ERROR IF WHILE FOR SWITCH RETURN EXIT DROP BREAK ASSERT ASYNC LAUNCH".split()
)
#: what stands in no setting, or begins something else
_ENDS_SETTING: Final = frozenset({"LBRACE", "RBRACE", "SEMICOLON", "LOADMODULE", "MODPARAM"})
_NAMED: Final = frozenset({"ROUTE", "NAMED_ROUTE", "ONREPLY_ROUTE", "TIMER_ROUTE"})


def is_header(tokens: list[Token], at: int) -> bool:
    """Whether a route definition begins here, going by the words alone."""
    kind = tokens[at].type
    if kind == "ROUTE":
        return tokens[at + 1].type in ("LSQB", "LBRACE") if at + 1 < len(tokens) else False
    return kind.endswith("_ROUTE")


def comment_marks(s: Situation) -> Mistake | None:
    """`// ...` and a stray `*/`."""
    slashes = s.adjacent("/", "/")
    if not slashes and s.kind == "SLASH" and s.before is not None and s.before.type == "SLASH":
        slashes = s.before.span.end == s.token.span.start
    if slashes:
        hint = "write # for a comment to the end of the line"
        return s.mistake("'//' does not begin a comment", hint, goto=next_line(s))
    if s.adjacent("*", "/"):
        return s.mistake("this '*/' closes no comment", "block comments begin with /* and nest", goto=s.at + 2)
    return None


def next_line(s: Situation) -> int:
    line, end = s.token.span.line, s.at
    while s.tokens[end].type != "$END" and s.tokens[end].span.line == line:
        end += 1
    return end


def unclosed_block(s: Situation) -> Mistake | None:
    """The text ends, or the next route begins, before a body is closed."""
    if s.top or not (s.kind == "$END" or is_header(s.tokens, s.at)):
        return None
    opening = _unclosed(s.tokens, s.at)
    if opening is None or (s.kind != "$END" and not unbalanced(s.tokens)):
        return None
    hint = "add the missing '}'"
    if s.kind != "$END":
        hint += f" before the {s.token.text} of line {s.token.span.line}: routes do not nest"
    return s.mistake("this '{' is never closed", hint, span=opening.span)


def _unclosed(tokens: list[Token], at: int) -> Token | None:
    """The opening brace before a position that was meant to be closed: the first whose `}` begins a line further to the
    left than its own line, else the innermost that nothing closes."""
    stack: list[Token] = []
    for position, token in enumerate(tokens[:at]):
        if token.type == "LBRACE":
            stack.append(token)
        elif token.type == "RBRACE" and stack:
            opening = stack.pop()
            first = tokens[position - 1].span.line != token.span.line
            if stack and first and _indent(token) < _indent(opening) and opening.span.line != token.span.line:
                return opening
    return stack[-1] if stack else None


def _indent(token: Token) -> int:
    line = token.span.source.line(token.span.line)
    return len(line) - len(line.lstrip())


def unbalanced(tokens: list[Token]) -> bool:
    """Whether the text opens more braces than it closes."""
    return sum({"LBRACE": 1, "RBRACE": -1}.get(t.type, 0) for t in tokens) > 0


def between_items(s: Situation) -> Mistake | None:
    """Something that is neither a route nor a setting."""
    if not s.outermost or s.prefix:
        return None
    kind, follower = s.kind, s.next().type
    if kind == "SEMICOLON":
        after_route = s.before is not None and s.before.type == "RBRACE"
        what = "a route" if after_route else "a setting"
        return s.mistake(f"unexpected ';': {what} is not followed by one", "remove it", goto=s.at + 1)
    if kind == "RBRACE":
        return s.mistake("this '}' closes nothing", "remove it, or look for a '}' too many above", goto=s.at + 1)
    if kind == "ID" and s.top:
        return _unknown_word(s, follower)
    if s.scratch:
        return None
    if s.token.text == "%":
        hint = "lines of % are for cells of a notebook; a file may declare events: # %event declare E_X"
        return s.mistake("'%' begins no line of a script", hint, goto=next_line(s))
    if kind == "LBRACE":
        return s.mistake("this block belongs to no route", "write event_route[NAME] before it", goto=_after(s))
    if kind in _STATEMENTS or kind == "ROUTE":
        return s.mistake(
            f"{describe(s.token)} stands outside every route", "statements belong in a body: event_route[NAME] { ... }"
        )
    return None


def _after(s: Situation) -> int | None:
    closing = s.closing(s.at)
    return closing + 1 if closing is not None else None


def unknown_route(s: Situation) -> Mistake | None:
    """A misspelt kind of route in a cell, where a word could also begin a call."""
    if not s.scratch or s.kinds != ["ID"] or s.kind not in ("LSQB", "LBRACE") or not s.outermost:
        return None
    word, span = s.prefix[0].text, s.prefix[0].span
    is_main = word == "request_route" and s.kind == "LBRACE"  # Kamailio's name
    near = ["route"] if is_main else near_misses(word, ROUTES, 1)
    if not near:
        return None
    feed = ("NAMED_ROUTE",) if s.kind == "LSQB" else ("PLAIN_ROUTE",)
    message = f"unknown kind of route {word!r}"
    return s.mistake(message, f"did you mean {near[0]!r}?", span, drop=True, feed=feed, goto=s.at)


def _unknown_word(s: Situation, follower: str) -> Mistake | None:
    word = s.token.text
    if follower == "LPAR":
        return s.mistake(f"the call of {word} stands outside every route", "put it into event_route[NAME] { ... }")
    if word in ("include_file", "import_file"):
        return s.mistake(f"{word} takes a path in quotes", f'at the start of a line: {word} "path"')
    known = s.language.settings if follower == "ASSIGN" else [*ROUTES, "loadmodule", "modparam", "include_file"]
    near = near_misses(word, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else None
    hint = s.language.news(word) or hint
    if follower == "ASSIGN":
        following = _next_unknown(s)
        item = ("BAD_ITEM",) if following is not None else ()
        message = f"unknown setting {word!r}"
        return s.mistake(message, s.successor("global", word) or hint, feed=item, goto=following)
    what = "kind of route" if follower in ("LSQB", "LBRACE") else "word"
    feed: tuple[str, ...] = ("NAMED_ROUTE",) if follower == "LSQB" else ()
    goto = s.at + 1 if feed else None
    hint = hint or "a route begins with event_route[NAME] {"
    return s.mistake(f"unknown {what} {word!r}", hint, feed=feed, goto=goto)


def _next_unknown(s: Situation) -> int | None:
    """Where behind an unknown setting another one stands, before anything else begins."""
    for index in range(s.at + 2, len(s.tokens) - 1):
        kind = s.tokens[index].type
        if kind == "ID" and s.tokens[index + 1].type == "ASSIGN":
            return index
        if kind in _ENDS_SETTING or kind.startswith("SET_") or is_header(s.tokens, index):
            break
    return None


_BOND: Final = 'a bond is a name and its members in quotes: bond:NAME {"udp:192.0.2.1:5060", "udp:192.0.2.2:5060"}'


def settings(s: Situation) -> Mistake | None:
    """`name = value`, `loadmodule`, `modparam`."""
    if not s.prefix:
        return None
    first = s.prefix[0]
    if s.kinds[0].startswith("SET_"):
        if len(s.prefix) == 1:
            return s.mistake(f"expected '=' after the setting {first.text}", f"{first.text} = ...")
        kind = s.language.settings[first.text]
        news = s.language.news(s.prefix[2].text) if kind == "socket" and s.kinds[2:3] == ["ID"] else None
        hint = _BOND if "BOND" in s.kinds else news
        return s.mistake(f"{first.text} takes {EXPECTED[kind]}, not {describe(s.token)}", hint)
    if s.kinds[0] == "LOADMODULE":
        return s.mistake("loadmodule takes a text in quotes", 'loadmodule "json.so"')
    if s.kinds[0] == "MODPARAM":
        return s.mistake(
            f"unexpected {describe(s.token)} in modparam", 'modparam("module", "parameter", "text" or a number)'
        )
    return None


def header(s: Situation) -> Mistake | None:
    """The head of a route, up to the brace of its body."""
    if not s.prefix or s.kinds[0] not in (*_NAMED, "PLAIN_ROUTE") or "LBRACE" in s.kinds or s.kinds[1:2] == ["LPAR"]:
        return None
    if s.kinds == ["ROUTE"] and not s.top:
        return None  # a call
    word = s.prefix[0].text
    if s.after == "RSQB" and s.kind == "LSQB":
        return _square_body(s, word)
    message, hint, ends = _header_problem(s, word)
    body = _body(s)
    if body is None:  # no brace follows: read on as if it stood here
        feed = (*ends, "LBRACE") if s.accepts(*ends, "LBRACE") else ()
        return s.mistake(message, hint, feed=feed) if feed else s.mistake(message, hint)
    return s.mistake(message, hint, drop=True, feed=_fresh_header(s.kinds[0]), goto=body)


def _square_body(s: Situation, word: str) -> Mistake:
    """`event_route[X] [ ... ]`."""
    depth, end = 0, None
    for index in range(s.at, len(s.tokens)):
        depth += {"LSQB": 1, "RSQB": -1}.get(s.tokens[index].type, 0)
        if depth == 0:
            end = index
            break
    change = ((end, "RBRACE"),) if end is not None else ()
    message = f"the body of {word} stands in braces"
    return s.mistake(message, "{ ... }", feed=("LBRACE",), goto=s.at + 1, change=change)


def _fresh_header(kind: str) -> tuple[str, ...]:
    if kind == "TIMER_ROUTE":
        return (kind, "LSQB", "STRING", "COMMA", "NUMBER", "RSQB")
    return (kind,) if kind == "PLAIN_ROUTE" else (kind, "LSQB", "STRING", "RSQB")


def _body(s: Situation) -> int | None:
    """The position of the brace that opens the body, if nothing but a head stands before it."""
    for position in range(s.at, min(s.at + 24, len(s.tokens))):
        kind = s.tokens[position].type
        if kind == "LBRACE":
            return position
        if kind in ("SEMICOLON", "RBRACE", "$END"):
            break
    return None


def _header_problem(s: Situation, word: str) -> tuple[str, str | None, tuple[str, ...]]:
    """Message, hint, and what to put in when the body's brace is missing too."""
    kind, example = s.kinds[0], f"{word}[NAME] {{ ... }}"
    if kind == "PLAIN_ROUTE":
        if s.kind == "LSQB":
            return f"{word} takes no name", f"{word} {{ ... }}", ()
        return f"expected '{{' after {word}", None, ()
    if s.kinds == [kind]:
        if s.kind == "LPAR":
            return f"the name of {word} stands in square brackets", example, ()
        return f"{word} needs a name in square brackets", example, ("LSQB", "STRING", "RSQB")
    if s.after == "LSQB":
        return _bad_name(s, word)
    if s.after == "RSQB":
        return f"expected '{{' after the head of {word}, before {describe(s.token)}", None, ()
    if kind == "TIMER_ROUTE":
        return "timer_route needs a name and a number of seconds", "timer_route[NAME, 10] { ... }", ()
    if s.kind == "COMMA":
        return f"{word} takes one name", "write one route for each event; both may call the same route", ("RSQB",)
    if s.kind == "LBRACE":
        return f"expected ']' after the name of {word}", example, ("RSQB",)
    return _bad_name(s, word)


def _bad_name(s: Situation, word: str) -> tuple[str, str | None, tuple[str, ...]]:
    """What stands between the square brackets is no bare name."""
    if s.kind == "RSQB":
        return f"{word} needs a name", f"{word}[NAME] {{ ... }}", ()
    if s.kind == "VARIABLE":
        return f"the name of {word} is fixed: no variable can stand for it", f"{word}[NAME] {{ ... }}", ()
    start = next(i for i in range(s.at, -1, -1) if s.tokens[i].type == "LSQB") + 1
    end = start
    stops = ("RSQB", "LBRACE", "SEMICOLON", "$END", *(["COMMA"] if s.kinds[0] == "TIMER_ROUTE" else []))
    while s.tokens[end].type not in stops:
        end += 1
    span = s.tokens[start].span.until(s.tokens[max(start, end - 1)].span)
    name = span.text
    if s.after == "LSQB" and name in s.language.keywords:
        return f"{name!r} is a word of the language", f'as a name it needs quotes: {word}["{name}"]', ()
    foreign = kamailio_event(name) if word == "event_route" else None
    if foreign is not None:
        return *foreign, ()
    return f"{name!r} is no bare name: letters, digits and _, a letter first", f'quote it: {word}["{name}"]', ()


def several_paths(s: Situation) -> Mistake | None:
    """`mpath="/a/":"/b/"` where one alone can be."""
    if s.kind != "COLON" or s.prefix or not s.outermost or s.at < 3:
        return None
    if s.tokens[s.at - 3].text != "mpath" or s.language.settings["mpath"] == "paths":
        return None
    return s.mistake("mpath takes one text in quotes", "several are new in 4.0", goto=next_line(s))


RULES: Final = (comment_marks, unclosed_block, several_paths, between_items, unknown_route, header, settings)
