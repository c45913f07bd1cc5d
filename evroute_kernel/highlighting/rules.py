"""The table: states, and what each makes of the text at hand.

Each rule gives a token's class, and the state that the text after it is read in; the first rule that matches wins. It
is the lexer of `lang.lexer` with what colours need besides: which strings are formats (the arguments of functions, but
not texts that are assigned or compared: there a server expands nothing), what a variable is made of, and magic lines.

Patterns are written so that Python, JavaScript (flag `u`) and Oniguruma read them alike. They see one line at a time,
never across a line break, and must not use `.`, `\\s`, `\\w`, `\\d`, `\\b`, lookbehind or possessive quantifiers. `^`
and `$` are the ends of a line. `<functions>` stands for the words of that list in `generated.WORDS`. What several
states have in common is a state that they include.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from evroute_kernel.records import dataclass

POP: Final = "pop"


@dataclass(frozen=True, slots=True)
class Rule:
    """Text that matches is a token of class `token`; then `next` is entered, or left with POP, or nothing changes."""

    match: str
    token: str = "text"
    next: str | None = None
    any_case: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Rules, or names of states whose rules belong here too.

    `otherwise` is the state to enter (or POP) when no rule matches; without it, characters that match nothing are text.
    A `line` state ends with its line.
    """

    rules: tuple[Rule | str, ...]
    otherwise: str | None = None
    line: bool = False


_DOTTED: Final = "[A-Za-z0-9_.]"
_END: Final = "(?![A-Za-z0-9_])"
_WORD: Final = "[A-Za-z][A-Za-z0-9_]*"
_CALLED: Final = r"(?=[ \t]*\()"
_NUMBER: Final = "0x[0-9A-Fa-f]+|[0-9]+"
_ESCAPES: Final = r'\\(?:[nrat"\\]|x[0-9A-Fa-f]{1,2}|[0-7]{2,3})'
# where `?` follows, the closing quote may lack
_QUOTED: Final = r'"(?:[^"\\\n]|\\[^\n])*"'
_MAGIC_NAME: Final = "[A-Za-z][A-Za-z0-9_-]*"
#: `!ls`, but not `!name(` or `!$var(`
_COMMAND: Final = rf"^[ \t]*!!?(?=[ \t]*(?![!=~]|{_WORD}[ \t]*\(|\$\(?{_DOTTED}+\()[^ \t\r\n])"
_MAGIC_END: Final = r"(?=[ \t\r]|$)"
_SHELL_WORDS: Final = "if|then|elif|else|fi|for|in|do|done|while|until|case|esac|function"
_SHELL_END: Final = r"(?=[ \t\r;|&)<>]|$)"


def nested(plain: str, depth: int = 6) -> str:
    """Text with balanced parentheses on one line; `plain` is a pattern for all that is no parenthesis."""
    pattern = f"(?:{plain})*"
    for _ in range(depth):
        pattern = rf"(?:{plain}|\({pattern}\))*"
    return pattern


def variables(closed: str = "") -> tuple[Rule, ...]:
    """Variables of a script. Those in a text must end in the text: `closed` is a pattern for what they may hold."""
    ahead = rf"(?={nested(closed)}\))" if closed else ""
    return (
        Rule(rf"\$\({ahead}", "variable", "enclosed"),
        Rule(rf"\$(?:<variables>)\({ahead}", "variable", "name-part"),
        Rule(rf"\$(?:<variables>)(?!{_DOTTED}|\()", "variable"),
    )


