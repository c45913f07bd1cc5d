"""What is wrong where the parser stopped: a message in the user's terms, and how to go on reading."""

from __future__ import annotations

from evroute_kernel.lang.mistakes import expressions, statements, toplevel
from evroute_kernel.lang.mistakes.situation import Mistake, Situation, describe
from evroute_kernel.lang.mistakes.toplevel import is_header, unbalanced

__all__ = ["Mistake", "Situation", "describe", "explain", "is_header", "unbalanced"]

_RULES = (*toplevel.RULES, *statements.RULES, *expressions.RULES)


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
        follower = () if s.kind in ("RBRACE", "$END") else (s.next().type,)
        if s.accepts(*feed, s.kind, *follower):
            marks = " and ".join(repr(_MARKS[kind]) for kind in feed)
            place = f" after {s.what_before()}" if s.before else ""
            return s.mistake(f"expected {marks}{place}, before {describe(s.token)}", s.missing_hint(feed), feed=feed)
    return None


def _surplus(s: Situation) -> Mistake:
    """A token too many, or nothing that can be named: leave it out if the next one fits, else skip the statement."""
    if s.kind == "$END":
        return s.mistake(f"the text ends in the middle of {s.unfinished()}", s.expected_hint() or "complete it")
    opens = s.kind in ("LPAR", "LSQB", "LBRACE")
    goto = s.at + 1 if not opens and s.accepts(s.next().type) else None
    return s.mistake(f"unexpected {describe(s.token, article=False)}{s.place()}", s.expected_hint(), goto=goto)
