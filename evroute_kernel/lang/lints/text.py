"""Log texts, levels, and text that the server reads otherwise than it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lexer import Token, tokens
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Subject
from evroute_kernel.lang.lints.texts import parameters, variables_in
from evroute_kernel.lang.preprocess import Expanded
from evroute_kernel.lang.scanning import BLANK, COMMENT, LINE_COMMENT, comment_end
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import VariableSpec
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.source import Source

#: third letter of a level -> what the server makes of it
_LEVELS: Final = {
    "A": "ALERT", "C": "CRITICAL", "E": "ERROR", "W": "WARNING", "N": "NOTICE", "I": "INFO", "D": "DBG",
}  # fmt: skip
_LEVEL_WORDS: Final = (*_LEVELS.values(), "CRIT", "ERR", "WARN", "DEBUG")
#: bytes that xlog can print unless xlog_buf_size says otherwise, and one more
_XLOG_BUFFER: Final = 4096


@rule(
    "misleading-level",
    "of a log level only the third letter counts",
    local=True,
    fires=('xlog("CRIT", "out of memory\\n");', 'xlog("xxI", "hello\\n");', 'xlog("L_EMERG", "fire\\n");'),
    quiet=('xlog("L_CRIT", "out of memory\\n");', 'xlog("L_ERROR", "oops\\n");', 'xlog("$var(l)", "x\\n");'),
)
def misleading_level(subject: Subject) -> Iterator[Finding]:
    """`"CRIT"` is INFO for its I, `"ALERT"` is ERROR for its E; others are refused for a letter that means nothing."""
    for node in subject.of(nodes.XLog):
        if node.level is None or "$" in node.level.value:
            continue
        written = node.level.value
        meant = _LEVELS.get(written[2:3])
        word = written[2:] if written.startswith("L_") else ""
        if meant is not None and not any(w == word or (len(word) > 2 and w.startswith(word)) for w in _LEVEL_WORDS):
            message = f'{node.level.span.text} logs as {meant}: only its third letter, "{written[2]}", counts'
            yield Finding(message, node.level.span, _level_hint(written, meant))


def _level_hint(written: str, meant: str) -> str:
    """The level whose name was written, or else the one that results."""
    word = written.removeprefix("L_").upper()
    named = next((level for level in _LEVELS.values() if len(word) > 2 and level.startswith(word[:3])), meant)
    return f'write "L_{ {"CRITICAL": "CRIT", "ERROR": "ERR", "WARNING": "WARN"}.get(named, named) }"'


@rule(
    "no-newline",
    "`xlog` adds no line break",
    local=True,
    severity="info",
    fires='xlog("blocked $param(ip)");',
    quiet=(
        'xlog("blocked $param(ip)\\n");',
        'xlog("blocked ");\nxlog("$param(ip)\\n");',
        'xlog("$var(line)");',
    ),
)
def no_newline(subject: Subject) -> Iterator[Finding]:
    """Without `\\n` the next text of the log goes on in the same line. A text of variables alone, or one that another
    `xlog` follows, is left alone, and so are the bare statements of a cell."""
    for block in subject.blocks:
        for body in block.bodies() if block.kind != "scratch" else ():
            for node, behind in pairwise((*body, None)):
                if node.__class__ is nodes.XLog and behind.__class__ is not nodes.XLog and node.text.value[-1:] != "\n":
                    yield from _without_newline(node, subject.library)


def _without_newline(node: nodes.XLog, library: Library) -> Iterator[Finding]:
    text = node.text.value
    if len(text) > sum(len(spec.text) for _, spec in variables_in(text, library)):
        start = len(text) - 1
        yield Finding("this text ends without a line break", node.text.part(start, start + 1), r"end it with \n")


@rule(
    "xlog-too-long",
    "a text of 4096 bytes or more is not logged at all",
    fires=f'xlog("{"=" * 4096}\\n");',
    quiet=f'xlog("{"=" * 4000}\\n");',
)
def xlog_too_long(subject: Subject) -> Iterator[Finding]:
    """It is not cut but lost, with an error and `$rc` -1. The limit is `xlog_buf_size`."""
    limit = subject.setting("xlog_buf_size", _XLOG_BUFFER)
    for node in subject.of(nodes.XLog):
        if limit is None or len(node.text.value) < limit:
            continue
        variables = variables_in(node.text.value, subject.library)
        fixed = len(node.text.value) - sum(len(spec.text) for _, spec in variables)
        if fixed >= limit:
            message = f"this text has {fixed} bytes: xlog prints nothing from {limit} on"
            yield Finding(message, node.text.span, "log it in parts, or raise xlog_buf_size")


@rule(
    "log-hidden",
    "`log` without a level logs at debug level, which does not appear",
    severity="info",
    fires=('log("started\\n");', 'log(3, "started\\n");'),
    quiet=(
        'log(2, "started\\n");',
        'xlog("started\\n");',
        'log_level = 4\nevent_route[E_PIKE_BLOCKED] { log("x\\n"); }',
    ),
)
def log_hidden(subject: Subject) -> Iterator[Finding]:
    """`log` prints what is at most `log_level`, 2 unless it is set; its own default is 4. `xlog` has a level of its
    own."""
    threshold = subject.setting("log_level", 2)
    for node in subject.of(nodes.Log):
        if threshold is not None and node.level > threshold:
            message = f"log at level {node.level} does not appear while log_level is {threshold}"
            yield Finding(message, node.span, "write xlog(...), or log(2, ...)")


@rule(
    "perl-digit",
    "`\\d` in a regular expression is the letter d",
    local=True,
    fires=(r'if ($param(ip) =~ "^\d+$") exit;', r"$var(x) = $(param(ip){re.subst,/\d//g});"),
    quiet=(r'if ($param(ip) =~ "^[0-9]+$") exit;', r'if ($param(ip) =~ "^\\\\d") exit;'),
)
def perl_digit(subject: Subject) -> Iterator[Finding]:
    r"""Regular expressions are POSIX extended ones: `[0-9]` or `[[:digit:]]`. `\w` and `\s` do work, as extensions of
    the C library. The functions of the regex module (PCRE) do know `\d`."""
    for string in _patterns(subject):
        for found in _DIGIT.finditer(string.value):
            letter = found[1]
            write = "[0-9]" if letter == "d" else "[^0-9]"
            span = string.part(found.start(1) - 1, found.end(1))
            yield Finding(f"\\{letter} is the letter {letter} here", span, f"write {write}")
    for block in subject.blocks:
        for use in block.uses_of(_substitutes):
            for found in _DIGIT.finditer(use.spec.text):
                span = use.part(found.start(1) - 1, found.end(1))
                write = "[0-9]" if found[1] == "d" else "[^0-9]"
                yield Finding(f"\\{found[1]} is the letter {found[1]} here", span, f"write {write}")


def _substitutes(spec: VariableSpec) -> bool:
    return any(step.full_name == "re.subst" for step, _ in spec.transformations)


_DIGIT: Final = re.compile(r"(?<!\\)(?:\\\\)*\\([dD])")


_WITH_PATTERNS: Final[tuple[type[nodes.Comparison | nodes.Call], ...]] = (nodes.Comparison, nodes.Call)


def _patterns(subject: Subject) -> Iterator[nodes.String]:
    """Literals that are regular expressions."""
    for node in subject.of(*_WITH_PATTERNS):
        if isinstance(node, nodes.Comparison):
            if node.op in ("=~", "!~") and isinstance(node.right, nodes.String):
                yield node.right
        else:
            for argument, (kind, _) in zip(node.arguments, parameters(node, subject.library), strict=False):
                if kind == "regex" and isinstance(argument, nodes.String):
                    yield argument


@rule(
    "continued-string",
    "a backslash before a line break puts the preprocessor's mark into the text",
    local=True,
    fires='xlog("one \\\n  two\\n");',
    quiet='xlog("one "\n     "two\\n");',
)
def continued_string(subject: Subject) -> Iterator[Finding]:
    """The text then holds `__OSSPP_LINE__` and a number. Texts of `xlog` that stand side by side are joined."""
    for node in subject.of(nodes.String):
        if "__OSSPP_LINE__" in node.value and "\\\n" in node.span.text:
            at = node.value.index("__OSSPP_LINE__")
            span = node.part(at, at + 1)
            yield Finding("this backslash puts __OSSPP_LINE__ into the text", span, "end the string, begin another one")


@rule(
    "dropped-characters",
    "characters that mean nothing in code are dropped",
    fires=('xlog("a\\n"); @ xlog("b\\n");', 'event_route[_STATUS] { xlog("a\\n"); }', "$var(x) = 5\u00a0;"),
    quiet='xlog("mail me @ home, £5?\\n"); # £ @ ?',
)
def dropped_characters(subject: Subject) -> Iterator[Finding]:
    """The server passes over `@`, `?`, backquotes, a leading `_`, no-break spaces and everything that is not ASCII,
    outside strings and variables. What is left may be valid, and another program."""
    for start, end in _stray_ranges(subject):
        text = subject.source.text[start:end]
        if text == "\ufeff":
            continue  # a byte order mark does no harm
        shown = repr(text) if text.isprintable() else " ".join(f"U+{ord(c):04X}" for c in text)
        meant = "such a name needs quotes" if text[0] == "_" else "remove it"
        yield Finding(f"{shown} is dropped by the server", subject.source.span(start, end), meant)


def _stray_ranges(subject: Subject) -> Iterator[tuple[int, int]]:
    text, known = subject.source.text, subject.script.strays
    if known is None:
        return stray_ranges(text, subject.library.version)
    return (found for start, end in known for found in _strays(text, start, end))


def stray_ranges(text: str, version: ServerVersion) -> Iterator[tuple[int, int]]:
    """Start and end of each run of characters that belongs to no token, comment or blank."""
    source = Source("text", text)
    found, _ = tokens(Expanded(text, [0], [(source, 0)]), version)
    position = 0
    for token in [*found, Token("$END", "", source.span(len(text), len(text)))]:
        yield from _strays(text, position, token.span.start)
        position = token.span.end


_PASSED: Final = re.compile(
    rf"{BLANK}++ | \n | \\\n | {LINE_COMMENT} | (?P<comment>{COMMENT}) | (?P<stray>[^ \t\b\r\n\\\#/]+|.)",
    re.VERBOSE | re.DOTALL,
)


def _strays(text: str, position: int, end: int) -> Iterator[tuple[int, int]]:
    """The same for the text between two tokens."""
    while position < end:
        found = _PASSED.match(text, position, end)
        if found is None:
            return
        position = found.end()
        if found["comment"]:
            position = comment_end(text, found.start()).position
        elif found["stray"]:
            yield found.start(), found.end()
