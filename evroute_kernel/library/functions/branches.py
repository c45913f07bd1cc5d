"""Core functions on the branches of the dummy request. Their effects last until the run ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.dummy_message import BRANCH_LIMIT, NO_Q, Branch, message_of
from evroute_kernel.library.functions.message import code, holds_variables
from evroute_kernel.library.functions.parameters import Problem, all_of, literal
from evroute_kernel.runtime.context import Context

_Q: Final = re.compile(r"[ \t]*(?:0*1(?:\.0*)?|0+(?:\.[0-9]*)?|\.[0-9]*)")


def parse_q(text: str) -> int | None:
    """A q value as headers write it, 0 to 1 with up to three digits that count -> 0 to 1000; None for anything else."""
    if not _Q.fullmatch(text):
        return None
    whole, _, fraction = text.strip(" \t").partition(".")
    return 1000 if "1" in whole else int((fraction + "000")[:3])


def _check_q(text: str) -> tuple[str, str | None] | None:
    if holds_variables(text) or parse_q(text) is not None:
        return None
    return f"{text!r} is no q value", "a number from 0 to 1, such as 0.5"


def _q(context: Context, text: str | None) -> int | None:
    """The q of a parameter, NO_Q where it is left out; None, with the reason reported, for what is no q."""
    if text is None:
        return NO_Q
    number = parse_q(text)
    if number is None:
        context.error(f"{text!r} is no q value, a number from 0 to 1 is needed")
    return number


def _check_branch_options(text: str) -> tuple[str, str | None] | None:
    unknown = [] if holds_variables(text) else [word for word in text.split(",") if word.strip() != "inherite"]
    return (f"unknown option {unknown[0]!r}", "the one option is 'inherite'") if unknown else None


@function("append_msg_branch", check=all_of(literal(1, _check_q), literal(2, _check_branch_options)))
def append_msg_branch(context: Context, uri: str, q: str | None, flags: str | None) -> int:
    """Add a branch. With the option `inherite` it takes destination, path, q, socket and flags of the request URI.

    Returns 1; -1 for an empty URI, or when there is no room for another branch.
    """
    message, number = message_of(context), _q(context, q)
    problem = _check_branch_options(flags) if flags is not None else None
    if problem:
        context.error(f"append_msg_branch: {problem[0]}")
    if number is None or problem:
        return -1
    if not uri:
        context.error("append_msg_branch: the URI of the branch is empty")
        return -1
    branch = Branch(uri, number)
    if flags is not None:
        branch = _inherited(message.own, uri, message.own.q if number == NO_Q else number)
    return code(message.append(context, branch))


@function("append_branch_old", check=literal(1, _check_q))
def append_branch_old(context: Context, uri: str | None, q: str | None) -> int:
    """Add a branch as before 3.6: it takes destination, path, socket and flags of the request URI.

    Without a URI the request URI itself becomes a branch, and its destination, path, q, socket and flags are reset.
    Returns 1; -1 when there is no room for another branch.
    """
    message, number = message_of(context), _q(context, q)
    if number is None:
        return -1
    own = message.own
    if uri is not None:
        return code(message.append(context, _inherited(own, uri, number)))
    added = message.append(context, _inherited(own, message.uri, own.q if number == NO_Q else number))
    message.own = Branch(own.uri, attrs=own.attrs)
    return code(added)


def _inherited(own: Branch, uri: str, q: int) -> Branch:
    return Branch(uri, q, own.dst_uri, own.path, set(own.flags), own.socket)


@function("remove_msg_branch")
def remove_msg_branch(context: Context, index: int) -> int:
    """Remove an added branch; here the first added one is 0, and the later ones move up.

    Returns 1; -1 when there is no such branch.
    """
    branches = message_of(context).branches
    if not 0 <= index < len(branches):
        return -1
    del branches[index]
    return 1


def _check_branch_indexes(arguments: Sequence[Any]) -> Problem | None:
    for i in (0, 1):
        if isinstance(arguments[i], int) and arguments[i] > BRANCH_LIMIT:
            return i, f"there is no branch {arguments[i]}", f"the largest index is {BRANCH_LIMIT}"
    return None


def _two_branches(context: Context, source: int | None, target: int | None) -> tuple[int, int] | None:
    """Positions of two branches: -1 for the request URI, which a missing or negative index means. None outside."""
    count = len(message_of(context).branches)
    first, second = (-1 if i is None or i < 0 else i for i in (source, target))
    if first == second:
        return first, second
    if count == 0:
        return None
    if first >= count or second >= count:
        context.error(f"there is no branch {max(first, second)}: {count} were added, counted from 0")
        return None
    return first, second


def _branch_at(context: Context, place: int) -> Branch:
    message = message_of(context)
    if place >= 0:
        return message.branches[place]
    branch = message.own.copy()
    branch.uri = message.uri
    return branch


def _put_branch(context: Context, place: int, branch: Branch) -> None:
    message = message_of(context)
    if place < 0:
        message.own = branch.copy()
    else:
        message.branches[place] = branch.copy()


@function("move_msg_branch", check=_check_branch_indexes)
def move_msg_branch(context: Context, src_idx: int | None, dst_idx: int | None, keep: str | None) -> int:
    """Put one branch in the place of another; a missing index means the request URI, 0 the first added branch.

    The source goes away unless `keep` is given, it is the request URI, or it is branch 0 (a quirk of 3.6).
    Returns 1; -1 when there is no such branch.
    """
    places = _two_branches(context, src_idx, dst_idx)
    if places is None:
        return -1
    source, target = places
    if source != target:
        _put_branch(context, target, _branch_at(context, source))
        if source > 0 and keep is None:
            del message_of(context).branches[source]
    return 1


@function("swap_msg_branches", check=_check_branch_indexes)
def swap_msg_branches(context: Context, src_idx: int | None, dst_idx: int | None) -> int:
    """Exchange two branches; a missing index means the request URI, 0 the first added branch.

    Returns 1; -1 when there is no such branch.
    """
    places = _two_branches(context, src_idx, dst_idx)
    if places is None:
        return -1
    source, target = places
    if source != target:
        first, second = _branch_at(context, source).copy(), _branch_at(context, target).copy()
        _put_branch(context, target, first)
        _put_branch(context, source, second)
    return 1


@function("serialize_branches")
def serialize_branches(context: Context, clear: int, keep_order: int | None) -> int:
    """Take all added branches off the message, to be tried one after another in the order of q.

    Nothing happens when all have the same q and `keep_order` is 0. The order is for next_branches(), which an
    event_route cannot use; it is not kept here. Returns 1.
    """
    message = message_of(context)
    if keep_order or any(branch.q != message.own.q for branch in message.branches):
        message.branches.clear()
    return 1


@function("next_branches")
def next_branches(context: Context) -> int:
    """Take the next group of serialized branches. Only for request and failure routes.

    Returns -1 here.
    """
    context.error("next_branches() works in request and failure routes only")
    return -1
