"""Mistakes inside conditions, expressions and calls, and statements that are only an expression."""

from __future__ import annotations

from typing import Final

from evroute_kernel.lang.lexer import Token
from evroute_kernel.lang.mistakes.situation import Mistake, Situation, describe

_COMPARISONS: Final = frozenset({"EQUALS", "DIFFERS", "ORDER", "MATCH"})
_ARITHMETIC: Final = frozenset({"PLUS", "MINUS", "STAR", "SLASH", "PERCENT", "BIT"})
_LOGIC: Final = frozenset({"AND", "OR"})
_LITERALS: Final = frozenset({"NUMBER", "Number", "STRING", "String"})
_OPERATOR_WORDS: Final = {"AND": "and", "OR": "or", "NOT": "not", "And": "and", "Or": "or", "Not": "not"}
_VARIABLES: Final = frozenset({"VARIABLE", "Variable"})
#: what stands where two conditions are to be joined, and how that is written
_JOINED: Final = {"&": "&& or and", "|": "|| or or"}
_TURNED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_BLANK_WORDS: Final = frozenset("ON AS SOCKET_TOS USE_WORKERS USE_PROFILE SCALE_UP SCALE_DOWN CYCLES".split())


def number_words(s: Situation) -> Mistake | None:
    """`08`, `1.5`, `5k`."""
    before = s.before
    glued = before is not None and before.type == "NUMBER" and before.span.end == s.token.span.start
    if before is not None and glued and s.kind in ("NUMBER", "ID", "DOT"):
        text = before.text + s.token.text + (s.next().text if s.kind == "DOT" else "")
        octal = s.kind == "NUMBER"
        hint = "a leading 0 means octal: digits 0 to 7" if octal else "numbers are integers without suffixes"
        return s.mistake(f"{text!r} is no number", hint, before.span.until(s.token.span), **_surplus(s))
    return None


def blank_words(s: Situation) -> Mistake | None:
    """` on ` between blanks, `[$rc]`, `$challenge.algorithm`."""
    word = s.token.text
    if s.kind in _BLANK_WORDS:
        hint = "write yes or 1" if s.kind == "ON" else "use another name"
        return s.mistake(f"{word!r} between blanks is a word of the socket settings", hint)
    before = s.before
    if before is None or before.type != "VARIABLE" or "(" in before.text:
        return None
    operator = next((w for w in ("and", "or", "not") if word.startswith(w)), None)
    if operator is not None and s.token.span.start == before.span.end:
        message = f"the name {before.text} ends before {operator!r}, which is an operator"
        return s.mistake(message, f"write $({before.text[1:]}{word})")
    if before.text[-1] in "]}":
        name, mark = before.text[:-1], before.text[-1]
        if s.accepts({"]": "RSQB", "}": "RBRACE"}[mark]) or s.accepts("SEMICOLON", "RBRACE"):
            message = f"{before.text} is read as one variable: a name does not end at {mark!r}"
            feed = ("RSQB",) if mark == "]" and s.accepts("RSQB", s.kind) else ()
            return s.mistake(message, f"write {name} {mark} with a blank", before.span, feed=feed)
    return None


def _surplus(s: Situation) -> dict[str, object]:
    """Leave out the token and what is glued to it, when what follows fits."""
    for count in (1, 2):
        if s.accepts(s.next(count).type):
            return {"goto": s.at + count}
    return {}


def operator_words(s: Situation) -> Mistake | None:
    """`AND`, `OR` in capitals; `&&` and `!` where none may stand."""
    if s.kind == "ID" and s.token.text in _OPERATOR_WORDS and s.accepts(s.token.text.upper()):
        word = _OPERATOR_WORDS[s.token.text]
        return s.mistake(
            f"{s.token.text!r} is no operator", f"write {word} in lower case", feed=(word.upper(),), goto=s.at + 1
        )
    if s.inside != "expression" and s.kinds != ["Assign"]:
        return None
    if s.kind in _LOGIC or s.kind == "NOT":
        what = s.token.text
        hint = "compute it with if: if (...) $var(x) = 1; else $var(x) = 0;"
        return s.mistake(f"{what!r} works in conditions only, not in the value of an expression", hint)
    return None


def concatenation(s: Situation) -> Mistake | None:
    """Texts in a row or joined by a dot, `++`, `$var(x){s.len}`."""
    if s.kind == "DOT":
        return s.mistake("unexpected '.'", "texts are joined with +")
    if s.kind == "STRING" and s.before is not None and s.before.type == "STRING" and s.inside != "call":
        hint = 'texts in a row are joined in xlog, xdbg and modparam only; elsewhere write "a" + "b"'
        return s.mistake("two texts in a row", hint, goto=s.at + 1 if s.accepts(s.next().type) else None)
    before = s.before
    if s.kind == "LBRACE" and before is not None and before.type == "VARIABLE":
        if s.token.span.start != before.span.end:
            return None
        name = before.text.removeprefix("$")
        name = name[1:-1] if name[:1] == "(" else name  # `$(var(x)){s.len}`
        return s.mistake("a transformation stands inside $( )", f"write $({name}{{...}})")
    return None


