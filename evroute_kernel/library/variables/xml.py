"""`$xml` (module xml): documents of the process, addressed by a path such as `doc/list/gw[1]/ip.val`."""

from __future__ import annotations

from typing import Any, Final, Literal

from evroute_kernel.library.behaviour import variable
from evroute_kernel.library.formats import xml_tree
from evroute_kernel.library.formats.c_numbers import str2sint
from evroute_kernel.library.formats.xml_tree import CData, Document, Element, Node, Text, XmlError
from evroute_kernel.library.references import Reference, reference
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import TemplateError
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.values import NOWHERE, Value, decode_exactly, encode, int_of, text_of

STATE: Final = "xml"
BLANKS: Final = " \t\n"
BLANKS_LIMIT: Final = 64
CDATA_START: Final = "<![CDATA["
CDATA_LENGTH: Final = len("<![CDATA[]]>")
#: `=` of an integer that has no text form: a literal, or a computed result
ASSIGN_BARE: Final = ("=bare", ":=bare")
WITHOUT_NAME: Final = "$xml names no document; write $xml(name)"

# -- paths ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """`tag[index]`: the element of that tag, counted from 0 among its siblings of that tag."""

    tag: str | Reference
    index: int | Reference = 0


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """`name/tag[index]/tag` and what of the last element is meant: all of it, its text, or an attribute."""

    name: str
    steps: tuple[Step, ...] = ()
    part: Literal["element", "text", "attribute"] = "element"
    attribute: str | Reference = ""


def parse_path(text: str, library: Library) -> Path:
    """The text in parentheses -> Path. Raises ValueError for what the server refuses."""
    name, slash, rest = text.partition("/")
    if not name:
        raise ValueError("expected the name of a document first")
    steps: list[Step] = []
    offset = len(name) + 1
    while slash:
        step, following, part = _parse_step(rest, offset, library)
        steps.append(step)
        if part == "text":
            return Path(name, tuple(steps), "text")
        if part == "attribute":
            return Path(name, tuple(steps), "attribute", _parse_attribute(rest, following, offset, library))
        slash = rest[following : following + 1]
        offset += following + 1
        rest = rest[following + 1 :]
    return Path(name, tuple(steps))


def _parse_step(text: str, offset: int, library: Library) -> tuple[Step, int, Literal["", "text", "attribute"]]:
    """The first step of a text, where it ends, and whether `.val` or `.attr` follows it."""
    tag_end: int | None = None
    index: int | Reference = 0
    position = 0
    while position < len(text):
        character = text[position]
        if character == "/":
            break
        if character == "[":
            if tag_end is not None:
                raise ValueError("an index must follow the name of an element")
            tag_end, closing = position, text.find("]", position)
            if closing < 0:
                raise ValueError(f"the bracket of {text[position:]!r} is never closed")
            index = _parse_index(text[position + 1 : closing], offset + position + 1, library)
            position = closing
        elif character == "]":
            raise ValueError("unexpected ']'")
        elif text.startswith((".val", ".attr"), position):
            part: Literal["text", "attribute"] = "text" if text.startswith(".val", position) else "attribute"
            return Step(_parse_tag(text[: _or(tag_end, position)], offset, library), index), position, part
        position += 1
    return Step(_parse_tag(text[: _or(tag_end, position)], offset, library), index), position, ""


def _or(end: int | None, otherwise: int) -> int:
    return otherwise if end is None else end


def _parse_tag(text: str, offset: int, library: Library) -> str | Reference:
    if not text:
        raise ValueError("the name of an element is empty")
    return _variable(text, offset, library) if text.startswith("$") else text


def _parse_index(text: str, offset: int, library: Library) -> int | Reference:
    if not text:
        raise ValueError("an index is empty")
    if text.startswith("$"):
        return _variable(text, offset, library)
    number = str2sint(text)
    if number is None or number < 0:
        raise ValueError(f"index {text!r} is no number from 0")
    return number


