"""Module textops: searching and changing the text of the message, here of the dummy request.

An event_route itself may not call these functions, but a plain route that it calls may. Changes of headers and body
show only in a message that is sent, and the dummy request never is: such a function only tells whether it found its
pattern. The request has no body. What writes into the request's memory kills the server's process.
"""

from __future__ import annotations

from typing import Final

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.dummy_message import METHOD, ORIGINAL_URI, TEXT, DummyMessage, message_of
from evroute_kernel.library.functions.parameters import literal
from evroute_kernel.library.table import Library, in_process
from evroute_kernel.library.transformations.regex import BadRule, Rule, parse_rule, substitute
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.patterns.protocol import Regex

MODULE: Final = "textops"
#: the headers, without the request line
HEADERS_TEXT: Final = TEXT[len(f"{METHOD} {ORIGINAL_URI} SIP/2.0\r\n") :]


def _in_headers(re: Regex) -> int:
    return 1 if re.search(HEADERS_TEXT) else -1


# -- searching and replacing ------------------------------------------------------------------------------------------


@function("search")
def search(context: Context, re: Regex) -> int:
    """Match the whole message, request line included, against a regular expression.

    Returns 1 or -1.
    """
    return 1 if re.search(TEXT) else -1


@function("search_body")
def search_body(context: Context, re: Regex) -> int:
    """Match the body against a regular expression; the dummy request has none.

    Returns -1.
    """
    return -1


@function("search_append")
def search_append(context: Context, re: Regex, txt: str) -> int:
    """Put a text behind the first match in the headers, in the message that is sent.

    Returns 1 or -1.
    """
    return _in_headers(re)


@function("search_append_body")
def search_append_body(context: Context, re: Regex, txt: str) -> int:
    """Put a text behind the first match in the body; the dummy request has none.

    Returns -1.
    """
    return -1


@function("replace")
def replace(context: Context, re: Regex, txt: str) -> int:
    """Replace the first match in the headers, in the message that is sent.

    Returns 1 or -1.
    """
    return _in_headers(re)


@function("replace_all")
def replace_all(context: Context, re: Regex, txt: str) -> int:
    """Replace every match in the headers, in the message that is sent. The pattern must not match the empty text.

    Returns 1 or -1.
    """
    position, notbol, found = 0, False, -1
    while position < len(HEADERS_TEXT) and (spans := re.spans(HEADERS_TEXT, position, notbol)):
        start, end = spans[0]
        if start == end:
            context.error(f"replace_all(): the pattern {re.pattern!r} matches the empty text")
            return -1
        position, notbol, found = end, HEADERS_TEXT[end - 1] not in "\r\n", 1
    return found


@function("replace_body")
def replace_body(context: Context, re: Regex, txt: str) -> int:
    """Replace the first match in the body; the dummy request has none.

    Returns -1.
    """
    return -1


@function("replace_body_all")
def replace_body_all(context: Context, re: Regex, txt: str) -> int:
    """Replace every match in the body, line by line; the dummy request has none.

    Returns -1.
    """
    return -1


@function("replace_body_atonce")
def replace_body_atonce(context: Context, re: Regex, txt: str) -> int:
    """Replace every match in the body as a whole; the dummy request has none.

    Returns -1.
    """
    return -1


# -- substitutions ----------------------------------------------------------------------------------------------------


def _check_rule(text: str, library: Library) -> tuple[str, str | None] | None:
    try:
        parse_rule(text, library)
    except BadRule as error:
        return f"{text!r} is no substitution: {error}", "write /pattern/replacement/flags"
    return None


def _rule(context: Context, text: str) -> Rule | None:
    try:
        return parse_rule(text, in_process(context.process))
    except BadRule as error:
        context.error(f"{text!r} is no substitution: {error}")
        return None


def _replaced(context: Context, text: str, rule: str) -> str | None:
    """The text with the substitution made; None when nothing matched or something failed."""
    parsed = _rule(context, rule)
    if parsed is None or not text or not parsed.regex.search(text):
        return None
    result = substitute(context, text, parsed)
    return None if result is None else str(result)


def _must_be_writable(message: DummyMessage, function: str) -> None:
    """The server writes into the memory of the request URI, which it cannot while that is the built-in request's."""
    if not message.own.uri:
        raise ScriptCrash(
            f"{function}() on the request URI of the built-in request kills the server's process; set $ru first"
        )


@function("subst", check=literal(0, _check_rule), check_library=True)
def subst(context: Context, re_repl_flags: str) -> int:
    """Replace in the headers, in the message that is sent, as `/pattern/replacement/flags` says.

    Returns 1 or -1.
    """
    return -1 if _replaced(context, HEADERS_TEXT, re_repl_flags) is None else 1


@function("subst_body", check=literal(0, _check_rule), check_library=True)
def subst_body(context: Context, re_repl_flags: str) -> int:
    """Replace in the body as `/pattern/replacement/flags` says; the dummy request has none.

    Returns -1.
    """
    return -1


@function("subst_uri", check=literal(0, _check_rule), check_library=True)
def subst_uri(context: Context, re_repl_flags: str) -> int:
    """Replace in the request URI as `/pattern/replacement/flags` says. `$ru` must have been set before.

    Returns 1 or -1.
    """
    message = message_of(context)
    _must_be_writable(message, "subst_uri")
    changed = _replaced(context, message.uri, re_repl_flags)
    if changed is None:
        return -1
    message.own.uri = changed
    return 1


@function("subst_user", check=literal(0, _check_rule), check_library=True)
def subst_user(context: Context, re_repl_flags: str) -> int:
    """Replace in the user of the request URI as `/pattern/replacement/flags` says. `$ru` must have been set before.

    Returns 1 or -1.
    """
    message = message_of(context)
    _must_be_writable(message, "subst_user")
    uri = message.parsed_uri(context)
    if uri is None:
        return -1
    changed = _replaced(context, uri.user or "", re_repl_flags)
    return 1 if changed is not None and message.rewrite(context, "user", changed) else -1