_CLOSING: Final = Rule(r"[)\]}]", "punctuation", POP)
# `allow_proxy`, `send-PROXY-protocol`: options of sockets in 4.0, apart from the plain `proxy`, which a host may be
# named; `bond:NAME {`: a socket there, and none before
_ENDED: Final = r"(?=[ \t\r]|$)"
_PROXY: Final = "(?:proxy|PROXY)"
_PROTOCOL: Final = "[-_](?:protocol|PROTOCOL)"
_SOCKETS: Final = (
    Rule(rf"(?:allow|ALLOW|send|SEND)[-_]{_PROXY}(?:{_PROTOCOL})?{_ENDED}", "keyword"),
    Rule(rf"{_PROXY}{_PROTOCOL}{_ENDED}", "keyword"),
    Rule(rf"(?:bond|BOND)(?=:{_WORD}[ \t]*\{{)", "keyword"),
)
_WORDS: Final = (
    *_SOCKETS,
    Rule(rf"(?:<kinds>){_END}", "kind", "route-kind"),
    Rule(rf"(?:<keywords>){_END}", "keyword"),
    Rule(rf"(?:<deferring>){_END}", "keyword", "deferring"),
    Rule(rf"(?:<constants>){_END}", "constant"),
    Rule(rf"(?:<operators>){_END}", "operator"),
    Rule(rf"(?:<settings>){_END}", "setting"),
    Rule(rf"(?:<literal_functions>){_END}", "function"),
    Rule(rf"(?:<functions>){_END}", "function", "function"),
    Rule(rf"{_WORD}{_CALLED}", "word", "function"),
    Rule(_WORD, "word"),
)

