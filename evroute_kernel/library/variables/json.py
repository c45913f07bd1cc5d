"""`$json` and its kin (module json): documents of the process, addressed by a path.

`process.json` maps the name of a document to its node (see `json_text`). A node that json_link() put in two places is
one Python object.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from evroute_kernel.library import modparams
from evroute_kernel.library.behaviour import ALL, variable
from evroute_kernel.library.formats import json_text
from evroute_kernel.library.references import Reference, reference
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import TemplateError
from evroute_kernel.records import dataclass
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.values import INT_MAX, INT_MIN, Dual, Value, int_of, is_int_type, stored, text_of, wrap

#: `:=` of an integer that has no text form: a literal, or a computed result
INTERPRET_BARE: Final = ":=bare"
END: Final = "[]"
_ABSENT: Final = object()
#: a member's key, an element's position, END, or the variable that gives one of the first two
Step = str | int | Reference
Printer = Callable[[Any], str]

# -- paths ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """`name/key[index].keys`. `kinds` tells for each step whether it is a "key", "index" or the "end" of an array."""

    name: str
    kinds: tuple[Literal["key", "index", "end"], ...] = ()
    steps: tuple[Step, ...] = ()
    view: Literal["keys", "values"] | None = None

    @property
    def is_static(self) -> bool:
        return not any(isinstance(step, Reference) for step in self.steps)


def parse_path(text: str, library: Library) -> Path:
    """The text in parentheses -> Path. Raises ValueError for what the server refuses."""
    cut = min((i for i in map(text.find, "/[.") if i >= 0), default=len(text))
    name, position = text[:cut], cut
    kinds: list[Literal["key", "index", "end"]] = []
    steps: list[Step] = []
    while position < len(text):
        opening = text[position]
        if opening == ".":
            return Path(name, tuple(kinds), tuple(steps), _parse_view(text[position + 1 :]))
        if opening == "/":
            end = min((i for i in (text.find(c, position + 1) for c in "/[.") if i >= 0), default=len(text))
            # a slash that ends the whole path is taken for the key itself
            key = text[position + 1 : end] if position + 1 < len(text) else "/"
            kinds.append("key")
            steps.append(_variable(key, position + 1, library) if key.startswith("$") else key)
            position = end
        elif opening == "[":
            end = text.find("]", position)
            if end < 0:
                raise ValueError(f"the bracket of {text[position:]!r} is never closed")
            step = _parse_index(text[position + 1 : end], position + 1, library)
            kinds.append("end" if step == END else "index")
            steps.append(step)
            position = end + 1
        else:
            raise ValueError(f"unexpected {opening!r} after ']', expected '/', '[' or '.'")
    return Path(name, tuple(kinds), tuple(steps))


def _parse_view(text: str) -> Literal["keys", "values"]:
    if text == "keys":
        return "keys"
    if text == "values":
        return "values"
    raise ValueError(f"unknown view {text!r}, expected .keys or .values at the end of the path")


def _parse_index(text: str, offset: int, library: Library) -> Step:
    stripped = text.strip(" \t\n\v\f\r")
    if not stripped:
        return END
    if text.startswith("$"):
        return _variable(text, offset, library)
    digits = stripped[1:] if stripped[0] in "+-" else stripped
    count = next((i for i, c in enumerate(digits) if c not in "0123456789"), len(digits))
    if count == 0:
        raise ValueError(f"index {text!r} is not an integer")
    return wrap(int(stripped[: count + len(stripped) - len(digits)]))


def _variable(text: str, offset: int, library: Library) -> Reference:
    try:
        return reference(text, library)
    except TemplateError as error:
        raise error.shifted(offset) from None


def _expand(context: Context, path: Path) -> Sequence[str | int] | None:
    """The steps with every variable replaced by its value; None when one has none, which is logged."""
    found: list[str | int] = []
    for kind, step in zip(path.kinds, path.steps, strict=True):
        if not isinstance(step, Reference):
            found.append(step)
            continue
        value = step.get(context)
        part = text_of(value) if kind == "key" else int_of(value)
        if part is None:
            wanted = "text" if kind == "key" else "an integer"
            context.error(f"$json({path.name}...): {step.text} in the path is {_kind(value)}, expected {wanted}")
            return None
        found.append(part)
    return found


def unexpanded(path: Path) -> Path:
    """A path whose variables count as the server's memory is before any is read: index 0, an empty key."""
    if path.is_static:
        return path
    empty: dict[str, Step] = {"key": "", "index": 0}
    steps = tuple(
        empty[kind] if isinstance(step, Reference) else step for kind, step in zip(path.kinds, path.steps, strict=True)
    )
    return replace(path, steps=steps)


