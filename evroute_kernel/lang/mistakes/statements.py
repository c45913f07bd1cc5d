"""Mistakes at the start of a statement, and in the heads of if, while, for and switch."""

from __future__ import annotations

from typing import Any, Final

from evroute_kernel.errors import near_misses
from evroute_kernel.lang.mistakes.situation import Mistake, Situation, describe
from evroute_kernel.lang.mistakes.toplevel import is_header, next_line
from evroute_kernel.source import Span

_ELSE_IFS: Final = frozenset({"elseif", "elsif", "elif", "elseIf", "ElseIf", "ELSEIF"})
#: words of other languages -> what to write here
_FOREIGN: Final = {
    "continue": "there is no continue: put the rest of the body into an if",
    "do": "there is no do: use while (...) { ... }",
    "goto": "there is no goto: call a route with route(NAME)",
    "foreach": "write for ($var(x) in $(avp(name)[*])) { ... }",
    "function": "write route[NAME] { ... } outside, and call it with route(NAME)",
    "print": 'write xlog("text\\n")',
    "raise": 'a script writes raise_event("E_X"); a cell also %raise E_X',
    "import": 'modules are loaded with loadmodule "NAME.so", files with include_file "PATH"',
    "echo": 'write xlog("text\\n")',
    "var": "variables need no declaration: $var(x) = 1;",
    "let": "variables need no declaration: $var(x) = 1;",
    "set": "assign with $var(x) = 1;",
    "end": "blocks end with '}'",
    "endif": "blocks end with '}'",
    "then": "write if (...) { ... }",
}
_KEYWORD_CASES: Final = "if else while for switch case default break return exit drop route xlog and or not".split()


def empty_body(s: Situation) -> Mistake | None:
    """`event_route[E_X] { }`."""
    if s.kind != "RBRACE" or s.prefix or s.outer[-1:] != ["LBRACE"] or s.outer[-2:-1] == ["RPAR"]:
        return None
    head = s.outer[-2] if len(s.outer) > 1 else ""
    if head == "RSQB" or head.endswith("ROUTE"):
        hint = "write at least one statement; with a lone ';' the server skips the event routes that follow"
        return s.mistake("the body of this route is empty", hint, feed=("SEMICOLON",))
    return None


def unknown_start(s: Situation) -> Mistake | None:
    """What cannot begin a statement."""
    if s.top or (s.prefix and s.inside) or not s.accepts("BAD"):
        return None
    kind = s.kind
    if kind == "LBRACE":
        return _lone_block(s)
    if kind == "ELSE":
        glued = s.before is not None and s.before.type == "SEMICOLON" and s.tokens[s.at - 2].type == "RBRACE"
        hint = "remove the ';' before it" if glued else "else follows the body of an if directly"
        return s.mistake("this else belongs to no if", hint, goto=s.at + 1)
    if kind in ("CASE", "DEFAULT"):
        return _lone_label(s)
    if is_header(s.tokens, s.at):
        return _route_inside(s)
    if kind in ("STRING", "NUMBER") and s.next().text == "=":
        return s.mistake(f"{describe(s.token)} cannot be assigned to", "the left side of an assignment is a variable")
    if kind in ("STRING", "NUMBER") and not s.prefix and not s.scratch:
        return s.mistake("a value alone is no statement", "assign it to a variable, or print it with xlog")
    if kind == "ASSIGN":
        return s.mistake("this assignment has no left side", "$var(x) = ...;")
    if kind.startswith("SET_"):
        return s.mistake(f"the setting {s.token.text} stands inside a route", "settings stand between routes")
    if kind in ("LOADMODULE", "MODPARAM"):
        return s.mistake(f"{s.token.text} stands inside a route", "it stands between routes, before its first use")
    if kind == "LPAR" and not s.prefix:
        return s.mistake("a statement cannot begin with '('", "is if, while or the name of a function missing?")
    if s.token.text in s.language.keywords and not s.prefix and kind != "NUMBER":
        return s.mistake(f"{s.token.text!r} is a word of the language that begins no statement")
    if kind == "RPAR":
        return s.mistake("this ')' closes nothing", "remove it", goto=s.at + 1)
    return None


def _lone_block(s: Situation) -> Mistake:
    closing = s.closing(s.at)
    remove = (closing,) if closing is not None else ()
    if s.before is not None and s.before.type == "COLON":
        message, hint = "the statements of a case stand in no braces", "write case X: statements; break;"
    else:
        message, hint = "a block cannot stand alone", "remove the braces, or put if, while or for before them"
    return s.mistake(message, hint, goto=s.at + 1, remove=remove)