def _parse_attribute(text: str, position: int, offset: int, library: Library) -> str | Reference:
    name = text[position + len(".attr/") :]
    if not name:
        raise ValueError("the name of an attribute is empty, expected .attr/name")
    return _variable(name, offset + position + len(".attr/"), library) if name.startswith("$") else name


def _variable(text: str, offset: int, library: Library) -> Reference:
    try:
        return reference(text, library)
    except TemplateError as error:
        raise error.shifted(offset) from None


class PathFailed(ValueError):
    """A variable in a path has no usable value."""


def _text_part(context: Context, part: str | Reference, what: str) -> str:
    if isinstance(part, str):
        return decode_exactly(part)
    value = text_of(part.get(context))
    if value is None:
        raise PathFailed(f"{part.text}, {what}, is null")
    return decode_exactly(value)


def _index_part(context: Context, part: int | Reference) -> int:
    if isinstance(part, int):
        return part
    value = int_of(part.get(context))
    if value is None:
        raise PathFailed(f"{part.text}, an index, is not an integer")
    return value


# -- finding ----------------------------------------------------------------------------------------------------------


def _documents(context: Context) -> dict[str, Document | None]:
    """Documents by name; None for one that is empty."""
    found: dict[str, Document | None] = context.process.state.setdefault(STATE, {})
    return found


def _locate(context: Context, document: Document, path: Path) -> tuple[Node | None, list[Node]]:
    """The node at a path, None where there is none, and the list that holds it. Raises PathFailed."""
    wanted = [
        (_text_part(context, step.tag, "the name of an element"), _index_part(context, step.index))
        for step in path.steps
    ]
    siblings: list[Node] = document.nodes
    candidates: list[Node] = [document.root] if document.root else []
    node: Node | None = None
    for tag, index in wanted:
        named = [n for n in candidates if _name(n) == tag]
        if not 0 <= index < len(named):
            return None, []
        node = named[index]
        holder = siblings
        siblings = node.children if isinstance(node, Element) else []
        # the search begins with the first child, whatever it is, and goes on with elements
        candidates = siblings[:1] + [n for n in siblings[1:] if isinstance(n, Element)]
    return (node, holder) if wanted else (document.root, document.nodes)


def _name(node: Node) -> str:
    if node.name is None:
        raise ScriptCrash(
            "$xml: a path leads past a CDATA section that is the first thing in an element: the server's process dies "
            "here; put an element or a blank before it"
        )
    return node.name


# -- reading ----------------------------------------------------------------------------------------------------------


@variable("xml", parse_name=parse_path, name_library=True, needs_text=True)
def xml(context: Context, name: Path | None, index: Any) -> Value:
    """XML document of the process, or a part of it: `$xml(name/tag[index]/tag)`, its text `.val`, its `.attr/name`.

    `$xml(name) = "<a/>"` sets the document, `$xml(name/a) = "<b/>"` adds a child, `.val` and `.attr/x` can be set, and
    `= NULL` deletes. Indexes count from 0 among the elements of one name. Reads null where nothing is.
    """
    if name is None:
        context.critical(WITHOUT_NAME)
        return None
    document = _documents(context).get(name.name)
    if document is None:
        return None
    try:
        node, _ = _locate(context, document, name)
        attribute = _text_part(context, name.attribute, "the name of an attribute")
    except PathFailed as error:
        context.error(f"$xml({name.name}/...): {error}")
        return None
    if not name.steps and name.part == "element":
        return encode(xml_tree.dump_document(document))
    if node is None:
        return None
    if name.part == "element":
        return encode(xml_tree.dump(document, node))
    if name.part == "text":
        return _text_of(node)
    value = node.attributes.get(attribute) if isinstance(node, Element) else None
    return None if value is None else encode(value)