def _kind(value: Value) -> str:
    return "null" if value is None else f"{value!r}"


def _step(node: Any, kind: str, step: str | int) -> Any:
    """The member or element that a step leads to; _ABSENT where the node is not of the right kind or has none."""
    if kind == "key":
        return node.get(step, _ABSENT) if type(node) is dict else _ABSENT
    if type(node) is not list or kind == "end":
        return _ABSENT
    assert isinstance(step, int)
    position = step + len(node) if step < 0 else step
    return node[position] if 0 <= position < len(node) else _ABSENT


def find(context: Context, path: Path) -> Any:
    """The node at a path; None for what is missing or null. A path that cannot be computed is logged."""
    steps = path.steps if path.is_static else _expand(context, path)
    node = context.process.json.get(path.name)
    if steps is None:
        return None
    for kind, step in zip(path.kinds, steps, strict=True):
        node = _step(node, kind, step)  # type: ignore[arg-type]
        if node is _ABSENT:
            return None
    return node


# -- reading ----------------------------------------------------------------------------------------------------------


def _text(printer: Printer, node: Any) -> str:
    try:
        return printer(node)
    except RecursionError:
        raise ScriptCrash("a JSON document contains itself (json_link): printing it never ends; unlink it") from None


def _value(context: Context, printer: Printer, node: Any) -> Value:
    """What a script gets of a node: an integer or a text; containers as JSON text."""
    if type(node) is int:
        return node if INT_MIN <= node <= INT_MAX else _large(context, node)
    if type(node) is str or node is None:
        return node
    if type(node) is dict or type(node) is list:
        return _text(printer, node)
    return json_text.scalar(node)


def _large(context: Context, node: int) -> Value:
    """An integer beyond 32 bits: its digits, and an integer that wraps."""
    digits = str(min(node, json_text.INT64_MAX))
    if modparams.integer(context.process, "json", "enable_long_quoting", 0):
        return digits
    return Dual(digits, wrap(int(digits)))


def _element(context: Context, printer: Printer, path: Path, index: int) -> Value:
    """Item `index` of a collection, for for-each; null ends it. An item that is null prints as JSON does."""
    node = find(context, path)
    if type(node) is list and path.view is None:
        items: Sequence[Any] = node
    elif type(node) is dict:
        items = _members(context, path, node, index)
        index = 0
    else:
        return None
    if index >= len(items):
        return None
    item = items[index]
    return "null" if item is None else _value(context, printer, item)


@dataclass(slots=True)
class _Loop:
    """A for-each over the members of an object: the keys known so far, and how many have been met."""

    keys: list[str]
    met: int = 0


def _members(context: Context, path: Path, node: dict[str, Any], index: int) -> Sequence[Any]:
    """The one key or value that comes next, or nothing at the end.

    The loop may add and delete members: deleted ones are not met, added ones are, unless the last member was reached.
    """
    loops: dict[Path, _Loop] = context.process.state.setdefault("json loops", {})
    loop = loops.get(path)
    if loop is None or index == 0:
        loop = loops[path] = _Loop(list(node))
    while loop.met < len(loop.keys) and loop.keys[loop.met] not in node:
        loop.met += 1
    if loop.met == len(loop.keys):
        loops.pop(path)
        return ()
    key = loop.keys[loop.met]
    loop.met += 1
    if loop.met == len(loop.keys):
        present = list(node)
        loop.keys += present[present.index(key) + 1 :]
    return (key,) if path.view == "keys" else (node[key],)


def _get(context: Context, path: Path, index: Any, printer: Printer) -> Value:
    if index is ALL:
        context.error(f"$(json({path.name}...)[*]) has a meaning only in for (... in ...)")
        return None
    if index is not None:
        return _element(context, printer, path, index)
    return _value(context, printer, find(context, path))


def _bind(path: Path, index: Any, printer: Printer) -> Callable[[Context], Value]:
    if index is None and path.is_static and not path.steps:
        name = path.name
        return lambda context: _value(context, printer, context.process.json.get(name))
    return lambda context: _get(context, path, index, printer)


# -- writing ----------------------------------------------------------------------------------------------------------


def put(context: Context, path: Path, node: Any) -> bool:
    """Set the node at a path; None deletes what is there. False: it failed and has said why."""
    documents, steps = context.process.json, path.steps if path.is_static else _expand(context, path)
    if steps is None:
        return False
    if not steps:
        documents[path.name] = node
        return True
    if path.name not in documents:
        context.error(f'$json({path.name}) does not exist yet; start with $json({path.name}) := "{{}}"')
        return False
    parent = documents[path.name]
    for kind, step in zip(path.kinds[:-1], steps[:-1], strict=True):
        parent = _step(parent, kind, step)  # type: ignore[arg-type]
    return _put_step(context, parent, path.kinds[-1], steps[-1], node)


