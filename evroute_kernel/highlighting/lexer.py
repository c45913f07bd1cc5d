"""The lexer `opensips` of Pygments, for nbconvert, Sphinx, consoles and `pygmentize`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, Final

from pygments.lexer import RegexLexer, default
from pygments.token import Text, Whitespace, string_to_tokentype

from evroute_kernel.highlighting.classes import CLASSES, TokenClass
from evroute_kernel.highlighting.generated import WORDS
from evroute_kernel.highlighting.rules import POP, STATES, Rule, State, expanded

#: how sure we are that a text is a script, by what is found in it; loadmodule is Kamailio's too
_SIGNS = (
    (re.compile(r"^[ \t]*(?:event|startup|timer|error|local)_route\b", re.MULTILINE), 0.8),
    (re.compile(r"^[ \t]*(?:failure|onreply|branch)_route\[\w+\]\s*\{", re.MULTILINE), 0.6),
    (re.compile(r"^[ \t]*loadmodule[ \t]+\"", re.MULTILINE), 0.5),
    (re.compile(r"^[ \t]*route(?:\[\w+\])?\s*\{", re.MULTILINE), 0.4),
    (re.compile(r"\$(?:var|avp|shv|param)\(|\bxlog\("), 0.2),
)


def _rules(state: State) -> list[Any]:
    """A state as Pygments has it. Its patterns may see line breaks, so these come first."""
    end_of_line = (r"(?=\n)", Text, "#pop") if state.line else (r"\n", Whitespace)
    last = (r"[^\n]", Text) if state.otherwise is None else default(_target(state.otherwise))
    return [end_of_line, *_included(state), last]


def _included(state: State) -> list[Any]:
    found: list[Any] = []
    for rule in state.rules:
        found.extend(_included(STATES[rule]) if isinstance(rule, str) else [_rule(rule)])
    return found


def _rule(rule: Rule) -> tuple[Any, ...]:
    pattern = expanded(rule.match, WORDS)
    pattern = f"(?i:{pattern})" if rule.any_case else pattern
    token = string_to_tokentype(CLASSES[rule.token].pygments)
    return (pattern, token) if rule.next is None else (pattern, token, _target(rule.next))


def _target(state: str) -> str:
    return "#pop" if state == POP else state


class OpenSipsLexer(RegexLexer):
    """Scripts of OpenSIPS 3.6, and cells of notebooks: magic lines too.

    Names that are not known, such as misspelt functions and variables, stay plain. Variables inside a text are shown
    where a server expands them: in the arguments of functions.
    """

    name = "OpenSIPS"
    aliases: ClassVar = ["opensips"]
    # other *.cfg files belong to other lexers unless they look like scripts
    filenames: ClassVar = ["*.opensips", "opensips.cfg"]
    alias_filenames: ClassVar = ["*.cfg"]
    mimetypes: ClassVar = ["text/x-opensips"]
    url = "https://www.opensips.org/Documentation/Manual-3-6"
    version_added = ""
    flags = re.MULTILINE
    tokens: ClassVar = {name: _rules(state) for name, state in STATES.items()}

    @staticmethod
    def analyse_text(text: str) -> float:
        """How sure it is, from 0 to 1, that a text is a script."""
        return max((sure for sign, sure in _SIGNS if sign.search(text)), default=0.0)


_OF_TYPE: Final = {string_to_tokentype(found.pygments): found for found in CLASSES.values()}


def pieces(script: str) -> Iterator[tuple[TokenClass | None, str]]:
    """The text of a script in pieces, each with the class of its tokens; None for line ends and blanks."""
    for token, text in OpenSipsLexer(ensurenl=False, stripnl=False).get_tokens(script):
        yield _OF_TYPE.get(token), text