def _text_of(node: Node) -> Value:
    """What stands directly in an element; nowhere, where no text node is there to hold it."""
    if not isinstance(node, Element):
        return NOWHERE
    text = encode(node.text())
    return text if text or any(isinstance(child, Text) for child in node.children) else NOWHERE


# -- writing ----------------------------------------------------------------------------------------------------------


class Refused(ValueError):
    """What is written does not fit what is there."""


@xml.setter
def set_xml(context: Context, name: Path | None, index: Any, op: str, value: Value) -> bool:
    if name is None:
        context.critical(WITHOUT_NAME)
        return False
    try:
        _write(context, name, op, value)
    except (PathFailed, Refused, XmlError) as error:
        context.error(f"$xml({name.name}{'/...' if name.steps else ''}): {error}")
        return False
    return True


def _write(context: Context, path: Path, op: str, value: Value) -> None:
    documents = _documents(context)
    document = documents.get(path.name)
    node, siblings = _locate(context, document, path) if document is not None else (None, [])
    attribute = _text_part(context, path.attribute, "the name of an attribute")
    if document is not None and path.steps and node is None:
        raise Refused("there is no such element")
    if value is None:
        if path.name not in documents:
            raise Refused("there is no such document")
        if not path.steps:
            documents[path.name] = None
            return
        _delete(path, _existing(node), siblings, attribute)
        return
    if op in ASSIGN_BARE and type(value) is int:
        raise Refused(f"a number cannot be assigned here; write it in quotes: {str(value)!r}")
    if path.part == "element":
        _write_element(documents, path, node, str(value))
        return
    element = _existing(node)
    if path.part == "text":
        _write_text(element, str(value))
    else:
        element.attributes[attribute] = decode_exactly(str(value))


def _existing(node: Node | None) -> Element:
    if not isinstance(node, Element):
        raise Refused("there is no such element")
    return node


def _delete(path: Path, node: Element, siblings: list[Node], attribute: str) -> None:
    if path.part == "element":
        siblings.remove(node)
    elif path.part == "text":
        node.children = [c for c in node.children if not isinstance(c, Text | CData)]
    elif node.attributes.pop(attribute, None) is None:
        raise Refused(f"the element has no attribute {encode(attribute)!r}")


def _write_element(documents: dict[str, Document | None], path: Path, node: Node | None, text: str) -> None:
    """Set the whole document, or add a child behind the others."""
    if not path.steps:
        documents.setdefault(path.name, None)
        documents[path.name] = xml_tree.parse(text.encode("latin-1")) if text else None
        return
    if path.name not in documents:
        raise Refused("there is no such document; assign a whole one to $xml(name) first")
    if not text:
        raise Refused("an empty text is no element; assign NULL to delete one")
    root = xml_tree.parse(text.encode("latin-1")).root
    assert root is not None  # a document has a root
    parent = _existing(node)
    # blanks around the new element would be lost with its document
    before, after = text[: len(text) - len(text.lstrip(BLANKS))], text[len(text.rstrip(BLANKS)) :]
    xml_tree.add_text(parent, before[: BLANKS_LIMIT - 1])
    parent.children.append(root)
    xml_tree.add_text(parent, after[: BLANKS_LIMIT - 1])


def _write_text(element: Element, text: str) -> None:
    """Replace what stands directly in an element, at the place of its first text; CDATA sections are understood."""
    if CDATA_START in text and len(text) > CDATA_LENGTH:
        element.children = [c for c in element.children if not isinstance(c, Text | CData)]
        made = xml_tree.parse(f"<x>{text}</x>".encode("latin-1")).root
        assert made is not None
        element.children += [c for c in made.children if isinstance(c, Text | CData)]
        return
    first = next((c for c in element.children if isinstance(c, Text)), None)
    element.children = [c for c in element.children if c is first or not isinstance(c, Text | CData)]
    if first is None:
        element.children.append(Text(decode_exactly(text)))
    else:
        first.content = decode_exactly(text)
