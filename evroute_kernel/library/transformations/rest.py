"""Class `rest` of the module rest_client: percent codes as in URLs."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from evroute_kernel.library.behaviour import transformation
from evroute_kernel.library.transformations.arguments import as_text
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Value

_CODE: Final = re.compile(r"%([0-9A-Fa-f]{2})")


@transformation("rest.escape")
def escape(context: Context, value: Value) -> Value:
    """Percent codes for all but letters, digits and `-._~`; null for an empty text."""
    text = as_text(value)
    return quote(text.encode("latin-1"), safe="-._~") if text else None


@transformation("rest.unescape")
def unescape(context: Context, value: Value) -> Value:
    """Undoes `{rest.escape}`; broken codes stay. A NUL byte ends the text. Null for an empty text."""
    text = as_text(value)
    if not text:
        return None
    return _CODE.sub(lambda code: chr(int(code[1], 16)), text).partition("\0")[0]