def increments(s: Situation) -> Mistake | None:
    """`$var(x)++`, `$var(x) <<= 1`, `$var(x) ~= 5`."""
    # in a cell, where a value may stand, a sign could begin a number
    if s.outermost and s.kinds[1:] in (["PLUS", "PLUS"], ["MINUS", "MINUS"]) and s.kinds[0] in _VARIABLES:
        name, sign = s.prefix[0].span.text, s.prefix[1].text
        return s.mistake(f"there is no '{2 * sign}'", f"write {name} {sign}= 1;", s.prefix[1].span)
    if s.inside or len(s.kinds) != 1 or s.kinds[0] not in _VARIABLES:
        return None
    name = s.prefix[0].span.text
    doubled = s.next().text == s.token.text and s.kind in ("PLUS", "MINUS")
    if doubled:
        return s.mistake(f"there is no '{s.token.text * 2}'", f"write {name} {s.token.text}= 1;")
    if s.next().type == "ASSIGN" and s.next().span.start == s.token.span.end and s.kind in ("BIT", "TILDE"):
        operator, left = s.token.text + "=", "" if s.kind == "TILDE" else f"{name} "
        return s.mistake(f"there is no operator {operator!r}", f"write {name} = {left}{s.token.text} ...;")
    if s.kind == "LPAR":
        hint = f"write {name}{s.token.text}...)"
        return s.mistake(f"no blank may stand between {name} and its parenthesis", hint)
    if s.kind == "EQUALS":
        return s.mistake("a comparison is no statement", f"'=' assigns: {name} = ...;")
    return s.mistake("a value alone is no statement", f"assign it ({name} = ...;) or print it with xlog")


def signs(s: Situation) -> Mistake | None:
    """`-$var(x)`, `-(3)`."""
    if s.after not in ("PLUS", "MINUS") or s.kind in ("SEMICOLON", "RPAR", "$END"):
        return None
    if s.kind not in ("VARIABLE", "LPAR"):
        return None
    before = s.kinds[-2] if len(s.kinds) > 1 else ""
    if before in _LITERALS or before in ("Variable", "Comparison", "BinaryOp"):
        return None
    sign = s.prefix[-1].text
    hint = "write 0 - ..." if sign == "-" else "leave it out"
    return s.mistake(f"'{sign}' may stand before a number only, not before {describe(s.token)}", hint)


def conditions(s: Situation) -> Mistake | None:
    """What a condition may hold: a variable compared with one value, a call, a number, brackets."""
    if s.inside != "condition":
        return None
    inner, kind = s.inner, s.kind
    if kind == "RPAR" and not inner:
        return s.mistake("the condition is empty", "if ($var(x) == 1) { ... }", feed=("NUMBER",))
    if kind in _LOGIC and not inner:
        return s.mistake(f"nothing stands before {s.token.text!r}", "write a condition on both sides")
    if s.after in (*_LOGIC, "NOT") and kind in ("RPAR", "AND", "OR", "LBRACE"):
        return s.mistake(f"nothing stands after {s.prefix[-1].text!r}", "write a condition on both sides")
    if s.after in _COMPARISONS:
        return _right_side(s)
    if kind == "STRING" and s.next().type in _COMPARISONS:
        return _turned(s, s.next().text, s.token.text, s.next(2))
    if kind == "STRING":
        return s.mistake("a text alone is no condition", f"compare a variable with it: $var(x) == {s.token.text}")
    if kind in _COMPARISONS:
        return _left_side(s)
    if kind in _ARITHMETIC or kind == "TILDE":
        hint = "put the computation in square brackets: [$var(x) + 1], or into a variable first"
        if s.token.text in _JOINED and inner[-1:] == ["Comparison"]:
            hint = f"conditions are joined by {_JOINED[s.token.text]}"
        return s.mistake("a condition does not compute", hint)
    return None


def _left_side(s: Situation) -> Mistake:
    operator = s.token.text
    if s.after in _LITERALS:
        assert s.before is not None
        return _turned(s, operator, s.before.text, s.next())
    if s.after == "Comparison":
        return s.mistake("comparisons do not chain", "join two of them with and")
    if s.after in ("Bracket", "RSQB"):
        return s.mistake("what stands in [ ] cannot be compared", "assign it to a variable and compare that")
    if s.before is not None and s.before.type == "RPAR":
        hint = "call it first, then compare $rc; or use the call alone, true when it gives a number above 0"
        return s.mistake("the result of a call cannot be compared", hint)
    return s.mistake(f"unexpected {operator!r} in a condition", "a comparison begins with a variable")