STATES: Final[dict[str, State]] = {
    # -- a cell: only its first line may begin with %% ----------------------------------------------------------------
    "root": State(
        (
            Rule(r"[ \t\r]+$"),
            Rule(rf"(?=[ \t]*%%(?:<json_magics>){_MAGIC_END})", next="json-cell"),
            Rule(rf"(?=[ \t]*%%(?:<shell_magics>){_MAGIC_END})", next="shell-cell"),
            Rule(rf"(?=[ \t]*%%(?!(?:<body_magics>){_MAGIC_END}))", next="text-cell"),
        ),
        otherwise="script",
    ),
    "json-cell": State(
        (Rule(rf"^[ \t]*%%(?:<json_magics>){_MAGIC_END}", "magic", "magic-name"), Rule(r"[ \t\r]+"), "json")
    ),
    "text-cell": State((Rule(rf"^[ \t]*%%{_MAGIC_NAME}", "word", "magic-arguments"), Rule(r"[^\n]+"))),
    "shell-cell": State((Rule(rf"^[ \t]*%%(?:<shell_magics>){_MAGIC_END}", "magic"), "shell")),
    "script": State(("magics", "code", Rule(r"[)\]}]", "punctuation"))),
    # -- magic lines --------------------------------------------------------------------------------------------------
    "magics": State(
        (
            Rule(rf"^[ \t]*%%?(?:<around_magics>){_MAGIC_END}", "magic"),
            Rule(rf"^[ \t]*%%?(?:<expression_magics>){_MAGIC_END}", "magic", "magic-expression"),
            Rule(rf"^[ \t]*%(?:<shell_magics>){_MAGIC_END}", "magic", "shell-line"),
            Rule(rf"^[ \t]*%%?(?:<name_magics>){_MAGIC_END}", "magic", "magic-name"),
            Rule(rf"^[ \t]*%%?(?:<magics>){_MAGIC_END}", "magic", "magic-arguments"),
            Rule(rf"^[ \t]*%%?{_MAGIC_NAME}{_MAGIC_END}", "word", "magic-arguments"),
            Rule(r"^[ \t]*\?\??[ \t]*[%$A-Za-z0-9_.\[\]()]*[ \t\r]*$", "magic"),
            Rule(_COMMAND, "magic", "shell-line"),
            Rule(r"^[ \t]*(?:[%$][%$A-Za-z0-9_.]+(?:\([^()\n]*\))?|[A-Za-z][A-Za-z0-9_.\[\]]*)\?\??[ \t\r]*$", "magic"),
        )
    ),
    # %raise EVENT, %event declare EVENT, %stub FUNCTION
    "magic-name": State(
        (
            Rule(r"[ \t\r]+#[^\n]*", "comment"),
            Rule(r"[ \t\r]+"),
            Rule(r"--[A-Za-z-]+(?:[ \t=]+[0-9.]+)?", "option"),
            Rule(rf"declare{_MAGIC_END}", "keyword"),
            Rule(r"[^ \t\r\n]+", "name", "magic-arguments"),
        ),
        line=True,
    ),
    "magic-arguments": State(
        (
            Rule(r"[ \t\r]+#[^\n]*", "comment"),
            Rule(r"[ \t\r]+"),
            Rule(r"--[A-Za-z][A-Za-z0-9-]*", "option"),
            Rule(r"[A-Za-z_][A-Za-z0-9_.-]*(?=[ \t]*=)", "key"),
            # `port:int` of %event declare; else a URI or socket, such as sip:alice@example.com or udp:127.0.0.1:9000
            Rule(rf"{_WORD}:int(?=\]?(?:[ \t\r]|$))"),
            Rule(r"""[A-Za-z][A-Za-z0-9+.-]*:[^ \t\r\n"'{}$]+""", "string"),
            "json",
            *variables(r"[^()\n]"),
            Rule(r"'[^'\n]*'?", "string"),
            Rule(r"""[^ \t\r\n"'{}\[\],:=$]+"""),
        ),
        line=True,
    ),
    # %assert takes what a script could compare; nothing in it may go beyond its line
    "magic-expression": State(
        (
            Rule(r"[ \t\r]+#[^\n]*", "comment"),
            Rule(r"[ \t\r]+"),
            Rule(rf"{_QUOTED}?|'[^'\n]*'?", "string"),
            *variables(r"[^()\n]"),
            Rule(rf"(?:<constants>){_END}", "constant"),
            Rule(rf"(?:<operators>){_END}", "operator"),
            Rule(rf"(?:<functions>){_END}", "function"),
            Rule(_WORD, "word"),
            Rule(_NUMBER, "number"),
            "marks",
            Rule(r"[()\[\]{}]", "punctuation"),
        ),
        line=True,
    ),
    "json": State(
        (
            Rule(rf"{_QUOTED}(?=[ \t]*:)", "key"),
            Rule(rf"{_QUOTED}?", "string"),
            Rule(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?=[ \t\r,\]}]|$)", "number"),
            Rule(r"(?:true|false|null)(?=[ \t\r,\]}]|$)", "constant"),
            Rule(r"[{}\[\],:=]", "punctuation"),
        )
    ),
    # -- commands of the system: %sh COMMAND, and what stands below %%sh --------------------------------------------
    "shell": State(
        (
            Rule(r"[ \t\r]+"),
            Rule(r"#[^\n]*", "comment"),
            Rule(rf"(?:{_SHELL_WORDS}){_SHELL_END}", "keyword"),
            Rule('"', "string", "shell-double"),
            Rule("'", "string", "shell-single"),
            "shell-variables",
            Rule(r"\\[^\n]?", "text"),
            Rule(rf"--?[A-Za-z][A-Za-z0-9-]*{_SHELL_END}", "option"),
            Rule(r"[A-Za-z_][A-Za-z0-9_]*(?==)", "variable"),
            Rule(rf"-?[0-9]+{_SHELL_END}", "number"),
            Rule(r"[|&;<>!=]+", "operator"),
            Rule(r"[(){}\[\]`]", "punctuation"),
            Rule(r"""[^ \t\r\n"'$\\|&;<>=(){}`\[\]]+"""),
        )
    ),
    # a quote that is not closed is so in this line only
    "shell-line": State((Rule(rf"{_QUOTED}?|'[^'\n]*'?", "string"), "shell"), line=True),
    "shell-variables": State(
        (
            Rule(r"\$[A-Za-z_][A-Za-z0-9_]*|\$[0-9@*#?$!-]|\$\{[^}\n]*\}", "variable"),
            Rule(r"\$"),
        )
    ),
    "shell-double": State(
        (
            Rule('"', "string", POP),
            Rule(r"\\[^\n]?", "escape"),
            "shell-variables",
            Rule(r'[^"\\$\n]+', "string"),
        )
    ),
    "shell-single": State((Rule("'", "string", POP), Rule(r"[^'\n]+", "string"))),
    # -- code ---------------------------------------------------------------------------------------------------------
    "gap": State(
        (
            Rule(r"[ \t\r\f\v]+"),
            Rule(r"#[^\n]*", "comment"),
            Rule(r"/\*", "comment", "comment"),
        )
    ),
    "comment": State(
        (
            Rule(r"/\*", "comment", "comment"),
            Rule(r"\*/", "comment", POP),
            Rule(r"[^/*\n]+|[/*]", "comment"),
        )
    ),
    "code": State(
        (
            "gap",
            Rule(r"//(?!\*)", "error"),
            Rule('"', "string", "double-text"),
            Rule("'", "string", "single-text"),
            *variables(),
            Rule(rf"\${_DOTTED}*\(", "word", "unknown-part"),
            Rule(rf"\${_DOTTED}*", "word"),
            Rule(r"(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?:/[0-9]+)?(?![A-Za-z0-9_:])", "number"),
            Rule(r"[0-9]+(?:\.[0-9]+){3}(?:/[0-9.]+)?", "number"),
            Rule(_NUMBER, "number"),
            *_WORDS,
            "marks",
            Rule(r"[(\[{]", "punctuation", "group"),
        )
    ),
    "marks": State(
        (
            Rule(r"[=!]~|[-+*/%&|^=!<>:]=|&&|\|\||<<|>>|[-+*/%&|^=!<>~]", "operator"),
            Rule(r"[,;:.]", "punctuation"),
        )
    ),
    "group": State((_CLOSING, "code")),
    # -- routes: event_route[NAME], route[NAME], timer_route[NAME, SECONDS], route(NAME, ...) -------------------------
    "route-kind": State(
        (
            "gap",
            Rule(r"\[", "punctuation", "route-name"),
            Rule(r"\(", "punctuation", "route-call"),
        ),
        otherwise=POP,
    ),
    "route-name": State(
        (
            "gap",
            Rule(r"\]", "punctuation", POP),
            Rule(r"(?=[{};])", next=POP),
            Rule(rf"{_WORD}|{_NUMBER}|{_QUOTED}|'[^'\n]*'", "name"),
            Rule(",", "punctuation", "more-arguments"),
        )
    ),
    "route-call": State(
        (
            "gap",
            _CLOSING,
            Rule(rf"{_WORD}|{_NUMBER}", "name"),
            Rule('"', "string", "double-format"),
            Rule("'", "string", "single-format"),
            Rule(",", "punctuation", "more-arguments"),
            "code",
        )
    ),
    "more-arguments": State((Rule(r"(?=[)\]}])", next=POP), "code")),
    # -- functions: their strings are formats -------------------------------------------------------------------------
    "function": State(("gap", Rule(r"\(", "punctuation", "arguments")), otherwise=POP),
    "arguments": State(
        (
            _CLOSING,
            Rule('"(?:<levels>)"', "level"),
            Rule('"', "string", "double-format"),
            Rule("'", "string", "single-format"),
            "code",
        )
    ),
    # async(FUNCTION(...), ROUTE), launch(FUNCTION(...), ROUTE, "format")
    "deferring": State(("gap", Rule(r"\(", "punctuation", "deferred")), otherwise=POP),
    "deferred": State(
        (
            "gap",
            _CLOSING,
            Rule(rf"(?:<functions>){_CALLED}", "function", "function"),
            Rule(rf"{_WORD}{_CALLED}", "word", "function"),
            Rule(_WORD, "name"),
            Rule('"', "string", "double-format"),
            Rule("'", "string", "single-format"),
            "code",
        )
    ),
    # -- strings ------------------------------------------------------------------------------------------------------
    "double-text": State((Rule('"', "string", POP), Rule(_ESCAPES, "escape"), Rule(r'[^"\\\n]+|\\', "string"))),
    "single-text": State((Rule("'", "string", POP), Rule(r"[^'\n]+", "string"))),
    "double-format": State(
        (
            Rule('"', "string", POP),
            Rule(rf"{_ESCAPES}|\$\$|\$\(\$\)", "escape"),
            *variables(r'[^()"\\\n]|\\[^\n]'),
            Rule(r'[^"\\$\n]+|[\\$]', "string"),
        )
    ),
    "single-format": State(
        (
            Rule("'", "string", POP),
            Rule(r"\$\$|\$\(\$\)", "escape"),
            *variables(r"[^()'\n]"),
            Rule(r"[^'$\n]+|\$", "string"),
        )
    ),
    # -- variables: every ( and ) counts until the one that ends the variable, whatever stands between ----------------
    "enclosed": State(
        (
            Rule(rf"(?:<variables>)(?!{_DOTTED})", "variable"),
            Rule(rf"{_DOTTED}+", "word"),
            Rule(r"\(", "variable", "name-part"),
            Rule(r"\)", "variable", POP),
            Rule(r"\[", "punctuation", "index"),
            Rule(r"\{", "punctuation", "transformation"),
        )
    ),
    "name-part": State(
        (
            *variables(),
            Rule(r"\(", "variable", "name-part"),
            Rule(r"\)", "variable", POP),
            Rule(r"[^()$\n]+|\$", "variable"),
        )
    ),
    "unknown-part": State(
        (
            *variables(),
            Rule(r"\(", "word", "unknown-part"),
            Rule(r"\)", "word", POP),
            Rule(r"[^()$\n]+|\$", "word"),
        )
    ),
    "index": State(
        (
            Rule(r"\]", "punctuation", POP),
            Rule(r"(?=\))", next=POP),
            *variables(),
            Rule(r"\(", "variable", "name-part"),
            Rule("-?[0-9]+", "number"),
            Rule(r"\*|append", "constant"),
        )
    ),
    "transformation": State(
        (
            Rule(r"[ \t]*(?:<transformations>)(?=[ \t]*[,}])", "transformation", "parameters", any_case=True),
            Rule(r"\}", "punctuation", POP),
            Rule(r"(?=\))", next=POP),
            *variables(),
            Rule(r"\(", "variable", "name-part"),
            Rule(",", "punctuation", "parameters"),
            Rule(r"[^,{}()$\n]+", "word"),
        )
    ),
    "parameters": State(
        (
            Rule(r"(?=[})])", next=POP),
            Rule(",", "punctuation"),
            Rule(r"[-+]?[0-9]+(?=[ \t]*[,}])", "number"),
            *variables(),
            Rule(r"\(", "string", "parenthesis"),
            Rule(r"\\[,}]|[^,}()$\\\n]+|[\\$]", "string"),
        )
    ),
    "parenthesis": State(
        (
            *variables(),
            Rule(r"\(", "string", "parenthesis"),
            Rule(r"\)", "string", POP),
            Rule(r"[^()$\n]+|\$", "string"),
        )
    ),
}


def rules_of(state: str) -> Iterator[Rule]:
    """The rules of a state, in order, with those of the states that it includes."""
    for rule in STATES[state].rules:
        if isinstance(rule, str):
            yield from rules_of(rule)
        else:
            yield rule


_PLACEHOLDER = re.compile("<([a-z_]+)>")


def expanded(pattern: str, words: Mapping[str, tuple[str, ...]]) -> str:
    """A pattern with the lists of words that it names."""
    return _PLACEHOLDER.sub(lambda found: "|".join(words[found[1]]), pattern)