def _lone_label(s: Situation) -> Mistake:
    word, end = s.token.text, s.at + 1
    after_default = s.outer[-2:] == ["DEFAULT", "COLON"] or s.outer[-3:-1] == ["DEFAULT", "COLON"]
    while s.tokens[end].type in ("NUMBER", "STRING", "PLUS", "MINUS", "VARIABLE", "COLON"):
        end += 1
    if after_default and word == "default":
        return s.mistake("a switch has one default", "remove this one", goto=end)
    if after_default:
        return s.mistake("this case stands after default", "default comes last", goto=end)
    return s.mistake(f"{word} outside a switch", "switch ($var(x)) { case 1: ... default: ... }", goto=end)


def _route_inside(s: Situation) -> Mistake:
    word = s.token.text
    if s.kind == "ROUTE" and s.next().type == "LSQB" and s.next(4).type != "LBRACE":
        name = s.next(2).text
        return s.mistake("a route is called with round brackets", f"route({name});")
    return s.mistake(f"{word} cannot be defined inside another route", "close the body before it with '}'")


def bare_words(s: Situation) -> Mistake | None:
    """An identifier that is no call: `foo;`, `continue;`, `elseif (...)`, `IF (...)`."""
    if s.top and not s.scratch:
        return None
    found = _calls_elseif(s)
    if found is not None:
        return found
    if s.after != "ID" or s.inside in ("header", "for", "case") or s.kind == "LPAR":
        return None
    word, span = s.prefix[-1].text, s.prefix[-1].span
    if s.inside:
        return _bare_value(s, word, span)
    if word in ("include_file", "import_file"):
        return s.mistake(f"{word} takes a path in quotes", f'at the start of a line: {word} "path"', span)
    if word in _FOREIGN:
        return s.mistake(f"{word!r} is no statement", _FOREIGN[word], span, **_after_word(s))
    if s.kind in ("ASSIGN", "COLON_ASSIGN", "CHANGE"):
        if word in s.language.settings:
            return s.mistake(f"the setting {word} stands inside a route", "settings stand between routes", span)
        return _gone_setting(s, word, span) or s.mistake(f"{word!r} is no variable", f"write $var({word})", span)
    if s.kind == "SEMICOLON" or s.kind == "RBRACE":
        near = near_misses(word, _KEYWORD_CASES, 1) if len(word) > 3 else []
        hint = f"did you mean {near[0]!r}?" if near and near[0] != word else f"a call needs parentheses: {word}()"
        hint = s.successor("keyword", word) or hint
        return s.mistake(f"{word!r} is no statement", hint, span, **_after_word(s))
    near = [w for w in _KEYWORD_CASES if w == word.lower()]
    hint = f"keywords are in lower case: {near[0]}" if near else f"a call needs parentheses: {word}(...)"
    if s.outermost and s.kind == "$END" and len(s.kinds) == 1 and not near:  # `ls`, `help`, `pwd`
        hint += f"; a magic begins with %: %{word}, a command of the system with !: !{word}"
    hint = s.language.news(word) or hint
    return s.mistake(f"expected '(' after {word!r}, before {describe(s.token)}", hint, span)


def _gone_setting(s: Situation, word: str, span: Span) -> Mistake | None:
    """`debug=3` or `log_levl=3` between the routes of a cell, where a word could also begin a call."""
    if not s.outermost or s.kind != "ASSIGN":
        return None
    hint = s.successor("global", word)
    if hint is None:
        near = near_misses(word, s.language.settings, 1)
        hint = f"did you mean {near[0]!r}? a variable: $var({word})" if near else None
        hint = s.language.news(word) or hint
    return s.mistake(f"unknown setting {word!r}", hint, span, drop=True, goto=next_line(s)) if hint else None


def _bare_value(s: Situation, word: str, span: Span) -> Mistake | None:
    if s.language.keywords.get(word.lower()) == "NUMBER":
        return s.mistake(f"{word!r} is no value", f"write {word.lower()} in lower case", span)
    if s.inside == "expression":
        hint = s.successor("keyword", word) or f'a text needs quotes: "{word}"; a call parentheses: {word}()'
        return s.mistake(f"{word!r} is no value", hint, span)
    if s.inside == "condition":
        hint = s.successor("keyword", word) or f"a call needs parentheses: {word}(); a variable $var({word})"
        return s.mistake(f"{word!r} is no condition", hint, span)
    return None


def _after_word(s: Situation) -> dict[str, Any]:
    """Read on after `word;` or before the block of `do { }`."""
    if s.kind == "SEMICOLON":
        return {"feed": ("LPAR", "RPAR"), "goto": s.at}
    if s.kind == "LBRACE":
        closing = s.closing(s.at)
        return {"feed": ("LPAR", "RPAR", "SEMICOLON"), "goto": s.at + 1, "remove": (closing,) if closing else ()}
    return {}


