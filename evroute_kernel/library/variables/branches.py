"""Branches of the dummy request: `$msg.branch.*`, the older `$branch`, `$branch.flag`, and `$bf`, `$ds`.

Branch 0 is the request URI with what belongs to it; branches 1, 2, ... are added by scripts. Without an index
`$msg.branch.*` mean the last branch. The older `$branch(...)` counts added branches only, from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from evroute_kernel.library import sockets
from evroute_kernel.library.behaviour import ALL, variable
from evroute_kernel.library.dummy_message import (
    BRANCH_FLAGS,
    NO_Q,
    Branch,
    DummyMessage,
    flag_list,
    is_bare,
    message_of,
    q_text,
    use_flag,
)
from evroute_kernel.library.variables.message import FALSE, TRUE
from evroute_kernel.library.variables.script import joined
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Value, int_of, is_int_type, is_true, stored, text_of

Reader = Callable[[Context, DummyMessage, Branch], Value]
Writer = Callable[[Context, DummyMessage, Branch, str, Value], bool]

# -- one field of one branch ------------------------------------------------------------------------------------------


def _uri(context: Context, message: DummyMessage, branch: Branch) -> Value:
    return message.uri if branch is message.own else branch.uri


READERS: Final[dict[str, Reader]] = {
    "uri": _uri,
    "duri": lambda context, message, branch: branch.dst_uri,
    "path": lambda context, message, branch: branch.path,
    "q": lambda context, message, branch: q_text(branch.q),
    "flags": lambda context, message, branch: flag_list(context, BRANCH_FLAGS, branch.flags),
    "socket": lambda context, message, branch: branch.socket,
}


def _is_text(context: Context, field: str, op: str, value: Value) -> bool:
    """Text or null; an integer without text form is reported."""
    if is_bare(op, value):
        context.error(f"the {field} of a branch takes a text, not {value}")
        return False
    return True


def _set_uri(context: Context, message: DummyMessage, branch: Branch, op: str, value: Value) -> bool:
    text = text_of(value)
    if not text or is_bare(op, value):
        context.error("the uri of a branch takes a text that is not empty")
        return False
    if branch is message.own:
        message.set_uri(text)
    else:
        branch.uri = text
    return True


def _set_duri(context: Context, message: DummyMessage, branch: Branch, op: str, value: Value) -> bool:
    if not _is_text(context, "duri", op, value):
        return False
    branch.dst_uri = text_of(value) or None
    return True


def _set_path(context: Context, message: DummyMessage, branch: Branch, op: str, value: Value) -> bool:
    if not _is_text(context, "path", op, value):
        return False
    branch.path = text_of(value) or None
    return True


def _set_q(context: Context, message: DummyMessage, branch: Branch, op: str, value: Value) -> bool:
    number = int_of(value)
    if value is not None and number is None:
        context.error("the q of a branch takes an integer from 0 to 1000")
        return False
    branch.q = NO_Q if number is None else number
    return True


def _set_flags(context: Context, message: DummyMessage, branch: Branch, op: str, value: Value) -> bool:
    if not _is_text(context, "flags", op, value):
        return False
    branch.flags = {use_flag(context, BRANCH_FLAGS, name) for name in (text_of(value) or "").split(" ") if name}
    return True


def _set_socket(context: Context, message: DummyMessage, branch: Branch, op: str, value: Value) -> bool:
    text = text_of(value)
    own = None if text is None or is_bare(op, value) else sockets.found_in(context, text)
    if text is not None and own is None:
        context.error(f"no socket is {text!r}; known here: {sockets.listed(context.process.settings.modparams)}")
        return False
    branch.socket = own
    return True


WRITERS: Final[dict[str, Writer]] = {
    "uri": _set_uri,
    "duri": _set_duri,
    "path": _set_path,
    "q": _set_q,
    "flags": _set_flags,
    "socket": _set_socket,
}


# -- which branch -----------------------------------------------------------------------------------------------------


def _place(index: Any, size: int, default: int) -> int | None:
    """Position of an index among `size` branches; None outside."""
    number = default if index is None else index
    number += size if number < 0 else 0
    return number if 0 <= number < size else None


def _read(context: Context, what: str, branches: Sequence[Branch], index: Any, default: int, field: str) -> Value:
    message, read = message_of(context), READERS[field]
    if not branches:
        return None
    if index is ALL:
        return joined(context, f"$({what}[*])", [text_of(read(context, message, b)) or "" for b in branches])
    place = _place(index, len(branches), default)
    return None if place is None else read(context, message, branches[place])


def _write(
    context: Context, what: str, branches: Sequence[Branch], index: Any, default: int, field: str, op: str, value: Value
) -> bool:
    place = None if index is ALL else _place(index, len(branches), default)
    if place is None:
        context.error(f"$({what}[{'*' if index is ALL else index}]) is no branch that can be written")
        return False
    return WRITERS[field](context, message_of(context), branches[place], op, value)


# -- $msg.branch.* ----------------------------------------------------------------------------------------------------


def _all(context: Context) -> list[Branch]:
    message = message_of(context)
    return [message.own, *message.branches]


def _branch_field(field: str, doc: str) -> None:
    what = f"msg.branch.{field}"

    def get(context: Context, name: None, index: Any) -> Value:
        return _read(context, what, _all(context), index, -1, field)

    def put(context: Context, name: None, index: Any, op: str, value: Value) -> bool:
        return _write(context, what, _all(context), index, -1, field, op, value)

    get.__doc__ = doc
    variable(what, needs_text=field != "q")(get).setter(put)


_branch_field("uri", "URI of a branch, of the last one without an index; `[0]` is the request URI.")
_branch_field("duri", "Destination URI of a branch, of the last one without an index.")
_branch_field("path", "Path of a branch, of the last one without an index.")
_branch_field("q", "q of a branch, of the last one without an index; reads as 0.5, written as 500.")
_branch_field("flags", "Names of the flags of a branch, of the last one without an index.")
_branch_field("socket", "Sending socket of a branch, of the last one without an index.")


@variable("msg.branch.last_idx")
def last_index(context: Context, name: None, index: None) -> Value:
    """Index of the last branch; 0 when none was added."""
    return len(message_of(context).branches)


@variable("msg.branch.attr")
def attribute(context: Context, name: Any, index: Any) -> Value:
    """A value kept with a branch, by name; of the last branch without an index."""
    branch, key = _attribute_branch(context, name, index)
    return None if branch is None else branch.attrs.get(key)


@attribute.setter
def set_attribute(context: Context, name: Any, index: Any, op: str, value: Value) -> bool:
    branch, key = _attribute_branch(context, name, index)
    if branch is None:
        return False
    if value is None:
        branch.attrs.pop(key, None)
    else:
        branch.attrs[key] = stored(value)
    return True


def _attribute_branch(context: Context, name: Any, index: Any) -> tuple[Branch | None, str]:
    key = text_of(name)
    if key is None:
        context.error("$msg.branch.attr: the variable that gives the name is null")
        return None, ""
    if index is ALL:
        context.error(f"$(msg.branch.attr({key})[*]) does not exist: name one branch")
        return None, key
    branches = _all(context)
    place = _place(index, len(branches), -1)
    return (None if place is None else branches[place]), key


# -- $msg.branch, $branch ---------------------------------------------------------------------------------------------


def _append(context: Context, op: str, value: Value) -> bool:
    text = text_of(value)
    if not text or is_bare(op, value):
        context.error("a new branch takes a URI: a text that is not empty")
        return False
    return message_of(context).append(context, Branch(text))


@variable("msg.branch", needs_text=True)
def message_branch(context: Context, name: None, index: None) -> Value:
    """URI of the first added branch; null when there is none. Setting it adds a branch."""
    return _read(context, "msg.branch", message_of(context).branches, None, 0, "uri")


@message_branch.setter
def set_message_branch(context: Context, name: None, index: None, op: str, value: Value) -> bool:
    return _append(context, op, value)


def _field_name(text: str) -> str:
    if text.lower() not in READERS:
        raise ValueError(f"a branch has {', '.join(READERS)}")
    return text.lower()


@variable("branch", parse_name=_field_name, needs_text=True)
def old_branch(context: Context, name: str | None, index: Any) -> Value:
    """Older form of $msg.branch: `$branch(uri)`, `$(branch(uri)[1])`. Counts added branches only, from 0."""
    return _read(context, "branch", message_of(context).branches, index, 0, name or "uri")


@old_branch.setter
def set_old_branch(context: Context, name: str | None, index: Any, op: str, value: Value) -> bool:
    if name is None:
        return _append(context, op, value)
    return _write(context, "branch", message_of(context).branches, index, 0, name, op, value)


# -- flags, destination set -------------------------------------------------------------------------------------------


def _flag(name: str) -> None:
    def get(context: Context, flag: str, index: Any) -> Value:
        message = message_of(context)
        if index is ALL:
            context.error(f"$({name}({flag})[*]) does not exist: name one branch")
            return None
        # the server counts added branches only, but then looks at branch 0, 1, ... of all
        place = _place(index, len(message.branches), 0)
        branch = None if place is None else message.branch(place)
        use_flag(context, BRANCH_FLAGS, flag)
        return None if branch is None else TRUE if flag in branch.flags else FALSE

    def put(context: Context, flag: str, index: Any, op: str, value: Value) -> bool:
        branches = _all(context)
        place = None if index is ALL else _place(index, len(branches), -1)
        if not is_int_type(value) or place is None:
            wanted = "a branch" if place is None else "an integer, 0 or 1"
            context.error(f"${name}({flag}) cannot be set: it takes {wanted}")
            return False
        branches[place].flags.add(use_flag(context, BRANCH_FLAGS, flag))
        if not is_true(value):
            branches[place].flags.discard(flag)
        return True

    get.__doc__ = "A flag of a branch by name: `true` (1) or `false` (0); null while no branch was added."
    variable(name)(get).setter(put)


_flag("msg.branch.flag")
_flag("branch.flag")


@variable("bf")
def request_flags(context: Context, name: None, index: None) -> Value:
    """Names of the flags of branch 0."""
    return flag_list(context, BRANCH_FLAGS, message_of(context).own.flags)


@variable("ds")
def destination_set(context: Context, name: None, index: None) -> Value:
    """Changed request URI and added branches as a Contact header; null when there are none."""
    return message_of(context).contact()


@variable("path")
def path(context: Context, name: None, index: None) -> Value:
    """Path of the request; null until set with $(msg.branch.path[0])."""
    return message_of(context).own.path
