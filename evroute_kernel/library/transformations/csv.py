"""Class `csv`: fields of a text with commas, quoted as in RFC 4180."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from evroute_kernel.library.behaviour import transformation
from evroute_kernel.library.transformations.arguments import as_text, int_argument
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Value

#: a quoted field, or one that holds printable ASCII without commas
_QUOTED: Final = re.compile(r'"((?:[^"]|"")*+)"')
_PLAIN: Final = re.compile(r"[ -+\--~]*")


@lru_cache(64)
def parse_record(text: str) -> tuple[str, ...] | None:
    """The fields, or None for a text the server refuses: bytes outside printable ASCII, text after a closing quote.

    A final CR LF does not count. After a quoted field a final comma adds no empty field.
    """
    text = text.removesuffix("\r\n")
    fields: list[str] = []
    at = 0
    while True:
        quoted = text.startswith('"', at)
        found = (_QUOTED if quoted else _PLAIN).match(text, at)
        if found is None:
            return None
        fields.append(found[1].replace('""', '"') if quoted else found[0])
        at = found.end()
        if at < len(text) and text[at] != ",":
            return None
        if at >= len(text) or (quoted and at == len(text) - 1):
            return tuple(fields)
        at += 1


def _fields(value: Value) -> tuple[str, ...] | None:
    text = as_text(value)
    return parse_record(text) if text else None


@transformation("csv.count")
def count(context: Context, value: Value) -> Value:
    """Number of fields; null for an empty or malformed text."""
    fields = _fields(value)
    return None if fields is None else len(fields)


@transformation("csv.value")
def field_at(context: Context, value: Value, index: Value) -> Value:
    """The field at a position, from 0 (negative: from the end); null and an error when there are too few."""
    fields = _fields(value)
    place = None if fields is None else int_argument(context, "csv.value", "index", index)
    if fields is None or place is None:
        return None
    if not -len(fields) <= place < len(fields):
        context.error(f"{{csv.value}}: there is no field {place}, the text has {len(fields)}")
        return None
    return fields[place]