def _calls_elseif(s: Situation) -> Mistake | None:
    """`elseif (...)` looks like a call until something shows that it is none."""
    for index, kind in enumerate(s.kinds):
        value = s.prefix[index]
        word = value.text if kind == "ID" else value.name if kind == "Call" else ""
        if not word:
            continue
        span = value.span if kind == "ID" else value.name_span
        if word in _ELSE_IFS:
            return s.mistake(f"{word!r} is no word of the language", "write else if (...)", span)
        lower = word.lower()
        if lower in ("if", "while", "for", "switch") and index == 0:
            return s.mistake(f"{word!r} is no keyword", f"keywords are in lower case: {lower}", span)
        if lower == "foreach" and index == 0 and kind == "Call":
            return s.mistake(f"{word!r} is no keyword", _FOREIGN["foreach"], span)
    return None


def heads(s: Situation) -> Mistake | None:
    """if, while, for and switch: brackets and what stands in them."""
    if s.in_cases and not s.prefix:
        return _no_case(s)
    if s.after in ("IF", "WHILE", "FOR", "SWITCH") and s.kind != "LPAR":
        word = s.prefix[-1].text
        return s.mistake(f"expected '(' after {word}", f"{word} ({_HEADS[word]}) {{ ... }}")
    if s.inside == "for":
        return _for_head(s)
    if s.inside == "switch":
        return _switch_head(s)
    if s.inside == "case":
        return _label(s)
    if s.after == "RPAR" and s.kinds[0] == "SWITCH" and s.kind != "LBRACE":
        return s.mistake("expected '{' after the head of switch", "switch ($var(x)) { case 1: ... }")
    return None


_HEADS: Final = {
    "if": "condition",
    "while": "condition",
    "for": "$var(x) in $(avp(name)[*])",
    "switch": "$var(x)",
}


def _for_head(s: Situation) -> Mistake:
    example = "for ($var(x) in $(avp(name)[*])) { ... }"
    inner = s.inner
    if s.kind in ("ASSIGN", "SEMICOLON", "COLON_ASSIGN") or "ASSIGN" in inner:
        close = _closing_paren(s)
        message, hint = "for runs over the values of a variable; there is no counting for", f"{example}, or a while"
        if close is None:
            return s.mistake(message, hint)
        return s.mistake(message, hint, drop=True, feed=("WHILE", "LPAR", "NUMBER"), goto=close)
    if not inner:
        return s.mistake(f"the iterator of for is a variable, not {describe(s.token)}", example)
    if inner == ["VARIABLE"] or inner == ["Variable"]:
        return s.mistake(f"expected 'in' after the iterator of for, not {describe(s.token)}", example)
    if s.after == "IN":
        return s.mistake(f"for runs over the values of a variable, not over {describe(s.token)}", example)
    return s.mistake(f"unexpected {describe(s.token)} in the head of for", example)


def _closing_paren(s: Situation) -> int | None:
    depth = 1
    for position in range(s.at, min(s.at + 64, len(s.tokens))):
        depth += {"LPAR": 1, "RPAR": -1}.get(s.tokens[position].type, 0)
        if depth == 0:
            return position
    return None


def _switch_head(s: Situation) -> Mistake:
    if not s.inner:
        return s.mistake(f"switch looks at one variable, not at {describe(s.token)}", "switch ($var(x)) { ... }")
    hint = "compute it into a variable first: $var(x) = ...; switch ($var(x)) { ... }"
    return s.mistake("switch looks at one variable, not at an expression", hint)


def _label(s: Situation) -> Mistake:
    if not s.inner and s.kind == "VARIABLE":
        return s.mistake("a case label is a number or a text, no variable", "compare with if for that")
    if s.kind == "COMMA":
        return s.mistake("a case has one label", "write case 1: case 2: with a ':' after each")
    if s.inner and s.accepts("COLON", s.kind):
        return s.mistake(f"expected ':' after the label, before {describe(s.token)}", None, feed=("COLON",))
    if s.inner:
        return s.mistake("a case label is one number or text, no expression", "write the value itself")
    return s.mistake(f"a case label is a number or a text in quotes, not {describe(s.token)}")


def _no_case(s: Situation) -> Mistake:
    example = "switch ($var(x)) { case 1: ... default: ... }"
    if s.kind == "DEFAULT":
        return s.mistake("default comes last, after at least one case", example)
    if s.kind == "RBRACE":
        return s.mistake("this switch has no case", example)
    return s.mistake(f"expected case, not {describe(s.token)}", example)


RULES: Final = (empty_body, unknown_start, bare_words, heads)
