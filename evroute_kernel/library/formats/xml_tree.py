"""XML documents as `$xml` keeps, changes and prints them: the tree and the spelling of libxml2.

Texts are Python strings; bytes that are no UTF-8 live on as lone surrogates. Not kept: the internal subset of a
DOCTYPE, and the references to entities that it declares.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import field
from typing import Final
from xml.parsers import expat

from evroute_kernel.records import dataclass

#: escapes inside an element and inside an attribute
_CONTENT: Final = {ord("<"): "&lt;", ord(">"): "&gt;", ord("&"): "&amp;", ord("\r"): "&#13;"}
_ATTRIBUTE: Final = {**_CONTENT, ord('"'): "&quot;", ord("\n"): "&#10;", ord("\t"): "&#9;"}

_VERSION: Final = re.compile(r"[0-9]\.[0-9]+")
#: a name of UTF-8 that expat does not know
_UTF8_ALIAS: Final = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']utf8[\"']", re.IGNORECASE)


class XmlError(ValueError):
    """The text is no XML document."""


@dataclass(slots=True, eq=False)
class Text:
    """A piece of text, escaped when it is printed."""

    content: str
    name: str = "text"


@dataclass(slots=True, eq=False)
class CData:
    """A CDATA section. It has no name, which the server does not survive when it looks for one."""

    content: str
    name: str | None = None


@dataclass(slots=True, eq=False)
class Markup:
    """A comment, a processing instruction or a document type, printed as it stands."""

    content: str
    name: str = "comment"


@dataclass(slots=True, eq=False)
class Element:
    """An element. Declarations of namespaces are kept apart: they come first, and are no attributes."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    namespaces: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The tag without its prefix."""
        return self.tag.partition(":")[2] or self.tag

    def text(self) -> str:
        """What stands directly in the element, without its children's."""
        return "".join(c.content for c in self.children if isinstance(c, Text | CData))


Node = Text | CData | Markup | Element


@dataclass(slots=True, eq=False)
class Document:
    nodes: list[Node] = field(default_factory=list)
    encoding: str | None = None
    version: str = "1.0"
    #: -1: not said
    standalone: int = -1

    @property
    def root(self) -> Element | None:
        return next((n for n in self.nodes if isinstance(n, Element)), None)


# -- reading ----------------------------------------------------------------------------------------------------------


def parse(data: bytes) -> Document:
    """A whole document. Raises XmlError."""
    builder = _Builder("utf-8" if _UTF8_ALIAS.match(data) else None)
    try:
        builder.parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise XmlError(str(error)) from None
    if _VERSION.fullmatch(builder.document.version) is None:
        raise XmlError(f"{builder.document.version!r} is no version of XML")
    return builder.document


class _Builder:
    def __init__(self, encoding: str | None) -> None:
        self.document = Document()
        self.open: list[Element] = []
        self.cdata: CData | None = None
        parser = self.parser = expat.ParserCreate(encoding)
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declaration
        parser.StartElementHandler = self._start
        parser.EndElementHandler = lambda tag: self.open.pop()
        parser.CharacterDataHandler = self._text
        parser.StartCdataSectionHandler = self._start_cdata
        parser.EndCdataSectionHandler = self._end_cdata
        parser.CommentHandler = lambda text: self._add(Markup(f"<!--{text}-->"))
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartDoctypeDeclHandler = self._doctype

    def _add(self, node: Node) -> None:
        (self.open[-1].children if self.open else self.document.nodes).append(node)

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        self.document.version, self.document.encoding, self.document.standalone = version, encoding, standalone

    def _start(self, tag: str, attributes: list[str]) -> None:
        element = Element(tag)
        for name, value in zip(attributes[::2], attributes[1::2], strict=True):
            is_namespace = name == "xmlns" or name.startswith("xmlns:")
            (element.namespaces if is_namespace else element.attributes)[name] = value
        self._add(element)
        self.open.append(element)

    def _text(self, text: str) -> None:
        if self.cdata is not None:
            self.cdata.content += text
        else:
            add_text(self.open[-1], text)

    def _start_cdata(self) -> None:
        self.cdata = CData("")
        self._add(self.cdata)

    def _end_cdata(self) -> None:
        self.cdata = None

    def _instruction(self, target: str, data: str) -> None:
        self._add(Markup(f"<?{target} {data}?>" if data else f"<?{target}?>", target))

    def _doctype(self, name: str, system: str | None, public: str | None, has_subset: bool) -> None:
        identifier = f' PUBLIC "{public}" "{system}"' if public else f' SYSTEM "{system}"' if system else ""
        self._add(Markup(f"<!DOCTYPE {name}{identifier}>", name))


def add_text(element: Element, text: str) -> None:
    """Add text behind the children, joined with a text that stands there."""
    last = element.children[-1] if element.children else None
    if isinstance(last, Text):
        last.content += text
    elif text:
        element.children.append(Text(text))


# -- printing ---------------------------------------------------------------------------------------------------------

Escape = Callable[[str], str]


def _numbered(text: str) -> str:
    return "".join(c if c < "\x80" else f"&#x{ord(c):X};" for c in text)


def _escape_content(text: str) -> str:
    return text.translate(_CONTENT)


def _escape_everything(text: str) -> str:
    """As for a document of no known encoding: what is no ASCII by its number."""
    return _numbered(text.translate(_CONTENT)).replace("&#13;", "&#xD;")


def dump(document: Document, node: Node) -> str:
    """One node with all that is in it."""
    return _dump(document, node, _escape_content)


def dump_document(document: Document) -> str:
    """The whole document, without the line break at its end."""
    escape = _escape_everything if document.encoding is None else _escape_content
    head = f'<?xml version="{document.version}"'
    head += f' encoding="{document.encoding}"' if document.encoding else ""
    head += "" if document.standalone < 0 else f' standalone="{"yes" if document.standalone else "no"}"'
    return "\n".join([head + "?>", *(_dump(document, node, escape) for node in document.nodes)])


def _dump(document: Document, node: Node, escape: Escape) -> str:
    if isinstance(node, Text):
        return escape(node.content)
    if isinstance(node, CData):
        return f"<![CDATA[{node.content.replace(']]>', ']]]]><![CDATA[>')}]]>" if node.content else "<![CDATA[]]>"
    if isinstance(node, Markup):
        return node.content
    attributes = "".join(f" {name}={_raw(value)}" for name, value in node.namespaces.items())
    attributes += "".join(f' {name}="{_attribute(document, value)}"' for name, value in node.attributes.items())
    if not node.children:
        return f"<{node.tag}{attributes}/>"
    inside = "".join(_dump(document, child, escape) for child in node.children)
    return f"<{node.tag}{attributes}>{inside}</{node.tag}>"


def _attribute(document: Document, value: str) -> str:
    escaped = value.translate(_ATTRIBUTE)
    return _numbered(escaped) if document.encoding is None else escaped


def _raw(value: str) -> str:
    """The address of a namespace is not escaped, only quoted so that it is whole."""
    if '"' not in value:
        return f'"{value}"'
    return f"'{value}'" if "'" not in value else '"' + value.replace('"', "&quot;") + '"'