def _turned(s: Situation, operator: str, literal: str, right: Token) -> Mistake:
    """A literal on the left side."""
    variable = right.text if right.type == "VARIABLE" else "$var(x)"
    hint = f"write {variable} {_TURNED.get(operator, operator)} {literal}"
    return s.mistake("a comparison begins with a variable: turn it round", hint)


def _right_side(s: Situation) -> Mistake | None:
    operator = s.prefix[-1].text
    if s.kind == "NULL":
        return s.mistake(f"NULL can be compared with == and != only, not with {operator}")
    if s.kind in ("NETWORK", "IPV4", "IPV6"):
        return s.mistake(f"a network can be compared with == and != only, not with {operator}")
    if operator in ("=~", "!~"):
        if s.kind == "SLASH":
            return s.mistake("a regular expression is a text in quotes, without slashes", '$var(x) =~ "^a"')
        return s.mistake(f"{operator} takes a text in quotes or a variable, not {describe(s.token)}", '$var(x) =~ "^a"')
    if s.kind == "ID":
        hint = s.successor("keyword", s.token.text) or f'a text needs quotes: "{s.token.text}"'
        return s.mistake(f"{s.token.text!r} is no value", hint)
    if s.kind == "LPAR":
        return s.mistake(f"the right side of {operator} is one value", "compute it into a variable first")
    return s.mistake(f"{operator} takes a variable, a number, a text or NULL, not {describe(s.token)}")


def calls(s: Situation) -> Mistake | None:
    """Arguments of functions, routes, xlog and the like."""
    if s.inside == "xlog":
        return _xlog(s)
    if s.inside == "call":
        return _arguments(s)
    if s.inside == "return":
        hint = "compute it into a variable first: $var(x) = ...; return($var(x));"
        return s.mistake(f"return takes one number or variable, not {_found(s)}", hint)
    if s.inside == "exit":
        return s.mistake(f"{_owner(s)} takes no argument", f"write {_owner(s)};")
    if s.inside == "route":
        return _route(s)
    if s.inside == "log":
        return s.mistake(f"unexpected {describe(s.token)} in log", 'log("text") or log(2, "text")')
    if s.inside == "async":
        return s.mistake(f"unexpected {describe(s.token)}", "async(f(...), route_name); launch(f(...), route_name)")
    if s.after == "RETURN" and s.kind in ("ROUTE", "ID", "STRING", "XLOG", "NULL", "LSQB", "TILDE", "NOT"):
        hint = "compute it into a variable first: $var(x) = ...; return($var(x));"
        return s.mistake(f"return takes one number or variable, not {describe(s.token)}", hint)
    if s.after == "ROUTE" and s.kind == "LSQB" and s.next(3).type == "LBRACE":
        return s.mistake("a route cannot be defined inside another route", "close the body before it with '}'")
    if s.after == "ROUTE" and s.kind != "LPAR":
        return s.mistake("a route is called with round brackets", "route(NAME);")
    if s.after in ("XLOG", "XDBG", "LOG", "ERROR", "ASSERT", "ASYNC", "LAUNCH") and s.kind != "LPAR":
        word = s.prefix[-1].text
        return s.mistake(f"expected '(' after {word}, before {describe(s.token)}", None)
    return None


def _found(s: Situation) -> str:
    return "an expression" if s.inner and s.kind in _ARITHMETIC else describe(s.token)


def _owner(s: Situation) -> str:
    return str(s.prefix[s.open[-1].index - 2].text)


def _xlog(s: Situation) -> Mistake:
    word, kind = _owner(s), s.kind
    if kind == "VARIABLE":
        return s.mistake(f"{word} takes a text in quotes", f'{word}("{s.token.text}\\n");')
    if kind == "RPAR" and not s.inner:
        return s.mistake(f"{word} without a text", f'{word}("text\\n");', feed=("STRING",))
    if kind == "NUMBER" and not s.inner:
        levels = "L_ALERT, L_CRIT, L_ERR, L_WARN, L_NOTICE, L_INFO, L_DBG"
        return s.mistake(f"{word} takes texts in quotes, not {describe(s.token)}", f"the levels are texts: {levels}")
    if kind == "ID":
        return _left_open(s, word) or s.mistake(f"{s.token.text!r} needs quotes", f'{word}("{s.token.text}")')
    if kind in _ARITHMETIC:
        return s.mistake(f"{word} takes no expression", 'variables stand inside the text: "x is $var(x)\\n"')
    if kind == "COMMA":
        many = s.kinds.count("COMMA") > 0
        message = f"{word} takes a level and one text" if many else f"{word} takes one level before its text"
        return s.mistake(message, f'{word}("L_ERR", "text\\n");' if word == "xlog" else f'{word}("text\\n");')
    return _unclosed_call(s, word) or s.mistake(f"unexpected {describe(s.token)} in {word}", f'{word}("text\\n");')


