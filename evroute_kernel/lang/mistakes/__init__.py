"""What is wrong where the parser stopped: a message in the user's terms, and how to go on reading."""

from __future__ import annotations

from evroute_kernel.lang.mistakes import expressions, statements, toplevel
from evroute_kernel.lang.mistakes.situation import Mistake, Situation, describe
from evroute_kernel.lang.mistakes.toplevel import is_header, unbalanced

__all__ = ["Mistake", "Situation", "describe", "explain", "is_header", "unbalanced"]


def _missing_semicolon(s: Situation) -> Mistake | None:
    """A statement that its line ends and no `;` does. What begins the next line may lack its own."""
    if s.top or not s.is_on_another_line or not s.accepts("SEMICOLON", s.kind):
        return None
    assert s.before is not None
    follower = _follower(s)
    if s.before.type in _ENDS or not any(
        s.accepts("SEMICOLON", s.kind, *own, *follower) for own in ((), ("SEMICOLON",))
    ):
        return None
    return _missing_mark(s, ("SEMICOLON",))


#: what no `;` follows
_ENDS = ("SEMICOLON", "LBRACE", "RBRACE")
_RULES = (_missing_semicolon, *toplevel.RULES, *statements.RULES, *expressions.RULES)


def explain(situation: Situation) -> Mistake:
    """The first rule that recognises its mistake decides; the last one always does."""
    for rule in _RULES:
        mistake = rule(situation)
        if mistake is not None:
            return mistake
    return _missing(situation) or _surplus(situation)


#: token types that may be missing -> the mark itself
_MARKS = {"SEMICOLON": ";", "RPAR": ")", "RSQB": "]", "COLON": ":", "COMMA": ",", "LPAR": "("}


def _missing(s: Situation) -> Mistake | None:
    """One mark (or a `)` and its `;`) left out: it fits here, and the token after it too."""
    for feed in (("SEMICOLON",), ("RPAR",), ("RSQB",), ("COLON",), ("COMMA",), ("RPAR", "SEMICOLON"), ("LPAR",)):
        if s.accepts(*feed, s.kind, *_follower(s)):
            return _missing_mark(s, feed)
    return None


def _follower(s: Situation) -> tuple[str, ...]:
    """The token behind the one that does not fit, where that has one."""
    return () if s.kind in ("RBRACE", "$END") else (s.next().type,)


def _missing_mark(s: Situation, feed: tuple[str, ...]) -> Mistake:
    """What to put in, and where: a `;` belongs to the end of its statement, however far away the next one begins."""
    marks = " and ".join(repr(_MARKS[kind]) for kind in feed)
    place = f" after {s.what_before()}" if s.before else ""
    span = s.place_behind() if "SEMICOLON" in feed or s.is_on_another_line else None
    message = f"expected {marks}{place}, before {describe(s.token)}"
    return s.mistake(message, s.missing_hint(feed), span=span, feed=feed)


def _surplus(s: Situation) -> Mistake:
    """A token too many, or nothing that can be named: leave it out if the next one fits, else skip the statement."""
    if s.kind == "$END":
        return s.mistake(f"the text ends in the middle of {s.unfinished()}", s.expected_hint() or "complete it")
    opens = s.kind in ("LPAR", "LSQB", "LBRACE")
    goto = s.at + 1 if not opens and s.accepts(s.next().type) else None
    return s.mistake(f"unexpected {describe(s.token, article=False)}{s.place()}", s.expected_hint(), goto=goto)