def _notice(context: Context, text: str) -> None:
    """What the server says in a notice: an error follows only from an assignment, not from json_link()."""
    context.diagnose(levels.NOTICE, f"$json: {text}")


def _put_step(context: Context, parent: Any, kind: str, step: Any, node: Any) -> bool:
    if kind != "key":
        if type(parent) is list:
            return _put_element(context, parent, None if kind == "end" else step, node)
        _notice(context, f"element [{'' if kind == 'end' else step}] has no parent that is an array")
        return False
    if type(parent) is not dict:
        _notice(context, f"member {step!r} has no parent that is an object")
        return False
    if node is None:
        parent.pop(step, None)
    else:
        parent[step] = node
    return True


def _put_element(context: Context, array: list[Any], position: int | None, node: Any) -> bool:
    if position is None:
        if node is None:
            context.error("$json(...[]) = NULL deletes nothing: name the element by its index")
            return False
        array.append(node)
        return True
    index = position + len(array) if position < 0 else position
    if index < 0:
        _notice(context, f"there is no element [{position}] in an array of {len(array)}")
        return False
    if index >= len(array):
        context.error(f"$json: there is no element [{position}] in an array of {len(array)}")
        return False
    if node is None:
        del array[index]
    else:
        array[index] = node
    return True


def _set(context: Context, path: Path, index: Any, op: str, value: Value) -> bool:
    if value is None or not op.startswith(":="):
        number = value.number if op == "=bare" and isinstance(value, Dual) else None
        return put(context, path, stored(value) if number is None else number)
    if op == INTERPRET_BARE and is_int_type(value):
        context.error(f"$json({path.name}...) := takes JSON text, not a number; assign it with =")
        return False
    return _interpret(context, path, str(value))


def _interpret(context: Context, path: Path, text: str) -> bool:
    """`:=`: what the text means as JSON. A text that means nothing deletes what was there."""
    try:
        node = json_text.parse(text)
    except json_text.JsonError as error:
        problem: object = error
    else:
        if node is not None:
            return put(context, path, node)
        problem = "null is no document; assign NULL with ="
    context.error(f"$json({path.name}...) := {_short(text)}: {problem}")
    if path.is_static or _expand(context, path) is not None:
        put(context, path, None)
    return False


def _short(text: str) -> str:
    return repr(text) if len(text) <= 40 else repr(text[:37]) + "..."


# -- the variables ----------------------------------------------------------------------------------------------------


@variable("json", interprets=True, parse_name=parse_path, name_library=True, dies_without_name=True)
def json(context: Context, name: Path, index: Any) -> Value:
    """JSON document of the process, or a part of it: `$json(name/key[index])`.

    `:=` takes JSON text, `=` stores a text or an integer, `= NULL` deletes. Objects and arrays read as spaced JSON.
    Keys and indexes may be variables. `[]` writes behind the last element; `[-1]` is the last. In for-each,
    `$(json(name)[*])` gives the elements or values, `$(json(name.keys)[*])` the keys.
    """
    return _get(context, name, index, json_text.spaced)


@variable("json_compact", parse_name=parse_path, name_library=True, needs_text=True, dies_without_name=True)
def json_compact(context: Context, name: Path, index: None) -> Value:
    """As `$json`, but objects and arrays read without blanks: `{"a":[1,2]}`."""
    return _get(context, name, index, json_text.compact)


@variable("json_pretty", parse_name=parse_path, name_library=True, needs_text=True, dies_without_name=True)
def json_pretty(context: Context, name: Path, index: None) -> Value:
    """As `$json`, but objects and arrays read with one item a line, indented by two blanks."""
    return _get(context, name, index, json_text.pretty)


@variable("json_compact_noescape", parse_name=parse_path, name_library=True, needs_text=True, dies_without_name=True)
def json_compact_noescape(context: Context, name: Path, index: None) -> Value:
    """As `$json_compact`, but slashes are left alone, in keys too: `{"a":"b/c"}`."""
    return _get(context, name, index, json_text.unescaped)


for _declared in (json, json_compact, json_pretty, json_compact_noescape):
    _declared.set = _set
json.bind = lambda name, index: _bind(name, index, json_text.spaced)
json_compact.bind = lambda name, index: _bind(name, index, json_text.compact)
json_pretty.bind = lambda name, index: _bind(name, index, json_text.pretty)
json_compact_noescape.bind = lambda name, index: _bind(name, index, json_text.unescaped)