def _unclosed_call(s: Situation, word: str) -> Mistake | None:
    """The closing parenthesis is missing, perhaps with its `;`."""
    before = s.before
    if before is None or (s.kind not in ("SEMICOLON", "RBRACE") and before.span.line == s.token.span.line):
        return None
    for feed in (("RPAR",), ("RPAR", "SEMICOLON")):
        if s.accepts(*feed, s.kind):
            message = f"expected ')' to close the call of {word}, before {describe(s.token)}"
            return s.mistake(message, span=s.place_behind() if s.is_on_another_line else None, feed=feed)
    return None


def _left_open(s: Situation, word: str) -> Mistake | None:
    """The next line begins a statement."""
    if s.is_on_another_line and s.accepts("RPAR", "SEMICOLON", s.kind, s.next().type):
        return _unclosed_call(s, word)
    return None


def _arguments(s: Situation) -> Mistake | None:
    word, kind = _owner(s), s.kind
    if word == "foreach":
        return s.mistake("'foreach' is no statement", "write for ($var(x) in $(avp(name)[*])) { ... }")
    if kind in _ARITHMETIC or kind in _COMPARISONS or kind in ("TILDE", "ASSIGN", "NOT", "AND", "OR"):
        hint = 'compute it into a variable first; texts may hold variables: "a$var(x)"'
        return s.mistake(f"an argument of {word} is one text, number or variable, no expression", hint)
    if kind == "NULL":
        return s.mistake(f"NULL is no argument of {word}", "leave the argument out, or pass a variable that is null")
    if left_open := _left_open(s, word):
        return left_open
    if kind == "ID":
        if s.next().type == "LPAR":
            return s.mistake("a call is no argument", "call it first and pass a variable")
        return s.mistake(f"{s.token.text!r} needs quotes", f'"{s.token.text}"')
    if kind in ("STRING", "NUMBER", "VARIABLE") and s.accepts("COMMA", kind):
        return s.mistake(f"expected ',' before {describe(s.token)} in the arguments of {word}", None, feed=("COMMA",))
    return _unclosed_call(s, word)


def _route(s: Situation) -> Mistake | None:
    if s.after == "COMMA" and s.kind in ("RPAR", "COMMA"):
        return s.mistake("an argument of route is missing", "write NULL for an empty one")
    word = s.token.text
    if not s.inner and word in s.language.keywords:
        return s.mistake(f"{word!r} is a word of the language", f'as a name it needs quotes: route("{word}")')
    if not s.inner:
        return s.mistake(f"route is called with the name of a route, not with {describe(s.token)}", "route(NAME);")
    if s.kind in _ARITHMETIC:
        return s.mistake("an argument of route is one text, number, variable or NULL, no expression")
    if s.kind == "ID" and s.after == "COMMA":
        return s.mistake(f"{s.token.text!r} needs quotes", f'"{s.token.text}"')
    if s.kind in ("STRING", "NUMBER", "VARIABLE", "ID"):
        return s.mistake(
            f"expected ',' before {describe(s.token)} in the arguments of route", "route(NAME, value, ...);"
        )
    return _unclosed_call(s, "route")


def values(s: Situation) -> Mistake | None:
    """The right side of an assignment."""
    if s.inside != "expression":
        return None
    operators = (*_ARITHMETIC, "ASSIGN", "COLON_ASSIGN", "CHANGE", "TILDE")
    if s.after in operators and s.kind in ("SEMICOLON", "RPAR", "RSQB", "RBRACE"):
        hint = "write a number, a text, a variable, a call or NULL"
        return s.mistake(f"nothing stands after {s.prefix[-1].text!r}", hint, feed=("NUMBER",))
    if s.after in operators and s.kind in _ARITHMETIC:
        return s.mistake(f"two operators in a row: {s.prefix[-1].text!r} and {s.token.text!r}")
    if s.kind == "NULL":
        return s.mistake("NULL stands alone: it cannot be part of an expression", "$var(x) = NULL;")
    if s.kind in _COMPARISONS:
        if s.after in _LITERALS:
            return s.mistake("a comparison begins with a variable: turn it round")
        return s.mistake("only a variable can be compared, not the result of an expression", "assign it first")
    if s.kind in ("ASSIGN", "COLON_ASSIGN", "CHANGE"):
        return s.mistake("one assignment in a statement", "write two: $var(b) = 1; $var(a) = $var(b);")
    return None


RULES: Final = (number_words, blank_words, concatenation, operator_words, signs, increments, conditions, calls, values)
