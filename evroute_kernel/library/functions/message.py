"""Core functions on the URIs and flags of the dummy request. Their effects last until the run ends."""

from __future__ import annotations

import re
from typing import Final

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.dummy_message import BRANCH_FLAGS, MESSAGE_FLAGS, Part, message_of, use_flag
from evroute_kernel.library.functions.parameters import literal
from evroute_kernel.runtime.context import Context

#: what a format has for one
_DOLLAR_SIGN: Final = re.compile(r"\$(?:\$|\(\$\))")

# -- request URI ------------------------------------------------------------------------------------------------------


def code(done: bool) -> int:
    """1 for true, -1 for false: the return codes of most functions."""
    return 1 if done else -1


def _rewriter(name: str, part: Part, doc: str) -> None:
    def call(context: Context, text: str) -> int:
        return code(message_of(context).rewrite(context, part, text))

    call.__doc__ = f"{doc}\n\nReturns 1; -1 when the request URI is no URI."
    function(name)(call)


_rewriter("sethost", "host", "Replace the host of the request URI ($rd); port and other parts stay.")
_rewriter("sethostport", "hostport", "Replace host and port of the request URI.")
_rewriter("setuser", "user", "Replace the user of the request URI ($rU).")
_rewriter("setuserpass", "userpass", "Replace user and password of the request URI.")
_rewriter("setport", "port", "Replace the port of the request URI ($rp).")
_rewriter("prefix", "prefix", "Put a text in front of the user of the request URI.")


@function("seturi")
def seturi(context: Context, uri: str) -> int:
    """Replace the request URI ($ru). Nothing is checked until it is read.

    Returns 1.
    """
    message_of(context).set_uri(uri)
    return 1


@function("strip")
def strip(context: Context, count: int) -> int:
    """Remove the first characters of the user of the request URI.

    Returns 1; -1 when the request URI is no URI.
    """
    return code(message_of(context).rewrite(context, "strip", count=count))


@function("strip_tail")
def strip_tail(context: Context, count: int) -> int:
    """Remove the last characters of the user of the request URI.

    Returns 1; -1 when the request URI is no URI.
    """
    return code(message_of(context).rewrite(context, "strip_tail", count=count))


@function("revert_uri")
def revert_uri(context: Context) -> int:
    """Bring the original request URI back.

    Returns 1.
    """
    message_of(context).set_uri("")
    return 1


# -- destination ------------------------------------------------------------------------------------------------------


@function("setdsturi")
def setdsturi(context: Context, uri: str) -> int:
    """Set the destination URI ($du). Nothing is checked until its parts are read.

    Returns 1.
    """
    message_of(context).own.dst_uri = uri or None
    return 1


@function("resetdsturi")
def resetdsturi(context: Context) -> int:
    """Remove the destination URI.

    Returns 1.
    """
    message_of(context).own.dst_uri = None
    return 1


@function("isdsturiset")
def isdsturiset(context: Context) -> int:
    """Whether a destination URI is set.

    Returns 1 or -1.
    """
    return code(message_of(context).own.dst_uri is not None)


# -- flags ------------------------------------------------------------------------------------------------------------


def _check_flag(name: str) -> tuple[str, str | None] | None:
    if holds_variables(name):
        return f"{name!r} holds a variable, expected a literal text", None
    return None if name else ("the name of a flag cannot be empty", None)


def holds_variables(text: str) -> bool:
    """Whether a literal names variables, or tries to, so that its value is known only when the script runs."""
    return "$" in _DOLLAR_SIGN.sub("", text.partition("\0")[0])


_FLAG: Final = literal(0, _check_flag)


@function("setflag", check=_FLAG)
def setflag(context: Context, flag: str) -> int:
    """Turn a named message flag on.

    Returns 1.
    """
    message_of(context).flags.add(use_flag(context, MESSAGE_FLAGS, flag))
    return 1


@function("resetflag", check=_FLAG)
def resetflag(context: Context, flag: str) -> int:
    """Turn a named message flag off.

    Returns 1.
    """
    message_of(context).flags.discard(use_flag(context, MESSAGE_FLAGS, flag))
    return 1


@function("isflagset", check=_FLAG)
def isflagset(context: Context, flag: str) -> int:
    """Whether a named message flag is on.

    Returns 1 or -1.
    """
    return code(use_flag(context, MESSAGE_FLAGS, flag) in message_of(context).flags)


def _branch_flags(context: Context, flag: str, index: int | None) -> set[str] | None:
    """The flags of a branch, branch 0 without an index; None when there is no such branch."""
    use_flag(context, BRANCH_FLAGS, flag)
    branch = message_of(context).branch(index or 0)
    return None if branch is None else branch.flags


@function("setbflag", check=_FLAG)
def setbflag(context: Context, flag: str, branch_idx: int | None) -> int:
    """Turn a named flag of a branch on, of the request URI's without an index.

    Returns 1; -1 when there is no such branch.
    """
    flags = _branch_flags(context, flag, branch_idx)
    if flags is None:
        return -1
    flags.add(flag)
    return 1


@function("resetbflag", check=_FLAG)
def resetbflag(context: Context, flag: str, branch_idx: int | None) -> int:
    """Turn a named flag of a branch off, of the request URI's without an index.

    Returns 1; -1 when there is no such branch.
    """
    flags = _branch_flags(context, flag, branch_idx)
    if flags is None:
        return -1
    flags.discard(flag)
    return 1


@function("isbflagset", check=_FLAG)
def isbflagset(context: Context, flag: str, branch_idx: int | None) -> int:
    """Whether a named flag of a branch is on, of the request URI's without an index.

    Returns 1; -1 when it is off or there is no such branch.
    """
    return code(flag in (_branch_flags(context, flag, branch_idx) or ()))
